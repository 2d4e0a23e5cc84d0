"""One client connection of the demo gateway: requests in, answers out, in order.

The connection is a loop over the reader's events.  It asks for the next event only
when the answer in progress does not forbid it, so pipelined requests wait in the
reader (R04) and an early answer still sees its request's body arrive.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from twisted.internet.interfaces import IDelayedCall, ITCPTransport
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure

from localedge.claude import demo_api, script
from localedge.claude.script import Early, Script, ScriptError
from localedge.config import Limits
from localedge.edge.demo_answer import IDemoTransport, Sending, interim
from localedge.http.forwarding import persistent
from localedge.http.framing import Body, ProtocolError
from localedge.http.head import RequestHead, tokens, values
from localedge.http.parser import End, RequestReader

if TYPE_CHECKING:
    from localedge.edge.demo import DemoGateway

LIMITS = Limits()
MOST_BUFFERED = 64 * 1024
"""Pipelined bytes that wait while an answer is on its way; at more, reading pauses."""


@dataclass(slots=True)
class Seen:
    """One request as the demo gateway saw it, without what it said unless a test asked to record that."""

    method: bytes
    target: bytes
    length: int = 0
    """Bytes of the body so far."""
    head: RequestHead | None = None
    """Only with `record`."""
    body: bytes | None = None
    """Only with `record`, once it is complete."""


_REFUSED = {"head-too-large": 431, "target-too-long": 414}
_NO_REQUEST = RequestHead(b"GET", b"/", b"1.1", ())


class _Exchange:
    """One request and where its answer stands."""

    def __init__(
        self,
        head: RequestHead,
        seen: Seen,
        serial: int,
        given: Script | None = None,
        mistake: str | None = None,
    ) -> None:
        self.head = head
        self.seen = seen
        self.serial = serial
        self.script = given
        """What came with the head; None where the user's text may still bring a script."""
        self.mistake = mistake
        """The sentence for a script that was not understood."""
        self.body = bytearray()
        self.keeps_body = mistake is None and demo_api.reads_body(head.method, head.target, given)
        self.early = given is not None and given.early is not None
        self.stays = persistent(head.version, head.combined.get(b"connection"))
        self.leaves_early = given is not None and given.early is Early.CLOSE
        """The connection closes behind the answer, even if the body is not in."""
        self.uploaded = False
        self.sending: Sending | None = None
        self.answered = False


class DemoConnection(Protocol):
    """A connection to the demo gateway."""

    def __init__(self, gateway: "DemoGateway") -> None:
        self._gateway = gateway
        self._reader = RequestReader(LIMITS)
        self._exchange: _Exchange | None = None
        self._continue: IDelayedCall | None = None
        self._advancing = False
        self._reading = True
        self._closing = False
        self._ended = False

    @property
    def wire(self) -> IDemoTransport:
        """The transport, as what it is."""
        return cast(IDemoTransport, self.transport)

    def connectionMade(self) -> None:
        """A client is here."""
        if ITCPTransport.providedBy(self.transport):  # Twisted's transports for tests are no TCP
            self.wire.setTcpNoDelay(True)
        self._gateway.opened(self)

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the client; behind the last exchange nobody reads them."""
        if not self._closing:
            self._reader.feed(data)
            self._advance()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """The client has gone, or we have: nothing stays behind."""
        self._closing = True
        self._stop_waiting()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            severed = exchange.sending is not None and exchange.sending.severed
            if exchange.sending is not None:
                exchange.sending.stop()
            if not (severed or exchange.answered or self._ended):
                self._gateway.aborted += 1
        self._gateway.closed(self)

    def end(self) -> None:
        """The gateway stops: an idle connection is closed, a busy one cut."""
        self._closing = self._ended = True
        if self._exchange is None:
            self.wire.loseConnection()
        else:
            self.wire.abortConnection()

    # -- requests

    def _advance(self) -> None:
        """Take every event that may be taken now."""
        if self._advancing:
            return  # an answer ended while an event was taken: the loop below goes on by itself
        self._advancing = True
        try:
            while not (self._closing or self._waits()):
                event = self._reader.next_event()
                if event is None:
                    break
                self._take(event)
        except ProtocolError as error:
            self._refuse(error)
        finally:
            self._advancing = False
        self._balance()

    def _waits(self) -> bool:
        """Whether the next request has to wait for the answer to this one (R04)."""
        return self._exchange is not None and self._exchange.uploaded

    def _balance(self) -> None:
        """Stop reading while more is pipelined than we hold."""
        reading = self._reader.buffered < MOST_BUFFERED
        if reading == self._reading or self._closing:
            return
        self._reading = reading
        if reading:
            self.wire.resumeProducing()
        else:
            self.wire.pauseProducing()

    def _take(self, event: RequestHead | bytes | End) -> None:
        if isinstance(event, RequestHead):
            self._begin(event)
            return
        exchange = self._exchange
        if exchange is None:
            raise AssertionError("a body without a request")
        if isinstance(event, bytes):
            self._keep(exchange, event)
            return
        exchange.uploaded = True
        self._stop_waiting()
        if self._gateway.record:
            exchange.seen.body = bytes(exchange.body)
        if exchange.answered:
            self._over(exchange)
        elif exchange.sending is None:
            self._answer(exchange)

    def _begin(self, head: RequestHead) -> None:
        given, mistake = self._script_of(head)
        seen = self._gateway.saw(head)
        exchange = self._exchange = _Exchange(head, seen, self._gateway.requests, given, mistake)
        expects = b"100-continue" in tokens(head.combined.get(b"expect", b""))
        if expects and head.version == b"1.1" and self._reader.body is not Body.NONE:
            if exchange.early:
                # RFC 9110 10.1.1: the client may now send the body or not, so no request can follow.
                exchange.leaves_early = True
            else:
                self._ask_for_body(0.0 if given is None else given.send_continue)
        if exchange.leaves_early:
            exchange.stays = False
        if exchange.early:
            self._answer(exchange)

    def _script_of(self, head: RequestHead) -> tuple[Script | None, str | None]:
        """The script that comes before the body, if any, and what is wrong with it, if anything."""
        prepared = self._gateway.next_script()
        if prepared is not None:
            return prepared, None
        texts = [value.decode("latin-1") for value in values(head.fields, b"x-demo")]
        texts = texts or demo_api.query(head.target).get("demo", [])
        try:
            return (script.parse(";".join(texts)) if texts else None), None
        except ScriptError as mistake:
            return None, str(mistake)

    def _ask_for_body(self, delay: float | None) -> None:
        """Send `100 Continue` after `delay` seconds; None: never."""
        if delay is None:
            return
        if delay > 0:
            self._continue = self._gateway.clock.callLater(delay, self._ask_for_body, 0.0)
            return
        self._continue = None
        self.wire.write(interim(100))

    def _stop_waiting(self) -> None:
        if self._continue is not None:
            self._continue.cancel()
            self._continue = None

    def _keep(self, exchange: _Exchange, data: bytes) -> None:
        """Count a piece of a body, and keep it where the answer or a test wants it."""
        exchange.seen.length += len(data)
        if not (exchange.keeps_body or self._gateway.record):
            return
        if exchange.seen.length > LIMITS.body_bytes:
            exchange.mistake = f"The body is larger than {LIMITS.body_bytes} bytes."
            exchange.body = bytearray()
        else:
            exchange.body += data

    # -- answers

    def _answer(self, exchange: _Exchange) -> None:
        body, head, serial = bytes(exchange.body), exchange.head, exchange.serial
        if not self._gateway.record:
            exchange.body = bytearray()
        if exchange.mistake is not None:
            too_large = exchange.seen.length > LIMITS.body_bytes
            answer = demo_api.failure(413 if too_large else 400, exchange.mistake, serial)
            follows = script.PLAIN
        else:
            answer, follows = demo_api.answer(head.method, head.target, body, exchange.script, serial)
        self._send(exchange, answer, follows)

    def _send(self, exchange: _Exchange, answer: demo_api.Answer, follows: Script) -> None:
        exchange.sending = Sending(
            self.wire,
            self._gateway.clock,
            exchange.head,
            answer,
            follows,
            gap=self._gateway.gap,
            stay=exchange.stays,
            done=lambda: self._sent(exchange),
        )
        exchange.sending.start()

    def _sent(self, exchange: _Exchange) -> None:
        exchange.answered = True
        self._gateway.answered += 1
        if exchange.sending is not None and not exchange.sending.stays:
            exchange.stays = False
        if exchange.uploaded or exchange.leaves_early:
            self._over(exchange)

    def _over(self, exchange: _Exchange) -> None:
        """Request and answer are complete: the next one, or the end."""
        self._exchange = None
        if exchange.stays:
            self._advance()
        else:
            self._closing = True
            self.wire.loseConnection()

    def _refuse(self, error: ProtocolError) -> None:
        """Bytes that are not HTTP: an answer in the API's shape where one can still go out, and the end."""
        if self._exchange is not None and self._exchange.sending is not None:
            self._closing = True
            self.wire.abortConnection()
            return
        self._stop_waiting()
        exchange = self._exchange = _Exchange(_NO_REQUEST, Seen(b"", b""), self._gateway.requests)
        exchange.stays, exchange.leaves_early = False, True
        text = f"The request is not HTTP/1.1 as it should be ({error.code})."
        status = _REFUSED.get(error.code, 400)
        self._send(exchange, demo_api.failure(status, text, exchange.serial), script.PLAIN)
