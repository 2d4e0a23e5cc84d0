"""A client that goes away cancels its request, in every phase (R31, R32)."""

from collections.abc import Callable

import pytest

from localedge.config import HalfClose, Pool
from tests.phrases import OK, ask, exchanged, pooled, post, streamed
from tests.playbook import Peer, Playbook

LEAVE: list[Callable[[Peer], object]] = [Peer.fin, Peer.reset]
leaving = pytest.mark.parametrize("leave", LEAVE, ids=["fin", "reset"])


def gone(edge: Playbook) -> None:
    """One record says 499, nothing is left, and the next client is served on a fresh connection."""
    record = edge.records[-1]
    assert (record["status"], record["ending"], record["error"]) == (499, "client-gone", None)
    attempts = len(edge.attempts)
    other = edge.client()
    other >> ask()
    assert len(edge.attempts) == attempts + 1
    edge.gateway() >> OK
    other << OK
    other.fin()
    edge.nothing_left()


@leaving
def test_R31_R32_leaving_while_the_edge_connects(leave: Callable[[Peer], object]) -> None:
    """The attempt to connect is given up (R31)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"prompt")
    (attempt,) = edge.attempts
    leave(client)
    assert attempt.cancelled
    gone(edge)


@leaving
def test_R31_R32_leaving_in_the_queue(leave: Callable[[Peer], object]) -> None:
    """A place in the queue is given up; the request never reaches the gateway (R31, R33)."""
    edge = Playbook(pool=Pool(connections=1))
    first, gateway = exchanged(edge, ask())
    waiting = edge.client()
    waiting >> post(b"prompt")
    leave(waiting)
    assert edge.record["status"] == 499
    gateway >> OK
    first << OK
    gateway << b""
    first.fin()
    edge.nothing_left()


@leaving
@pytest.mark.parametrize("request_", [ask(), post(b"prompt")])
def test_R31_R32_leaving_while_the_gateway_thinks(leave: Callable[[Peer], object], request_: bytes) -> None:
    """The gateway's connection is reset at once, so that it stops working (R31)."""
    edge = Playbook()
    client, gateway = exchanged(edge, request_)
    leave(client)
    assert gateway.end == "reset"
    assert client.closed
    gone(edge)


@leaving
def test_R31_R32_leaving_in_mid_stream(leave: Callable[[Peer], object]) -> None:
    """Tokens that nobody reads are not made (R31)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"prompt"), streamed(b"token", end=b""))
    leave(client)
    assert gateway.end == "reset"
    gone(edge)


@leaving
@pytest.mark.parametrize("body", [b"", b"half"])
def test_R31_R32_leaving_in_mid_upload(leave: Callable[[Peer], object], body: bytes) -> None:
    """Half a prompt is never completed (R31)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(body, length=8))
    leave(client)
    assert gateway.end == "reset"
    gone(edge)


@leaving
def test_R31_R32_leaving_while_the_upload_is_paused(leave: Callable[[Peer], object]) -> None:
    """A client that hangs up while nobody reads from it is noticed all the same (R32)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"", length=1_000_000)
    gateway = edge.gateway()
    gateway.stall()
    client >> b"x" * 500_000
    assert not client.transport.reading
    leave(client)
    assert gateway.end == "reset"
    gone(edge)


@leaving
def test_R31_R32_leaving_while_the_held_body_waits_for_a_connection(leave: Callable[[Peer], object]) -> None:
    """The same while the edge still connects and holds as much of the body as it will (R31, R32)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"x" * 300_000, length=1_000_000)
    assert not client.transport.reading
    (attempt,) = edge.attempts
    leave(client)
    assert attempt.cancelled
    gone(edge)


@leaving
def test_R31_R32_leaving_while_the_response_is_paused(leave: Callable[[Peer], object]) -> None:
    """A client that does not read and then leaves is noticed although the gateway is paused (R31, R14)."""
    edge = Playbook()
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 500_000, end=b"")
    assert not gateway.transport.reading
    leave(client)
    assert gateway.end == "reset"
    gone(edge)


@leaving
def test_R31_leaving_between_requests_is_no_exchange(leave: Callable[[Peer], object]) -> None:
    """An idle client may go; the gateway's connection stays in the pool (R31, R33)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    leave(client)
    assert client.closed
    assert gateway.end is None
    assert [record["ending"] for record in edge.records] == ["ok"]
    other = edge.client()
    other >> ask()
    assert edge.attempts == []


def test_R31_a_client_that_leaves_takes_its_pipelined_requests_along() -> None:
    """What waits behind the running request is never begun (R04, R31)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask() + ask(b"POST /second", b"Content-Length: 0"))
    client.fin()
    assert gateway.end == "reset"
    assert len(edge.records) == 1
    assert edge.attempts == []


# -- half_close = finish


def test_R32_with_finish_a_fin_is_a_half_close() -> None:
    """Who says FIN and goes on reading gets the whole answer when that is configured (R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client, gateway = exchanged(edge, post(b"prompt"))
    client.fin()
    assert gateway.end is None
    gateway >> streamed(b"one", end=b"")
    gateway >> b"3\r\ntwo\r\n0\r\n\r\n"
    reply = client.reply()
    assert reply.body == b"onetwo"
    assert client.end == "fin"
    assert edge.record["ending"] == "ok"


def test_R32_with_finish_a_fin_inside_the_upload_is_still_leaving() -> None:
    """A request that was never completed is never answered (R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client, gateway = exchanged(edge, post(b"half", length=8))
    client.fin()
    assert gateway.end == "reset"
    gone(edge)


def test_R32_with_finish_a_reset_is_still_leaving() -> None:
    """A client that is gone for good cancels (R31, R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client, gateway = exchanged(edge, ask())
    client.reset()
    assert gateway.end == "reset"
    gone(edge)


def test_R32_with_finish_a_fin_behind_a_paused_but_whole_upload_is_a_half_close() -> None:
    """The bytes before the FIN are read when the gateway reads on, and the answer is delivered (R14, R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client = edge.client()
    client >> post(b"", length=600_000)
    gateway = edge.gateway()
    gateway.take()
    gateway.stall()
    client >> b"x" * 600_000
    client.fin()
    assert gateway.end is None
    gateway.read()
    assert gateway.take() == b"x" * 600_000
    gateway >> OK
    assert client.reply().body == b"ok"
    assert client.end == "fin"


def test_R04_R32_with_finish_requests_behind_the_running_one_are_told_that_they_are_not_served() -> None:
    """A half-close ends the connection behind the running response, which says so (R04, R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client = edge.client()
    with edge.quietly():
        client >> ask(b"GET /one") + ask(b"GET /two")
        client.fin()
    edge.gateway() >> OK
    reply = client.reply()
    assert (reply.status, reply.field(b"connection")) == (200, b"close")
    assert client.end == "fin"
    assert len(edge.records) == 1
