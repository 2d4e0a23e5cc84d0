"""Connections to the gateway: reused, evicted, capped (R33), and the drain (R35)."""

import json
from collections.abc import Callable

import pytest

from localedge.config import LogLevel, Pool
from tests.phrases import OK, ask, asked, exchanged, pooled, post, posted, streamed
from tests.playbook import Peer, Playbook


def test_R33_one_connection_serves_many_clients_in_turn() -> None:
    """A cleanly ended exchange leaves its connection to whoever comes next (R33)."""
    edge = Playbook()
    _, gateway = pooled(edge)
    for _ in range(5):
        client = edge.client()
        client >> post(b"prompt")
        gateway << posted(b"prompt")
        gateway >> streamed(b"token")
        assert client.reply().body == b"token"
    assert edge.attempts == []
    assert [record["reused"] for record in edge.records] == [False] + [True] * 5


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_R33_a_gateway_that_wants_to_close_is_not_kept(wire: bytes) -> None:
    """`Connection: close` of the gateway is the gateway's: the client's connection stays (R10, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), wire)
    reply = client.reply()
    assert reply.field(b"connection") is None
    assert gateway.closed
    client >> ask()
    assert len(edge.attempts) == 1


def test_R33_an_http_1_0_gateway_may_be_kept() -> None:
    """HTTP/1.0 with keep-alive is reused like HTTP/1.1 (R33)."""
    edge = Playbook()
    client, gateway = exchanged(
        edge, ask(), b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
    )
    client << OK
    client >> ask()
    gateway << asked()


@pytest.mark.parametrize("stray", [b"x", OK, b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"])
def test_R33_a_word_in_idle_time_evicts(stray: bytes) -> None:
    """A connection that speaks unasked is not used again: its word would answer the wrong request (R33)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    gateway >> stray
    assert gateway.end == "reset"
    client >> ask()
    edge.gateway() >> OK
    client << OK


def test_R33_a_word_that_arrives_with_the_next_request_evicts_too() -> None:
    """The last look before reuse finds bytes that nobody has read yet (R33)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    with edge.quietly():
        client >> post(b"prompt")
        gateway >> OK
    edge.gateway() << posted(b"prompt")
    assert b"prompt" not in gateway.received
    client << b""


@pytest.mark.parametrize("end", [Peer.fin, Peer.reset], ids=["fin", "reset"])
def test_R33_an_idle_connection_that_ends_is_forgotten(end: Callable[[Peer], object]) -> None:
    """The gateway may close what is idle, and its place in the pool is free again (R33)."""
    edge = Playbook(pool=Pool(connections=1))
    client, gateway = pooled(edge)
    end(gateway)
    assert gateway.closed
    client >> ask()
    edge.gateway() >> OK
    client << OK


def test_R33_idle_connections_are_closed_after_thirty_seconds() -> None:
    """Idle connections do not pile up (R33)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    edge.wait(29)
    assert not gateway.closed
    edge.wait(3)
    assert gateway.end == "fin"
    client >> ask()
    edge.gateway() >> OK
    client << OK


def test_R33_the_newest_connection_is_taken_first() -> None:
    """Of several idle connections the one used last serves next (R33)."""
    edge = Playbook()
    clients = [edge.client() for _ in range(3)]
    for client in clients:
        client >> ask()
    gateways = [edge.gateway() for _ in range(3)]
    for gateway in gateways:
        gateway.take()
    for index in (0, 2, 1):
        gateways[index] >> OK
        edge.wait(1)
    clients[0].take()
    clients[0] >> ask()
    assert [gateway.take() for gateway in gateways] == [b"", asked(), b""]


def test_R33_beyond_the_cap_requests_wait_first_come_first_served() -> None:
    """Never more connections than the cap; who waits is served in order of arrival (R33)."""
    edge = Playbook(pool=Pool(connections=2))
    clients = [edge.client() for _ in range(5)]
    for number, client in enumerate(clients):
        client >> ask(b"GET /%d" % number)
    gateways = [edge.gateway(), edge.gateway()]
    assert edge.attempts == []
    order = []
    for turn in range(5):
        gateway = gateways[turn % 2]
        order.append(gateway.take().split()[1])
        gateway >> OK
    assert order == [b"/0", b"/1", b"/2", b"/3", b"/4"]
    for client in clients:
        client << OK
    assert edge.attempts == []


def test_R33_a_queue_that_is_full_says_so() -> None:
    """Beyond the queue's length it is 503 at once (R33, R42)."""
    edge = Playbook(pool=Pool(connections=1, queue_length=1))
    exchanged(edge, ask())
    edge.client() >> ask()
    refused = edge.client()
    refused >> ask()
    reply = refused.reply()
    assert (reply.status, reply.code) == (503, "queue-full")
    assert reply.field(b"x-should-retry") == b"true"


def test_R33_a_failed_connection_makes_room_for_who_waits() -> None:
    """Whoever waits gets an attempt of its own when the one before failed (R33)."""
    edge = Playbook(pool=Pool(connections=1))
    first, second = edge.client(), edge.client()
    first >> ask(b"GET /1")
    second >> ask(b"GET /2")
    edge.refuse()
    assert first.reply().code == "gateway-refused"
    edge.gateway() << asked(b"GET /2")


def test_R33_a_connection_that_ends_badly_makes_room_for_who_waits() -> None:
    """Cut, cancelled or closed: the place goes to the next in the queue (R33)."""
    edge = Playbook(pool=Pool(connections=1))
    first, gateway = exchanged(edge, ask(b"GET /1"))
    second, third = edge.client(), edge.client()
    second >> ask(b"GET /2")
    third >> ask(b"GET /3")
    gateway.reset()
    assert first.reply().code == "gateway-lost"
    next_one = edge.gateway()
    next_one << asked(b"GET /2")
    second.reset()
    edge.gateway() << asked(b"GET /3")


def test_R33_who_waits_for_a_second_gets_a_connection_beyond_the_cap() -> None:
    """The cap saves connections for short exchanges; behind long streams nobody waits for long (R33)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=3))
    for number in range(5):
        edge.client() >> ask(b"GET /%d" % number)
    gateways = [edge.gateway()]
    edge.wait(0.9)
    assert edge.attempts == []
    edge.wait(1.2)
    gateways += [edge.gateway(), edge.gateway()]
    assert edge.attempts == []
    assert [gateway.take().split()[1] for gateway in gateways] == [b"/0", b"/1", b"/2"]
    gateways[2] >> OK
    gateways[2] << asked(b"GET /3")


def test_R33_a_place_that_becomes_free_beyond_the_cap_is_taken() -> None:
    """Who found no place beyond the cap is not forgotten when there is one (R33)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=2))
    clients = [edge.client() for _ in range(3)]
    for number, client in enumerate(clients):
        client >> ask(b"GET /%d" % number)
    edge.gateway()
    edge.wait(2.1)
    edge.gateway()
    assert edge.attempts == []
    clients[1].reset()
    edge.wait(2.1)
    edge.gateway() << asked(b"GET /2")


# -- drain


def draining(edge: Playbook) -> None:
    """What the service does first when it stops."""
    edge.context.draining = True
    for frontend in list(edge.context.frontends):
        frontend.drain()
    edge.settle()


def test_R35_idle_clients_are_closed_and_running_exchanges_end() -> None:
    """A shutdown lets answers that have begun end, then closes (R35)."""
    edge = Playbook()
    streaming, _ = exchanged(edge, ask(), streamed(b"one", end=b""))
    waiting, _ = exchanged(edge, ask(b"GET /waiting"))
    idle, _ = pooled(edge)
    draining(edge)
    assert idle.end == "fin"
    assert (streaming.end, waiting.end) == (None, None)


def test_R35_a_head_that_has_not_gone_out_says_close() -> None:
    """The client learns that its connection ends here (R35)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask())
    draining(edge)
    gateway >> OK
    reply = client.reply()
    assert reply.field(b"connection") == b"close"
    assert client.end == "fin"
    assert gateway.closed


def test_R35_a_stream_ends_whole_and_then_the_connection() -> None:
    """A stream in flight is completed (R35)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask() + ask(b"GET /pipelined"), streamed(b"one", end=b""))
    draining(edge)
    gateway >> b"3\r\ntwo\r\n0\r\n\r\n"
    assert client.reply().body == b"onetwo"
    assert client.end == "fin"
    assert edge.attempts == []
    assert edge.record["ending"] == "ok"


def test_R35_what_is_left_at_the_drain_limit_is_cut() -> None:
    """At the limit a stream is cut, and who still waits gets 503 (R35)."""
    edge = Playbook()
    streaming, _ = exchanged(edge, ask(), streamed(b"one", end=b""))
    waiting, _ = exchanged(edge, ask(b"GET /waiting"))
    draining(edge)
    for frontend in list(edge.context.frontends):
        frontend.drained()
    edge.settle()
    assert streaming.closed
    assert b"0\r\n\r\n" not in streaming.received
    assert waiting.closed
    assert {record["error"] for record in edge.records} == {"draining"}
    edge.nothing_left()


def test_R35_R40_what_the_gateway_works_on_is_not_to_be_retried() -> None:
    """At the drain limit a POST that the gateway has begun is told apart from one it never saw (R35, R40)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=1))
    begun, waiting = edge.client(), edge.client()
    begun >> post(b"one")
    edge.gateway() << posted(b"one")
    waiting >> post(b"two")
    for frontend in list(edge.context.frontends):
        frontend.drained()
    edge.settle()
    replies = [begun.reply(), waiting.reply()]
    assert [(reply.status, reply.code) for reply in replies] == [
        (503, "stopped-in-flight"),
        (503, "draining"),
    ]
    assert [reply.field(b"x-should-retry") for reply in replies] == [b"false", b"true"]


def test_R43_debug_tells_of_connections() -> None:
    """`--log-level debug` has a line for every connection that comes and goes (R43)."""
    edge = Playbook(log_level=LogLevel.DEBUG)
    client, gateway = pooled(edge)
    gateway >> b"x"
    client.fin()
    told = [json.loads(line).get("event") for line in edge.log]
    assert told == [
        "client-connected",
        "gateway-connected",
        None,
        "gateway-evicted",
        "client-left",
    ]
