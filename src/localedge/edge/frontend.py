"""The client's side of a connection, HTTP/1.0 and HTTP/1.1.

Requests come in one after the other; the next is not looked at before the response
to the last has ended (R04), so what a client pipelines waits in the reader.  While
nothing is expected the socket is still read, or watched, so that a client that
leaves is noticed (R32).
"""

from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge import messages
from localedge.config import HalfClose
from localedge.edge.deadlines import NEVER
from localedge.edge.exchange import Exchange
from localedge.edge.hangup import Reading
from localedge.edge.leg import NOBODY, Http1Leg
from localedge.edge.legs import Tunnelling
from localedge.edge.observe import Ending, Record
from localedge.edge.wire import Rest, Wire, peer_name, tune
from localedge.http.answers import REASONS
from localedge.http.framing import Body, ProtocolError
from localedge.http.guard import Answer, Refuse
from localedge.http.head import RequestHead
from localedge.http.parser import RequestReader
from localedge.http.preparing import Prepare, Prepared
from localedge.names import in_url

if TYPE_CHECKING:
    from localedge.edge.context import Context

LINGER_BYTES = 128 * 1024 * 1024
"""How much of a refused request is thrown away before the connection is reset (R03)."""
DRAIN_LINGER = 1.0
"""Seconds that the rest of a refused request holds up a shutdown."""
_HANDSHAKE_FAILURE = b"\x15\x03\x01\x00\x02\x02\x28"  # a fatal TLS alert (RFC 8446 6.2)


@implementer(IHalfCloseableProtocol)
class Frontend(Protocol):
    """One client connection: its requests, judged by `prepare` or the context's own, and what comes of it."""

    transport: Any
    reading: Reading
    _wire: Wire
    _leg: Http1Leg
    _peer: str
    _prepared: Prepared

    def __init__(self, context: "Context", prepare: Prepare | None = None) -> None:
        self._context = context
        self._prepare = prepare or context.prepare
        self._reader = RequestReader(context.limits, context.request_heads)
        self._exchange: Exchange | None = None
        self._prepared_head = NOBODY
        self._uploading = False
        self._advancing = False
        self._lingering = False
        self.gone = False
        """Nothing is to be read or written any more."""
        self._tunnel: Tunnelling | None = None
        self._in_head = False
        self._thrown_away = 0
        self._rest: Rest | None = None
        self.deadline = NEVER

    def __repr__(self) -> str:
        return f"<client {self._peer}: {self._exchange or 'idle'}>"

    # -- Twisted

    def connectionMade(self) -> None:
        """Twisted: a client is there."""
        transport, context = self.transport, self._context
        tune(transport)
        self._peer = peer_name(self.transport)
        self._wire = Wire(transport, self)
        self._leg = Http1Leg(self, self._wire)
        self.reading = Reading(transport, context.hangups, self._hung_up)
        self.deadline = context.now() + context.limits.keep_alive
        context.frontends.add(self)
        context.deadlines.add(self)
        if context.observer.verbose:
            context.observer.say("client-connected", self._peer)

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes from the client."""
        if self._leg.refused or self._lingering:
            self._throw_away(data)
            return
        if self._tunnel is not None:
            self._tunnel.client_data(data)
            return
        self._reader.feed(data)
        if self._exchange is None or self._uploading:
            self._advance()
        elif self._reader.buffered > self._context.limits.pipelined_bytes:
            self._leg.close = True
            self.reading.pause()

    def readConnectionLost(self) -> None:
        """Twisted: FIN from the client."""
        exchange = self._exchange
        if exchange is None:
            self._close()
        elif self._tunnel is not None:
            self._heard_all()
            self._tunnel.client_half_closed()
        elif self._uploading or self._context.config.half_close is HalfClose.CANCEL:
            self._leave()
        else:
            self._heard_all()
            self._leg.close = True

    def _heard_all(self) -> None:
        """The client's FIN is not its farewell: only a reset is, from here on."""
        self._wire.deaf = True
        self.reading.over()

    def writeConnectionLost(self) -> None:
        """Twisted: our half-close is done."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the client is gone."""
        self.gone = True
        self.reading.stop()
        self._context.left(self)
        if self._context.observer.verbose:
            self._context.observer.say("client-left", self._peer)
        self._context.deadlines.discard(self)
        if self._exchange is not None:
            self._exchange.client_gone()

    def wire_blocked(self) -> None:
        """The client does not read as fast as we write."""
        if self._exchange is not None:
            self._exchange.client_blocked()

    def wire_drained(self) -> None:
        """The client has caught up."""
        if self._exchange is not None:
            self._exchange.client_drained()
        elif not self.gone:
            self.reading.resume()
            self._advance()

    def deadline_passed(self, now: float) -> None:
        """No request came in time, or the rest of a refused one did not end (R30)."""
        self.deadline = NEVER
        if self.gone or self._lingering:
            self._look_at_the_rest(now)
        elif self._in_head:
            limit = self._context.limits.request_head
            self._leg.begin(NOBODY)
            self._refuse(self._record(), "head-timeout", {"limit": f"{limit:g}"})
        elif self._exchange is None:
            self._close()

    def drain(self) -> None:
        """The edge is shutting down: nothing new is accepted, what runs may end (R35)."""
        if self._lingering:
            self.deadline = min(self.deadline, self._context.now() + DRAIN_LINGER)
        elif self._exchange is None:
            self._close()

    def drained(self) -> None:
        """The drain limit was reached: what runs ends here."""
        if self._exchange is not None:
            self._exchange.drained()

    def abort(self) -> None:
        """Nothing may be left."""
        self._wire.abort()

    # -- requests

    def _advance(self) -> None:
        """Go on with what has been read, as far as it goes."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while not (self.gone or self._lingering or self._leg.refused or self._tunnel is not None):
                if self._exchange is None:
                    if not self._next_request():
                        break
                elif not self._uploading or not self._more_body(self._exchange):
                    break
        finally:
            self._advancing = False

    def _next_request(self) -> bool:
        """Take the next request; False when its head is not there yet."""
        if self._wire.blocked:  # a client that asks on and on and does not read
            self.reading.pause()
            return False
        reader = self._reader
        try:
            head = reader.next_event()
        except ProtocolError as error:
            self._leg.begin(NOBODY)
            if error.code == "tls-on-plain-port":
                self._say_plain_http()
            else:
                self._refuse(self._record(), error.code, error.params)
            return False
        if head is None:
            if reader.mid_message and not self._in_head:
                self._in_head = True
                self.deadline = self._context.now() + self._context.limits.request_head
            return False
        assert type(head) is RequestHead
        self._in_head = False
        self.deadline = NEVER
        self._leg.begin(head)
        self._begin(head)
        return True

    def _begin(self, head: RequestHead) -> None:
        context, reader = self._context, self._reader
        record = self._record()
        if head is not self._prepared_head:
            self._prepared_head, self._prepared = head, self._prepare(head, reader.body)
        ready = self._prepared
        if isinstance(ready, Refuse):
            self._refuse(record, ready.code, dict(ready.params))
            return
        if isinstance(ready, Answer):
            self._answer(record, ready)
            return
        if context.draining:
            self._refuse(record, "draining", {})
            return
        if reader.length > context.limits.body_bytes:
            self._refuse(record, "body-too-large", {"limit": context.limits.body_bytes})
            return
        try:
            pieces, end = reader.rest()
        except ProtocolError as error:
            self._refuse(record, error.code, error.params)
            return
        self._uploading = end is None
        self._exchange = exchange = Exchange(context, self._leg, ready, record)
        exchange.start(pieces, None if end is None else end.trailers)

    def _more_body(self, exchange: Exchange) -> bool:
        """Hand on what was read of the body; False when there is no more of it."""
        try:
            event = self._reader.next_event()
        except ProtocolError as error:
            self._leg.refused = True
            exchange.fail_or_cut(error.code, **error.params)
            return False
        if event is None:
            exchange.flush_request()
            return False
        if type(event) is bytes:
            exchange.request_data(event)
        else:
            self._uploading = False
            exchange.request_end(event.trailers)  # type: ignore[union-attr]
        return True

    def _record(self) -> Record:
        request = self._leg.request
        return Record(self._peer, request.method, request.target, self._context.now())

    def _refuse(self, record: Record, code: str, params: dict[str, object]) -> None:
        """Answer with an error of our own, throw the rest of the request away, and close (R03)."""
        record.failed(code)
        self._leg.refused = True
        record.bytes_out = self._leg.error(code, params)
        self._context.observer.ended(record, self._context.now())
        self._end_connection()

    def _answer(self, record: Record, answer: Answer) -> None:
        """Answer without the gateway; a body that nobody wanted ends the connection."""
        record.status = answer.status
        record.ending = Ending.ANSWERED
        if self._reader.body is not Body.NONE:
            self._leg.refused = True
        fields = answer.fields if answer.status == 204 else (*answer.fields, (b"content-length", b"0"))
        self._leg.respond(answer.status, REASONS[answer.status], fields, Body.NONE)
        self._wire.flush()
        self._context.observer.ended(record, self._context.now())
        if not self._leg.refused:
            self._reader.next_event()  # the End of a message without a body
        self.exchange_ended()

    def _say_plain_http(self) -> None:
        """Somebody speaks TLS to the port for plain HTTP (R44)."""
        here = self.transport.getHost()
        url = f"http://{in_url(here.host)}:{here.port}"
        text = messages.text("tls-on-plain-port", self.lang, url=url)
        self._context.observer.say("tls-on-plain-port", text)
        self._leg.refused = True
        self._wire.put(_HANDSHAKE_FAILURE)
        self._end_connection()

    # -- for the leg

    @property
    def draining(self) -> bool:
        """The edge is shutting down."""
        return self._context.draining

    @property
    def lang(self) -> str:
        """The language of our own answers."""
        return self._context.config.lang

    def switch(self, tunnel: Tunnelling) -> None:
        """From here on bytes, not HTTP (R18)."""
        self._tunnel = tunnel
        self.reading.resume()  # it may have been stopped by what came ahead of the 101 (R04)
        early = self._reader.raw()
        if early:
            tunnel.client_data(early)

    def exchange_ended(self) -> None:
        """The exchange is over: on to the next request, or the end of the connection."""
        self._exchange = None
        if self.gone:
            return
        leg = self._leg
        if leg.reset:
            self.gone = True
            self._wire.abort()
        elif self._tunnel is not None:
            self._close()
        elif leg.close or leg.refused or self._context.draining:
            self._end_connection()
        else:
            self.deadline = self._context.now() + self._context.limits.keep_alive
            self.reading.resume()
            if self._reader.buffered:
                self._advance()

    # -- the end of the connection

    def _leave(self) -> None:
        """The client closed its side while we were at work: nobody reads the answer (R32)."""
        self.gone = True
        if self._exchange is not None:
            self._exchange.client_gone()
        if self._leg.ends_by_close or self._wire.blocked:
            self._wire.abort()
        else:
            self._close()

    def _end_connection(self) -> None:
        """Close; with more of a request to come, so that the client reads the answer, no reset (R03)."""
        if not (self._leg.refused or self._reader.buffered or self.reading.paused):
            self._close()
            return
        self._lingering = True
        self._wire.half_close()
        self._wait_for_the_rest()
        if self.draining:
            self.deadline = min(self.deadline, self._context.now() + DRAIN_LINGER)
        self.reading.resume()

    def _close(self) -> None:
        """Flush and close.  A client that takes the rest slowly gets the time that a slow gateway gets."""
        self.gone = True
        self._wire.close()
        self._wait_for_the_rest()

    def _wait_for_the_rest(self) -> None:
        now = self._context.now()
        self._rest = Rest(self._wire, now)
        self.deadline = now + self._context.limits.linger

    def _look_at_the_rest(self, now: float) -> None:
        """The linger is over: on with a client that has not got all, unless nothing moves for too long."""
        limits = self._context.limits
        if not self._wire.unsent and not self.gone:
            self._close()  # what the kernel has it delivers by itself
            return
        if self._rest is None or self._rest.given_up(now, limits.silence):
            self._wire.abort()
        self.deadline = now + limits.linger

    def _throw_away(self, data: bytes) -> None:
        self._thrown_away += len(data)
        if self._thrown_away > LINGER_BYTES:
            self._wire.abort()

    def _hung_up(self, *, reset: bool) -> None:
        """While we did not read: FIN or a reset.  A tunnel reads its FIN behind the bytes before it."""
        if self._tunnel is not None and not reset:
            return
        if reset or self._context.config.half_close is HalfClose.CANCEL:
            self._leave()
