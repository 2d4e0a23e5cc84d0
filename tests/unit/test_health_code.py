"""What doctor says about Claude Code, for each way its variables can be set."""

from dataclasses import replace

import pytest

from localedge import messages
from localedge.claude.health import Finding, Severity
from localedge.claude.health_code import BASE_URL, KEY, RULES, TOKEN, Facts, Set, in_force, judge
from localedge.claude.health_urls import Edge

EDGE = Edge(
    ("127.0.0.1", "localhost"),
    18080,
    ("127.0.0.1", "localhost"),
    18443,
    ("https", "gw.example", 443),
)
URL = "http://127.0.0.1:18080"
SECRET = "sk-s3cret"
USE = 'eval "$(localedge env)"'
GOOD = {BASE_URL: URL, TOKEN: SECRET}
FILE = "/home/u/.claude/settings.json"


def judged(environment: dict[str, str], *files: Set) -> list[Finding]:
    """The findings; no secret is in any of them."""
    facts = Facts(EDGE, Set("", environment), files, use=USE)
    assert SECRET not in repr(facts)
    found = list(judge(facts, "linux"))
    for one in found:
        for lang in messages.LANGUAGES:
            assert SECRET not in one.sentence(lang) and "?" not in one.sentence(lang)
        assert SECRET not in repr(one)
    return found


def codes(environment: dict[str, str], *files: Set) -> list[str]:
    """Their codes."""
    return [one.code for one in judged(environment, *files)]


def test_all_is_well() -> None:
    """One good line that names the URL and where it stands."""
    [found] = judged(GOOD)
    assert (found.code, found.severity) == ("doctor-code-fine", Severity.GOOD)
    assert found.params["url"] == URL and found.params["where"] == BASE_URL


def test_nothing_is_set() -> None:
    """A note with the line for the shell, whatever credentials there are."""
    for environment in ({}, {TOKEN: SECRET}):
        [found] = judged(environment)
        assert (found.code, found.severity, found.command) == ("doctor-code-unset", Severity.NOTE, USE)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("127.0.0.1:18080", "doctor-code-not-url"),
        ("https://127.0.0.1:18080", "doctor-code-tls-to-plain"),
        ("http://127.0.0.1:18443", "doctor-code-plain-to-tls"),
        ("http://127.0.0.1:8080", "doctor-code-port"),
        ("http://[::1]:18080", "doctor-code-port"),
        ("https://gw.example/v1", "doctor-code-gateway"),
        ("https://api.example", "doctor-code-elsewhere"),
        (f"{URL}/v1", "doctor-code-v1"),
    ],
)
def test_a_base_url_that_is_not_the_edges(url: str, code: str) -> None:
    """One finding each, with the line that sets it right in this shell; in a file the file is named."""
    [found, *others] = judged({BASE_URL: url, TOKEN: SECRET})
    assert (found.code, found.command, others) == (code, USE, [])
    [found, *others] = judged({TOKEN: SECRET}, Set(FILE, {BASE_URL: url}))
    assert (found.code, found.command, others) == (code, "", [])
    assert FILE in found.sentence()


def test_localhost_is_a_note_where_ipv6_has_nobody() -> None:
    """It works, so the good line is there as well."""
    found = codes({**GOOD, BASE_URL: "http://localhost:18080"})
    assert found == ["doctor-code-localhost", "doctor-code-fine"]


def test_a_login_is_not_to_be_sent_to_the_edge() -> None:
    """Without a credential Claude Code would send its own; any of four places may have one."""
    assert codes({BASE_URL: URL}) == ["doctor-code-no-credential"]
    assert codes({BASE_URL: URL}, Set(FILE, {KEY: SECRET})) == ["doctor-code-fine"]
    assert codes({BASE_URL: URL}, Set(FILE, {}, helper=True)) == ["doctor-code-fine"]
    assert codes({BASE_URL: URL, KEY: SECRET}) == ["doctor-code-fine"]


def test_two_credentials() -> None:
    """A note, and neither of them is shown."""
    assert codes({**GOOD, KEY: SECRET}) == ["doctor-code-both", "doctor-code-fine"]


def test_a_file_that_wins_over_the_shell() -> None:
    """Both are told: where it leads, and that the shell's better value is in vain."""
    file = Set(FILE, {BASE_URL: "https://api.example"})
    assert codes(GOOD, file) == ["doctor-code-elsewhere", "doctor-code-settings"]
    assert codes(GOOD, Set(FILE, {BASE_URL: URL})) == ["doctor-code-fine"]
    managed = Set("/etc/claude-code/managed-settings.json", {BASE_URL: URL})
    assert codes(GOOD, managed, file) == ["doctor-code-fine"], "the administrator's wins"


def test_a_cloud_provider() -> None:
    """With such a variable the base URL counts for nothing."""
    name = "CLAUDE_CODE_USE_BEDROCK"
    assert codes({**GOOD, name: "1"}) == ["doctor-code-provider"]
    assert codes({**GOOD, name: "0"}) == ["doctor-code-fine"]
    [found] = judged(GOOD, Set(FILE, {name: "true"}))
    assert FILE in found.sentence()


def test_a_password_in_the_url_is_not_shown() -> None:
    """Nor is one in the environment's URL that a file wins over."""
    url = f"https://me:{SECRET}@api.example"
    facts = Facts(EDGE, Set("", {BASE_URL: url, TOKEN: "x"}), use=USE)
    for one in judge(facts, "linux"):
        assert SECRET not in one.sentence() + repr(one)


@pytest.mark.parametrize(
    "url", [f"https://me:{SECRET}@api.example", "http://127.0.0.1 :18080", "http://[::1"]
)
def test_a_url_that_no_client_can_use(url: str) -> None:
    """Its fetch refuses credentials and what is no host."""
    [found] = judged({**GOOD, BASE_URL: url})
    assert found.code == "doctor-code-not-url" and SECRET not in found.sentence()


def test_a_file_that_cannot_be_read() -> None:
    """It is told beside everything else."""
    facts = replace(Facts(EDGE, Set("", GOOD)), unreadable=(FILE,))
    assert [one.code for one in judge(facts, "linux")] == ["doctor-code-unreadable", "doctor-code-fine"]


def test_what_is_in_force() -> None:
    """Nothing, the environment, a file."""
    assert in_force(Facts(EDGE, Set())) is None
    found = in_force(Facts(EDGE, Set("", GOOD), (Set(FILE, {BASE_URL: "http://x"}),)))
    assert found is not None and found.name == f"{FILE}: env.{BASE_URL}"


def test_every_code_is_of_the_table() -> None:
    """And the table has no others of ours."""
    assert {code for code in messages.table() if code.startswith("doctor-code-")} == set(RULES)
