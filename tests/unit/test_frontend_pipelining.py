"""Several requests on one connection: in order, one at a time, and not too many ahead."""

import pytest

from localedge.config import HalfClose
from tests.phrases import CONTINUE, OK, answer, ask, asked, post, posted, streamed
from tests.playbook import Playbook

PIPELINE = 64 * 1024


def test_R04_second_request_waits_for_the_end_of_the_first_response() -> None:
    """Pipelined requests are answered in order, and the gateway sees one at a time."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1") + post(b"two") + ask(b"GET /3")
    gateway = edge.gateway()
    gateway << asked(b"GET /1")
    gateway >> streamed(b"first", end=b"")
    assert gateway.received == b"" and not edge.attempts
    gateway >> b"0\r\n\r\n"
    gateway << posted(b"two")
    gateway >> answer(body=b"second")
    gateway << asked(b"GET /3")
    gateway >> answer(b"404 Not Found", body=b"third")
    replies = client.replies()
    assert [(reply.status, reply.body) for reply in replies] == [
        (200, b"first"),
        (200, b"second"),
        (404, b"third"),
    ]
    assert [record["path"] for record in edge.records] == ["/1", "/v1/messages", "/3"]
    assert client.end is None


def test_R04_probes_wait_for_their_turn_too() -> None:
    """What the edge answers itself is answered in order as well."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1") + ask(b"HEAD /") + ask(b"GET /2")
    gateway = edge.gateway()
    assert client.received == b""
    gateway.take()
    gateway >> OK
    client << OK + b"HTTP/1.1 200 OK\r\nserver: localedge\r\ncontent-length: 0\r\n\r\n"
    gateway << asked(b"GET /2")


def test_R04_malformed_request_is_answered_behind_the_ones_before_it() -> None:
    """A fault in the second request does not spoil the first."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1") + b"garbage\r\n\r\n"
    edge.gateway() >> OK
    first, second = client.replies()
    assert (first.status, second.status, second.code) == (200, 400, "bad-request-line")
    assert client.end == "fin"


def test_R04_nothing_of_a_cut_connection_is_started() -> None:
    """When a response is cut the connection ends, and the next request is not begun."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1") + ask(b"GET /2")
    gateway = edge.gateway()
    gateway >> streamed(b"first", end=b"")
    gateway.reset()
    assert client.end == "fin" and not edge.attempts
    assert len(edge.records) == 1


def test_R04_64_kib_may_wait() -> None:
    """A client may be 64 KiB ahead: the response comes, and then the next requests."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1")
    gateway = edge.gateway()
    gateway.take()
    next_one = ask(b"GET /2")
    with edge.quietly():
        client >> next_one
        client >> b"\r\n" * ((PIPELINE - len(next_one)) // 2)
    gateway >> OK
    client << OK
    gateway << asked(b"GET /2")
    assert client.end is None


def test_R04_more_than_64_kib_ahead_ends_the_connection_behind_the_response() -> None:
    """The running response is finished, then the connection is closed; the edge reads no more meanwhile."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1")
    gateway = edge.gateway()
    gateway >> streamed(b"first", end=b"")
    for _ in range(40):
        client >> ask(b"GET /2") * 100
    assert len(client.transport.inbox) > 100_000, "the edge has stopped reading"
    gateway >> b"5\r\nsecon\r\n0\r\n\r\n"
    assert client.reply().body == b"firstsecon"
    assert (client.received, client.end) == (b"", "fin")
    assert not edge.attempts and len(edge.records) == 1
    client.fin()
    assert client.end == "fin"
    edge.nothing_left()


def test_R04_client_that_leaves_after_pipelining_too_much_is_noticed() -> None:
    """Reading is paused, but a hang-up still cancels the exchange (R32)."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1")
    gateway = edge.gateway()
    for _ in range(30):
        client >> ask(b"GET /2") * 100
    client.fin()
    assert gateway.end == "reset"
    assert edge.record["ending"] == "client-gone"


def test_R04_fin_while_a_response_runs_is_noticed() -> None:
    """While no body is expected the edge goes on reading."""
    edge = Playbook()
    client = edge.client()
    client >> ask()
    gateway = edge.gateway()
    client.fin()
    assert gateway.end == "reset"
    assert (edge.record["status"], edge.record["ending"]) == (499, "client-gone")
    edge.nothing_left()


def test_R04_requests_before_a_half_close_are_answered() -> None:
    """With `half_close = finish` the running response is delivered."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client = edge.client()
    client >> ask(b"GET /1")
    gateway = edge.gateway()
    client.fin()
    gateway >> OK
    assert client.reply().body == b"ok"
    assert client.end == "fin" and client.closed
    edge.nothing_left()


def test_R04_answers_that_nobody_reads_stop_the_reading() -> None:
    """Thousands of pipelined probes from a client that reads nothing take bounded memory."""
    edge = Playbook()
    client = edge.client().stall()
    for _ in range(20):
        client >> ask(b"HEAD /") * 1000
    transport = client.transport
    assert len(transport.unsent) < 3 * PIPELINE
    assert len(transport.inbox) > PIPELINE
    client.read()
    assert client.received.count(b"HTTP/1.1 200 OK") == 20_000
    assert edge.untouched


def test_R04_requests_that_wait_for_a_slow_reader_are_answered_when_it_reads() -> None:
    """What was read before the answers piled up needs no further byte from the client to go on."""
    edge = Playbook()
    client = edge.client().stall()
    client >> b"OPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n" * 1700
    assert not client.transport.inbox, "all of it is one read"
    client.read()
    assert len(client.replies()) == 1700
    assert client.end is None


@pytest.mark.parametrize("count", [1, 2, 5])
def test_R04_connection_is_kept_between_requests(count: int) -> None:
    """One connection serves one request after the other, and so does the gateway's."""
    edge = Playbook()
    client = edge.client()
    gateway = None
    for turn in range(count):
        client >> post(b"%d" % turn)
        gateway = gateway or edge.gateway()
        gateway << posted(b"%d" % turn)
        gateway >> answer(body=b"%d" % turn)
        client << answer(body=b"%d" % turn)
    assert [record["reused"] for record in edge.records] == [False] + [True] * (count - 1)


def test_R04_idle_connection_is_closed_after_two_minutes() -> None:
    """A client that asks nothing more is let go, without a word."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"HEAD /")
    client.take()
    edge.wait(119)
    assert (client.received, client.end) == (b"", None)
    edge.wait(3)
    assert (client.received, client.end) == (b"", "fin")
    edge.nothing_left()


def test_R04_bytes_that_pipeline_behind_an_upload_are_kept() -> None:
    """The next request may stand in the same packet as the end of a body."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"he", length=5)
    gateway = edge.gateway()
    client >> b"llo" + ask(b"GET /2")
    gateway << posted(b"hello")
    gateway >> CONTINUE + OK
    client << OK
    gateway << asked(b"GET /2")
