"""One HTTP/1.x connection's responses: heads, framing, and how they end (R06-R08).

The exchange's `ClientLeg` for HTTP/1.x.  It writes; reading, and what becomes of the
connection, are the frontend's, which looks at `close`, `refused` and `reset` when an
exchange has ended.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from localedge.edge.legs import Tunnelling
from localedge.edge.wire import Wire
from localedge.http.answers import error_answer
from localedge.http.forwarding import persistent
from localedge.http.framing import Body, chunk, last_chunk
from localedge.http.head import Fields, RequestHead

if TYPE_CHECKING:
    from localedge.edge.frontend import Frontend

NOBODY = RequestHead(b"-", b"-", b"1.1", ())
"""Stands for the request that could not be read."""


class Http1Leg:
    """The responses of one connection, one after the other; `begin` with each request."""

    __slots__ = ("_chunked", "_frontend", "_until_close", "_wire", "close", "refused", "request", "reset")

    def __init__(self, frontend: "Frontend", wire: Wire) -> None:
        self._frontend = frontend
        self._wire = wire
        self._chunked = False
        self._until_close = False
        self.request = NOBODY
        self.close = False
        """The connection ends behind this response."""
        self.refused = False
        """What still comes of the request is thrown away."""
        self.reset = False
        """Only a reset tells that the response is not complete."""

    def begin(self, request: RequestHead) -> None:
        """The next response answers this request."""
        self.request = request
        self.close = not persistent(request.version, request.combined.get(b"connection"))
        self._chunked = self._until_close = False

    @property
    def blocked(self) -> bool:
        """The client does not read as fast as we write."""
        return self._wire.blocked

    @property
    def ends_by_close(self) -> bool:
        """The end of the connection would be the end of the body."""
        return self._until_close

    def interim(self, status: int, reason: bytes, fields: Fields) -> None:
        """An interim response; HTTP/1.0 has none (R15)."""
        if self.request.version == b"1.1":
            self._put_head(status, reason, fields, b"")

    def respond(
        self, status: int, reason: bytes, fields: Fields, body: Body
    ) -> Callable[[bytes], None] | None:
        """The final head with our framing: chunked, or the end of the connection for HTTP/1.0 (R07, R08)."""
        frame = b""
        modern = self.request.version == b"1.1"
        if body is Body.CHUNKED or body is Body.UNTIL_CLOSE:
            if modern:
                self._chunked = True
                frame = b"Transfer-Encoding: chunked\r\n"
            else:
                self._until_close = self.close = True
        if status != 101:
            if self.close or self.refused or self._frontend.draining:
                self.close = True
                frame += b"Connection: close\r\n"
            elif not modern:
                frame += b"Connection: keep-alive\r\n"
        self._put_head(status, reason, fields, frame)
        return self._wire.write if self._chunked else None

    def _put_head(self, status: int, reason: bytes, fields: Fields, frame: bytes) -> None:
        lines = [b": ".join(field) for field in fields]
        lines.append(frame)
        self._wire.put(b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, reason, b"\r\n".join(lines)))

    def write_body(self, data: bytes) -> None:
        """Bytes of the body."""
        self._wire.put(chunk(data) if self._chunked else data)

    def finish(self, trailers: Fields) -> None:
        """The response is complete."""
        if self._chunked:
            self._wire.put(last_chunk(trailers))
        self._until_close = False  # whatever comes now, the response is whole
        self._wire.flush()

    def cut(self) -> None:
        """No last chunk, and FIN; or a reset where FIN would complete the response (R06)."""
        self.close = True
        self.reset = self._until_close
        self._wire.flush()

    def error(self, code: str, params: dict[str, object]) -> int:
        """Our own error answer (R40); how many bytes of body it has."""
        head, body = error_answer(code, params, self._frontend.lang)
        self.respond(head.status, head.reason, head.fields, Body.LENGTH)
        sent = b"" if self.request.method == b"HEAD" else body
        self._wire.put(sent)
        self._wire.flush()
        return len(sent)

    def flush(self) -> None:
        """Write what was collected."""
        self._wire.flush()

    def pause_request(self) -> None:
        """Read no more of the body for now (R14)."""
        self._frontend.reading.pause()

    def resume_request(self) -> None:
        """Read on."""
        self._frontend.reading.resume()

    def request_refused(self) -> None:
        """Nobody wants the rest of the request."""
        self.refused = True

    def switch(self, tunnel: Tunnelling) -> None:
        """From here on bytes, not HTTP (R18)."""
        self._frontend.switch(tunnel)

    def half_close(self) -> None:
        """The gateway sends no more into the tunnel."""
        if not self._frontend.gone:
            self._wire.half_close()

    def exchange_ended(self) -> None:
        """The exchange is over."""
        self._frontend.exchange_ended()
