"""The pooled agent: gives each exchange a connection to the gateway.

What to do is decided by `localedge.http.pooling`; here it is done.  Every
connection has at most one exchange, and an attempt to connect belongs to the
exchange that waits for it, so a client that leaves ends the attempt too (R31).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure

from localedge.edge.backend import Backend
from localedge.edge.deadlines import NEVER
from localedge.edge.failures import connect_failure
from localedge.edge.wire import is_quiet
from localedge.http.pooling import After, Decision, Pool

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IConnector

    from localedge.edge.context import Context
    from localedge.edge.exchange import Exchange
    from localedge.edge.opening import Opening


class Agent:
    """One per edge: one gateway, one pool."""

    def __init__(self, context: "Context", opening: "Callable[[], Opening | None]") -> None:
        self._context = context
        self._pool: Pool[Backend, Exchange] = Pool(context.config.pool)
        self._attempts: dict[Exchange, Attempt] = {}
        self._connections: set[Backend] = set()
        self._opening = opening
        self._pruning = _Pruning(self, context)

    def __repr__(self) -> str:
        return f"<Agent for {self._context.config.gateway.url}: {self._pool!r}>"

    @property
    def proxy_name(self) -> str:
        """The proxy as the user knows it, without credentials."""
        proxy = self._context.config.gateway.proxy
        return f"{proxy.host}:{proxy.port}" if proxy is not None else ""

    # -- for exchanges

    def serve(self, exchange: "Exchange") -> None:
        """Give `exchange` a connection: at once, when one is open, or when its turn comes."""
        while (backend := self._pool.take_idle()) is not None:
            if backend.clean and is_quiet(backend.transport):
                exchange.connected(backend, reused=True)
                return
            self._drop(backend)
        self._open_or_queue(exchange)

    def replace(self, exchange: "Exchange") -> None:
        """A fresh connection for an exchange whose reused one turned out dead (R34)."""
        exchange.record.retried = True
        self._forget(exchange)
        self._open_or_queue(exchange)

    def impatient(self, exchange: "Exchange", now: float) -> None:
        """A queued exchange has waited for a while: beyond the cap then, or on until the limit (R30, R33)."""
        left = exchange.record.started + self._context.limits.queue - now
        if left <= 0:
            exchange.fail("queue-timeout", limit=f"{self._context.limits.queue:g}")
            return
        exchange.deadline = now + min(left, self._context.config.pool.patience)
        first = self._pool.overflow()
        if first is not None:
            self._open(first)

    def done(self, exchange: "Exchange", after: After) -> None:
        """`exchange` is over, in whatever phase."""
        backend = exchange.backend
        if backend is None or after is After.ABORT:
            self._forget(exchange)
            return
        exchange.backend = None
        backend.detach()
        if after is After.REUSE and not self._context.draining:
            self._offer(backend)
        elif backend in self._connections:
            self._connections.discard(backend)
            backend.close()
            self._freed()

    # -- for connections

    def evict(self, backend: Backend) -> None:
        """An idle connection said something, or ended."""
        if self._pool.idle_closed(backend):
            self._connections.discard(backend)
            backend.abort()

    def lost(self, backend: Backend) -> None:
        """A connection is gone."""
        if backend in self._connections:
            self._connections.discard(backend)
            if not self._pool.idle_closed(backend):
                self._freed()

    def prune(self, now: float) -> None:
        """Close what has been idle for too long."""
        for backend in self._pool.expired(now):
            self._pool.idle_closed(backend)
            self._connections.discard(backend)
            backend.close()

    @property
    def has_idle(self) -> bool:
        """Whether any connection is idle."""
        return bool(self._pool.idle)

    def stop(self) -> None:
        """Close everything; exchanges are over by now."""
        for attempt in list(self._attempts.values()):
            attempt.cancel()
        for backend in list(self._connections):
            self._connections.discard(backend)
            backend.abort()

    # -- attempts

    def opened(self, attempt: "Attempt", backend: Backend) -> None:
        """An attempt succeeded."""
        del self._attempts[attempt.exchange]
        self._connections.add(backend)
        backend.ready()
        attempt.exchange.connected(backend, reused=False)

    def failed(self, attempt: "Attempt", code: str, params: dict[str, object]) -> None:
        """An attempt failed."""
        del self._attempts[attempt.exchange]
        attempt.exchange.fail(code, **params)
        self._freed()

    # -- inside

    def _open_or_queue(self, exchange: "Exchange") -> None:
        match self._pool.decide():
            case Decision.OPEN:
                self._open(exchange)
            case Decision.WAIT:
                self._pool.wait(exchange)
                exchange.queued(min(self._context.config.pool.patience, self._context.limits.queue))
            case Decision.REFUSE:
                exchange.fail("queue-full")

    def _open(self, exchange: "Exchange") -> None:
        exchange.connecting()
        attempt = Attempt(self, self._context, exchange, self._opening())
        self._attempts[exchange] = attempt
        attempt.start()

    def _offer(self, backend: Backend) -> None:
        """A clean connection: to whoever waits, after a last look (R33), else to the idle ones."""
        if self._pool.waiting and not is_quiet(backend.transport):
            self._drop(backend)
            return
        waiting = self._pool.released(backend, self._context.now())
        if waiting is not None:
            waiting.connected(backend, reused=True)
        else:
            self._pruning.wake()

    def _freed(self) -> None:
        """A place in the pool is free."""
        waiting = self._pool.closed()
        if waiting is not None:
            self._open(waiting)

    def _drop(self, backend: Backend) -> None:
        self._connections.discard(backend)
        backend.abort()
        self._freed()

    def _forget(self, exchange: "Exchange") -> None:
        """Whatever this exchange has or waits for, it needs no more."""
        backend, exchange.backend = exchange.backend, None
        if backend is not None:
            if backend in self._connections:
                self._drop(backend)
            return
        attempt = self._attempts.pop(exchange, None)
        if attempt is not None:
            attempt.cancel()
            self._freed()
        else:
            self._pool.leave(exchange)


class _Pruning:
    """Closes idle connections in time, and does not tick while there are none."""

    def __init__(self, agent: Agent, context: "Context") -> None:
        self._agent = agent
        self._context = context
        self._asleep = True
        self.deadline = NEVER

    def wake(self) -> None:
        """There is an idle connection."""
        if self._asleep:
            self._asleep = False
            self.deadline = self._context.now()
            self._context.deadlines.add(self)

    def deadline_passed(self, now: float) -> None:
        """One tick."""
        self._agent.prune(now)
        if not self._agent.has_idle:
            self._asleep = True
            self._context.deadlines.discard(self)


class Attempt(ClientFactory):
    """One attempt to open a connection: TCP, then perhaps a proxy's tunnel and TLS (`Opening`)."""

    noisy = False

    def __init__(
        self, agent: Agent, context: "Context", exchange: "Exchange", opening: "Opening | None"
    ) -> None:
        self.exchange = exchange
        self._agent = agent
        self._context = context
        self._opening = opening
        self._cancel: Callable[[], Any] | None = None
        self._backend: Backend | None = None
        self._over = False
        self.deadline = NEVER

    def start(self) -> None:
        """Connect.  An address is connected to directly; a name goes through happy eyeballs (R34)."""
        context = self._context
        self.deadline = context.now() + context.limits.connect  # looking up the name included
        context.deadlines.add(self)
        gateway = context.config.gateway
        host, port = (
            (gateway.proxy.host, gateway.proxy.port) if gateway.proxy else (gateway.host, gateway.port)
        )
        if host.replace(".", "").isdigit() or ":" in host:
            connector = context.reactor.connectTCP(host, port, self, timeout=context.limits.connect)
            self._cancel = connector.disconnect
            return
        from twisted.internet.endpoints import HostnameEndpoint

        endpoint = HostnameEndpoint(context.reactor, host, port, timeout=context.limits.connect)
        connecting = endpoint.connect(self)
        self._cancel = connecting.cancel
        connecting.addErrback(self._connect_failed)

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._over = True
        self._context.deadlines.discard(self)
        if self._backend is not None:
            self._context.deadlines.discard(self._backend)
            self._backend.transport.abortConnection()
        elif self._cancel is not None:
            self._cancel()

    # -- Twisted

    def buildProtocol(self, addr: "IAddress | None") -> Backend | None:
        """Twisted: TCP is about to be there."""
        self._backend = Backend(self._context, self)
        return self._backend

    def clientConnectionFailed(self, connector: "IConnector", reason: Failure) -> None:
        """Twisted: TCP did not come about."""
        self._connect_failed(reason)

    def _connect_failed(self, reason: Failure) -> None:
        if not self._over and self._backend is None:
            self._fail(reason, in_handshake=False)

    # -- Backend

    def tcp_connected(self, backend: Backend) -> None:
        """TCP is there."""
        self._context.deadlines.discard(self)
        if self._over:
            backend.transport.abortConnection()
        elif self._opening is None:
            self.ready(backend)
        else:
            backend.deadline = self._context.now() + self._context.limits.tls_handshake
            self._context.deadlines.add(backend)
            self._opening.begin(backend.transport)

    def data(self, backend: Backend, data: bytes) -> None:
        """Bytes before HTTP began: the proxy's answer."""
        if self._over or self._opening is None:
            return
        problem = self._opening.data(backend.transport, data)
        if problem is not None:
            self._settle(backend)
            self._agent.failed(self, problem[0], problem[1])
            backend.transport.abortConnection()

    def ready(self, backend: Backend) -> None:
        """The connection can serve."""
        if not self._over:
            self._settle(backend)
            self._agent.opened(self, backend)

    def lost(self, backend: Backend, reason: Failure) -> None:
        """The connection ended while it was being opened."""
        if not self._over:
            self._settle(backend)
            self._fail(reason, in_handshake=True)

    def timed_out(self, backend: Backend) -> None:
        """The handshake takes too long."""
        if not self._over:
            self._settle(backend)
            gateway = self._context.config.gateway
            limit = f"{self._context.limits.tls_handshake:g}"
            self._agent.failed(self, "gateway-tls-timeout", {"gateway": gateway.url, "limit": limit})
            backend.transport.abortConnection()

    def _settle(self, backend: Backend) -> None:
        self._over = True
        self._context.deadlines.discard(backend)

    def deadline_passed(self, now: float) -> None:
        """No TCP in time, and nobody else has noticed: the name is still being looked up (R30)."""
        self.cancel()
        gateway, limits = self._context.config.gateway, self._context.limits
        code, params = connect_failure(ConnectTimeout(), gateway, limits, in_handshake=False)
        self._agent.failed(self, code, params)

    def _fail(self, reason: Failure, *, in_handshake: bool) -> None:
        self._over = True
        self._context.deadlines.discard(self)
        assert reason.value is not None
        opening, backend = self._opening, self._backend
        expired = opening is not None and backend is not None and opening.expired(backend.transport)
        code, params = connect_failure(
            reason.value,
            self._context.config.gateway,
            self._context.limits,
            in_handshake=in_handshake,
            expired=expired,
        )
        self._agent.failed(self, code, params)
