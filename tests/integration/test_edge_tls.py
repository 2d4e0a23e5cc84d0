"""Gateways behind https: trusted, and each reason not to trust them with its own code (R42, R06)."""

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import trustme

from localedge.config import Gateway, Limits
from localedge.edge.opening import system_roots
from tests.certificates import ca_file, context
from tests.phrases import OK, answer, ask, post, streamed
from tests.playbook import Reply, read_reply
from tests.proxy_peer import proxying
from tests.wire_peers import Edge, Listener, Wire, connections, listening, running, turns

SECRET = b"the prompt that must not be read on the way "


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private CA."""
    return trustme.CA()


def https(port: int, place: Path | None, authority: trustme.CA | None = None, **more: Any) -> Gateway:
    """A gateway by its address; trusted through `authority` if there is one."""
    file = ca_file(authority, place) if authority is not None and place is not None else None
    return Gateway("https", "127.0.0.1", port, ca_file=file, **more)


async def refused(edge: Edge, request: bytes = b"") -> Reply:
    """The edge's answer to a request that cannot be served."""
    client = await edge.client()
    client.send(request or post(b"prompt"))
    await client.until(b"}")
    return read_reply(bytes(client.received), None)[0]


@pytest_twisted.ensureDeferred
async def test_R11_a_gateway_with_a_private_ca_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """`gateway.ca_file` adds a CA; bytes pass both ways, connections are reused (R11, R33)."""
    tls = context(authority.issue_cert("127.0.0.1"))
    async with (
        listening(tls) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        client = await edge.client()
        for _ in range(3):
            client.send(post(b"prompt"))
            wire = gateway.wires[0] if gateway.wires else await gateway.accepted()
            assert (await wire.until(b"prompt")).startswith(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1:")
            wire.send(streamed(b"token"))
            await client.until(b"0\r\n\r\n")
        assert len(gateway.wires) == 1
        assert [record["reused"] for record in edge.records] == [False, True, True]


@pytest_twisted.ensureDeferred
async def test_R42_an_unknown_authority_is_not_trusted(authority: trustme.CA) -> None:
    """A certificate of a CA that nobody named is refused, and the request is never sent (R42)."""
    async with (
        listening(context(authority.issue_cert("127.0.0.1"))) as gateway,
        running(https(gateway.port, None)) as edge,
    ):
        reply = await refused(edge)
        assert (reply.status, reply.code) == (502, "gateway-certificate-untrusted")
        assert reply.field(b"x-should-retry") == b"false"
        assert all(wire.received == b"" for wire in gateway.wires)


@pytest_twisted.ensureDeferred
async def test_R42_a_certificate_for_another_name(authority: trustme.CA, tmp_path: Path) -> None:
    """A certificate for somebody else is told apart from an unknown CA (R42)."""
    async with (
        listening(context(authority.issue_cert("other.test"))) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        reply = await refused(edge)
        assert (reply.status, reply.code) == (502, "gateway-certificate-name")
        assert "127.0.0.1" in reply.message
        assert all(wire.received == b"" for wire in gateway.wires)


@pytest_twisted.ensureDeferred
async def test_R42_an_expired_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """An expired certificate is named as such: somebody has to renew it (R42)."""
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    leaf = authority.issue_cert("127.0.0.1", not_before=past, not_after=past + dt.timedelta(days=9))
    async with (
        listening(context(leaf)) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        reply = await refused(edge)
        assert (reply.status, reply.code) == (502, "gateway-certificate-expired")
        assert reply.field(b"x-should-retry") == b"false"


@pytest_twisted.ensureDeferred
async def test_R42_insecure_upstream_takes_any_certificate(authority: trustme.CA) -> None:
    """With `--insecure-upstream` an untrusted certificate will do (R42)."""
    async with (
        listening(context(authority.issue_cert("other.test"))) as gateway,
        running(https(gateway.port, None, insecure=True)) as edge,
    ):
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(OK)
        await client.until(b"ok")


@pytest_twisted.ensureDeferred
async def test_R42_an_https_url_whose_port_speaks_plain_http(tmp_path: Path) -> None:
    """The user wrote https where the gateway has http (R42)."""
    async with listening() as gateway, running(https(gateway.port, None)) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(5)
        wire.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        wire.close()
        await client.until(b"}")
        reply = read_reply(bytes(client.received), None)[0]
        assert (reply.status, reply.code) == (502, "gateway-speaks-http")


@pytest_twisted.ensureDeferred
async def test_R42_an_http_url_whose_port_speaks_tls(authority: trustme.CA) -> None:
    """OpenSSL 3 hangs up on plain HTTP without a word, so all that can be said is that it did (R42)."""
    async with (
        listening(context(authority.issue_cert("127.0.0.1"))) as gateway,
        running(gateway.port) as edge,
    ):
        reply = await refused(edge)
        assert (reply.status, reply.code) in ((502, "gateway-lost"), (502, "gateway-speaks-tls"))


@pytest_twisted.ensureDeferred
async def test_R42_an_http_url_whose_port_answers_with_a_tls_alert() -> None:
    """A TLS library that does send an alert shows that the user meant https (R42)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        wire.send(b"\x15\x03\x01\x00\x02\x02\x46")
        wire.close()
        await client.until(b"}")
        assert read_reply(bytes(client.received), None)[0].code == "gateway-speaks-tls"


@pytest_twisted.ensureDeferred
async def test_R42_a_gateway_that_closes_in_the_handshake(tmp_path: Path) -> None:
    """A TLS port that hangs up at once is no trusted gateway (R42)."""
    async with listening() as gateway, running(https(gateway.port, None)) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(5)
        wire.close()
        await client.until(b"}")
        assert read_reply(bytes(client.received), None)[0].code == "gateway-tls"


@pytest_twisted.ensureDeferred
async def test_R30_a_handshake_has_its_own_limit() -> None:
    """A port that accepts and then says nothing is not a TLS server: 504 (R30, R42)."""
    async with (
        listening() as gateway,
        running(https(gateway.port, None), limits=Limits(tls_handshake=0.2)) as edge,
    ):
        reply = await refused(edge)
        assert (reply.status, reply.code) == (504, "gateway-tls-timeout")
        assert reply.field(b"x-should-retry") == b"true"
        assert await (await gateway.accepted()).ended()


@pytest_twisted.ensureDeferred
async def test_R31_a_client_that_leaves_in_the_handshake() -> None:
    """Nobody waits, so nothing is finished (R31)."""
    async with listening() as gateway, running(https(gateway.port, None)) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(5)
        client.close()
        assert await wire.ended() == "reset"
        assert (await edge.logged())[0]["status"] == 499


@pytest.mark.parametrize("politely", [True, False])
@pytest_twisted.ensureDeferred
async def test_R06_tls_that_ends_without_goodbye_is_a_cut(
    authority: trustme.CA, tmp_path: Path, politely: bool
) -> None:
    """Without `close_notify` anybody on the way may have cut a body that ends with the connection (R06)."""
    tls = context(authority.issue_cert("127.0.0.1"))
    async with (
        listening(tls) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        await wire.until(b"\r\n\r\n")
        wire.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        await client.until(b"half")
        if politely:
            wire.transport.loseConnection()
            await client.until(b"0\r\n\r\n")
        else:
            raw = [one for one in connections() if one.getHost().port == gateway.port]
            raw[0].abortConnection()
            assert await client.ended() == "fin"
            assert not client.received.endswith(b"0\r\n\r\n")
        record = (await edge.logged())[0]
        assert record["ending"] == ("ok" if politely else "gateway-cut")


@pytest_twisted.ensureDeferred
async def test_R14_R23_a_tls_connection_never_carries_plain_text(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """Heads, bodies, pauses and reuse: what leaves the edge towards https is TLS records only (R14, R23)."""
    tls = context(authority.issue_cert("127.0.0.1"))
    body = SECRET * 40_000
    async with (
        listening(tls) as gateway,
        proxying(gateway.port) as tap,
        running(https(tap.port, tmp_path, authority)) as edge,
    ):
        tap.transparent = True
        client = await edge.client()
        for _ in range(2):
            client.send(post(length=len(body)))
            wire = gateway.wires[0] if gateway.wires else await gateway.accepted()
            await wire.until(b"\r\n\r\n")
            wire.transport.pauseProducing()
            client.send(body)
            await turns(50)
            wire.transport.resumeProducing()
            await wire.until(len(body))
            wire.send(answer(body=SECRET))
            await client.until(SECRET)
        assert len(tap.carried) > 2 * len(body)
        assert b"prompt" not in tap.carried
        assert b"HTTP/1.1" not in tap.carried
        records = bytes(tap.carried)
        while records:
            assert records[0] in (0x14, 0x15, 0x16, 0x17)
            assert records[1] == 3
            records = records[5 + int.from_bytes(records[3:5]) :]


async def switched(edge: Edge, gateway: Listener, more: bytes = b"") -> tuple[Wire, Wire]:
    """A client and the gateway, which has just agreed to a tunnel; `more` goes out with its head."""
    client = await edge.client()
    client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    wire = await gateway.accepted()
    await wire.until(b"\r\n\r\n")
    wire.send(b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + more)
    return client, wire


@pytest_twisted.ensureDeferred
async def test_R18_a_tunnel_over_tls_ends_with_its_client(authority: trustme.CA, tmp_path: Path) -> None:
    """TLS has no half-close: the client's FIN closes the gateway's side in order, with close_notify (R18)."""
    async with (
        listening(context(authority.issue_cert("127.0.0.1"))) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        client, wire = await switched(edge, gateway)
        await client.until(b"\r\n\r\n")
        client.send(b"last")
        client.fin()
        await wire.until(b"last")
        assert await wire.ended() == "fin"


@pytest_twisted.ensureDeferred
async def test_R18_R43_a_tunnel_over_tls_that_its_gateway_ends(authority: trustme.CA, tmp_path: Path) -> None:
    """The gateway's goodbye ends the tunnel in order, and the record says so (R18, R43)."""
    async with (
        listening(context(authority.issue_cert("127.0.0.1"))) as gateway,
        running(https(gateway.port, tmp_path, authority)) as edge,
    ):
        client, wire = await switched(edge, gateway, b"bye")
        wire.close()
        await client.until(b"bye")
        assert await client.ended() == "fin"
        (record,) = await edge.logged()
        assert (record["status"], record["ending"]) == (101, "ok")


def test_R24_roots_in_a_directory_count(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's CA that the system keeps in a directory of certificates is trusted (R24)."""
    (tmp_path / "company.pem").write_bytes(authority.cert_pem.bytes())
    (tmp_path / "README").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    company = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    assert system_roots() == [company]
