"""No more clients are taken in than there is room for."""

import socket

import pytest_twisted

from tests.phrases import OK, post
from tests.wire_peers import listening, running, turns


@pytest_twisted.ensureDeferred
async def test_R14_clients_beyond_the_cap_wait_to_be_accepted() -> None:
    """They are neither turned away nor served: when somebody leaves, they are."""
    async with listening() as gateway, running(gateway.port, max_clients=3) as edge:
        # all of them are there before the edge gets to look
        clients = [socket.create_connection(("127.0.0.1", edge.port), timeout=5) for _ in range(8)]
        for client in clients:
            client.sendall(post(b"prompt"))
        taken = [await gateway.accepted() for _ in range(3)]
        await turns(20)
        assert len(gateway.wires) == 3
        for wire in taken:
            await wire.until(b"prompt")
            wire.send(OK)
        await edge.logged(3)
        for client in clients[:3]:
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
            client.close()
        for wire in taken:
            await wire.until(b"prompt")
        for client in clients[3:]:
            client.close()


@pytest_twisted.ensureDeferred
async def test_R14_who_waits_is_let_in_as_soon_as_somebody_leaves() -> None:
    """Not with the next tick: clients that come and go near the cap would get one connection a second."""
    async with listening() as gateway, running(gateway.port, max_clients=1) as edge:
        for count in range(1, 4):
            first, second = await edge.client(), await edge.client()
            second.send(post(b"prompt"))
            await turns(20)
            assert len(gateway.wires) == count - 1
            first.close()
            await turns(20)
            assert len(gateway.wires) == count
            second.close()
            await edge.logged(count)
