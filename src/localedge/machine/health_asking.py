"""Asks a port or the gateway one cheap question, with plain sockets: `doctor` looks from threads.

`HEAD`, no credential of the user's, one answer read, every wait bounded.  What keeps the gateway from
answering has the codes that the edge has for it.
"""

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from localedge.config import Gateway, Limits, Proxy
from localedge.http.framing import ProtocolError
from localedge.http.head import ResponseHead
from localedge.names import in_url

WAIT = 2.0
"""Seconds for each of connecting, TLS and the answer."""
CODE_FIELD = b"x-localedge-error"

_EXPIRED = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, ..._HAS_EXPIRED
_NAMES = {62, 64}  # X509_V_ERR_HOSTNAME_MISMATCH, ..._IP_ADDRESS_MISMATCH
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")

Trust = Callable[[], ssl.SSLContext]


class Unanswered(Exception):
    """No answer: the code of the message table, and its details."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Clock:
    """What is left of the time for a whole look."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def wait(self) -> float:
        """Seconds for the next wait."""
        return max(0.05, min(WAIT, self._end - time.monotonic()))


def head(target: str, host: str, fields: Sequence[str] = ()) -> bytes:
    """A request that costs nothing."""
    lines = [f"HEAD {target} HTTP/1.1", f"Host: {host}", "User-Agent: localedge-doctor", "Accept: */*"]
    return "\r\n".join([*lines, *fields, "Connection: close", "", ""]).encode("latin-1", "replace")


def answer(connection: socket.socket, request: bytes, clock: Clock) -> ResponseHead | None:
    """The head of the answer; None if the connection ends before it.

    Raises OSError (TimeoutError for silence) and `ProtocolError` for what is not HTTP.
    """
    from localedge.http.parser import ResponseReader

    reader = ResponseReader(Limits())
    reader.expect(b"CONNECT" if request.startswith(b"CONNECT ") else b"HEAD")
    connection.settimeout(clock.wait())
    connection.sendall(request)
    while True:
        connection.settimeout(clock.wait())
        data = connection.recv(65536)
        if not data:
            return None
        reader.feed(data)
        event = reader.next_event()
        while isinstance(event, ResponseHead):
            if event.status >= 200 or event.status == 101:
                return event
            event = reader.next_event()


def gateway_answer(gateway: Gateway, addresses: Sequence[str], trust: Trust, clock: Clock) -> ResponseHead:
    """What the gateway says to `HEAD` at its base path.  `addresses`: of the gateway, or of its proxy.

    Raises `Unanswered`, with the codes that the edge has for it.
    """
    url, host, proxy = gateway.url, gateway.host, gateway.proxy
    known: dict[str, object] = {"gateway": url, "host": host}
    if proxy is not None:
        known["proxy"] = proxy.authority
    port = proxy.port if proxy is not None else gateway.port
    connection = _connect(gateway, addresses, port, clock, known)
    with connection:
        if proxy is not None and gateway.scheme == "https":
            _tunnel(connection, gateway, proxy, clock, known)
        target = f"{gateway.base_path}/"
        if gateway.scheme == "https":
            with _secured(connection, gateway, trust, clock, known) as secure:
                return _asked(secure, head(target, gateway.authority), clock, known)
        if proxy is None:
            return _asked(connection, head(target, gateway.authority), clock, known)
        request = head(f"http://{gateway.authority}{target}", gateway.authority, _proxy_fields(proxy))
        found = _asked(connection, request, clock, known)
        if found.status == 407:
            raise Unanswered("proxy-auth", **known)
        return found


def _connect(
    gateway: Gateway, addresses: Sequence[str], port: int, clock: Clock, known: dict[str, object]
) -> socket.socket:
    """TCP to the first address that takes it."""
    cause: OSError = OSError("no address")
    for address in addresses:
        limit = clock.wait()
        try:
            return socket.create_connection((address, port), limit)
        except OSError as error:
            cause = error
    if isinstance(cause, TimeoutError):
        raise Unanswered("gateway-connect-timeout", **known, limit=f"{limit:.0f}")
    if isinstance(cause, ConnectionRefusedError):
        raise Unanswered("gateway-refused" if gateway.proxy is None else "proxy-refused", **known)
    raise Unanswered("gateway-unreachable", **known, reason=_reason(cause))


def tunnel_head(gateway: Gateway, proxy: Proxy) -> bytes:
    """The request that asks a proxy for a way to the gateway (RFC 9110 9.3.6)."""
    authority = f"{in_url(gateway.host)}:{gateway.port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", *_proxy_fields(proxy), "", ""]
    return "\r\n".join(lines).encode()


def _tunnel(
    connection: socket.socket, gateway: Gateway, proxy: Proxy, clock: Clock, known: dict[str, object]
) -> None:
    try:
        found = answer(connection, tunnel_head(gateway, proxy), clock)
    except (OSError, ProtocolError):
        found = None
    if found is None or not 200 <= found.status < 300:
        if found is not None and found.status == 407:
            raise Unanswered("proxy-auth", **known)
        raise Unanswered("proxy-failed", **known, status=found.status if found is not None else "no answer")


def _proxy_fields(proxy: Proxy) -> list[str]:
    value = proxy.authorization
    return [] if value is None else [f"Proxy-Authorization: {value.decode()}"]


def _secured(
    connection: socket.socket, gateway: Gateway, trust: Trust, clock: Clock, known: dict[str, object]
) -> ssl.SSLSocket:
    limit = clock.wait()
    connection.settimeout(limit)
    try:
        return trust().wrap_socket(connection, server_hostname=gateway.host)
    except ssl.SSLCertVerificationError as error:
        if error.verify_code in _EXPIRED:
            raise Unanswered("gateway-certificate-expired", **known) from None
        if error.verify_code in _NAMES:
            raise Unanswered("gateway-certificate-name", **known) from None
        raise Unanswered("gateway-certificate-untrusted", **known, reason=error.verify_message) from None
    except ssl.SSLError as error:
        if error.reason in _NO_TLS:
            raise Unanswered("gateway-speaks-http", **known) from None
        raise Unanswered("gateway-tls", **known, reason=tls_reason(error)) from None
    except TimeoutError:
        raise Unanswered("gateway-tls-timeout", **known, limit=f"{limit:.0f}") from None
    except OSError as error:
        raise Unanswered("gateway-tls", **known, reason=_reason(error)) from None


def _asked(connection: socket.socket, request: bytes, clock: Clock, known: dict[str, object]) -> ResponseHead:
    started = time.monotonic()
    try:
        found = answer(connection, request, clock)
    except TimeoutError:
        limit = f"{max(1.0, time.monotonic() - started):.0f}"
        raise Unanswered("gateway-silent", **known, limit=limit) from None
    except OSError:
        raise Unanswered("gateway-lost", **known) from None
    except ProtocolError as error:
        if error.code == "gateway-speaks-tls":
            raise Unanswered(error.code, **known) from None
        reason = str(error.params.get("reason", error.code))
        raise Unanswered("gateway-garbage", **known, reason=reason) from None
    if found is None:
        raise Unanswered("gateway-lost", **known)
    return found


def system_trust(gateway: Gateway) -> ssl.SSLContext:
    """What the edge trusts for this gateway.  Raises `Failure` for a CA file that cannot be used."""
    if gateway.insecure:
        return no_trust()
    from localedge.edge.opening import system_roots

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if roots := system_roots():
        context.load_verify_locations(cadata=b"".join(roots))
    if gateway.ca_file is not None:
        context.load_verify_locations(gateway.ca_file)
    return context


def no_trust() -> ssl.SSLContext:
    """TLS with whoever answers: nothing of the user's is said to it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Resolved(NamedTuple):
    """Where TCP to the gateway goes."""

    host: str
    addresses: tuple[str, ...] | None
    """None: no name server answered in time."""


def resolve(gateway: Gateway, clock: Clock) -> Resolved:
    """The addresses of the next hop: the proxy, the pinned address, or the gateway by its name."""
    from .hosts_lookup import look_up

    host = gateway.proxy.host if gateway.proxy is not None else gateway.address or gateway.host
    return Resolved(host, look_up([host], clock.wait())[host])


def tls_reason(error: ssl.SSLError) -> str:
    """OpenSSL's words for it."""
    return (error.reason or str(error) or type(error).__name__).replace("_", " ").lower()


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
