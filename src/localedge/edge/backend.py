"""One connection to the gateway.

It reads responses for the exchange it serves and writes what that exchange hands
over.  Without an exchange it is idle: any byte or FIN then means that it can no
longer be trusted (R33).
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge.edge.deadlines import NEVER
from localedge.edge.wire import ALL, Wire, tune
from localedge.http.framing import CHUNK_LINES, Body, ProtocolError
from localedge.http.head import ResponseHead
from localedge.http.moderation import PIECE, WINDOW, Moderation
from localedge.http.parser import ResponseReader

if TYPE_CHECKING:
    from localedge.edge.attempt import Attempt
    from localedge.edge.context import Context
    from localedge.edge.exchange import Exchange

REST = 0.001
"""Seconds between two reads of a gateway that pours out tiny pieces: the least that epoll can count."""

RESTS: Final = sys.platform != "win32"
"""Windows counts in steps of 16 ms, which would be too long."""


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class Backend(Protocol):
    """Twisted calls `dataReceived` and `connectionLost`; the exchange and the agent call the rest."""

    transport: Any

    def __init__(self, context: "Context", attempt: "Attempt") -> None:
        self._context = context
        self._attempt: Attempt | None = attempt
        self._exchange: Exchange | None = None
        self._pass_on: Callable[[bytes], None] | None = None
        """Where the next read goes just as it is, if it is one whole chunk: only between two of them."""
        self._reader = ResponseReader(context.limits, context.response_heads)
        self._wire: Wire | None = None
        self._finished_reading = False
        self._heard = False  # a byte of an answer to the current request
        self._answered = False  # all of it
        self._dirty = False  # and bytes behind it
        self._paused = False
        self._moderation = Moderation()
        self._in_pieces = False  # reads bring so much at most
        self._rest: IDelayedCall | None = None
        self.lost = False
        self.deadline = NEVER

    def __repr__(self) -> str:
        state = (
            "lost" if self.lost else "opening" if self._wire is None else "busy" if self._exchange else "idle"
        )
        return f"<connection to {self._context.config.gateway.url}: {state}>"

    # -- opening

    def connectionMade(self) -> None:
        """TCP is there; TLS or a proxy's tunnel may still have to be made."""
        tune(self.transport)
        assert self._attempt is not None
        self._attempt.tcp_connected(self)

    def handshakeCompleted(self) -> None:
        """TLS is there, and the certificate was accepted."""
        if self._attempt is not None:
            self._attempt.ready(self)

    def ready(self) -> None:
        """HTTP may begin."""
        self._attempt = None
        self._wire = Wire(self.transport, self)

    # -- serving

    def start(self, exchange: "Exchange", method: bytes, opening: bytes) -> None:
        """Serve `exchange`: expect the response to `method`, write the head and what there is of the body."""
        wire = self._wire
        assert wire is not None
        self._exchange = exchange
        self._pass_on = None
        self._heard = self._answered = False
        self._reader.expect(method)
        self._moderation.begin()
        wire.start_message()
        wire.put(opening)
        wire.flush()

    @property
    def untouched(self) -> bool:
        """Whether it is certain that no byte of the request left this machine (R34)."""
        assert self._wire is not None
        return self._wire.failed and not self._wire.accepted

    @property
    def blocked(self) -> bool:
        """The gateway does not read as fast as we write."""
        return self._wire is not None and self._wire.blocked

    @property
    def body(self) -> Body:
        """How the current response is framed."""
        return self._reader.body

    @property
    def clean(self) -> bool:
        """Nothing unread, nothing unwritten, nobody gone: fit for another exchange."""
        wire = self._wire
        assert wire is not None
        return not (self.lost or self._finished_reading or self._dirty or wire.failed or wire.blocked)

    def raw(self) -> bytes:
        """Bytes behind a 101 (R18)."""
        return self._reader.raw()

    def put(self, data: bytes) -> None:
        """Bytes for the gateway, written with the next `flush`."""
        assert self._wire is not None
        self._wire.put(data)

    def flush(self) -> None:
        """Write what was collected."""
        if not self.lost:
            assert self._wire is not None
            self._wire.flush()

    def pause_response(self) -> None:
        """Read no more for now (R14)."""
        if not self.lost:
            self._paused = True
            self.transport.pauseProducing()

    def resume_response(self) -> None:
        """Read on."""
        self._paused = False
        self._read_on()

    def _read_on(self) -> None:
        if not (self.lost or self._finished_reading or self._paused or self._rest is not None):
            self.transport.resumeProducing()

    def _take_a_rest(self) -> None:
        """Read on a little later (see `localedge.http.moderation`)."""
        if not self.lost and self._rest is None:
            assert self._wire is not None
            self._wire.read_at_most(PIECE)
            self._in_pieces = True
            self._rest = self._context.reactor.callLater(REST, self._rested)
            self.transport.pauseProducing()

    def _rested(self) -> None:
        self._rest = None
        self._read_on()

    def half_close(self) -> bool:
        """No more bytes for the gateway, in a tunnel; false where that cannot be said."""
        assert self._wire is not None
        if not self._wire.plain:
            return False
        if not self.lost:
            self._wire.half_close()
        return True

    def detach(self) -> None:
        """The exchange is over; an idle connection is always read (R33)."""
        self._exchange = None
        if self._paused:
            self.resume_response()

    def abort(self) -> None:
        """Close at once: the gateway shall stop working."""
        self._exchange = None
        if not self.lost:
            (self._wire.abort if self._wire is not None else self.transport.abortConnection)()

    def close(self) -> None:
        """Close in order; a gateway that does not take the rest is not waited for without end."""
        if not self.lost:
            assert self._wire is not None
            self.deadline = self._context.now() + self._context.limits.linger
            self._context.deadlines.add(self)
            self._wire.close()

    # -- Wire's owner

    def wire_blocked(self) -> None:
        """The outgoing queue is full."""
        if self._exchange is not None:
            self._exchange.gateway_blocked()

    def wire_drained(self) -> None:
        """The outgoing queue is empty."""
        if self._exchange is not None:
            self._exchange.gateway_drained()

    # -- reading

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes from the gateway."""
        exchange, pass_on, size = self._exchange, self._pass_on, len(data)
        if exchange is None:
            self._stray(data)
            return
        if (
            pass_on is not None
            and size < len(CHUNK_LINES)
            and data.startswith(line := CHUNK_LINES[size])
            and data.endswith(b"\r\n")
        ):
            # The fast path of streams: a read is just one chunk, and it is as we would write it.
            # Out with it first: what is kept of it can wait.
            pass_on(data)
            if exchange.moved(size - len(line) - 2) >= WINDOW:
                return
        elif not self._received(exchange, data):
            return
        if RESTS and self._moderation.rests(size, exchange.record.last_byte):
            self._take_a_rest()
        elif self._in_pieces and not self._moderation.resting:
            assert self._wire is not None
            self._wire.read_at_most(ALL)  # the flood is over
            self._in_pieces = False

    def _stray(self, data: bytes) -> None:
        """Bytes while nobody waits for an answer."""
        if self._attempt is not None:
            self._attempt.data(self, data)
        else:
            self._context.agent.evict(self)  # nobody asked for anything

    def _received(self, exchange: "Exchange", data: bytes) -> bool:
        """Anything but one chunk of a body; whether the body goes on behind it."""
        if exchange.tunnel is not None:
            exchange.tunnel.gateway_data(data)
            return False
        self._heard = True
        self._pass_on = None
        if self._answered:
            self._dirty = True  # one request, one response: whatever this is, it reaches nobody (R05)
            return False
        reader = self._reader
        reader.feed(data)
        try:
            while (event := reader.next_event()) is not None:
                if type(event) is bytes:
                    exchange.response_data(event)
                elif type(event) is ResponseHead:
                    exchange.response_head(event)
                else:
                    self._answered = True
                    self._dirty = reader.buffered > 0
                    exchange.response_end(event.trailers)  # type: ignore[union-attr]
                    return False
                if self._exchange is not exchange:
                    return False
        except ProtocolError as error:
            exchange.gateway_broken(error)
            return False
        exchange.flush_response()
        if reader.at_chunk:
            self._pass_on = exchange.pass_on
        return True

    def readConnectionLost(self) -> None:
        """Twisted: FIN from the gateway.  Only a tunnel goes on from here."""
        if self._wire is not None and self._wire.reset:
            self._wire.abort()
            return
        self._finished_reading = True
        exchange = self._exchange
        if exchange is not None and exchange.tunnel is not None:
            assert self._wire is not None
            self._wire.deaf = True
            exchange.tunnel.gateway_half_closed()
            return
        if exchange is None and self._attempt is None:
            self._context.agent.evict(self)
            return
        self._ended(orderly=True)
        if self._wire is not None:
            self._wire.close()
        else:
            self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """Twisted: our half-close is done."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the connection is gone."""
        self.lost = True
        if self._rest is not None:
            self._rest.cancel()
        self._context.deadlines.discard(self)
        if self._attempt is not None:
            self._attempt.lost(self, reason)
            return
        # A reset, or TLS without close_notify, does not end a body (RFC 9112 9.8).
        self._ended(orderly=reason.check(ConnectionDone) is not None)
        self._context.agent.lost(self)

    def _ended(self, *, orderly: bool) -> None:
        """No more bytes will come."""
        exchange = self._exchange
        if exchange is None:
            return
        try:
            end = self._reader.eof() if orderly and exchange.tunnel is None else None
        except ProtocolError:
            end = None
        if orderly and exchange.tunnel is not None:
            exchange.tunnel.gateway_half_closed()  # TLS: it said goodbye, and that is no failure
        if end is not None and not exchange.over:
            exchange.response_end(end.trailers)
        if not exchange.over and self._exchange is exchange:
            exchange.gateway_lost(heard=self._heard)

    def deadline_passed(self, now: float) -> None:
        """The gateway does not take the last bytes."""
        if not self.lost:
            self.transport.abortConnection()
