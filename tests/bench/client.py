"""The client's side of HTTP/1.1 for the bench: ready-made requests, and answers checked to the last byte."""

import json
import socket
import time
from functools import cache
from pathlib import Path
from typing import Protocol, Self

from .secured import Secured

TIMEOUT = 20.0
"""Seconds without a byte after which an exchange counts as failed."""


class Connection(Protocol):
    """What a socket and `Secured` have in common."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def fileno(self) -> int: ...
    def settimeout(self, seconds: float, /) -> None: ...
    def setblocking(self, flag: bool, /) -> None: ...


class Wrong(Exception):
    """An answer that is not what the gateway sent, or none at all: the lane fails, whatever its speed."""


@cache
def _claude_fields() -> list[tuple[str, str]]:
    data = json.loads(Path(__file__).with_name("request.json").read_text())
    return [(name, value) for name, value in data["headers"]]


def claude_fields() -> list[tuple[str, str]]:
    """The fields of Claude Code for HTTP/2: in lower case, without those that belong to one connection."""
    fields = [(name.lower(), value) for name, value in _claude_fields()]
    return [each for each in fields if each[0] not in ("connection", "host", "content-length")]


def request_head(target: str, port: int, length: int) -> bytes:
    """A POST with the fields of Claude Code, in its order."""
    own = {"Host": f"127.0.0.1:{port}", "Content-Length": str(length)}
    lines = [f"{name}: {own.get(name, value)}" for name, value in _claude_fields()]
    return "\r\n".join([f"POST {target} HTTP/1.1", *lines, "", ""]).encode("ascii")


def small_body(size: int = 1024) -> bytes:
    """A Messages request of exactly that many bytes."""
    shape = '{"model":"claude-opus-4-8","max_tokens":64,"messages":[{"role":"user","content":"%s"}]}'
    return (shape % ("x" * (size + 2 - len(shape)))).encode()


def small_request(target: str, port: int) -> bytes:
    """Head and body of a 1 kB POST."""
    body = small_body()
    return request_head(target, port, len(body)) + body


def connect(port: int, trust: Path | None = None) -> Connection:
    """A connection; with TLS if `trust`, the file with the root certificate, is given."""
    sock = plain_connection(port)
    if trust is None:
        return sock
    secured = Secured(sock, trust)
    try:
        secured.shake_all()
    except OSError:
        sock.close()
        raise
    return secured


def plain_connection(port: int, *, receive_buffer: int = 0) -> socket.socket:
    """A connection without Nagle's delay; a receive buffer that is set stays as small as that."""
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(TIMEOUT)
    try:
        sock.connect(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Answer:
    """Follows one response: feed it what arrives, it gives the body back and knows when it has ended."""

    def __init__(self) -> None:
        self.status = 0
        self.head = b""
        self.done = False
        self._rest = b""
        self._left: int | None = None
        """Bytes left of the body or the chunk; None: until the connection ends."""
        self._chunked = False

    def feed(self, data: bytes) -> bytes:
        """Body bytes in `data`; raises `Wrong` on bad framing or bytes after the end."""
        data = self._rest + data
        self._rest = b""
        if not self.head:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._rest = data
                return b""
            self._take_head(data[:end])
            data = data[end + 4 :]
        body = self._take_chunks(data) if self._chunked else self._take_plain(data)
        if self.done and self._rest:
            raise Wrong(f"{len(self._rest)} bytes after the end of the answer")
        return body

    def ended(self) -> None:
        """The connection has ended; raises `Wrong` if the answer had not."""
        if not self.done and (not self.head or self._chunked or self._left is not None):
            raise Wrong("the answer was cut")
        self.done = True

    def _take_head(self, head: bytes) -> None:
        start, *fields = head.split(b"\r\n")
        words = start.split(b" ")
        if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
            raise Wrong(f"not a status line: {start[:80]!r}")
        self.head, self.status = head, int(words[1])
        for field in fields:
            name, _, value = field.partition(b":")
            match name.strip().lower():
                case b"content-length":
                    self._left = int(value)
                case b"transfer-encoding":
                    self._chunked = value.strip().lower() == b"chunked"

    def _take_plain(self, data: bytes) -> bytes:
        if self._left is None:
            return data
        body, self._rest = data[: self._left], data[self._left :]
        self._left -= len(body)
        self.done = self._left == 0
        return body

    def _take_chunks(self, data: bytes) -> bytes:
        bodies, position = [], 0
        while not self.done:
            end = data.find(b"\r\n", position)
            if end < 0:
                break
            try:
                size = int(data[position:end].partition(b";")[0], 16)
            except ValueError:
                raise Wrong(f"not a chunk size: {data[position:end][:40]!r}") from None
            after = end + 2 + size + 2
            if len(data) < after:
                break
            if data[after - 2 : after] != b"\r\n":
                raise Wrong("a chunk does not end where it should")
            bodies.append(data[end + 2 : end + 2 + size])
            position = after
            self.done = size == 0
        self._rest = data[position:]
        return b"".join(bodies)


def read_answer(sock: Connection) -> bytes:
    """The body of the answer that is due; raises `Wrong` unless it is a complete 200."""
    answer, bodies = Answer(), []
    while not answer.done:
        try:
            data = sock.recv(1 << 20)
        except TimeoutError:
            raise Wrong(f"nothing arrived for {TIMEOUT:.0f} s") from None
        if data:
            bodies.append(answer.feed(data))
        else:
            answer.ended()
    if answer.status != 200:
        raise Wrong(f"status {answer.status}: {b''.join(bodies)[:200].decode(errors='replace')}")
    return b"".join(bodies)


def post(sock: Connection, port: int, target: str) -> bytes:
    """One 1 kB POST on a connection; gives the answer's body."""
    sock.sendall(small_request(target, port))
    return read_answer(sock)


def connect_when_ready(port: int, trust: Path | None = None, timeout: float = 15.0) -> Connection:
    """A connection to a proxy that may not listen yet."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return connect(port, trust)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise Wrong("nothing listens") from None
            time.sleep(0.001)
