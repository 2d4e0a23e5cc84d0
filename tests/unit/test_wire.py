"""A connection's outgoing side on real sockets: what goes out at once, what waits, what goes nowhere."""

import contextlib
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from twisted.internet import tcp
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Protocol
from twisted.internet.selectreactor import SelectReactor
from twisted.python.failure import Failure

from localedge.edge.wire import Wire

if not sys.platform.startswith("linux"):
    pytest.skip("elsewhere a loopback takes its time, and a reset has other names", allow_module_level=True)

MUCH = bytes(range(256)) * (32 << 10)
"""More than two kernels' buffers hold."""


class Owner:
    """Nobody that minds a full queue."""

    def wire_blocked(self) -> None:
        """The queue is full."""

    def wire_drained(self) -> None:
        """The queue is empty."""


@dataclass
class Line:
    """A wire, its transport, the socket at the other end, and the reactor, turned by hand."""

    reactor: Any
    transport: Any
    wire: Wire
    peer: socket.socket

    def received(self, most: int = 1 << 30) -> bytes:
        """What is there by now, without a turn of the reactor."""
        data = b""
        with contextlib.suppress(BlockingIOError):
            while len(data) < most and (piece := self.peer.recv(min(65536, most - len(data)))):
                data += piece
        return data

    def received_in_all(self, size: int) -> bytes:
        """So many bytes, with as many turns as they take."""
        data = b""
        while len(data) < size:
            self.reactor.iterate(0.01)
            data += self.received()
        return data


@pytest.fixture
def line() -> Iterator[Line]:
    """Two connected sockets, the one with a wire."""
    reactor: Any = SelectReactor()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        here, _ = listener.accept()
    for each in (peer, here):
        each.setblocking(False)
    address: Any = ("127.0.0.1", 1)
    transport: Any = tcp.Server(here, Protocol(), address, cast("tcp.Port", None), 0, reactor)
    with peer:
        yield Line(reactor, transport, Wire(transport, Owner()), peer)
        reactor.removeAll()
        here.close()
        if reactor.waker is not None:
            reactor.waker.connectionLost(None)


def test_R06_what_is_queued_goes_first(line: Line) -> None:
    """Where the kernel has room again before the queue is written, the next bytes still wait behind it."""
    line.wire.write(MUCH)
    begin = line.received(4 << 20)
    assert 0 < len(begin) < len(MUCH)
    line.wire.write(b"the next")
    line.wire.write(b", and the last")
    whole = MUCH + b"the next, and the last"
    assert begin + line.received_in_all(len(whole) - len(begin)) == whole


def test_bytes_go_out_at_once_before_a_queue_and_behind_it(line: Line) -> None:
    """Without a turn of the reactor, as long as nothing waits; and the rest of what is too much later."""
    for text in (b"first", MUCH, MUCH, b"again", b"and again"):
        line.wire.write(text)
        if text == MUCH:
            assert line.received_in_all(len(MUCH)) == MUCH
            line.reactor.iterate(0)
        assert text in (MUCH, line.received())


def test_behind_an_abort_nothing_goes_out(line: Line) -> None:
    """The reset itself comes with the next turn."""
    line.wire.write(b"before")
    line.wire.abort()
    line.wire.write(b"behind")
    assert line.received() == b"before"


def test_behind_the_end_nothing_goes_out_and_nothing_fails(line: Line) -> None:
    """That nobody is there any more is no failure of a connection that was closed."""
    line.wire.write(b"before")
    line.wire.close()
    line.wire.write(b"behind")
    assert line.received() == b"before"
    assert not line.wire.failed


def test_a_lost_connection_does_not_fail_again(line: Line) -> None:
    """It has been told of."""
    line.transport.connectionLost(Failure(ConnectionLost()))
    line.wire.write(b"behind")
    assert not line.wire.failed
    assert not line.wire.accepted


def test_R34_a_reset_stays_one(line: Line) -> None:
    """The kernel says so once; what is written later is not tried, and no byte counts as accepted."""
    line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.peer.close()
    for _ in range(2):
        line.wire.write(b"request")
        assert (line.wire.failed, line.wire.reset, line.wire.accepted) == (True, True, False)
