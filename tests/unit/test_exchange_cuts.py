"""A response that is cut short never looks complete (R06)."""

import pytest

from tests.phrases import ask, exchanged, lines, streamed
from tests.playbook import Playbook

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CUTS = {
    "inside a length": LENGTH + b"half",
    "before a length's first byte": LENGTH,
    "inside a chunk": CHUNKED + b"a\r\nhalf",
    "between chunks": CHUNKED + b"4\r\nhalf\r\n",
    "before the first chunk": CHUNKED,
    "inside a chunk size": CHUNKED + b"4\r\nhalf\r\n1",
    "before the CRLF behind a chunk": CHUNKED + b"4\r\nhalf",
    "inside the last chunk": CHUNKED + b"4\r\nhalf\r\n0\r\n",
    "inside the trailers": CHUNKED + b"4\r\nhalf\r\n0\r\nA: 1\r\n",
}


@pytest.mark.parametrize("death", ["fin", "reset"])
@pytest.mark.parametrize("wire", CUTS.values(), ids=CUTS.keys())
def test_R06_a_cut_response_is_flushed_and_ends_with_fin_unfinished(wire: bytes, death: str) -> None:
    """The client gets what came, then a FIN where more was promised (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), wire)
    getattr(gateway, death)()
    assert client.end == "fin"
    with pytest.raises(ValueError, match=r"cut|bytes"):
        client.reply()
    got = client.take()
    assert (b"half" in got) is (b"half" in wire)
    assert b"\r\n0\r\n" not in got
    assert edge.record["ending"] == "gateway-cut"
    assert edge.record["status"] == 200
    assert edge.record["error"] == "gateway-cut"


def test_R06_a_reset_cuts_a_body_that_ends_with_the_connection() -> None:
    """RST is no end of a body: no last chunk is made up for it (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), b"HTTP/1.1 200 OK\r\n\r\nhalf")
    gateway.reset()
    assert client.end == "fin"
    assert client.received.endswith(b"4\r\nhalf\r\n")
    assert edge.record["ending"] == "gateway-cut"


@pytest.mark.parametrize("bad", [b"zz\r\n", b"0x4\r\nabcd\r\n", b"4\r\nabcdX", b"4\nabcd\n"])
def test_R05_R06_a_bad_chunk_cuts_the_response(bad: bytes) -> None:
    """Bytes before a bad chunk arrive, then the stream ends unfinished (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), CHUNKED + b"4\r\nhalf\r\n" + bad)
    assert client.end == "fin"
    assert b"half" in client.received
    assert b"\r\n0\r\n" not in client.received
    assert gateway.end == "reset"
    assert edge.record["ending"] == "gateway-cut"


def test_R06_after_a_cut_nothing_more_is_sent() -> None:
    """The gateway's later bytes, even a proper end, do not heal a cut (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), CHUNKED + b"zz\r\n")
    before = client.received
    gateway >> b"4\r\nlate\r\n0\r\n\r\n"
    client >> ask()
    assert client.received == before
    assert b"0\r\n\r\n" not in before


@pytest.mark.parametrize("death", ["fin", "reset"])
@pytest.mark.parametrize("wire", [CHUNKED + b"4\r\nhalf\r\n", CHUNKED + b"ff\r\nhalf"])
def test_R06_an_http_1_0_client_gets_a_reset(wire: bytes, death: str) -> None:
    """Where a FIN would complete the body, a reset says that it is not (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(version=b"1.0"), wire)
    getattr(gateway, death)()
    assert client.received.endswith(b"half")
    assert client.end == "reset"
    assert edge.record["ending"] == "gateway-cut"


def test_R06_an_http_1_0_client_that_knows_the_length_gets_a_fin() -> None:
    """With a Content-Length even HTTP/1.0 can tell: FIN, so that nothing is lost on the way (R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(version=b"1.0"), LENGTH + b"half")
    gateway.reset()
    assert client.end == "fin"
    assert client.received.endswith(b"half")


def test_R06_what_a_slow_client_has_not_read_yet_is_flushed_before_the_fin() -> None:
    """A cut does not throw away what came before it (R06)."""
    edge = Playbook()
    client = edge.client()
    client.stall()
    client >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"x" * 30_000, end=b"")
    gateway.fin()
    client.read()
    assert client.received.count(b"x") == 30_000
    assert client.end == "fin"


def test_R06_R33_a_cut_connection_is_not_pooled() -> None:
    """The next request gets a connection of its own (R06, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), CHUNKED + b"zz\r\n")
    assert gateway.end == "reset"
    other = edge.client()
    other >> ask()
    assert len(edge.attempts) == 1
    assert client.end == "fin"


def test_R04_R06_pipelined_requests_behind_a_cut_are_not_begun() -> None:
    """After a cut the connection ends, whatever else the client sent (R04, R06)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask() + ask(), LENGTH + b"half")
    gateway.fin()
    assert client.end == "fin"
    assert edge.attempts == []
    assert len(edge.records) == 1


@pytest.mark.parametrize("fields", [(), (b"Connection: keep-alive",)])
def test_R05_R06_a_response_cut_inside_its_head_is_502(fields: tuple[bytes, ...]) -> None:
    """Before the status went out a cut is an honest 502 (R05)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), b"HTTP/1.1 200 OK\r\n" + lines(*fields))
    gateway.fin()
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-lost")
    assert client.end is None


def test_R03_R06_a_cut_during_an_upload_is_read_and_not_reset_away() -> None:
    """An early answer breaks off: the client gets what came, and its upload is drained (R03, R06)."""
    edge = Playbook()
    client = edge.client()
    (
        client
        >> b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"u" * 1000
    )
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"
    gateway.fin()
    assert client.take().endswith(b"\r\n\r\n12345")
    assert client.end == "fin"
    client >> b"u" * 100_000
    assert client.end == "fin"
    client.fin()
    edge.nothing_left()
