"""Takes chunked bodies apart (RFC 9112 7.1).

llhttp does not tell where a message ended, and the bytes behind a chunked body
are the next request, which must be judged from its first byte.  So chunk
framing is read here; a test holds it against llhttp over arbitrary bytes.

Stricter than the RFC towards clients, where parsers are known to disagree: no white
space in a chunk line, no bare LF, sizes of at most 16 hex digits.  A gateway's line may
have white space ("bad", but to be parsed: RFC 9110 5.6.3) and any extension; both are
dropped, and what the client gets is framed anew.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from localedge.http.framing import ProtocolError

MAX_LINE = 4096
"""Bytes of a chunk-size line with its extensions."""

MANY = 512
"""Bytes in which there may be enough chunks to look for all of them at once."""

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"'
_ANY = rb";[\t\x20-\x7e\x80-\xff]*"


def _size_of(line: bytes) -> Callable[[bytes], int]:
    """What reads a chunk line (a pattern) without its CRLF: the size, or -1 if it is none."""
    whole = re.compile(line)

    @lru_cache(maxsize=256)  # the events of a stream have few sizes
    def size_of(line: bytes) -> int:
        match = whole.fullmatch(line) if len(line) <= MAX_LINE - 2 else None
        return -1 if match is None else int(match[1], 16)

    return size_of


_STRICT = (
    _size_of(rb"([0-9A-Fa-f]{1,16})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*"),
    re.compile(rb"(?:[0-9A-Fa-f]{1,16}(?:" + _ANY + rb")?\r?)?"),
)
_LENIENT = (
    _size_of(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:" + _ANY + rb")?"),
    re.compile(rb"(?:[0-9A-Fa-f]{1,16}[\t ]*(?:" + _ANY + rb")?\r?)?"),
)
"""A whole chunk line, and the beginning of one."""


def _bad(reason: str) -> ProtocolError:
    return ProtocolError("bad-chunk", reason=reason)


def _even_chunks(data: bytes, size_of: Callable[[bytes], int]) -> tuple[list[bytes], bytes] | None:
    """The payloads of the whole chunks in `data`, and the rest, which is no whole chunk.

    None unless it is as simple as with most streams: no CRLF inside a payload, and no last chunk yet.
    """
    pieces = data.split(b"\r\n")
    whole = (len(pieces) - 1) // 2 * 2
    payloads = pieces[1:whole:2]
    if list(map(size_of, pieces[:whole:2])) != list(map(len, payloads)) or not all(payloads):
        return None
    return payloads, b"\r\n".join(pieces[whole:])


class ChunkedDecoder:
    """Bytes in, payload out; one instance per body."""

    __slots__ = ("_after_data", "_begun", "_even", "_remaining", "_size_of", "done")

    def __init__(self, *, lenient: bool = False) -> None:
        self._size_of, self._begun = _LENIENT if lenient else _STRICT
        self._remaining = 0
        self._even = True  # many chunks at once: as long as that works
        self._after_data = False  # the CRLF behind a chunk's data is due
        self.done = False
        """The last chunk has been read; what follows is the trailer section."""

    @property
    def between(self) -> bool:
        """Nothing, or a whole chunk, has been read: the next byte begins one, maybe the last."""
        return not (self._remaining or self._after_data or self.done)

    def decode(self, data: bytes) -> tuple[bytes, bytes]:
        """The payload in `data`, and what is left: an unfinished line, or the trailer section once `done`.

        The rest is to be given again in front of the next bytes.  Raises `ProtocolError`
        at a bad chunk, but only when no payload stands before it: that comes out first,
        so that the outcome does not hang on how the bytes were cut.
        """
        parts: list[bytes] = []
        pos, size = 0, len(data)
        even = self._even and size >= MANY
        while pos < size:
            if self._remaining:
                part = data[pos : pos + self._remaining]
                parts.append(part)
                pos += len(part)
                self._remaining -= len(part)
                self._after_data = not self._remaining
                continue
            if self._after_data:
                if data.startswith(b"\r\n", pos):
                    self._after_data = False
                    pos += 2
                    continue
                if not parts and data[pos:] != b"\r":
                    raise _bad("no CRLF behind a chunk")
                break
            if even:
                even = False
                found = _even_chunks(data[pos:], self._size_of)
                self._even = found is not None
                if found is not None:
                    parts += found[0]
                    pos = size - len(found[1])
                    continue
            end = data.find(b"\r\n", pos)
            length = self._size_of(data[pos:end]) if end >= 0 else -1
            if length < 0:
                if not parts:
                    self._check_unfinished(data[pos : pos + MAX_LINE + 1])
                break
            start = end + 2
            pos = start + length
            if not length:
                self.done = True
                break
            if data.startswith(b"\r\n", pos):
                parts.append(data[start:pos])  # all of it is here, as it mostly is
                pos += 2
            else:
                self._remaining = length
                pos = start
        return (parts[0] if len(parts) == 1 else b"".join(parts)), data[pos:]

    def _check_unfinished(self, line: bytes) -> None:
        """A line that cannot become a chunk size is refused now, not when its end comes."""
        if len(line) > MAX_LINE or self._begun.fullmatch(line) is None:
            raise _bad("not a chunk size")
