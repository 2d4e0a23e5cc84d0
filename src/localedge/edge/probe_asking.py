"""One question of `localedge check` on one connection, bounded in time and in bytes."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure as TwistedFailure
from zope.interface import implementer

from localedge.claude.probing import Question, Reply, Wait
from localedge.config import Gateway, Limits
from localedge.edge.dialing import Dialing
from localedge.edge.failures import connect_failure
from localedge.edge.resolving import NextHop
from localedge.http.framing import ProtocolError
from localedge.http.head import ResponseHead
from localedge.http.parser import End, ResponseReader

if TYPE_CHECKING:
    from localedge.edge.opening import Opening

FAREWELL = 1.0
"""Seconds that closing in order may take."""

Problem = tuple[str, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long and how much.  Seconds and bytes."""

    short: float = 10.0
    """For what needs no model: Claude Desktop gives its own list of models as long."""
    answer: float = 60.0
    """For the first byte of a model's answer, and between two of them."""
    whole: float = 180.0
    """For all of an answer."""
    body: int = 2 * 1024 * 1024

    def of(self, wait: Wait) -> float:
        """Seconds of silence that are allowed."""
        return self.short if wait is Wait.SHORT else self.answer

    def in_all(self, wait: Wait) -> float:
        """Seconds for all of it: a head that trickles is silent at no time."""
        return min(self.whole, 3 * self.of(wait))


@implementer(IHandshakeListener)
class Asking(Protocol):
    """One question on one connection.  `start` gives the reply, once, and the connection is gone then."""

    transport: Any

    def __init__(
        self,
        reactor: Any,
        gateway: Gateway,
        way: NextHop,
        question: Question,
        *,
        limits: Limits,
        bounds: Bounds,
        request: bytes,
        opening: "Opening | None",
    ) -> None:
        patience = bounds.of(question.wait)
        self._reactor = reactor
        self._gateway = gateway
        self._limits = replace(
            limits,
            connect=min(limits.connect, patience),
            tls_handshake=min(limits.tls_handshake, patience),
        )
        self._bounds = bounds
        self._patience = patience
        self._in_all = bounds.in_all(question.wait)
        self._request = request
        self._reader = ResponseReader(limits)
        self._reader.expect(question.method.encode())
        self._opening = opening
        self._dialing = Dialing(
            reactor,
            way.host,
            way.port,
            self._limits.connect,
            build=self._build,
            failed=self._failed,
            resolver=way.resolver,
        )
        self._done: Deferred[Reply] = Deferred(lambda _: self.cancel())
        self._over = False
        self._tcp = self._open = self._lost = False
        self._timer: IDelayedCall | None = None
        self._whole: IDelayedCall | None = None
        self._started = 0.0
        self._head: ResponseHead | None = None
        self._head_at: float | None = None
        self._body = bytearray()
        self._arrivals: list[tuple[float, int]] = []

    def start(self) -> "Deferred[Reply]":
        """Connect and ask."""
        self._started = self._reactor.seconds()
        self._whole = self._reactor.callLater(self._in_all, self._too_long)
        self._await(self._limits.connect)
        self._dialing.start()
        return self._done

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._end(("gateway-lost", {"gateway": self._gateway.url}))

    @property
    def over(self) -> bool:
        """Whether the reply is settled."""
        return self._over

    # -- connecting

    def _build(self, host: str) -> Protocol:
        return self

    def _failed(self, cause: BaseException) -> None:
        transport = self.transport if self._tcp else None
        self._end(connect_failure(cause, self._gateway, self._limits, self._opening, transport))

    def connectionMade(self) -> None:
        """Twisted: TCP is there."""
        self._tcp = True
        if self._over:
            self.transport.abortConnection()
        elif self._opening is None:
            self._ready()
        else:
            self._await(self._limits.tls_handshake)
            self._opening.begin(self.transport)

    def handshakeCompleted(self) -> None:
        """Twisted: TLS is there, and the certificate was accepted."""
        if not self._over:
            self._ready()

    def _ready(self) -> None:
        self._open = True
        self._await(self._patience)
        self.transport.write(self._request)

    # -- the reply

    def dataReceived(self, data: bytes) -> None:
        """Twisted: bytes."""
        if self._over:
            return
        if not self._open:
            assert self._opening is not None
            problem = self._opening.data(self.transport, data)
            if problem is not None:
                self._end(problem)
            return
        self._await(self._patience)  # any byte is a sign of life
        self._reader.feed(data)
        try:
            while (event := self._reader.next_event()) is not None:
                self._take(event)
                if self.over:
                    return
        except ProtocolError as error:
            self._garbage(error)
        self._arrive()

    def _take(self, event: "ResponseHead | bytes | End") -> None:
        if isinstance(event, ResponseHead):
            if event.status == 101:
                self._end(("gateway-upgrade", {"gateway": self._gateway.url}))
            elif event.status >= 200:
                self._head, self._head_at = event, self._now()
        elif isinstance(event, End):
            self._arrive()
            self._end(None)
        else:
            self._body += event
            if len(self._body) > self._bounds.body:
                self._arrive()
                self._end(("check-endless", {"size": f"{self._bounds.body / 2**20:g}"}))

    def _arrive(self) -> None:
        if not self._over and len(self._body) > (self._arrivals[-1][1] if self._arrivals else 0):
            self._arrivals.append((self._now(), len(self._body)))

    def _garbage(self, error: ProtocolError) -> None:
        if self._head is not None:
            self._end(("check-cut", {}))
        elif error.code == "gateway-speaks-tls":
            self._end((error.code, {"gateway": self._gateway.url}))
        else:
            reason = str(error.params.get("reason", error.code))
            self._end(("gateway-garbage", {"gateway": self._gateway.url, "reason": reason}))

    def connectionLost(self, reason: TwistedFailure = connectionDone) -> None:
        """Twisted: the connection is gone."""
        self._lost = True
        if self._over:
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            self._tell()
            return
        if not self._open:
            assert reason.value is not None
            self._failed(reason.value)
            return
        end = None
        if reason.check(ConnectionDone) is not None:
            try:
                end = self._reader.eof()
            except ProtocolError:
                end = None
        if end is not None:
            self._end(None)
        elif self._head is None:
            self._end(("gateway-lost", {"gateway": self._gateway.url}))
        else:
            self._end(("check-cut", {}))

    # -- time

    def _now(self) -> float:
        seconds: float = self._reactor.seconds() - self._started
        return seconds

    def _await(self, patience: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._reactor.callLater(patience, self._silent)

    def _silent(self) -> None:
        self._timer = None
        limit = f"{self._patience:g}"
        if not self._tcp:
            self._failed(ConnectTimeout())
        elif not self._open:
            limit = f"{self._limits.tls_handshake:g}"
            self._end(("gateway-tls-timeout", {"gateway": self._gateway.url, "limit": limit}))
        elif self._head is None:
            self._end(("gateway-silent", {"gateway": self._gateway.url, "limit": limit}))
        else:
            self._end(("check-stalled", {"limit": limit}))

    def _too_long(self) -> None:
        self._whole = None
        self._end(("check-too-long", {"limit": f"{self._in_all:g}"}))

    # -- the end

    def _end(self, problem: Problem | None) -> None:
        if self._over:
            return
        self._over = True
        for timer in (self._timer, self._whole):
            if timer is not None and timer.active():
                timer.cancel()
        self._dialing.cancel()
        head = self._head
        first = self._arrivals[0][0] if self._arrivals else self._head_at
        self._reply = Reply(
            status=head.status if head is not None else 0,
            fields=head.combined if head is not None else {},
            body=bytes(self._body),
            arrivals=tuple(self._arrivals),
            seconds=self._now(),
            first_byte=first,
            problem=problem,
            connected=self._open,
        )
        if not self._tcp or self._lost:
            self._tell()
        elif problem is None:  # a reset would stand in the gateway's log
            self._timer = self._reactor.callLater(FAREWELL, self.transport.abortConnection)
            self.transport.loseConnection()
        else:
            self.transport.abortConnection()

    def _tell(self) -> None:
        if not self._done.called:  # else it was cancelled
            self._done.callback(self._reply)
