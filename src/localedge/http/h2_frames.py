"""HTTP/2 frames, one by one (RFC 9113 4.1).

The h2 library would take all bytes at once.  It gets them frame by frame instead, so that
what one frame does wrong is known to be that frame's, and what came before it counts.  Nor
would it look at a length before it had collected the whole frame, up to 16 MiB of it.
"""

import struct

HEADERS, SETTINGS, WINDOW_UPDATE, CONTINUATION = 0x1, 0x4, 0x8, 0x9
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
HEAD = 9
PREFACE = 24
"""Bytes in front of the first frame (RFC 9113 3.4)."""

_DATA = struct.Struct(">IBI")  # length and type (0), flags, stream
_RST_STREAM = struct.Struct(">IBII")
_GOAWAY = struct.Struct(">IBIII")


class Frames:
    """Cuts a connection's bytes into the preface, in whatever pieces it comes, and whole frames."""

    __slots__ = ("_buffer", "_first", "_most", "_preface", "overlong", "wrong_start")

    def __init__(self, most: int) -> None:
        self._most = most
        self._preface = PREFACE
        self._buffer = b""
        self._first = True
        self.overlong = False
        """A frame announced more bytes than it may have: nothing is cut any more."""
        self.wrong_start = False
        """The first frame is not SETTINGS (3.4): nothing is cut any more."""

    def cut(self, data: bytes) -> list[bytes]:
        """What has become whole."""
        found: list[bytes] = []
        at = 0
        if self._preface:
            at = min(self._preface, len(data))
            self._preface -= at
            found.append(data[:at])
        elif self._buffer:
            data = self._buffer + data
        end = len(data)
        while end - at >= HEAD:
            length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if length > self._most:
                self.overlong = True
                break
            if self._first:
                self._first = False
                if data[at + 3] != SETTINGS or data[at + 4] & ACK:
                    self.wrong_start = True
                    break
            if end - at < HEAD + length:
                break
            found.append(data[at : at + HEAD + length])
            at += HEAD + length
        self._buffer = data[at:]
        return found


def stream_of(frame: bytes) -> int:
    """The stream that a frame belongs to, 0 for the connection."""
    return int.from_bytes(frame[5:HEAD], "big") & 0x7FFFFFFF


def is_window_update(frame: bytes) -> bool:
    """Whether it is one."""
    return len(frame) > HEAD and frame[3] == WINDOW_UPDATE


def opens_nothing(frame: bytes) -> bool:
    """A WINDOW_UPDATE by nothing for one stream: that stream's error, not the connection's (6.9)."""
    return is_window_update(frame) and frame[HEAD:] == b"\0\0\0\0"


def in_section(frame: bytes) -> bool:
    """Whether this frame leaves a field section unfinished (6.10)."""
    return len(frame) >= HEAD and frame[3] in (HEADERS, CONTINUATION) and not frame[4] & END_HEADERS


def data_frame(stream: int, data: bytes) -> bytes:
    """DATA without END_STREAM."""
    return _DATA.pack(len(data) << 8, 0, stream) + data


def rst_stream(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return _RST_STREAM.pack(4 << 8 | 3, 0, stream, code)


def goaway(last: int, code: int) -> bytes:
    """GOAWAY: streams above `last` were not looked at."""
    return _GOAWAY.pack(8 << 8 | 7, 0, 0, last, code)
