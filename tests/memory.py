"""Connections and a reactor that live in memory: what `tests.playbook` is played on.

`MemoryTransport` does what Twisted's TCP transport does as far as a protocol can tell: a streaming producer
is paused above 64 KiB of unsent bytes, one read brings at most 64 KiB, nothing is called from inside a
`write`, FIN goes out behind the last byte, an abort loses what is unsent, and closing a connection with
unread bytes resets it, as the kernel does.  Nothing moves before `turn` is called.

Exceptions that a real reactor would log and swallow come out here, in the test.
"""

import errno
import os
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol, IReactorTCP
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

READ_SIZE = 64 * 1024
"""Bytes of one read, and of unsent bytes above which a producer is paused: Twisted's `bufferSize`."""


_QUIET, _UNREAD = os.pipe()[0], os.open(os.devnull, os.O_RDONLY)
"""Descriptors for `select.poll`: one that has nothing to read, and one that always has."""


class _Peek:
    """The socket, as far as somebody looks into it (R33)."""

    def __init__(self, transport: "MemoryTransport") -> None:
        self._transport = transport

    def fileno(self) -> int:
        """A descriptor that is as readable as the connection."""
        return _UNREAD if self._transport.inbox or self._transport.eof else _QUIET

    def recv(self, size: int, flags: int) -> bytes:
        """Windows: look at what is unread."""
        assert flags == socket.MSG_PEEK
        transport = self._transport
        if transport.inbox or transport.eof:
            return bytes(transport.inbox[:size])
        raise BlockingIOError(errno.EAGAIN, "nothing there")


class MemoryTransport:
    """One end of a connection: the edge's.  The test holds the other one (`tests.playbook.Peer`)."""

    bufferSize = READ_SIZE
    offset = 0
    _tempDataLen = 0  # Twisted's: everything unsent is in `dataBuffer` here

    def __init__(self, clock: Clock, host: IPv4Address, peer: IPv4Address) -> None:
        self.protocol: Any = None
        self.socket = _Peek(self)
        self.connected = True
        self.disconnecting = False
        self.reading = True
        self.no_delay = self.keep_alive = False
        self.inbox = bytearray()
        """Sent by the peer, not yet read."""
        self.eof = False
        """The peer's FIN is behind the inbox."""
        self.unsent = self.dataBuffer = bytearray()
        self.room: int | None = None
        """How many more bytes the peer takes; None: all."""
        self.sent = bytearray()
        """Arrived at the peer."""
        self.end: str | None = None
        """What the peer sees behind `sent`: "fin" or "reset", None while it may go on."""
        self.was_reset = False
        """The peer's RST came while nobody read."""
        self.hung_up: Callable[..., object] | None = None
        """`HangupWatch.watch` was called with this."""
        self._clock = clock
        self._addresses = host, peer
        self._producer: Any = None
        self._producer_paused = False
        self._half_closing = False
        self._half_closed = False
        self._aborting = False

    def __repr__(self) -> str:
        return (
            f"<connection with {self._addresses[1].port}: {len(self.sent)} bytes sent, {self.end or 'open'}>"
        )

    # -- what the peer does

    def turn(self) -> bool:
        """Move what can be moved; whether anything did."""
        if not self.connected or self._aborting:
            return False
        return self._turn_write() | self._turn_read()

    def fin_by_peer(self) -> None:
        """The peer's FIN."""
        self.eof = True
        self.tell_watcher()

    def reset_by_peer(self) -> None:
        """The peer's RST."""
        if not self.connected:
            return
        if self.reading or self.unsent:
            self._lost(error.ConnectionLost())
        else:
            self.was_reset = True
            self.tell_watcher()

    def tell_watcher(self) -> None:
        """The poller of `Hangups` looks at this socket: reported once, as `HangupWatch` does."""
        if self.hung_up is not None and self.connected and (self.eof or self.was_reset):
            gone, self.hung_up = self.hung_up, None
            gone(reset=self.was_reset)

    def _turn_write(self) -> bool:
        count = len(self.unsent) if self.room is None else min(self.room, len(self.unsent))
        if count:
            self.sent += self.unsent[:count]
            del self.unsent[:count]
            if self.room is not None:
                self.room -= count
        if self.unsent:
            return bool(count)
        if self._producer_paused and self._producer is not None:
            self._producer_paused = False
            self._producer.resumeProducing()
        elif self.disconnecting:
            self._lost(error.ConnectionDone())
        elif self._half_closing and not self._half_closed:
            self._half_closed = True
            self.end = self.end or "fin"
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self.protocol.writeConnectionLost()
        else:
            return bool(count)
        return True

    def _turn_read(self) -> bool:
        if not (self.reading and self.connected) or self.disconnecting or self._aborting:
            return False
        if self.inbox:
            data = bytes(self.inbox[: self.bufferSize])
            del self.inbox[: self.bufferSize]
            self.protocol.dataReceived(data)
        elif self.was_reset:
            self._lost(error.ConnectionLost())
        elif self.eof:
            self.reading = False
            if IHalfCloseableProtocol.providedBy(self.protocol):
                self.protocol.readConnectionLost()
            else:
                self._lost(error.ConnectionDone())
        else:
            return False
        return True

    def _lost(self, cause: Exception) -> None:
        self.connected = False
        self.reading = False
        if not isinstance(cause, error.ConnectionLost):
            lossy = isinstance(cause, error.ConnectionAborted) or self.inbox
            self.end = "reset" if lossy else self.end or "fin"
        self.protocol.connectionLost(Failure(cause))

    def later(self, call: Callable[[], object]) -> None:
        """In the next turn."""
        self._clock.callLater(0, call)

    # -- ITransport

    def write(self, data: bytes) -> None:
        """Twisted's: queued until the next turn."""
        assert isinstance(data, bytes)
        if not data or not self.connected or self._half_closed or self._aborting:
            return
        assert not self._half_closing, "written behind a FIN"
        self.unsent += data
        if self._producer is not None and len(self.unsent) > READ_SIZE:
            self._producer_paused = True
            self._producer.pauseProducing()

    def writeSequence(self, pieces: list[bytes]) -> None:
        """Twisted's."""
        self.write(b"".join(pieces))

    def loseConnection(self) -> None:
        """Twisted's: flush, then close."""
        if not self.connected or self.disconnecting or self._aborting:
            return
        self.reading = False
        self.disconnecting = True

    def loseWriteConnection(self) -> None:
        """Twisted's: flush, then FIN."""
        self._half_closing = True

    def abortConnection(self) -> None:
        """Twisted's: RST, and `connectionLost` in the next turn."""
        if not self.connected or self._aborting:
            return
        self._aborting = self.disconnecting = True
        self.reading = False
        self.unsent.clear()
        self.later(self._aborted)

    def _aborted(self) -> None:
        self.end = "reset"
        self._lost(error.ConnectionAborted())

    def getPeer(self) -> IPv4Address:
        """Twisted's."""
        return self._addresses[1]

    def getHost(self) -> IPv4Address:
        """Twisted's."""
        return self._addresses[0]

    def getHandle(self) -> object:
        """Twisted's: nothing here has a descriptor."""
        return object()

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Twisted's (R36)."""
        self.no_delay = enabled

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Twisted's (R36)."""
        self.keep_alive = enabled

    # -- IConsumer, IPushProducer

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Twisted's."""
        assert streaming
        assert self._producer is None, "two producers"
        self._producer = producer
        if not self.connected:
            producer.stopProducing()

    def unregisterProducer(self) -> None:
        """Twisted's: twice does no harm."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Twisted's: read no more."""
        self.reading = False

    def resumeProducing(self) -> None:
        """Twisted's: read on."""
        if self.connected and not self.disconnecting:
            self.reading = True

    def stopProducing(self) -> None:
        """Twisted's."""
        self.loseConnection()


class Hangups:
    """Stands for `HangupWatch`: tells of a FIN or RST that comes while nobody reads (R32)."""

    def watch(
        self, transport: MemoryTransport, gone: Callable[..., object], *, fin: bool = True
    ) -> Callable[[], None]:
        """Call `gone` when the peer hangs up, or resets without `fin`; the result ends the watch."""
        if not fin:
            told = gone

            def gone(*, reset: bool) -> None:
                if reset:
                    told(reset=True)

        transport.hung_up = gone
        transport.later(transport.tell_watcher)

        def forget() -> None:
            if transport.hung_up is gone:
                transport.hung_up = None

        return forget

    def stop(self) -> None:
        """Watch nobody: nothing to give back."""


class Connecting:
    """An attempt of the edge to connect; the test accepts or refuses it."""

    def __init__(self, clock: Clock, host: str, port: int, factory: Any, timeout: float) -> None:
        self.host = host
        self.port = port
        self.pending = True
        self.cancelled = False
        self._factory = factory
        self._clock = clock
        self._transport: MemoryTransport | None = None
        self._timer = clock.callLater(timeout, self.fail, error.TimeoutError())

    def accept(self) -> MemoryTransport:
        """TCP is there."""
        self._settle()
        here = IPv4Address("TCP", "127.0.0.1", 40000)
        there = IPv4Address("TCP", self.host, self.port)
        transport = self._transport = MemoryTransport(self._clock, here, there)
        transport.protocol = self._factory.buildProtocol(there)
        transport.protocol.makeConnection(transport)
        return transport

    def fail(self, cause: Exception) -> None:
        """TCP does not come about."""
        self._settle()
        self._factory.clientConnectionFailed(self, Failure(cause))

    def disconnect(self) -> None:
        """Twisted's `IConnector.disconnect`."""
        if self.pending:
            self.cancelled = True
            self.fail(error.UserError())
        elif self._transport is not None:
            self._transport.loseConnection()

    def _settle(self) -> None:
        assert self.pending
        self.pending = False
        if self._timer.active():
            self._timer.cancel()


@implementer(IReactorTCP)
class MemoryReactor(Clock):
    """Time that the test moves, and attempts to connect that it decides on."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts: list[Connecting] = []

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: object = None
    ) -> Any:
        """Twisted's."""
        attempt = Connecting(self, host, port, factory, timeout)
        self.attempts.append(attempt)
        return attempt

    def listenTCP(self, *args: Any, **keywords: Any) -> Any:
        """Nobody listens here: a `Frontend` is made for each client."""
        raise AssertionError("no listening in memory")
