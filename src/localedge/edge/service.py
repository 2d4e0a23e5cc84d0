"""The service that both `localedge run` and `twistd localedge` start (R35)."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.python.failure import Failure as TwistedFailure

from localedge.config import Config, Gateway
from localedge.edge.agent import Agent
from localedge.edge.context import Context
from localedge.edge.frontend import Frontend
from localedge.edge.listening import Admission, Listener, adopt
from localedge.edge.observe import Observer
from localedge.edge.resolving import settle
from localedge.errors import Failure
from localedge.http.forwarding import Route
from localedge.machine.descriptors import RESERVE, raise_descriptor_limit
from localedge.settings.upstream import is_loopback

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from localedge.edge.demo import DemoGateway
    from localedge.edge.opening import Opening
    from localedge.edge.tls import Certificates


BACKLOG = 1024
"""Clients that wait to be accepted."""

_HTTPS_CODES = {
    "port-in-use": "https-port-in-use",
    "port-in-use-by": "https-port-in-use-by",
    "privileged-port": "https-privileged-port",
    "port-reserved": "https-port-reserved",
}
"""What can be wrong with a port has other remedies for the port of HTTPS."""

FAREWELL = 0.2
"""Seconds between cutting what runs at the drain limit and aborting what is left."""


def make_route(gateway: Gateway, instance: bytes) -> Route:
    """What stands in the requests to this gateway."""
    proxy = gateway.proxy if gateway.scheme == "http" else None  # else it is asked for a tunnel
    return Route(
        authority=gateway.authority.encode(),
        base=gateway.base_path.encode(),
        absolute=f"http://{gateway.authority}".encode() if proxy is not None else b"",
        proxy_authorization=proxy.authorization if proxy is not None else None,
        instance=instance,
    )


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


class EdgeService(Service):
    """One edge: its listeners, their clients, and the pool of connections to the gateway.

    `emit` writes one log line.  `whenListening` fires with the port for plain HTTP (int)
    or fails with `localedge.errors.Failure`; the other attributes hold from then on.
    """

    name = "localedge"

    def __init__(self, config: Config, *, reactor: Any, emit: Callable[[str], None]) -> None:
        self.config = config
        self._reactor = reactor
        self._emit = emit
        self._ports: list[Any] = []
        self._context: Context | None = None
        self._demo: DemoGateway | None = None
        self._drain_call: IDelayedCall | None = None
        self._certificates: Certificates | None = None
        self.whenListening: Deferred[int] = Deferred()
        self.https_port: int | None = None
        """Where HTTPS is served, None where it is not."""
        self.https_names: tuple[str, ...] = ()
        """The mapped names that there is a certificate for, in the order of the configuration."""
        self.notices: list[Failure] = []
        """What the user should know, and need not mend for plain HTTP."""

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
            settled = Deferred.fromCoroutine(self._settle())
            settled.addCallbacks(lambda _: self._settled(port), self._unsettled)

    def stopService(self) -> "Deferred[None]":
        """Stop accepting, let what runs end up to the drain limit, close everything (R35)."""
        Service.stopService(self)
        context = self._context
        if context is None:
            return succeed(None)
        context.draining = True
        done: Deferred[None] = Deferred()
        self._stop_listening()
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
        config = self._with_demo_gateway()
        observer = Observer(self._emit, config.log_format, config.log_level)
        route = make_route(config.gateway, os.urandom(8).hex().encode())
        context = Context(config, self._reactor, observer, route)
        context.agent = Agent(context, _opening_maker(context))
        self._certificates = certificates = self._load_certificates(observer)
        admission = Admission(context)
        try:
            listener = Listener(admission, lambda: Frontend(context))
            number = self._listen(admission, listener, config.host, config.port)
            if certificates is not None:
                self._listen_securely(admission, context, certificates)
        except Failure:
            self._stop_listening()
            raise
        self._context = context
        return number

    def _with_demo_gateway(self) -> Config:
        config = self.config
        if config.gateway.demo:
            from localedge.edge.demo import DemoGateway

            self._demo = DemoGateway(self._reactor)
            listening: Any = self._demo.listen(self._reactor).getHost()
            port = listening.port
            self.config = config = replace(
                config, gateway=replace(config.gateway, host="127.0.0.1", port=port)
            )
        return config

    def _load_certificates(self, observer: Observer) -> "Certificates | None":
        """What HTTPS needs.  Without it, or with something wrong, plain HTTP is served all the same."""
        config = self.config
        if config.http_only:
            return None
        from localedge.machine.vault import Vault, authority_directory

        try:
            vault = Vault(authority_directory(config.https.directory))
        except Failure as failure:  # nobody has a home
            self.notices += [failure, Failure("https-off")]
            return None
        if not vault.exists:
            self.notices.append(Failure("no-ca"))
            return None
        from localedge.edge.tls import Certificates

        def say(failure: Failure) -> None:
            observer.say(failure.code, failure.sentence(config.lang))

        certificates = Certificates(vault, config.https.names, self._reactor, say)
        try:
            certificates.start()
        except Failure as failure:
            self.notices += [failure, Failure("https-off")]
            return None
        self.notices += certificates.notices
        self.https_names = tuple(name for name in config.https.names if name in certificates.names)
        return certificates

    def _listen(self, admission: Admission, listener: Listener, host: str, port: int) -> int:
        """Listen on one address; the port that is bound."""
        try:
            listening = self._reactor.listenTCP(port, listener, backlog=BACKLOG, interface=host)
        except CannotListenError as error:
            from localedge.machine.ports import listen_failure

            raise listen_failure(host, port, error.socketError) from None
        return self._listens(admission, listening)

    def _listens(self, admission: Admission, listening: Any) -> int:
        listening.stopReading()  # until the gateway is settled
        self._ports.append(listening)
        admission.add(listening)
        number: int = listening.getHost().port
        return number

    def _listen_securely(self, admission: Admission, context: Context, certificates: "Certificates") -> None:
        """HTTPS on loopback, or on the socket that somebody with more rights has passed to us."""
        from localedge.edge.handshake import SecureEntry

        config = self.config
        listener = Listener(admission, lambda: SecureEntry(context, certificates))
        if config.https.socket is not None:
            listening = adopt(self._reactor, config, listener)
            self.https_port = self._listens(admission, listening)
            return
        port = config.https.port
        hosts = {"127.0.0.1": None, config.host: None} if is_loopback(config.host) else {"127.0.0.1": None}
        for host in hosts:
            try:
                port = self._listen(admission, listener, host, port)
            except Failure as failure:
                raise Failure(_HTTPS_CODES.get(failure.code, failure.code), **failure.params) from None
        self.https_port = port

    async def _settle(self) -> None:
        """Make sure that the gateway is somebody else; nobody is let in before that is known."""
        context = self._context
        assert context is not None
        listeners = [(port.getHost().host, port.getHost().port) for port in self._ports]
        self.notices += await settle(context, listeners)

    def _settled(self, port: int) -> None:
        if self.running:
            for listening in self._ports:
                listening.startReading()
            self.whenListening.callback(port)

    def _unsettled(self, failure: TwistedFailure) -> None:
        if self.running:
            self._stop_listening()
            self.whenListening.errback(failure)

    # -- stopping

    def _stop_listening(self) -> None:
        for port in self._ports:
            port.stopListening()
        self._ports.clear()
        if self._certificates is not None:
            self._certificates.stop()

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
    return lambda: Opening(gateway, context.limits, tls)
