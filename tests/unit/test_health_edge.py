"""What doctor makes of an edge, a gateway and names: the rules alone."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from localedge import messages
from localedge.claude import health_names
from localedge.claude.health import Finding, Severity
from localedge.claude.health_edge import (
    GATEWAY_CODES,
    RULES,
    Door,
    EdgeFacts,
    Facts,
    GatewayFacts,
    Handshake,
    Met,
    judge,
)
from localedge.claude.health_names import Name

URL = "http://127.0.0.1:18080"
SECURE_URL = "https://localedge.test:18443"
RUNS = EdgeFacts("localedge run", plain=Door(URL, 18080, Met.EDGE, "python", 7))
NO_DETAILS: Mapping[str, object] = {}
HERE = frozenset({"127.0.0.1", "::1"})


def codes(facts: Facts | EdgeFacts, platform: str = "linux") -> list[str]:
    """What is found, in order."""
    whole = facts if isinstance(facts, Facts) else Facts(facts)
    return [one.code for one in judge(whole, platform)]


def one(facts: Facts, code: str, platform: str = "linux") -> Finding:
    """The only finding of a code."""
    [found] = [finding for finding in judge(facts, platform) if finding.code == code]
    return found


def test_every_code_has_its_sentence_and_its_test() -> None:
    """A finding can be told in both languages, and a test makes its fault for real."""
    place = Path(__file__).parents[1] / "integration"
    tests = "".join((place / f"test_doctor_{one}.py").read_text("utf-8") for one in ("edge", "command"))
    for code in RULES:
        assert messages.entry(code).zh.fact
        assert f'"{code}"' in tests, f"no test makes {code} happen"


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("code", RULES)
def test_every_command_can_be_filled_in(code: str, platform: str) -> None:
    """A command has no gaps, whatever the platform."""
    names = (
        *("edit", "start", "options", "free", "port", "problem", "program", "secure", "shortly"),
        *("variable", "words"),
    )
    details: dict[str, object] = {name: f"<{name}>" for name in names}
    found = RULES[code].finding(code, platform, **details)
    assert "{" not in found.command
    assert bool(found.command) or found.severity <= Severity.NOTE or code.startswith("doctor-localhost")


def test_one_cause_is_told_once() -> None:
    """An edge that does not run is one error, however many URLs it would have had."""
    doors = (Door(URL, 18080, Met.NOBODY), Door(SECURE_URL, 18443, Met.NOBODY))
    edge = EdgeFacts("localedge run", plain=doors[0], secure=doors[1], v6_first=True)
    edge = replace(edge, v6=Door("http://localhost:18080", 18080, Met.NOBODY), config_newer=True)
    [found] = judge(Facts(edge), "linux")
    assert found.code == "doctor-edge-not-running" and found.command == "localedge run"
    assert found.params["urls"] == f"{URL}, {SECURE_URL}"


def test_an_edge_with_an_open_port_may_be_known_by_https() -> None:
    """Only the port of HTTPS is known: whether the edge runs shows there."""
    edge = EdgeFacts("localedge run", unknown=("listen.port = 0",))
    missing = replace(edge, secure=Door(SECURE_URL, 18443, Met.NOBODY))
    assert codes(missing) == ["doctor-edge-port-unknown", "doctor-edge-not-running"]
    there = replace(edge, secure=Door(SECURE_URL, 18443, Met.EDGE))
    assert codes(there) == ["doctor-edge-port-unknown", "doctor-edge-runs"]


def test_names_with_the_same_trouble_are_told_together() -> None:
    """One line for what fails, not for each name."""
    failed = (Handshake("n4.test", "why"), Handshake("n5.test", "why"))
    edge = replace(RUNS, secure=Door(SECURE_URL, 18443, Met.EDGE), failed=failed)
    found = {finding.code: finding for finding in judge(Facts(edge), "linux")}
    assert found["doctor-edge-handshake"].params["name"] == "n4.test"


@pytest.mark.parametrize(
    ("gateway", "expected"),
    [
        (GatewayFacts("g", status=200), "doctor-gateway-answers"),
        (GatewayFacts("g", status=404, edge_status=404), "doctor-gateway-answers"),
        (GatewayFacts("g", status=200, proxy="p:3128"), "doctor-gateway-by-proxy"),
        (GatewayFacts("g", problem=("gateway-refused", NO_DETAILS)), "gateway-refused"),
        (
            GatewayFacts("g", problem=("gateway-refused", NO_DETAILS), edge_status=502, edge_problem="x"),
            "gateway-refused",
        ),
        (
            GatewayFacts("g", problem=("gateway-refused", NO_DETAILS), edge_status=200),
            "doctor-gateway-not-as-configured",
        ),
        (GatewayFacts("g", demo=True), "doctor-gateway-demo"),
        (GatewayFacts("g", demo=True, edge_status=200, edge_demo=True), "doctor-gateway-demo"),
        (GatewayFacts("g", demo=True, edge_status=200), "doctor-gateway-by-options"),
        (GatewayFacts("g", demo=True, edge_status=502, edge_problem="x"), "doctor-gateway-behind"),
        (GatewayFacts("g", demo=True, edge_status=502), "doctor-gateway-behind-status"),
        (GatewayFacts("g", demo=True, edge_silent=True), "doctor-gateway-behind-silent"),
        (GatewayFacts("g", own_name=True, edge_status=503), "doctor-gateway-status"),
        (GatewayFacts("g", own_name=True, edge_silent=True), "doctor-gateway-behind-silent"),
        (
            GatewayFacts(
                "g", problem=("gateway-refused", NO_DETAILS), edge_status=200, options=" --upstream g"
            ),
            "doctor-gateway-answers",
        ),
        (
            GatewayFacts("g", problem=("gateway-refused", NO_DETAILS), edge_status=200, of_shell=True),
            "doctor-gateway-by-options",
        ),
        (GatewayFacts("g", own_name=True), "doctor-gateway-own-name"),
        (GatewayFacts("g", own_name=True, edge_status=200), "doctor-gateway-answers"),
        (GatewayFacts("g", own_name=True, edge_status=502, edge_problem="x"), "doctor-gateway-by-edge"),
    ],
)
def test_the_gateway_directly_and_through_the_edge(gateway: GatewayFacts, expected: str) -> None:
    """Both ways are looked at, and one line tells what comes of it."""
    assert codes(Facts(RUNS, gateway)) == ["doctor-edge-runs", expected]


def test_the_gateways_own_sentences() -> None:
    """What the edge would answer is what doctor says, with the command that looks into it."""
    for code in GATEWAY_CODES:
        found = one(Facts(RUNS, GatewayFacts("g", problem=(code, {"gateway": "http://gw"}))), code)
        assert found.severity is Severity.ERROR and found.command == "localedge check"
        assert "http://gw" in found.sentence() or code.startswith("proxy-")


def test_a_gateway_that_nobody_knows_is_no_placeholder_of_ours() -> None:
    """Its URL is not known, so neither sentence nor command has one but the README's."""
    edge = replace(RUNS, options=" --config /c.toml")
    silent = GatewayFacts("http://127.0.0.1:0", demo=True, edge_silent=True)
    for facts in (silent, replace(silent, edge_silent=False, edge_status=502, edge_problem="gateway-lost")):
        [_, found] = judge(Facts(edge, facts), "linux")
        assert "127.0.0.1" not in found.sentence() + found.command
        assert found.command == "localedge check --upstream http://gateway.example:8000 --config /c.toml"


def test_other_commands_name_the_configuration_too() -> None:
    """A configuration at another place must be named to every command."""
    edge = replace(RUNS, options=" --config /c.toml")
    found = one(Facts(edge, GatewayFacts("g", status=503)), "doctor-gateway-status")
    assert found.command == "localedge check --config /c.toml"


NAME = Name("a.test", (("127.0.0.1", 3),), ("127.0.0.1",), HERE)
AWAY = ("10.0.0.9", 4)
TWO = frozenset({"127.0.0.1", "127.0.0.2"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAME, "doctor-names-lead-here"),
        (replace(NAME, mapped=()), "doctor-names-lead-here"),
        (replace(NAME, found=("127.0.0.1", "::1")), "doctor-names-lead-here"),
        (replace(NAME, found=None), None),
        (replace(NAME, mapped=(), found=()), "doctor-names-unmapped"),
        (replace(NAME, mapped=(), found=None), "doctor-names-unmapped"),
        (replace(NAME, mapped=(), found=("9.9.9.9",)), "doctor-name-elsewhere"),
        (replace(NAME, mapped=(AWAY,), found=("10.0.0.9",)), "doctor-name-mapped-elsewhere"),
        (replace(NAME, mapped=(("127.0.0.1", 3), AWAY)), "doctor-name-conflict"),
        (replace(NAME, found=("9.9.9.9",)), "doctor-name-no-effect"),
        (replace(NAME, found=()), "doctor-name-no-effect"),
        (replace(NAME, mapped=(("::1", 3),), found=("::1",)), "doctor-name-v6-only"),
        (replace(NAME, mapped=(("::1", 3),), found=("::1",), theirs=3), "doctor-name-mapped-aside"),
        (replace(NAME, unheard=frozenset({"127.0.0.1"})), "doctor-name-not-heard"),
        (replace(NAME, unheard=frozenset({"127.0.0.1"}), theirs=3), "doctor-name-mapped-aside"),
        (
            replace(NAME, found=("127.0.0.2", "127.0.0.1"), here=TWO, unheard=TWO - HERE),
            "doctor-names-lead-here",
        ),
    ],
)
def test_where_a_name_leads(name: Name, expected: str | None) -> None:
    """Each of what the file says and what the system finds has one meaning."""
    names = health_names.Facts("/etc/hosts", names=(name,))
    assert codes(Facts(RUNS, names=names)) == ["doctor-edge-runs", *([expected] if expected else [])]


def test_an_edge_on_ipv6_is_found_by_ipv6() -> None:
    """::1 alone is enough where HTTPS listens there too."""
    name = replace(NAME, mapped=(("::1", 3),), found=("::1",))
    names = health_names.Facts("/etc/hosts", names=(name,), v6=True)
    assert codes(Facts(RUNS, names=names))[1:] == ["doctor-names-lead-here"]


def test_an_administrator_adds_the_names() -> None:
    """With sudo where there is one; on Windows the prompt has the rights, or has not."""
    names = health_names.Facts(
        "/etc/hosts", names=(replace(NAME, mapped=(), found=()),), program="/opt/v/localedge"
    )
    command = "/opt/v/localedge hosts add a.test"
    assert one(Facts(RUNS, names=names), "doctor-names-unmapped").command == f"sudo {command}"
    assert one(Facts(RUNS, names=names), "doctor-names-unmapped", "win32").command == command
