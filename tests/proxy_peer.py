"""A small forward proxy: CONNECT and absolute-form, with or without a password."""

from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, ServerFactory

from tests.wire_peers import port_of, the_reactor, turns


class Splice(Protocol):
    """The far side of a tunnel."""

    transport: Any

    def __init__(self, near: "ProxyWire") -> None:
        self.near = near

    def connectionMade(self) -> None:
        self.near.transport.registerProducer(self.transport, True)
        self.transport.registerProducer(self.near.transport, True)

    def dataReceived(self, data: bytes) -> None:
        self.near.transport.write(data)

    def connectionLost(self, reason: object = None) -> None:
        self.near.transport.unregisterProducer()
        self.near.transport.loseConnection()


class ProxyWire(Protocol):
    """One connection of a client of the proxy."""

    transport: Any

    def __init__(self, proxy: "Proxy") -> None:
        self.proxy = proxy
        self.buffer = b""
        self.far: Splice | None = None
        self.lost = False

    def connectionMade(self) -> None:
        self.proxy.wires.append(self)
        if self.proxy.transparent:
            self.tunnel()

    def dataReceived(self, data: bytes) -> None:
        if self.far is not None:
            self.proxy.carried += data
            self.far.transport.write(data)
            return
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.split(b"\r\n")
        length = [line for line in lines if line.lower().startswith(b"content-length:")]
        if not lines[0].startswith(b"CONNECT") and length and len(body) < int(length[0].split(b":")[1]):
            return
        self.buffer = b""
        self.proxy.seen.append(head + b"\r\n\r\n" + body)
        if self.proxy.password is not None and self.proxy.password not in lines:
            challenge = (
                b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n'
            )
            self.transport.write(challenge + b"Content-Length: 0\r\n\r\n")
        elif self.proxy.answer is not None:
            self.transport.write(self.proxy.answer)
        elif lines[0].startswith(b"CONNECT"):
            self.tunnel()
        else:
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nvia proxy")

    def tunnel(self) -> None:
        """Connect with the target."""
        self.transport.pauseProducing()
        endpoint = TCP4ClientEndpoint(the_reactor(), "127.0.0.1", self.proxy.target)
        connectProtocol(endpoint, Splice(self)).addCallback(self.tunnelled)

    def tunnelled(self, far: Splice) -> None:
        """The tunnel stands."""
        self.far = far
        if not self.proxy.transparent:
            self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self.transport.resumeProducing()

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True
        if self.far is not None:
            self.far.transport.unregisterProducer()
            self.far.transport.loseConnection()


class Proxy(ServerFactory):
    """Every tunnel leads to `target`, whatever name was asked for; plain requests are answered here."""

    noisy = False

    def __init__(self, target: int, credentials: str | None, answer: bytes | None) -> None:
        self.target = target
        self.transparent = False
        """Connections are carried to the target as they are, without a word of HTTP."""
        self.carried = bytearray()
        """What went through tunnels towards the target."""
        self.password = None
        if credentials is not None:
            self.password = b"Proxy-Authorization: Basic " + b64encode(credentials.encode())
        self.answer = answer
        self.seen: list[bytes] = []
        """Requests to the proxy, as they came."""
        self.wires: list[ProxyWire] = []
        self.port = 0

    def buildProtocol(self, addr: Any) -> ProxyWire:
        """Twisted: a client."""
        return ProxyWire(self)


@asynccontextmanager
async def proxying(
    target: int = 0, *, credentials: str | None = None, answer: bytes | None = None
) -> AsyncIterator[Proxy]:
    """A proxy on a free port; with `answer` it says just that, whatever it is asked."""
    proxy = Proxy(target, credentials, answer)
    port = the_reactor().listenTCP(0, proxy, interface="127.0.0.1")
    proxy.port = port_of(port)
    try:
        yield proxy
    finally:
        await port.stopListening()
        for wire in proxy.wires:
            if not wire.lost:
                wire.transport.abortConnection()
        await turns()
