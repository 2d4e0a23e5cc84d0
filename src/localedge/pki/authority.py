"""What the certificates of the local authority look like.

A root that signs one intermediate and is then without a key for ever, the intermediate, and
short-lived leaves.  Root and intermediate are critically constrained to the mapped names and
loopback: whoever steals the intermediate's key can speak for nothing else.  Both carry the
constraint because some verifiers, Java's among them, ignore it on a trust anchor, and because
the DNS part alone would leave every IP address open (RFC 5280 4.2.1.10).

The profile with its reasons is in certs/README.md.  No clock and no files here: times are
parameters, in UTC.
"""

import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localedge.names import LOOPBACK_ADDRESSES, LOOPBACK_NAME, is_host_name

from .plan import Root

AUTHORITY_LIFETIME = timedelta(days=825)
LEAF_LIFETIME = timedelta(days=14)
BACKDATE = timedelta(hours=1)
"""For a verifier whose clock is behind."""
NOTICE = timedelta(days=60)
"""How long before its end a root's replacement is announced."""
_SECOND = timedelta(seconds=1)  # both ends belong to the validity (RFC 5280 4.1.2.5)
_LONGEST_COMMON_NAME = 64  # ub-common-name, RFC 5280 appendix A


@dataclass(frozen=True)
class Authority:
    """A root, its intermediate, and the intermediate's key."""

    root: x509.Certificate
    intermediate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The mapped names that it may speak for, besides loopback."""
        return tuple(name for name in permitted(self.intermediate)[0] if name != LOOPBACK_NAME)

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Which of these names it may not speak for; a permitted name covers its subdomains."""
        return tuple(
            name for name in names if not any(name == own or name.endswith(f".{own}") for own in self.names)
        )

    def key_pem(self) -> bytes:
        """The intermediate's private key, for the vault."""
        return _key_pem(self.key)


@dataclass(frozen=True)
class Leaf:
    """What the edge shows its clients, and the key to it."""

    certificate: x509.Certificate
    intermediate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def chain_pem(self) -> bytes:
        """The leaf and its intermediate.  The root is left out: a client has it or does not trust it."""
        return pem(self.certificate) + pem(self.intermediate)

    def key_pem(self) -> bytes:
        """The leaf's private key."""
        return _key_pem(self.key)

    @property
    def names(self) -> tuple[str, ...]:
        """The DNS names in it, in order."""
        return tuple(_alternative_names(self.certificate).get_values_for_type(x509.DNSName))


def make_authority(names: Sequence[str], now: datetime) -> Authority:
    """A new root and intermediate for these names and loopback.  The root's key is used once and dropped.

    `names` are exact host names (`localedge.names.is_host_name`).
    """
    wanted = [name for name in _unique(names) if name != LOOPBACK_NAME]
    for name in wanted:
        if not is_host_name(name):
            raise ValueError(f"not a host name: {name!r}")
    suffix = os.urandom(4).hex()
    root_name, intermediate_name = _name(f"localedge root {suffix}"), _name(f"localedge edge {suffix}")
    start = _whole(now) - BACKDATE
    end = start + AUTHORITY_LIFETIME - _SECOND
    root_key, key = _new_key(), _new_key()
    root = (
        _constrained(wanted, 1)
        .subject_name(root_name)
        .issuer_name(root_name)
        .not_valid_before(start)
        .not_valid_after(end)
        .public_key(root_key.public_key())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    intermediate = (
        _constrained(wanted, 0)
        .subject_name(intermediate_name)
        .issuer_name(root_name)
        .not_valid_before(start)
        .not_valid_after(end)
        .public_key(key.public_key())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(root), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return Authority(root, intermediate, key)


def issue_leaf(authority: Authority, names: Sequence[str], now: datetime) -> Leaf:
    """A new key and certificate for these names and loopback, no longer valid than its issuer."""
    wanted = _unique([*names, LOOPBACK_NAME])
    if missing := authority.missing(name for name in wanted if name != LOOPBACK_NAME):
        raise ValueError(f"outside the constraint: {', '.join(missing)}")
    common = next(name for name in wanted if len(name) <= _LONGEST_COMMON_NAME)
    start = _whole(now) - BACKDATE
    key = _new_key()
    certificate = (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]))
        .issuer_name(authority.intermediate.subject)
        .not_valid_before(max(start, authority.intermediate.not_valid_before_utc))
        .not_valid_after(min(start + LEAF_LIFETIME - _SECOND, authority.intermediate.not_valid_after_utc))
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(list(_subjects(wanted))), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issued_by(authority.intermediate), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return Leaf(certificate, authority.intermediate, key)


def renew_at(certificate: x509.Certificate) -> datetime:
    """When a third of its lifetime is left, to the second."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (end - (end - start) / 3).replace(microsecond=0)


def renewal_due(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether it is time for a new one: a third of its lifetime left, or a clock that was set back."""
    return now >= renew_at(certificate) or now < certificate.not_valid_before_utc


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until it ends; negative when it has ended."""
    return (certificate.not_valid_after_utc - now).days


def root_due(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether it is time to think of a new root."""
    return certificate.not_valid_after_utc - now <= NOTICE


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER in lower-case hex, without colons."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def common_name(certificate: x509.Certificate) -> str:
    """What a person would call it: the common name of its subject, else the whole subject."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def as_root(certificate: x509.Certificate) -> Root:
    """A root as trust stores want it."""
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Root(der, common_name(certificate), certificate.not_valid_after_utc)


def permitted(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The DNS names and the networks (`127.0.0.1/32`) of its name constraint; both empty without one."""
    try:
        constraint = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return (), ()
    subtrees = constraint.permitted_subtrees or []
    names = tuple(entry.value for entry in subtrees if isinstance(entry, x509.DNSName))
    networks = tuple(str(entry.value) for entry in subtrees if isinstance(entry, x509.IPAddress))
    return names, networks


def is_constrained(certificate: x509.Certificate) -> bool:
    """Whether it is a CA certificate that can speak for nothing but DNS names it lists and loopback."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.NameConstraints)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    names, networks = permitted(certificate)
    return (
        extension.critical
        and bool(names)
        and all(names)  # an empty DNS constraint permits every name
        and set(networks) == {str(ipaddress.ip_network(address)) for address in LOOPBACK_ADDRESSES}
        and basic.critical
        and basic.value.ca
    )


def fits(authority: Authority, leaf: Leaf, names: Sequence[str], now: datetime) -> bool:
    """Whether the edge can go on with this leaf: of this authority, for these names, and not due."""
    return (
        is_issued_by(leaf.certificate, authority.intermediate)
        and leaf.certificate.public_key() == leaf.key.public_key()
        and leaf.names == _unique([*names, LOOPBACK_NAME])
        and leaf.certificate.not_valid_before_utc <= now
        # One that ends with its issuer cannot be bettered: renewing it over and over would help nobody.
        and not (
            renewal_due(leaf.certificate, now)
            and leaf.certificate.not_valid_after_utc < authority.intermediate.not_valid_after_utc
        )
    )


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`'s key signed it."""
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def pem(certificate: x509.Certificate) -> bytes:
    """The certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def _new_key() -> ec.EllipticCurvePrivateKey:
    # P-256: browsers take neither P-521 nor Ed25519 from a server.
    return ec.generate_private_key(ec.SECP256R1())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "localedge"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _constrained(names: Sequence[str], path_length: int) -> x509.CertificateBuilder:
    """What root and intermediate have in common."""
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())  # 159 random bits
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.NameConstraints(
                permitted_subtrees=list(_subtrees([*names, LOOPBACK_NAME])), excluded_subtrees=None
            ),
            critical=True,
        )
    )


def _subtrees(names: Iterable[str]) -> Iterable[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in names)
    yield from (x509.IPAddress(ipaddress.ip_network(address)) for address in LOOPBACK_ADDRESSES)


def _subjects(names: Iterable[str]) -> Iterable[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in names)
    yield from (x509.IPAddress(ipaddress.ip_address(address)) for address in LOOPBACK_ADDRESSES)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Copied from the issuer's own identifier, however that was made."""
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _whole(now: datetime) -> datetime:
    """Certificates know whole seconds of UTC."""
    return now.astimezone(UTC).replace(microsecond=0)
