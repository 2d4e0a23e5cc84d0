"""Each way in which a gateway fails has its own code (R42); a retry where it is provably safe (R34)."""

import socket
import struct
from collections.abc import Callable

import pytest
import pytest_twisted
from twisted.internet._resolver import SimpleResolverComplexifier
from twisted.internet.defer import Deferred, fail
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IResolverSimple
from zope.interface import implementer

from localedge.config import Gateway, Limits
from localedge.edge import wire as edge_wire
from tests.phrases import OK, ask, post
from tests.playbook import Reply, read_reply
from tests.proxy_peer import proxying
from tests.wire_peers import Edge, Wire, listening, running, the_reactor, turns


async def answered(edge: Edge, request: bytes) -> Reply:
    """The edge's own answer."""
    client = await edge.client()
    client.send(request)
    await client.until(b"}")
    return read_reply(bytes(client.received), None)[0]


@pytest_twisted.ensureDeferred
async def test_R42_a_gateway_that_is_not_there() -> None:
    """Nothing listens: refused, and the SDK may retry (R42)."""
    async with listening() as gateway:
        port = gateway.port
    async with running(port) as edge:
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (502, "gateway-refused")
        assert reply.field(b"x-should-retry") == b"true"
        assert f"127.0.0.1:{port}" in reply.message


@implementer(IResolverSimple)
class KnowsNobody:
    """A resolver without a network."""

    def getHostByName(self, name: str, timeout: object = None) -> Deferred[str]:
        """Twisted's."""
        return fail(DNSLookupError(name))


@implementer(IResolverSimple)
class NeverAnswers:
    """A resolver whose servers are gone."""

    def getHostByName(self, name: str, timeout: object = None) -> Deferred[str]:
        """Twisted's."""
        return Deferred()


@pytest_twisted.ensureDeferred
async def test_R30_a_name_that_is_looked_up_for_ever_is_given_up() -> None:
    """The limit for connecting covers the resolver: one that never answers gives 504 in time (R30)."""
    reactor = the_reactor()
    before = reactor.installNameResolver(SimpleResolverComplexifier(NeverAnswers()))
    try:
        async with running(Gateway("http", "gateway.invalid", 8000), limits=Limits(connect=0.2)) as edge:
            reply = await answered(edge, post(b"prompt"))
            assert (reply.status, reply.code) == (504, "gateway-connect-timeout")
    finally:
        reactor.installNameResolver(before)


@pytest_twisted.ensureDeferred
async def test_R42_a_gateway_whose_name_nobody_knows() -> None:
    """A mistyped name is told apart from a gateway that is down, and not retried (R42)."""
    reactor = the_reactor()
    before = reactor.installNameResolver(SimpleResolverComplexifier(KnowsNobody()))
    try:
        async with running(Gateway("http", "gateway.invalid", 8000)) as edge:
            reply = await answered(edge, post(b"prompt"))
            assert (reply.status, reply.code) == (502, "gateway-unresolved")
            assert reply.field(b"x-should-retry") == b"false"
            assert "gateway.invalid" in reply.message
    finally:
        reactor.installNameResolver(before)


@pytest_twisted.ensureDeferred
async def test_R34_every_address_of_a_name_is_tried() -> None:
    """`localhost` may mean ::1 first: the gateway on 127.0.0.1 is found all the same (R34)."""
    async with listening() as gateway, running(Gateway("http", "localhost", gateway.port)) as edge:
        client = await edge.client()
        client.send(ask())
        wire = await gateway.accepted()
        assert b"Host: localhost:" in await wire.until(b"\r\n\r\n")
        wire.send(OK)
        await client.until(b"ok")


@pytest_twisted.ensureDeferred
async def test_R30_R42_a_gateway_that_says_nothing() -> None:
    """Silence before the first byte is 504 (R30, R42)."""
    async with listening() as gateway, running(gateway.port, limits=Limits(first_byte=0.2)) as edge:
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (504, "gateway-silent")
        assert await (await gateway.accepted()).ended() == "reset"


@pytest.mark.parametrize("how", [Wire.close, Wire.reset, Wire.fin], ids=["close", "reset", "fin"])
@pytest_twisted.ensureDeferred
async def test_R42_a_gateway_that_hangs_up(how: Callable[[Wire], None]) -> None:
    """Closed without an answer is 502, and a POST is not to be repeated blindly (R42)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client = await edge.client()
        client.send(post(b"prompt"))
        wire = await gateway.accepted()
        await wire.until(b"prompt")
        how(wire)
        await client.until(b"}")
        reply = read_reply(bytes(client.received), None)[0]
        assert (reply.status, reply.code) == (502, "gateway-lost")
        assert reply.field(b"x-should-retry") == b"false"


@pytest_twisted.ensureDeferred
async def test_R19_a_gateway_that_is_the_edge_itself() -> None:
    """An upstream that leads back to the edge is 508 at the second pass, not an endless chain (R19)."""
    async with proxying() as back, running(back.port) as edge:
        back.transparent = True
        back.target = edge.port
        reply = await answered(edge, post(b"prompt"))
        assert (reply.status, reply.code) == (508, "loop")
        assert reply.field(b"x-should-retry") == b"false"
        assert len(back.wires) == 1


@pytest_twisted.ensureDeferred
async def test_R05_R42_a_gateway_that_speaks_garbage() -> None:
    """Something else listens on that port: 502 says so (R05, R42)."""
    async with listening() as gateway, running(gateway.port) as edge:
        client = await edge.client()
        client.send(post(b"prompt"))
        wire = await gateway.accepted()
        wire.send(b"220 smtp.test ESMTP\r\n")
        await client.until(b"}")
        assert read_reply(bytes(client.received), None)[0].code == "gateway-garbage"
        assert await wire.ended()


@pytest.mark.parametrize("request_", [post(b"prompt"), ask()], ids=["POST", "GET"])
@pytest_twisted.ensureDeferred
async def test_R34_a_post_of_which_no_byte_was_taken_is_sent_again(
    monkeypatch: pytest.MonkeyPatch, request_: bytes
) -> None:
    """A reset between the last look and the write: nothing was sent, so it may be sent again (R34)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        async with running(server.getsockname()[1]) as edge:
            client = await edge.client()
            client.send(ask())
            first = await accept(server)
            first.sendall(OK)
            await client.until(b"ok")
            look = edge_wire.is_quiet

            def look_and_reset(transport: object) -> bool:
                quiet = look(transport)
                first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                first.close()
                return quiet

            monkeypatch.setattr("localedge.edge.agent.is_quiet", look_and_reset)
            client.send(request_)
            second = await accept(server)
            second.setblocking(True)
            got = b""
            while b"\r\n\r\n" not in got:
                await turns(1)
                got += second.recv(65536)
            assert got.endswith(b"prompt") or request_ == ask()
            second.sendall(OK)
            await client.until(b"ok")
            records = await edge.logged(2)
            assert records[1]["retried"] is True
            assert records[1]["ending"] == "ok"
            second.close()


async def accept(server: socket.socket) -> socket.socket:
    """The next connection, when its request has come."""
    server.setblocking(False)
    for _ in range(5000):
        await turns(1)
        try:
            wire, _ = server.accept()
        except BlockingIOError:
            continue
        wire.settimeout(10)
        return wire
    raise AssertionError("nobody came")


@pytest_twisted.ensureDeferred
async def test_R34_a_post_that_the_kernel_took_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIN in that instant is different: the bytes left this machine, so nobody can know (R34)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        async with running(server.getsockname()[1]) as edge:
            client = await edge.client()
            client.send(ask())
            first = await accept(server)
            first.recv(65536)
            first.sendall(OK)
            await client.until(b"ok")
            look = edge_wire.is_quiet

            def look_and_close(transport: object) -> bool:
                quiet = look(transport)
                first.close()
                return quiet

            monkeypatch.setattr("localedge.edge.agent.is_quiet", look_and_close)
            client.send(post(b"prompt"))
            await client.until(b"}")
            assert b"x-localedge-error: gateway-lost" in client.received
            assert (await edge.logged(2))[1]["retried"] is False
            with pytest.raises(BlockingIOError):
                server.accept()
