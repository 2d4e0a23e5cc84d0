"""What `localedge check` prints."""

import io
import json

import pytest

from localedge import messages
from localedge.claude import probing
from localedge.claude.probing import Credential, Finding, Level, Outcome, Usage, Verdict
from localedge.cli.check_told import Told
from localedge.cli.output import Printer
from localedge.config import Gateway
from localedge.messages import check, check_answers

GATEWAY = Gateway("http", "gw.example", 8000)
FINDING = Finding(
    "stream",
    "POST /v1/messages",
    Verdict(Level.OK, "check-stream-ok", {"events": 9, "first": "0.10", "gap": "0.20"}),
    1.25,
    0.1,
    0.2,
    model="claude-x",
)


def written(stream: io.TextIOWrapper) -> str:
    """What was written."""
    stream.seek(0)
    return stream.read()


def told(*findings: Finding, outcome: Outcome, as_json: bool = False, lang: str = "en") -> tuple[str, str]:
    """Standard output and standard error of a report."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    printer = Printer(out, err)
    printer.lang = lang
    report = Told(printer, as_json=as_json, upstream="http://gw.example:8000")
    report.begin(GATEWAY)
    for finding in findings:
        report.finding(finding)
    report.waiting(probing.message("claude-x", Credential.NONE), 12.3, 60.0)
    report.end(outcome)
    return written(out), written(err)


def test_a_usable_gateway() -> None:
    """A line each, with verdict and time; the edge's part has a title; the summary has the next command."""
    outcome = Outcome(True, "claude-x", Credential.X_API_KEY, Usage(30, 4))
    out, err = told(FINDING, FINDING._replace(through_edge=True), outcome=outcome)
    stream = (
        "ok      1.250 s  POST /v1/messages, streamed: Really streamed: 9 events in order, the first after "
        "0.10 s, the longest gap 0.20 s. Claude Desktop shows answers as they are written."
    )
    usable = (
        "Usable for Claude Desktop with the model claude-x and the scheme x-api-key. "
        "Next: localedge run --http-only --upstream http://gw.example:8000"
    )
    assert out.splitlines() == [
        "Checking the gateway http://gw.example:8000",
        stream,
        "The same through localedge",
        stream,
        "Tokens used, by the gateway's own count: 30 in, 4 out.",
        usable,
    ]
    assert err == "Waiting for POST /v1/messages: 12 s so far, 60 s at most without a byte.\n"


def test_a_model_that_desktop_does_not_show() -> None:
    """It works, and nobody could choose it: the last line says so."""
    out, _ = told(FINDING, outcome=Outcome(True, "gpt-5", Credential.BEARER, Usage(1, 1)))
    assert out.splitlines()[-1].startswith("Works with gpt-5 and the scheme bearer, an id that newer builds")


def test_a_problem_inside_a_finding() -> None:
    """A finding that is about another failure tells that one's sentence too, with the gateway in it."""
    inner = ("gateway-silent", {"limit": "10"})
    finding = Finding(
        "models", "GET /v1/models", Verdict(Level.NOTE, "check-models-failed", {"problem": inner})
    )
    out, _ = told(finding, outcome=Outcome(False, mend=finding))
    assert (
        "The list of models did not come: The gateway http://gw.example:8000 has sent nothing for 10 s."
        in out
    )
    assert out.splitlines()[-1].startswith("Not usable for Claude Desktop as it is.")
    assert "Tokens" not in out and "?" not in out


def test_json() -> None:
    """One document: nothing else on standard output."""
    outcome = Outcome(True, "claude-x", Credential.BEARER, Usage(30, 4))
    out, _ = told(FINDING, outcome=outcome, as_json=True)
    document = json.loads(out)
    assert document["tokens"] == {"input": 30, "output": 4}
    (finding,) = document["findings"]
    assert (finding["level"], finding["code"], finding["longest_gap"]) == ("ok", "check-stream-ok", 0.2)
    assert finding["sentence"].startswith("Really streamed")


def test_chinese() -> None:
    """The same in Chinese."""
    out, _ = told(FINDING, outcome=Outcome(True, "claude-x", Credential.NONE), lang="zh")
    assert (
        out.splitlines()[1].startswith("正常    1.250 s  POST /v1/messages（流式）: ")
        and "可用于 Claude Desktop" in out
    )


@pytest.mark.parametrize("level", list(Level))
def test_every_level_has_a_word(level: Level) -> None:
    """Each verdict is a word of the same width."""
    assert len(messages.text(f"check-level-{level}")) == 4


def test_every_bad_finding_says_what_to_do() -> None:
    """Nothing is said to be wrong without the way to mend it."""
    fine = (
        "-ok",
        "-quick",
        "check-level",
        "check-title",
        "check-key-",
        "check-what",
        "check-waiting",
        "check-tokens",
    )
    for code, row in {**check.TABLE, **check_answers.TABLE}.items():
        if not code.endswith(fine) and not code.startswith(fine) and code != "check-scheme-none":
            assert row.en.next and row.zh.next, code
