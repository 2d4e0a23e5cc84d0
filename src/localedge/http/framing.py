"""How the end of a body is told: which framing a head announces, and how one is written.

RFC 9112 6 and 7, with the stricter readings of R01 and R05: whatever two
parsers could understand differently is refused, never repaired.
"""

import enum

from localedge.http.head import Fields, RequestHead, ResponseHead

MAX_LENGTH_DIGITS = 18  # below 2**63, whatever the other side counts with


class Body(enum.Enum):
    """What follows a head."""

    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"
    UNTIL_CLOSE = "until close"


class ProtocolError(Exception):
    """Bytes that break HTTP.  `code` is a stable code of `localedge.messages`, `params` its fields."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


def _length(value: bytes) -> int:
    digits = value.strip(b" \t")
    if not digits.isdigit() or len(digits) > MAX_LENGTH_DIGITS:
        raise ProtocolError("bad-framing", reason="Content-Length is not one decimal number")
    return int(digits)


def _only_chunked(value: bytes, version: bytes) -> None:
    if version != b"1.1":
        raise ProtocolError("bad-framing", reason="Transfer-Encoding on HTTP/1.0")
    if value.strip(b" \t").lower() != b"chunked":
        raise ProtocolError("bad-framing", reason="Transfer-Encoding is not exactly chunked")


def request_body(head: RequestHead) -> tuple[Body, int]:
    """The framing of a request and its length in bytes (0 unless `LENGTH`).

    Raises `ProtocolError` for everything R01 refuses.
    """
    coding = head.combined.get(b"transfer-encoding")
    length = head.combined.get(b"content-length")
    if coding is not None:
        if length is not None:
            raise ProtocolError("bad-framing", reason="both Content-Length and Transfer-Encoding")
        _only_chunked(coding, head.version)
        return Body.CHUNKED, 0
    if length is None:
        return Body.NONE, 0
    count = _length(length)
    return (Body.LENGTH, count) if count else (Body.NONE, 0)


def response_body(head: ResponseHead, method: bytes) -> tuple[Body, int]:
    """The framing of a response to `method` (RFC 9112 6.3).  Raises `ProtocolError` (R05)."""
    coding = head.combined.get(b"transfer-encoding")
    length = head.combined.get(b"content-length")
    if coding is not None and length is not None:
        raise ProtocolError("bad-framing", reason="both Content-Length and Transfer-Encoding")
    if method == b"HEAD" or head.status in (204, 304) or head.status < 200:
        return Body.NONE, 0
    if coding is not None:
        _only_chunked(coding, head.version)
        return Body.CHUNKED, 0
    if length is None:
        return Body.UNTIL_CLOSE, 0
    count = _length(length)
    return (Body.LENGTH, count) if count else (Body.NONE, 0)


def chunk(data: bytes) -> bytes:
    """`data` as one chunk.  `data` is not empty: an empty chunk would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _chunk_lines(sizes: int) -> tuple[bytes, ...]:
    nothing = bytes(sizes)
    lines = [nothing] * sizes
    for payload in range(1, sizes):
        size = len(chunk(bytes(payload)))
        if size < sizes:
            lines[size] = b"%x\r\n" % payload
    return tuple(lines)


CHUNK_LINES = _chunk_lines(1024)
"""By the size of a chunk with all that belongs to it: its first line, as `chunk` writes it.

A few sizes have none: what is there is longer than they are, so nothing of that size begins with it.
The events of a stream are smaller than 1024 bytes.
"""


def last_chunk(trailers: Fields) -> bytes:
    """The last chunk and the trailer section (RFC 9112 7.1.2)."""
    lines = b"".join([b"%b: %b\r\n" % field for field in trailers]) if trailers else b""
    return b"0\r\n%b\r\n" % lines
