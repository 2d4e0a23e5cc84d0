"""The message table: complete in both languages, every code known, every error with its next step."""

import re
import string
from pathlib import Path

import pytest

from localedge import messages
from localedge.errors import Failure, Problems
from localedge.messages import Entry, table
from localedge.messages.entry import Words
from localedge.settings import DEFAULT, DEMO, NO_PROXY

SOURCE = Path(__file__).parents[2] / "src" / "localedge"
USE = re.compile(r"""\b(?:Failure|Refuse|fail|talk|text)\(\s*"([a-z]+(?:-[a-z0-9]+)*)"\s*[,)]""")
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# code: status, x-should-retry
ANSWERS: dict[str, tuple[int, bool | None]] = {
    "bad-request-line": (400, None),
    "bad-header": (400, None),
    "bad-framing": (400, None),
    "bad-host": (400, None),
    "bad-target": (400, None),
    "bad-chunk": (400, None),
    "http-on-tls-port": (400, None),
    "h2-malformed": (400, None),
    "client-token-missing": (401, None),
    "web-origin-refused": (403, None),
    "connect-refused": (405, None),
    "head-timeout": (408, None),
    "body-timeout": (408, None),
    "body-too-large": (413, None),
    "target-too-long": (414, None),
    "host-not-allowed": (421, None),
    "head-too-large": (431, None),
    "gateway-refused": (502, True),
    "gateway-unreachable": (502, True),
    "gateway-unresolved": (502, False),
    "gateway-lost": (502, False),
    "gateway-garbage": (502, False),
    "gateway-speaks-tls": (502, False),
    "gateway-speaks-http": (502, False),
    "gateway-tls": (502, False),
    "gateway-certificate-untrusted": (502, False),
    "gateway-certificate-name": (502, False),
    "gateway-certificate-expired": (502, False),
    "gateway-upgrade": (502, False),
    "proxy-refused": (502, True),
    "proxy-unresolved": (502, False),
    "proxy-auth": (502, False),
    "proxy-failed": (502, False),
    "draining": (503, True),
    "stopped-in-flight": (503, False),
    "queue-full": (503, True),
    "queue-timeout": (503, True),
    "gateway-connect-timeout": (504, True),
    "gateway-tls-timeout": (504, True),
    "gateway-silent": (504, False),
    "loop": (508, False),
}


def fields(template: str) -> set[str]:
    """The names that a template wants filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def both(entry: Entry) -> tuple[Words, Words]:
    """English and Chinese."""
    return entry.en, entry.zh


@pytest.mark.parametrize("code", table())
def test_a_message_is_complete_in_both_languages(code: str) -> None:
    """Each message says the same in English and in Chinese, with the same details in it."""
    entry = table()[code]
    english, chinese = both(entry)
    assert fields(english.fact + english.next) == fields(chinese.fact + chinese.next)
    assert english.fact and english.fact.isascii() and english.next.isascii()
    assert CHINESE.search(chinese.fact) or code == "usage"
    assert bool(english.next) == bool(chinese.next)
    assert "\n" not in english.fact + english.next + chinese.fact + chinese.next
    assert "" not in fields(english.fact + english.next), "fields have names"


@pytest.mark.parametrize("code", [code for code, entry in table().items() if not entry.talk])
def test_every_error_ends_with_what_to_do_next(code: str) -> None:
    """An error is one or two whole sentences in each language, and the last one tells what to do."""
    english, chinese = both(table()[code])
    assert english.next and english.next[-1] in ".?" and (english.fact[-1] == "." or code == "usage")
    assert chinese.next and chinese.next[-1] in "。？" and (chinese.fact[-1] == "。" or code == "usage")
    assert CHINESE.search(chinese.next)


def test_R40_every_answer_of_the_edge_has_its_status_and_retry_word() -> None:
    """R40, R42: the status tells whose fault it is, and x-should-retry whether trying again can help."""
    assert {
        code: (entry.status, entry.should_retry)
        for code, entry in table().items()
        if entry.status is not None
    } == ANSWERS


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (405, "invalid_request_error"),
        (408, "invalid_request_error"),
        (413, "request_too_large"),
        (421, "invalid_request_error"),
        (431, "invalid_request_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (508, "api_error"),
    ],
)
def test_R40_the_error_type_follows_the_status(status: int, kind: str) -> None:
    """R40: clients find the error type that the API itself would use for a status."""
    assert messages.error_type(status) == kind


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_code_is_used_that_the_table_does_not_have(path: Path) -> None:
    """Whatever goes wrong, there is a sentence for it."""
    used = set(USE.findall(path.read_text(encoding="utf-8")))
    assert used - set(table()) == set()


def test_the_codes_that_name_sources_are_in_the_table() -> None:
    """`config show` can tell in words where a default came from."""
    assert {DEFAULT, DEMO, NO_PROXY} <= set(table())


def test_a_message_is_filled_in() -> None:
    """Details stand where the sentence wants them, in the language asked for."""
    assert messages.text("port-in-use-by", "en", port=80, owner="nginx", pid=12).startswith(
        "port 80 is in use by nginx (pid 12). Stop "
    )
    assert messages.text("port-in-use-by", "zh", port=80, owner="nginx", pid=12).startswith(
        "端口 80 已被 nginx（pid 12）占用。请"
    )


def test_a_missing_detail_does_not_hide_the_error() -> None:
    """A message whose details were forgotten is still told, with a question mark in the gap."""
    assert messages.text("gateway-refused").startswith("The gateway ? refused the connection.")
    assert "{" in messages.text("gateway-refused", gateway="{odd}"), "details are no templates"


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    """A code that is not in the table does not pass silently."""
    with pytest.raises(KeyError):
        messages.text("no-such-code")


def test_a_failure_carries_its_sentence_and_exit_status() -> None:
    """A failure knows what to say in each language and what a command exits with."""
    failure = Failure("config-missing", path="/x")
    assert str(failure) == failure.sentence("en") != failure.sentence("zh")
    assert "/x" in repr(failure) and failure.exit_status == 1
    assert Failure("usage").exit_status == 2 and Failure("internal-error").exit_status == 3


def test_problems_are_told_together() -> None:
    """Several failures are one line each, and the most serious decides the exit status."""
    problems = Problems([Failure("url-empty", where="--upstream"), Failure("usage", detail="x", command="y")])
    assert problems.exit_status == 2
    assert len(str(problems).splitlines()) == 2
