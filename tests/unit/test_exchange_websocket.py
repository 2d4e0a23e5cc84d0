"""WebSockets become a tunnel; every other upgrade is an ordinary request (R18)."""

import pytest

from localedge.config import Limits
from tests.phrases import OK, ask, asked, exchanged, lines, streamed
from tests.playbook import Peer, Playbook

WEBSOCKET = (
    b"Connection: Upgrade",
    b"Upgrade: websocket",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: abc",
)
REQUEST = ask(b"GET /v1/live", *WEBSOCKET)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n" + lines(
    b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Accept: xyz"
)


def tunnel(edge: Playbook, early: bytes = b"") -> tuple[Peer, Peer]:
    """A client and a gateway that have become a tunnel."""
    client, gateway = exchanged(edge, REQUEST, SWITCH + b"\r\n" + early)
    head, _, rest = client.take().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert rest == early
    return client, gateway


def test_R18_a_websocket_is_forwarded_and_switched() -> None:
    """The gateway sees a WebSocket request, the client the gateway's 101 (R18)."""
    edge = Playbook()
    client = edge.client()
    client >> REQUEST
    gateway = edge.gateway()
    gateway << asked(b"GET /v1/live", *WEBSOCKET[2:], *WEBSOCKET[:2])
    gateway >> SWITCH + b"\r\n"
    reply = client.reply()
    assert reply.status == 101
    assert reply.field(b"upgrade") == b"websocket"
    assert reply.field(b"connection") == b"Upgrade"
    assert reply.field(b"sec-websocket-accept") == b"xyz"


def test_R18_bytes_pass_both_ways_untouched() -> None:
    """What looks like HTTP in a tunnel is not HTTP (R18)."""
    edge = Playbook()
    client, gateway = tunnel(edge)
    client >> b"\x81\x85GET / HTTP/1.1\r\n\r\n\x00"
    gateway << b"\x81\x85GET / HTTP/1.1\r\n\r\n\x00"
    gateway >> b"HTTP/1.1 999\r\n\r\n\xff"
    client << b"HTTP/1.1 999\r\n\r\n\xff"


def test_R18_bytes_that_come_with_the_101_are_not_lost() -> None:
    """A gateway may speak in the packet of its 101 (R18)."""
    tunnel(Playbook(), b"\x81\x02hi")


def test_R18_bytes_that_the_client_sends_before_the_101_are_not_lost() -> None:
    """They reach the gateway once the tunnel stands (R18)."""
    edge = Playbook()
    client, gateway = exchanged(edge, REQUEST + b"early")
    gateway << b""
    gateway >> SWITCH + b"\r\n"
    gateway << b"early"
    client >> b" and late"
    gateway << b" and late"


def test_R18_either_side_may_half_close() -> None:
    """A FIN goes through, and the other direction lives on (R18)."""
    edge = Playbook()
    client, gateway = tunnel(edge)
    client >> b"last"
    client.fin()
    gateway << b"last"
    assert gateway.end == "fin"
    gateway >> b"answer"
    client << b"answer"
    gateway.fin()
    assert client.end == "fin"
    edge.nothing_left()
    assert (edge.record["status"], edge.record["ending"]) == (101, "ok")


def test_R18_the_gateway_may_half_close_first() -> None:
    """The same the other way round (R18)."""
    edge = Playbook()
    client, gateway = tunnel(edge)
    gateway >> b"bye"
    gateway.fin()
    client << b"bye"
    assert client.end == "fin"
    client >> b"still here"
    gateway << b"still here"
    client.fin()
    edge.nothing_left()


@pytest.mark.parametrize("who", [0, 1], ids=["client", "gateway"])
def test_R18_a_reset_ends_both_sides(who: int) -> None:
    """A side that is gone takes the tunnel along (R18, R31)."""
    edge = Playbook()
    both = tunnel(edge)
    both[who].reset()
    assert both[1 - who].closed
    edge.nothing_left()


def test_R14_R18_a_tunnel_has_back_pressure_both_ways() -> None:
    """A side that does not read stops the other one (R14, R18)."""
    edge = Playbook()
    client, gateway = tunnel(edge)
    gateway.stall()
    client >> b"c" * 500_000
    assert not client.transport.reading
    assert len(gateway.transport.unsent) < 200_000
    client.stall()
    gateway >> b"g" * 500_000
    assert not gateway.transport.reading
    assert len(client.transport.unsent) < 200_000
    gateway.read()
    gateway << b"c" * 500_000
    client.read()
    client << b"g" * 500_000


@pytest.mark.parametrize("who", [0, 1], ids=["client", "gateway"])
def test_R14_R18_a_fin_behind_stopped_bytes_does_not_overtake_them(who: int) -> None:
    """Half-close and back-pressure together lose nothing (R14, R18)."""
    edge = Playbook()
    both = tunnel(edge)
    sender, reader = both[who], both[1 - who]
    reader.stall()
    sender >> b"x" * 500_000
    sender.fin()
    assert not reader.closed
    reader.read()
    reader << b"x" * 500_000
    assert reader.end == "fin"
    reader >> b"thanks"
    sender << b"thanks"
    reader.fin()
    edge.nothing_left()


def test_R18_a_gateway_that_refuses_the_upgrade_answers_as_usual() -> None:
    """No 101, no tunnel: the answer is an answer, and the connection goes on (R18)."""
    edge = Playbook()
    client, gateway = exchanged(edge, REQUEST, streamed(b"no"))
    assert client.reply().body == b"no"
    client >> ask()
    gateway >> OK
    client << OK


@pytest.mark.parametrize(
    ("request_", "switch"),
    [
        (ask(), SWITCH),
        (REQUEST, b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"),
        (REQUEST, b"HTTP/1.1 101 Switching Protocols\r\n"),
    ],
)
def test_R18_an_unasked_101_is_502(request_: bytes, switch: bytes) -> None:
    """A gateway that switches to what nobody asked for is not followed (R18)."""
    edge = Playbook()
    client, gateway = exchanged(edge, request_, switch + b"\r\n\x00\x01")
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-upgrade")
    assert gateway.end == "reset"
    assert client.end is None


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"TLS/1.0"])
def test_R18_an_upgrade_with_a_body_is_an_ordinary_request(upgrade: bytes) -> None:
    """`curl --http2` with a POST: `Upgrade` is dropped, the body framed as usual (R18)."""
    edge = Playbook()
    fields = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + upgrade, b"HTTP2-Settings: AAMA")
    client = edge.client()
    client >> ask(b"POST /v1/messages", *fields, b"Content-Length: 6", body=b"prompt")
    gateway = edge.gateway()
    gateway << asked(b"POST /v1/messages", b"Content-Length: 6", body=b"prompt")
    gateway >> OK
    client << OK


def test_R18_an_upgrade_of_a_get_to_something_else_is_dropped() -> None:
    """h2c is not for a proxy to pass on (R18)."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /", b"Connection: Upgrade", b"Upgrade: h2c")
    edge.gateway() << asked(b"GET /")


def test_R18_R30_a_tunnel_in_which_nobody_speaks_ends() -> None:
    """The limit for silence counts in a tunnel, for both directions together (R18, R30)."""
    edge = Playbook(limits=Limits(silence=50.0))
    client, gateway = tunnel(edge)
    for _ in range(3):
        edge.wait(40)
        client >> b"ping"
    for _ in range(3):
        edge.wait(40)
        gateway >> b"pong"
    assert client.end is None
    edge.wait(52)
    assert client.closed
    assert gateway.closed
    edge.nothing_left()


def test_R18_much_that_comes_before_the_101_does_not_stop_the_tunnel() -> None:
    """More than is kept for pipelining came ahead: once the tunnel stands, reading goes on (R04, R18)."""
    edge = Playbook(limits=Limits(pipelined_bytes=1000))
    client, gateway = exchanged(edge, REQUEST)
    client >> b"e" * 10_000
    assert not client.transport.reading
    gateway.take()
    gateway >> SWITCH + b"\r\n"
    client >> b"late"
    assert gateway.take() == b"e" * 10_000 + b"late"


@pytest.mark.parametrize("who", [0, 1], ids=["client", "gateway"])
def test_R18_the_last_bytes_of_a_tunnel_arrive(who: int) -> None:
    """Both sides have said FIN, but one of them has not read all yet: it does not get a reset (R18)."""
    edge = Playbook()
    both = tunnel(edge)
    sender, reader = both[who], both[1 - who]
    reader.fin()
    reader.stall()
    sender >> b"x" * 60_000
    sender.fin()
    reader.read()
    reader << b"x" * 60_000
    assert (reader.end, sender.end) == ("fin", "fin")
    edge.nothing_left()


@pytest.mark.parametrize("who", [0, 1], ids=["client", "gateway"])
def test_R18_a_side_that_never_reads_the_last_bytes_is_not_kept(who: int) -> None:
    """It is given the time that a silent side gets, and then a reset (R18, R30)."""
    edge = Playbook(limits=Limits(linger=2, silence=4))
    both = tunnel(edge)
    both[1 - who].fin()
    both[1 - who].stall()
    both[who] >> b"x" * 60_000
    both[who].fin()
    edge.wait(10)
    assert both[1 - who].end == "reset"
    edge.nothing_left()
