"""A client that speaks HTTP/2 to an edge in memory, or says things that no library would say."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from localedge.edge.frontend_h2 import FrontendH2
from tests.playbook import Playbook

Section = list[tuple[bytes, bytes]]
GOAWAY = 7
HOST = b"localhost:18443"


def section(
    method: bytes = b"POST", path: bytes = b"/v1/messages", *more: tuple[bytes, bytes], host: bytes = HOST
) -> Section:
    """The field section of a request."""
    return [(b":method", method), (b":scheme", b"https"), (b":authority", host), (b":path", path), *more]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame (RFC 9113 4.1)."""
    return struct.pack(">IBI", len(payload) << 8 | kind, flags, stream) + payload


@dataclass
class Answer:
    """What came on one stream."""

    status: int = 0
    fields: Section = field(default_factory=list)
    body: bytes = b""
    interim: list[int] = field(default_factory=list)
    trailers: Section = field(default_factory=list)
    ended: bool = False
    reset: int | None = None
    """The error code of RST_STREAM."""

    def field(self, name: bytes) -> bytes | None:
        """The first field of that name."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def code(self) -> str | None:
        """`x-localedge-error`."""
        value = self.field(b"x-localedge-error")
        return value.decode() if value is not None else None


class H2Peer:
    """One connection.  `window` is what it gives back of flow control: all by itself, or nothing."""

    def __init__(self, edge: Playbook, *, generous: bool = True) -> None:
        self.peer = edge.client(FrontendH2)
        self.conn = H2Connection(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=True,
            )
        )
        self.generous = generous
        self.goaway: int | None = None
        self.answers: dict[int, Answer] = {}
        self.conn.initiate_connection()
        self.send()

    def send(self, more: bytes = b"") -> Self:
        """Send what the library has to say, and `more`; take in what comes back."""
        self.peer >> self.conn.data_to_send() + more
        return self.hear()

    def hear(self) -> Self:
        """Take in what has come."""
        for event in self._events(self.peer.take()):
            if isinstance(event, ConnectionTerminated):
                assert event.error_code is not None
                self.goaway = int(event.error_code)
                continue
            stream = getattr(event, "stream_id", None)
            if not stream:
                continue
            answer = self.answers.setdefault(stream, Answer())
            if isinstance(event, InformationalResponseReceived):
                answer.interim.append(int(dict(event.headers or ())[b":status"]))
            elif isinstance(event, ResponseReceived):
                fields = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
                answer.status, answer.fields = int(fields[0][1]), fields[1:]
            elif isinstance(event, DataReceived):
                answer.body += event.data or b""
                if self.generous and event.flow_controlled_length:
                    self.conn.acknowledge_received_data(event.flow_controlled_length, stream)
            elif isinstance(event, TrailersReceived):
                answer.trailers = [(bytes(name), bytes(value)) for name, value in event.headers or ()]
            elif isinstance(event, StreamEnded):
                answer.ended = True
            elif isinstance(event, StreamReset):
                answer.reset = int(event.error_code or 0)
        pending = self.conn.data_to_send()
        if pending:
            self.peer >> pending
            return self.hear()
        return self

    def _events(self, data: bytes) -> Iterator[Event]:
        """Frame by frame: behind a GOAWAY the library would hear no more."""
        while data:
            length = 9 + int.from_bytes(data[:3], "big")
            yield from self.conn.receive_data(data[:length])
            if data[3] == GOAWAY:
                self.conn.state_machine.state = ConnectionState.CLIENT_OPEN
            data = data[length:]

    def ask(self, fields: Iterable[tuple[bytes, bytes]] | None = None, body: bytes | None = None) -> int:
        """A request; `body` None leaves it unfinished, empty ends it with its head.  Gives the stream."""
        stream = self.conn.get_next_available_stream_id()
        self.conn.send_headers(stream, list(fields or section()), end_stream=body == b"")
        if body:
            self.conn.send_data(stream, body, end_stream=True)
        self.send()
        return stream

    def cancel(self, stream: int) -> None:
        """RST_STREAM."""
        self.conn.reset_stream(stream, ErrorCodes.CANCEL)
        self.send()

    def answer(self, stream: int) -> Answer:
        """What has come on this stream."""
        self.hear()
        return self.answers.setdefault(stream, Answer())
