"""HTTP/2 over TLS on real sockets: streaming, cancelling, many streams, back-pressure (R13, R14, R31)."""

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import pytest_twisted
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from twisted.internet.threads import deferToThread

from localedge.config import Https
from tests.h2_peer import section
from tests.h2_wire import NAME, Echo, H2Client, authority, connect
from tests.kernel import in_kernel, on_linux
from tests.phrases import OK, answer, streamed
from tests.wire_peers import (
    NOTICED,
    PATIENCE,
    Edge,
    Listener,
    Wire,
    listening,
    port_of,
    running,
    the_reactor,
    turns,
)

BOUND = 256 * 1024
"""Bytes that one direction of an exchange may hold (R14)."""
SIZE = 32 * 1024 * 1024
STUCK = 0.3
"""Seconds without room in a socket after which nobody is thought to read."""


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Https:
    """An authority, and HTTPS with it."""
    return authority(tmp_path_factory.mktemp("ca"))


def post(path: bytes = b"/v1/messages", *more: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    """A POST."""
    return section(b"POST", path, *more, host=NAME.encode())


async def exchanged(edge: Edge, gateway: Listener, body: bytes | None = b"x") -> tuple[H2Client, int, Wire]:
    """A new client with a stream whose request the gateway has read."""
    client = await H2Client().connect(edge)
    stream = client.ask(post(), body)
    wire = await gateway.accepted()
    await wire.until(b"\r\n\r\n")
    return client, stream, wire


@pytest_twisted.ensureDeferred
async def test_R13_events_arrive_one_by_one(https: Https) -> None:
    """The head comes before any byte, then each event when the gateway sends it, then the end (R13)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client, stream, wire = await exchanged(edge, gateway)
        answered = client.answers[stream]
        wire.send(streamed(end=b""))
        await client.until(lambda: answered.status == 200)
        sofar = b""
        for event in (b"event: one\n\n", b"event: two\n\n", b"event: three\n\n"):
            wire.send(b"%x\r\n%b\r\n" % (len(event), event))
            sofar += event
            await client.until(lambda: answered.body == sofar)  # noqa: B023 - awaited at once
        assert not answered.ended
        wire.send(b"0\r\n\r\n")
        await client.ended_on(stream)
        assert answered.reset is None


@pytest_twisted.ensureDeferred
async def test_R13_an_upload_reaches_the_gateway_byte_by_byte(https: Https) -> None:
    """The gateway reads the beginning of a prompt before its end was sent (R13)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client, stream, wire = await exchanged(edge, gateway, None)
        for byte in (b"a", b"b", b"c"):
            client.say(stream, byte)
            await wire.until(b"1\r\n%b\r\n" % byte)
        client.say(stream, end=True)
        await wire.until(b"0\r\n\r\n")
        wire.send(OK)
        assert (await client.ended_on(stream)).body == b"ok"


@pytest.mark.parametrize("phase", ["waiting", "streaming", "uploading"])
@pytest.mark.parametrize("how", ["RST_STREAM", "TCP reset", "close"])
@pytest_twisted.ensureDeferred
async def test_R31_a_client_that_leaves_cancels(https: Https, phase: str, how: str) -> None:
    """RST_STREAM and a lost connection reset the gateway's connection within 100 ms (R31)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        times: list[float] = []
        for _ in range(5):
            client, stream, wire = await exchanged(edge, gateway, None if phase == "uploading" else b"x")
            if phase == "streaming":
                wire.send(streamed(b"token", end=b""))
                await client.until(lambda: client.answers[stream].body == b"token")  # noqa: B023
            left = time.monotonic()
            if how == "RST_STREAM":
                client.cancel(stream)
            elif how == "close":
                client.close()
            else:
                client.reset()
            assert await wire.ended() == "reset"
            times.append(wire.ended_at - left)
        assert statistics.median(times) < NOTICED
        assert {record["ending"] for record in await edge.logged(5)} == {"client-gone"}


@pytest_twisted.ensureDeferred
async def test_R31_one_cancelled_stream_leaves_the_others_alone(https: Https) -> None:
    """Who cancels one answer still gets the other one on the same connection (R31)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client, first, wire = await exchanged(edge, gateway)
        second = client.ask(post(), b"x")
        other = await gateway.accepted()
        await other.until(b"\r\n\r\n")
        client.cancel(first)
        assert await wire.ended() == "reset"
        other.send(OK)
        assert (await client.ended_on(second)).body == b"ok"
        assert not client.lost


@pytest_twisted.ensureDeferred
async def test_R06_a_cut_answer_ends_with_a_reset_stream(https: Https) -> None:
    """What arrived before the cut is there, and the stream does not look complete (R06)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client, stream, wire = await exchanged(edge, gateway)
        wire.send(streamed(b"half", end=b""))
        wire.close()
        answered = await client.ended_on(stream)
        assert (answered.body, answered.ended) == (b"half", False)
        assert answered.reset == ErrorCodes.INTERNAL_ERROR
        assert not client.lost


@pytest_twisted.ensureDeferred
async def test_R17_trailers_reach_a_client_that_asked_for_them(https: Https) -> None:
    """A section behind the body, for `te: trailers`; without that, END_STREAM (R17)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = await H2Client().connect(edge)
        for te in (True, False):
            stream = client.ask(post(b"/", *([(b"te", b"trailers")] if te else [])), b"x")
            wire = gateway.wires[0] if gateway.wires else await gateway.accepted()
            await wire.until(b"\r\n\r\n")
            wire.send(streamed(b"ok", end=b"0\r\nX-Sum: 1\r\n\r\n"))
            answered = await client.ended_on(stream)
            assert (answered.body, answered.ended) == (b"ok", True)
            assert answered.trailers == ([(b"x-sum", b"1")] if te else [])


@pytest_twisted.ensureDeferred
async def test_R15_interim_answers_come_first(https: Https) -> None:
    """100 for `expect`, and 103, before the final answer (R15)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = await H2Client().connect(edge)
        stream = client.ask(post(b"/", (b"expect", b"100-continue")))
        wire = await gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        await client.until(lambda: client.answers[stream].interim == [100])
        client.say(stream, b"body", end=True)
        await wire.until(b"0\r\n\r\n")
        wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        await client.until(lambda: client.answers[stream].interim == [100, 103])
        wire.send(OK)
        assert (await client.ended_on(stream)).status == 200


@pytest_twisted.ensureDeferred
async def test_two_hundred_streams_each_get_their_own_bytes(https: Https) -> None:
    """Two hundred uploads at once on one connection, each answered with its own bytes."""
    port = the_reactor().listenTCP(0, Echo(), interface="127.0.0.1")
    try:
        async with running(port_of(port), https=https) as edge:
            client = await H2Client().connect(edge)
            await client.until(lambda: client.conn.remote_settings.max_concurrent_streams == 256)
            streams = [client.ask(post()) for _ in range(200)]
            bodies = {stream: b"%06d" % stream * (100 + stream) for stream in streams}
            for start in range(0, max(map(len, bodies.values())), 600):
                for stream, body in bodies.items():
                    if piece := body[start : start + 600]:
                        client.say(stream, piece)
                await turns(1)
            for stream in streams:
                client.say(stream, end=True)
            for stream, body in bodies.items():
                answered = await client.ended_on(stream)
                assert answered.body == body
                assert answered.ended
            assert {record["ending"] for record in await edge.logged(200)} == {"ok"}
    finally:
        await port.stopListening()
    await turns()


@contextmanager
def slow_gateway() -> Iterator[socket.socket]:
    """A listening socket that the test accepts from in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        gateway.settimeout(PATIENCE)
        yield gateway


def head_read(gateway: socket.socket) -> socket.socket:
    """The next connection, its request's head read."""
    wire, _ = gateway.accept()
    wire.settimeout(PATIENCE)
    got = b""
    while not got.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        assert byte, got
        got += byte
    return wire


def push(wire: socket.socket, size: int) -> int:
    """Send up to `size` bytes, until nobody takes them; how many were taken."""
    wire.settimeout(STUCK)
    block = memoryview(b"x" * 65_536)
    sent = 0
    try:
        while sent < size:
            sent += wire.send(block[: size - sent])
    except TimeoutError:
        pass
    wire.settimeout(PATIENCE)
    return sent


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_a_slow_stream_holds_little_and_holds_up_nobody(https: Https) -> None:
    """An answer of 32 MB that nobody reads waits at the gateway; the next stream goes on (R14)."""
    with slow_gateway() as gateway:
        async with running(gateway.getsockname()[1], https=https) as edge:
            client = await H2Client(generous=False).connect(edge)
            client.keep = False
            client.conn.increment_flow_control_window(2**24)
            client.flush()
            slow = client.ask(section(b"GET", b"/big", host=NAME.encode()), b"")
            wire = await deferToThread(head_read, gateway)
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            sent = await deferToThread(push, wire, SIZE)
            assert 0 < sent < SIZE
            assert client.lengths[slow] == 65_535
            assert 0 <= sent - 65_535 - in_kernel(gateway.getsockname()[1]) <= BOUND

            quick = client.ask(section(b"GET", b"/small", host=NAME.encode()), b"")
            second = await deferToThread(head_read, gateway)
            second.sendall(answer(body=b"quick"))
            assert (await client.ended_on(quick)).ended
            assert client.lengths == {slow: 65_535, quick: 5}

            client.generous = True
            client.conn.increment_flow_control_window(SIZE)
            client.conn.increment_flow_control_window(SIZE, slow)
            client.flush()
            rest = deferToThread(wire.sendall, b"x" * (SIZE - sent))
            assert (await client.ended_on(slow)).ended
            await rest
            assert client.lengths[slow] == SIZE
            wire.close()
            second.close()


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_a_client_that_does_not_read_its_socket(https: Https) -> None:
    """Windows wide open, and a client that reads nothing: the edge holds at most 256 KiB (R14)."""
    with slow_gateway() as gateway:
        async with running(gateway.getsockname()[1], https=https) as edge:
            client = H2Client()
            client.keep = False
            client.conn.local_settings.initial_window_size = 2**30
            client.conn.local_settings.acknowledge()
            await client.connect(edge)
            client.conn.increment_flow_control_window(2**30)
            client.flush()
            stream = client.ask(section(b"GET", b"/big", host=NAME.encode()), b"")
            wire = await deferToThread(head_read, gateway)
            client.transport.pauseProducing()
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
            sent = await deferToThread(push, wire, SIZE)
            assert 0 < sent < SIZE
            ports = gateway.getsockname()[1], edge.service.https_port
            assert sent - sum(map(in_kernel, ports)) <= BOUND
            client.transport.resumeProducing()
            rest = deferToThread(wire.sendall, b"x" * (SIZE - sent))
            assert (await client.ended_on(stream)).ended
            await rest
            assert client.lengths[stream] == SIZE
            wire.close()


@on_linux
@pytest_twisted.ensureDeferred
async def test_R14_an_upload_that_its_gateway_does_not_read(https: Https) -> None:
    """The client's window closes: the edge holds it and what is on its way; other uploads go on (R14)."""
    with slow_gateway() as gateway:
        async with running(gateway.getsockname()[1], https=https) as edge:
            client = await H2Client().connect(edge)
            await client.until(lambda: client.conn.remote_settings.max_concurrent_streams == 256)
            slow = client.ask(post(b"/slow"))
            wire = await deferToThread(head_read, gateway)
            sent = quiet = 0
            while quiet < 50 and sent < SIZE:
                room = min(client.conn.local_flow_control_window(slow), 16_384)
                quiet = 0 if room else quiet + 1
                if room:
                    client.say(slow, b"x" * room)
                    sent += room
                await turns(1)
            assert quiet, "all of it was taken"
            assert sent - in_kernel(gateway.getsockname()[1]) <= 2 * BOUND

            quick = client.ask(post(b"/quick"), b"y" * 1000)
            second = await deferToThread(head_read, gateway)
            second.sendall(OK)
            assert (await client.ended_on(quick)).body == b"ok"
            second.close()
            wire.sendall(OK)  # before the upload has ended (R16)
            assert (await client.ended_on(slow)).body == b"ok"
            client.cancel(slow)
            wire.close()


@pytest_twisted.ensureDeferred
async def test_a_window_of_one_byte(https: Https) -> None:
    """A client with tiny windows gets every byte, one frame each (RFC 9113 6.9.1)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = H2Client()
        client.conn.local_settings[SettingCodes.INITIAL_WINDOW_SIZE] = 1
        client.conn.local_settings.acknowledge()
        await client.connect(edge)
        stream = client.ask(post(), b"x")
        wire = await gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(answer(body=b"ten bytes!"))
        answered = await client.ended_on(stream)
        assert (answered.body, answered.ended) == (b"ten bytes!", True)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([b"h2"], "h2"),
        ([b"http/1.1"], "http/1.1"),
        ([b"h2", b"http/1.1"], "h2"),
        ([b"http/1.1", b"h2"], "h2"),
        ([], None),
        ([b"h3", b"spdy/3.1", b"\xff\x00"], None),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_a_client_offers_decides_what_is_spoken(
    https: Https, offered: list[bytes], chosen: str | None
) -> None:
    """h2 where it is offered, HTTP/1.1 for everybody else (RFC 7301)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client: Wire = H2Client() if chosen == "h2" else Wire()
        assert await connect(client, edge, offered) == chosen
        if isinstance(client, H2Client):
            stream = client.ask(post(), b"x")
        else:
            client.send(b"GET /v1/models HTTP/1.1\r\nHost: localedge.test\r\n\r\n")
        wire = await gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(OK)
        if isinstance(client, H2Client):
            assert (await client.ended_on(stream)).body == b"ok"
        else:
            assert (await client.until(b"ok")).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest_twisted.ensureDeferred
async def test_R35_a_drain_on_real_sockets(https: Https) -> None:
    """GOAWAY comes at once to an idle client, whose connection then ends (R35)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = await H2Client().connect(edge)
        await client.until(lambda: client.conn.remote_settings.max_concurrent_streams == 256)
        stopped = edge.service.stopService()
        assert await client.ended() == "fin"
        assert client.goaway == ErrorCodes.NO_ERROR
        await stopped
