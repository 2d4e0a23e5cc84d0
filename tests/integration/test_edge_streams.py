"""A real edge on real sockets: streaming, hang-ups in time, socket options (R13, R31, R32, R36)."""

import socket
import statistics
import time
from collections.abc import Callable

import pytest
import pytest_twisted

from localedge.config import HalfClose, Pool
from localedge.edge.frontend import Frontend
from localedge.edge.wire import KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES
from tests.phrases import OK, ask, lines, post, streamed
from tests.wire_peers import (
    NOTICED,
    Edge,
    Listener,
    Wire,
    connections,
    listening,
    running,
    the_reactor,
    turns,
)

LEAVE: list[Callable[[Wire], None]] = [Wire.fin, Wire.close, Wire.reset]
leaving = pytest.mark.parametrize("leave", LEAVE, ids=["fin", "close", "reset"])


async def exchanged(edge: Edge, gateway: Listener, request: bytes) -> tuple[Wire, Wire]:
    """A client whose request the gateway has read."""
    client = await edge.client()
    client.send(request)
    wire = await gateway.accepted()
    await wire.until(b"\r\n\r\n")
    return client, wire


async def noticed(client: Wire, gateway: Wire, leave: Callable[[Wire], None]) -> float:
    """Seconds from the client's hang-up until the gateway sees its connection reset."""
    left = time.monotonic()
    leave(client)
    assert await gateway.ended() == "reset"
    return gateway.ended_at - left


@pytest_twisted.ensureDeferred
async def test_R13_the_head_reaches_the_client_before_any_byte_of_the_body() -> None:
    """A client sees the status while the gateway still thinks about the first byte (R13)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client, wire = await exchanged(edge, gateway, post(b"prompt"))
        wire.send(streamed(end=b""))
        head = await client.until(b"\r\n\r\n")
        assert head.endswith(b"\r\n\r\n")
        for event in (b"one", b"two", b"three"):
            wire.send(b"%x\r\n%b\r\n" % (len(event), event))
            assert await client.until(event + b"\r\n") == b"%x\r\n%b\r\n" % (len(event), event)
        wire.send(b"0\r\n\r\n")
        assert await client.until(b"0\r\n\r\n") == b"0\r\n\r\n"


@pytest_twisted.ensureDeferred
async def test_R13_an_upload_reaches_the_gateway_byte_by_byte() -> None:
    """The gateway reads the beginning of a prompt before its end was sent (R13)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client, wire = await exchanged(edge, gateway, post(length=3))
        for byte in (b"a", b"b", b"c"):
            client.send(byte)
            assert await wire.until(byte) == byte
        wire.send(OK)
        await client.until(b"ok")


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_while_the_gateway_thinks(leave: Callable[[Wire], None]) -> None:
    """The gateway is told within 100 ms that nobody waits any more (R31, R32)."""
    async with listening() as gateway, running(gateway.port) as edge:
        times = [await noticed(*await exchanged(edge, gateway, post(b"prompt")), leave) for _ in range(5)]
        assert statistics.median(times) < NOTICED
        assert {record["status"] for record in await edge.logged(5)} == {499}


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_in_mid_stream(leave: Callable[[Wire], None]) -> None:
    """A stream that nobody reads ends within 100 ms (R31, R32)."""
    async with listening() as gateway, running(gateway.port) as edge:
        times: list[float] = []
        for _ in range(5):
            client, wire = await exchanged(edge, gateway, ask())
            wire.send(streamed(b"token", end=b""))
            await client.until(b"token")
            times.append(await noticed(client, wire, leave))
        assert statistics.median(times) < NOTICED


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_in_mid_upload(leave: Callable[[Wire], None]) -> None:
    """Half an upload ends the gateway's connection within 100 ms (R31, R32)."""
    async with listening() as gateway, running(gateway.port) as edge:
        times: list[float] = []
        for _ in range(5):
            client, wire = await exchanged(edge, gateway, post(b"half", length=8))
            times.append(await noticed(client, wire, leave))
        assert statistics.median(times) < NOTICED


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_while_its_upload_is_paused(leave: Callable[[Wire], None]) -> None:
    """FIN and RST are noticed within 100 ms although the edge does not read from this client (R14, R32)."""
    async with listening() as gateway, running(gateway.port) as edge:
        gateway.reading = False
        times: list[float] = []
        for _ in range(3):
            client = await edge.client()
            client.send(post(length=60_000_000))
            wire = await gateway.accepted()
            block = b"x" * 65_536
            sent = 0
            while not await paused(edge, client):
                client.send(block)
                sent += len(block)
                assert sent < 50_000_000
            left = time.monotonic()
            leave(client)
            record = (await edge.logged(len(times) + 1))[-1]
            times.append(time.monotonic() - left)
            assert (record["status"], record["ending"]) == (499, "client-gone")
            wire.transport.resumeProducing()
            assert await wire.ended() == "reset"
        assert statistics.median(times) < NOTICED


async def paused(edge: Edge, client: Wire) -> bool:
    """Whether the edge has stopped reading from this client."""
    await turns(2)
    here = client.transport.getHost().port
    return not any(one.getPeer().port == here and one.getHost().port == edge.port for one in connections())


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_the_queue(leave: Callable[[Wire], None]) -> None:
    """A place in the queue is given up within 100 ms, and nothing is sent for it (R31, R33)."""
    async with listening() as gateway, running(gateway.port, pool=Pool(connections=1, ceiling=1)) as edge:
        first, wire = await exchanged(edge, gateway, ask())
        times: list[float] = []
        for count in range(3):
            client = await edge.client()
            client.send(post(b"prompt"))
            await turns()
            left = time.monotonic()
            leave(client)
            assert (await edge.logged(count + 1))[-1]["status"] == 499
            times.append(time.monotonic() - left)
        assert statistics.median(times) < NOTICED
        wire.send(OK)
        await first.until(b"ok")
        assert b"prompt" not in wire.received


@leaving
@pytest_twisted.ensureDeferred
async def test_R31_R32_a_client_that_leaves_while_the_edge_connects(leave: Callable[[Wire], None]) -> None:
    """A gateway that does not accept is not waited for when nobody waits for it (R31)."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        async with running(port) as edge:
            client = await edge.client()
            client.send(post(b"prompt"))
            await turns(20)
            assert edge.log == []
            left = time.monotonic()
            leave(client)
            assert (await edge.logged())[0]["status"] == 499
            assert time.monotonic() - left < 1.0
        for filler in fillers:
            filler.close()


@pytest_twisted.ensureDeferred
async def test_R32_with_finish_a_half_closed_client_gets_its_answer() -> None:
    """`printf ... | nc` works when the edge is configured to finish (R32)."""
    async with listening() as gateway, running(gateway.port, half_close=HalfClose.FINISH) as edge:
        client, wire = await exchanged(edge, gateway, ask())
        client.fin()
        await turns(20)
        wire.send(streamed(b"one", end=b""))
        await client.until(b"one")
        wire.send(b"3\r\ntwo\r\n0\r\n\r\n")
        await client.until(b"0\r\n\r\n")
        assert await client.ended() == "fin"
        assert edge.records[0]["ending"] == "ok"


@pytest_twisted.ensureDeferred
async def test_R06_a_cut_ends_with_fin_for_http_1_1_and_reset_for_1_0() -> None:
    """On a real socket a cut looks like a cut (R06)."""
    async with listening() as gateway, running(gateway.port) as edge:
        for version, end in ((b"1.1", "fin"), (b"1.0", "reset")):
            client, wire = await exchanged(edge, gateway, ask(version=version))
            wire.send(streamed(b"half", end=b""))
            await client.until(b"half")
            wire.reset()
            assert await client.ended() == end
            assert b"0\r\n\r\n" not in client.received


@pytest.mark.parametrize("tunnel", [False, True], ids=["answer", "tunnel"])
@pytest_twisted.ensureDeferred
async def test_R06_R18_a_reset_that_a_write_was_told_of_is_no_fin(tunnel: bool) -> None:
    """The kernel tells of it once; what the gateway sent before it arrives, and it is a cut (R06, R18)."""
    ask_for, said = post(b"some", length=100), b"HTTP/1.1 200 OK\r\n\r\n"
    if tunnel:
        upgrade = b"Upgrade: websocket", b"Connection: Upgrade"
        ask_for, said = ask(b"GET /ws", *upgrade), b"HTTP/1.1 101 S\r\n" + lines(*upgrade) + b"\r\n"
    async with listening() as gateway, running(gateway.port) as edge:
        client, wire = await exchanged(edge, gateway, ask_for)
        wire.send(said)
        await client.until(b"\r\n\r\n")
        context = edge.service._context
        assert context is not None
        (frontend,) = context.frontends
        assert isinstance(frontend, Frontend)
        wire.transport.getHandle().send(b"half")
        wire.reset()  # in the next turn, and in that same turn, before anybody reads, the client writes
        the_reactor().callLater(0, frontend.dataReceived, b"more")
        await client.until(b"half")
        await client.ended()
        assert not client.received.endswith(b"0\r\n\r\n")
        assert (await edge.logged())[0]["ending"] == "gateway-cut"


@pytest_twisted.ensureDeferred
async def test_R36_both_sockets_send_at_once_and_keep_alive() -> None:
    """TCP_NODELAY and keep-alive (15 s, 5 s, 3 probes) are set on both sides of an exchange (R36)."""
    async with listening() as gateway, running(gateway.port) as edge:
        await exchanged(edge, gateway, ask())
        ours = [
            one.getHandle()
            for one in connections()
            if one.getHost().port == edge.port or one.getPeer().port == gateway.port
        ]
        assert len(ours) == 2
        for handle in ours:
            assert handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            for option, value in (
                ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
                ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
                ("TCP_KEEPCNT", KEEPALIVE_PROBES),
            ):
                if hasattr(socket, option):
                    assert handle.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)) == value
        assert (KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES) == (15, 5, 3)


@pytest_twisted.ensureDeferred
async def test_R36_nothing_stalls_for_forty_milliseconds() -> None:
    """Requests and answers in two pieces each do not wait for delayed acknowledgements (R36)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client, wire = await exchanged(edge, gateway, ask())
        wire.send(OK)
        await client.until(b"ok")
        times: list[float] = []
        for _ in range(30):
            begun = time.monotonic()
            client.send(post(length=6))
            await wire.until(b"\r\n\r\n")
            client.send(b"prompt")
            await wire.until(b"prompt")
            wire.send(streamed(b"one", end=b""))
            await client.until(b"one\r\n")
            wire.send(b"3\r\ntwo\r\n0\r\n\r\n")
            await client.until(b"0\r\n\r\n")
            times.append(time.monotonic() - begun)
        assert statistics.median(times) < 0.03


@pytest_twisted.ensureDeferred
async def test_R31_R32_with_finish_a_reset_behind_the_fin_cancels() -> None:
    """A client that half-closed and then went for good is noticed though the gateway is silent (R31, R32)."""
    async with listening() as gateway, running(gateway.port, half_close=HalfClose.FINISH) as edge:
        client = await edge.client()
        client.send(post(b"prompt"))
        client.fin()
        wire = await gateway.accepted()
        await wire.until(b"prompt")
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
        await client.until(b"some")
        client.reset()
        assert await wire.ended() in ("fin", "reset")
        (record,) = await edge.logged()
        assert (record["status"], record["ending"]) == (499, "client-gone")
