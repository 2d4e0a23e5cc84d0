"""Back-pressure on real sockets: what the edge itself holds is bounded (R14)."""

import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from localedge.config import Limits
from tests.kernel import in_kernel, on_linux
from tests.phrases import OK, ask, lines, post
from tests.wire_peers import PATIENCE, connections, running, turns

SIZE = 32 * 1024 * 1024
BOUND = 256 * 1024
"""Bytes that one direction of an exchange may hold (R14)."""
STUCK = 0.3
"""Seconds without room in a socket after which nobody is thought to read."""


@contextmanager
def gateway() -> Iterator[socket.socket]:
    """A listening socket that the test accepts from in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE)
        yield listening


def connect(port: int) -> socket.socket:
    """A client in blocking mode."""
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    return client


def push(sock: socket.socket, size: int) -> int:
    """Send up to `size` bytes, until nobody takes them; how many were taken."""
    sock.settimeout(STUCK)
    block = memoryview(b"x" * 65_536)
    sent = 0
    try:
        while sent < size:
            sent += sock.send(block[: size - sent])
    except TimeoutError:
        pass
    sock.settimeout(PATIENCE)
    return sent


def read_until(sock: socket.socket, marker: bytes) -> bytes:
    """Read one byte at a time, so that nothing behind the marker is taken."""
    got = b""
    while not got.endswith(marker):
        byte = sock.recv(1)
        assert byte, got
        got += byte
    return got


def read_exactly(sock: socket.socket, size: int) -> int:
    """Read so many bytes; how many of them were `x`."""
    count = 0
    while size:
        data = sock.recv(min(size, 1 << 20))
        assert data
        size -= len(data)
        count += data.count(b"x")
    return count


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_a_client_that_does_not_read_a_big_answer() -> None:
    """The gateway can send no more than kernel buffers take; the edge holds at most 256 KiB of it (R14)."""
    with gateway() as listening:
        async with running(listening.getsockname()[1]) as edge:
            client = await deferToThread(connect, edge.port)
            client.sendall(ask())
            wire, _ = await deferToThread(listening.accept)
            await deferToThread(read_until, wire, b"\r\n\r\n")
            head = b"HTTP/1.1 200 OK\r\n" + lines(b"Content-Length: %d" % SIZE) + b"\r\n"
            wire.sendall(head)
            sent = await deferToThread(push, wire, SIZE)
            assert 0 < sent < SIZE
            held = sent + len(head) - in_kernel(edge.port) - in_kernel(listening.getsockname()[1])
            assert 0 <= held <= BOUND
            assert await deferToThread(read_until, client, b"\r\n\r\n") == head
            more = deferToThread(wire.sendall, b"x" * (SIZE - sent))
            assert await deferToThread(read_exactly, client, SIZE) == SIZE
            await more
            assert (await edge.logged())[0]["ending"] == "ok"
            client.close()
            wire.close()


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_a_gateway_that_does_not_read_a_big_upload() -> None:
    """The client can send no more than kernel buffers take; the edge holds at most 256 KiB of it (R14)."""
    with gateway() as listening:
        async with running(listening.getsockname()[1]) as edge:
            client = await deferToThread(connect, edge.port)
            client.sendall(post(length=SIZE))
            wire, _ = await deferToThread(listening.accept)
            await deferToThread(read_until, wire, b"\r\n\r\n")
            sent = await deferToThread(push, client, SIZE)
            assert 0 < sent < SIZE
            held = sent - in_kernel(edge.port) - in_kernel(listening.getsockname()[1])
            assert 0 <= held <= BOUND
            more = deferToThread(client.sendall, b"x" * (SIZE - sent))
            assert await deferToThread(read_exactly, wire, SIZE) == SIZE
            await more
            wire.sendall(OK)
            assert await deferToThread(read_until, client, b"ok") == OK
            client.close()
            wire.close()


@pytest_twisted.ensureDeferred
async def test_R14_memory_does_not_grow_with_the_body() -> None:
    """While 32 MB go each way the process never holds more than a few hundred KiB of them (R14)."""
    with gateway() as listening:
        async with running(listening.getsockname()[1]) as edge:
            client = await deferToThread(connect, edge.port)
            tracemalloc.start()
            try:
                client.sendall(post(length=SIZE))
                wire, _ = await deferToThread(listening.accept)
                await deferToThread(read_until, wire, b"\r\n\r\n")
                sending = deferToThread(push, client, SIZE)
                await deferToThread(read_exactly, wire, SIZE)
                await sending
                wire.sendall(b"HTTP/1.1 200 OK\r\n" + lines(b"Content-Length: %d" % SIZE) + b"\r\n")
                sending = deferToThread(push, wire, SIZE)
                await deferToThread(read_until, client, b"\r\n\r\n")
                await deferToThread(read_exactly, client, SIZE)
                await sending
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            # the test's own reads and blocks are 1 MiB at a time
            assert peak < 4 * 1024 * 1024
            client.close()
            wire.close()


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_R18_a_tunnel_that_nobody_reads_from() -> None:
    """A WebSocket has back-pressure and bounded memory both ways (R14, R18)."""
    upgrade = (b"Connection: Upgrade", b"Upgrade: websocket")
    with gateway() as listening:
        async with running(listening.getsockname()[1]) as edge:
            client = await deferToThread(connect, edge.port)
            client.sendall(ask(b"GET /live", *upgrade))
            wire, _ = await deferToThread(listening.accept)
            await deferToThread(read_until, wire, b"\r\n\r\n")
            wire.sendall(b"HTTP/1.1 101 Switching Protocols\r\n" + lines(*upgrade) + b"\r\n")
            await deferToThread(read_until, client, b"\r\n\r\n")
            up = await deferToThread(push, client, SIZE)
            down = await deferToThread(push, wire, SIZE)
            assert up < SIZE
            assert down < SIZE
            held = up + down - in_kernel(edge.port) - in_kernel(listening.getsockname()[1])
            assert 0 <= held <= 2 * BOUND
            client.shutdown(socket.SHUT_WR)
            assert await deferToThread(read_exactly, wire, up) == up
            assert await deferToThread(wire.recv, 1) == b""
            wire.shutdown(socket.SHUT_WR)
            assert await deferToThread(read_exactly, client, down) == down
            assert await deferToThread(client.recv, 1) == b""
            assert (await edge.logged())[0]["ending"] == "ok"
            client.close()
            wire.close()


@pytest.mark.parametrize("slow", ["client", "gateway"])
@pytest_twisted.ensureDeferred
async def test_R14_R30_who_stops_for_good_does_not_hold_the_exchange_for_ever(slow: str) -> None:
    """A peer that stops reading is let go after the limit for silence (R14, R30)."""
    limits = Limits(silence=0.3, first_byte=0.3, linger=0.1)
    with gateway() as listening:
        async with running(listening.getsockname()[1], limits=limits) as edge:
            client = await deferToThread(connect, edge.port)
            client.sendall(ask() if slow == "client" else post(length=SIZE))
            wire, _ = await deferToThread(listening.accept)
            await deferToThread(read_until, wire, b"\r\n\r\n")
            if slow == "client":
                wire.sendall(b"HTTP/1.1 200 OK\r\n" + lines(b"Content-Length: %d" % SIZE) + b"\r\n")
            sender = wire if slow == "client" else client
            try:
                await deferToThread(push, sender, SIZE)
            except OSError:
                pass  # it was let go meanwhile
            record = (await edge.logged())[0]
            assert record["ending"] == ("client-slow" if slow == "client" else "gateway-silent")
            client.close()
            wire.close()
            while any(one.getPeer().port == listening.getsockname()[1] for one in connections()):
                await turns(1)
