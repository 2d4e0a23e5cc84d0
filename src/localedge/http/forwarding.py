"""What changes in a head on its way through: as little as HTTP allows.

Prepared once, never mutated.  R10 (hop-by-hop fields, RFC 9110 7.6.1), R11
(everything else byte for byte, Host, base path), R17 (trailers), R18
(WebSocket), R19 (Via).
"""

from dataclasses import dataclass, field
from functools import lru_cache

from localedge.http.framing import Body
from localedge.http.guard import TOKEN_FIELD
from localedge.http.head import FEW, Fields, RequestHead, ResponseHead, lower_names, tokens

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
_NOT_TO_GATEWAY = HOP_BY_HOP | {TOKEN_FIELD}
_NOT_TO_CLIENT = HOP_BY_HOP | {b"alt-svc"}
_OURS = frozenset({b"host", b"content-length", b"transfer-encoding"})
"""Fields a `Connection` field cannot make us drop: they are the message's frame."""
_NOT_IN_TRAILERS = _NOT_TO_GATEWAY | {
    # RFC 9110 6.5.1: framing, routing, authentication, content handling
    b"content-length",
    b"content-encoding",
    b"content-type",
    b"content-range",
    b"host",
    b"authorization",
    b"cookie",
    b"set-cookie",
    b"cache-control",
    b"expect",
    b"max-forwards",
    b"www-authenticate",
    b"x-api-key",
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where requests go, as the bytes that stand in them."""

    authority: bytes
    """The gateway's `Host`."""
    base: bytes = b""
    """Base path of the upstream URL, without a slash at its end."""
    absolute: bytes = b""
    """`http://authority` in front of the target, where a plain proxy wants absolute-form (R24)."""
    proxy_authorization: bytes | None = field(default=None, repr=False)
    instance: bytes = b"localedge"
    """Pseudonym of this process in `Via`."""


@lru_cache(maxsize=FEW)
def _dropped(head_connection: bytes | None, always: frozenset[bytes]) -> frozenset[bytes]:
    if head_connection is None:
        return always
    return always | (tokens(head_connection) - _OURS)


def fold_path(target: bytes) -> bytes:
    """`//v1/...` and `/v1/v1/...`, made by clients from a base URL that ends in `/` or `/v1` (R11)."""
    if target.startswith(b"//v1/"):
        target = target[1:]
    if target.startswith(b"/v1/v1/"):
        target = target[3:]
    return target


def gateway_target(target: bytes, base: bytes) -> bytes:
    """The target behind the gateway's base path; a base that ends in `/v1` does not double it."""
    folded = fold_path(target)
    if base.endswith(b"/v1") and folded.startswith(b"/v1/"):
        folded = folded[3:]
    return base + folded


def passed_here(head: RequestHead, instance: bytes) -> bool:
    """Whether this request has been through this process before (R19)."""
    via = head.combined.get(b"via")
    return via is not None and instance in via


def wants_websocket(head: RequestHead, body: Body) -> bool:
    """A bodyless GET that asks for a WebSocket (RFC 6455 4.1, R18)."""
    combined = head.combined
    return (
        b"upgrade" in combined
        and head.method == b"GET"
        and head.version == b"1.1"
        and body is Body.NONE
        and combined[b"upgrade"].strip().lower() == b"websocket"
        and b"upgrade" in tokens(combined.get(b"connection", b""))
    )


def accepts_trailers(head: RequestHead) -> bool:
    """Whether the client said `TE: trailers` (R17)."""
    te = head.combined.get(b"te")
    return te is not None and b"trailers" in {member.partition(b";")[0].strip() for member in tokens(te)}


def to_gateway(
    head: RequestHead, target: bytes, body: Body, route: Route, *, websocket: bool = False
) -> bytes:
    """The request head for the gateway, on the wire.  `target` is in origin form."""
    combined = head.combined
    drop = _dropped(combined.get(b"connection"), _NOT_TO_GATEWAY)
    if body is Body.CHUNKED:
        drop -= {b"transfer-encoding", b"trailer"}
    out = [b"%b %b%b HTTP/1.1" % (head.method, route.absolute, gateway_target(target, route.base))]
    if head.version == b"1.0":
        drop |= {b"expect"}  # RFC 9110 10.1.1: an HTTP/1.0 client cannot mean it
    special = drop | {b"host", b"transfer-encoding"}
    for low, line in zip(lower_names(head), head.fields, strict=True):
        if low not in special:
            out.append(b": ".join(line))
        elif low == b"host":
            out.append(b"%b: %b" % (line[0], route.authority))
        elif low not in drop:
            out.append(b"%b: chunked" % line[0])
    if websocket:
        out.append(b"Connection: Upgrade\r\nUpgrade: %b" % combined[b"upgrade"])
    elif accepts_trailers(head):
        out.append(b"TE: trailers\r\nConnection: TE")
    if route.proxy_authorization is not None:
        out.append(b"Proxy-Authorization: %b" % route.proxy_authorization)
    out.append(b"Via: %b localedge-%b\r\n\r\n" % (head.version, route.instance))
    return b"\r\n".join(out)


def to_client(
    head: ResponseHead, *, trailers: bool = False, keep_length: bool = True, origin: bytes | None = None
) -> Fields:
    """The end-to-end fields of a response for the client; framing and `Connection` are the frontend's.

    `trailers`: they will be relayed, so `Trailer` stays.  `keep_length` is false where a
    Content-Length may not stand (204, interim).  `origin`: an allowed web origin that must
    be able to read the answer.
    """
    drop = _dropped(head.combined.get(b"connection"), _NOT_TO_CLIENT)
    if trailers:
        drop -= {b"trailer"}
    if not keep_length:
        drop |= {b"content-length"}
    fields = head.fields
    if not drop.isdisjoint(head.combined):
        named = zip(lower_names(head), fields, strict=True)
        fields = tuple([field for name, field in named if name not in drop])
    if origin is not None and b"access-control-allow-origin" not in head.combined:
        fields += ((b"access-control-allow-origin", origin), (b"vary", b"Origin"))
    return fields


def relayed_trailers(trailers: Fields) -> Fields:
    """Trailer fields that may travel (RFC 9110 6.5.1)."""
    return tuple([field for field in trailers if field[0].lower() not in _NOT_IN_TRAILERS])


@lru_cache(maxsize=FEW)
def persistent(version: bytes, connection: bytes | None) -> bool:
    """Whether the sender of this head keeps the connection open (RFC 9112 9.3)."""
    if connection is None:
        return version == b"1.1"
    options = tokens(connection)
    return b"close" not in options and (version == b"1.1" or b"keep-alive" in options)
