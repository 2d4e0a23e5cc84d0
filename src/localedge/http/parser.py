"""Bytes to events, for both directions: the only module that names httptools.

Theory of operation.  A reader is fed bytes and asked for events, one at a time,
in the manner of h11.  It holds one message: behind `End` the next call starts
the next one, so pipelined bytes simply wait in the buffer until somebody asks.

A head is handed to llhttp whole, for its strictness and speed; its start line
is judged here, since llhttp lets doubled spaces and `RTSP/1.0` through.  Bodies
with a length are counted, not parsed; chunks are `localedge.http.chunked`.

The outcome is a function of the bytes, never of how they were cut: an
unfinished head is searched for what llhttp would refuse (bare LF and CR,
control bytes), and limits count bytes from the head's first.
"""

import re
from typing import Generic

import httptools

from localedge.config import Limits
from localedge.http.chunked import ChunkedDecoder
from localedge.http.framing import Body, ProtocolError, request_body, response_body
from localedge.http.head import Fields, RequestHead, ResponseHead, combine
from localedge.http.heads import H, Heads, Known

__all__ = ["End", "ProtocolError", "RequestReader", "ResponseReader"]

_REQUEST_LINE = re.compile(
    rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21\x22\x24-\x7e]+) HTTP/1\.([01])"  # no fragment, no 8-bit
)
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_STRAY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n|\Z)")
_STRAY_REASON = "a control character, or a line that does not end with CRLF"
_BLANK_LINES = re.compile(rb"(?:\r\n)+")
_TLS_HANDSHAKE = 0x16  # content type of a record that carries a ClientHello (RFC 8446 5.1)
_TLS_ALERT = 0x15
_ENDLESS = 1 << 62

_FRAMES = frozenset({b"content-length", b"transfer-encoding"})
_START_LINE = {
    # llhttp knows fewer methods than there are, and ends some statuses early
    httptools.HttpRequestParser: b"GET / HTTP/1.1\r\n",
    httptools.HttpResponseParser: b"HTTP/1.1 200 OK\r\n",
}


class End:
    """The message is complete.  `trailers` are the fields behind the last chunk."""

    __slots__ = ("trailers",)

    def __init__(self, trailers: Fields = ()) -> None:
        self.trailers = trailers


_END = End()


class _Collector:
    """What llhttp calls back."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        # llhttp leaves the white space behind a value (RFC 9112 5: it is no part of it)
        self.fields.append((name, value.rstrip(b" \t")))


def _parse_fields(
    kind: type[httptools.HttpRequestParser | httptools.HttpResponseParser], rest: bytes
) -> Fields:
    """The field lines of `rest`, which ends with its empty line.  Raises `HttpParserError`."""
    collector = _Collector()
    parser = kind(collector)
    try:
        parser.feed_data(_START_LINE[kind])
        parser.feed_data(rest)
    except httptools.HttpParserUpgrade:
        pass  # llhttp's notion of where the message ends: ours is in `framing`
    return tuple(collector.fields)


class _Reader(Generic[H]):
    """What both directions share: the buffer, finding a head, and the three kinds of body."""

    __slots__ = (
        "_buffer",
        "_chunks",
        "_heads",
        "_in_body",
        "_last",
        "_left",
        "_limits",
        "_searched",
        "at_chunk",
        "body",
        "length",
    )

    _code_line = "bad-request-line"
    _code_long_line = "target-too-long"
    _lenient = False

    def __init__(self, limits: Limits, heads: Heads[H] | None = None) -> None:
        self._limits = limits
        self._heads: Heads[H] = heads or Heads()
        self._last: Known[H] | None = None  # the head that most likely comes next
        self._buffer = b""
        self._searched = 0
        self._in_body = False
        self._left = 0
        self._chunks: ChunkedDecoder | None = None
        self.body = Body.NONE
        self.at_chunk = False
        """All is read that was fed, and the next byte begins a chunk."""
        self.length = 0
        """Content-Length of the current message, 0 unless `body` is `LENGTH`."""

    @property
    def buffered(self) -> int:
        """Bytes fed and not yet asked for."""
        return len(self._buffer)

    @property
    def mid_message(self) -> bool:
        """Whether a message has begun and not ended: a partial head or an unfinished body."""
        return self._in_body or self._buffer not in (b"", b"\r")

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrived."""
        self._buffer = self._buffer + data if self._buffer else data
        self.at_chunk = False

    def raw(self) -> bytes:
        """Whatever is buffered, once the connection has become a tunnel."""
        data, self._buffer = self._buffer, b""
        return data

    def next_event(self) -> H | bytes | End | None:
        """The next event, or None when more bytes are needed."""
        if self._in_body:
            return self._next_of_body()
        buffer = self._buffer
        if not buffer:
            return None
        known = self._last
        if known is None or not buffer.startswith(known.raw):
            known = self._next_head(buffer)
            if known is None:
                return None
        self._buffer = self._buffer[len(known.raw) :]
        self._searched = 0
        self._start(known)
        return known.head

    # -- heads

    def _next_head(self, buffer: bytes) -> Known[H] | None:
        """The head in front of the buffer, which is not empty; None while it is unfinished."""
        raw = self._find_head()
        if not raw:
            return None
        known = self._last = self._heads.get(raw)
        if known is None:
            known = self._read_head(raw)
            self._heads.keep(known)
        return known

    def _find_head(self) -> bytes:
        """The whole head with its empty line, or nothing."""
        buffer = self._buffer
        limit = self._limits.head_bytes
        end = buffer.find(b"\r\n\r\n", self._searched)
        if end < 0 or end + 4 > limit:
            self._check_unfinished(buffer[:limit])
            if end >= 0 or len(buffer) > limit:
                line_ends = 0 <= buffer.find(b"\r\n", 0, limit)
                raise ProtocolError("head-too-large" if line_ends else self._code_long_line, limit=limit)
            self._searched = max(0, len(buffer) - 3)
            return b""
        return buffer[: end + 4]

    def _check_unfinished(self, buffer: bytes) -> None:
        """Refuse now what llhttp would refuse when the head is complete, so that nobody waits for it."""
        line_end = buffer.find(b"\r\n")
        if line_end >= 0:
            self._check_line(buffer[:line_end])
        stray = _STRAY.search(buffer, max(0, self._searched - 1))
        if stray is not None:
            in_line = line_end < 0 or stray.start() < line_end
            raise ProtocolError(self._code_line if in_line else "bad-header", reason=_STRAY_REASON)

    def _check_line(self, line: bytes) -> object:
        raise AssertionError("each direction has its own start line")

    def _read_head(self, raw: bytes) -> Known[H]:
        raise AssertionError("each direction has its own head")

    def _fields(
        self, kind: type[httptools.HttpRequestParser | httptools.HttpResponseParser], rest: bytes
    ) -> Fields:
        """The header section through llhttp, behind a start line of its own: ours has been judged."""
        try:
            fields = _parse_fields(kind, rest)
        except httptools.HttpParserError as error:
            if _STRAY.search(rest):
                raise ProtocolError("bad-header", reason=_STRAY_REASON) from None
            reason = str(error)
            framing = "Content-Length" in reason or "Transfer-Encoding" in reason
            raise ProtocolError("bad-framing" if framing else "bad-header", reason=reason) from None
        if len(fields) > self._limits.head_fields:
            raise ProtocolError("head-too-large", limit=self._limits.head_bytes)
        return fields

    # -- bodies

    def _start(self, known: Known[H]) -> None:
        self.body = known.body
        self.length = self._left = known.length
        self._in_body = True
        self._chunks = None
        if not known.length:
            if known.body is Body.CHUNKED:
                self._chunks = ChunkedDecoder(lenient=self._lenient)
            elif known.body is Body.UNTIL_CLOSE:
                self._left = _ENDLESS

    def rest(self) -> tuple[list[bytes], End | None]:
        """What has arrived of the body behind a head, and its end if that has come too."""
        pieces: list[bytes] = []
        while (event := self._next_of_body()) is not None:
            if type(event) is End:
                return pieces, event
            pieces.append(event)  # type: ignore[arg-type]
        return pieces, None

    def _next_of_body(self) -> bytes | End | None:
        buffer, left = self._buffer, self._left
        if left:
            if not buffer:
                return None
            self._left = left - len(buffer) if len(buffer) < left else 0
            self._buffer = buffer[left:]
            return buffer[:left]
        if self._chunks is not None:
            return self._next_of_chunks(self._chunks, buffer)
        return self._end()

    def _next_of_chunks(self, chunks: ChunkedDecoder, buffer: bytes) -> bytes | End | None:
        if not chunks.done:
            if not buffer:
                self.at_chunk = chunks.between
                return None
            payload, self._buffer = chunks.decode(buffer)
            if payload:
                return payload
            buffer = self._buffer
        if not chunks.done:
            return None
        if buffer.startswith(b"\r\n"):
            self._buffer = buffer[2:]
            return self._end()
        if buffer in (b"", b"\r"):
            return None
        return self._trailers(buffer)

    def _trailers(self, buffer: bytes) -> End | None:
        limit = self._limits.head_bytes
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or end + 4 > limit:
            if _STRAY.search(buffer[:limit]) or end >= 0 or len(buffer) > limit:
                raise ProtocolError("bad-chunk", reason="trailer section")
            return None
        try:
            fields = self._fields(httptools.HttpRequestParser, buffer[: end + 4])
        except ProtocolError:
            raise ProtocolError("bad-chunk", reason="trailer section") from None
        if not _FRAMES.isdisjoint([name.lower() for name, _ in fields]):
            raise ProtocolError("bad-chunk", reason="framing fields in the trailer section")
        self._buffer = buffer[end + 4 :]
        return self._end(fields)

    def _end(self, trailers: Fields = ()) -> End:
        self._in_body = False
        self._chunks = None
        return End(trailers) if trailers else _END


class RequestReader(_Reader[RequestHead]):
    """The client's side of a connection: requests, one after the other.

    `next_event` gives a `RequestHead`, then body `bytes`, then `End`; None when more
    bytes are needed.  It raises `ProtocolError` (R01, R03); the reader is useless after that.
    """

    __slots__ = ()

    def _next_head(self, buffer: bytes) -> Known[RequestHead] | None:
        if buffer[0] < 0x20:
            blank = _BLANK_LINES.match(buffer)
            if blank is not None:
                # RFC 9112 2.2: empty lines in front of a request line are ignored
                buffer = self._buffer = buffer[blank.end() :]
            if buffer in (b"", b"\r"):
                return None
            if buffer[0] == _TLS_HANDSHAKE:
                raise ProtocolError("tls-on-plain-port")
        return super()._next_head(buffer)

    def _read_head(self, raw: bytes) -> Known[RequestHead]:
        line, _, rest = raw.partition(b"\r\n")
        match = self._check_line(line)
        version = b"1.1" if match[3] == b"1" else b"1.0"
        fields = self._fields(httptools.HttpRequestParser, rest)
        head = RequestHead(match[1], match[2], version, fields, combine(fields))
        return Known(raw, head, *request_body(head))

    def _check_line(self, line: bytes) -> re.Match[bytes]:
        match = _REQUEST_LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("bad-request-line")
        if len(match[2]) > self._limits.target_bytes:
            raise ProtocolError("target-too-long", limit=self._limits.target_bytes)
        return match


class ResponseReader(_Reader[ResponseHead]):
    """The gateway's side of a connection: the responses to one request, interim ones first.

    Tell it the method with `expect` before each response.  Events as `RequestReader`;
    every code is refined by the caller: to the user it is a gateway that speaks garbage (R05).
    """

    __slots__ = ("_method", "_switched")

    _code_line = "bad-status-line"
    _code_long_line = "head-too-large"
    _lenient = True

    def __init__(self, limits: Limits, heads: Heads[ResponseHead] | None = None) -> None:
        super().__init__(limits, heads)
        self._method = b""
        self._switched = False

    def expect(self, method: bytes) -> None:
        """The next response answers a request with this method (R07)."""
        self._method = method
        if method == b"HEAD":
            self._last = None

    def _start(self, known: Known[ResponseHead]) -> None:
        if known.head.status >= 200:
            super()._start(known)
        elif known.head.status == 101:
            self._switched, self._last = True, None

    def _next_head(self, buffer: bytes) -> Known[ResponseHead] | None:
        if self._switched:
            return None
        if buffer[0] == _TLS_ALERT:
            raise ProtocolError("gateway-speaks-tls")
        if not b"HTTP/1."[: len(buffer)] == buffer[:7]:
            raise ProtocolError("bad-status-line")
        if self._method != b"HEAD":
            return super()._next_head(buffer)
        raw = self._find_head()  # no body, whatever it says: a head that is not to be remembered
        return self._read_head(raw) if raw else None

    def _read_head(self, raw: bytes) -> Known[ResponseHead]:
        line, _, rest = raw.partition(b"\r\n")
        match = self._check_line(line)
        fields = self._fields(httptools.HttpResponseParser, rest)
        version = b"1.1" if match[1] == b"1" else b"1.0"
        head = ResponseHead(int(match[2]), match[3] or b"", fields, version, combine(fields))
        return Known(raw, head, *response_body(head, self._method))

    def eof(self) -> End | None:
        """The connection has ended: `End` where that ends the body, None between messages.

        Raises `ProtocolError` when a message was cut short (R06).
        """
        if self._in_body:
            if self.body is Body.UNTIL_CLOSE:
                return self._end()
            raise ProtocolError("gateway-cut")
        if self._buffer:
            raise ProtocolError("gateway-cut")
        return None

    def _check_line(self, line: bytes) -> re.Match[bytes]:
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise ProtocolError("bad-status-line")
        return match
