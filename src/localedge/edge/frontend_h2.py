"""The client's side of a connection that speaks HTTP/2 (RFC 9113).

The `h2` library keeps the protocol's state and reads frames.  Ours are: what a request may
be (`localedge.http.h2_heads`), whom a stream is served by (an `Exchange`, as over HTTP/1.1),
how fast both sides go (flow control is back-pressure, R14), and how much a client may ask
for without moving anything (`localedge.http.floods`).
"""

from typing import TYPE_CHECKING, Any

from h2 import events as heard
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError as H2Error
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge import messages
from localedge.edge.deadlines import NEVER
from localedge.edge.exchange import Exchange
from localedge.edge.leg_h2 import Http2Leg
from localedge.edge.observe import Ending, Record
from localedge.edge.sender_h2 import Sender
from localedge.edge.wire import Rest, Wire, peer_name, tune
from localedge.http import h2_frames, h2_library
from localedge.http.floods import FloodGuard
from localedge.http.framing import Body, ProtocolError
from localedge.http.guard import Answer, Refuse
from localedge.http.h2_heads import request_head, trailers
from localedge.http.head import Fields

if TYPE_CHECKING:
    from localedge.edge.context import Context

FAREWELL = 2.0
"""Seconds that a client gets to read why its connection is closed."""

_LENGTH = "a body that is not as long as its content-length"


@implementer(IHalfCloseableProtocol)
class FrontendH2(Protocol):
    """One client connection and its streams."""

    transport: Any
    _wire: Wire
    _sender: Sender
    _peer: str

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._conn = h2_library.make_connection(context.limits)
        self._starting: list[Http2Leg] = []
        self._floods = FloodGuard(context.now, self._flooded)
        self._frames = h2_frames.Frames(self._conn.max_inbound_frame_size)
        self._in_section = False
        """A field section has begun and goes on in CONTINUATION frames."""
        self._greeted = False
        self._windows_moved = False
        self._last = False
        """No new stream is taken: GOAWAY went one way or the other."""
        self.gone = False
        self._rest: Rest | None = None
        self.deadline = NEVER

    def __repr__(self) -> str:
        return f"<h2 client {self._peer}: {len(self._sender.legs)} streams>"

    # -- Twisted

    def connectionMade(self) -> None:
        """Twisted: the handshake chose h2."""
        context = self._context
        tune(self.transport)
        self._peer = peer_name(self.transport)
        self._wire = Wire(self.transport, self)
        self._sender = Sender(context, self._conn, self._wire, self._emptied)
        self.deadline = context.now() + context.limits.request_head
        context.frontends.add(self)
        context.deadlines.add(self)
        self._sender.flush()
        if context.observer.verbose:
            context.observer.say("client-connected", self._peer)

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes from the client."""
        if self._sender.over:
            return
        touched: list[Http2Leg] = []
        for frame in self._frames.cut(data):
            if not self._frame(frame, touched):
                return
        if self._frames.overlong:
            self._end_connection(ErrorCodes.FRAME_SIZE_ERROR)
            return
        if self._frames.wrong_start:
            self._end_connection(ErrorCodes.PROTOCOL_ERROR)
            return
        starting, self._starting = self._starting, []
        for leg in starting:
            if leg.exchange is not None:
                leg.started = True
                leg.exchange.start(leg.pieces, leg.end)
        for leg in touched:
            if leg.exchange is not None:
                leg.exchange.flush_request()
        if self._windows_moved:
            self._windows_moved = False
            self._sender.pump()
        self._sender.flush()

    def readConnectionLost(self) -> None:
        """Twisted: the client closes; over TLS there is no half-close to wait for (R32)."""
        self._leave()
        self._close()

    def writeConnectionLost(self) -> None:
        """Twisted: our half-close is done."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the client is gone."""
        self.gone = self._sender.over = True
        context = self._context
        context.deadlines.discard(self)
        self._leave()
        context.left(self)
        if context.observer.verbose:
            context.observer.say("client-left", self._peer)

    def wire_blocked(self) -> None:
        """The client reads nothing at all: what its streams have to say waits in their legs."""

    def wire_drained(self) -> None:
        """The client reads on."""
        self._sender.pump()

    def deadline_passed(self, now: float) -> None:
        """Nobody greeted us, nobody asked for anything, or nobody reads our farewell (R30)."""
        self.deadline = NEVER
        if self._rest is not None:
            self.deadline = now + self._context.limits.linger
            if self._rest.given_up(now, self._context.limits.silence):
                self._wire.abort()
        elif self._sender.over:
            self._close()
        elif not self._sender.legs:
            self._last = True
            self._sender.goaway()
            self._end_if_last()

    def drain(self) -> None:
        """The edge is shutting down: GOAWAY, and what runs may end (R35)."""
        if not self._last and not self._sender.over:
            self._last = True
            self._sender.goaway()
            self._end_if_last()

    def drained(self) -> None:
        """The drain limit was reached."""
        for leg in list(self._sender.legs.values()):
            if leg.exchange is not None:
                leg.exchange.drained()

    def abort(self) -> None:
        """Nothing may be left."""
        self._wire.abort()

    # -- what comes in

    def _frame(self, frame: bytes, touched: list[Http2Leg]) -> bool:
        """One frame, or a piece of the preface; False when it ended the connection."""
        leg = self._sender.legs.get(h2_frames.stream_of(frame)) if h2_frames.opens_nothing(frame) else None
        if leg is not None and not self._in_section:
            self._malformed(leg, "a window update by nothing")
            return not self._sender.over
        self._sender.collect()
        try:
            events = self._conn.receive_data(frame)
        except H2Error as error:
            self._conn.data_to_send()  # its GOAWAY
            if not h2_library.about_length(error):
                self._end_connection(h2_library.error_code(frame, error))
                return False
            # The library would end the connection, and with it every other answer (8.1.1).
            h2_library.go_on(self._conn)
            self._wrong_length(frame)
            return not self._sender.over
        self._in_section = h2_frames.in_section(frame)
        if len(events) > 1 and isinstance(events[-1], heard.PriorityUpdated):
            events.pop()  # came with the request, and is nothing of its own
        if events:
            return all(self._take(event, touched) for event in events)
        if h2_frames.is_window_update(frame):
            self._floods.window_update(self._sender.frames)  # late, for a stream that has ended
        elif not self._in_section:
            self._floods.idle_frame()  # for a stream that is no more; it may even have been answered
        return not self._sender.over

    def _wrong_length(self, frame: bytes) -> None:
        stream_id = h2_frames.stream_of(frame)
        leg = self._sender.legs.get(stream_id)
        if leg is None:
            self._floods.idle_frame()
            self._sender.refuse(stream_id)
            return
        self._sender.acknowledge(stream_id, len(frame) - h2_frames.HEAD)
        leg.request_ended = bool(frame[4] & h2_frames.END_STREAM)
        self._malformed(leg, _LENGTH)

    def _malformed(self, leg: Http2Leg, reason: str) -> None:
        """This stream's error: it ends, the others go on (8.1.1)."""
        self._floods.idle_frame()
        leg.error_code = ErrorCodes.PROTOCOL_ERROR
        leg.refused = True
        if leg.exchange is not None:
            leg.exchange.fail_or_cut("h2-malformed", reason=reason)
        else:
            self._sender.reset(leg, ErrorCodes.PROTOCOL_ERROR)

    def _take(self, event: heard.Event, touched: list[Http2Leg]) -> bool:
        """One event; False when it ended the connection."""
        if isinstance(event, heard.DataReceived):
            self._data(event, touched)
        elif isinstance(event, heard.RequestReceived):
            self._request(event)
        elif isinstance(event, heard.StreamEnded):
            self._ended(self._sender.legs.get(event.stream_id), ())
        elif isinstance(event, heard.TrailersReceived):
            self._trailers(event)
        elif isinstance(event, heard.WindowUpdated):
            self._floods.window_update(self._sender.frames)
            self._windows_moved = True
        elif isinstance(event, heard.StreamReset):
            self._reset(event)
        elif isinstance(event, heard.ConnectionTerminated):
            h2_library.go_on(self._conn)  # it asks for nothing more, but waits for what runs
            self._last = True
            self._end_if_last()
        else:
            self._floods.idle_frame()  # settings, pings, priorities, frames of other protocols
            self._windows_moved = True
            h2_library.limit_table(self._conn)
        if not self._greeted:
            self._greeted = True
            if not self._sender.legs and not self._sender.over:
                self.deadline = self._context.now() + self._context.limits.keep_alive
        return not self._sender.over

    def _request(self, event: heard.RequestReceived) -> None:
        context, stream_id = self._context, event.stream_id
        assert event.headers is not None
        if self._last or len(self._sender.legs) >= h2_library.STREAMS:
            self._conn.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM)
            self._floods.idle_frame()
            return
        self.deadline = NEVER
        leg = self._sender.legs[stream_id] = Http2Leg(self._sender, stream_id)
        leg.request_ended = event.stream_ended is not None
        try:
            head, body, length = request_head(tuple(event.headers), context.limits, ended=leg.request_ended)
        except ProtocolError as error:
            if error.code == "h2-malformed":
                leg.error_code = ErrorCodes.PROTOCOL_ERROR
            self._floods.idle_frame()
            self._refuse(leg, Record(self._peer, b"-", b"-", context.now()), error.code, error.params)
            return
        leg.request = head
        record = Record(self._peer, head.method, head.target, context.now())
        ready = context.prepare(head, body)
        if isinstance(ready, Refuse):
            self._refuse(leg, record, ready.code, dict(ready.params))
        elif isinstance(ready, Answer):
            self._answer(leg, record, ready)
        elif length > context.limits.body_bytes:
            self._refuse(leg, record, "body-too-large", {"limit": context.limits.body_bytes})
        else:
            leg.exchange = Exchange(context, leg, ready, record)
            leg.length = length if body is Body.LENGTH else None
            if body is Body.NONE:
                leg.end = ()
            self._starting.append(leg)

    def _data(self, event: heard.DataReceived, touched: list[Http2Leg]) -> None:
        leg = self._sender.legs.get(event.stream_id)
        data, length = event.data, event.flow_controlled_length or 0
        if not data and event.stream_ended is None:
            self._floods.idle_frame()  # padding at most
        if leg is None:
            self._sender.acknowledge(event.stream_id, length)
            return
        leg.received(length)
        exchange = leg.exchange
        if exchange is None or not data:
            return
        leg.got += len(data)
        if not leg.started:
            leg.pieces.append(data)
        elif not leg.refused:
            exchange.request_data(data)
            touched.append(leg)

    def _trailers(self, event: heard.TrailersReceived) -> None:
        leg = self._sender.legs.get(event.stream_id)
        if leg is None:
            return
        try:
            fields = trailers(event.headers or (), self._context.limits)
        except ProtocolError as error:
            leg.request_ended = True
            self._malformed(leg, str(error.params.get("reason", error.code)))
            return
        self._ended(leg, fields)

    def _ended(self, leg: Http2Leg | None, fields: Fields) -> None:
        """The request is complete."""
        if leg is None:
            return
        leg.request_ended = True
        if leg.short:
            # The library looks at DATA only; the gateway would find the rest in the next request.
            self._malformed(leg, _LENGTH)
        elif leg.end is None:
            leg.end = fields
            if leg.exchange is not None and leg.started:
                leg.exchange.request_end(fields)

    def _reset(self, event: heard.StreamReset) -> None:
        """The client cancels (R31), or the library had to."""
        self._floods.idle_frame()
        leg = self._sender.legs.get(event.stream_id)
        if leg is not None:
            exchange = leg.exchange
            self._sender.forget(leg)
            if exchange is not None:
                exchange.client_gone()

    def _refuse(self, leg: Http2Leg, record: Record, code: str, params: dict[str, object]) -> None:
        """Answer with an error of our own; the rest of the request is not wanted (R03)."""
        record.failed(code)
        leg.refused = True
        record.bytes_out = leg.error(code, params)
        self._context.observer.ended(record, self._context.now())
        if leg.waiting:
            self._sender.linger(leg)

    def _answer(self, leg: Http2Leg, record: Record, answer: Answer) -> None:
        """Answer without the gateway."""
        record.status = answer.status
        record.ending = Ending.ANSWERED
        leg.refused = True
        leg.respond(answer.status, b"", answer.fields, Body.NONE)
        leg.finish(())
        self._context.observer.ended(record, self._context.now())

    def _flooded(self) -> None:
        """Too much that moves nothing: the connection ends."""
        if not self._sender.over:
            text = messages.text("h2-flood", self._sender.lang, client=self._peer)
            self._context.observer.say("h2-flood", text)
            self._end_connection(ErrorCodes.ENHANCE_YOUR_CALM)

    # -- ends

    def _emptied(self) -> None:
        """No stream is left."""
        if not self._sender.over:
            self.deadline = self._context.now() + self._context.limits.keep_alive
            self._end_if_last()

    def _leave(self) -> None:
        """Nobody reads the answers (R31)."""
        legs, self._sender.legs = self._sender.legs, {}
        self._starting.clear()
        for leg in legs.values():
            self._context.deadlines.discard(leg)
            if leg.exchange is not None:
                leg.exchange.client_gone()

    def _end_if_last(self) -> None:
        if self._last and not self._sender.legs and not self._sender.over:
            self._close()

    def _end_connection(self, code: ErrorCodes) -> None:
        """The connection broke a rule: GOAWAY, and time to read it."""
        self._sender.goaway(code)
        self._sender.over = True
        self._leave()
        self.deadline = self._context.now() + FAREWELL
        self._wire.half_close()

    def _close(self) -> None:
        """Flush and close."""
        if not self.gone:
            self._sender.flush()
            self._sender.over = self.gone = True
            self._wire.close()
            now = self._context.now()
            self._rest = Rest(self._wire, now)
            self.deadline = now + self._context.limits.linger
