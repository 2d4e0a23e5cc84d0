"""A client of the TLS port until its handshake is done, and those who come there without TLS."""

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from localedge.edge.deadlines import NEVER
from localedge.edge.frontend import Frontend
from localedge.edge.frontend_h2 import FrontendH2
from localedge.edge.secure import Farewell, SecureTransport, say_failure
from localedge.edge.wire import tune
from localedge.http.framing import Body
from localedge.http.guard import Refuse, split_host
from localedge.http.head import RequestHead

if TYPE_CHECKING:
    from localedge.edge.context import Context
    from localedge.edge.tls import Certificates

_LETTERS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DISTRUST = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
"""OpenSSL's names for the alerts of a client that does not believe our certificate."""


class SecureEntry(Protocol):
    """A client of the TLS port whose handshake is not done."""

    transport: Any

    def __init__(self, context: "Context", certificates: "Certificates") -> None:
        self._context = context
        self._certificates = certificates
        self._secure: SecureTransport | None = None
        self.deadline = NEVER

    def __repr__(self) -> str:
        return "<client in its TLS handshake>"

    def connectionMade(self) -> None:
        """Twisted: a client is there."""
        context = self._context
        tune(self.transport)
        self.deadline = context.now() + context.limits.tls_handshake
        context.frontends.add(self)
        context.deadlines.add(self)

    def dataReceived(self, data: bytes) -> None:
        """Twisted: a piece of the handshake."""
        secure = self._secure
        if secure is None:
            if data[0] in _LETTERS:
                self._speak_plainly(data)
                return
            secure = self._secure = SecureTransport(self._context, self.transport, self._certificates)
        try:
            done = secure.shake(data)
        except ssl.SSLError as error:
            self._failed(error, secure)
            return
        if done:
            self._leave()
            secure.begin(_protocol_for(secure.application, self._context))

    def _speak_plainly(self, data: bytes) -> None:
        """HTTP without TLS: it gets its 400 as plain HTTP does (R44)."""
        self._leave()
        here = self.transport.getHost()
        frontend = Frontend(self._context, wrong_port(self._certificates.names, here.port))
        self.transport.protocol = frontend
        frontend.makeConnection(self.transport)  # type: ignore[no-untyped-call]
        frontend.dataReceived(data)

    def _failed(self, error: ssl.SSLError, secure: SecureTransport) -> None:
        context = self._context
        say_failure(context, "tls-handshake-failed", self.transport, error)
        if error.reason in _DISTRUST:
            self._certificates.distrusted(self.transport.getPeer().host)
        self._leave()
        Farewell(context, self.transport, secure.wire)
        secure.connectionLost()

    def _leave(self) -> None:
        """Another protocol takes over, in this very turn."""
        self._context.frontends.discard(self)
        self._context.deadlines.discard(self)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Twisted: the client is gone."""
        self._context.deadlines.discard(self)
        if self._secure is not None:
            self._secure.connectionLost(reason)
            self._secure = None
        self._context.left(self)

    def deadline_passed(self, now: float) -> None:
        """The handshake takes too long (R30)."""
        if self._context.observer.verbose:
            self._context.observer.say("tls-handshake-timeout", str(self.transport.getPeer().host))
        self.abort()

    def drain(self) -> None:
        """The edge is shutting down: nothing new is accepted (R35)."""
        self.abort()

    def drained(self) -> None:
        """Nothing runs here."""

    def abort(self) -> None:
        """Nothing may be left."""
        self.deadline = NEVER
        self.transport.abortConnection()


def wrong_port(names: frozenset[str], port: int) -> Callable[[RequestHead, Body], Refuse]:
    """Refuses every request, with the URL that would have been right: its own host if that is one of ours."""

    def prepare(head: RequestHead, _body: Body) -> Refuse:
        parts = split_host(head.combined.get(b"host", b""))
        host = parts[0].decode("latin-1") if parts else ""
        if host not in names and host not in ("127.0.0.1", "[::1]"):
            host = "127.0.0.1"
        return Refuse("http-on-tls-port", (("url", f"https://{host}" + ("" if port == 443 else f":{port}")),))

    return prepare


def _protocol_for(application: str | None, context: "Context") -> Any:
    return FrontendH2(context) if application == "h2" else Frontend(context)
