"""The certificates of the local authority: everything in them, field by field, and their clock."""

import ipaddress
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from localedge.pki import authority as certificates
from localedge.pki.authority import Authority, Leaf

NOW = datetime(2026, 11, 22, 16, 45, 30, 123456, tzinfo=UTC)
NAMES = ("localedge.test", "gw.test")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One for all tests here: nothing changes it."""
    return certificates.make_authority(NAMES, NOW)


@pytest.fixture(scope="module")
def leaf(authority: Authority) -> Leaf:
    """Of that authority."""
    return certificates.issue_leaf(authority, NAMES, NOW)


def parts(certificate: x509.Certificate) -> dict[x509.ObjectIdentifier, tuple[bool, x509.ExtensionType]]:
    """Its extensions: critical or not, and the value."""
    return {extension.oid: (extension.critical, extension.value) for extension in certificate.extensions}


def usage(**yes: bool) -> x509.KeyUsage:
    """A key usage that is all no but for `yes`."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: yes.get(name, False) for name in every})


CONSTRAINT = x509.NameConstraints(
    permitted_subtrees=[
        x509.DNSName("localedge.test"),
        x509.DNSName("gw.test"),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_network("127.0.0.1/32")),
        x509.IPAddress(ipaddress.ip_network("::1/128")),
    ],
    excluded_subtrees=None,
)
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def test_the_root(authority: Authority) -> None:
    """The root signs one level of authorities, for the mapped names and loopback, and for servers only."""
    root = authority.root
    key_id = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    assert parts(root) == {
        ExtensionOID.BASIC_CONSTRAINTS: (True, x509.BasicConstraints(ca=True, path_length=1)),
        ExtensionOID.KEY_USAGE: (True, usage(key_cert_sign=True, crl_sign=True)),
        ExtensionOID.EXTENDED_KEY_USAGE: (False, SERVER),
        ExtensionOID.NAME_CONSTRAINTS: (True, CONSTRAINT),
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: (False, key_id),
    }
    assert certificates.is_issued_by(root, root)


def test_the_intermediate(authority: Authority) -> None:
    """The intermediate carries the same constraint, since some verifiers ignore a root's."""
    intermediate = authority.intermediate
    key_id = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key())
    root_id = authority.root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert parts(intermediate) == {
        ExtensionOID.BASIC_CONSTRAINTS: (True, x509.BasicConstraints(ca=True, path_length=0)),
        ExtensionOID.KEY_USAGE: (True, usage(key_cert_sign=True, crl_sign=True)),
        ExtensionOID.EXTENDED_KEY_USAGE: (False, SERVER),
        ExtensionOID.NAME_CONSTRAINTS: (True, CONSTRAINT),
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: (False, key_id),
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: (
            False,
            x509.AuthorityKeyIdentifier(root_id.digest, None, None),
        ),
    }
    assert certificates.is_issued_by(intermediate, authority.root)
    assert intermediate.public_key() == authority.key.public_key()


def test_the_leaf(authority: Authority, leaf: Leaf) -> None:
    """The leaf speaks for the mapped names and loopback, and can sign nothing but handshakes."""
    issuer_id = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key())
    assert parts(leaf.certificate) == {
        ExtensionOID.BASIC_CONSTRAINTS: (True, x509.BasicConstraints(ca=False, path_length=None)),
        ExtensionOID.KEY_USAGE: (True, usage(digital_signature=True)),
        ExtensionOID.EXTENDED_KEY_USAGE: (False, SERVER),
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: (
            False,
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("localedge.test"),
                    x509.DNSName("gw.test"),
                    x509.DNSName("localhost"),
                    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                    x509.IPAddress(ipaddress.ip_address("::1")),
                ]
            ),
        ),
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: (
            False,
            x509.SubjectKeyIdentifier.from_public_key(leaf.key.public_key()),
        ),
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: (
            False,
            x509.AuthorityKeyIdentifier(issuer_id.digest, None, None),
        ),
    }
    assert certificates.is_issued_by(leaf.certificate, authority.intermediate)
    assert leaf.certificate.subject.rfc4514_string() == "CN=localedge.test"
    assert leaf.names == (*NAMES, "localhost")


def test_keys_and_signatures(authority: Authority, leaf: Leaf) -> None:
    """Every key is P-256 and its own, every signature is made with SHA-256."""
    keys = []
    for certificate in (authority.root, authority.intermediate, leaf.certificate):
        key = certificate.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
        assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
        keys.append(key.public_numbers())
    again = certificates.issue_leaf(authority, NAMES, NOW)
    keys.append(again.key.public_key().public_numbers())
    assert len(set(keys)) == 4
    assert leaf.certificate.public_key() == leaf.key.public_key()


def test_the_dates(authority: Authority, leaf: Leaf) -> None:
    """An authority lives for 825 days and not a second more, a leaf for 14; both from an hour ago."""
    start = datetime(2026, 11, 22, 15, 45, 30, tzinfo=UTC)
    for certificate, life in (
        (authority.root, 825 * DAY),
        (authority.intermediate, 825 * DAY),
        (leaf.certificate, 14 * DAY),
    ):
        assert certificate.not_valid_before_utc == start
        assert certificate.not_valid_after_utc == start + life - SECOND


def test_another_time_zone_makes_no_difference() -> None:
    """A time given in another zone is the same moment."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=8)))
    assert certificates.make_authority(NAMES, elsewhere).root.not_valid_before_utc.hour == 15


def test_subjects_are_unique_and_name_nobody(authority: Authority) -> None:
    """Two authorities can stand side by side in one store, and none tells whose machine it is."""
    other = certificates.make_authority(NAMES, NOW)
    subjects = {
        certificate.subject.rfc4514_string()
        for one in (authority, other)
        for certificate in (one.root, one.intermediate)
    }
    assert len(subjects) == 4
    for subject in subjects:
        assert re.fullmatch(r"CN=localedge (root|edge) [0-9a-f]{8},O=localedge", subject)


def test_serials_are_random() -> None:
    """Serial numbers have at least 64 random bits: none comes twice, none is small."""
    made = [certificates.make_authority(("a.test",), NOW) for _ in range(20)]
    serials = [one.serial_number for each in made for one in (each.root, each.intermediate)]
    serials += [certificates.issue_leaf(each, ("a.test",), NOW).certificate.serial_number for each in made]
    assert len(set(serials)) == len(serials)
    assert all(0 < serial < 1 << 159 for serial in serials)
    # each of the upper 64 bits is set in some and clear in others
    for bit in range(95, 159):
        assert 0 < sum(serial >> bit & 1 for serial in serials) < len(serials), bit


def test_the_key_of_the_root_is_gone(authority: Authority) -> None:
    """Nothing of an authority holds a key that the root's certificate belongs to."""
    assert authority.key.public_key() != authority.root.public_key()
    assert set(vars(authority)) == {"root", "intermediate", "key"}


def test_no_key_is_shown(authority: Authority, leaf: Leaf) -> None:
    """An authority or a leaf in a log or a traceback tells no key."""
    assert "key" not in repr(authority).lower() and "key" not in repr(leaf).lower()


def test_pem(authority: Authority, leaf: Leaf) -> None:
    """The chain is leaf and intermediate; the root stays out of it, and so do keys."""
    assert x509.load_pem_x509_certificates(leaf.chain_pem()) == [leaf.certificate, authority.intermediate]
    assert b"PRIVATE" not in leaf.chain_pem()
    assert leaf.key_pem().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert authority.key_pem().startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert certificates.pem(authority.root).startswith(b"-----BEGIN CERTIFICATE-----\n")


def test_names_are_read_back(authority: Authority) -> None:
    """What an authority may speak for stands in its certificates, nowhere else."""
    assert authority.names == NAMES
    networks = ("127.0.0.1/32", "::1/128")
    assert certificates.permitted(authority.root) == ((*NAMES, "localhost"), networks)
    assert certificates.permitted(authority.intermediate) == ((*NAMES, "localhost"), networks)


def test_a_certificate_without_a_constraint(leaf: Leaf) -> None:
    """A leaf has no constraint of its own."""
    assert certificates.permitted(leaf.certificate) == ((), ())


def test_names_that_are_missing(authority: Authority) -> None:
    """A permitted name covers its subdomains, but no name that merely ends alike."""
    asked = ("gw.test", "a.b.gw.test", "notgw.test", "test", "other.test", "gw.test.evil.test")
    assert authority.missing(asked) == ("notgw.test", "test", "other.test", "gw.test.evil.test")


def test_repeated_names_count_once() -> None:
    """A name given twice stands once in the certificates; localhost is there anyway."""
    authority = certificates.make_authority(("a.test", "localhost", "a.test"), NOW)
    assert authority.names == ("a.test",)
    assert certificates.issue_leaf(authority, ("a.test", "a.test"), NOW).names == ("a.test", "localhost")


def test_loopback_alone() -> None:
    """Without mapped names there is still localhost."""
    authority = certificates.make_authority((), NOW)
    leaf = certificates.issue_leaf(authority, (), NOW)
    assert authority.names == () and leaf.names == ("localhost",)
    assert leaf.certificate.subject.rfc4514_string() == "CN=localhost"
    assert authority.missing(["a.test"]) == ("a.test",)


def test_a_name_too_long_for_a_common_name() -> None:
    """A common name has 64 characters at most; the alternative names have room for any."""
    long = f"{'a' * 63}.{'b' * 63}.test"
    authority = certificates.make_authority((long,), NOW)
    leaf = certificates.issue_leaf(authority, (long,), NOW)
    assert leaf.names == (long, "localhost")
    common = leaf.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    assert common == "localhost"


@pytest.mark.parametrize(
    "name", ["*.gw.test", ".gw.test", "gw.test.", "GW.test", "test", "127.0.0.1", "", "ü.test"]
)
def test_no_authority_for_what_is_no_exact_name(name: str) -> None:
    """Wildcards, leading and final dots, capitals, addresses and bare top levels make no constraint."""
    with pytest.raises(ValueError, match="not a host name"):
        certificates.make_authority(("gw.test", name), NOW)


def test_no_leaf_outside_the_constraint(authority: Authority) -> None:
    """A name that the authority may not speak for gets no certificate that everybody would refuse anyway."""
    with pytest.raises(ValueError, match=r"outside the constraint: other\.test"):
        certificates.issue_leaf(authority, ("gw.test", "other.test"), NOW)


def test_a_leaf_never_outlives_its_intermediate(authority: Authority) -> None:
    """Near the end of an authority leaves get shorter."""
    end = authority.intermediate.not_valid_after_utc
    leaf = certificates.issue_leaf(authority, NAMES, end - 3 * DAY)
    assert leaf.certificate.not_valid_after_utc == end


def test_a_clock_set_back_makes_no_leaf_older_than_its_issuer(authority: Authority) -> None:
    """A leaf does not begin before its intermediate does."""
    leaf = certificates.issue_leaf(authority, NAMES, NOW - timedelta(minutes=30))
    assert leaf.certificate.not_valid_before_utc == authority.intermediate.not_valid_before_utc


def test_the_renewal_clock(leaf: Leaf) -> None:
    """A leaf is renewed when a third of its life is left: to the second."""
    start, end = leaf.certificate.not_valid_before_utc, leaf.certificate.not_valid_after_utc
    at = certificates.renew_at(leaf.certificate)
    assert abs((end - at) * 3 - (end - start)) < 3 * SECOND
    assert not certificates.renewal_due(leaf.certificate, start)
    assert not certificates.renewal_due(leaf.certificate, at - SECOND)
    assert certificates.renewal_due(leaf.certificate, at)
    assert certificates.renewal_due(leaf.certificate, end + 100 * DAY)
    assert certificates.renewal_due(leaf.certificate, start - SECOND), "a clock that was set back"


def test_a_leaf_that_fits(authority: Authority, leaf: Leaf) -> None:
    """A leaf is kept while it is of this authority, for these names, and not due."""
    at = certificates.renew_at(leaf.certificate)
    assert certificates.fits(authority, leaf, NAMES, NOW)
    assert certificates.fits(authority, leaf, NAMES, at - SECOND)
    assert not certificates.fits(authority, leaf, NAMES, at)
    assert not certificates.fits(authority, leaf, NAMES, NOW - DAY)
    assert not certificates.fits(authority, leaf, NAMES[:1], NOW)
    assert not certificates.fits(authority, leaf, (*NAMES, "a.gw.test"), NOW)
    assert not certificates.fits(certificates.make_authority(NAMES, NOW), leaf, NAMES, NOW)
    other = certificates.issue_leaf(authority, NAMES, NOW)
    assert not certificates.fits(authority, Leaf(leaf.certificate, leaf.intermediate, other.key), NAMES, NOW)


def test_the_last_leaf_is_kept_to_its_end(authority: Authority) -> None:
    """A leaf that ends with its authority is not renewed over and over: no other could live longer."""
    end = authority.intermediate.not_valid_after_utc
    last = certificates.issue_leaf(authority, NAMES, end - DAY)
    for now in (end - DAY, end - timedelta(hours=1), end):
        assert certificates.fits(authority, last, NAMES, now)


def test_a_new_root_is_announced_in_time(authority: Authority) -> None:
    """Sixty days before the end of a root its replacement is due; the days left are told."""
    end = authority.root.not_valid_after_utc
    assert not certificates.root_due(authority.root, end - 60 * DAY - SECOND)
    assert certificates.root_due(authority.root, end - 60 * DAY)
    assert certificates.days_left(authority.root, NOW) == 824
    assert certificates.days_left(authority.root, end + SECOND) == -1


def test_fingerprints(authority: Authority) -> None:
    """A fingerprint is 64 lower-case hex digits, as `openssl x509 -fingerprint -sha256` has them."""
    text = certificates.fingerprint(authority.root)
    assert text == authority.root.fingerprint(hashes.SHA256()).hex() and len(text) == 64


@pytest.mark.parametrize(
    ("constraint", "critical", "basic_critical", "ca"),
    [
        (None, True, True, True),
        (CONSTRAINT, False, True, True),
        (CONSTRAINT, True, False, True),
        (CONSTRAINT, True, True, False),
        (x509.NameConstraints([x509.DNSName("gw.test")], None), True, True, True),
        (x509.NameConstraints(list(CONSTRAINT.permitted_subtrees or [])[3:], None), True, True, True),
        (
            x509.NameConstraints(
                [x509.DNSName("gw.test"), x509.IPAddress(ipaddress.ip_network("0.0.0.0/0"))], None
            ),
            True,
            True,
            True,
        ),
        (
            x509.NameConstraints([x509.DNSName(""), *(CONSTRAINT.permitted_subtrees or [])], None),
            True,
            True,
            True,
        ),
        (x509.NameConstraints(None, [x509.DNSName("evil.test")]), True, True, True),
    ],
)
def test_what_is_not_confined_is_seen(
    constraint: x509.NameConstraints | None, critical: bool, basic_critical: bool, ca: bool
) -> None:
    """A certificate that could speak for other names or addresses is told from ours."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + DAY)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=basic_critical)
    )
    if constraint is not None:
        builder = builder.add_extension(constraint, critical=critical)
    assert not certificates.is_constrained(builder.sign(key, hashes.SHA256()))


def test_ours_are_confined(authority: Authority, leaf: Leaf) -> None:
    """Root and intermediate pass that look; a leaf is no authority."""
    assert certificates.is_constrained(authority.root) and certificates.is_constrained(authority.intermediate)
    assert not certificates.is_constrained(leaf.certificate)


LABEL = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
HOST = st.builds(lambda labels: ".".join([*labels, "test"]), st.lists(LABEL, min_size=1, max_size=3))


@given(st.lists(HOST, max_size=5), st.timedeltas(-2000 * DAY, 60000 * DAY))
def test_any_names_at_any_time(names: list[str], after: timedelta) -> None:
    """Whatever names are mapped and whatever the clock says, all parts belong together."""
    now = NOW + after
    authority = certificates.make_authority(names, now)
    leaf = certificates.issue_leaf(authority, names, now)
    assert authority.names == tuple(dict.fromkeys(names)) and authority.missing(names) == ()
    assert certificates.fits(authority, leaf, names, now)
    assert certificates.is_issued_by(authority.intermediate, authority.root)
