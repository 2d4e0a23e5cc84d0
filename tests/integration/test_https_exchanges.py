"""HTTP/1.1 over TLS on real sockets: the rules of the plain port hold on the other one too."""

import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import deferToThread

from localedge.config import HalfClose, Limits
from localedge.edge.frontend import Frontend
from tests import peers
from tests.h2_wire import authority, root_of
from tests.phrases import OK, answer, ask, post, streamed
from tests.playbook import read_reply
from tests.tls_client import NAME, TlsWire, raw_client, tls_client, trusting
from tests.wire_peers import NOTICED, PATIENCE, Edge, Listener, Wire, listening, running, turns

SECRET = b"the prompt that must not be read on the way "


@dataclass
class Setting:
    """A gateway, an edge with an authority, and how its clients trust it."""

    gateway: Listener
    edge: Edge
    trust: ssl.SSLContext
    root: Path

    async def client(self, name: str | None = NAME) -> TlsWire:
        """Somebody whose handshake is done."""
        return await tls_client(self.edge, self.trust, name)


@asynccontextmanager
async def secured(place: Path, **config: Any) -> AsyncIterator[Setting]:
    """An edge that serves HTTPS for localedge.test."""
    async with (
        listening() as gateway,
        running(gateway.port, https=authority(place / "ca"), **config) as edge,
    ):
        root = root_of(edge)
        yield Setting(gateway, edge, trusting(root, "http/1.1"), root)


async def held_up(wire: Wire) -> int:
    """How much of what was sent has not left, once nothing moves any more."""
    transport, last = wire.transport, -1
    while True:
        left: int = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        if left == last:
            return left
        last = left
        await turns(50)


@pytest_twisted.ensureDeferred
async def test_R11_requests_over_tls(tmp_path: Path) -> None:
    """Bytes pass as they are, both ways; connections are kept and reused on both sides (R11, R33)."""
    async with secured(tmp_path) as all_:
        client = await all_.client()
        assert client.client.tls.selected_alpn_protocol() == "http/1.1"
        assert client.client.tls.version() == "TLSv1.3"
        for _ in range(3):
            client.send(post(b"prompt"))
            wire = all_.gateway.wires[0] if all_.gateway.wires else await all_.gateway.accepted()
            assert (await wire.until(b"prompt")).startswith(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:")
            wire.send(streamed(b"token"))
            assert (await client.until(b"0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        assert len(all_.gateway.wires) == 1


@pytest_twisted.ensureDeferred
async def test_without_alpn_it_is_http_1(tmp_path: Path) -> None:
    """A client that does not say what it speaks gets HTTP/1.1, over TLS 1.2 as well."""
    async with secured(tmp_path) as all_:
        trust = trusting(all_.root)
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        client = await tls_client(all_.edge, trust)
        assert client.client.tls.selected_alpn_protocol() is None
        assert client.client.tls.version() == "TLSv1.2"
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(OK)
        await client.until(b"ok")


@pytest.mark.parametrize("host", [NAME, "localhost", "127.0.0.1"])
@pytest_twisted.ensureDeferred
async def test_R20_the_mapped_name_may_stand_in_host(tmp_path: Path, host: str) -> None:
    """The names HTTPS is served for pass on both listeners; any other is still 421 (R20)."""
    async with secured(tmp_path) as all_:
        request = b"GET /v1/models HTTP/1.1\r\nHost: %b:18443\r\n\r\n"
        for client in (await all_.client(), await all_.edge.client()):
            client.send(request % host.encode())
            wire = all_.gateway.wires[0] if all_.gateway.wires else await all_.gateway.accepted()
            await wire.until(b"\r\n\r\n")
            wire.send(OK)
            await client.until(b"ok")
            client.send(request % b"evil.example")
            await client.until(b"}")
            assert b"HTTP/1.1 421 " in client.received


@pytest_twisted.ensureDeferred
async def test_R14_R23_nothing_leaves_in_plain_text(tmp_path: Path) -> None:
    """Written at once or queued, big or small: what reaches a client is TLS records (R14, R23)."""
    body = SECRET * 60_000
    async with secured(tmp_path) as all_:
        client = await all_.client()
        client.transport.pauseProducing()
        client.send(post(b"prompt"))
        wire = await all_.gateway.accepted()
        await wire.until(b"prompt")
        wire.send(answer(body=body))
        await turns(50)
        client.transport.resumeProducing()
        await client.until(lambda: len(client.received) > len(body))
        assert client.received.endswith(body)
        client.send(b"nonsense\r\n\r\n")
        assert await client.ended() == "fin"
        assert client.client.closed
        records = bytes(client.raw)
        assert b"prompt" not in records and b"HTTP/1.1" not in records and b"error" not in records
        while records:
            assert records[0] in (0x14, 0x15, 0x16, 0x17) and records[1] == 3
            records = records[5 + int.from_bytes(records[3:5]) :]


@pytest_twisted.ensureDeferred
async def test_R14_a_slow_client_over_tls_stops_the_gateway(tmp_path: Path) -> None:
    """A client that does not read stops the reading from the gateway; then it gets every byte (R14)."""
    size = 32 * 1024 * 1024
    async with secured(tmp_path) as all_:
        client = await all_.client()
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        client.transport.pauseProducing()
        wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        wire.send(b"x" * size)
        assert await held_up(wire) > size // 2
        client.transport.resumeProducing()
        await client.until(lambda: len(client.received) > size)


@pytest_twisted.ensureDeferred
async def test_R14_a_slow_gateway_stops_an_upload_over_tls(tmp_path: Path) -> None:
    """A gateway that does not read stops the reading from the client; then it gets every byte (R14)."""
    size = 32 * 1024 * 1024
    async with secured(tmp_path) as all_:
        all_.gateway.reading = False
        client = await all_.client()
        client.send(post(length=size) + b"x" * size)
        wire = await all_.gateway.accepted()
        assert await held_up(client) > size // 2
        wire.transport.resumeProducing()
        await wire.until(lambda: len(wire.received) > size)
        wire.send(OK)
        await client.until(b"ok")


@pytest.mark.parametrize("how", ["bye", "fin", "reset", "close"])
@pytest_twisted.ensureDeferred
async def test_R31_a_client_that_leaves_over_tls(tmp_path: Path, how: str) -> None:
    """close_notify, a FIN with or without it, a reset: the gateway's connection ends at once (R31, R32)."""
    async with secured(tmp_path) as all_:
        client = await all_.client()
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(streamed(b"one", end=b""))
        await client.until(b"one")
        if how == "close":
            client.bye()
        left = time.monotonic()
        getattr(client, how)()
        assert await wire.ended() == "reset"
        assert wire.ended_at - left < NOTICED
        (record,) = await all_.edge.logged()
        assert (record["status"], record["ending"]) == (499, "client-gone")


@pytest.mark.parametrize("how", ["fin", "reset"])
@pytest_twisted.ensureDeferred
async def test_R32_a_client_that_leaves_while_nobody_reads_from_it(tmp_path: Path, how: str) -> None:
    """An upload that back-pressure holds up is watched: who leaves is noticed within 100 ms (R32)."""
    size = 32 * 1024 * 1024
    async with secured(tmp_path) as all_:
        all_.gateway.reading = False
        client = await all_.client()
        client.send(post(length=size) + b"x" * (size // 2))
        wire = await all_.gateway.accepted()
        frontends = all_.edge.service._context.frontends  # type: ignore[union-attr]
        for _ in range(1000):
            await turns(1)
            if any(isinstance(one, Frontend) and one.reading.paused for one in frontends):
                break
        else:
            raise AssertionError("never held up")
        left = time.monotonic()
        if how == "fin":
            client.transport.getHandle().shutdown(socket.SHUT_WR)
        else:
            client.reset()
        wire.transport.resumeProducing()
        assert await wire.ended() == "reset"
        assert wire.ended_at - left < NOTICED
        (record,) = await all_.edge.logged()
        assert record["status"] == 499


@pytest_twisted.ensureDeferred
async def test_R32_half_close_over_tls_can_be_finished(tmp_path: Path) -> None:
    """With `client.half_close = "finish"` close_notify ends the request, and it is answered (R32)."""
    async with secured(tmp_path, half_close=HalfClose.FINISH) as all_:
        client = await all_.client()
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        client.bye()
        await turns(20)
        wire.send(OK)
        await client.until(b"ok")
        assert await client.ended() == "fin"
        assert (await all_.edge.logged())[0]["ending"] == "ok"


@pytest_twisted.ensureDeferred
async def test_R03_a_refused_upload_over_tls_reads_its_answer(tmp_path: Path) -> None:
    """The client reads the 413 although it is still sending: close_notify, no reset (R03)."""
    async with secured(tmp_path, limits=Limits(body_bytes=1000)) as all_:
        client = await all_.client()
        client.send(post(length=3_000_000) + b"x" * 2_000_000)
        await client.until(b"}")
        assert client.received.startswith(b"HTTP/1.1 413 ")
        await client.until(lambda: client.client.closed)
        client.send(b"x" * 1_000_000)
        client.bye()
        assert await client.ended() == "fin"


@pytest_twisted.ensureDeferred
async def test_R06_a_cut_answer_over_tls(tmp_path: Path) -> None:
    """A gateway that goes away in the middle: what came, the end of TLS, no last chunk (R06)."""
    async with secured(tmp_path) as all_:
        client = await all_.client()
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(streamed(b"half", end=b""))
        await client.until(b"half")
        wire.reset()
        assert await client.ended() == "fin"
        assert not client.received.endswith(b"0\r\n\r\n")


@pytest_twisted.ensureDeferred
async def test_R18_a_websocket_over_tls(tmp_path: Path) -> None:
    """A tunnel through TLS: bytes both ways, and each side's end is told to the other (R18)."""
    async with secured(tmp_path) as all_:
        client = await all_.client()
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfrom gateway")
        await client.until(b"from gateway")
        client.send(b"from client")
        await wire.until(b"from client")
        client.bye()
        assert await wire.ended() == "fin"
        wire.send(b"last words")
        await client.until(b"last words")
        wire.fin()
        assert await client.ended() == "fin"
        assert (await all_.edge.logged())[0]["ending"] == "ok"


@pytest_twisted.ensureDeferred
async def test_R44_plain_http_on_the_tls_port(tmp_path: Path) -> None:
    """Who writes http:// for the TLS port gets a 400 with the right URL, upload or not (R44, R03, R43)."""
    async with secured(tmp_path) as all_:
        port = all_.edge.service.https_port
        client = await raw_client(all_.edge)
        host = b"Host: localedge.test:%d\r\n" % (port or 0)
        client.send(b"POST /v1/messages HTTP/1.1\r\n" + host + b"Content-Length: 3000000\r\n\r\n")
        client.send(b"x" * 2_000_000)
        await client.until(b"}")
        reply = read_reply(bytes(client.received), None)[0]
        assert (reply.status, reply.code) == (400, "http-on-tls-port")
        assert f"https://localedge.test:{port} " in reply.message
        assert await client.ended() == "fin"
        (record,) = await all_.edge.logged()
        assert (record["status"], record["path"], record["ending"]) == (400, "/v1/messages", "refused")
        assert all_.gateway.wires == []
        head = await raw_client(all_.edge)
        head.send(b"HEAD /api/hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await head.until(b"\r\n\r\n")
        assert head.received.startswith(b"HTTP/1.1 400 ") and head.received.endswith(b"\r\n\r\n")


@pytest_twisted.ensureDeferred
async def test_R35_a_stream_over_tls_is_finished_at_shutdown(tmp_path: Path) -> None:
    """What runs ends whole, whoever is in the handshake is dropped, and both ports are closed (R35)."""
    async with secured(tmp_path) as all_:
        edge = all_.edge
        client, idle = await all_.client(), await all_.client()
        client.send(ask())
        wire = await all_.gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(streamed(b"one", end=b""))
        await client.until(b"one")
        halfway = await tls_client(edge, all_.trust, shaken=False)
        await turns(2)
        stopped = edge.service.stopService()
        assert await idle.ended() == "fin"
        assert idle.client.closed
        wire.send(b"3\r\ntwo\r\n0\r\n\r\n")
        await client.until(b"0\r\n\r\n")
        assert await client.ended() == "fin"
        await halfway.ended()
        await stopped


Done = subprocess.CompletedProcess[bytes]


async def program(name: str, *words: str, data: bytes = b"") -> Done:
    """What a program says and how it ends."""
    command = [str(peers.need(name)), *words]
    return await deferToThread(subprocess.run, command, input=data, capture_output=True, timeout=PATIENCE)


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest_twisted.ensureDeferred
async def test_curl_trusts_the_root(tmp_path: Path, version: str) -> None:
    """curl with the root as its only CA, over both HTTPs and under each name."""
    async with secured(tmp_path) as all_:
        port = all_.edge.service.https_port
        for host in (NAME, "localhost", "127.0.0.1"):
            words = [
                *("-sS", version, "--cacert", str(all_.root), "-w", " %{http_version}"),
                *("--resolve", f"{host}:{port}:127.0.0.1", f"https://{host}:{port}/v1/models"),
            ]
            running_curl = ensureDeferred(program("curl", *words))
            wire = all_.gateway.wires[0] if all_.gateway.wires else await all_.gateway.accepted()
            await wire.until(b"\r\n\r\n")
            wire.send(OK)
            done = await running_curl
            assert (done.returncode, done.stderr) == (0, b"")
            assert done.stdout == b"ok " + (b"2" if version == "--http2" else b"1.1")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["-tls1_3", "-servername", NAME], b"Verify return code: 0 (ok)"),
        (["-tls1_2", "-servername", NAME], b"Verify return code: 0 (ok)"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], b"Verify return code: 0 (ok)"),
        (["-servername", "127.0.0.1"], b"Verify return code: 0 (ok)"),
        (["-noservername"], b"Verify return code: 0 (ok)"),
        (["-servername", "evil.test"], b"tlsv1 unrecognized name"),
        (["-tls1_3", "-groups", "X448:P-256"], b"Verify return code: 0 (ok)"),
        (["-tls1_3", "-groups", "ffdhe8192"], b"alert handshake failure"),
        (["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], b"alert protocol version"),
        (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], b"alert protocol version"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], b"alert handshake failure"),
        (["-tls1_2", "-cipher", "AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256"], b"alert handshake failure"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_openssl_gets(tmp_path: Path, words: list[str], wanted: bytes) -> None:
    """Versions, ciphers and names, as `openssl s_client` sees them."""
    async with secured(tmp_path) as all_:
        connect = ["-connect", f"127.0.0.1:{all_.edge.service.https_port}", "-CAfile", str(all_.root)]
        done = await program("openssl", "s_client", *connect, *words)
        assert wanted in done.stdout + done.stderr, done.stdout + done.stderr


@pytest_twisted.ensureDeferred
async def test_renegotiation_is_refused(tmp_path: Path) -> None:
    """A client of TLS 1.2 that wants to shake hands again and again is not served so."""
    async with secured(tmp_path) as all_:
        connect = ["-connect", f"127.0.0.1:{all_.edge.service.https_port}", "-CAfile", str(all_.root)]
        done = await program("openssl", "s_client", *connect, "-tls1_2", data=b"R\n")
        assert b"no renegotiation" in done.stderr + done.stdout, done.stderr
