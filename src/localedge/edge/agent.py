"""The pooled agent: gives each exchange a connection to the gateway.

What to do is decided by `localedge.http.pooling`; here it is done.  Every
connection has at most one exchange, and an attempt to connect belongs to the
exchange that waits for it, so a client that leaves ends the attempt too (R31).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from localedge.edge.attempt import Attempt
from localedge.edge.backend import Backend
from localedge.edge.deadlines import NEVER
from localedge.edge.wire import is_quiet
from localedge.http.pooling import After, Decision, Pool

if TYPE_CHECKING:
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
        self.last_address: str | None = None
        """Where the gateway's name led to when it last answered."""

    def __repr__(self) -> str:
        return f"<Agent for {self._context.config.gateway.url}: {self._pool!r}>"

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
            exchange.fail("queue-timeout")
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
            self._tell("gateway-evicted")
            backend.abort()

    def lost(self, backend: Backend) -> None:
        """A connection is gone."""
        if backend in self._connections:
            self._connections.discard(backend)
            self._tell("gateway-left")
            if not self._pool.idle_closed(backend):
                self._freed()

    def prune(self, now: float) -> None:
        """Close what has been idle for too long."""
        for backend in self._pool.expired(now):
            self._pool.idle_closed(backend)
            self._connections.discard(backend)
            self._tell("gateway-expired")
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
        self._tell("gateway-connected")
        backend.ready()
        attempt.exchange.connected(backend, reused=False)

    def failed(self, attempt: "Attempt", code: str, params: dict[str, object]) -> None:
        """An attempt failed."""
        del self._attempts[attempt.exchange]
        attempt.exchange.fail(code, **params)
        self._freed()

    # -- inside

    def _tell(self, event: str) -> None:
        """What became of a connection, for `--log-level debug`."""
        observer = self._context.observer
        if observer.verbose:
            observer.say(event, repr(self._pool))

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
