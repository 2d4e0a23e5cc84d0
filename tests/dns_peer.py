"""DNS servers of the tests: one that only says what it is told to, and one that listens on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import Clock
from twisted.names import dns as wire
from twisted.names.dns import DNSDatagramProtocol

from localedge.edge.dns import Answer, Dns
from tests.wire_peers import the_reactor

NAME = "gw.company.com"


class FakeDns(Dns):
    """DNS servers that say this, or what they are told to say later."""

    def __init__(self, *addresses: str, problem: str = "") -> None:
        self.clock = Clock()
        self.asked: list[str] = []
        self.answer: Callable[[], Answer] = lambda: Answer(addresses, 60)
        if problem:
            self.fail(problem)
        super().__init__(self._hear, self.clock)

    def fail(self, problem: str) -> None:
        def raises() -> Answer:
            raise LookupError(problem)

        self.answer = raises

    def _hear(self, name: str) -> Deferred[Answer]:
        self.asked.append(name)

        async def said() -> Answer:
            return self.answer()

        return Deferred.fromCoroutine(said())


class Server:
    """A DNS server on loopback, UDP and TCP on one port."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.code = wire.OK
        self.silent = False
        self.truncate = False
        self.asked: list[tuple[str, int, str]] = []

    def messageReceived(self, message: Any, protocol: Any, address: Any = None) -> None:
        """Twisted: a question."""
        query = message.queries[0]
        datagram = isinstance(protocol, DNSDatagramProtocol)
        self.asked.append((str(query.name), query.type, "udp" if datagram else "tcp"))
        if self.silent:
            return
        message.answer, message.rCode, message.recAv = 1, self.code, 1
        message.trunc = int(self.truncate and datagram)
        if not message.trunc:
            message.answers = [one for one in self.records if one.type in (query.type, wire.CNAME)]
        protocol.writeMessage(*((message, address) if datagram else (message,)))

    def connectionMade(self, protocol: Any) -> None:
        """Twisted: by TCP."""

    def connectionLost(self, protocol: Any) -> None:
        """Twisted: no more."""

    def add(self, kind: type[Any], *values: object, name: str = NAME, ttl: int = 60) -> None:
        payload = kind(*values)
        self.records.append(wire.RRHeader(name, payload.TYPE, ttl=ttl, payload=payload))


class Wires(ServerFactory):
    """Its connections by TCP."""

    noisy = False

    def __init__(self, server: Server) -> None:
        self.server = server

    def buildProtocol(self, addr: object) -> wire.DNSProtocol:
        """Twisted: a client connects."""
        return wire.DNSProtocol(self.server)


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[tuple[str, int]]:
    """The server's address and port."""
    reactor: Any = the_reactor()
    while True:
        tcp = reactor.listenTCP(0, Wires(server), interface="127.0.0.1")
        try:
            udp = reactor.listenUDP(
                tcp.getHost().port, DNSDatagramProtocol(server, reactor), interface="127.0.0.1"
            )
            break
        except CannotListenError:
            await tcp.stopListening()
    try:
        yield "127.0.0.1", tcp.getHost().port
    finally:
        await udp.stopListening()
        await tcp.stopListening()
