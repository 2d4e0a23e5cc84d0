"""Every time limit, on a clock that the test turns (R30)."""

import pytest

from localedge.config import Limits, Pool
from tests.phrases import OK, ask, exchanged, pooled, post, streamed
from tests.playbook import Playbook

LATE = 1.01
"""A limit fires at most one tick late, and never early."""


def test_R30_a_gateway_that_does_not_accept_is_given_ten_seconds() -> None:
    """The limit for connecting (R30, R42)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"prompt")
    edge.wait(9.9)
    client << b""
    edge.wait(0.2)
    reply = client.reply()
    assert (reply.status, reply.code, reply.kind) == (504, "gateway-connect-timeout", "timeout_error")
    assert reply.field(b"x-should-retry") == b"true"
    assert "10" in reply.message


def test_R30_a_thinking_gateway_has_half_an_hour_for_its_first_byte() -> None:
    """Long thoughts are healthy; after the limit it is 504 and the gateway is told to stop (R30, R42)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"prompt"))
    edge.wait(1799)
    client << b""
    edge.wait(1 + LATE)
    reply = client.reply()
    assert (reply.status, reply.code) == (504, "gateway-silent")
    assert reply.field(b"x-should-retry") == b"false"
    assert gateway.end == "reset"
    assert edge.record["ending"] == "gateway-silent"
    assert client.end is None


def test_R30_the_first_byte_is_waited_for_from_the_end_of_the_upload() -> None:
    """A long upload does not eat up the gateway's time to think (R30)."""
    edge = Playbook(limits=Limits(first_byte=100.0, request_body=60.0))
    client, gateway = exchanged(edge, post(b"", length=4))
    for byte in (b"a", b"b", b"c", b"d"):
        edge.wait(50)
        client >> byte
    edge.wait(99)
    client << b""
    gateway >> OK
    client << OK


def test_R30_silence_in_a_stream_cuts_it() -> None:
    """After the head there is no 504 any more: the stream ends unfinished (R06, R30)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), streamed(b"token", end=b""))
    client.take()
    edge.wait(1799)
    assert not client.closed
    edge.wait(1 + LATE)
    client << b""
    assert client.end == "fin"
    assert gateway.end == "reset"
    assert (edge.record["ending"], edge.record["error"]) == ("gateway-silent", "gateway-silent")


def test_R30_there_is_no_limit_for_the_whole() -> None:
    """A stream that says something every twenty minutes may last for days (R30)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), streamed(end=b""))
    for _ in range(200):
        edge.wait(1200)
        gateway >> b"1\r\n.\r\n"
    gateway >> b"0\r\n\r\n"
    assert client.reply().body == b"." * 200
    assert edge.record["ending"] == "ok"
    assert 1_200_000 <= edge.record["longest_gap_ms"] <= 1_201_000


def test_R30_silence_before_a_bodys_first_byte_counts_as_silence() -> None:
    """A head and then nothing is a cut, not a wait without end (R30)."""
    edge = Playbook(limits=Limits(silence=50.0))
    client, _ = exchanged(edge, ask(), b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    edge.wait(50 + LATE)
    assert client.end == "fin"


def test_R30_a_slow_client_is_not_the_gateways_silence() -> None:
    """A reader that stops for longer than the limit is at fault itself, and is let go (R14, R30)."""
    edge = Playbook(limits=Limits(silence=50.0))
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 500_000, end=b"")
    assert not gateway.transport.reading
    edge.wait(50 + LATE)
    assert edge.record["ending"] == "client-slow"
    assert gateway.end == "reset"


def test_R30_a_slow_reader_that_reads_on_in_time_loses_nothing() -> None:
    """The limit starts anew when the client has caught up (R14, R30)."""
    edge = Playbook(limits=Limits(silence=50.0))
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 500_000, end=b"")
    for _ in range(3):
        edge.wait(40)
        client.read(200_000)
    edge.wait(40)
    gateway >> b"0\r\n\r\n"
    assert client.reply().body == b"x" * 500_000


def test_R30_a_request_head_has_fifteen_seconds() -> None:
    """A head that does not get ready is answered 408 (R30)."""
    edge = Playbook()
    client = edge.client()
    client >> b"GET / HTTP/1.1\r\n"
    edge.wait(10)
    client >> b"Host: loc"
    edge.wait(4.9)
    client << b""
    edge.wait(0.1 + LATE)
    reply = client.reply()
    assert (reply.status, reply.code) == (408, "head-timeout")
    assert client.end == "fin"
    assert edge.untouched


def test_R30_an_idle_client_is_closed_after_two_minutes() -> None:
    """Keep-alive has its limit, without a word to the client (R30)."""
    edge = Playbook()
    fresh = edge.client()
    client, _ = pooled(edge)
    edge.wait(119)
    assert (fresh.end, client.end) == (None, None)
    edge.wait(1 + LATE)
    assert (fresh.end, client.end) == ("fin", "fin")
    client << b""
    edge.nothing_left()


def test_R30_a_body_that_stops_coming_is_408() -> None:
    """A client that stops in the middle of its upload is told so, and the gateway is let go (R30)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8))
    edge.wait(59)
    client << b""
    edge.wait(1 + LATE)
    reply = client.reply()
    assert (reply.status, reply.code) == (408, "body-timeout")
    assert gateway.end == "reset"
    assert client.end == "fin"


def test_R30_a_gateway_that_does_not_read_is_the_gateways_fault() -> None:
    """A blocked upload is not the client's slowness: 504 after the gateway's own limit (R14, R30)."""
    edge = Playbook(limits=Limits(first_byte=200.0, request_body=60.0))
    client = edge.client()
    client >> post(b"", length=900_000)
    gateway = edge.gateway()
    gateway.stall()
    client >> b"x" * 500_000
    edge.wait(199)
    client << b""
    edge.wait(1 + LATE)
    assert client.reply().code == "gateway-silent"
    assert gateway.end == "reset"


def test_R30_a_request_waits_in_the_queue_for_thirty_seconds() -> None:
    """A full pool is 503 after a while, which the SDK retries (R30, R33, R42)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=1))
    first, gateway = exchanged(edge, ask())
    waiting = edge.client()
    waiting >> post(b"prompt")
    edge.wait(29)
    waiting << b""
    edge.wait(1 + LATE)
    reply = waiting.reply()
    assert (reply.status, reply.code, reply.kind) == (503, "queue-timeout", "overloaded_error")
    assert reply.field(b"x-should-retry") == b"true"
    assert edge.record["ending"] == "busy"
    gateway >> OK
    first << OK


def test_R30_time_in_the_queue_is_not_the_gateways() -> None:
    """The gateway's limit starts when it has the request (R30)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=1), limits=Limits(first_byte=40.0, queue=30.0))
    _, gateway = exchanged(edge, ask())
    waiting = edge.client()
    waiting >> ask(b"GET /second")
    edge.wait(29)
    gateway >> OK
    edge.wait(39)
    waiting << b""
    gateway >> OK
    waiting << OK
    assert 28_000 < edge.records[1]["queue_ms"] < 30_000


def test_R30_the_rest_of_a_refused_request_is_read_for_a_while_only() -> None:
    """A client that never stops sending is let go in the end (R03, R30)."""
    edge = Playbook(limits=Limits(linger=5.0))
    client = edge.client()
    client >> ask(b"POST /", b"Content-Length: 99999999999", body=b"x")
    assert client.reply().status == 413
    edge.wait(4)
    client >> b"x"
    assert client.transport.connected
    edge.wait(1 + LATE)
    assert client.closed
    edge.nothing_left()


@pytest.mark.parametrize("limit", [0.1, 0.5, 3.0, 1000.0])
def test_R30_limits_are_configurable_and_never_early(limit: float) -> None:
    """A limit of any length fires when it is due, at most a second or a quarter of it late (R30)."""
    edge = Playbook(limits=Limits(first_byte=limit))
    client, _ = exchanged(edge, ask())
    edge.wait(limit - 0.01)
    client << b""
    edge.wait(0.02 + min(1.0, max(0.02, limit / 4)))
    assert client.reply().code == "gateway-silent"


def test_R30_a_machine_that_slept_reads_before_it_judges() -> None:
    """What came in meanwhile is read first: a healthy stream is not cut for our own sleep (R30)."""
    edge = Playbook(limits=Limits(silence=60))
    client, gateway = exchanged(edge, ask(), streamed(b"one")[:-5])
    edge.reactor.advance(3600)
    assert client.end is None
    gateway >> b"3\r\ntwo\r\n"
    edge.wait(30)
    assert client.end is None
    edge.wait(60)
    assert client.end == "fin"
