"""What people write for an ASGI server: a forwarder that streams both ways, on httpx2.

`python -m hypercorn tests.bench.forwarder:app`, with the gateway's URL in BENCH_GATEWAY.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HOP_BY_HOP = {b"connection", b"host", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}


def _end_to_end(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in fields if name.lower() not in HOP_BY_HOP]


class Forwarder:
    """The application: one client with a pool for all its requests."""

    def __init__(self, gateway: str) -> None:
        self.client = httpx2.AsyncClient(
            base_url=gateway,
            timeout=None,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=128),
        )

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._forward(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.client.aclose()
        await send({"type": "lifespan.shutdown.complete"})

    async def _forward(self, scope: Message, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        request = self.client.build_request(
            scope["method"],
            scope["path"] + (f"?{query}" if query else ""),
            headers=_end_to_end(scope["headers"]),
            content=_body(receive),
        )
        answer = await self.client.send(request, stream=True)
        try:
            fields = _end_to_end(answer.headers.raw)
            await send({"type": "http.response.start", "status": answer.status_code, "headers": fields})
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})
        finally:
            await answer.aclose()


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client is gone")
        more = message.get("more_body", False)
        if message["body"]:
            yield message["body"]


if gateway := os.environ.get("BENCH_GATEWAY"):
    app = Forwarder(gateway)
