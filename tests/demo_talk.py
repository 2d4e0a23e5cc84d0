"""A client of the demo gateway for conversations byte by byte, on a clock that the test turns."""

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from localedge.config import Limits
from localedge.edge.demo import DemoGateway
from localedge.http.parser import ResponseReader

ASK = {"model": "claude-demo-opus", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
JSON = json.dumps(ASK).encode()
STREAM = json.dumps({**ASK, "stream": True}).encode()


class Wire:
    """A transport in memory: says what was done to it, and pauses its producer when it holds `room` bytes."""

    def __init__(self, room: int | None = None) -> None:
        self.room = room
        self.most = 0
        self.held = b""
        self.producer: Any = None
        self.reading = True
        self.disconnecting = False
        self.aborted = False

    def write(self, data: bytes) -> None:
        """Hold bytes for the client."""
        assert not self.disconnecting, "nothing is written behind the end"
        self.held += data
        self.most = max(self.most, len(self.held))
        if self.room is not None and self.producer is not None and len(self.held) >= self.room:
            self.producer.pauseProducing()

    def take(self) -> bytes:
        """The client reads all there is."""
        data, self.held = self.held, b""
        if self.producer is not None:
            self.producer.resumeProducing()
        return data

    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Take a push producer."""
        assert self.producer is None
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        """The producer has done its work."""
        self.producer = None

    def pauseProducing(self) -> None:
        """Read no more from the client."""
        self.reading = False

    def resumeProducing(self) -> None:
        """Read on."""
        self.reading = True

    def loseConnection(self) -> None:
        """Close, with a FIN."""
        assert self.producer is None, "a transport with a producer would not close"
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Close, with a reset."""
        self.disconnecting = self.aborted = True


class Conversation:
    """A client of the demo gateway."""

    def __init__(self, *scripts: str | None, room: int | None = None, record: bool = False) -> None:
        self.clock = Clock()
        self.demo = DemoGateway(self.clock, scripts=scripts, record=record)
        self.wire = Wire(room)
        connection: Any = self.demo.buildProtocol(None)
        self.connection = connection
        connection.makeConnection(self.wire)

    def send(self, data: bytes) -> None:
        """The client sends bytes."""
        self.connection.dataReceived(data)

    def ask(self, body: bytes = JSON, *lines: bytes, version: bytes = b"1.1") -> None:
        """The client asks for a message."""
        self.send(head(len(body), *lines, version=version) + body)

    def wait(self, seconds: float = 60.0) -> None:
        """Time passes."""
        for _ in range(200):
            self.clock.advance(seconds / 200)

    def leave(self) -> None:
        """The client goes away."""
        self.connection.connectionLost(Failure(ConnectionDone()))

    def take(self) -> bytes:
        """What has come since the last time."""
        return self.wire.take()


def head(length: int, *lines: bytes, version: bytes = b"1.1", target: bytes = b"/v1/messages") -> bytes:
    """The head of a request for a message."""
    fields = b"".join(line + b"\r\n" for line in (b"Host: x", b"Content-Length: %d" % length, *lines))
    return b"POST %b HTTP/%b\r\n%b\r\n" % (target, version, fields)


def read(wire: bytes, method: bytes = b"POST", *, ended: bool = False) -> list[Any]:
    """The responses in the bytes: heads, bodies (joined) and ends."""
    reader = ResponseReader(Limits())
    reader.expect(method)
    reader.feed(wire)
    events: list[Any] = []
    while (event := reader.next_event()) is not None:
        if isinstance(event, bytes) and events and isinstance(events[-1], bytes):
            events[-1] += event
        else:
            events.append(event)
    if ended and (last := reader.eof()) is not None:
        events.append(last)
    return events
