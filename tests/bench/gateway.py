"""The fake gateway of the bench: one process, one epoll loop, ready-made bytes.

It must never be what a lane measures, so it knows just enough HTTP/1.1: heads are looked up in a table
after the first sight of them, request bodies need a Content-Length, and answers are slices of bytes that
were built at the start.  It serves whatever method comes:

    /v1/messages                     a small JSON message
    /upload[?digest=1]               counts the body, answers {"received": n, "sha256": hex or ""}
    /sse?count=&every=&start=&phase= events on a timetable, each stamped with the time it was written
    /flood?ms=&burst=                events as fast as they are taken, each its own chunk, `burst` in a write
    /idle                            one event, then silence
    /big?size=                       that many bytes with a Content-Length

Times are nanoseconds of the monotonic clock, which client and gateway share on one machine.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import chain, repeat
from urllib.parse import parse_qsl

MESSAGE = json.dumps(
    {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-4-8",
        "content": [{"type": "text", "text": "All is well. " * 16}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 256, "output_tokens": 64},
    }
).encode()

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    b"Request-Id: req_bench\r\nTransfer-Encoding: chunked\r\n\r\n"
)
LAST_CHUNK = b"0\r\n\r\n"

TIMED_EVENT = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"sent":%020d,"n":%08d,'
    b'"delta":{"type":"text_delta","text":" a few words"}}\n\n'
)
FLOOD_EVENT = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"n":%08d,'
    b'"delta":{"type":"text_delta","text":" a few words"}}\n\n'
)
FIRST_EVENT = b'event: message_start\ndata: {"type":"message_start"}\n\n'
FLOOD_CYCLE = 1024
"""The numbers in a flood's events go round: 0 to 1023, then 0 again."""

BLOCK = bytes(range(256)) * 4096


def response(body: bytes) -> bytes:
    """A complete 200 with a JSON body."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nRequest-Id: req_bench\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def chunked(data: bytes) -> bytes:
    """`data` as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


@cache
def flood_writes(burst: int) -> list[bytes]:
    """One cycle of a flood as the pieces that are written at once; `burst` divides the cycle."""
    chunks = [chunked(FLOOD_EVENT % number) for number in range(FLOOD_CYCLE)]
    return [b"".join(chunks[start : start + burst]) for start in range(0, FLOOD_CYCLE, burst)]


MESSAGE_RESPONSE = response(MESSAGE)

Query = dict[str, int]


class Connection:
    """One connection: where its request body stands, what still has to be written."""

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.loop = loop
        self.sock = sock
        self.received = b""
        self.usual_head = b"\0"
        """Head of the last small request: the next one is most likely the same, and needs no look inside."""
        self.usual_length = 0
        self.body_left = 0
        self.body_length = 0
        self.digest: hashlib._Hash | None = None
        self.unsent: bytes | memoryview = b""
        self.more: Callable[[], bytes] | None = None
        """Gives the next piece of an answer that is written as fast as it is taken; empty: it is over."""
        self.closed = False

    def readable(self) -> None:
        """Take what came and answer every request that is complete."""
        try:
            if self.body_left:
                taken = self.sock.recv_into(self.loop.scratch)
                if taken:
                    self._body(self.loop.scratch[:taken])
                else:
                    self.close()
                return
            data = self.sock.recv(65536)
            if len(data) == self.usual_length and not self.received and data.startswith(self.usual_head):
                if self.sock.send(MESSAGE_RESPONSE) == len(MESSAGE_RESPONSE):
                    return
                raise ConnectionError
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not data:
            self.close()
            return
        self.received = self.received + data if self.received else data
        self._requests()

    def _requests(self) -> None:
        while not self.body_left and not self.closed:
            whole = self.received
            end = whole.find(b"\r\n\r\n")
            if end < 0:
                return
            try:
                path, query, length = self.loop.head(whole[:end])
            except (ValueError, IndexError):
                # Not a request: a proxy sent a body longer than it said, or in chunks.
                self.close()
                return
            rest = whole[end + 4 :]
            if path == "/upload":
                self.received = b""
                self.body_left = self.body_length = length
                self.digest = hashlib.sha256() if query.get("digest") else None
                self._body(memoryview(rest))
                return
            if len(rest) < length:
                return
            self.received = rest[length:]
            if path == "/v1/messages" and not self.received:
                self.usual_head, self.usual_length = whole[: end + 4], len(whole)
            self._answer(path, query)

    def _body(self, piece: memoryview) -> None:
        if self.digest is not None:
            self.digest.update(piece)
        self.body_left -= len(piece)
        if self.body_left < 0:
            self.close()
        elif not self.body_left:
            seen = self.digest.hexdigest() if self.digest is not None else ""
            self.write(response(json.dumps({"received": self.body_length, "sha256": seen}).encode()))

    def _answer(self, path: str, query: Query) -> None:
        match path:
            case "/v1/messages":
                self.write(MESSAGE_RESPONSE)
            case "/sse":
                self.write(STREAM_HEAD)
                self.loop.schedule(self, query)
            case "/flood":
                self.write(STREAM_HEAD)
                self._pour(flood(time.monotonic() + query["ms"] / 1000, query["burst"]))
            case "/idle":
                self.write(STREAM_HEAD + chunked(FIRST_EVENT))
            case "/big":
                self.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % query["size"])
                self._pour(blocks(query["size"]))
            case _:
                self.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def _pour(self, more: Callable[[], bytes]) -> None:
        self.more = more
        self.loop.watch_writable(self, True)

    def write(self, data: bytes) -> None:
        """Write now, keep what does not fit."""
        if self.closed:
            return
        if self.unsent:
            self.unsent = memoryview(bytes(self.unsent) + data)
            return
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        if sent < len(data):
            self.unsent = memoryview(data)[sent:]
            self.loop.watch_writable(self, True)

    def writable(self) -> None:
        """Go on with what is waiting; a bounded turn, so that every stream gets its share."""
        send, more = self.sock.send, self.more or bytes
        for _ in range(64):
            piece = self.unsent or more()
            if not piece:
                self.more = None
                self.loop.watch_writable(self, False)
                return
            try:
                sent = send(piece)
            except BlockingIOError:
                self.unsent = piece
                return
            except OSError:
                self.close()
                return
            self.unsent = b"" if sent == len(piece) else memoryview(piece)[sent:]

    def close(self) -> None:
        """Forget the connection."""
        if not self.closed:
            self.closed = True
            self.loop.forget(self)


def flood(until: float, burst: int) -> Callable[[], bytes]:
    """Pieces of a flood up to a time, then an event with the count, then the end."""

    def pieces() -> Iterator[bytes]:
        count = 0
        writes = flood_writes(burst)
        while not count or time.monotonic() < until:
            yield from writes[:64]
            writes = writes[64:] + writes[:64]
            count += 64 * burst
        yield chunked(b'event: done\ndata: {"count":%d}\n\n' % count) + LAST_CHUNK

    return partial(next, pieces(), b"")


def blocks(size: int) -> Callable[[], bytes]:
    """`size` bytes in pieces of one MiB."""
    whole, rest = divmod(size, len(BLOCK))
    return partial(next, chain(repeat(BLOCK, whole), [BLOCK[:rest]]), b"")


class Loop:
    """The listener, the timetable and the epoll object."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener.fileno(), select.EPOLLIN)
        self.connections: dict[int, Connection] = {}
        self.timetable: list[tuple[int, int, int, int, Connection]] = []
        """(due, file number, event number, every, connection)."""
        self.last: dict[Connection, int] = {}
        """The number of each stream's last event."""
        self.heads: dict[bytes, tuple[str, Query, int]] = {}
        self.scratch = memoryview(bytearray(1 << 20))

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.listener.getsockname()[1]
        return port

    def head(self, head: bytes) -> tuple[str, Query, int]:
        """Path, query and Content-Length of a request head."""
        known = self.heads.get(head)
        if known is None:
            start, *fields = head.decode("latin-1").split("\r\n")
            path, _, query = start.split(" ")[1].partition("?")
            length = 0
            for field in fields:
                name, _, value = field.partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            numbers = {key: int(value) for key, value in parse_qsl(query) if value.isdigit()}
            if len(self.heads) > 4096:
                self.heads.clear()
            known = self.heads[head] = (path, numbers, length)
        return known

    def schedule(self, connection: Connection, query: Query) -> None:
        """Put a stream on the timetable."""
        self.last[connection] = query["count"] - 1
        due = query["start"] + query["phase"]
        heapq.heappush(self.timetable, (due, connection.sock.fileno(), 0, query["every"], connection))

    def watch_writable(self, connection: Connection, wanted: bool) -> None:
        """Ask, or no longer ask, when the connection takes more."""
        if not connection.closed:
            self.epoll.modify(connection.sock.fileno(), select.EPOLLIN | (select.EPOLLOUT if wanted else 0))

    def forget(self, connection: Connection) -> None:
        """Take a connection out of everything."""
        number = connection.sock.fileno()
        self.epoll.unregister(number)
        del self.connections[number]
        self.last.pop(connection, None)
        connection.sock.close()

    def run(self) -> None:
        """Serve until the process is ended."""
        poll, connections, number = self.epoll.poll, self.connections, self.listener.fileno()
        while True:
            timeout = -1.0
            if self.timetable:
                wait = (self.timetable[0][0] - time.monotonic_ns()) / 1e9
                # epoll counts whole milliseconds; select on the epoll object waits as long as it is told.
                if wait > 0:
                    select.select([self.epoll], [], [], wait)
                timeout = 0.0
            for fileno, events in poll(timeout, 256):
                if fileno == number:
                    self._accept()
                    continue
                connection = connections.get(fileno)
                if connection is None:
                    continue
                if events & select.EPOLLOUT:
                    connection.writable()
                if events & ~select.EPOLLOUT and not connection.closed:
                    connection.readable()
            if self.timetable:
                self._tick()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections[sock.fileno()] = Connection(self, sock)
            self.epoll.register(sock.fileno(), select.EPOLLIN)

    def _tick(self) -> None:
        timetable = self.timetable
        while timetable and timetable[0][0] <= time.monotonic_ns():
            due, fileno, number, every, connection = timetable[0]
            last = self.last.get(connection)
            if last is None:
                heapq.heappop(timetable)
                continue
            connection.write(chunked(TIMED_EVENT % (time.monotonic_ns(), number)))
            if number < last:
                heapq.heapreplace(timetable, (due + every, fileno, number + 1, every, connection))
            else:
                heapq.heappop(timetable)
                self.last.pop(connection, None)
                connection.write(LAST_CHUNK)


def main() -> None:
    """Listen, say where, serve."""
    loop = Loop()
    print(loop.port, flush=True)
    loop.run()


if __name__ == "__main__":
    main()
