"""How the end of a body is told: which framing a head announces, and how one is written.

RFC 9112 6 and 7, with the stricter readings of R01 and R05: whatever two
parsers could understand differently is refused, never repaired.
"""

import enum
from functools import lru_cache

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


@lru_cache(maxsize=512)  # the events of a stream have few sizes
def chunk_line(size: int) -> bytes:
    """The first line of the one chunk that takes `size` bytes, as `chunk` writes it.

    Where there is none: what is longer than that, so that nothing can begin with it.
    """
    for digits in range(1, 17):
        payload = size - digits - 4
        if payload > 0 and len(b"%x" % payload) == digits:
            return b"%x\r\n" % payload
    return bytes(size + 1)


def last_chunk(trailers: Fields) -> bytes:
    """The last chunk and the trailer section (RFC 9112 7.1.2)."""
    lines = b"".join([b"%b: %b\r\n" % field for field in trailers]) if trailers else b""
    return b"0\r\n%b\r\n" % lines
