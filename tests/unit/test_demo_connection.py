"""Conversations with the demo gateway: requests, answers, and what keeps a connection or ends it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import ensureDeferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from localedge.config import Limits
from localedge.http.parser import End
from tests.demo_talk import JSON, STREAM, Conversation, Wire, head, read


@pytest.fixture
def talk() -> Iterator[Conversation]:
    """A plain conversation; at its end no timer is left."""
    talk = Conversation()
    yield talk
    talk.leave()
    assert talk.clock.getDelayedCalls() == []


def test_a_message_is_answered_and_the_connection_kept(talk: Conversation) -> None:
    """>> a request << an answer with its length, twice on one connection."""
    for _ in range(2):
        talk.ask()
        answered, body, end = read(talk.take())
        assert (answered.status, int(answered.combined[b"content-length"])) == (200, len(body))
        assert isinstance(end, End)
    assert not talk.wire.disconnecting
    assert (talk.demo.requests, talk.demo.answered, talk.demo.accepted) == (2, 2, 1)


def test_bytes_may_come_in_any_pieces(talk: Conversation) -> None:
    """>> the request byte by byte << the same answer."""
    for number in range(len(wire := head(len(JSON)) + JSON)):
        assert talk.wire.held == b""
        talk.send(wire[number : number + 1])
    assert read(talk.take())[0].status == 200


def test_a_stream_comes_event_by_event(talk: Conversation) -> None:
    """>> a streamed request << the head and an event at once, a chunk per gap, the last chunk."""
    talk.ask(STREAM)
    answered, first = read(talk.take())
    assert answered.combined[b"content-type"].startswith(b"text/event-stream")
    assert first.startswith(b"event: message_start\n")
    talk.clock.advance(0.029)
    assert talk.take() == b""
    talk.clock.advance(0.001)
    assert talk.take() == b'%x\r\nevent: ping\ndata: {"type":"ping"}\n\n\r\n' % 35
    talk.wait()
    rest = talk.take()
    assert rest.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n\r\n0\r\n\r\n')


def test_pipelined_requests_are_answered_in_order(talk: Conversation) -> None:
    """>> a stream and a count at once << first the whole stream, then the count (R04)."""
    count = head(len(JSON), target=b"/v1/messages/count_tokens") + JSON
    talk.send(head(len(STREAM)) + STREAM + count)
    assert b"input_tokens" in talk.take()  # message_start has it
    assert talk.demo.requests == 1
    talk.wait()
    stream, counted = talk.take().split(b"0\r\n\r\n")
    assert b"message_stop" in stream
    assert read(counted)[0].status == 200


def test_too_many_pipelined_bytes_stop_the_reading(talk: Conversation) -> None:
    """>> 100 kB of requests while a stream runs << reading pauses, and goes on when they have been taken."""
    talk.ask(STREAM)
    request = head(len(JSON)) + JSON
    talk.send(request * (100_000 // len(request)))
    reading = [talk.wire.reading]
    talk.wait()
    reading.append(talk.wire.reading)
    assert reading == [False, True]
    assert talk.demo.answered == 1 + 100_000 // len(request)


def test_old_clients_get_old_answers(talk: Conversation) -> None:
    """>> HTTP/1.0 with keep-alive << a length; >> a stream << the connection's end ends it (R08)."""
    talk.ask(JSON, b"Connection: keep-alive", version=b"1.0")
    answered = read(talk.take())[0]
    assert answered.combined[b"connection"] == b"keep-alive"
    assert b"content-length" in answered.combined
    talk.ask(STREAM, b"Connection: keep-alive", version=b"1.0")
    talk.wait()
    answered, body, end = read(talk.take(), ended=True)
    assert b"transfer-encoding" not in answered.combined
    assert answered.combined[b"connection"] == b"close"
    assert body.endswith(b'data: {"type":"message_stop"}\n\n')
    assert isinstance(end, End)
    assert talk.wire.disconnecting


@pytest.mark.parametrize(("version", "line"), [(b"1.0", b"X: y"), (b"1.1", b"Connection: close")])
def test_the_connection_closes_when_the_client_wants_it(version: bytes, line: bytes) -> None:
    """>> `Connection: close`, or HTTP/1.0 << an answer that says so, and the end (R08)."""
    talk = Conversation()
    talk.ask(JSON, line, version=version)
    assert read(talk.take())[0].combined[b"connection"] == b"close"
    assert talk.wire.disconnecting


def test_a_head_request_has_no_body(talk: Conversation) -> None:
    """>> HEAD << the head alone, with the length of what GET would send (R07)."""
    talk.send(b"HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
    bare, full = talk.take().split(b"\r\n\r\n", 1)
    answered, body, _ = read(full)
    assert b"content-length: %d" % len(body) in bare
    assert answered.status == 200


def test_a_client_that_leaves_stops_everything() -> None:
    """>> a stream, then the client is gone << no timer is left and the request counts as aborted (R31)."""
    talk = Conversation()
    talk.ask(STREAM)
    talk.wait(0.2)
    talk.leave()
    assert talk.clock.getDelayedCalls() == []
    assert (talk.demo.aborted, talk.demo.answered) == (1, 0)
    assert talk.demo.connections == set()


def test_a_client_that_leaves_in_its_upload_is_counted() -> None:
    """>> half of a body, then the client is gone << an aborted request with the length that came."""
    talk = Conversation()
    talk.send(head(100) + b"x" * 40)
    talk.leave()
    assert talk.demo.aborted == 1
    assert talk.demo.seen[0].length == 40


def test_what_was_said_is_kept_only_for_tests() -> None:
    """Heads and bodies are not kept, unless a test asks to record them (R13)."""
    plain, recording = Conversation(), Conversation(record=True)
    for talk in (plain, recording):
        talk.ask(JSON, b"X-Api-Key: secret")
    assert (plain.demo.seen[0].head, plain.demo.seen[0].body) == (None, None)
    assert plain.demo.seen[0].length == len(JSON)
    seen = recording.demo.seen[0]
    assert seen.head is not None
    assert (seen.method, seen.head.combined[b"x-api-key"], seen.body) == (b"POST", b"secret", JSON)


@pytest.mark.parametrize(
    ("wire", "status"),
    [
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
def test_what_is_not_http_is_refused(talk: Conversation, wire: bytes, status: int) -> None:
    """>> a malformed request << an error in the API's shape, and the end."""
    talk.send(wire)
    answered, body, _ = read(talk.take())
    assert answered.status == status
    assert json.loads(body)["type"] == "error"
    assert talk.wire.disconnecting


@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([JSON, STREAM, head(len(JSON)), b"0\r\n\r\n"]), max_size=6
    )
)
def test_no_bytes_are_too_strange(pieces: list[bytes]) -> None:
    """>> anything at all << nothing, answers, or an error and the end; no exception and no timer stays."""
    talk = Conversation()
    for piece in pieces:
        talk.send(piece)
    talk.wait(1.0)
    talk.leave()
    assert talk.clock.getDelayedCalls() == []


def test_a_script_that_is_a_mistake_is_explained(talk: Conversation) -> None:
    """>> an unknown directive << 400 with the directive and the allowed ones, once the upload is in."""
    talk.send(head(len(JSON), b"X-Demo: frist=2s"))
    assert talk.take() == b""
    talk.send(JSON)
    answered, body, _ = read(talk.take())
    assert answered.status == 400
    assert "Did you mean 'first'" in json.loads(body)["error"]["message"]
    talk.ask()
    assert read(talk.take())[0].status == 200


def test_a_body_too_large_to_keep_is_refused(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    """>> more than the limit << 413 once all has come, and nothing of it is held."""
    monkeypatch.setattr("localedge.edge.demo_connection.LIMITS", Limits(body_bytes=1000))
    talk.send(head(3000))
    for _ in range(3):
        talk.send(b"x" * 1000)
    answered, body, _ = read(talk.take())
    assert answered.status == 413
    assert json.loads(body)["error"]["type"] == "request_too_large"
    talk.ask()
    assert read(talk.take())[0].status == 200


def test_stopping_ends_every_connection() -> None:
    """The gateway stops: << an idle connection is closed, a busy one cut; no client counts as gone."""
    talk = Conversation()
    busy = Wire()
    other: Any = talk.demo.buildProtocol(None)
    other.makeConnection(busy)
    other.dataReceived(head(len(STREAM)) + STREAM)
    stopped: list[None] = []
    ensureDeferred(talk.demo.stop()).addCallback(stopped.append)
    assert (talk.wire.disconnecting, talk.wire.aborted) == (True, False)
    assert busy.aborted
    assert not stopped
    talk.leave()
    other.connectionLost(Failure(ConnectionDone()))
    assert stopped == [None]
    assert talk.demo.aborted == 0
    assert talk.clock.getDelayedCalls() == []
