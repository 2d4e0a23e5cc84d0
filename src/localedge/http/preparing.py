"""From a request head to everything that follows from it alone.

Clients on kept-alive connections repeat themselves to the byte, so what a head leads to is
worked out once: the verdict, the head for the gateway, and what the exchange has to know.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from localedge.config import Config
from localedge.http.forwarding import (
    Route,
    accepts_trailers,
    passed_here,
    to_gateway,
    wants_websocket,
)
from localedge.http.framing import Body
from localedge.http.guard import Answer, Forward, Refuse, make_guard
from localedge.http.head import RequestHead

_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})  # RFC 9110 9.2.2
REMEMBERED = 32
"""Heads whose consequences are kept.  Each holds at most `Limits.head_bytes`."""


class Ready(NamedTuple):
    """A request that may be forwarded."""

    method: bytes
    body: Body
    opening: bytes
    """The head for the gateway, on the wire."""
    origin: bytes | None
    """The allowed web origin that asks, if any (R21)."""
    expects: bool
    """The client waits to be asked for the body (R15)."""
    trailers: bool
    """The client takes trailers (R17)."""
    websocket: bool
    """It asks for a WebSocket (R18)."""
    repeatable: bool
    """Sending it twice does no harm: idempotent, and without a body (R34)."""


Prepared = Ready | Answer | Refuse
Prepare = Callable[[RequestHead, Body], Prepared]


def make_prepare(config: Config, route: Route) -> Prepare:
    """`prepare(head, body)` for this configuration and gateway."""
    admit = make_guard(config, frozenset(name.encode() for name in config.https.names))
    loop = Refuse("loop", (("gateway", config.gateway.url),))

    @lru_cache(maxsize=REMEMBERED)
    def prepare(head: RequestHead, body: Body) -> Prepared:
        verdict = admit(head)
        if not isinstance(verdict, Forward):
            return verdict
        if passed_here(head, route.instance):
            return loop
        modern = head.version != b"1.0"
        websocket = wants_websocket(head, body)
        expect = head.combined.get(b"expect", b"")
        return Ready(
            method=head.method,
            body=body,
            opening=to_gateway(head, verdict.target, body, route, websocket=websocket),
            origin=verdict.origin,
            expects=modern and body is not Body.NONE and expect.lower() == b"100-continue",
            trailers=modern and accepts_trailers(head),
            websocket=websocket,
            repeatable=body is Body.NONE and head.method in _IDEMPOTENT,
        )

    return prepare
