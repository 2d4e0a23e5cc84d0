"""HTTP/2 over TLS on real sockets: an edge with an authority of its own, and clients in the test's reactor.

    async with listening() as gateway, running(gateway.port, https=authority(place)) as edge:
        client = await H2Client().connect(edge)
        stream = client.ask(body=b"prompt")
        wire = await gateway.accepted()
        ...
        await client.until(lambda: client.answers[stream].ended)

`H2Client` says what the h2 library says; `Frames` says and sees any frames at all.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

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
from twisted.internet import ssl
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, wrapClientTLS
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, ServerFactory
from zope.interface import alsoProvides

from localedge.config import Https, Limits
from localedge.http.head import RequestHead
from localedge.http.parser import End, RequestReader
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests.h2_peer import GOAWAY, Answer, Section, section
from tests.wire_peers import Edge, Wire, port_of, running, the_reactor, turns

NAME = "localedge.test"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def authority(place: Path, *names: str) -> Https:
    """An authority in this directory, and HTTPS on a free port with it."""
    names = names or (NAME,)
    now = datetime.now(UTC)
    Vault(place).store(make_authority(names, now), names, now)
    return Https(names, 0, str(place))


def root_of(edge: Edge) -> Path:
    """The file with the root's certificate."""
    directory = edge.service.config.https.directory
    assert directory is not None
    return Vault(Path(directory)).root_file


def https_port(edge: Edge) -> int:
    """Where the edge serves HTTPS."""
    assert edge.service.https_port is not None, edge.service.notices
    return edge.service.https_port


async def connect(
    wire: Wire, edge: Edge, protocols: Iterable[bytes] = (b"h2",), name: str = NAME
) -> str | None:
    """Have `wire` speak TLS with the edge, its certificate verified; what ALPN chose."""
    chosen = await connect_to(wire, https_port(edge), root_of(edge), protocols, name)
    edge.clients.append(wire)
    return chosen


async def connect_to(
    wire: Wire, port: int, root: Path, protocols: Iterable[bytes] = (b"h2",), name: str = NAME
) -> str | None:
    """The same with an edge in another process, which trusts this root; leave it in the end."""
    anchors = _anchors(root)
    options = ssl.optionsForClientTLS(name, trustRoot=anchors, acceptableProtocols=list(protocols) or None)
    endpoint = wrapClientTLS(options, TCP4ClientEndpoint(the_reactor(), "127.0.0.1", port))
    shaken: list[None] = []
    alsoProvides(wire, IHandshakeListener)
    wire.handshakeCompleted = lambda: shaken.append(None)  # type: ignore[attr-defined]
    await connectProtocol(endpoint, wire)
    while not shaken:
        assert not wire.lost, "no handshake"
        await turns(1)
    chosen: bytes | None = wire.transport.negotiatedProtocol
    return chosen.decode() if chosen is not None else None


def _anchors(root: Path) -> Any:
    return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(root.read_bytes())])


class Frame(NamedTuple):
    """A frame that came (RFC 9113 4.1)."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def code(self) -> int:
        """The error code of RST_STREAM or GOAWAY."""
        return int.from_bytes(self.payload[4:8] if self.kind == GOAWAY else self.payload[:4])


def whole_frames(buffer: bytearray) -> Iterator[Frame]:
    """Take every whole frame out of the buffer."""
    while len(buffer) >= 9:
        end = 9 + int.from_bytes(buffer[:3])
        if len(buffer) < end:
            return
        stream = int.from_bytes(buffer[5:9]) & 0x7FFFFFFF
        found = Frame(buffer[3], buffer[4], stream, bytes(buffer[9:end]))
        del buffer[:end]
        yield found


class Frames(Wire):
    """A client that sends what it likes; `frames` are those that came, `errors` the ends among them."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self._buffer = bytearray()

    def __repr__(self) -> str:
        return f"<{self.frames}, {self.end}>"

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes from the edge."""
        self._buffer += data
        self.frames += whole_frames(self._buffer)
        super().dataReceived(data)

    def of(self, kind: int, stream: int | None = None) -> list[Frame]:
        """The frames of this kind, on this stream."""
        return [one for one in self.frames if one.kind == kind and stream in (None, one.stream)]


class H2Client(Wire):
    """A client that keeps to the rules.  `generous`: it gives back the window of what it has read."""

    def __init__(self, *, generous: bool = True) -> None:
        super().__init__()
        config = H2Configuration(
            header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.conn = H2Connection(config)
        self.generous = generous
        self.keep = True
        """False: bodies are counted, not kept."""
        self.lengths: Counter[int] = Counter()
        self.goaway: int | None = None
        self.answers: defaultdict[int, Answer] = defaultdict(Answer)
        self._buffer = bytearray()

    def __repr__(self) -> str:
        return f"<bodies {dict(self.lengths)}, GOAWAY {self.goaway}, {self.end}>"

    async def connect(self, edge: Edge) -> Self:
        """Connect, and say the preface."""
        assert await connect(self, edge) == "h2"
        return self

    def connectionMade(self) -> None:
        """Twisted: connected."""
        super().connectionMade()
        self.conn.initiate_connection()
        self.flush()

    def flush(self) -> None:
        """Send what the library has to say."""
        if (data := self.conn.data_to_send()) and not self.lost:
            self.send(data)

    def ask(self, fields: Section | None = None, body: bytes | None = None) -> int:
        """A request; `body` None leaves it unfinished, empty ends it with its head.  Gives the stream."""
        stream = self.conn.get_next_available_stream_id()
        self.conn.send_headers(stream, fields or section(host=NAME.encode()), end_stream=body == b"")
        if body:
            self.conn.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def say(self, stream: int, data: bytes = b"", *, end: bool = False) -> None:
        """More of a request's body."""
        self.conn.send_data(stream, data, end_stream=end)
        self.flush()

    def cancel(self, stream: int) -> None:
        """RST_STREAM."""
        self.conn.reset_stream(stream, ErrorCodes.CANCEL)
        self.flush()

    async def ended_on(self, stream: int) -> Answer:
        """Wait for the end of a response."""
        answer = self.answers[stream]
        await self.until(lambda: answer.ended or answer.reset is not None)
        return answer

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes from the edge."""
        # Frame by frame: behind a GOAWAY the library would hear no more.
        self._buffer += data
        while len(self._buffer) >= 9 and len(self._buffer) >= (end := 9 + int.from_bytes(self._buffer[:3])):
            kind, piece = self._buffer[3], bytes(self._buffer[:end])
            del self._buffer[:end]
            for event in self.conn.receive_data(piece):
                self._take(event)
            if kind == GOAWAY:
                self.conn.state_machine.state = ConnectionState.CLIENT_OPEN
        self.flush()
        self._look()

    def _take(self, event: Event) -> None:
        if isinstance(event, ConnectionTerminated):
            self.goaway = int(event.error_code or 0)
            return
        stream = getattr(event, "stream_id", None)
        if not stream:
            return
        answer = self.answers[stream]
        if isinstance(event, InformationalResponseReceived):
            answer.interim.append(int(_section(event.headers)[0][1]))
        elif isinstance(event, ResponseReceived):
            fields = _section(event.headers)
            answer.status, answer.fields = int(fields[0][1]), fields[1:]
        elif isinstance(event, DataReceived):
            self.lengths[stream] += len(event.data or b"")
            if self.keep:
                answer.body += event.data or b""
            if self.generous and event.flow_controlled_length:
                self.conn.acknowledge_received_data(event.flow_controlled_length, stream)
        elif isinstance(event, TrailersReceived):
            answer.trailers = _section(event.headers)
        elif isinstance(event, StreamEnded):
            answer.ended = True
        elif isinstance(event, StreamReset):
            answer.reset = int(event.error_code or 0)


def _section(fields: Any) -> Section:
    return [(bytes(name), bytes(value)) for name, value in fields or ()]


class Echo(ServerFactory):
    """A gateway that sends back what it gets; `?digest` the length and SHA-256 of it instead."""

    noisy = False

    def buildProtocol(self, addr: object) -> "_Echoing":
        """Twisted: a connection."""
        return _Echoing()


class _Echoing(Protocol):
    transport: Any

    def __init__(self) -> None:
        self._reader = RequestReader(Limits())
        self._echo = True
        self._length = 0
        self._digest = hashlib.sha256()

    def dataReceived(self, data: bytes) -> None:
        self._reader.feed(data)
        while (event := self._reader.next_event()) is not None:
            match event:
                case RequestHead():
                    self._echo = not event.target.endswith(b"?digest")
                    self._length, self._digest = 0, hashlib.sha256()
                    if self._echo:
                        self.transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                case End() if self._echo:
                    self.transport.write(b"0\r\n\r\n")
                case End():
                    said = digest_line(self._length, self._digest.hexdigest())
                    self.transport.write(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
                    )
                case bytes() if self._echo:
                    self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))
                case bytes():
                    self._length += len(event)
                    self._digest.update(event)


def digest_line(length: int, digest: str) -> bytes:
    """What `Echo` says of a body."""
    return b"%d %b" % (length, digest.encode())


@asynccontextmanager
async def echoing(https: Https) -> AsyncIterator[Edge]:
    """An edge before a gateway that sends back what it gets."""
    port = the_reactor().listenTCP(0, Echo(), interface="127.0.0.1")
    try:
        async with running(port_of(port), https=https) as edge:
            yield edge
    finally:
        await port.stopListening()
    await turns()
