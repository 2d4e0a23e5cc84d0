"""The playbook itself: connections in memory do what Twisted's do over TCP."""

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from tests.memory import READ_SIZE, Hangups, MemoryTransport
from tests.phrases import OK, ask
from tests.playbook import Playbook, read_reply


@implementer(IHalfCloseableProtocol)
class Recorder(Protocol):
    """Takes note of what Twisted would call; also a producer."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def dataReceived(self, data: bytes) -> None:
        self.calls.append(len(data))

    def readConnectionLost(self) -> None:
        self.calls.append("fin")

    def writeConnectionLost(self) -> None:
        self.calls.append("our fin")

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008 - Twisted's
        self.calls.append(reason.type)

    def pauseProducing(self) -> None:
        self.calls.append("pause")

    def resumeProducing(self) -> None:
        self.calls.append("resume")

    def stopProducing(self) -> None:
        self.calls.append("stop")


@pytest.fixture
def here() -> tuple[MemoryTransport, Recorder, Clock]:
    """A connection, who is told of it, and its clock."""
    clock = Clock()
    address = IPv4Address("TCP", "127.0.0.1", 1)
    transport = MemoryTransport(clock, address, address)
    transport.protocol = recorder = Recorder()
    recorder.makeConnection(transport)  # type: ignore[no-untyped-call]
    transport.registerProducer(recorder, True)
    return transport, recorder, clock


Here = tuple[MemoryTransport, Recorder, Clock]


def _turn(transport: MemoryTransport, clock: Clock) -> None:
    while transport.turn():
        pass
    clock.advance(0)


def test_one_read_brings_at_most_64_kib(here: Here) -> None:
    """A large packet comes in pieces, and none while reading is paused."""
    transport, recorder, clock = here
    transport.inbox += bytes(READ_SIZE + 1)
    transport.pauseProducing()
    _turn(transport, clock)
    assert recorder.calls == []
    transport.resumeProducing()
    _turn(transport, clock)
    assert recorder.calls == [READ_SIZE, 1]


def test_producer_is_paused_above_64_kib_and_resumed_when_all_is_sent(here: Here) -> None:
    """Back-pressure: as Twisted's `FileDescriptor` has it."""
    transport, recorder, clock = here
    transport.room = 1000
    transport.write(bytes(READ_SIZE))
    assert recorder.calls == []
    transport.write(b"x")
    assert recorder.calls == ["pause"]
    _turn(transport, clock)
    assert recorder.calls == ["pause"] and len(transport.sent) == 1000
    transport.room = None
    _turn(transport, clock)
    assert recorder.calls == ["pause", "resume"] and len(transport.sent) == READ_SIZE + 1


def test_close_flushes_first_and_reads_no_more(here: Here) -> None:
    """FIN stands behind the last byte."""
    transport, recorder, clock = here
    transport.room = 1
    transport.write(b"abc")
    transport.loseConnection()
    _turn(transport, clock)
    assert (bytes(transport.sent), transport.end, recorder.calls) == (b"a", None, [])
    transport.room = None
    _turn(transport, clock)
    assert (bytes(transport.sent), transport.end, recorder.calls) == (b"abc", "fin", [ConnectionDone])


def test_close_with_unread_bytes_is_a_reset(here: Here) -> None:
    """So does the kernel."""
    transport, recorder, clock = here
    transport.write(b"abc")
    transport.loseConnection()
    transport.inbox += b"unread"
    _turn(transport, clock)
    assert (transport.end, recorder.calls) == ("reset", [ConnectionDone])


def test_half_close_goes_on_reading(here: Here) -> None:
    """FIN one way; the other way lives until the peer's FIN."""
    transport, recorder, clock = here
    transport.write(b"abc")
    transport.loseWriteConnection()
    _turn(transport, clock)
    assert (bytes(transport.sent), transport.end, recorder.calls) == (b"abc", "fin", ["our fin"])
    transport.inbox += b"more"
    transport.fin_by_peer()
    _turn(transport, clock)
    assert recorder.calls == ["our fin", 4, "fin"]
    transport.loseConnection()
    _turn(transport, clock)
    assert recorder.calls[-1] is ConnectionDone and transport.end == "fin"


def test_abort_loses_what_is_unsent(here: Here) -> None:
    """RST at once, `connectionLost` in the next turn, nothing afterwards."""
    transport, recorder, clock = here
    transport.room = 1
    transport.write(b"abc")
    transport.abortConnection()
    assert recorder.calls == []
    _turn(transport, clock)
    assert (transport.end, recorder.calls) == ("reset", [ConnectionAborted])
    transport.write(b"x")
    transport.loseConnection()
    _turn(transport, clock)
    assert recorder.calls == [ConnectionAborted]


def test_reset_by_the_peer(here: Here) -> None:
    """A reader learns of it at once, somebody who has paused when reading goes on."""
    transport, recorder, clock = here
    transport.pauseProducing()
    transport.reset_by_peer()
    _turn(transport, clock)
    assert recorder.calls == []
    transport.resumeProducing()
    _turn(transport, clock)
    assert recorder.calls == [ConnectionLost]


def test_hang_up_of_a_paused_peer_is_told_once(here: Here) -> None:
    """As `HangupWatch` does it, also for a FIN that came before the watch."""
    transport, _, clock = here
    told: list[bool] = []
    transport.pauseProducing()
    transport.fin_by_peer()
    Hangups().watch(transport, lambda *, reset: told.append(reset))
    _turn(transport, clock)
    transport.fin_by_peer()
    _turn(transport, clock)
    assert told == [False]
    forget = Hangups().watch(transport, lambda *, reset: told.append(reset))
    forget()
    _turn(transport, clock)
    assert told == [False]


def test_a_conversation() -> None:
    """What the playbook's own docstring shows."""
    edge = Playbook()
    client = edge.client()
    client >> ask()
    gateway = edge.gateway()
    gateway << b"GET /v1/models HTTP/1.1\r\nHost: gateway.test\r\nVia: 1.1 localedge-playbook\r\n\r\n"
    gateway >> OK
    client << OK
    with pytest.raises(AssertionError):
        client << b"more"
    assert edge.record["ending"] == "ok"
    client.fin()
    edge.nothing_left()


def test_exception_in_the_edge_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real reactor would log it and close the connection; here it comes out."""
    edge = Playbook()
    monkeypatch.setattr(edge.context, "prepare", None)
    client = edge.client()
    with pytest.raises(TypeError):
        client >> ask()


@pytest.mark.parametrize(
    ("data", "end", "whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", None, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "fin", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", None, True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "fin", False),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", "fin", True),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", "reset", False),
        (b"HTTP/1.1 200 OK\r\n\r\nhi", None, False),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "fin", False),
    ],
)
def test_R06_replies_that_are_cut_are_not_taken_for_whole(data: bytes, end: str | None, whole: bool) -> None:
    """The playbook's client knows a cut response when it sees one."""
    if whole:
        assert read_reply(data, end)[0].body == b"hi"
    else:
        with pytest.raises(ValueError):  # noqa: PT011 - which of them does not matter
            read_reply(data, end)
