"""The embedded demo gateway: something to talk to before there is a gateway, and the tests' own.

It answers the Messages API with canned words, says so in every answer, and misbehaves
on request: `localedge.claude.script` has the directives, e.g.

    curl -N http://127.0.0.1:8000/v1/messages -H 'x-demo: first=2s; gap=200ms; cut=5' -d ...

Nothing that a client sends is logged or written to disk.
"""

from collections import deque
from collections.abc import Iterable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IReactorTCP, IReactorTime
from twisted.internet.protocol import ServerFactory

from localedge.claude import script
from localedge.claude.script import Script
from localedge.edge.demo_connection import DemoConnection, Seen
from localedge.http.head import RequestHead

__all__ = ["DemoGateway", "Seen"]

GAP = 0.03
"""Seconds between two events of a stream: fast enough to wait for, slow enough to see."""

REMEMBERED = 1000
"""Requests that `DemoGateway.seen` holds; the oldest are forgotten."""


class DemoGateway(ServerFactory):
    """The demo gateway on a clock of the caller's choice.

    `gap`: seconds between the events of a stream.  `record`: keep heads and bodies in
    `seen`.  `scripts`: one per request, in order, ahead of what requests bring along;
    None leaves a request to its own.  Raises `ScriptError`.
    """

    noisy = False

    def __init__(
        self,
        clock: IReactorTime,
        *,
        gap: float = GAP,
        record: bool = False,
        scripts: Iterable[str | Script | None] = (),
    ) -> None:
        self.clock = clock
        self.gap = gap
        self.record = record
        self.scripts: deque[Script | None] = deque(
            script.parse(one) if isinstance(one, str) else one for one in scripts
        )
        self.seen: deque[Seen] = deque(maxlen=REMEMBERED)
        self.accepted = 0
        """Connections so far."""
        self.requests = 0
        """Requests so far."""
        self.answered = 0
        """Answers that went out whole."""
        self.aborted = 0
        """Requests whose client left before the answer was out."""
        self.connections: set[DemoConnection] = set()
        """Connections that are open."""
        self._ports: list[IListeningPort] = []
        self._emptied: list[Deferred[None]] = []

    def __repr__(self) -> str:
        return f"<demo gateway, {self.requests} requests, {len(self.connections)} connections open>"

    def buildProtocol(self, addr: IAddress | None) -> DemoConnection:
        """A connection for a new client."""
        connection = DemoConnection(self)
        connection.factory = self
        return connection

    def listen(self, reactor: IReactorTCP, host: str = "127.0.0.1", port: int = 0) -> IListeningPort:
        """Listen, on a free port by default.  `stop` closes it.  Raises `CannotListenError`."""
        listening = reactor.listenTCP(port, self, interface=host)
        self._ports.append(listening)
        return listening

    async def stop(self) -> None:
        """Stop listening, close idle connections, cut busy ones; done when the last one is gone."""
        ports, self._ports = self._ports, []
        for port in ports:
            stopped = port.stopListening()
            if stopped is not None:
                await stopped
        for connection in list(self.connections):
            connection.end()
        await self.emptied()

    def emptied(self) -> Deferred[None]:
        """Fires when no connection is open: at once where there is none."""
        emptied: Deferred[None] = Deferred()
        if self.connections:
            self._emptied.append(emptied)
        else:
            emptied.callback(None)
        return emptied

    # -- what connections tell

    def opened(self, connection: DemoConnection) -> None:
        """A client has connected."""
        self.accepted += 1
        self.connections.add(connection)

    def closed(self, connection: DemoConnection) -> None:
        """A connection is gone."""
        self.connections.discard(connection)
        if not self.connections:
            waiting, self._emptied = self._emptied, []
            for emptied in waiting:
                emptied.callback(None)

    def saw(self, head: RequestHead) -> Seen:
        """A request has begun."""
        self.requests += 1
        seen = Seen(head.method, head.target, head=head if self.record else None)
        self.seen.append(seen)
        return seen

    def next_script(self) -> Script | None:
        """The prepared script of the next request, if there is one."""
        return self.scripts.popleft() if self.scripts else None
