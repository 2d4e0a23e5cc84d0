"""Carries out the questions of `localedge check`: one connection each, over the edge's own floors.

The way to the gateway is the edge's own: the same addresses, proxy, trust and parser.  So what a probe
finds is what the edge will meet, and what keeps either from connecting has the same code.  Every
question is bounded in time and in bytes.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from twisted.internet.interfaces import IHostnameResolver, IOpenSSLClientConnectionCreator

from localedge.claude import probing
from localedge.claude.probe_plan import Steps
from localedge.claude.probing import Credential, Finding, Outcome, Question, Reply
from localedge.config import Config, Gateway, LogLevel, Secret
from localedge.edge.context import Context
from localedge.edge.observe import Observer
from localedge.edge.probe_asking import Asking, Bounds
from localedge.edge.resolving import next_hop, settle
from localedge.edge.service import EdgeService, make_route
from localedge.http.forwarding import gateway_target

if TYPE_CHECKING:
    from localedge.edge.opening import Opening

__all__ = ["Bounds", "Probe"]

LONG_KEY = 16
"""Characters from which on a key cannot stand in an answer by chance."""


class Probe:
    """Asks one gateway, directly and by an edge of its own.

    `tell` is given each `Finding` as it comes, `asking` each `Question` before it is asked.
    """

    def __init__(self, config: Config, key: Secret | None, bounds: Bounds, *, reactor: Any) -> None:
        # Whatever the edge of this configuration is like, this one is for us alone.
        self._config = replace(
            config,
            host="127.0.0.1",
            port=0,
            http_only=True,
            client_token=None,
            allowed_origins=(),
            log_level=LogLevel.ERROR,
            quiet=True,
            limits=replace(config.limits, drain=0.5),
        )
        self._key = key.reveal().encode() if key else b""
        self._bounds = bounds
        self._reactor = reactor
        self._edge = EdgeService(self._config, reactor=reactor, emit=_nothing)
        self._resolver: IHostnameResolver | None = None
        self._by_edge = Gateway("http", "127.0.0.1", 0)
        self._tls: IOpenSSLClientConnectionCreator | None = None

    @property
    def gateway(self) -> Gateway:
        """Where questions go; the demo gateway has its port once `start` is done."""
        return self._edge.config.gateway

    async def start(self) -> None:
        """Find the gateway, and have an edge for it.  Raises `errors.Failure`."""
        self._edge.startService()
        port = await self._edge.whenListening
        self._by_edge = replace(self._by_edge, port=port)
        gateway = self.gateway
        config = replace(self._config, gateway=gateway)
        context = Context(
            config,
            self._reactor,
            Observer(_nothing, config.log_format, config.log_level),
            make_route(gateway, b"check"),
        )
        try:
            await settle(context, [])
        finally:
            context.stop()
        self._resolver = context.next_hop.resolver  # nobody is asked on another host by name

    async def stop(self) -> None:
        """Leave nothing behind.  Cancel what is asked before."""
        stopped = self._edge.stopService()
        if stopped is not None:
            await stopped

    async def run(
        self, steps: Steps, tell: Callable[[Finding], None], asking: Callable[[Question], None]
    ) -> Outcome:
        """Carry out a plan."""
        reply: Reply | None = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                outcome: Outcome = done.value
                return outcome
            reply = None
            if isinstance(step, Finding):
                tell(self._blotted_in(step))
            else:
                asking(step)
                reply = await self.ask(step)

    async def ask(self, question: Question) -> Reply:
        """Ask one question.  Whatever happens is in the reply."""
        gateway = question.at or (self._by_edge if question.through_edge else self.gateway)
        asking = Asking(
            self._reactor,
            gateway,
            next_hop(gateway)._replace(resolver=self._resolver),
            question,
            limits=self._config.limits,
            bounds=self._bounds,
            request=self._request(question, gateway),
            opening=self._opening(gateway),
        )
        return self._blotted(await asking.start())

    def _opening(self, gateway: Gateway) -> "Opening | None":
        """Before the clock starts: reading the system's roots takes a while, once."""
        if gateway.scheme != "https":
            return None
        from localedge.edge.opening import Opening, client_tls

        if self._tls is None:
            self._tls = client_tls(gateway)
        return Opening(gateway, self._config.limits, self._tls)

    def _request(self, question: Question, gateway: Gateway) -> bytes:
        route = make_route(gateway, b"check")
        target = gateway_target(question.target.encode(), route.base)
        lines = [
            b"%b %b%b HTTP/1.1" % (question.method.encode(), route.absolute, target),
            b"Host: " + route.authority,
            b"User-Agent: localedge-check",
            b"Accept: application/json",  # for streams too, as Claude's clients do
            b"Accept-Encoding: identity",
            b"Connection: close",
        ]
        lines += [f"{name}: {value}".encode() for name, value in question.fields]
        lines += self._credential(question.credential)
        if question.method == "POST":
            lines.append(b"Content-Length: %d" % len(question.body))
        if route.proxy_authorization is not None:
            lines.append(b"Proxy-Authorization: " + route.proxy_authorization)
        return b"\r\n".join(lines) + b"\r\n\r\n" + question.body

    def _credential(self, credential: Credential) -> list[bytes]:
        wrong = probing.WRONG_KEY.encode()
        match credential:
            case Credential.BEARER:
                return [b"Authorization: Bearer " + self._key]
            case Credential.X_API_KEY:
                return [b"x-api-key: " + self._key]
            case Credential.WRONG_BEARER:
                return [b"Authorization: Bearer " + wrong]
            case Credential.WRONG_X_API_KEY:
                return [b"x-api-key: " + wrong]
        return []

    def _blotted(self, reply: Reply) -> Reply:
        """Some gateways quote the key back: it goes no further than here (R23).

        A short one, such as the word `text`, would take JSON apart: `_blotted_in` sees to it, later.
        """
        if len(self._key) < LONG_KEY:
            return reply
        # As long as the key was: `arrivals` counts bytes.
        blot = b"*" * len(self._key)
        fields = {name: value.replace(self._key, blot) for name, value in reply.fields.items()}
        return replace(reply, fields=fields, body=reply.body.replace(self._key, blot))

    def _blotted_in(self, finding: Finding) -> Finding:
        """Of the gateway's own words in a finding only."""
        if not self._key:
            return finding
        params = dict(finding.verdict.params)
        for name in ("said", "title", "to"):
            if isinstance(words := params.get(name), str):
                params[name] = words.replace(self._key.decode(), "***")
        return finding._replace(verdict=finding.verdict._replace(params=params))


def _nothing(line: str) -> None:
    """An edge for one check logs nothing: what goes wrong is in the replies."""
