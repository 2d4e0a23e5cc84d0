"""Many event streams on one HTTP/2 connection: collected with next to no work in the loop.

Just enough of RFC 9113 for answers to requests that are all sent at the start.  The windows are opened as
wide as they go, so that flow control never speaks; heads are decoded when everything has arrived.
"""

import gc
import select
import struct
import time
from contextlib import ExitStack
from pathlib import Path

from hpack import Decoder, Encoder, HPACKError

from .client import Wrong, claude_fields, plain_connection
from .secured import NAME, Secured
from .streams import Pieces, delays, timetable

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITY = 0x4, 0x8, 0x20

BODY = b"{}" + b" " * 998
"""64 of these fit into a connection's first window (65,535 bytes)."""

_WIDEST = (1 << 31) - 1
_FIRST_WINDOW = 65535
_INITIAL_WINDOW_SIZE, _MAX_FRAME_SIZE = 4, 16384


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame (RFC 9113 4.1)."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


class Session:
    """The client's side of one connection, without a socket."""

    def __init__(self) -> None:
        self.pieces: dict[int, Pieces] = {}
        """What arrived of each stream's body, with the time."""
        self.open: set[int] = set()
        self._encoder = Encoder()
        self._waiting = b""
        self._blocks: list[tuple[int, bytes]] = []
        """Field blocks in their order of arrival: what decodes one depends on those before."""
        self._unfinished: tuple[int, bytes] | None = None

    def opening(self) -> bytes:
        """What a connection begins with: both windows as wide as they go."""
        settings = struct.pack(">HI", _INITIAL_WINDOW_SIZE, _WIDEST)
        wider = struct.pack(">I", _WIDEST - _FIRST_WINDOW)
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        return preface + frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, wider)

    def request(self, target: str, authority: str) -> bytes:
        """A POST of 1,000 bytes on the next stream."""
        stream = 2 * len(self.pieces) + 1
        self.pieces[stream] = []
        self.open.add(stream)
        pseudo = [(":method", "POST"), (":scheme", "https"), (":authority", authority), (":path", target)]
        fields = [*pseudo, *claude_fields(), ("content-length", str(len(BODY)))]
        block = self._encoder.encode(fields)
        return frame(HEADERS, END_HEADERS, stream, block) + frame(DATA, END_STREAM, stream, BODY)

    def take(self, moment: int, data: bytes) -> bytes:
        """Take in what came, give what is to be sent; raises `Wrong` where the peer gives up."""
        if self._waiting:
            data = self._waiting + data
        position, size, reply = 0, len(data), b""
        while size - position >= 9:
            end = position + 9 + int.from_bytes(data[position : position + 3], "big")
            if end > size:
                break
            kind, flags = data[position + 3], data[position + 4]
            stream = int.from_bytes(data[position + 5 : position + 9], "big")
            payload = data[position + 9 : end]
            position = end
            if kind == DATA and not flags & PADDED:
                if stream not in self.open:
                    raise Wrong(f"DATA on stream {stream}, which is not open")
                self.pieces[stream].append((moment, payload))
                if flags & END_STREAM:
                    self.open.discard(stream)
            else:
                reply += self._take_other(moment, kind, flags, stream, payload)
        self._waiting = data[position:]
        return reply

    def _take_other(self, moment: int, kind: int, flags: int, stream: int, payload: bytes) -> bytes:
        match kind:
            case 0 | 1:
                if flags & PADDED:
                    payload = payload[1 : len(payload) - payload[0]]
                if kind == DATA:
                    self.pieces[stream].append((moment, payload))
                else:
                    self._begin_block(stream, payload[5:] if flags & PRIORITY else payload, flags)
                if flags & END_STREAM:
                    self.open.discard(stream)
            case 9:
                self._go_on_with_block(stream, payload, flags)
            case 4 if not flags & ACK:
                return frame(SETTINGS, ACK, 0)
            case 6 if not flags & ACK:
                return frame(PING, ACK, 0, payload)
            case 3:
                raise Wrong(f"stream {stream} was reset: error {int.from_bytes(payload, 'big')}")
            case 7:
                raise Wrong(f"the connection was given up: error {int.from_bytes(payload[4:8], 'big')}")
        return b""

    def _begin_block(self, stream: int, payload: bytes, flags: int) -> None:
        self._unfinished = (stream, b"")
        self._go_on_with_block(stream, payload, flags)

    def _go_on_with_block(self, stream: int, payload: bytes, flags: int) -> None:
        if self._unfinished is None or self._unfinished[0] != stream:
            raise Wrong("CONTINUATION of nothing")
        self._unfinished = (stream, self._unfinished[1] + payload)
        if flags & END_HEADERS:
            self._blocks.append(self._unfinished)
            self._unfinished = None

    def check_heads(self) -> None:
        """Raise `Wrong` unless every stream was answered with 200."""
        decoder, answered = Decoder(), set()
        for stream, block in self._blocks:
            try:
                fields = decoder.decode(block)
            except HPACKError as error:
                raise Wrong(f"a head of stream {stream} cannot be decoded: {error}") from None
            status = next((str(value) for name, value in fields if str(name) == ":status"), None)
            if status is not None and not status.startswith("1"):
                if status != "200":
                    said = b"".join(piece for _, piece in self.pieces[stream])[:200]
                    raise Wrong(f"status {status}: {said.decode(errors='replace')}")
                answered.add(stream)
        if len(answered) < len(self.pieces):
            raise Wrong(f"{len(self.pieces) - len(answered)} streams had no answer")


def collect(port: int, targets: list[str], seconds: float, trust: Path | None) -> list[Pieces]:
    """Open a connection and a stream per target, take everything up to the end of all.

    `seconds` is how long they should take; ten more are granted before `Wrong` is raised.
    A piece has arrived when its ciphertext has, as in `streams.collect`.
    """
    with ExitStack() as stack:
        sock = stack.enter_context(plain_connection(port))
        secured = Secured(sock, trust, "h2")
        secured.shake_all()
        if secured.protocol != "h2":
            raise Wrong(f"ALPN chose {secured.protocol}")
        session = Session()
        requests = [session.request(target, f"{NAME}:{port}") for target in targets]
        secured.sendall(session.opening() + b"".join(requests))
        poller = stack.enter_context(select.epoll())
        poller.register(sock.fileno(), select.EPOLLIN)
        deadline = time.monotonic() + seconds + 10
        gc.collect()
        gc.disable()
        stack.callback(gc.enable)
        clock, receive, decrypt, take = time.monotonic_ns, sock.recv, secured.decrypt, session.take
        while session.open:
            ready = poller.poll(1.0)
            if time.monotonic() > deadline:
                raise Wrong(f"{len(session.open)} of {len(targets)} streams did not end in time")
            if not ready:
                continue
            data = receive(262144)
            moment = clock()
            text = decrypt(data) if data else b""
            if text is None:
                continue
            if not text:
                raise Wrong(f"the connection ended with {len(session.open)} streams open")
            if reply := take(moment, text):
                secured.sendall(reply)
        session.check_heads()
        return list(session.pieces.values())


def timed(port: int, streams: int, every: float, seconds: float, trust: Path | None) -> list[float]:
    """Delays in microseconds over all streams of one connection, as `streams.timed` has them."""
    count = round(seconds / every)
    collected = collect(port, timetable(streams, count, every), seconds + 0.5, trust)
    return [delay for pieces in collected for delay in delays(pieces, count)]
