"""An edge before the demo gateway, both in the test's reactor: what SDKs and curl talk to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from localedge.edge.demo import DemoGateway
from tests.wire_peers import Edge, port_of, running, the_reactor


@asynccontextmanager
async def demonstrating(
    *scripts: str | None, gap: float = 0.0, record: bool = False, **config: Any
) -> AsyncIterator[tuple[DemoGateway, Edge]]:
    """The demo gateway (`scripts`: one per request) and an edge in front of it."""
    demo = DemoGateway(the_reactor(), gap=gap, record=record, scripts=scripts)
    port = port_of(demo.listen(the_reactor()))
    try:
        async with running(port, **config) as edge:
            yield demo, edge
    finally:
        await demo.stop()
