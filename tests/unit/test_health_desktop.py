"""What doctor says about Claude Desktop, for each thing that may have been seen."""

from dataclasses import replace

import pytest

from localedge import messages
from localedge.claude.desktop_log import Told
from localedge.claude.health import Finding, Severity
from localedge.claude.health_desktop import RULES, Configuration, Facts, judge
from localedge.claude.health_urls import Aim, Edge, target
from localedge.config import Config, Gateway, Https
from localedge.errors import Failure

EDGE = Edge(("127.0.0.1", "localhost"), 18080, ("127.0.0.1", "localhost", "localedge.test"), 18443)
URL = "http://127.0.0.1:18080"
OURS = Configuration("/lib/1.json", "localedge", ours=True, provider="gateway", url=URL)
POLICY = Configuration("HKLM\\P", managed=True, provider="gateway", url=URL)
FACTS = Facts(EDGE, "/opt/Claude", "1.2.3", None, (OURS,), applied=True)


def judged(facts: Facts, platform: str = "linux") -> list[Finding]:
    """The findings, each with a sentence in both languages without a gap."""
    found = list(judge(facts, platform))
    for one in found:
        for lang in messages.LANGUAGES:
            assert "?" not in one.sentence(lang).replace("version ?", "").replace("Desktop ? ", "")
    return found


def codes(facts: Facts) -> list[str]:
    """Their codes."""
    return [one.code for one in judged(facts)]


def bad(facts: Facts) -> list[str]:
    """The codes of what is not good."""
    return [one.code for one in judged(facts) if one.severity > Severity.GOOD]


def using(url: str, **more: object) -> Facts:
    """With this base URL in our profile."""
    return replace(FACTS, configurations=(OURS._replace(url=url),), **more)  # type: ignore[arg-type]


def test_all_is_well() -> None:
    """Two good lines: the program, and the URL it is set up for."""
    assert codes(FACTS) == ["doctor-desktop-installed", "doctor-desktop-set-up"]
    assert codes(replace(FACTS, pid=7)) == ["doctor-desktop-running", "doctor-desktop-set-up"]


def test_the_command_as_it_works_now() -> None:
    """It waits for a Claude that runs, and keeps to HTTPS where the profile had that."""
    port = using("https://localedge.test", pid=7)
    assert [one.command for one in judged(port)][1] == "localedge desktop apply --https --wait"
    other = using("http://127.0.0.1:8080", port=19000)
    assert [one.command for one in judged(other)][1] == "export LOCALEDGE_PORT=19000; localedge desktop apply"
    plain = using("http://127.0.0.1:18443")
    assert [one.command for one in judged(plain)][1] == "localedge desktop apply --https"
    foreign = OURS._replace(problems=(Failure("desktop-model-foreign", model="gpt-5", word="gpt"),))
    found = judged(replace(FACTS, pid=7, configurations=(foreign,)))
    assert found[1].command == "localedge desktop apply --model claude-opus-4 --wait"


def test_nothing_there() -> None:
    """Without Claude Desktop there is one note, and nothing is wrong."""
    [found] = judged(Facts(EDGE))
    assert found.code == "doctor-desktop-not-installed" and found.severity is Severity.NOTE


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://127.0.0.1:18080", "doctor-desktop-tls-to-plain"),
        ("127.0.0.1:18080", "doctor-desktop-tls-to-plain"),
        ("localhost:18080", "doctor-desktop-tls-to-plain"),
        ("http://127.0.0.1:18443", "doctor-desktop-plain-to-tls"),
        ("http://localhost:1234", "doctor-desktop-port"),
        ("http://[::1]:18080", "doctor-desktop-port"),
        ("https://localedge.test", "doctor-desktop-port"),
        ("https://gw.example/v1", "doctor-desktop-elsewhere"),
        ("http://127.0.0.1:18080/v1", "doctor-desktop-v1"),
        ("http://127.0.0.1:18080/v1/", "doctor-desktop-v1"),
    ],
)
def test_a_base_url_that_is_not_the_edges(url: str, code: str) -> None:
    """One finding for each way to miss the edge, with the URL as it is read and the command."""
    [found] = [one for one in judged(using(url)) if one.severity > Severity.GOOD]
    assert found.code == code and found.command.startswith("localedge desktop apply")
    assert str(found.params["url"]).startswith("http")


@pytest.mark.parametrize(
    "url",
    [
        *(URL, "http://localhost:18080/", "HTTP://127.0.0.1:18080", "https://localedge.test:18443"),
        "https://127.0.0.1:18443/prefix",
    ],
)
def test_a_base_url_that_is_the_edges(url: str) -> None:
    """Any URL that leads here is good."""
    assert bad(using(url)) == []


def test_a_password_in_the_url_is_not_shown() -> None:
    """What stands before an @ is nobody's business."""
    told = [Failure("desktop-url-refused", url="http://me:s3cret@10.0.0.1")]
    for url in ("https://me:s3cret@gw.example", "http://me:s3cret@127.0.0.1:18080"):
        facts = replace(FACTS, configurations=(OURS._replace(url=url, problems=tuple(told)),))
        for one in judged(facts):
            assert "s3cret" not in one.sentence() + repr(one)


def test_an_administrators_configuration() -> None:
    """What only its administrator can change has no command; ours behind it is named."""
    both = (POLICY, OURS)
    [found] = [one for one in judged(replace(FACTS, configurations=both)) if one.severity > Severity.GOOD]
    assert (found.code, found.command) == ("doctor-desktop-managed", "")
    assert found.params["hides"] == OURS.where
    away = POLICY._replace(url="https://gw.example", problems=(Failure("desktop-key-empty"),))
    found2 = judged(replace(FACTS, configurations=(away, OURS)))
    assert [one.code for one in found2[1:]] == ["desktop-key-empty", "doctor-desktop-managed-elsewhere"]
    assert [one.command for one in found2] == ["", "", ""]
    assert bad(replace(FACTS, configurations=(POLICY,), applied=False)) == []


def test_a_policy_that_is_hidden() -> None:
    """It is told which one hides it."""
    lower = Configuration("HKCU\\P", managed=True, counts=False, hidden=True)
    found = judged(replace(FACTS, configurations=(POLICY, lower), applied=False))
    assert [one.code for one in found if one.severity] == ["doctor-desktop-hidden"]
    assert found[1].params == {"where": "HKCU\\P", "by": "HKLM\\P"}


def test_an_account_instead_of_a_gateway() -> None:
    """Told apart: never set up, and set up but switched off."""
    assert bad(replace(FACTS, configurations=(), applied=False)) == ["doctor-desktop-not-applied"]
    off = OURS._replace(counts=False)
    assert bad(replace(FACTS, configurations=(off,))) == ["doctor-desktop-mode"]
    theirs = off._replace(ours=False)
    assert bad(replace(FACTS, configurations=(theirs,), applied=False)) == ["doctor-desktop-not-applied"]


def test_another_profile_is_chosen() -> None:
    """Where it leads here too, nobody minds."""
    other = OURS._replace(ours=False, name="Office", url="https://gw.example")
    assert bad(replace(FACTS, configurations=(other,))) == ["doctor-desktop-other-profile"]
    assert bad(replace(FACTS, configurations=(other,), applied=False)) == ["doctor-desktop-elsewhere"]
    assert bad(replace(FACTS, configurations=(other._replace(url=URL),))) == []
    vertex = other._replace(provider="vertex", url="")
    assert bad(replace(FACTS, configurations=(vertex,))) == ["doctor-desktop-other-provider"]


def test_a_configuration_that_cannot_be_read() -> None:
    """Its own sentence, and nothing is guessed about what it may say."""
    broken = OURS._replace(readable=False, provider="", problems=(Failure("desktop-empty", path="p"),))
    assert bad(replace(FACTS, configurations=(broken,))) == ["desktop-empty"]


def test_a_program_that_is_too_old_for_its_configuration() -> None:
    """Started before a change is told once, whatever its log and the trust store say."""
    late = replace(FACTS, pid=7, outdated=True, before_trust=True, told=(Told("log-status", "404"),))
    assert bad(late) == ["doctor-desktop-outdated"]
    assert bad(replace(late, pid=None)) == [], "it reads them at its next start"
    assert bad(replace(FACTS, pid=7, before_trust=True)) == ["doctor-desktop-before-trust"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([("log-no-models", "0")], "returned 0 usable models"),
        ([("log-unreachable", "net::ERR_SSL_PROTOCOL_ERROR")], "net::ERR_SSL_PROTOCOL_ERROR"),
        ([("log-unreachable", "")], "unreachable: -"),
        ([("log-status", "404"), ("log-health", "degraded")], "degraded"),
        ([("log-health", "healthy"), ("log-status", "404")], "HTTP 404"),
        ([("log-status", "404"), ("log-health", "healthy")], ""),
        ([("log-mode", "gateway")], ""),
    ],
)
def test_the_last_of_the_log_counts(told: list[tuple[str, str]], said: str) -> None:
    """Trouble is told unless the log says healthy after it."""
    facts = replace(FACTS, log="/l/main.log", quoted="/l/main.log", told=tuple(Told(*one) for one in told))
    found = [one for one in judged(facts) if one.severity > Severity.GOOD]
    assert [said in str(one.params["said"]) for one in found] == ([True] if said else [])
    assert all(one.command == "localedge explain --file /l/main.log" for one in found)


def test_keys_that_this_build_does_not_know() -> None:
    """Each is named."""
    facts = replace(FACTS, told=(Told("log-unknown-key", "'foo'"), Told("log-unknown-key", "bar")))
    assert [one.params["key"] for one in judged(facts) if one.severity > Severity.GOOD] == ["foo", "bar"]


def test_every_code_is_of_the_table() -> None:
    """And the ones of our own begin with doctor-desktop-."""
    assert set(RULES) <= set(messages.table())
    own = {code for code in messages.table() if code.startswith("doctor-desktop-")}
    assert own <= set(RULES)


def test_where_the_edge_listens() -> None:
    """From the configuration: loopback for an edge on every address, its names where HTTPS is set up."""
    gateway = Gateway("https", "gw.example", 443)
    assert Edge.of(Config(gateway), secure=False) == Edge(
        ("127.0.0.1", "localhost"), 18080, (), None, ("https", "gw.example", 443)
    )
    every = Edge.of(Config(gateway, host="0.0.0.0", port=0), secure=True)
    assert (every.url, every.secure_url) == ("http://127.0.0.1", "https://127.0.0.1:18443")
    six = Edge.of(Config(gateway, host="::1", https=Https(socket="fd:3")), secure=True)
    assert six.url == "http://[::1]:18080" and six.secure_port is None and "::1" in six.secure_hosts
    assert Edge.of(Config(gateway, host="::"), secure=False).url == "http://[::1]:18080"
    assert Edge.of(Config(gateway, host="192.0.2.1"), secure=False).hosts == ("192.0.2.1",)


@pytest.mark.parametrize(
    ("url", "aim"),
    [
        ("https://gw.example", Aim.GATEWAY),
        ("https://gw.example:444", Aim.ELSEWHERE),
        ("http://127.0.0.2:18080", Aim.PORT),
        ("http://LOCALHOST:18080", Aim.HERE),
        ("https://localhost.:18443", Aim.HERE),
    ],
)
def test_where_a_url_leads(url: str, aim: Aim) -> None:
    """By scheme, host and port."""
    found = target(url, EDGE._replace(gateway=("https", "gw.example", 443)))
    assert found is not None and found.aim is aim


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:18080", "ftp://x", "http://", "http://[::1", "http://h:99999"]
)
def test_what_is_no_url(url: str) -> None:
    """None, and no exception."""
    assert target(url, EDGE) is None


def test_a_port_that_is_not_known_beforehand() -> None:
    """Any port may be the edge's then."""
    found = target("http://127.0.0.1:5", EDGE._replace(port=None))
    assert found is not None and found.aim is Aim.HERE
