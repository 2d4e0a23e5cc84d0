"""Why no connection to the gateway came about: one function from exceptions to codes (R40, R42)."""

from typing import TYPE_CHECKING, Any

from twisted.internet import error

from localedge.config import Gateway, Limits

if TYPE_CHECKING:
    from localedge.edge.opening import Opening


def connect_failure(
    cause: BaseException, gateway: Gateway, limits: Limits, opening: "Opening | None", transport: Any | None
) -> tuple[str, dict[str, object]]:
    """The stable code and its params for `cause`.

    `transport` is TCP, None if it never came about; `opening` what was to follow, if anything was.
    """
    proxy = gateway.proxy
    params: dict[str, object] = {"gateway": gateway.url, "host": gateway.host}
    if proxy is not None:
        params["proxy"] = proxy.authority
    if opening is not None and transport is not None:
        if opening.at_proxy:
            return "proxy-failed", params | {"status": "no answer"}
        return _handshake_failure(cause, opening.expired(transport), params)
    if transport is not None:
        return "gateway-lost", params
    if isinstance(cause, error.DNSLookupError):
        return ("proxy-unresolved" if proxy else "gateway-unresolved"), params
    if isinstance(cause, error.TimeoutError):
        return "gateway-connect-timeout", params | {"limit": f"{limits.connect:g}"}
    if isinstance(cause, error.ConnectionRefusedError):
        return ("proxy-refused" if proxy else "gateway-refused"), params
    return "gateway-unreachable", params | {"reason": _reason(cause)}


def _handshake_failure(
    cause: BaseException, expired: bool, params: dict[str, object]
) -> tuple[str, dict[str, object]]:
    from OpenSSL import SSL
    from service_identity import VerificationError

    if isinstance(cause, VerificationError):
        return "gateway-certificate-name", params
    if isinstance(cause, SSL.Error):
        reasons = [str(entry[-1]) for entry in cause.args[0]] if cause.args and cause.args[0] else []
        text = "; ".join(reasons)
        if "wrong version number" in text or "packet length too long" in text or "http request" in text:
            return "gateway-speaks-http", params
        if "certificate verify failed" in text and expired:
            return "gateway-certificate-expired", params
        if "certificate verify failed" in text:
            return "gateway-certificate-untrusted", params | {"reason": text}
        return "gateway-tls", params | {"reason": text or "the handshake failed"}
    return "gateway-tls", params | {"reason": "the connection was closed in the handshake"}


def _reason(cause: BaseException) -> str:
    number = getattr(cause, "osError", None)
    text = str(cause).rstrip(".") or type(cause).__name__
    return f"{text}" if number is None else f"{text} ({number})"
