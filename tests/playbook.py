"""Conversations on the wire, in memory: a real edge between clients and a gateway that the test plays.

    edge = Playbook()
    c = edge.client()                               # somebody connects
    c >> b"GET /v1/models HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"
    g = edge.gateway()                              # the edge tries to reach the gateway, and is accepted
    g << b"GET /v1/models HTTP/1.1\\r\\nHost: gateway.test\\r\\n" + VIA + b"\\r\\n"
    g >> b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi"
    c << b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi"
    assert edge.record["ending"] == "ok"

`peer >> data`: the peer sends these bytes, as one packet.  `peer << data`: the peer has received exactly
these bytes since the last time it was asked; a pattern (`re.compile(...)`) may stand for them.  Both return
the peer.  `peer.take()` gives what has come and forgets it, `peer.received` does not forget it,
`peer.reply()` takes one whole response off it and raises ValueError when it is cut short.  `peer.end` is what
the edge did to the connection: None, "fin" or "reset".  `peer.fin()`, `peer.reset()`: the peer does it.
`peer.stall(room)`: the peer reads `room` more bytes and then none until `peer.read()`.

`edge.gateway()` accepts the oldest attempt to connect, `edge.attempts` are those that wait, `edge.refuse()`
fails the oldest.  `edge.wait(seconds)` lets time pass: every timer fires when it is due.  `edge.log` holds
the lines written, `edge.records` the access records (JSON), `edge.record` the only one.  Every `>>` is
followed through until nothing moves any more; `with edge.quietly():` is a block in which nothing moves.
`Playbook(limits=Limits(...), half_close=...)`: keywords are those of `Config`.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from twisted.internet import error
from twisted.internet.address import IPv4Address

from localedge.config import Config, Gateway, LogFormat
from localedge.edge.agent import Agent
from localedge.edge.context import Context
from localedge.edge.frontend import Frontend
from localedge.edge.frontend_h2 import FrontendH2
from localedge.edge.observe import Observer
from localedge.edge.service import make_route
from tests.memory import Connecting, Hangups, MemoryReactor, MemoryTransport

TURNS = 100_000
"""More turns than any conversation needs: beyond, something goes in circles."""

VIA = b"Via: 1.1 localedge-playbook\r\n"
"""What the edge adds to the request of an HTTP/1.1 client (R19)."""

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Reply:
    """A response as the peer reads it, by RFC 9112 and not by our own parser."""

    status: int
    reason: bytes
    fields: Fields
    body: bytes
    trailers: Fields = ()

    def field(self, name: bytes) -> bytes | None:
        """The value of the only field of this name; None where there is none."""
        found = [value for key, value in self.fields if key.lower() == name.lower()]
        assert len(found) < 2, f"{name!r} more than once"
        return found[0] if found else None

    @property
    def code(self) -> str | None:
        """The stable code, where this is the edge's own error."""
        value = self.field(b"x-localedge-error")
        return None if value is None else value.decode()

    @property
    def message(self) -> str:
        """The sentence of an error of the edge's own, once its shape was found right (R40)."""
        assert self.field(b"content-type") == b"application/json"
        said = json.loads(self.body)
        assert said.keys() == {"type", "error"} and said["type"] == "error"
        assert said["error"].keys() == {"type", "message"}
        message: str = said["error"]["message"]
        return message

    @property
    def kind(self) -> str:
        """`error.type` of an error of the edge's own."""
        kind: str = json.loads(self.body)["error"]["type"]
        return kind


def _fields(lines: list[bytes]) -> Fields:
    pairs = []
    for line in lines:
        name, colon, value = line.partition(b":")
        assert colon and re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name), f"not a field: {line!r}"
        pairs.append((name, value.strip(b" \t")))
    return tuple(pairs)


def _unchunk(data: bytes) -> tuple[bytes, Fields, bytes]:
    """Payload, trailers, and what stands behind a chunked body; ValueError where it is not complete."""
    parts = []
    while True:
        line, end, data = data.partition(b"\r\n")
        if not end:
            raise ValueError("cut in a chunk size")
        size = int(line, 16)
        if not size:
            break
        if len(data) < size + 2:
            raise ValueError("cut in a chunk")
        assert data[size : size + 2] == b"\r\n"
        parts.append(data[:size])
        data = data[size + 2 :]
    if data.startswith(b"\r\n"):
        return b"".join(parts), (), data[2:]
    block, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        raise ValueError("cut in the trailers")
    return b"".join(parts), _fields(block.split(b"\r\n")), rest


def read_reply(data: bytes, end: str | None, *, head: bool = False) -> tuple[Reply, bytes]:
    """The first response in `data` and what follows it.  Raises ValueError where it is not complete."""
    block, found, rest = data.partition(b"\r\n\r\n")
    if not found:
        raise ValueError(f"no whole head in {data[:200]!r}")
    lines = block.split(b"\r\n")
    match = re.fullmatch(rb"HTTP/1\.1 ([1-5]\d\d) ([\t -\x7e\x80-\xff]*)", lines[0])
    assert match, f"not a status line: {lines[0]!r}"
    reply = Reply(int(match[1]), match[2], _fields(lines[1:]), b"")
    length = reply.field(b"content-length")
    coding = reply.field(b"transfer-encoding")
    assert length is None or coding is None
    if head or reply.status < 200 or reply.status in (204, 304):
        return reply, rest
    if coding is not None:
        assert coding == b"chunked"
        body, trailers, rest = _unchunk(rest)
        return replace(reply, body=body, trailers=trailers), rest
    if length is not None:
        size = int(length)
        if len(rest) < size:
            raise ValueError(f"{len(rest)} of {size} bytes")
        return replace(reply, body=rest[:size]), rest[size:]
    if end != "fin":
        raise ValueError("a body that ends with the connection, which has not ended")
    return replace(reply, body=rest), b""


class Peer:
    """Whoever is at the other end of one of the edge's connections."""

    def __init__(self, edge: "Playbook", transport: MemoryTransport, name: str) -> None:
        self._edge = edge
        self._name = name
        self._taken = 0
        self.transport = transport

    def __repr__(self) -> str:
        return f"<{self._name}: {self.received[:80]!r} {self.end or ''}>"

    # -- what it does

    def __rshift__(self, data: bytes) -> Self:
        """Send these bytes, as one packet."""
        if self.transport.connected:
            self.transport.inbox += data
        elif data:
            self.transport.end = "reset"  # the kernel's answer to bytes for a closed socket
        self._edge.settle()
        return self

    def fin(self) -> Self:
        """Send no more."""
        self.transport.fin_by_peer()
        self._edge.settle()
        return self

    def reset(self) -> Self:
        """Be gone at once."""
        self.transport.reset_by_peer()
        self._edge.settle()
        return self

    def stall(self, room: int = 0) -> Self:
        """Read `room` more bytes and then no more."""
        self.transport.room = room
        return self

    def read(self, count: int | None = None) -> Self:
        """Read on, `count` bytes or all."""
        self.transport.room = count
        self._edge.settle()
        return self

    # -- what it sees

    def __lshift__(self, expected: "bytes | re.Pattern[bytes]") -> Self:
        """Exactly these bytes have come since the last time."""
        got = self.take()
        if isinstance(expected, bytes):
            assert got == expected
        else:
            assert expected.fullmatch(got), got
        return self

    @property
    def received(self) -> bytes:
        """What has come since the last time, without forgetting it."""
        return bytes(self.transport.sent[self._taken :])

    @property
    def end(self) -> str | None:
        """What the edge did behind its last byte: "fin", "reset", or None."""
        return self.transport.end

    @property
    def closed(self) -> bool:
        """Whether the edge has done with this connection."""
        return not self.transport.connected

    def take(self) -> bytes:
        """What has come since the last time."""
        got = self.received
        self._taken += len(got)
        return got

    def reply(self, *, head: bool = False) -> Reply:
        """One whole response, taken off what has come; `head`: to a HEAD request."""
        got = self.received
        reply, rest = read_reply(got, self.end, head=head)
        self._taken += len(got) - len(rest)
        return reply

    def replies(self) -> list[Reply]:
        """Every whole response, and nothing else has come."""
        found = []
        while self.received:
            found.append(self.reply())
        return found


class Playbook:
    """One edge.  Keywords are those of `Config`; the gateway calls itself `gateway.test`."""

    def __init__(self, gateway: Gateway | None = None, **config: Any) -> None:
        config.setdefault("log_format", LogFormat.JSON)
        self.config = Config(gateway=gateway or Gateway("http", "192.0.2.1", 80), **config)
        self.reactor = MemoryReactor()
        self.log: list[str] = []
        observer = Observer(self.log.append, self.config.log_format, self.config.log_level)
        route = replace(make_route(self.config.gateway, b"playbook"))
        if gateway is None:
            route = replace(route, authority=b"gateway.test")
        self.context = Context(self.config, self.reactor, observer, route)
        self.context.hangups = Hangups()  # type: ignore[assignment]  # descriptors live in the kernel only
        self.context.agent = Agent(self.context, lambda: None)
        self._transports: list[MemoryTransport] = []
        self._ports = iter(range(50001, 65536))
        self._still = False

    # -- who is there

    def client(self, kind: type[Frontend | FrontendH2] = Frontend) -> Peer:
        """Somebody connects; `kind` is what the TLS handshake would have chosen."""
        here = IPv4Address("TCP", "127.0.0.1", 18080)
        there = IPv4Address("TCP", "127.0.0.1", next(self._ports))
        transport = MemoryTransport(self.reactor, here, there)
        transport.protocol = kind(self.context)
        transport.protocol.makeConnection(transport)
        self._transports.append(transport)
        return Peer(self, transport, f"client {there.port}")

    @property
    def attempts(self) -> list[Connecting]:
        """The attempts to connect to the gateway that nobody has answered."""
        return [attempt for attempt in self.reactor.attempts if attempt.pending]

    def gateway(self) -> Peer:
        """The gateway's end of the oldest attempt to connect, which is accepted."""
        assert self.attempts, "the edge does not try to connect"
        transport = self.attempts[0].accept()
        self._transports.append(transport)
        self.settle()
        return Peer(self, transport, "gateway")

    def refuse(self, cause: Exception | None = None) -> None:
        """The oldest attempt to connect fails; refused, if no other cause is given."""
        self.attempts[0].fail(cause or error.ConnectionRefusedError())
        self.settle()

    @property
    def untouched(self) -> bool:
        """Whether the edge never even tried to reach the gateway."""
        return not self.reactor.attempts

    # -- time

    def wait(self, seconds: float) -> None:
        """Let time pass; whatever is due happens when it is due."""
        until = self.reactor.seconds() + seconds
        while (due := self._next_timer()) is not None and due <= until:
            self.reactor.advance(max(0.0, due - self.reactor.seconds()))
            self.settle()
        self.reactor.advance(max(0.0, until - self.reactor.seconds()))
        self.settle()

    def _next_timer(self) -> float | None:
        return min((call.getTime() for call in self.reactor.getDelayedCalls()), default=None)

    def settle(self) -> None:
        """Turn until nothing moves any more."""
        if self._still:
            return
        for _ in range(TURNS):
            due = self._next_timer()
            if due is not None and due <= self.reactor.seconds():
                self.reactor.advance(0)
                continue
            moved = [transport.turn() for transport in self._transports]
            if not any(moved):
                return
        raise AssertionError("the conversation goes in circles")

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Nothing moves in this block: what is sent in it arrives at once behind it."""
        self._still = True
        yield
        self._still = False
        self.settle()

    # -- what is left

    @property
    def records(self) -> list[dict[str, Any]]:
        """The access records so far."""
        return [record for record in map(json.loads, self.log) if "ending" in record]

    @property
    def record(self) -> dict[str, Any]:
        """The only access record."""
        (record,) = self.records
        return record

    def nothing_left(self) -> None:
        """No exchange, no client and no timer is left."""
        self.settle()
        assert not self.context.observer.in_flight
        assert not self.context.frontends
        for _ in range(2):  # what ticks notices with the next tick that it need not
            self.wait(self.config.pool.idle + 1)
        assert not self.reactor.getDelayedCalls()
