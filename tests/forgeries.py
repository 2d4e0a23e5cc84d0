"""What a thief of the intermediate's key could sign, for verifiers to refuse."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from localedge.pki.authority import Authority, issue_leaf, pem

DAY = timedelta(days=1)
OUTSIDE = {
    "another name": "evil.example",
    "a name that begins like ours": "localedge.test.evil.example",
    "a name that ends like ours": "notlocaledge.test",
    "an address": "192.0.2.7",
    "another loopback address": "127.0.0.2",
    "an IPv6 address": "2001:db8::7",
}
"""What the intermediate may not speak for."""


@dataclass(frozen=True)
class Shown:
    """What a server shows, whom the client trusts, and the name that it asked for."""

    label: str
    name: str
    root: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Leaf first, without the root."""
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def chain_pem(self) -> bytes:
        """As a server is given it."""
        return b"".join(map(pem, self.chain))

    def key_pem(self) -> bytes:
        """The leaf's."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def honest(authority: Authority, now: datetime) -> list[Shown]:
    """The real leaf, asked for by each name that it has."""
    leaf = issue_leaf(authority, authority.names, now)
    chain = (leaf.certificate, authority.intermediate)
    return [
        Shown(name, name, authority.root, chain, leaf.key)
        for name in (*authority.names, "localhost", "127.0.0.1", "::1")
    ]


def plain_forgeries(authority: Authority, now: datetime) -> list[Shown]:
    """Leaves for names and addresses outside, with nothing else wrong."""
    return [_forged(authority, label, name, [name], now) for label, name in OUTSIDE.items()]


def sly_forgeries(authority: Authority, now: datetime) -> list[Shown]:
    """Leaves that try to get round the constraint."""
    own = authority.names[0]
    return [
        _forged(authority, "hidden behind our own name", "evil.example", [own, "evil.example"], now),
        _forged(authority, "hidden behind loopback", "192.0.2.7", ["127.0.0.1", "192.0.2.7"], now),
        _forged(authority, "our own name hidden behind it", own, ["evil.example", own], now),
        _forged(authority, "a wildcard", "www.evil.example", ["*.evil.example"], now),
        _forged(authority, "a wildcard over ours", "other.test", ["*.test"], now),
        _forged(authority, "in the common name only", "evil.example", [], now),
        _below(authority, now),
    ]


def weakened(like: Authority, now: datetime, *, root: bool, intermediate: bool) -> Authority:
    """The same authority with its constraint on these two only, if at all."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, name = _named("weak root"), _named("weak intermediate")
    constraint = like.root.extensions.get_extension_for_class(x509.NameConstraints).value
    top = _ca(root_name, root_name, root_key.public_key(), 1, now)
    below = _ca(name, root_name, key.public_key(), 0, now)
    if root:
        top = top.add_extension(constraint, critical=True)
    if intermediate:
        below = below.add_extension(constraint, critical=True)
    anchor = top.sign(root_key, hashes.SHA256())
    issuer = below.add_extension(_points_to(anchor), critical=False).sign(root_key, hashes.SHA256())
    return Authority(anchor, issuer, key)


def _forged(authority: Authority, label: str, name: str, subjects: Sequence[str], now: datetime) -> Shown:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _leaf(authority.intermediate, authority.key, key, name, subjects, now)
    return Shown(label, name, authority.root, (leaf, authority.intermediate), key)


def _below(authority: Authority, now: datetime) -> Shown:
    """By an authority of the thief's own, without constraints, below the stolen one."""
    own, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    builder = _ca(_named("thief"), authority.intermediate.subject, own.public_key(), None, now)
    builder = builder.add_extension(_points_to(authority.intermediate), critical=False)
    ca = builder.sign(authority.key, hashes.SHA256())
    leaf = _leaf(ca, own, key, "evil.example", ["evil.example"], now)
    return Shown(
        "an authority below", "evil.example", authority.root, (leaf, ca, authority.intermediate), key
    )


def _leaf(
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    common: str,
    subjects: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    builder = (
        _builder(_named(common), issuer.subject, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(_points_to(issuer), critical=False)
    )
    if subjects:
        names = x509.SubjectAlternativeName([_subject(one) for one in subjects])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _ca(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, path_length: int | None, now: datetime
) -> x509.CertificateBuilder:
    return (
        _builder(name, issuer, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY / 24)
        .not_valid_after(now + DAY)
        .public_key(key)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(**yes: bool) -> x509.KeyUsage:
    every: dict[str, Any] = dict.fromkeys(
        (
            *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
            *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
        ),
        False,
    )
    return x509.KeyUsage(**{**every, **yes})


def _points_to(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _subject(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
