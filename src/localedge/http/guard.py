"""May this request come in, and as what?  One pure function, one answer value.

R01 (Host), R02 (target forms), R20 (DNS rebinding), R21 (web pages), R22 (client
token), R41 (probes answered here).  The order is the order of trust: a request
that is not HTTP is told so before anybody asks where it comes from.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from localedge.config import Config
from localedge.http.framing import ProtocolError
from localedge.http.head import RequestHead, tokens
from localedge.names import in_url

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(?::([0-9]{0,5}))?")
_ABSOLUTE = re.compile(rb"([Hh][Tt][Tt][Pp][Ss]?)://([^/?#]*)([^#]*)")
_LOOPBACK = frozenset({b"127.0.0.1", b"localhost", b"[::1]"})
_OTHER_SITES = frozenset({b"cross-site", b"same-site"})
_PROBES = frozenset({b"/", b"/api/hello"})

ALLOW = (b"allow", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
"""The field that `OPTIONS *` and a refused CONNECT are told."""
SERVER = (b"server", b"localedge")
"""Says to a probe who has answered it: `doctor` knows the edge by it."""
TOKEN_FIELD = b"x-localedge-token"
"""Carries the client token; the edge takes it out before it forwards."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward it with this target in origin form.  `origin`: the allowed web origin that asks, if any."""

    target: bytes
    origin: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The edge answers itself, with this status and these fields, and no body."""

    status: int
    fields: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Refuse:
    """The edge answers with the error of this code."""

    code: str
    params: tuple[tuple[str, object], ...] = ()


Verdict = Forward | Answer | Refuse


@lru_cache(maxsize=64)
def split_host(value: bytes) -> tuple[bytes, bytes] | None:
    """Lower-case host (IPv6 in brackets) and port (may be empty) of a `Host` value, None if it is not one."""
    match = _HOST.fullmatch(value)
    if match is None:
        return None
    port = match[2] or b""
    if port and int(port) > 65535:
        return None
    return match[1].lower(), port


def _token_ok(head: RequestHead, token: bytes) -> bool:
    combined = head.combined
    offered = [combined.get(TOKEN_FIELD, b""), combined.get(b"x-api-key", b"")]
    scheme, _, credentials = combined.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        offered.append(credentials.strip(b" "))
    # every candidate is compared, so that time tells nothing about which one was near
    return any([hmac.compare_digest(candidate, token) for candidate in offered])


def _page_origin(head: RequestHead, allowed: frozenset[bytes]) -> tuple[bool, bytes | None]:
    """Whether a web page caused this, and the origin if it is one that may (R21)."""
    origin = head.combined.get(b"origin")
    if origin is not None:
        return True, (origin if origin in allowed else None)
    site = head.combined.get(b"sec-fetch-site")
    return site is not None and not _OTHER_SITES.isdisjoint(tokens(site)), None


def _preflight(head: RequestHead, origin: bytes) -> Answer:
    """The answer to a CORS preflight of an allowed origin (Fetch standard, CORS-preflight fetch)."""
    fields = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", head.combined[b"access-control-request-method"]),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Origin"),
    ]
    names = head.combined.get(b"access-control-request-headers")
    if names is not None:
        fields.append((b"access-control-allow-headers", names))
    if head.combined.get(b"access-control-request-private-network") == b"true":
        fields.append((b"access-control-allow-private-network", b"true"))
    return Answer(204, tuple(fields))


def _origin_form(head: RequestHead, host: bytes) -> bytes:
    """The target in origin form (RFC 9112 3.2), or `*`.  Raises `ProtocolError`."""
    target = head.target
    if target[:1] == b"/":
        return target
    if target == b"*" and head.method == b"OPTIONS":
        return target
    match = _ABSOLUTE.fullmatch(target)
    if match is None:
        raise ProtocolError("bad-target")
    if match[2].lower() != host.lower():
        raise ProtocolError("bad-target")
    rest = match[3]
    if not rest:
        return b"*" if head.method == b"OPTIONS" else b"/"
    return rest if rest[:1] == b"/" else b"/" + rest


def make_guard(config: Config, names: frozenset[bytes] = frozenset()) -> Callable[[RequestHead], Verdict]:
    """`admit(head)` for this configuration; `names` are the mapped HTTPS names (lower case)."""
    hosts = _LOOPBACK | names | {name.lower().encode() for name in config.allowed_hosts}
    if config.host not in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        hosts |= {in_url(config.host).lower().encode()}
    origins = frozenset(origin.encode() for origin in config.allowed_origins)
    token = config.client_token.reveal().encode() if config.client_token else None

    def admit(head: RequestHead) -> Verdict:
        combined = head.combined
        host = combined.get(b"host")
        if host is None:
            return Refuse("bad-host")
        parts = split_host(host)
        if parts is None:
            return Refuse("bad-host")
        method = head.method
        if method == b"CONNECT":
            return Refuse("connect-refused")
        try:
            target = _origin_form(head, host)
        except ProtocolError as error:
            return Refuse(error.code)
        if parts[0] not in hosts:
            return Refuse("host-not-allowed", (("host", host.decode("latin-1")),))
        from_page, origin = _page_origin(head, origins)
        if from_page:
            if origin is None:
                shown = combined.get(b"origin", b"another site").decode("latin-1")
                return Refuse("web-origin-refused", (("origin", shown),))
            if method == b"OPTIONS" and b"access-control-request-method" in combined:
                return _preflight(head, origin)
        if token is not None and not _token_ok(head, token):
            return Refuse("client-token-missing")
        if target == b"*":
            return Answer(204, (ALLOW,))
        if method == b"HEAD" and target in _PROBES:
            return Answer(200, (SERVER,))
        return Forward(target, origin)

    return admit
