"""The reactor of `localedge run` on Linux: Twisted's, but for the logging context."""

import os
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from tests.leftovers import Logged

if not sys.platform.startswith("linux"):
    pytest.skip("epoll is Linux's", allow_module_level=True)

from localedge.edge.polling import QuickEPollReactor


class Reader:
    """One end of a pipe; `act` is called when there is something to read."""

    def __init__(self, act: Any) -> None:
        self.read_end, self.write_end = os.pipe()
        self._act = act
        self.lost: list[Any] = []

    def fileno(self) -> int:
        """Twisted asks."""
        return self.read_end

    def doRead(self) -> Any:
        """Twisted: there is something to read."""
        os.read(self.read_end, 100)
        return self._act()

    def connectionLost(self, reason: Any) -> None:
        """Twisted: it has been dropped."""
        self.lost.append(reason)

    def logPrefix(self) -> str:
        """Twisted asks."""
        return "reader"


@pytest.fixture
def reactor() -> Iterator[Any]:
    """A reactor that is turned by hand."""
    reactor: Any = QuickEPollReactor()  # type: ignore[no-untyped-call]
    yield reactor
    reactor.removeAll()
    reactor._poller.close()
    if reactor.waker is not None:
        reactor.waker.connectionLost(None)


def test_what_is_ready_is_served(reactor: Any) -> None:
    """And nothing else."""
    seen: list[str] = []
    ready, quiet = Reader(lambda: seen.append("ready")), Reader(lambda: seen.append("quiet"))
    reactor.addReader(ready)
    reactor.addReader(quiet)
    os.write(ready.write_end, b"x")
    reactor.doPoll(0)
    reactor.doPoll(0)
    assert seen == ["ready"]


def test_R30_nobody_sets_its_clock(reactor: Any) -> None:
    """Time limits are told by the time since the start of the machine, sleep included (R30)."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    due = reactor.callLater(60, print).getTime() - 60
    assert before <= due <= reactor.seconds() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_an_exception_ends_its_own_connection_only(reactor: Any, logged: Logged) -> None:
    """It is logged, its descriptor is dropped, and the next one is served in the same turn."""
    seen: list[str] = []
    broken, sound = Reader(lambda: 1 / 0), Reader(lambda: seen.append("sound"))
    reactor.addReader(broken)
    reactor.addReader(sound)
    for one in (broken, sound):
        os.write(one.write_end, b"x")
    reactor.doPoll(0)
    assert len(logged.flush(ZeroDivisionError)) == 1
    assert len(broken.lost) == 1
    assert seen == ["sound"]


def test_a_descriptor_that_another_one_closed_is_left_alone(reactor: Any) -> None:
    """Two are ready; the first that is served takes the other one out."""
    seen: list[str] = []
    pair: list[Reader] = []

    def act(own: int) -> None:
        seen.append("served")
        reactor.removeReader(pair[1 - own])

    pair += [Reader(lambda: act(0)), Reader(lambda: act(1))]
    for one in pair:
        reactor.addReader(one)
        os.write(one.write_end, b"x")
    reactor.doPoll(0)
    assert seen == ["served"]


def test_a_busy_connection_keeps_nobody_waiting(reactor: Any) -> None:
    """One descriptor is always ready; timed calls, a thread's and the end get their turn all the same."""
    told: list[str] = []

    def act() -> None:
        os.write(busy.write_end, b"x")
        if len(told) == 1 and not thread.ident:
            thread.start()
        elif len(told) == 2:
            reactor.callLater(0, told.append, "made by the busy one")
        elif len(told) == 3:
            told.append("stopped")
            reactor.stop()

    thread = threading.Thread(target=lambda: reactor.callFromThread(told.append, "of a thread"))
    busy = Reader(act)
    reactor.addReader(busy)
    os.write(busy.write_end, b"x")
    reactor.callLater(0.001, told.append, "timed")
    reactor.run(installSignalHandlers=False)
    thread.join()
    assert told == ["timed", "of a thread", "made by the busy one", "stopped"]
    assert len(busy.lost) == 1


def test_a_connection_that_fails_twice_does_not_end_the_main_loop(reactor: Any, logged: Logged) -> None:
    """Reading raises, and so does `connectionLost`: both are logged, and the reactor runs on."""
    broken = Reader(lambda: 1 / 0)
    broken.connectionLost = lambda reason: {}[reason]  # type: ignore[method-assign]
    reactor.addReader(broken)
    os.write(broken.write_end, b"x")
    reactor.callLater(0.001, reactor.stop)
    reactor.run(installSignalHandlers=False)
    assert len(logged.flush(ZeroDivisionError, KeyError)) == 2


class Listener(Protocol):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def connectionMade(self) -> None:
        """Twisted: a client is there."""
        self.told.append("made")

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes."""
        self.told.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the connection is gone."""
        self.told.append(reason.type)


Listening = Callable[..., tuple[str, int]]


@pytest.fixture
def listening(reactor: Any) -> Iterator[Listening]:
    """Where the next connections, one for each listener, are accepted."""
    ports = []

    def listen(*listeners: Listener) -> tuple[str, int]:
        factory = Factory.forProtocol(partial(next, iter(listeners)))
        ports.append(reactor.listenTCP(0, factory, interface="127.0.0.1"))
        return "127.0.0.1", ports[-1].getHost().port

    yield listen
    for port in ports:
        port.stopListening()
    while any(port.connected for port in ports):
        reactor.runUntilCurrent()


NOW, AT_ONCE = struct.pack("ii", 1, 0), socket.SO_LINGER
"""Closing resets the connection."""


@pytest.mark.parametrize(
    ("reset", "late", "end"),
    [(False, False, ConnectionDone), (True, False, ConnectionLost), (True, True, ConnectionLost)],
)
def test_R06_a_connection_is_read_until_it_ends(
    reactor: Any, listening: Listening, reset: bool, late: bool, end: type
) -> None:
    """Bytes in order, nothing while it is paused, and whether it was the peer's FIN or a reset.

    A `late` reset comes when the poller has said that there is something to read.
    """
    listener = Listener()
    turn_until = _turns(reactor, listener)
    with socket.create_connection(listening(listener)) as client:
        turn_until("made")
        client.sendall(b"one")
        turn_until(b"one")
        assert listener.transport is not None
        transport: Any = listener.transport
        transport.pauseProducing()
        client.sendall(b"two")
        reactor.doPoll(0)
        assert listener.told == ["made", b"one"]
        transport.bufferSize = 2
        transport.resumeProducing()
        turn_until(b"o")
        if reset:
            client.setsockopt(socket.SOL_SOCKET, AT_ONCE, NOW)
    if late:
        _Ready.turn(reactor, [(transport.fileno(), select.EPOLLIN)])
    turn_until(end)
    assert listener.told == ["made", b"one", b"tw", b"o", end]


def test_a_reader_that_another_one_emptied_is_no_error(reactor: Any, listening: Listening) -> None:
    """Readable, but nothing there any more when it is read: the connection goes on."""
    listener = Listener()
    turn_until = _turns(reactor, listener)
    with socket.create_connection(listening(listener)) as client:
        turn_until("made")
        thief = Reader(lambda: None if transport.socket.recv(100) else 1 / 0)
        transport: Any = listener.transport
        client.sendall(b"x")
        os.write(thief.write_end, b"x")
        ready = [(thief.fileno(), select.EPOLLIN), (transport.fileno(), select.EPOLLIN)]
        reactor.addReader(thief)
        _Ready.turn(reactor, ready)
        client.sendall(b"y")
        turn_until(b"y")
    turn_until(ConnectionDone)
    assert listener.told == ["made", b"y", ConnectionDone]


def test_R31_an_aborted_connection_is_not_read(reactor: Any, listening: Listening) -> None:
    """Not even what has come already, and when somebody reads on in the turn of the abort (R31)."""
    listener, aborted = Listener(), Listener()
    address = listening(listener, aborted)
    with socket.create_connection(address) as client:
        _turns(reactor, listener)("made")
        with socket.create_connection(address) as other:
            turn_until = _turns(reactor, aborted)
            turn_until("made")
            other.sendall(b"too late")
            transport: Any = aborted.transport
            transport.abortConnection()
            transport.resumeProducing()
            client.sendall(b"x")
            reactor.doPoll(0.1)
            turn_until(ConnectionAborted)
        assert aborted.told == ["made", ConnectionAborted]
    _turns(reactor, listener)(ConnectionDone)


class _Ready:
    """A poller that says once what is ready, and in which order."""

    def __init__(self, poller: Any, ready: list[tuple[int, int]]) -> None:
        self._poller = poller
        self._ready = ready

    def __getattr__(self, name: str) -> Any:
        return getattr(self._poller, name)

    def poll(self, timeout: float, most: int) -> list[tuple[int, int]]:
        """As `select.epoll` does."""
        del timeout, most
        return self._ready

    @classmethod
    def turn(cls, reactor: Any, ready: list[tuple[int, int]]) -> None:
        """One turn of the reactor in which this is ready."""
        poller, reactor._poller = reactor._poller, cls(reactor._poller, ready)
        reactor.doPoll(0)
        reactor._poller = poller


def _turns(reactor: Any, listener: Listener) -> Any:
    def turn_until(told: object) -> None:
        for _ in range(50):
            reactor.doPoll(0.1)
            reactor.runUntilCurrent()
            if listener.told and listener.told[-1] == told:
                return
        raise AssertionError(listener.told)

    return turn_until
