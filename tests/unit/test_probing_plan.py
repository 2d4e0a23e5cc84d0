"""What is asked next: the check as a conversation, `>>` what is asked, `<<` what the gateway says."""

import json
from collections.abc import Callable, Sequence

import pytest

from localedge.claude import messages, probe_plan, probing
from localedge.claude.probing import BIG_BODY, Credential, Finding, Level, Outcome, Question, Reply
from localedge.config import Gateway
from localedge.messages import text

GATEWAY = Gateway("http", "gw.example", 8000)
Says = Callable[[Question], Reply]


def says(status: int, body: object = "", **fields: str) -> Reply:
    """A JSON answer."""
    names = {name.encode(): value.encode() for name, value in fields.items()}
    raw = json.dumps(body).encode()
    return Reply(status, names, raw, ((0.1, len(raw)),), 0.1, 0.1)


def a_message(question: Question) -> Reply:
    """A good one."""
    block = messages.text_block(".")
    return says(
        200,
        messages.message(
            "m", question.model, [block], stop_reason="end_turn", input_tokens=1, output_tokens=1
        ),
    )


def play(
    gateway: Gateway, answer: Says, wanted: Sequence[str] = (), credential: Credential = Credential.BEARER
) -> tuple[list[str], list[Finding], Outcome]:
    """Carry a plan out: the lines of the conversation, the findings, the outcome."""
    steps = probe_plan.check(gateway, wanted, credential)
    lines: list[str] = []
    findings: list[Finding] = []
    reply: Reply | None = None
    while True:
        try:
            step = steps.send(reply)
        except StopIteration as done:
            return lines, findings, done.value
        reply = None
        if isinstance(step, Finding):
            findings.append(step)
            continue
        at = (step.at.url if step.at else "") + step.target.partition("?")[0]
        via = " by the edge" if step.through_edge else ""
        lines.append(f">> {step.method} {at} {step.credential.value} {step.model}".rstrip() + via)
        reply = answer(step)


def test_nobody_there_ends_it() -> None:
    """Where HTTP never begins nothing more is asked."""
    lines, findings, outcome = play(
        GATEWAY, lambda _: Reply(problem=("gateway-refused", {}), connected=False)
    )
    assert lines == [">> HEAD / none"]
    assert not outcome.usable and outcome.mend == findings[0]


def test_the_whole_conversation() -> None:
    """Everything that is asked of a gateway that answers, in its order: directly, then by the edge."""

    def answer(question: Question) -> Reply:
        return a_message(question) if question.method == "POST" else says(200, {"data": []})

    lines, findings, outcome = play(GATEWAY, answer, ["claude-x"])
    message = ">> POST /v1/messages bearer claude-x"
    assert lines == [
        ">> HEAD / none",
        ">> GET /v1/models bearer",
        message,
        message,
        ">> POST /v1/messages x-api-key claude-x",
        ">> POST /v1/messages wrong bearer claude-x",
        ">> POST /v1/messages/count_tokens bearer claude-x",
        message,
        message,
        message,
        ">> HEAD / none by the edge",
        ">> GET /v1/models bearer by the edge",
        *[message + " by the edge"] * 2,
        ">> POST /v1/messages wrong bearer claude-x by the edge",
        message + " by the edge",
    ]
    assert not outcome.usable, "its stream is none"
    assert len(findings) == len(lines)


def test_both_schemes_are_tried() -> None:
    """A key refused as Bearer is tried as x-api-key, once, and that goes on from there."""

    def answer(question: Question) -> Reply:
        if question.credential is Credential.BEARER and question.method == "POST":
            return says(401, {})
        return a_message(question)

    lines, _, outcome = play(GATEWAY, answer)
    assert lines[2:4] == [
        ">> POST /v1/messages bearer claude-opus-4",
        ">> POST /v1/messages x-api-key claude-opus-4",
    ]
    assert outcome.credential is Credential.X_API_KEY
    lines, _, outcome = play(GATEWAY, lambda _: says(401, {}))
    assert len(lines) == 4 and outcome.mend is not None
    assert outcome.mend.verdict.code == "check-key-refused"
    lines, _, outcome = play(GATEWAY, lambda _: says(401, {}), credential=Credential.NONE)
    assert len(lines) == 3 and outcome.mend is not None
    assert outcome.mend.verdict.code == "check-key-missing"


def test_models_are_tried_up_to_a_number() -> None:
    """A gateway that lists a thousand models and serves none is not asked a thousand times."""

    def answer(question: Question) -> Reply:
        if question.method == "GET":
            return says(
                200, {"data": [{"id": f"gpt-{number}"} for number in range(900)] + [{"id": "my-opus"}]}
            )
        return says(404, messages.error(404, f"model: {question.model}"))

    lines, findings, outcome = play(GATEWAY, answer)
    asked = [line.split()[-1] for line in lines[2:]]
    assert asked[:3] == ["claude-opus-4", "claude-sonnet-4", "my-opus"]
    assert len(asked) == probe_plan.MOST_TRIED
    assert not outcome.usable and {one.verdict.code for one in findings[2:]} == {"check-model-unknown"}


def test_listed_names_that_are_none() -> None:
    """What cannot be an id is not asked for, nor shown as it is."""

    def answer(question: Question) -> Reply:
        if question.method == "GET":
            return says(
                200, {"data": [{"id": "\x1b[2Jopus"}, {"id": "\ud800"}, {"id": "x" * 999}, {"id": "my-opus"}]}
            )
        return says(404, messages.error(404, "model"))

    lines, findings, _ = play(GATEWAY, answer)
    assert [line.split()[-1] for line in lines[2:]] == ["claude-opus-4", "claude-sonnet-4", "my-opus"]
    shown = text(findings[2].verdict.code, "en", **findings[2].verdict.params)
    assert shown.isprintable() and len(shown) < 1200


def test_every_model_that_was_named_is_asked_for() -> None:
    """`--model` may be given again: each has its line; one that is served makes the gateway usable."""

    def answer(question: Question) -> Reply:
        return says(404, messages.error(404, "model")) if question.model == "b" else a_message(question)

    _, findings, outcome = play(GATEWAY, answer, ["a", "b", "c"])
    first = [one for one in findings if one.check == "message" and not one.through_edge]
    assert [(one.model, one.verdict.level) for one in first] == [
        ("a", Level.OK),
        ("b", Level.NOTE),
        ("c", Level.OK),
    ]
    assert outcome.model == "a"


@pytest.mark.parametrize(
    ("base", "there", "found"),
    [
        ("", "/anthropic", "http://gw.example:8000/anthropic"),
        ("/v1", "/api/anthropic", "http://gw.example:8000/api/anthropic"),
        ("/openai/v1", "", "http://gw.example:8000"),
        ("/team/v1", "/team/anthropic", "http://gw.example:8000/team/anthropic"),
        ("", "/nowhere", None),
    ],
)
def test_other_paths_are_looked_at(base: str, there: str, found: str | None) -> None:
    """Where the API is not at the base URL, the paths that gateways are known to use are tried."""

    def answer(question: Question) -> Reply:
        if question.at is not None and question.at.base_path == there:
            return says(401, messages.error(401, "key"))
        return says(404, {"detail": "Not Found"})

    gateway = Gateway("http", "gw.example", 8000, base)
    lines, _, outcome = play(gateway, answer)
    assert outcome.mend is not None and len(lines) <= 12
    if found is None:
        assert outcome.mend.verdict.code == "check-no-messages-api"
    else:
        assert outcome.mend.verdict == (Level.BAD, "check-other-path", {"url": found})
    again = f">> POST {gateway.url}/v1/messages "
    assert not any(line.startswith(again) for line in lines), "the base URL itself is not tried again"


@pytest.mark.parametrize(
    ("location", "code", "hops"),
    [
        ("https://gw.example/v1/messages?beta=true", "check-redirect-https", 1),
        ("https://gw.example/", "check-redirect-https", 1),
        ("https://GW.example./llm/v1/messages", "check-redirect-https", 1),
        ("/llm/v1/messages", "check-redirect-moved", 1),
        ("/login", "check-redirect-elsewhere", 1),
        ("https://sso.example/login", "check-redirect-elsewhere", 0),
        ("//evil.example/v1/messages", "check-redirect-elsewhere", 0),
        ("http://user@gw.example/v1/messages", "check-redirect-elsewhere", 0),
        ("ftp://gw.example/", "check-redirect-elsewhere", 0),
        ("http://gw.example:99999/", "check-redirect-elsewhere", 0),
        ("http://[::1/", "check-redirect-elsewhere", 0),
        ("http://gw.example/a b\x7f", "check-redirect-elsewhere", 0),
        ("http://gw.example:8000/v1/messages", "check-redirect-loop", 0),
        ("", "check-redirect-loop", 0),
    ],
)
def test_redirects(location: str, code: str, hops: int) -> None:
    """They are followed on the gateway's own host only, and without the key."""
    hop: list[Question] = []

    def answer(question: Question) -> Reply:
        if question.at is None:
            return says(308, location=location)
        hop.append(question)
        return says(401, messages.error(401, "no key"))

    _, _, outcome = play(GATEWAY, answer)
    assert outcome.mend is not None and outcome.mend.verdict.code == code
    assert len(hop) == hops and all(one.credential is Credential.NONE for one in hop)


def test_redirects_without_end() -> None:
    """A gateway that always has another place to go to is not followed for ever."""
    count = iter(range(1000))
    lines, _, outcome = play(GATEWAY, lambda _: says(302, location=f"/{next(count)}"))
    assert outcome.mend is not None and outcome.mend.verdict.code == "check-redirect-loop"
    assert len(lines) == 3 + probe_plan.MOST_HOPS


def test_what_is_asked_costs_little() -> None:
    """At most 16 tokens each, and 2 MB that are white space."""
    used = Credential.BEARER
    for make in (probing.message, probing.streamed, probing.tool_use, probing.beta, probing.big):
        asked = make("claude-x", used)
        body = json.loads(asked.body)
        assert body["max_tokens"] <= 16 and body["model"] == "claude-x"
    assert len(probing.big("claude-x", used).body) == BIG_BODY
    assert len(probing.big("claude-x", used).body.strip()) < 200
    assert "max_tokens" not in json.loads(probing.counted("claude-x", used).body)
