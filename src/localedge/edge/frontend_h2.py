"""The client's side of a connection that speaks HTTP/2 (RFC 9113).

The `h2` library keeps the protocol's state and reads frames.  Ours are: what a request may
be (`localedge.http.h2_heads`), whom a stream is served by (an `Exchange`, as over HTTP/1.1),
how fast both sides go (flow control is back-pressure, R14), and how much a client may ask
for without moving anything (`localedge.http.floods`).
"""

from typing import TYPE_CHECKING, Any

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import ProtocolError as H2Error
from h2.settings import SettingCodes, Settings
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
from localedge.edge.wire import Wire, tune
from localedge.http.floods import Allowance, FrameLengths
from localedge.http.framing import Body, ProtocolError
from localedge.http.guard import Answer, Refuse
from localedge.http.h2_heads import request_head, trailers
from localedge.http.head import Fields

if TYPE_CHECKING:
    from localedge.edge.context import Context

STREAMS = 256
"""Concurrent streams of one connection; one more is refused, which a client may try again."""
STREAM_WINDOW = 256 * 1024
CONNECTION_WINDOW = 16 * 1024 * 1024
"""Uploads that wait for a slow gateway leave room for others."""
PREFACE = 24  # bytes in front of the first frame (RFC 9113 3.4)
BURST, REFILL = 1000.0, 50.0
"""Frames that move nothing: so many at once, so many a second (see `localedge.http.floods`)."""
UPDATES = 10
"""WINDOW_UPDATE frames that one DATA frame of ours accounts for."""
FAREWELL = 2.0
"""Seconds that a client gets to read why its connection is closed."""

_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    # checked by `h2_heads`, which makes a stream's error of what the library makes a connection's
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    # fields come from a gateway whose head was checked
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)


def _settings(streams: int, head_bytes: int) -> Settings:
    return Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: streams,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            SettingCodes.MAX_HEADER_LIST_SIZE: head_bytes,
        },
    )


@implementer(IHalfCloseableProtocol)
class FrontendH2(Protocol):
    """One client connection and its streams."""

    transport: Any
    _wire: Wire
    _sender: Sender
    _peer: str

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._conn = H2Connection(_CONFIG)
        self._starting: list[Http2Leg] = []
        self._allowance = Allowance(BURST, REFILL, context.now())
        self._lengths = FrameLengths(PREFACE, self._conn.max_inbound_frame_size)
        self._updates = 0
        self._greeted = False
        self._windows_moved = False
        self._last = False
        """No new stream is taken: GOAWAY went one way or the other."""
        self.gone = False
        self.deadline = NEVER

    def __repr__(self) -> str:
        return f"<h2 client {self._peer}: {len(self._sender.legs)} streams>"

    # -- Twisted

    def connectionMade(self) -> None:
        """Twisted: the handshake chose h2."""
        context, conn = self._context, self._conn
        tune(self.transport)
        peer = self.transport.getPeer()
        self._peer = f"[{peer.host}]:{peer.port}" if ":" in peer.host else f"{peer.host}:{peer.port}"
        self._wire = Wire(self.transport, self)
        self._sender = Sender(context, conn, self._wire, self._emptied)
        head_bytes = context.limits.head_bytes
        conn.local_settings = _settings(STREAMS, head_bytes)
        conn.initiate_connection()
        # More streams than these are refused one by one: the library would end the connection.
        conn.local_settings = _settings(2**31 - 1, head_bytes)
        # So that a head over the limit gets its 431; far over it, the connection ends.
        conn.decoder.max_header_list_size = 4 * head_bytes
        conn.increment_flow_control_window(CONNECTION_WINDOW - 65535)
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
        try:
            if not self._lengths.follow(data):
                self._conn.close_connection(ErrorCodes.FRAME_SIZE_ERROR)
                self._end_connection()
                return
            events = self._conn.receive_data(data)
        except H2Error:
            self._end_connection()  # the library has its GOAWAY ready
            return
        touched: list[Http2Leg] = []
        for event in events:
            if not self._take(event, touched):
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
        if self.gone:
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

    def _take(self, event: Event, touched: list[Http2Leg]) -> bool:
        """One event; False when it ended the connection."""
        if isinstance(event, DataReceived):
            self._data(event, touched)
        elif isinstance(event, RequestReceived):
            self._request(event)
        elif isinstance(event, StreamEnded):
            self._ended(self._sender.legs.get(event.stream_id), ())
        elif isinstance(event, TrailersReceived):
            self._trailers(event)
        elif isinstance(event, WindowUpdated):
            self._updates += 1
            if self._updates > BURST + UPDATES * self._sender.frames:
                self._spend()
            self._windows_moved = True
        elif isinstance(event, StreamReset):
            self._reset(event)
        elif isinstance(event, ConnectionTerminated):
            # It asks for nothing more, but waits for what runs (RFC 9113 6.8), which the library
            # would not let us send.
            self._conn.state_machine.state = ConnectionState.SERVER_OPEN
            self._last = True
            self._end_if_last()
        else:
            self._spend()  # settings, pings, priorities, frames of other protocols
            self._windows_moved = True
        if not self._greeted:
            self._greeted = True
            if not self._sender.legs and not self._sender.over:
                self.deadline = self._context.now() + self._context.limits.keep_alive
        return not self._sender.over

    def _request(self, event: RequestReceived) -> None:
        context, stream_id = self._context, event.stream_id
        assert event.headers is not None
        if self._last or len(self._sender.legs) >= STREAMS:
            self._conn.reset_stream(stream_id, ErrorCodes.REFUSED_STREAM)
            if not self._last:
                self._spend()
            return
        self.deadline = NEVER
        leg = self._sender.legs[stream_id] = Http2Leg(self._sender, stream_id)
        leg.request_ended = event.stream_ended is not None
        try:
            head, body, length = request_head(event.headers, context.limits, ended=leg.request_ended)
        except ProtocolError as error:
            if error.code == "h2-malformed":
                leg.error_code = ErrorCodes.PROTOCOL_ERROR
            self._spend()
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
            if body is Body.NONE:
                leg.end = ()
            self._starting.append(leg)

    def _data(self, event: DataReceived, touched: list[Http2Leg]) -> None:
        leg = self._sender.legs.get(event.stream_id)
        data, length = event.data, event.flow_controlled_length or 0
        if not data and event.stream_ended is None:
            self._spend()  # padding at most
        if leg is None:
            self._sender.acknowledge(event.stream_id, length)
            return
        leg.received(length)
        exchange = leg.exchange
        if exchange is None or not data:
            return
        if not leg.started:
            leg.pieces.append(data)
        elif not leg.refused:
            exchange.request_data(data)
            touched.append(leg)

    def _trailers(self, event: TrailersReceived) -> None:
        leg = self._sender.legs.get(event.stream_id)
        if leg is None:
            return
        try:
            fields = trailers(event.headers or (), self._context.limits)
        except ProtocolError as error:
            leg.request_ended = True  # as far as the library knows
            leg.error_code = ErrorCodes.PROTOCOL_ERROR
            leg.refused = True
            if leg.exchange is not None:
                leg.exchange.fail_or_cut(error.code, **error.params)
            return
        self._ended(leg, fields)

    def _ended(self, leg: Http2Leg | None, fields: Fields) -> None:
        """The request is complete."""
        if leg is None:
            return
        leg.request_ended = True
        if leg.end is None:
            leg.end = fields
            if leg.exchange is not None and leg.started:
                leg.exchange.request_end(fields)

    def _reset(self, event: StreamReset) -> None:
        """The client cancels (R31), or the library had to."""
        self._spend()
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

    def _spend(self) -> None:
        """Something that moved nothing: too much of it, and the connection ends."""
        if not self._sender.over and not self._allowance.spend(self._context.now()):
            self._conn.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            text = messages.text("h2-flood", self._sender.lang, client=self._peer)
            self._context.observer.say("h2-flood", text)
            self._end_connection()

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

    def _end_connection(self) -> None:
        """The connection broke a rule: GOAWAY, and time to read it."""
        self._sender.flush()
        self._sender.over = True
        self._leave()
        self.deadline = self._context.now() + FAREWELL
        self._wire.half_close()

    def _close(self) -> None:
        """Flush and close."""
        if not self.gone:
            self._sender.flush()
            self._sender.over = self.gone = True
            self.deadline = self._context.now() + self._context.limits.linger
            self._wire.close()
