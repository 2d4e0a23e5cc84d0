"""The service that both `localedge run` and `twistd localedge` start (R35)."""

import os
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ServerFactory

from localedge.config import Config, Gateway
from localedge.edge.agent import Agent
from localedge.edge.context import Context
from localedge.edge.deadlines import NEVER
from localedge.edge.frontend import Frontend
from localedge.edge.observe import Observer
from localedge.errors import Failure
from localedge.http.forwarding import Route
from localedge.machine.descriptors import RESERVE, raise_descriptor_limit

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress, IDelayedCall, IListeningPort

    from localedge.edge.demo import DemoGateway
    from localedge.edge.opening import Opening


FAREWELL = 0.2
"""Seconds between cutting what runs at the drain limit and aborting what is left."""


def make_route(gateway: Gateway, instance: bytes) -> Route:
    """What stands in the requests to this gateway."""
    proxy = gateway.proxy
    plain_proxy = proxy is not None and gateway.scheme == "http"
    return Route(
        authority=gateway.authority.encode(),
        base=gateway.base_path.encode(),
        absolute=f"http://{gateway.authority}".encode() if plain_proxy else b"",
        proxy_authorization=_basic(gateway) if plain_proxy else None,
        instance=instance,
    )


def _basic(gateway: Gateway) -> bytes | None:
    if gateway.proxy is None or gateway.proxy.credentials is None:
        return None
    return b"Basic " + b64encode(gateway.proxy.credentials.reveal().encode())


def within(config: Config, descriptors: int | None) -> Config:
    """As many clients and connections as there are descriptors for: further clients wait to be accepted."""
    if descriptors is None:
        return config
    room = max(1, (descriptors - RESERVE) // 2)
    pool = replace(
        config.pool,
        connections=min(config.pool.connections, room),
        ceiling=min(config.pool.ceiling, room),
    )
    return replace(config, max_clients=min(config.max_clients, room), pool=pool)


class _Listener(ServerFactory):
    """Takes clients in, up to `max_clients`; beyond that they wait in the kernel's queue."""

    noisy = False

    def __init__(self, context: Context) -> None:
        self._context = context
        self.port: Any = None
        self._full = False
        self.deadline = NEVER

    def buildProtocol(self, addr: "IAddress | None") -> Frontend:
        """Twisted: a client connects."""
        context = self._context
        if len(context.frontends) + 1 >= context.config.max_clients and not self._full:
            self._full = True
            self.port.stopReading()
            self.deadline = context.now()
            context.deadlines.add(self)
        return Frontend(context)

    def accept_few(self) -> None:
        """Twisted takes up to 100 clients in one turn: no more than there is room for."""
        room = self._context.config.max_clients - len(self._context.frontends)
        self.port.numberAccepts = max(1, min(100, room))

    def deadline_passed(self, now: float) -> None:
        """One tick: is there room again?"""
        context = self._context
        if len(context.frontends) < context.config.max_clients:
            self._full = False
            context.deadlines.discard(self)
            if not context.draining:
                self.accept_few()
                self.port.startReading()


class EdgeService(Service):
    """One edge: a listener, its clients, and the pool of connections to the gateway.

    `emit` writes one log line.  `whenListening` fires with the port (int) or fails
    with `localedge.errors.Failure`; `gateway_url` is known from then on.
    """

    name = "localedge"

    def __init__(self, config: Config, *, reactor: Any, emit: Callable[[str], None]) -> None:
        self.config = config
        self._reactor = reactor
        self._emit = emit
        self._port: IListeningPort | None = None
        self._context: Context | None = None
        self._demo: DemoGateway | None = None
        self._drain_call: IDelayedCall | None = None
        self.whenListening: Deferred[int] = Deferred()

    @property
    def gateway_url(self) -> str:
        """Where exchanges go."""
        return self.config.gateway.url

    def startService(self) -> None:
        """Listen.  Nothing is raised: `whenListening` tells."""
        Service.startService(self)
        self.config = within(self.config, raise_descriptor_limit())
        try:
            port = self._start()
        except Failure as failure:
            if self._demo is not None:
                Deferred.fromCoroutine(self._demo.stop())
            self.whenListening.errback(failure)
        else:
            self.whenListening.callback(port)

    def stopService(self) -> "Deferred[None]":
        """Stop accepting, let what runs end up to the drain limit, close everything (R35)."""
        Service.stopService(self)
        context = self._context
        if context is None:
            return succeed(None)
        context.draining = True
        done: Deferred[None] = Deferred()
        if self._port is not None:
            self._port.stopListening()
        if context.frontends:
            context.when_empty = lambda: done.callback(None)
            self._drain_call = self._reactor.callLater(context.limits.drain, self._drain_limit)
            for frontend in list(context.frontends):
                frontend.drain()
        else:
            done.callback(None)
        return done.addCallback(lambda _: self._finish())

    # -- starting

    def _start(self) -> int:
        config = self.config
        if config.gateway.demo:
            from localedge.edge.demo import DemoGateway

            self._demo = DemoGateway(self._reactor)
            listening: Any = self._demo.listen(self._reactor).getHost()
            port = listening.port
            self.config = config = replace(
                config, gateway=replace(config.gateway, host="127.0.0.1", port=port)
            )
        observer = Observer(self._emit, config.log_format, config.log_level)
        route = make_route(config.gateway, os.urandom(8).hex().encode())
        context = Context(config, self._reactor, observer, route)
        context.agent = Agent(context, _opening_maker(context))
        listener = _Listener(context)
        try:
            self._port = listener.port = self._reactor.listenTCP(
                config.port, listener, backlog=1024, interface=config.host
            )
        except CannotListenError as error:
            from localedge.machine.ports import listen_failure

            raise listen_failure(config.host, config.port, error.socketError) from None
        self._context = context
        listener.accept_few()
        number: int = listener.port.getHost().port
        return number

    # -- stopping

    def _drain_limit(self) -> None:
        """What still runs is cut, in order; who does not even take that is aborted a moment later."""
        context = self._context
        assert context is not None
        self._drain_call = self._reactor.callLater(FAREWELL, self._abort_all)
        for frontend in list(context.frontends):
            frontend.drained()

    def _abort_all(self) -> None:
        self._drain_call = None
        assert self._context is not None
        for frontend in list(self._context.frontends):
            frontend.abort()

    def _finish(self) -> "Deferred[None] | None":
        context = self._context
        assert context is not None
        if self._drain_call is not None:
            self._drain_call.cancel()
            self._drain_call = None
        context.agent.stop()
        context.stop()
        if self._demo is not None:
            return Deferred.fromCoroutine(self._demo.stop())
        return None


def _opening_maker(context: Context) -> "Callable[[], Opening | None]":
    """What makes the steps between TCP and HTTP: none for plain HTTP (R24)."""
    gateway = context.config.gateway
    if gateway.scheme != "https":
        return lambda: None
    from localedge.edge.opening import Opening, client_tls

    tls = client_tls(gateway)
    auth = _basic(gateway)
    return lambda: Opening(gateway, context.limits, tls, auth)
