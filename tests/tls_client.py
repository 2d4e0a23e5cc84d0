"""A TLS client made of the standard library's `ssl`, for tests that look at every byte of it.

`Shaken` is a client in memory: bytes in, bytes out.  `TlsWire` is the same on a real socket in the test's
reactor, with `received` and `until` for what was decrypted, and `raw` for what came.
"""

import ssl
from pathlib import Path

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from tests.wire_peers import Edge, Wire, the_reactor

NAME = "localedge.test"


def trusting(root: Path | None, *protocols: str) -> ssl.SSLContext:
    """A client's context that trusts this root alone, nothing without one; ALPN offers `protocols`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if root is not None:
        context.load_verify_locations(root)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


class Shaken:
    """The client's side of TLS in memory."""

    def __init__(self, context: ssl.SSLContext, name: str | None = NAME) -> None:
        if name is None:
            context.check_hostname = False
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        self.done = False
        """The handshake is."""
        self.closed = False
        """The other side's close_notify came."""
        self.error: ssl.SSLError | None = None
        """What OpenSSL says of an alert that came, or of a certificate."""

    def take(self, data: bytes = b"") -> bytes:
        """Take ciphertext; what it said."""
        said = b""
        if self.error is not None:
            return said
        self.incoming.write(data)
        try:
            if not self.done:
                self.tls.do_handshake()
                self.done = True
            while piece := self.tls.read(65536):
                said += piece
            self.closed = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self.error = error
        return said

    def give(self) -> bytes:
        """The ciphertext that is ready to go."""
        return self.outgoing.read()

    def say(self, data: bytes) -> bytes:
        """Ciphertext for this."""
        view = memoryview(data)
        for at in range(0, len(data), 16384):
            self.tls.write(view[at : at + 16384])
        return self.give()

    def bye(self) -> bytes:
        """Our close_notify."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        return self.give()

    @property
    def reason(self) -> str:
        """OpenSSL's name of what went wrong."""
        return (self.error.reason or "") if self.error is not None else ""


class TlsWire(Wire):
    """A client of the TLS port."""

    def __init__(self, context: ssl.SSLContext, name: str | None = NAME) -> None:
        super().__init__()
        self.client = Shaken(context, name)
        self.raw = bytearray()

    def connectionMade(self) -> None:
        """Twisted: TCP is there."""
        super().connectionMade()
        self.client.take()
        self.transport.write(self.client.give())

    def dataReceived(self, data: bytes) -> None:
        """Twisted: ciphertext."""
        self.raw += data
        said = self.client.take(data)
        if sent := self.client.give():
            self.transport.write(sent)
        super().dataReceived(said)

    def send(self, data: bytes) -> None:
        """Send bytes, encrypted."""
        self.transport.write(self.client.say(data))

    def bye(self) -> None:
        """Send close_notify, no FIN."""
        self.transport.write(self.client.bye())

    async def shaken(self) -> None:
        """Wait for the end of the handshake."""
        await self.until(lambda: self.client.done or self.client.error is not None or self.end is not None)
        assert self.client.done, self.client.error


async def tls_client(
    edge: Edge, context: ssl.SSLContext, name: str | None = NAME, *, shaken: bool = True
) -> TlsWire:
    """Somebody connects to the edge's TLS port, and shakes hands unless told not to wait for that."""
    port = edge.service.https_port
    assert port is not None, edge.service.notices
    endpoint = TCP4ClientEndpoint(the_reactor(), "127.0.0.1", port)
    wire: TlsWire = await connectProtocol(endpoint, TlsWire(context, name))
    edge.clients.append(wire)
    if shaken:
        await wire.shaken()
    return wire


async def raw_client(edge: Edge) -> Wire:
    """Somebody connects to the TLS port and has said nothing yet."""
    port = edge.service.https_port
    assert port is not None, edge.service.notices
    wire: Wire = await connectProtocol(TCP4ClientEndpoint(the_reactor(), "127.0.0.1", port), Wire())
    edge.clients.append(wire)
    return wire
