"""Two listeners, one edge: when HTTPS is served, when not, and that neither can hurt the other."""

import os
import socket
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

from localedge.config import Config, Gateway, Https, Limits, Secret
from localedge.edge.service import EdgeService
from localedge.errors import Failure
from localedge.machine.vault import Vault
from tests.h2_wire import authority, root_of
from tests.phrases import OK, ask
from tests.tls_client import NAME, Shaken, TlsWire, raw_client, tls_client, trusting
from tests.wire_peers import Edge, Listener, Wire, listening, running, the_reactor, turns

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the system tells who holds a port")


async def answered(gateway: Listener, client: Wire) -> None:
    """A request of this client is answered by this gateway."""
    client.send(ask())
    wire = gateway.wires[-1] if gateway.wires and not gateway.wires[-1].lost else await gateway.accepted()
    await wire.until(b"\r\n\r\n")
    wire.send(OK)
    await client.until(b"ok")


def codes(edge: Edge) -> list[str]:
    """What the user is told at the start."""
    return [notice.code for notice in edge.service.notices]


@pytest_twisted.ensureDeferred
async def test_without_an_authority_it_is_plain_http(tmp_path: Path) -> None:
    """Who has not run trust-ca is told of it, and served."""
    https = Https(port=0, directory=str(tmp_path / "none"))
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        assert (codes(edge), edge.service.https_port) == (["no-ca"], None)
        await answered(gateway, await edge.client())


@pytest_twisted.ensureDeferred
async def test_http_only_does_not_look_for_one(tmp_path: Path) -> None:
    """With --http-only an authority makes no difference, not even a broken one."""
    https = authority(tmp_path)
    Vault(tmp_path).leaf_file.parent.chmod(0o777)
    async with listening() as gateway, running(gateway.port, https=https, http_only=True) as edge:
        assert (codes(edge), edge.service.https_port) == ([], None)
        await answered(gateway, await edge.client())


def _missing(directory: Path) -> None:
    (directory / "intermediate-key.pem").unlink()


def _truncated(directory: Path) -> None:
    path = directory / "root.pem"
    path.write_bytes(path.read_bytes()[:200])


def _loose(directory: Path) -> None:
    (directory / "intermediate-key.pem").chmod(0o644)


def _swapped(directory: Path) -> None:
    (directory / "intermediate-key.pem").write_bytes((directory / "leaf.pem").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_missing, "ca-incomplete"),
        (_truncated, "ca-damaged"),
        (_loose, "ca-loose"),
        (_swapped, "ca-mismatch"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_broken_authority_does_not_stop_plain_http(tmp_path: Path, spoil: Any, code: str) -> None:
    """What is wrong with it is told with the remedy; who needs no HTTPS is served all the same."""
    if sys.platform == "win32" and code == "ca-loose":
        pytest.skip("modes are POSIX")
    https = authority(tmp_path)
    spoil(Vault(tmp_path).leaf_file.parent)
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        assert (codes(edge), edge.service.https_port) == ([code, "https-off"], None)
        await answered(gateway, await edge.client())


@pytest_twisted.ensureDeferred
async def test_names_that_the_authority_may_not_speak_for(tmp_path: Path) -> None:
    """A name that came later needs a new authority: told at the start; the others are served."""
    https = replace(authority(tmp_path, NAME), names=(NAME, "gw.test"))
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        assert codes(edge) == ["names-not-covered"]
        assert edge.service.notices[0].params["names"] == "gw.test"
        assert edge.service.https_names == (NAME,)
        await answered(gateway, await tls_client(edge, trusting(root_of(edge))))


def start(**config: Any) -> EdgeService:
    """An edge that may fail to start."""
    gateway = Gateway("http", "127.0.0.1", 9)
    service = EdgeService(Config(gateway=gateway, **config), reactor=the_reactor(), emit=lambda line: None)
    service.startService()
    return service


async def refused(service: EdgeService) -> Failure:
    """Why it did not start."""
    try:
        await service.whenListening
    except Failure as failure:
        return failure
    finally:
        await turns()
        await service.stopService()
    raise AssertionError("it listens")


@LINUX
@pytest_twisted.ensureDeferred
async def test_the_https_port_in_use(tmp_path: Path) -> None:
    """Who holds it is told, with the flag that helps; plain HTTP is not left half open."""
    with socket.create_server(("127.0.0.1", 0)) as holder, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        https = replace(authority(tmp_path), port=holder.getsockname()[1])
        failure = await refused(start(port=port, https=https))
        assert failure.code == "https-port-in-use-by"
        assert f"(pid {os.getpid()})" in str(failure) and "--https-port" in str(failure)
        socket.create_server(("127.0.0.1", port)).close()


@LINUX
@pytest_twisted.ensureDeferred
async def test_the_plain_port_in_use(tmp_path: Path) -> None:
    """The other way round HTTPS is not left open either, and nobody looks after its certificate."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        failure = await refused(start(port=holder.getsockname()[1], https=authority(tmp_path)))
        assert failure.code == "port-in-use-by" and "--port" in str(failure)


@pytest_twisted.ensureDeferred
async def test_R22_https_is_on_loopback(tmp_path: Path) -> None:
    """R22: whatever plain HTTP listens on, HTTPS is for this machine: 127.0.0.1, and ::1 if asked for."""
    https = authority(tmp_path)
    async with (
        listening() as gateway,
        running(gateway.port, https=https, host="0.0.0.0", client_token=Secret("t")) as edge,
    ):
        assert {port.getHost().host for port in edge.service._ports} == {"0.0.0.0", "127.0.0.1"}
    service = start(port=0, host="::1", https=https)
    try:
        await service.whenListening
        places = [(port.getHost().host, port.getHost().port) for port in service._ports]
        assert [host for host, _ in places] == ["::1", "127.0.0.1", "::1"]
        assert places[1][1] == places[2][1] == service.https_port
    finally:
        await service.stopService()


@pytest_twisted.ensureDeferred
async def test_R14_both_listeners_share_the_cap(tmp_path: Path) -> None:
    """R14: clients of the two ports are counted together; who has to wait is served when somebody leaves."""
    limits = Limits(queue=0.1)  # makes ticks short
    async with (
        listening() as gateway,
        running(gateway.port, https=authority(tmp_path), max_clients=5, limits=limits) as edge,
    ):
        context = edge.service._context
        assert context is not None and edge.service.https_port is not None
        with ExitStack() as stack:
            clients = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 5))
                for _ in range(10)
                for port in (edge.port, edge.service.https_port)
            ]
            most = 0
            for _ in range(50):
                await turns(1)
                most = max(most, len(context.frontends))
            assert most == 5
            for one in clients:
                one.close()
                await turns(2)
                assert len(context.frontends) <= 5
        client = await tls_client(edge, trusting(root_of(edge)))
        await answered(gateway, client)


@pytest_twisted.ensureDeferred
async def test_R14_a_thousand_half_handshakes(tmp_path: Path) -> None:
    """R14: a thousand clients that stop in their handshake hold nobody up, and leave nothing behind."""
    limits = Limits(tls_handshake=1.0)
    async with (
        listening() as gateway,
        running(gateway.port, https=authority(tmp_path), limits=limits) as edge,
    ):
        context = edge.service._context
        assert context is not None and edge.service.https_port is not None
        served = await tls_client(edge, trusting(root_of(edge)))
        hello = Shaken(trusting(root_of(edge)))
        hello.take()
        whole = hello.give()
        endpoint = TCP4ClientEndpoint(the_reactor(), "127.0.0.1", edge.service.https_port)
        stalling: list[Wire] = []
        for number in range(1000):
            wire: Wire = await connectProtocol(endpoint, Wire())
            edge.clients.append(wire)
            stalling.append(wire)
            wire.send(whole[: number % 3 * len(whole) // 2])  # nothing, half of it, all of it
            if number % 100 == 0:
                await answered(gateway, served)
        await answered(gateway, served)
        await answered(gateway, await tls_client(edge, trusting(root_of(edge))))
        for wire in stalling:
            await wire.ended()
        await turns(20)
        assert len(context.frontends) == 2
        assert edge.service._context is context


@pytest_twisted.ensureDeferred
async def test_garbage_hurts_nobody_else(tmp_path: Path) -> None:
    """SSLv2 and SSLv3 hellos, text, zeros and broken records end their own connection, at once."""
    sslv3 = (
        b"\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00" + b"r" * 32 + b"\x00\x00\x04\x00\x0a\x00\x05\x01\x00"
    )
    sslv2 = b"\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x00\x80" + b"c" * 16
    async with listening() as gateway, running(gateway.port, https=authority(tmp_path)) as edge:
        served = await tls_client(edge, trusting(root_of(edge)))
        for garbage in (sslv2, sslv3, b"\x00" * 1000, b"\x16\x03\x01\xff\xff" + b"x" * 70_000, b"\x15" * 100):
            client = await raw_client(edge)
            client.send(garbage)
            await client.ended()
            assert bytes(client.received[:2]) in (b"", b"\x15\x03")
            await answered(gateway, served)


@pytest_twisted.ensureDeferred
async def test_a_client_without_trust_is_named_in_the_log(tmp_path: Path) -> None:
    """The user reads what to do, once however often the client tries."""
    async with listening() as gateway, running(gateway.port, https=authority(tmp_path)) as edge:
        for _ in range(3):
            client = await tls_client(edge, trusting(None), shaken=False)
            await client.ended()
            assert client.client.reason == "CERTIFICATE_VERIFY_FAILED"
        assert sum('"client-distrusts"' in line for line in edge.log) == 1


@pytest_twisted.ensureDeferred
async def test_R30_a_stalled_handshake_is_ended(tmp_path: Path) -> None:
    """R30: the handshake has its own limit, with a word in the debug log."""
    limits = Limits(tls_handshake=0.2)
    async with (
        listening() as gateway,
        running(gateway.port, https=authority(tmp_path), limits=limits) as edge,
    ):
        client = await raw_client(edge)
        client.send(b"\x16\x03\x01\x02\x00")
        assert await client.ended() in ("fin", "reset")


@pytest_twisted.ensureDeferred
async def test_R35_both_ports_are_closed_at_the_end(tmp_path: Path) -> None:
    """R35: after stopping nobody listens, on either port."""
    async with listening() as gateway, running(gateway.port, https=authority(tmp_path)) as edge:
        client: TlsWire = await tls_client(edge, trusting(root_of(edge)))
        ports = (edge.port, edge.service.https_port)
        await turns()
        await edge.service.stopService()
        assert await client.ended() == "fin"
        assert client.client.closed
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port or 0), 5)
