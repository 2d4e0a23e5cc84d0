"""One attempt to open a connection: TCP, then perhaps a proxy's tunnel and TLS (`Opening`)."""

from typing import TYPE_CHECKING

from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.python.failure import Failure

from localedge.edge.backend import Backend
from localedge.edge.deadlines import NEVER
from localedge.edge.dialing import Dialing
from localedge.edge.failures import connect_failure

if TYPE_CHECKING:
    from localedge.edge.agent import Agent
    from localedge.edge.context import Context
    from localedge.edge.exchange import Exchange
    from localedge.edge.opening import Opening


class Attempt:
    """Belongs to the exchange that waits for it.  Ends with `Agent.opened` or `Agent.failed`, once."""

    def __init__(
        self, agent: "Agent", context: "Context", exchange: "Exchange", opening: "Opening | None"
    ) -> None:
        self.exchange = exchange
        self._agent = agent
        self._context = context
        self._opening = opening
        self._backend: Backend | None = None
        self._over = False
        self.deadline = NEVER
        hop = context.next_hop
        self._dialing = Dialing(
            context.reactor,
            hop.host,
            hop.port,
            context.limits.connect,
            build=self._build,
            failed=self._dialing_failed,
            preferred=agent.last_address,
            resolver=hop.resolver,
        )

    def start(self) -> None:
        """Connect.  The limit covers looking up the name (R30)."""
        self.deadline = self._context.now() + self._context.limits.connect
        self._context.deadlines.add(self)
        self._dialing.start()

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._settle()
        self._dialing.cancel()
        if self._backend is not None:
            self._backend.transport.abortConnection()

    def deadline_passed(self, now: float) -> None:
        """No TCP in time, or no tunnel and TLS behind it."""
        limits = self._context.limits
        if self._backend is None:
            self._fail(ConnectTimeout())
        else:
            self._end("gateway-tls-timeout", limit=f"{limits.tls_handshake:g}")

    # -- TCP

    def _build(self, host: str) -> Backend:
        self._agent.last_address = host
        self._backend = Backend(self._context, self)
        return self._backend

    def _dialing_failed(self, cause: BaseException) -> None:
        if not self._over:
            self._fail(cause)

    # -- what the connection tells

    def tcp_connected(self, backend: Backend) -> None:
        """TCP is there."""
        if self._over:
            backend.transport.abortConnection()
        elif self._opening is None:
            self.ready(backend)
        else:
            self.deadline = self._context.now() + self._context.limits.tls_handshake
            self._opening.begin(backend.transport)

    def data(self, backend: Backend, data: bytes) -> None:
        """Bytes before HTTP began: the proxy's answer."""
        if self._over or self._opening is None:
            return
        problem = self._opening.data(backend.transport, data)
        if problem is not None:
            self._end(problem[0], **problem[1])

    def ready(self, backend: Backend) -> None:
        """The connection can serve."""
        if not self._over:
            self._settle()
            self._agent.opened(self, backend)

    def lost(self, backend: Backend, reason: Failure) -> None:
        """The connection ended while it was being opened."""
        if not self._over:
            assert reason.value is not None
            self._fail(reason.value)

    # -- ends

    def _settle(self) -> None:
        self._over = True
        self._context.deadlines.discard(self)

    def _fail(self, cause: BaseException) -> None:
        context, backend = self._context, self._backend
        transport = backend.transport if backend is not None else None
        code, params = connect_failure(
            cause, context.config.gateway, context.limits, self._opening, transport
        )
        self._end(code, **params)

    def _end(self, code: str, **params: object) -> None:
        self.cancel()
        self._agent.failed(self, code, params)
