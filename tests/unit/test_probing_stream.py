"""Streams: the order of events, and whether they came one by one."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude import messages, probe_answers, probe_stream
from localedge.claude.probing import Credential, Level, Reply, Usage
from localedge.messages import table, text

Json = dict[str, Any]
WHOLE = messages.message(
    "msg_1",
    "claude-x",
    [messages.text_block("1 2 3 4 5 6")],
    stop_reason="end_turn",
    input_tokens=9,
    output_tokens=6,
)
GOOD = list(messages.stream(WHOLE))
STREAM = b"text/event-stream; charset=utf-8"


def timed(pieces: Sequence[tuple[float, bytes]], kind: bytes = STREAM) -> Reply:
    """A streamed answer of these pieces at these times."""
    body, arrivals = b"", []
    for at, piece in pieces:
        body += piece
        arrivals.append((at, len(body)))
    first = arrivals[0][0] if arrivals else None
    return Reply(200, {b"content-type": kind}, body, tuple(arrivals), 9.0, first)


def judge(*events: Json, gap: float = 0.1) -> tuple[str, Usage]:
    """The verdict's code on these events, one after the other."""
    pieces = [((number + 1) * gap, messages.sse(event)) for number, event in enumerate(events)]
    judged = probe_answers.streamed(timed(pieces), "claude-x", Credential.BEARER)
    shown = text(judged.verdict.code, "en", **judged.verdict.params)
    assert "?" not in shown, shown
    return judged.verdict.code, judged.usage


def test_a_good_stream() -> None:
    """Events in order and one by one; input and output tokens are counted once."""
    assert judge(*GOOD) == ("check-stream-ok", Usage(9, 6))


START, PING, OPEN, *DELTAS, CLOSE, DELTA, STOP = GOOD


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (GOOD[:-1], "check-stream-cut"),
        (GOOD[:4], "check-stream-cut"),
        ([], "check-empty"),
        (GOOD[1:], "check-stream-order"),
        ([PING, *GOOD[2:]], "check-stream-order"),
        ([START, DELTAS[0]], "check-stream-order"),
        ([START, OPEN, OPEN], "check-stream-order"),
        ([START, OPEN, DELTA], "check-stream-order"),
        ([START, START], "check-stream-order"),
        ([START, OPEN, CLOSE, CLOSE], "check-stream-order"),
        ([START, OPEN, CLOSE, STOP], "check-stream-order"),
        ([*GOOD, STOP], "check-stream-order"),
        ([START, OPEN | {"index": 1}], "check-stream-order"),
        ([START, OPEN, DELTAS[0] | {"index": 3}], "check-stream-order"),
        ([{"type": "message_start"}], "check-stream-order"),
        ([START, PING, messages.error(529, "Overloaded")], "check-stream-error"),
        ([START, PING, {"type": "something_new"}, *GOOD[2:], PING], "check-stream-ok"),
        ([START, OPEN, CLOSE, DELTA, DELTA, STOP], "check-stream-ok"),
    ],
)
def test_the_order_of_events(events: list[Json], code: str) -> None:
    """What the SDKs need is there and in order; pings and new kinds of events may come anywhere."""
    assert judge(*events)[0] == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'data: {"choices": []}\n\ndata: [DONE]\n\n', "check-stream-openai"),
        (b"data: hello\n\n", "check-stream-not-json"),
        (b'data: {"type": "message_start", "message": {}}\n\n', "check-stream-unnamed"),
        (b'data: {"error": {"message": "no"}}\n\n', "check-stream-error"),
        (b'data: {"error": "no"}\n\n', "check-stream-error"),
        (b": nothing but a comment\n\n", "check-stream-cut"),
        (b"event: ping\n", "check-stream-cut"),
    ],
)
def test_streams_of_other_kinds(body: bytes, code: str) -> None:
    """OpenAI's chunks, text, events without a name: each has its own sentence."""
    judged = probe_answers.streamed(timed([(0.1, body)]), "m", Credential.BEARER)
    assert (judged.verdict.level, judged.verdict.code) == (Level.BAD, code)
    assert "?" not in text(code, "en", **judged.verdict.params)


def raw(events: Sequence[Json]) -> bytes:
    """Their bytes."""
    return b"".join(map(messages.sse, events))


@pytest.mark.parametrize(
    ("pieces", "level", "code"),
    [
        ([(0.4, raw(GOOD))], Level.NOTE, "check-stream-buffered"),
        ([(0.4, raw(GOOD[:5])), (0.41, raw(GOOD[5:]))], Level.NOTE, "check-stream-buffered"),
        ([(0.05, raw(GOOD[:2])), (0.9, raw(GOOD[2:]))], Level.NOTE, "check-stream-buffered"),
        ([(0.05, raw(GOOD))], Level.OK, "check-stream-quick"),
        ([(0.4, raw(GOOD[:5])), (0.6, raw(GOOD[5:]))], Level.OK, "check-stream-ok"),
        ([(0.4, raw(GOOD[:5])), (30.6, raw(GOOD[5:]))], Level.NOTE, "check-stream-gap"),
        ([(0.4, raw([START, OPEN, CLOSE]))], Level.BAD, "check-stream-cut"),
    ],
)
def test_streamed_or_buffered(pieces: list[tuple[float, bytes]], level: Level, code: str) -> None:
    """What comes at once after a while was held back by somebody; what comes at once at once may be quick."""
    judged = probe_answers.streamed(timed(pieces), "m", Credential.BEARER)
    assert (judged.verdict.level, judged.verdict.code) == (level, code)


def test_not_a_stream() -> None:
    """A whole message, a wrong content type, an unfinished answer."""
    body = json.dumps(WHOLE).encode()
    judged = probe_answers.streamed(timed([(0.1, body)], b"application/json"), "m", Credential.BEARER)
    assert judged.verdict.code == "check-not-streamed"
    judged = probe_answers.streamed(timed([(0.1, raw(GOOD))], b"text/plain"), "m", Credential.BEARER)
    assert judged.verdict.code == "check-stream-type"
    cut = Reply(200, {}, raw(GOOD[:3]), ((0.1, 5),), 1.0, 0.1, ("check-cut", {}))
    assert probe_answers.streamed(cut, "m", Credential.BEARER).verdict.code == "check-cut"


@given(st.lists(st.integers(1, 400), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_how_a_stream_is_cut_into_pieces_does_not_matter(cuts: list[int], end: bytes) -> None:
    """The events are a function of the bytes; their times are those of the piece with their last byte."""
    body = raw(GOOD).replace(b"\n", end)
    places = sorted({min(sum(cuts[: n + 1]), len(body)) for n in range(len(cuts))} | {len(body)})
    arrivals = [(number * 1.0, place) for number, place in enumerate(places)]
    found = probe_stream.events(body, arrivals)
    assert [json.loads(event.data) for event in found] == GOOD
    assert [event.name for event in found] == [event["type"] for event in GOOD]
    assert [event.at for event in found] == sorted(event.at for event in found)
    assert found[-1].at == arrivals[-1][0]


@given(
    st.lists(
        st.sampled_from([*GOOD, {}, {"type": None}, {"type": []}, {"type": "message_start", "message": 1}])
    )
)
def test_no_stream_is_too_strange(events: list[Json]) -> None:
    """Any events in any order have a verdict."""
    body = b"".join(
        b"event: %s\ndata: %s\n\n" % (str(e.get("type")).encode(), json.dumps(e).encode()) for e in events
    )
    verdict = probe_answers.streamed(timed([(1.0, body)]), "m", Credential.BEARER).verdict
    assert verdict.code in table()
