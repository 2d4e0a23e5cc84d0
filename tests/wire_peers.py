"""Peers of a real edge on real sockets: clients and gateways that send and see bytes, in the test's reactor.

    async with listening() as gateway, running(gateway.port) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(b"\\r\\n\\r\\n")
        wire.send(OK)
        await client.until(b"ok")

Every wait is bounded by `PATIENCE`.  What is still open at the end is reset, and the edge is stopped.
"""

import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Literal, cast

from twisted.internet import defer, tcp
from twisted.internet.address import IPv4Address
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol, IListeningPort
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge.config import Config, Gateway, Limits, LogFormat
from localedge.edge.service import EdgeService

PATIENCE = 10.0
"""Seconds until a test gives up."""

NOTICED = 0.1
"""Seconds within which a hang-up reaches the other side (R31, R32)."""


def the_reactor() -> Any:
    """The reactor that pytest-twisted runs."""
    from twisted.internet import reactor

    return reactor


def port_of(listening: IListeningPort) -> int:
    """The port that the system chose."""
    return cast(IPv4Address, listening.getHost()).port


async def turns(count: int = 5) -> None:
    """Let the reactor turn."""
    for _ in range(count):
        await deferLater(the_reactor(), 0.001)


def connections() -> list[Any]:
    """The transports that the reactor reads from just now."""
    return [one for one in the_reactor().getReaders() if isinstance(one, tcp.Connection)]


@implementer(IHalfCloseableProtocol)
class Wire(Protocol):
    """One connection, seen from the test's end."""

    transport: Any

    def __init__(self) -> None:
        self.received = bytearray()
        self.end: Literal["fin", "reset"] | None = None
        self.ended_at = 0.0
        self.lost = False
        self._waiting: list[tuple[Callable[[], bool], defer.Deferred[None]]] = []
        self._taken = 0

    def __repr__(self) -> str:
        return f"<{len(self.received)} bytes received, ending {bytes(self.received[-60:])!r}, {self.end}>"

    # -- what the test does

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.transport.write(data)

    def fin(self) -> None:
        """Send no more, read on."""
        self.transport.loseWriteConnection()

    def reset(self) -> None:
        """Be gone at once, with an RST."""
        handle = self.transport.getHandle()
        if self.transport.connected and hasattr(handle, "setsockopt"):
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abortConnection()

    def leave(self) -> None:
        """Be gone, if not gone yet."""
        if not self.lost:  # Twisted's TLS transport would stumble
            self.transport.abortConnection()

    def close(self) -> None:
        """Close as a program that ends does."""
        self.transport.loseConnection()

    async def until(self, what: "bytes | int | Callable[[], bool]") -> bytes:
        """Wait for these bytes, or so many, or until something is true; what came since the last time."""
        await self._wait(what)
        got = bytes(self.received[self._taken :])
        self._taken = len(self.received)
        return got

    async def ended(self) -> Literal["fin", "reset"]:
        """Wait until the other side has ended."""
        await self._wait(lambda: self.end is not None)
        assert self.end is not None
        return self.end

    async def _wait(self, what: "bytes | int | Callable[[], bool]") -> None:
        start = self._taken
        match what:
            case bytes():
                done: Callable[[], bool] = lambda: self.received.find(what, start) >= 0  # noqa: E731
            case int():
                done = lambda: len(self.received) - start >= what  # noqa: E731
            case _:
                done = what
        if done():
            return
        waiting: defer.Deferred[None] = defer.Deferred()
        self._waiting.append((done, waiting))
        try:
            await waiting.addTimeout(PATIENCE, the_reactor())
        except defer.TimeoutError:
            raise AssertionError(f"waited in vain for {what!r}: {self!r}") from None

    # -- Twisted

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)  # as every HTTP library does

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self._look()

    def readConnectionLost(self) -> None:
        self._end("fin")

    def writeConnectionLost(self) -> None:
        pass

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost = True
        self._end("fin" if reason.check(ConnectionDone) else "reset")

    def _end(self, how: Literal["fin", "reset"]) -> None:
        if self.end is None:
            self.end = how
            self.ended_at = time.monotonic()
        self._look()

    def _look(self) -> None:
        for one in list(self._waiting):
            if one[0]():
                self._waiting.remove(one)
                if not one[1].called:
                    one[1].callback(None)


class Listener(ServerFactory):
    """Somebody to connect to: a gateway or a proxy, played by the test."""

    noisy = False

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.port = 0
        self.reading = True
        """False: accepted connections are not read from."""
        self._next = 0
        self._waiting: list[defer.Deferred[None]] = []

    def buildProtocol(self, addr: object) -> Wire:
        """Twisted: a connection."""
        wire = Wire()
        wire.factory = self
        made = wire.connectionMade

        def connected() -> None:
            made()
            self.wires.append(wire)
            if not self.reading:
                wire.transport.pauseProducing()
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.callback(None)

        wire.connectionMade = connected  # type: ignore[method-assign]
        return wire

    async def accepted(self) -> Wire:
        """The next connection."""
        while len(self.wires) <= self._next:
            waiting: defer.Deferred[None] = defer.Deferred()
            self._waiting.append(waiting)
            try:
                await waiting.addTimeout(PATIENCE, the_reactor())
            except defer.TimeoutError:
                raise AssertionError("waited in vain for a connection") from None
        self._next += 1
        return self.wires[self._next - 1]


@asynccontextmanager
async def listening(tls: Any = None, interface: str = "127.0.0.1") -> AsyncIterator[Listener]:
    """A listener on a free port; with `tls` (a context factory) it speaks TLS."""
    listener = Listener()
    reactor = the_reactor()
    if tls is None:
        port = reactor.listenTCP(0, listener, interface=interface)
    else:
        port = reactor.listenSSL(0, listener, tls, interface=interface)
    listener.port = port_of(port)
    try:
        yield listener
    finally:
        await port.stopListening()
        for wire in listener.wires:
            wire.leave()
        await turns()


class Edge:
    """A running edge."""

    def __init__(self, service: EdgeService, port: int, log: list[str]) -> None:
        self.service = service
        self.port = port
        self.log = log
        self.clients: list[Wire] = []

    async def client(self) -> Wire:
        """Somebody connects."""
        endpoint = TCP4ClientEndpoint(the_reactor(), "127.0.0.1", self.port)
        wire: Wire = await connectProtocol(endpoint, Wire())
        self.clients.append(wire)
        return wire

    async def running(self, count: int) -> None:
        """Wait until so many exchanges are in flight."""
        context = self.service._context
        assert context is not None
        until = time.monotonic() + PATIENCE
        while len(context.observer.in_flight) != count:
            assert time.monotonic() < until, context.observer.in_flight
            await turns(1)

    @property
    def records(self) -> list[dict[str, Any]]:
        """The access records so far."""
        return [record for record in map(json.loads, self.log) if "ending" in record]

    async def logged(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many access records."""
        until = time.monotonic() + PATIENCE
        while len(self.records) < count:
            assert time.monotonic() < until, self.log
            await turns(1)
        return self.records


@asynccontextmanager
async def running(gateway: "Gateway | int", **config: Any) -> AsyncIterator[Edge]:
    """An edge before this gateway (or this port on 127.0.0.1), on a free port of its own."""
    if isinstance(gateway, int):
        gateway = Gateway("http", "127.0.0.1", gateway)
    config.setdefault("log_format", LogFormat.JSON)
    config["limits"] = replace(config.get("limits", Limits()), drain=0.05)
    log: list[str] = []
    service = EdgeService(Config(gateway=gateway, port=0, **config), reactor=the_reactor(), emit=log.append)
    service.startService()
    edge = Edge(service, await service.whenListening, log)
    try:
        yield edge
    finally:
        for wire in edge.clients:
            wire.leave()
        await turns()
        await service.stopService()
        await turns()
