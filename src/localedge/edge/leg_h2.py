"""One HTTP/2 stream's response: the exchange's `ClientLeg` for HTTP/2 (RFC 9113 5, 8.1).

What flow control does not let go yet waits here.  A response that is complete, or cut,
ends when that has gone out: with END_STREAM, or with RST_STREAM (R06).
"""

import enum
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes

from localedge.edge.deadlines import NEVER
from localedge.edge.exchange import Exchange
from localedge.edge.legs import Tunnelling
from localedge.http.answers import error_answer
from localedge.http.framing import Body
from localedge.http.h2_heads import response_section, trailer_section
from localedge.http.head import Fields, RequestHead

if TYPE_CHECKING:
    from localedge.edge.sender_h2 import Sender

PENDING = 64 * 1024
"""Bytes of a body that may wait for the client's window before the gateway is no longer read (R14)."""


class Ends(enum.Enum):
    """How the response ends once everything before it has gone out."""

    NOT_YET = "not yet"
    WHOLE = "whole"
    CUT = "cut"


class Http2Leg:
    """One stream: its response, and the pace of its upload."""

    __slots__ = (
        "_paused",
        "_pending",
        "_sender",
        "_trailers",
        "_unacknowledged",
        "blocked",
        "bodyless",
        "deadline",
        "end",
        "ended",
        "ends",
        "error_code",
        "exchange",
        "got",
        "length",
        "pieces",
        "refused",
        "request",
        "request_ended",
        "started",
        "stream_id",
        "waiting",
    )

    def __init__(self, sender: "Sender", stream_id: int) -> None:
        self._sender = sender
        self.stream_id = stream_id
        self.request: RequestHead | None = None
        self.exchange: Exchange | None = None
        self.pieces: list[bytes] = []
        """What one read brought of the body, before the exchange starts."""
        self.end: Fields | None = None
        """And its end, if it brought that too."""
        self.length: int | None = None
        """Its Content-Length, which goes to the gateway."""
        self.got = 0
        """Bytes of its body so far."""
        self.request_ended = False
        self.refused = False
        """What still comes of the request is thrown away."""
        self.error_code = ErrorCodes.NO_ERROR
        """What a reset behind a complete response says: the request was not wanted, or malformed."""
        self.started = False
        """The exchange has begun: what comes of the body goes there."""
        self.ends = Ends.NOT_YET
        self.ended = False
        """That end has gone out."""
        self.blocked = False
        """More is pending than should be (R14)."""
        self.waiting = 0
        """Bytes pending."""
        self.deadline = NEVER
        self._pending: list[bytes] = []
        self.bodyless = False
        """The response has no body: its head ends the stream."""
        self._trailers: Fields = ()
        self._paused = False
        self._unacknowledged = 0

    def __repr__(self) -> str:
        return f"<stream {self.stream_id}: {self.exchange or self.ends.value}>"

    # -- for the exchange

    def interim(self, status: int, reason: bytes, fields: Fields) -> None:
        """An interim response (R15)."""
        self._sender.send_section(self, response_section(status, fields), end=False)

    def respond(self, status: int, reason: bytes, fields: Fields, body: Body) -> None:
        """The final head.  Without a body it ends the stream."""
        self.bodyless = body is Body.NONE
        self._sender.send_section(self, response_section(status, fields), end=self.bodyless)

    def write_body(self, data: bytes) -> None:
        """Bytes of the body."""
        self._pending.append(data)
        self.waiting += len(data)

    def finish(self, trailers: Fields) -> None:
        """The response is complete."""
        self._trailers = trailers
        self._end(Ends.WHOLE)

    def cut(self) -> None:
        """No END_STREAM, but RST_STREAM (R06)."""
        if self.bodyless:
            self._end(Ends.WHOLE)  # it has been complete with its head
        else:
            self._end(Ends.CUT)

    def error(self, code: str, params: dict[str, object]) -> int:
        """Our own error answer (R40); how many bytes of body it has."""
        head, body = error_answer(code, params, self._sender.lang)
        if self.request is not None and self.request.method == b"HEAD":
            body = b""
        self.respond(head.status, head.reason, head.fields, Body.LENGTH if body else Body.NONE)
        if body:
            self.write_body(body)
        self.finish(())
        return len(body)

    def flush(self) -> None:
        """Write what was collected, as far as the client's window goes."""
        self._sender.send_body(self)
        if not self.blocked and self.waiting > PENDING:
            self.blocked = True
            if self.exchange is not None:
                self.exchange.client_blocked()

    def pause_request(self) -> None:
        """Give the client no more window for the body (R14)."""
        self._paused = True

    def resume_request(self) -> None:
        """Give back what was held."""
        self._paused = False
        held, self._unacknowledged = self._unacknowledged, 0
        self._sender.acknowledge(self.stream_id, held)
        self._sender.flush()

    def request_refused(self) -> None:
        """Nobody wants the rest of the request: it is reset behind the response (RFC 9113 8.1)."""
        self.refused = True

    def switch(self, tunnel: Tunnelling) -> None:
        """HTTP/2 has no upgrade (8.6), so nothing asks for one."""
        raise AssertionError("an h2 request never asks for an upgrade")

    def half_close(self) -> None:
        """As `switch`."""
        raise AssertionError("an h2 stream is never a tunnel")

    def exchange_ended(self) -> None:
        """The exchange is over; what is pending still goes out."""
        self.exchange = None
        self.resume_request()  # what was held of the connection's window
        self._sender.exchange_ended(self)

    # -- for the connection

    @property
    def short(self) -> bool:
        """The body was announced with another length (RFC 9113 8.1.1)."""
        return self.length is not None and self.got != self.length

    def received(self, length: int) -> None:
        """So many bytes of window were used: they are given back unless the gateway is slow."""
        if self._paused and self.exchange is not None:
            self._unacknowledged += length
        else:
            self._sender.acknowledge(self.stream_id, length)

    def take(self, most: int) -> bytes:
        """Up to `most` pending bytes, for one frame."""
        pending = self._pending
        data = pending[0] if len(pending) == 1 else b"".join(pending)
        pending.clear()
        if len(data) > most:
            pending.append(data[most:])
            data = data[:most]
        self.waiting -= len(data)
        return data

    @property
    def trailers(self) -> list[tuple[bytes, bytes]]:
        """The trailer section, empty for none."""
        return trailer_section(self._trailers)

    def drained(self) -> None:
        """The client has caught up."""
        if self.blocked and self.waiting <= PENDING // 4:
            self.blocked = False
            if self.exchange is not None:
                self.exchange.client_drained()

    def deadline_passed(self, now: float) -> None:
        """The client opens no window for the rest of a response."""
        self._sender.reset(self, ErrorCodes.CANCEL)

    def _end(self, ends: Ends) -> None:
        if self.ends is Ends.NOT_YET:
            self.ends = ends
            self._sender.send_body(self)
