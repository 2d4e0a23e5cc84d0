"""A WebSocket after its 101: bytes both ways, with back-pressure and half-close (R18).

The exchange stays the owner of both legs and of the record; the tunnel only decides
when the two directions have ended.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localedge.edge.backend import Backend
    from localedge.edge.exchange import Exchange
    from localedge.edge.legs import ClientLeg


class Tunnel:
    """The two directions of one switched connection."""

    __slots__ = ("_backend", "_client", "_client_done", "_exchange", "_gateway_done")

    def __init__(self, exchange: "Exchange", client: "ClientLeg", backend: "Backend") -> None:
        self._exchange = exchange
        self._client = client
        self._backend = backend
        self._client_done = False
        self._gateway_done = False

    @property
    def half_done(self) -> bool:
        """One direction has ended in order: what follows is no failure."""
        return self._client_done or self._gateway_done

    def client_data(self, data: bytes) -> None:
        """Bytes from the client."""
        self._exchange.record.bytes_in += len(data)
        self._backend.put(data)
        self._backend.flush()
        self._exchange.alive()

    def gateway_data(self, data: bytes) -> None:
        """Bytes from the gateway, if any."""
        if data:
            self._exchange.response_data(data)
        self._exchange.alive()
        self._client.flush()

    def client_half_closed(self) -> None:
        """The client sends no more.  TLS to the gateway has no half-close: there it is the end."""
        self._client_done = True
        if self._backend.half_close():
            self._end_if_both()
        else:
            self._exchange.tunnel_ended()

    def gateway_half_closed(self) -> None:
        """The gateway sends no more."""
        self._gateway_done = True
        self._client.half_close()
        self._end_if_both()

    def _end_if_both(self) -> None:
        if self._client_done and self._gateway_done:
            self._exchange.tunnel_ended()
