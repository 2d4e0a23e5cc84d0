"""A gateway that can be reached only through a proxy (R24)."""

from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_twisted
import trustme

from localedge.config import Gateway, Limits, Pool, Proxy, Secret
from tests.certificates import NAME, ca_file, context
from tests.phrases import OK, ask, post
from tests.playbook import Reply, read_reply
from tests.proxy_peer import proxying
from tests.wire_peers import Edge, Wire, listening, running, turns

ONE = Pool(connections=1, ceiling=1)
PASSWORD = "user:s3cr:et"


def through(
    port: int, scheme: str = "http", credentials: str | None = None, ca: str | None = None
) -> Gateway:
    """`gateway.test`, which no resolver knows, behind the proxy on this port."""
    secret = None if credentials is None else Secret(credentials)
    number = 443 if scheme == "https" else 8000
    return Gateway(scheme, NAME, number, ca_file=ca, proxy=Proxy("127.0.0.1", port, secret))


async def answered(edge: Edge, request: bytes, end: bytes = b"}") -> Reply:
    """The reply to one request."""
    client = await edge.client()
    client.send(request)
    await client.until(end)
    return read_reply(bytes(client.received), None)[0]


@pytest_twisted.ensureDeferred
async def test_R24_plain_http_goes_to_the_proxy_in_absolute_form() -> None:
    """The proxy is told the whole URL and its password; the gateway's name is never resolved here (R24)."""
    async with (
        proxying(credentials=PASSWORD) as proxy,
        running(through(proxy.port, credentials=PASSWORD)) as edge,
    ):
        reply = await answered(edge, post(b"prompt", b"Proxy-Authorization: Basic client"), b"via proxy")
        assert reply.body == b"via proxy"
        lines = proxy.seen[0].split(b"\r\n")
        assert lines[:2] == [
            b"POST http://gateway.test:8000/v1/messages HTTP/1.1",
            b"Host: gateway.test:8000",
        ]
        assert [line for line in lines if line.lower().startswith(b"proxy-")] == [proxy.password]
        assert lines[-1] == b"prompt"
        assert "s3cr" not in "".join(edge.log)


@pytest_twisted.ensureDeferred
async def test_R24_https_goes_through_a_tunnel(tmp_path: Path) -> None:
    """CONNECT, the password for the proxy alone, then TLS with the gateway itself (R24)."""
    authority = trustme.CA()
    tls = context(authority.issue_cert(NAME))
    async with (
        listening(tls) as gateway,
        proxying(gateway.port, credentials=PASSWORD) as proxy,
        running(through(proxy.port, "https", PASSWORD, ca_file(authority, tmp_path))) as edge,
    ):
        client = await edge.client()
        client.send(post(b"prompt"))
        wire = await gateway.accepted()
        seen = await wire.until(b"prompt")
        assert seen.startswith(b"POST /v1/messages HTTP/1.1\r\nHost: gateway.test\r\n")
        assert b"roxy-" not in seen
        wire.send(OK)
        await client.until(b"ok")
        (connect,) = proxy.seen
        assert connect.split(b"\r\n")[:3] == [
            b"CONNECT gateway.test:443 HTTP/1.1",
            b"Host: gateway.test:443",
            proxy.password,
        ]
        client.send(ask())
        await wire.until(b"\r\n\r\n")
        wire.send(OK)
        await client.until(b"ok")
        assert len(proxy.seen) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("credentials", [None, "user:wrong"])
@pytest_twisted.ensureDeferred
async def test_R24_a_proxy_that_wants_a_password_is_named(scheme: str, credentials: str | None) -> None:
    """407 is the proxy's word to the edge, not to the client (R24, R42)."""
    async with (
        proxying(credentials=PASSWORD) as proxy,
        running(through(proxy.port, scheme, credentials)) as edge,
    ):
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (502, "proxy-auth")
        assert reply.field(b"proxy-authenticate") is None
        assert reply.field(b"x-should-retry") == b"false"
        assert f"127.0.0.1:{proxy.port}" in reply.message
        assert "wrong" not in reply.message + "".join(edge.log)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://login.test/\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nand then some",
    ],
)
@pytest_twisted.ensureDeferred
async def test_R24_a_proxy_that_makes_no_tunnel(said: bytes) -> None:
    """Whatever a proxy answers to CONNECT but a clean 2xx is its failure, with its own code (R24, R42)."""
    async with proxying(answer=said) as proxy, running(through(proxy.port, "https")) as edge:
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (502, "proxy-failed")
        assert reply.field(b"x-should-retry") == b"false"


@pytest_twisted.ensureDeferred
async def test_R24_a_tunnels_head_may_come_with_a_length() -> None:
    """RFC 9110 9.3.6: framing fields in a 2xx to CONNECT mean nothing (R24)."""
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\n\r\n"
    async with (
        proxying(answer=said) as proxy,
        running(through(proxy.port, "https"), limits=Limits(tls_handshake=0.2)) as edge,
    ):
        assert (await answered(edge, ask())).code == "gateway-tls-timeout"


@pytest.mark.parametrize("how", [Wire.close, Wire.reset], ids=["fin", "reset"])
@pytest_twisted.ensureDeferred
async def test_R24_a_proxy_that_hangs_up_before_it_answers(how: Callable[[Wire], None]) -> None:
    """It is the proxy's failure, told at once, and the place in the pool is free again (R24, R42)."""
    async with listening() as proxy, running(through(proxy.port, "https"), pool=ONE) as edge:
        for _ in range(2):
            client = await edge.client()
            client.send(post(b"prompt"))
            wire = await proxy.accepted()
            await wire.until(b"\r\n\r\n")
            how(wire)
            await client.until(b"}")
            reply = read_reply(bytes(client.received), None)[0]
            assert (reply.status, reply.code) == (502, "proxy-failed")


@pytest_twisted.ensureDeferred
async def test_R24_a_proxy_that_is_not_there() -> None:
    """The user learns that it is the proxy, not the gateway, that refuses (R24, R42)."""
    async with proxying() as proxy:
        port = proxy.port
    async with running(through(port)) as edge:
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (502, "proxy-refused")
        assert reply.field(b"x-should-retry") == b"true"
        assert f"127.0.0.1:{port}" in reply.message


@pytest_twisted.ensureDeferred
async def test_R24_R30_a_proxy_that_never_answers() -> None:
    """A tunnel that does not come about is given up after the handshake's limit (R24, R30)."""
    async with (
        proxying(answer=b"HTTP/1.1 ") as proxy,
        running(through(proxy.port, "https"), limits=Limits(tls_handshake=0.2)) as edge,
    ):
        assert (await answered(edge, ask())).status == 504


@pytest_twisted.ensureDeferred
async def test_R24_R31_a_client_that_leaves_while_the_proxy_thinks() -> None:
    """The attempt is given up at the proxy too (R24, R31)."""
    async with proxying(answer=b"HTTP/1.1 ") as proxy, running(through(proxy.port, "https")) as edge:
        client = await edge.client()
        client.send(ask())
        while not proxy.seen:
            await turns(1)
        client.close()
        assert (await edge.logged())[0]["status"] == 499
        while not proxy.wires[0].lost:
            await turns(1)
