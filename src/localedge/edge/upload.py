"""A request's way to the gateway: what waits for a connection, its framing, and `Expect` (R14, R15)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from localedge.http.forwarding import relayed_trailers
from localedge.http.framing import Body, chunk, last_chunk
from localedge.http.head import Fields
from localedge.http.preparing import Ready

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from localedge.edge.backend import Backend
    from localedge.edge.context import Context
    from localedge.edge.legs import ClientLeg

HOLD = 64 * 1024
"""Bytes of a body that are held while no connection serves it yet; then the client has to wait."""


def _nobody() -> None:
    """Who is asked when the exchange is over."""


class Upload:
    """The request of one exchange, from its head on the wire to its last byte."""

    __slots__ = (
        "_asked",
        "_backend",
        "_chunked",
        "_client",
        "_context",
        "_continue_call",
        "_head",
        "_held",
        "_held_bytes",
        "done",
        "expecting",
    )

    def __init__(
        self, context: "Context", client: "ClientLeg", request: Ready, asked: Callable[[], None]
    ) -> None:
        self._context = context
        self._client = client
        self._chunked = request.body is Body.CHUNKED
        self._head = request.opening
        self._asked = asked  # called when the client was told to go on
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._backend: Backend | None = None
        self._continue_call: IDelayedCall | None = None
        self.done = False
        """The last byte has been handed to the gateway's side, or nobody wants it."""
        self.expecting = request.expects
        """The client waits to be asked for the body."""

    def opening(self) -> bytes:
        """All there is so far: the first write on a connection.  May be asked for again (R34)."""
        return self._head + b"".join(self._held) if self._held else self._head

    def opened(self, backend: "Backend") -> None:
        """The gateway's side took the opening; what follows goes there directly."""
        self._backend = backend
        if self._held_bytes:
            self._held_bytes = 0
            if not backend.blocked:
                self._client.resume_request()
        self._held.clear()
        if self.expecting:
            self._continue_call = self._context.reactor.callLater(
                self._context.limits.expect, self._ask_ourselves
            )

    def data(self, data: bytes) -> None:
        """Bytes of the body, as they came."""
        self.expecting = False
        self._put(chunk(data) if self._chunked else data)

    def end(self, trailers: Fields) -> None:
        """The request is complete."""
        self.done = True
        self.expecting = False
        if self._chunked:
            self._put(last_chunk(relayed_trailers(trailers)))
        self.flush()

    def flush(self) -> None:
        """Write what was collected."""
        if self._backend is not None:
            self._backend.flush()

    def continued(self) -> None:
        """The gateway has asked for the body, or has answered: nobody needs to ask for it any more."""
        self.expecting = False
        if self._continue_call is not None:
            self._continue_call.cancel()
            self._continue_call = None

    def over(self) -> None:
        """Nothing leads back to the exchange any more: it goes without the garbage collector."""
        self.continued()
        self._asked = _nobody
        self._backend = None

    def _put(self, framed: bytes) -> None:
        if self._backend is not None:
            self._backend.put(framed)
            return
        self._held.append(framed)
        self._held_bytes += len(framed)
        if self._held_bytes > HOLD:
            self._client.pause_request()

    def _ask_ourselves(self) -> None:
        """The gateway keeps the client waiting: ask for the body in its place (R15)."""
        self._continue_call = None
        if self.expecting:
            self.expecting = False
            self._client.interim(100, b"Continue", ())
            self._client.flush()
            self._asked()
