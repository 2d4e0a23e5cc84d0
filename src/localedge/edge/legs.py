"""What an exchange asks of the client's side, whatever HTTP that speaks."""

from collections.abc import Callable
from typing import Protocol

from localedge.http.framing import Body
from localedge.http.head import Fields


class ClientLeg(Protocol):
    """One request's side towards its client: an HTTP/1.x connection, or a stream of HTTP/2."""

    @property
    def blocked(self) -> bool:
        """The client does not read as fast as we write (R14)."""

    def interim(self, status: int, reason: bytes, fields: Fields) -> None:
        """An interim response (R15)."""

    def respond(
        self, status: int, reason: bytes, fields: Fields, body: Body
    ) -> Callable[[bytes], None] | None:
        """The final response's head; `body` is how the gateway framed it, NONE for none at all.

        Returns what writes whole chunks just as they are, or None: the body is framed in another way.
        """

    def write_body(self, data: bytes) -> None:
        """Bytes of the response body."""

    def finish(self, trailers: Fields) -> None:
        """The response is complete."""

    def cut(self) -> None:
        """The response will not be complete, and must not look so (R06)."""

    def error(self, code: str, params: dict[str, object]) -> int:
        """The edge's own error answer; nothing has been responded yet (R40).  Bytes of its body."""
        ...

    def flush(self) -> None:
        """Write what was collected."""

    def pause_request(self) -> None:
        """Send no more of the request body for now (R14)."""

    def resume_request(self) -> None:
        """Go on."""

    def request_refused(self) -> None:
        """Nobody wants the rest of the request: connection or stream end behind the response."""

    def switch(self, tunnel: "Tunnelling") -> None:
        """From here on bytes, not HTTP: `tunnel` gets them (R18)."""

    def half_close(self) -> None:
        """The other side of the tunnel sends no more."""

    def exchange_ended(self) -> None:
        """The exchange is over; the leg may go on to the next."""


class ClientConnection(Protocol):
    """One client's connection, whatever HTTP it speaks: what a shutdown asks of it."""

    def drain(self) -> None:
        """Nothing new is accepted, what runs may end (R35)."""

    def drained(self) -> None:
        """The drain limit was reached: what runs ends here."""

    def abort(self) -> None:
        """Nothing may be left."""


class Tunnelling(Protocol):
    """What takes the client's bytes once the connection is a tunnel."""

    def client_data(self, data: bytes) -> None:
        """Bytes from the client."""

    def client_half_closed(self) -> None:
        """The client sends no more."""
