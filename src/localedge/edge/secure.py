"""TLS towards clients: the handshake, and the records after it.

A layer of our own over a plain TCP transport, made of the standard library's
`ssl.MemoryBIO` and `SSLObject`.  Twisted's `TLSMemoryBIOProtocol` would do the same with
pyOpenSSL, whose calls through cffi and whose collecting of small writes cost more per record
than the encryption does, and whose SNI callback cannot send `unrecognized_name`.  Here a
piece of ciphertext leaves at once, by the same fast path as plain HTTP (`edge.wire`): a `Wire`
stands below this layer, on the plain TCP transport, and is given nothing but records.

A connection has one protocol at a time: `SecureEntry` (`edge.handshake`) until the handshake
is done, then `SecureTransport` with the frontend above it; `Farewell` once an alert went out.
"""

import ssl
import sys
from typing import TYPE_CHECKING, Any

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge.edge.deadlines import NEVER
from localedge.edge.wire import Wire

if TYPE_CHECKING:
    from localedge.edge.context import Context
    from localedge.edge.tls import Certificates

RECORD = 16 * 1024
"""Bytes of one record (RFC 8446 5.1), and of what OpenSSL gets at a time: a `MemoryBIO` never shrinks."""
UNREAD = 1024 * 1024
"""Bytes that a client may leave unread while it has TLS itself answer: OpenSSL sets no limit to that."""
FAREWELL = 1.0
"""Seconds that a client gets to read an alert."""


@implementer(IHalfCloseableProtocol)
class SecureTransport:
    """The record layer: the protocol of a plain TCP transport, and the transport of the protocol above.

    It reads while it is not paused, hands all of one read over in one piece, and takes
    `close_notify` as plain TCP takes a FIN.  `wire` is the one below, for ciphertext.
    """

    __slots__ = (
        "_context",
        "_ended",
        "_fin",
        "_finished",
        "_incoming",
        "_inner",
        "_outgoing",
        "_paused",
        "_producer",
        "_session",
        "_told",
        "_transport",
        "connected",
        "disconnecting",
        "wire",
    )

    TLS = True

    def __init__(self, context: "Context", transport: Any, certificates: "Certificates") -> None:
        self._context = context
        self._transport = transport
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        here = transport.getHost().host
        self._session = certificates.session(self._incoming, self._outgoing, here)
        self._inner: Any = None
        self._producer: IPushProducer | None = None
        self._paused = False
        self._ended = False  # the client sends no more
        self._told = False  # and the protocol above knows
        self._fin = False  # nor does its TCP
        self._finished = False  # our own close_notify went out
        self.connected = True
        self.disconnecting = False
        self.wire = Wire(transport, self)

    def __repr__(self) -> str:
        return f"<TLS of {self._inner!r}>"

    # -- the handshake

    def shake(self, data: bytes) -> bool:
        """Go on with the handshake; whether it is done.  Raises `ssl.SSLError`; an alert is then ready."""
        self._incoming.write(data)
        hook, sys.unraisablehook = sys.unraisablehook, _unraisable
        try:
            self._session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            sys.unraisablehook = hook
            self._send()
        return True

    @property
    def application(self) -> str | None:
        """What the handshake agreed on to speak (ALPN, RFC 7301)."""
        return self._session.selected_alpn_protocol()

    def begin(self, inner: Any) -> None:
        """The handshake is done: `inner` speaks from here on."""
        self._inner = inner
        self._transport.protocol = self
        inner.makeConnection(self)
        self.dataReceived(b"")  # what came behind the handshake's last message

    # -- from TCP

    def dataReceived(self, data: bytes) -> None:
        """Twisted: ciphertext."""
        plain: list[bytes] = []
        error = self._decrypt(data, plain)
        if self._outgoing.pending:  # the answer to a change of keys (RFC 8446 4.6.3)
            self._send()
            if self.wire.unsent > UNREAD:
                self.abortConnection()
                return
        if plain:
            self._inner.dataReceived(plain[0] if len(plain) == 1 else b"".join(plain))
        if error is not None:
            self._broken(error)
        elif self._ended:
            self._tell_end()

    def _decrypt(self, data: bytes, plain: list[bytes]) -> ssl.SSLError | None:
        """Decrypt every whole record there is."""
        session, incoming = self._session, self._incoming
        at = 0
        try:
            while not self._ended:
                if at < len(data):
                    incoming.write(data[at : at + RECORD] if len(data) > RECORD else data)
                    at += RECORD
                try:
                    while incoming.pending or session.pending():
                        piece = session.read(RECORD)
                        if not piece:
                            self._ended = True  # close_notify
                            break
                        plain.append(piece)
                except ssl.SSLWantReadError:
                    pass
                if at >= len(data):
                    break
        except ssl.SSLZeroReturnError:
            self._ended = True  # close_notify, after ours
        except ssl.SSLError as error:
            return error
        return None

    def readConnectionLost(self) -> None:
        """Twisted: FIN, with or without a close_notify before it."""
        self._ended = self._fin = self.wire.deaf = True
        self._tell_end()

    def _tell_end(self) -> None:
        """The protocol above learns that the client sends no more; not while it does not read."""
        if self._told or self._paused or self.disconnecting or not self.connected:
            return
        self._told = True
        self._inner.readConnectionLost()

    def writeConnectionLost(self) -> None:
        """Twisted: never asked for."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the client is gone."""
        self._end(reason)

    def _end(self, reason: Failure) -> None:
        self.connected = False
        self._producer = None
        inner, self._inner = self._inner, None
        # At once, not when the garbage is collected: OpenSSL's memory does not count there.
        del self._session, self._incoming, self._outgoing
        if inner is not None:
            inner.connectionLost(reason)

    def _broken(self, error: ssl.SSLError) -> None:
        """What came is no TLS: the alert goes out, and that was it."""
        self._send()
        say_failure(self._context, "tls-broken", self._transport, error)
        Farewell(self._context, self._transport, self.wire)
        self._end(Failure(ConnectionLost()))

    # -- to TCP

    def _send(self) -> None:
        if self._outgoing.pending:
            self.wire.put(self._outgoing.read())
            self.wire.flush()

    def _goodbye(self) -> None:
        """Our close_notify.  Everything that arrived has been decrypted: OpenSSL insists on that."""
        if not self._finished and self.connected:
            self._finished = True
            try:
                self._session.unwrap()
            except ssl.SSLError:  # mostly: the client's own is not here yet
                pass
            self._send()

    def wire_blocked(self) -> None:
        """The client does not read as fast as we write."""
        if self._producer is not None:
            self._producer.pauseProducing()

    def wire_drained(self) -> None:
        """The client has caught up."""
        if self._producer is not None:
            self._producer.resumeProducing()

    # -- the transport of the protocol above

    def write(self, data: bytes) -> None:
        """Encrypt and send, at once as far as the kernel takes it."""
        if self._finished or not self.connected or not data:
            return
        session, outgoing, wire = self._session, self._outgoing, self.wire
        if len(data) <= RECORD:
            session.write(data)
            wire.put(outgoing.read())
        else:
            view = memoryview(data)
            for at in range(0, len(data), RECORD):
                session.write(view[at : at + RECORD])
                wire.put(outgoing.read())
        wire.flush()

    def loseConnection(self) -> None:
        """Flush, close_notify, FIN."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            self._goodbye()
            self.wire.close()

    def loseWriteConnection(self) -> None:
        """Flush, close_notify, FIN: the client may still send (RFC 8446 6.1)."""
        if self.connected and not self._finished:
            self._goodbye()
            self.wire.half_close()

    def abortConnection(self) -> None:
        """RST, and whatever is queued is lost."""
        self.disconnecting = True
        if self.connected:
            self.wire.abort()

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        """`producer` is told when more is queued than should be, and when nothing is (R14)."""
        assert streaming and self._producer is None
        self._producer = producer
        if not self.connected:
            producer.stopProducing()

    def unregisterProducer(self) -> None:
        """Twice does no harm."""
        self._producer = None

    def pauseProducing(self) -> None:
        """Read no more for now."""
        self._paused = True
        self._transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on."""
        self._paused = False
        if not self._fin:
            self._transport.resumeProducing()
        if self._ended and not self._told:
            self._context.reactor.callLater(0, self._tell_end)

    def getPeer(self) -> Any:
        """The client's address."""
        return self._transport.getPeer()

    def getHost(self) -> Any:
        """Our own."""
        return self._transport.getHost()

    def getHandle(self) -> Any:
        """The plain socket: to be watched, never to be written to."""
        return self._transport.getHandle()


class Farewell(Protocol):
    """After an alert: what still comes is thrown away for a moment, lest a reset outrun the alert."""

    def __init__(self, context: "Context", transport: Any, wire: Wire) -> None:
        self._context = context
        self._wire = wire
        self.deadline = context.now() + FAREWELL
        context.frontends.add(self)
        context.deadlines.add(self)
        transport.protocol = self
        transport.resumeProducing()
        wire.half_close()

    def dataReceived(self, data: bytes) -> None:
        """Twisted: nobody listens."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the client is gone."""
        self._context.deadlines.discard(self)
        self._context.left(self)

    def deadline_passed(self, now: float) -> None:
        """It had its time."""
        self.abort()

    def drain(self) -> None:
        """The edge is shutting down."""

    def drained(self) -> None:
        """Nothing runs here."""

    def abort(self) -> None:
        """Nothing may be left."""
        self.deadline = NEVER
        self._wire.abort()


def _unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    """`ssl` prints a traceback for a server name that is not ASCII; the client gets its alert anyway."""
    if unraisable.exc_type is not UnicodeDecodeError:
        sys.__unraisablehook__(unraisable)


def say_failure(context: "Context", code: str, transport: Any, error: ssl.SSLError) -> None:
    """A line for whoever looks into it: nothing secret is in an `SSLError`."""
    if context.observer.verbose:
        reason = (error.reason or type(error).__name__).replace("_", " ").lower()
        context.observer.say(code, f"{transport.getPeer().host}: {reason}")
