"""Writing to a connection: at once when nothing is queued, else through the transport.

This is the fast path, and the only place that uses Twisted's private names.
`transport.write` waits for the next turn of the reactor: two system calls on the
poller and one turn of delay for every piece.  A piece that finds the queue empty
goes to the socket directly, and only what the kernel did not take is queued.

Plain TCP only: a TLS transport hands out its raw socket too, and a direct write
there would put plaintext on the wire.  Over our own TLS (`edge.secure`) there are two
wires: this one above it, and one below it for what it has encrypted.
"""

import contextlib
import errno
import select
import socket
import sys
from typing import Any, Protocol

from twisted.internet import tcp
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from localedge.names import in_url

_DIRECT = (tcp.Server, tcp.Client)
_AGAIN = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR, errno.ENOBUFS}

ALL: int = tcp.Connection.bufferSize
"""Bytes that one read brings, unless told otherwise."""

KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 15, 5, 3  # R36, seconds and count


class Owner(Protocol):
    """Whoever writes to a wire: told when its queue is full and when it is empty again."""

    def wire_blocked(self) -> None:
        """More is queued than should be: produce no more (R14)."""

    def wire_drained(self) -> None:
        """Everything queued has been written."""


@implementer(IPushProducer)
class Wire:
    """One connection's outgoing side.  `put` collects, `flush` writes what was collected in one piece."""

    __slots__ = (
        "_below",
        "_free",
        "_owner",
        "_pending",
        "_socket",
        "_transport",
        "accepted",
        "blocked",
        "deaf",
        "failed",
        "reset",
    )

    def __init__(self, transport: Any, owner: Owner) -> None:
        self._transport = transport
        self._owner = owner
        self._pending: list[bytes] = []
        self._socket: socket.socket | None = None
        if type(transport) in _DIRECT and not transport.TLS:
            self._socket = transport.getHandle()
        self._free = self._socket
        """The socket while nothing is queued and nothing was closed: bytes go there, and nothing is asked."""
        self._below: Wire | None = getattr(transport, "wire", None)
        self.blocked = False
        """The queue is full: `wire_drained` will be called."""
        self.failed = False
        """A direct write found the connection dead; nothing more is written."""
        self.reset = False
        """It was told of a reset.  Linux tells of that once: who reads finds an end like any other."""
        self.deaf = False
        """The peer has sent its FIN: nothing but a write finds out that it is gone altogether."""
        self.accepted = False
        """Whether the kernel, or the queue before it, took a byte since `start_message` (R34)."""
        transport.registerProducer(self, True)

    def put(self, data: bytes) -> None:
        """Collect bytes for the next `flush`."""
        self._pending.append(data)

    def start_message(self) -> None:
        """From here on `accepted` speaks of a new message."""
        self.accepted = False

    def flush(self) -> None:
        """Write what was collected."""
        pending = self._pending
        if not pending:
            return
        data = pending[0] if len(pending) == 1 else b"".join(pending)
        pending.clear()
        self.write(data)

    def write(self, data: bytes) -> None:
        """Write bytes, which are not empty, now that nothing is collected."""
        handle = self._free
        if handle is None:
            self._write_on(data)
            return
        try:
            sent = handle.send(data)
        except OSError as error:
            if error.errno not in _AGAIN:
                # What the peer sent before it went may still be unread, an early answer
                # for example: reading finds the end of the connection, in order.
                self._free = None
                self.failed = True
                self.reset = error.errno != errno.EPIPE  # that one stands behind a FIN
                if self.deaf:
                    self._transport.abortConnection()
                return
            sent = 0
        self.accepted = True
        if sent != len(data):
            self._free = None
            self._transport.write(data[sent:])

    def _write_on(self, data: bytes) -> None:
        """Where nobody knows: behind what is queued, or to the socket again."""
        transport = self._transport
        if self._socket is not None and not transport._tempDataBuffer and not transport.dataBuffer:
            if self.failed or transport.disconnecting or transport._aborting or not transport.connected:
                return
            self._free = self._socket
            self.write(data)
            return
        self.accepted = True
        transport.write(data)

    @property
    def unsent(self) -> int:
        """Bytes that the kernel has not taken yet.  Over Twisted's TLS nobody can tell: 0."""
        transport = self._transport
        if not self.plain:
            return self._below.unsent if self._below is not None else 0
        queued: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return queued

    @property
    def plain(self) -> bool:
        """Plain TCP, which can be closed in one direction."""
        return not getattr(self._transport, "TLS", False)

    def read_at_most(self, size: int) -> None:
        """So many bytes in one read, from the next one on; where plain TCP is read."""
        if self.plain:
            self._transport.bufferSize = size

    def close(self) -> None:
        """Flush, then FIN in both directions."""
        self.flush()
        self._free = None
        self._transport.unregisterProducer()
        self._transport.loseConnection()
        self.shut()

    def shut(self) -> None:
        """FIN at once if nothing is queued here: what the kernel has it delivers by itself.

        Twisted would wait until the kernel's own buffer has room again, for a reader that is slow.
        """
        if self._below is not None:
            self._below.shut()
        elif self._socket is not None and not self.unsent:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    def half_close(self) -> None:
        """Flush, then FIN: the peer may still send."""
        self.flush()
        self._transport.unregisterProducer()
        self._transport.loseWriteConnection()

    def abort(self) -> None:
        """RST, and whatever is queued is lost."""
        self._free = None
        self._pending.clear()
        self._transport.abortConnection()

    def pauseProducing(self) -> None:
        """Twisted: the queue is full."""
        self.blocked = True
        self._owner.wire_blocked()

    def resumeProducing(self) -> None:
        """Twisted: the queue is empty."""
        if self.blocked:
            self.blocked = False
            self._owner.wire_drained()

    def stopProducing(self) -> None:
        """Twisted: the connection is gone; `connectionLost` says the rest."""
        self._free = None
        self._pending.clear()


class Rest:
    """What is left to send when a connection is closed: a reader gets it, as long as it takes some of it."""

    __slots__ = ("_moved", "_unsent", "_wire")

    def __init__(self, wire: Wire, now: float) -> None:
        self._wire = wire
        self._unsent, self._moved = wire.unsent, now

    def given_up(self, now: float, silence: float) -> bool:
        """Whether there is nothing left, or nothing has moved for `silence` seconds; asked now and then."""
        unsent = self._wire.unsent
        if unsent < self._unsent:
            self._unsent, self._moved = unsent, now
            self._wire.shut()
            return False
        return not unsent or now - self._moved >= silence


def is_quiet(transport: Any) -> bool:
    """Whether an idle connection is still open with nothing unread: a look at the socket (R33).

    Over TLS the raw socket is looked at: any byte there, even a harmless session
    ticket, is reason enough to take another connection.
    """
    handle = getattr(transport, "socket", None)
    if handle is None:
        return bool(getattr(transport, "connected", True))
    if sys.platform == "win32":  # pragma: no cover - Windows has no poll
        try:
            handle.recv(1, socket.MSG_PEEK)
        except OSError as error:
            return error.errno in _AGAIN
        return False  # a byte nobody asked for, or the end of the stream
    look = select.poll()  # takes half the time of a peek, which tells of quiet with an exception
    look.register(handle.fileno(), select.POLLIN)
    return not look.poll(0)


def peer_name(transport: Any) -> str:
    """Who is at the other end, as the log writes it."""
    peer = transport.getPeer()
    return f"{in_url(peer.host)}:{peer.port}"


def tune(transport: Any) -> None:
    """TCP_NODELAY, and keep-alive that notices a dead peer within half a minute (R36)."""
    with contextlib.suppress(AttributeError, OSError):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        handle = transport.getHandle()
        if sys.platform == "win32":  # pragma: no cover - Windows
            times = (1, KEEPALIVE_IDLE * 1000, KEEPALIVE_INTERVAL * 1000)
            handle.ioctl(socket.SIO_KEEPALIVE_VALS, times)
            return
        idle = "TCP_KEEPALIVE" if sys.platform == "darwin" else "TCP_KEEPIDLE"
        handle.setsockopt(socket.IPPROTO_TCP, getattr(socket, idle), KEEPALIVE_IDLE)
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL)
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
