"""Gateways of all kinds for `localedge check`: on real sockets, in the test's reactor.

async with serving(openai) as port, ...:
    report = await checked(port)
    assert report["message"].verdict.code == "check-openai-only"
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import deferLater

from localedge.claude import messages, probe_plan
from localedge.claude.probing import Credential, Finding, Outcome, Question
from localedge.config import Config, Gateway, Limits, Secret
from localedge.edge.demo import DemoGateway
from localedge.edge.probe import Bounds, Probe
from localedge.http.head import RequestHead
from localedge.http.parser import End, ProtocolError, RequestReader
from localedge.messages import text
from tests.wire_peers import port_of, the_reactor, turns

BOUNDS = Bounds(short=10.0, answer=20.0, whole=60.0)


class Asked(NamedTuple):
    """One request, as a gateway sees it."""

    head: RequestHead
    body: bytes

    @property
    def path(self) -> str:
        """Without its query."""
        return self.head.target.decode().partition("?")[0]

    @property
    def line(self) -> str:
        """Method and path."""
        return f"{self.head.method.decode()} {self.path}"

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def field(self, name: bytes) -> str:
        """A header field."""
        return self.head.combined.get(name, b"").decode()


Handler = Callable[[Asked], "bytes | Awaitable[bytes]"]


class Server(ServerFactory):
    """Answers each request with what the handler gives, then closes."""

    noisy = False

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.seen: list[Asked] = []
        self.wires: list[_Wire] = []
        self.port = 0

    def buildProtocol(self, addr: object) -> "_Wire":
        """Twisted: a client."""
        wire = _Wire(self)
        self.wires.append(wire)
        return wire


class _Wire(Protocol):
    transport: Any

    def __init__(self, server: Server) -> None:
        self._server = server
        self._reader = RequestReader(Limits())
        self._head: RequestHead | None = None
        self._body = bytearray()
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            self._read()
        except ProtocolError:  # a ClientHello
            self.transport.loseConnection()

    def _read(self) -> None:
        while (event := self._reader.next_event()) is not None:
            if isinstance(event, RequestHead):
                self._head = event
            elif isinstance(event, End):
                assert self._head is not None
                Deferred.fromCoroutine(self._answer(Asked(self._head, bytes(self._body))))
            else:
                self._body += event

    async def _answer(self, asked: Asked) -> None:
        self._server.seen.append(asked)
        answer = self._server.handler(asked)
        if not isinstance(answer, bytes):
            answer = await answer
        if not self.lost:
            self.transport.write(answer)
            self.transport.loseConnection()

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


@asynccontextmanager
async def serving(handler: Handler, tls: Any = None) -> AsyncIterator[Server]:
    """A gateway that answers by this handler."""
    server, reactor = Server(handler), the_reactor()
    if tls is None:
        port = reactor.listenTCP(0, server, interface="127.0.0.1")
    else:
        port = reactor.listenSSL(0, server, tls, interface="127.0.0.1")
    server.port = port_of(port)
    try:
        yield server
    finally:
        await port.stopListening()
        for wire in server.wires:
            if not wire.lost:
                wire.transport.abortConnection()
        await turns()


@asynccontextmanager
async def demo(**more: Any) -> AsyncIterator[DemoGateway]:
    """The demo gateway; `port` is where it listens."""
    gateway = DemoGateway(the_reactor(), **more)
    gateway.port = port_of(gateway.listen(the_reactor()))  # type: ignore[attr-defined]
    try:
        yield gateway
    finally:
        await gateway.stop()
        await turns()


# -- answers


def answer(status: int, body: bytes, kind: str = "application/json", **fields: str) -> bytes:
    """A whole response that ends with the connection."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def document(value: object, status: int = 200, **fields: str) -> bytes:
    """JSON."""
    return answer(status, json.dumps(value).encode(), **fields)


def error(status: int, words: str) -> bytes:
    """An error of the Messages API."""
    return document(messages.error(status, words), status)


def html(title: str, status: int = 200) -> bytes:
    """A web page."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>Welcome</body></html>"
    return answer(status, page.encode(), "text/html")


def the_message(asked: Asked) -> dict[str, Any]:
    """A message of one word, or the tool call that was asked for."""
    block = messages.text_block("1 2 3 4 5 6 7 8 9")
    if "tools" in asked.json:
        block = messages.tool_use_block("toolu_1", asked.json["tools"][0]["name"], {})
    model = asked.json["model"]
    return messages.message("msg_1", model, [block], stop_reason="end_turn", input_tokens=9, output_tokens=2)


def good(asked: Asked) -> bytes:
    """A gateway with everything that Claude Desktop wants."""
    match asked.line:
        case "HEAD /":
            return answer(200, b"")
        case "GET /v1/models":
            one = messages.model("claude-opus-4", "Opus", tier="opus")
            return document(messages.model_page([one]))
        case "POST /v1/messages":
            if "wrong" in asked.field(b"authorization") + asked.field(b"x-api-key"):
                return error(401, "invalid x-api-key")
            whole = the_message(asked)
            if asked.json.get("stream"):
                stream = b"".join(map(messages.sse, messages.stream(whole)))
                return answer(200, stream, "text/event-stream")
            return document(whole)
        case "POST /v1/messages/count_tokens":
            return document({"input_tokens": 9})
    return error(404, "Not found")


def openai(asked: Asked) -> bytes:
    """A gateway that speaks OpenAI's API only."""
    match asked.line:
        case "GET /v1/models":
            return document({"object": "list", "data": [{"id": "gpt-5.5", "object": "model"}]})
        case "POST /v1/chat/completions":
            return document({"error": {"message": "you must provide a model parameter"}}, 400)
    return document(
        {"error": {"message": f"Invalid URL ({asked.line})", "type": "invalid_request_error"}}, 404
    )


async def later(seconds: float, then: bytes) -> bytes:
    """An answer after a while."""
    await deferLater(the_reactor(), seconds)
    return then


# -- the check


@dataclass
class Report:
    """What a check came to."""

    outcome: Outcome
    findings: list[Finding] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)

    def __getitem__(self, check: str) -> Finding:
        """The last finding of a check, asked directly."""
        return [one for one in self.findings if one.check == check and not one.through_edge][-1]

    def by_edge(self, check: str) -> Finding:
        """The same through the edge."""
        return next(one for one in self.findings if one.check == check and one.through_edge)

    def code(self, check: str) -> str:
        """Its code."""
        return self[check].verdict.code

    @property
    def codes(self) -> list[str]:
        """All of them, in order."""
        return [one.verdict.code for one in self.findings]

    def sentence(self, check: str) -> str:
        """What the user reads."""
        verdict = self[check].verdict
        return text(verdict.code, "en", **verdict.params)


async def checked(
    gateway: "Gateway | int",
    *models: str,
    key: str | None = "sk-secret-key",
    credential: Credential = Credential.BEARER,
    bounds: Bounds = BOUNDS,
    **config: Any,
) -> Report:
    """Check a gateway (or a port on 127.0.0.1) as the command does."""
    if isinstance(gateway, int):
        gateway = Gateway("http", "127.0.0.1", gateway)
    settings = Config(gateway=gateway, **config)
    probe = Probe(settings, Secret(key) if key else None, bounds, reactor=the_reactor())
    findings: list[Finding] = []
    asked: list[Question] = []
    try:
        await probe.start()
        steps = probe_plan.check(probe.gateway, models, credential if key else Credential.NONE)
        outcome = await probe.run(steps, findings.append, asked.append)
    finally:
        await probe.stop()
        await turns()
    return Report(outcome, findings, asked)
