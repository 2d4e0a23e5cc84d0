"""What doctor makes of trust: how bad each thing is, and what is not told twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from localedge import messages
from localedge.claude.health import Finding, Severity
from localedge.claude.health_trust import RULES, Dated, Facts, Kind, Shown, Store, Variable, judge
from localedge.claude.inspectors import inspector
from localedge.errors import Failure
from localedge.messages import doctor_trust
from localedge.pki.plan import State

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DATED = Dated(NOW + timedelta(days=700), 700, False, NOW + timedelta(days=9))
DEBIAN = Store("debian", State.TRUSTED, system=True)
FIREFOX = Store("nss:/home/u/a b", State.TRUSTED)
FINE = Facts(NOW, set_up=True, dated=DATED, stores=(DEBIAN, FIREFOX))


def found(facts: Facts, platform: str = "linux") -> list[Finding]:
    """The findings, each with a sentence in both languages that has every detail."""
    findings = list(judge(facts, platform))
    for one in findings:
        assert "?" not in one.sentence("en") and "?" not in one.sentence("zh"), one
        assert "{" not in one.command
    return findings


def codes(facts: Facts, platform: str = "linux") -> list[str]:
    """Their codes, without what is good."""
    return [one.code for one in found(facts, platform) if one.severity is not Severity.GOOD]


def test_each_rule_has_its_sentence() -> None:
    """The rules and the table are the same codes."""
    assert set(RULES) == set(doctor_trust.TABLE)


def test_what_is_fine_takes_two_lines() -> None:
    """Kinds of stores, not each database."""
    first, second = found(FINE)
    assert (first.code, second.code) == ("doctor-certificates-good", "doctor-trust-good")
    assert second.params["stores"] == "debian, nss"


def test_without_https_there_is_a_note() -> None:
    """Nobody needs it; nothing else of it is looked at."""
    [one] = found(Facts(NOW, set_up=False))
    assert (one.code, one.severity, one.command) == ("doctor-https-off", Severity.NOTE, "localedge trust-ca")


def test_a_root_that_outlived_its_authority() -> None:
    """Beside the note: untrust-ca takes it out."""
    assert codes(Facts(NOW, set_up=False, earlier=["debian"])) == ["doctor-https-off", "doctor-trust-left"]


@pytest.mark.parametrize(
    ("failure", "command"),
    [
        (Failure("ca-expired", date="2026-01-01"), "localedge trust-ca"),
        (Failure("ca-damaged", path="/x"), "localedge trust-ca --new"),
        (Failure("ca-no-file", path="/x"), ""),
    ],
)
def test_an_authority_that_cannot_be_used_is_the_only_finding(failure: Failure, command: str) -> None:
    """Its own sentence and what mends it; all else follows from it."""
    [one] = found(replace(FINE, problem=failure, dated=None))
    assert (one.code, one.severity, one.command) == (failure.code, Severity.ERROR, command)


def test_what_another_look_tells_is_not_told_here() -> None:
    """Permissions and the clock have their findings; all else of the CA would follow from them."""
    for failure in (
        Failure("ca-loose", path="/x", who="mode 644", command="chmod go= /x"),
        Failure("ca-not-yet-valid", date="2027-01-01", today="2026-01-01"),
    ):
        assert found(replace(FINE, problem=failure, dated=None)) == []


def test_our_own_commands_name_the_configuration() -> None:
    """Where it is not the usual one; others are left as they are."""
    one = Variable(("SSL_CERT_FILE",), "/x", "missing")
    facts = Facts(NOW, set_up=False, variables=[one], options=" --config '/a b'")
    assert [one.command for one in found(facts)] == [
        "unset SSL_CERT_FILE",
        "localedge trust-ca --config '/a b'",
    ]


@pytest.mark.parametrize(
    ("absent", "severity", "command"),
    [
        ([DEBIAN], Severity.ERROR, "localedge trust-ca --store debian"),
        ([FIREFOX], Severity.WARNING, "localedge trust-ca --store 'nss:/home/u/a b'"),
        ([DEBIAN, FIREFOX], Severity.ERROR, "localedge trust-ca"),
    ],
)
def test_a_root_that_is_absent(absent: list[Store], severity: Severity, command: str) -> None:
    """One line for all; it keeps Claude from working only in the system's store."""
    stores = [replace(one, state=State.ABSENT) if one in absent else one for one in (DEBIAN, FIREFOX)]
    [one] = [one for one in found(replace(FINE, stores=stores)) if one.severity]
    assert (one.code, one.severity, one.command) == ("doctor-trust-absent", severity, command)


@pytest.mark.parametrize(
    ("state", "problem", "code"),
    [
        (State.NOT_TRUSTED, None, "doctor-trust-not-trusted"),
        (State.NOT_TRUSTED, Failure("windows-root-forbidden", nick="x"), "windows-root-forbidden"),
        (State.WRONG_FINGERPRINT, None, "doctor-trust-other"),
        (
            State.UNKNOWN,
            Failure("tool-hangs", store="nss", program="certutil", seconds=15),
            "doctor-trust-slow",
        ),
        (
            State.UNKNOWN,
            Failure("store-tool-missing", store="nss", program="certutil", package="p"),
            "store-tool-missing",
        ),
    ],
)
def test_a_store_that_a_person_has_to_look_at(state: State, problem: Failure | None, code: str) -> None:
    """Each state has its line."""
    store = replace(DEBIAN, state=state, detail="/x", problem=problem)
    assert codes(replace(FINE, stores=[store, FIREFOX])) == [code]


@pytest.mark.parametrize(
    ("dated", "code"),
    [
        (replace(DATED, root_due=True, root_days=30), "doctor-root-ends"),
        (replace(DATED, outside=("a.test",)), "doctor-root-names"),
        (replace(DATED, leaf_ends=None), "doctor-leaf-damaged"),
        (replace(DATED, leaf_ends=NOW, leaf_due=True), "doctor-leaf-expired"),
        (replace(DATED, leaf_due=True), "doctor-leaf-due"),
        (replace(DATED, uncovered=("a.test",), leaf_due=True), "doctor-leaf-names"),
    ],
)
def test_certificates_that_need_something(dated: Dated, code: str) -> None:
    """One line each; a running edge sees to its leaf itself."""
    assert codes(replace(FINE, dated=dated)) == [code]
    running = replace(FINE, dated=dated, shown=[Shown("localhost", Kind.OURS)])
    assert codes(running) == ([] if "leaf" in code else [code])


@pytest.mark.parametrize(
    ("kind", "issuer", "code", "severity"),
    [
        (
            Kind.FOREIGN,
            ("Kaspersky Anti-Virus Personal Root", "AO"),
            "doctor-served-inspected",
            Severity.ERROR,
        ),
        (Kind.FOREIGN, ("mkcert dev",), "doctor-served-foreign", Severity.ERROR),
        (Kind.FORMER, (), "doctor-served-former", Severity.WARNING),
        (Kind.OLD_LEAF, (), "doctor-served-old-leaf", Severity.WARNING),
        (Kind.REFUSED, (), "doctor-served-refused", Severity.WARNING),
    ],
)
def test_what_clients_are_shown(kind: Kind, issuer: tuple[str, ...], code: str, severity: Severity) -> None:
    """One line for all names that are shown the same."""
    shown = [Shown(name, kind, issuer) for name in ("a.test", "localhost")]
    [one] = [one for one in found(replace(FINE, shown=shown)) if one.severity]
    assert (one.code, one.severity, one.params["names"]) == (code, severity, "a.test, localhost")


def test_a_name_outside_the_root_is_told_once() -> None:
    """That the edge has no certificate for it follows."""
    facts = replace(FINE, dated=replace(DATED, outside=("a.test",)), shown=[Shown("a.test", Kind.REFUSED)])
    assert codes(facts) == ["doctor-root-names"]


def test_an_issuers_name_is_one_printable_line() -> None:
    """Whatever somebody put into a certificate."""
    shown = [Shown("a.test", Kind.FOREIGN, ("x\n\x1b[31m" + "y" * 500,))]
    [one] = [one for one in found(replace(FINE, shown=shown)) if one.severity]
    assert one.sentence().isprintable() and len(str(one.params["issuer"])) < 200


@pytest.mark.parametrize("fault", ["missing", "unreadable", "not-pem"])
@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("linux", "unset SSL_CERT_FILE CURL_CA_BUNDLE"),
        ("win32", "Remove-Item Env:SSL_CERT_FILE, Env:CURL_CA_BUNDLE"),
    ],
)
def test_variables_that_name_nothing(fault: str, platform: str, command: str) -> None:
    """With or without HTTPS; one line for one file."""
    one = Variable(("SSL_CERT_FILE", "CURL_CA_BUNDLE"), "/x", fault, "why")
    first, _ = found(Facts(NOW, set_up=False, variables=[one]), platform)
    assert (first.code, first.command) == (f"doctor-variable-{fault}", command)


@pytest.mark.parametrize(
    ("issuer", "product"),
    [
        (("ESET SSL Filter CA", "ESET, spol. s r. o."), "ESET"),
        (("Avast Web/Mail Shield Root",), "Avast"),
        (("Bitdefender Personal CA.avfree0000000000",), "Bitdefender"),
        (("Norton Web/Mail Shield Root",), "Norton"),
        (("Zscaler Intermediate Root CA (zscalertwo.net)", "Zscaler Inc."), "Zscaler"),
        (("ca.example.goskope.com", "example"), "Netskope"),
        (("FGT60E0000000000", "Fortinet", "Certificate Authority"), "Fortinet FortiGate"),
        (("Cisco Umbrella Secondary SubCA ams-SG", "Cisco"), "Cisco Umbrella"),
        (("DO_NOT_TRUST_FiddlerRoot", "DO_NOT_TRUST"), "Fiddler"),
        (("Charles Proxy CA (1 Jan 2026, host)",), "Charles"),
        (("mitmproxy", "mitmproxy"), "mitmproxy"),
        (("PortSwigger CA", "PortSwigger"), "Burp Suite"),
        (("Gateway CA - Cloudflare Managed G1 abc", "Cloudflare, Inc."), "Cloudflare Gateway"),
    ],
)
def test_inspectors_are_known_by_their_roots(issuer: tuple[str, ...], product: str) -> None:
    """By what stands in the certificates that they make."""
    assert inspector(issuer) == product


@pytest.mark.parametrize(
    "issuer",
    [
        ("R11", "Let's Encrypt"),
        ("WE1", "Google Trust Services"),
        ("Cloudflare Inc ECC CA-3", "Cloudflare, Inc."),
        ("DigiCert Global G2 TLS RSA SHA256 2020 CA1", "DigiCert Inc"),
        ("Symantec Class 3 Secure Server CA - G4", "Symantec Corporation"),
        ("Sectigo RSA Domain Validation Secure Server CA", "Sectigo Limited"),
        ("TrustAsia RSA DV TLS CA G2", "TrustAsia Technologies, Inc."),
        ("McAfee OV SSL CA 2", "McAfee, Inc."),
        ("360", "360 Degrees Bakery"),
        (),
    ],
)
def test_public_authorities_are_no_inspectors(issuer: tuple[str, ...]) -> None:
    """Nobody is suspected for being a public authority, or for a number in a name."""
    assert inspector(issuer) is None


def test_a_gateway_behind_an_inspector_is_a_warning() -> None:
    """It works, and somebody reads along."""
    issuer = ("Zscaler Root CA", "Zscaler Inc.")
    facts = Facts(NOW, set_up=False, gateway="gw.example", gateway_issuer=issuer)
    one = found(facts)[0]
    assert (one.code, one.severity) == ("doctor-gateway-inspected", Severity.WARNING)
    assert "Zscaler Root CA" in one.sentence() and messages.entry(one.code).exit_status == 1
