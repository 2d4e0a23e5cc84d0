"""What goes out on an HTTP/2 connection: field sections, bodies as flow control lets them go, and ends.

The `h2` library keeps the protocol's state and writes everything but DATA frames.  Those
are written here: they carry every event of every stream, and the library spends several
times as long on one.  Its windows are kept up to date.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError as H2Error

from localedge.edge.deadlines import NEVER
from localedge.edge.leg_h2 import Ends, Http2Leg
from localedge.edge.wire import Wire
from localedge.http.h2_frames import data_frame, goaway, rst_stream

if TYPE_CHECKING:
    from localedge.edge.context import Context


class Sender:
    """One connection's outgoing side.  `emptied` is called when its last stream is done with."""

    def __init__(
        self, context: "Context", conn: H2Connection, wire: Wire, emptied: Callable[[], None]
    ) -> None:
        self._context = context
        self._conn = conn
        self._wire = wire
        self._emptied = emptied
        self._pumping = False
        self.legs: dict[int, Http2Leg] = {}
        """The streams that are not done with, by number."""
        self.frames = 0
        """DATA frames written."""
        self.over = False
        """Nothing but the library's farewell goes out any more."""

    @property
    def lang(self) -> str:
        """The language of our own answers."""
        return self._context.config.lang

    # -- for the legs

    def send_section(self, leg: Http2Leg, section: list[tuple[bytes, bytes]], *, end: bool) -> None:
        """A field section, written with the next flush."""
        try:
            self._conn.send_headers(leg.stream_id, section, end_stream=end)
        except H2Error:
            return  # the stream has been reset: its event is on the way
        self.collect()

    def send_body(self, leg: Http2Leg) -> None:
        """What is pending of a body, and the end behind it, as far as the windows go."""
        if self.over:
            return
        while self._turn(leg):
            continue
        self.flush()

    def acknowledge(self, stream_id: int, length: int) -> None:
        """Give back window for so many bytes; it goes out with the next flush."""
        if length and not self.over:
            try:
                self._conn.acknowledge_received_data(length, stream_id)
            except H2Error:
                return  # the stream is closed: the connection's window was given back

    def refuse(self, stream_id: int) -> None:
        """Reset a malformed request that is no leg's."""
        try:
            self._conn.reset_stream(stream_id, ErrorCodes.PROTOCOL_ERROR)
        except H2Error:
            return  # it is closed

    def reset(self, leg: Http2Leg, code: ErrorCodes) -> None:
        """End a stream without its response being complete."""
        self._rst(leg, code)
        self._drop(leg)
        self.flush()

    def exchange_ended(self, leg: Http2Leg) -> None:
        """The exchange is over; a response that has not gone out altogether still may."""
        if self.legs.get(leg.stream_id) is not leg:
            return
        if leg.ends is Ends.NOT_YET:
            self._drop(leg)
        elif leg.ended:
            self._finished(leg)
            self.flush()
        else:
            self.linger(leg)

    # -- for the frontend

    def linger(self, leg: Http2Leg) -> None:
        """The client gets as long as a slow gateway to take the rest."""
        leg.deadline = self._context.now() + self._context.limits.silence
        self._context.deadlines.add(leg)

    def pump(self) -> None:
        """Whoever has something pending gets its turn, a frame each, until a window is empty."""
        if self._pumping or self.over:
            return
        self._pumping = True
        try:
            waiting = [leg for leg in self.legs.values() if leg.waiting or leg.ends is not Ends.NOT_YET]
            while waiting:
                waiting = [leg for leg in waiting if self._turn(leg)]
                self._wire.flush()
        finally:
            self._pumping = False
        for leg in list(self.legs.values()):
            leg.drained()

    def collect(self) -> None:
        """What the library has to say goes ahead of what comes now."""
        data = self._conn.data_to_send()
        if data:
            self._wire.put(data)

    def flush(self) -> None:
        """Write what was collected."""
        self.collect()
        self._wire.flush()

    def goaway(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """No more streams; what runs may end: the library would stop at a GOAWAY of its own."""
        self.collect()
        self._wire.put(goaway(self._conn.highest_inbound_stream_id, code))
        self._wire.flush()

    def forget(self, leg: Http2Leg) -> None:
        """The client has reset this stream."""
        leg.ends = Ends.CUT
        leg.ended = True
        self._drop(leg)

    # -- frames

    def _turn(self, leg: Http2Leg) -> bool:
        """One frame of this stream, unless the client reads nothing at all; whether another could follow."""
        return not self._wire.blocked and self._send_frame(leg)

    def _send_frame(self, leg: Http2Leg) -> bool:
        """One frame of this stream; whether another could follow."""
        conn, stream_id = self._conn, leg.stream_id
        if not leg.waiting:
            if leg.ends is not Ends.NOT_YET and not leg.ended:
                self._send_end(leg)
            return False
        stream = conn.streams.get(stream_id)
        if stream is None:
            return False  # it has been reset: the event is on the way
        room = min(
            conn.outbound_flow_control_window,
            stream.outbound_flow_control_window,
            conn.max_outbound_frame_size,
        )
        if room <= 0:
            return False
        data = leg.take(room)
        if leg.deadline != NEVER:
            leg.deadline = self._context.now() + self._context.limits.silence
        self.frames += 1
        if leg.ends is Ends.WHOLE and not leg.waiting and not leg.trailers:
            self._send_end(leg, data)
            return False
        length = len(data)
        conn.outbound_flow_control_window -= length
        stream.outbound_flow_control_window -= length
        self._wire.put(data_frame(stream_id, data))
        return True

    def _send_end(self, leg: Http2Leg, data: bytes = b"") -> None:
        """The end of the response, behind the last of its bytes."""
        conn, stream_id = self._conn, leg.stream_id
        leg.ended = True
        try:
            if leg.ends is Ends.CUT:
                leg.request_ended = True
                conn.reset_stream(stream_id, ErrorCodes.INTERNAL_ERROR)
            elif leg.trailers:
                conn.send_headers(stream_id, leg.trailers, end_stream=True)
            elif not leg.bodyless:
                conn.send_data(stream_id, data, end_stream=True)
        except H2Error:
            return  # the stream has been reset: its event is on the way
        self.collect()
        if leg.exchange is None:
            self._finished(leg)

    def _finished(self, leg: Http2Leg) -> None:
        """The response has gone out and the exchange is over."""
        if not leg.request_ended:
            self._rst(leg, leg.error_code)  # nobody wants the rest (RFC 9113 8.1)
        elif leg.error_code is not ErrorCodes.NO_ERROR:
            # For the library the stream is closed; the client learns why all the same (8.1.1).
            self._wire.put(rst_stream(leg.stream_id, leg.error_code))
        self._drop(leg)

    def _rst(self, leg: Http2Leg, code: ErrorCodes) -> None:
        try:
            self._conn.reset_stream(leg.stream_id, code)
        except H2Error:
            return  # it is closed
        self.collect()

    def _drop(self, leg: Http2Leg) -> None:
        """This stream is done with."""
        self.legs.pop(leg.stream_id, None)
        self._context.deadlines.discard(leg)
        if not self.legs:
            self._emptied()
