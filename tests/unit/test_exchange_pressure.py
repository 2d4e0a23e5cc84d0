"""Back-pressure both ways, with bounded memory (R14), in memory."""

import pytest

from localedge.config import HalfClose, Limits
from tests.phrases import OK, ask, exchanged, post, streamed
from tests.playbook import Peer, Playbook

BOUND = 256 * 1024
"""Bytes that one direction of an exchange may hold (R14)."""


def accepted(peer: Peer, total: int) -> int:
    """How many of the bytes that the peer has sent the edge has taken in."""
    return total - len(peer.transport.inbox)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_R14_a_client_that_does_not_read_stops_the_gateway(framing: str) -> None:
    """However big the answer, the edge takes in no more than it may hold, and loses nothing (R14)."""
    edge = Playbook()
    body = b"x" * 3_000_000
    wire = {
        "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + body,
        "chunked": streamed(body),
        "close": b"HTTP/1.1 200 OK\r\n\r\n" + body,
    }[framing]
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> wire
    assert accepted(gateway, len(wire)) < BOUND
    assert len(client.transport.unsent) < BOUND
    gateway.fin()
    client.read(1_000_000)
    assert accepted(gateway, len(wire)) < 1_000_000 + BOUND
    client.read()
    assert client.reply().body == body
    assert edge.record["ending"] == "ok"


def test_R14_a_gateway_that_does_not_read_stops_the_client() -> None:
    """However big the prompt, the edge takes in no more than it may hold, and loses nothing (R14)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"", length=3_000_000)
    gateway = edge.gateway()
    gateway.take()
    gateway.stall()
    client >> b"x" * 3_000_000
    assert accepted(client, 3_000_000) < BOUND
    gateway.read(1_000_000)
    assert accepted(client, 3_000_000) < 1_000_000 + BOUND
    gateway.read()
    gateway << b"x" * 3_000_000
    gateway >> OK
    client << OK


def test_R14_a_chunked_upload_is_stopped_too() -> None:
    """Framing changes nothing about back-pressure (R14)."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"POST /v1/x", b"Transfer-Encoding: chunked")
    gateway = edge.gateway()
    gateway.take()
    gateway.stall()
    wire = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    client >> wire * 60 + b"0\r\n\r\n"
    assert accepted(client, len(wire) * 60) < BOUND
    gateway.read()
    assert gateway.take().count(b"x") == 60 * 0x8000
    gateway >> OK
    client << OK


def test_R14_a_body_is_held_back_while_there_is_no_connection() -> None:
    """While the edge connects it holds a bounded part of the body and asks for the rest later (R14)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"x" * 3_000_000)
    assert accepted(client, 3_000_000) < BOUND
    gateway = edge.gateway()
    assert gateway.take().count(b"x") == 3_000_000
    gateway >> OK
    client << OK


def test_R14_both_directions_stop_independently() -> None:
    """A stalled upload does not stall the answer, nor the other way round (R14, R16)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"", length=1_000_000), streamed(b"one", end=b""))
    gateway.stall()
    client >> b"x" * 1_000_000
    client.take()
    gateway >> b"3\r\ntwo\r\n"
    client << b"3\r\ntwo\r\n"
    client.stall()
    gateway.read()
    assert len(gateway.take()) == 1_000_000
    client.read()
    gateway >> b"0\r\n\r\n"
    client << b"0\r\n\r\n"
    assert edge.record["ending"] == "ok"


def test_R14_R33_a_response_that_ends_while_the_client_is_slow_frees_the_gateway() -> None:
    """The gateway serves others while a slow client still reads the end of its answer (R14, R33)."""
    edge = Playbook()
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 60_000)
    assert edge.record["ending"] == "ok"
    other = edge.client()
    other >> ask()
    gateway >> OK
    other << OK
    client.read()
    assert client.reply().body == b"x" * 60_000
    client >> ask()
    gateway >> OK
    client << OK


def test_R14_R33_a_response_whose_last_bytes_block_the_client_leaves_a_connection_that_reads() -> None:
    """The end of an answer fills a slow client's queue: the gateway's connection still serves (R14, R33)."""
    edge = Playbook()
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 50_000, end=b"")
    gateway >> b"c350\r\n" + b"x" * 50_000 + b"\r\n0\r\n\r\n"
    assert edge.record["ending"] == "ok"
    other = edge.client()
    other >> ask()
    other_gateway = edge.gateway() if edge.attempts else gateway
    other_gateway >> OK
    other << OK
    client.read()
    assert client.reply().body == b"x" * 100_000


def test_R04_R14_a_client_that_asks_and_never_reads_is_not_answered_for_ever() -> None:
    """Answers do not pile up for a client that pipelines and does not read (R04, R14)."""
    edge = Playbook()
    client = edge.client()
    client.stall()
    client >> ask(b"HEAD /") * 20_000
    assert len(client.transport.unsent) < BOUND
    client.read()
    assert len(client.take().split(b"HTTP/1.1 200 OK")) - 1 == 20_000
    assert edge.untouched


def test_R14_R32_a_finished_client_that_reads_slowly_gets_everything() -> None:
    """Half-close and back-pressure together (R14, R32)."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client = edge.client()
    client.stall()
    client >> ask()
    client.fin()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 1_000_000)
    client.read()
    assert client.reply().body == b"x" * 1_000_000
    assert client.end == "fin"


@pytest.mark.parametrize("behind", [b"", b"\r\n", b"GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_R06_R14_a_whole_answer_waits_for_a_slow_reader(behind: bytes) -> None:
    """Who asked for `Connection: close` and reads late gets all of it (R06, R14)."""
    edge = Playbook(limits=Limits(linger=2))
    client = edge.client().stall()
    client >> ask(b"GET /", b"Connection: close") + behind
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    edge.wait(20)
    client.read()
    assert client.reply().body == b"x" * 50_000
    assert client.end == "fin"
    client.fin()
    edge.nothing_left()
