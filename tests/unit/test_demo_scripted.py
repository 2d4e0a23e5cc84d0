"""Conversations with the demo gateway when a script tells it how to behave."""

import json

import pytest

from localedge.edge.demo_answer import GARBAGE, RESET_AFTER
from localedge.http.head import ResponseHead
from localedge.http.parser import End
from tests.demo_talk import JSON, STREAM, Conversation, head, read


def test_a_script_comes_with_the_head_or_the_query() -> None:
    """`x-demo`, `?demo=` and a prepared script do the same; the prepared one goes first."""
    for wire in (
        head(len(JSON), b"X-Demo: header=A: b; status=529"),
        head(len(JSON), b"X-Demo: header=A: b", b"X-Demo: status=529"),
        head(len(JSON), target=b"/v1/messages?beta=true&demo=header%3DA:%20b;status%3D529"),
    ):
        talk = Conversation()
        talk.send(wire + JSON)
        answered = read(talk.take())[0]
        assert (answered.status, answered.combined[b"a"]) == (529, b"b")
    talk = Conversation("status=401", None)
    for expected in (401, 529):
        talk.ask(JSON, b"X-Demo: status=529")
        assert read(talk.take())[0].status == expected


def test_the_first_byte_can_wait() -> None:
    """`first=2s`: >> a request << nothing for two seconds, then the answer."""
    talk = Conversation("first=2s")
    talk.ask()
    talk.clock.advance(1.9)
    assert talk.take() == b""
    talk.clock.advance(0.2)
    assert read(talk.take())[0].status == 200


def test_the_gap_can_be_chosen() -> None:
    """`gap=1s; events=2`: << an event a second; `gap=0`: << all at once."""
    talk = Conversation("gap=1s; events=2", "gap=0; events=2")
    talk.ask(STREAM)
    arrived = [talk.take().count(b"event: ")]
    for _ in range(8):
        talk.clock.advance(1.0)
        arrived.append(talk.take().count(b"event: "))
    assert arrived == [1, 1, 1, 1, 1, 1, 1, 1, 0]
    talk.ask(STREAM)
    assert talk.take().count(b"event: ") == 8


def test_a_cut_before_the_answer() -> None:
    """`cut=start`: << not a byte, and the end."""
    talk = Conversation("cut=start")
    talk.ask()
    assert talk.take() == b""
    assert talk.wire.disconnecting


@pytest.mark.parametrize("events", [0, 3])
def test_a_cut_after_events(events: int) -> None:
    """`cut=N`: << the head and N events, then a FIN and no last chunk (R06)."""
    talk = Conversation(f"cut={events}; gap=0")
    talk.ask(STREAM)
    data = talk.take()
    assert data.count(b"event: ") == events
    assert not data.endswith(b"0\r\n\r\n")
    assert talk.wire.disconnecting
    assert not talk.wire.aborted
    talk.leave()
    assert talk.demo.aborted == 0, "the script cut it, no client left"


def test_a_cut_by_reset() -> None:
    """`cut=1:rst`: << one event, and a moment later a reset."""
    talk = Conversation("cut=1:rst; gap=0")
    talk.ask(STREAM)
    assert talk.take().count(b"event: ") == 1
    assert not talk.wire.aborted
    talk.clock.advance(RESET_AFTER)
    assert talk.wire.aborted


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_cut_after_bytes_is_exact(framing: str) -> None:
    """`cut=100B`: << exactly 100 bytes of the body, in the middle of a chunk where there are chunks (R06)."""
    talk = Conversation(f"cut=100B; {framing}")
    talk.ask()
    data = talk.take()
    body = data.partition(b"\r\n\r\n")[2]
    if framing == "chunked":
        size, _, body = body.partition(b"\r\n")
        assert int(size, 16) > 100
    assert len(body) == 100
    assert talk.wire.disconnecting


def test_a_cut_beyond_the_end_still_cuts() -> None:
    """`cut=1000`: << a shorter stream is complete but for its last chunk."""
    talk = Conversation("cut=1000; gap=0")
    talk.ask(STREAM)
    data = talk.take()
    assert b"message_stop" in data
    assert not data.endswith(b"0\r\n\r\n")
    assert talk.wire.disconnecting


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    """`status=204`: << a head without body or length, and the connection lives on (R07)."""
    talk = Conversation(f"status={status}; chunked")
    talk.ask()
    data = talk.take()
    assert data.startswith(b"HTTP/1.1 %d " % status)
    assert data.endswith(b"\r\n\r\n")
    assert b"transfer-encoding" not in data
    talk.ask()
    assert read(talk.take())[0].status == 200


def test_errors_can_say_when_to_retry() -> None:
    """`status=429; retry-after=3`: << the API's error with the field; `status=529` has its own reason."""
    talk = Conversation("status=429; retry-after=3", "status=529")
    talk.ask()
    answered, body, _ = read(talk.take())
    assert (answered.status, answered.combined[b"retry-after"]) == (429, b"3")
    assert json.loads(body)["error"]["type"] == "rate_limit_error"
    talk.ask()
    assert read(talk.take())[0].reason == b"Overloaded"


@pytest.mark.parametrize("body", [JSON, STREAM])
def test_a_huge_answer_waits_for_its_reader(body: bytes) -> None:
    """`size=5MB`: << as much as the reader takes, never more than a buffer ahead, to the last byte (R14)."""
    talk = Conversation("size=5MB; length", room=65536)
    talk.ask(body)
    received = bytearray()
    while data := talk.take():
        received += data
    start, _, arrived = bytes(received).partition(b"\r\n\r\n")
    assert b"content-length: 5000000" in start
    assert len(arrived) == 5_000_000
    assert talk.wire.most < 65536 + 32768
    assert not talk.wire.disconnecting


def test_an_early_answer_does_not_wait_for_the_upload() -> None:
    """`early`: >> a head << the whole answer; >> the body, and the next request << its answer (R16)."""
    talk = Conversation("early; status=400", record=True)
    talk.send(head(10))
    assert read(talk.take())[0].status == 400
    talk.send(b"x" * 10 + head(len(JSON)) + JSON)
    assert read(talk.take())[0].status == 200
    assert talk.demo.seen[0].body == b"x" * 10


def test_an_early_answer_may_close() -> None:
    """`early=close`: >> a head << the answer and the end, however much of the body is to come (R16)."""
    talk = Conversation("early=close")
    talk.send(head(1000) + b"x")
    assert read(talk.take())[0].combined[b"connection"] == b"close"
    assert talk.wire.disconnecting
    talk.send(b"x" * 999)
    talk.leave()
    assert talk.demo.aborted == 0


def test_an_early_answer_can_be_a_stream() -> None:
    """`early; events=3`: << a stream although nobody knows what was asked; the upload ends in its middle."""
    talk = Conversation("early; events=3")
    talk.send(head(10))
    assert b"text/event-stream" in talk.take()
    talk.send(b"x" * 10)
    talk.wait()
    assert talk.take().endswith(b"0\r\n\r\n")
    assert not talk.wire.disconnecting


def test_trailers_are_announced_and_sent() -> None:
    """`trailers`: << chunks, a `Trailer` field, and the trailers behind the last chunk (R17)."""
    talk = Conversation("trailers")
    talk.ask()
    answered, _, end = read(talk.take())
    assert answered.combined[b"trailer"] == b"x-demo-trailer"
    assert end.trailers == ((b"x-demo-trailer", b"1 events"),)


def test_interim_heads_come_first() -> None:
    """`1xx=103; 1xx=102`: << both, in order, then the answer; never to HTTP/1.0 (R15)."""
    talk = Conversation("1xx=103; 1xx=102", "1xx=103")
    talk.ask()
    heads = [event.status for event in read(talk.take()) if isinstance(event, ResponseHead)]
    assert heads == [103, 102, 200]
    talk.ask(JSON, version=b"1.0")
    assert read(talk.take())[0].status == 200


@pytest.mark.parametrize(
    ("text", "waits"), [(None, 0.0), ("continue=now", 0.0), ("continue=late", 2.0), ("continue=10ms", 0.01)]
)
def test_a_body_is_asked_for(text: str | None, waits: float) -> None:
    """`continue=`: >> a head that expects << 100 at once or late; >> the body << the answer (R15)."""
    talk = Conversation(text)
    talk.send(head(len(JSON), b"Expect: 100-continue"))
    if waits:
        assert talk.take() == b""
        talk.clock.advance(waits)
    assert talk.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    talk.send(JSON)
    assert read(talk.take())[0].status == 200
    assert talk.clock.getDelayedCalls() == []


def test_a_body_may_come_unasked() -> None:
    """`continue=never` and a late one: >> the body comes without a 100 << the answer alone (R15)."""
    talk = Conversation("continue=never", "continue=late")
    for _ in range(2):
        talk.send(head(len(JSON), b"Expect: 100-continue"))
        assert talk.take() == b""
        talk.send(JSON)
        assert read(talk.take())[0].status == 200
        assert talk.clock.getDelayedCalls() == []


def test_an_early_answer_instead_of_a_continue() -> None:
    """`early`: >> a head that expects << the answer without a 100, and the end (R15)."""
    talk = Conversation("early; status=401")
    talk.send(head(len(JSON), b"Expect: 100-continue"))
    answered = read(talk.take())[0]
    assert (answered.status, answered.combined[b"connection"]) == (401, b"close")
    assert talk.wire.disconnecting


def test_the_framing_can_be_chosen() -> None:
    """`length`, `chunked`, `close`: << the same bytes with each of the three ways to mark their end."""
    bodies = []
    for framing, field in (("length", b"content-length"), ("chunked", b"transfer-encoding"), ("close", None)):
        for body in (JSON, STREAM):
            talk = Conversation(f"{framing}; gap=0")
            talk.ask(body)
            answered, answer, _ = read(talk.take(), ended=framing == "close")
            framed = {b"content-length", b"transfer-encoding"} & answered.combined.keys()
            assert framed == ({field} if field else set())
            assert talk.wire.disconnecting is (framing == "close")
            bodies.append(answer)
    assert len(set(bodies)) == 2


def test_garbage_is_no_http() -> None:
    """`garbage`: << bytes that are no response, and the end (R05)."""
    talk = Conversation("garbage")
    talk.ask()
    assert talk.take() == GARBAGE
    assert talk.wire.disconnecting


def test_a_redirect_points_elsewhere() -> None:
    """`redirect=`: << 307 with the place and no body (R11)."""
    talk = Conversation("redirect=https://example.com/v1")
    talk.ask()
    answered, end = read(talk.take())
    assert (answered.status, answered.combined[b"location"]) == (307, b"https://example.com/v1")
    assert isinstance(end, End)


def test_silence_instead_of_an_answer() -> None:
    """`hang`: << nothing, for ever; when the client has gone nothing is left."""
    talk = Conversation("hang", "hang=2; gap=0")
    talk.ask()
    talk.wait(3600)
    assert talk.take() == b""
    assert talk.clock.getDelayedCalls() == []
    talk.leave()
    assert talk.demo.aborted == 1


def test_silence_in_the_middle() -> None:
    """`hang=2`: << two events, then nothing, for ever; the connection stays open."""
    talk = Conversation("hang=2; gap=0")
    talk.ask(STREAM)
    assert talk.take().count(b"event: ") == 2
    talk.wait(3600)
    assert talk.take() == b""
    assert not talk.wire.disconnecting


def test_more_fields_can_be_added() -> None:
    """`header=`: << the field as written, as often as given."""
    talk = Conversation("header=X-Rate: a b; header=X-Rate: c")
    talk.ask()
    fields = read(talk.take())[0].fields
    assert [value for name, value in fields if name == b"X-Rate"] == [b"a b", b"c"]
