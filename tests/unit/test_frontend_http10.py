"""Clients that speak HTTP/1.0."""

import pytest

from localedge.config import HalfClose
from tests.phrases import CONTINUE, OK, ask, asked, post, streamed
from tests.playbook import VIA, Playbook

UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nall of it"


def _to_gateway(request: bytes) -> bytes:
    return request.replace(VIA, VIA.replace(b"1.1", b"1.0"))


def test_R08_connection_closes_by_default() -> None:
    """HTTP/1.0 asks once; the gateway is asked in HTTP/1.1 and its connection kept."""
    edge = Playbook()
    client = edge.client()
    client >> ask(version=b"1.0")
    gateway = edge.gateway()
    gateway << _to_gateway(asked())
    gateway >> OK
    client << b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    assert client.end == "fin" and client.closed
    assert gateway.end is None
    edge.client() >> ask(version=b"1.0")
    assert gateway.received == _to_gateway(asked())


@pytest.mark.parametrize("option", [b"keep-alive", b"Keep-Alive", b"x-a, KEEP-ALIVE"])
def test_R08_connection_is_kept_when_asked_for(option: bytes) -> None:
    """With `Connection: keep-alive` the connection stays, and the answer says so."""
    edge = Playbook()
    client = edge.client()
    request = ask(b"GET /v1/models", b"Connection: " + option, version=b"1.0")
    client >> request
    gateway = edge.gateway()
    for turn in range(3):
        if turn:
            client >> request
        gateway << _to_gateway(asked())
        gateway >> OK
        client << b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
        assert client.end is None
    client >> ask(version=b"1.0")
    gateway >> OK
    assert client.reply().field(b"connection") == b"close"
    assert client.end == "fin"


@pytest.mark.parametrize("options", [(), (b"Connection: keep-alive",), (b"TE: trailers",)])
@pytest.mark.parametrize("response", [streamed(b"all ", b"of it", end=b"0\r\nA: b\r\n\r\n"), UNTIL_CLOSE])
def test_R08_body_without_a_length_ends_with_the_connection(
    options: tuple[bytes, ...], response: bytes
) -> None:
    """Chunks of the gateway come without their frame, and the close ends them, keep-alive or not."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /", *options, version=b"1.0")
    gateway = edge.gateway()
    gateway >> response
    if response is UNTIL_CLOSE:
        gateway.fin()
    reply = client.reply()
    assert reply.body == b"all of it"
    assert reply.field(b"transfer-encoding") is None and reply.field(b"content-length") is None
    assert reply.field(b"connection") == b"close"
    assert (client.end, client.closed) == ("fin", True)
    assert edge.record["ending"] == "ok"


def test_R08_body_without_a_length_streams() -> None:
    """Each piece goes out as it comes."""
    edge = Playbook()
    client = edge.client()
    client >> ask(version=b"1.0")
    gateway = edge.gateway()
    gateway >> streamed(b"one", end=b"")
    assert client.take().endswith(b"\r\n\r\none")
    gateway >> b"3\r\ntwo\r\n"
    client << b"two"
    gateway >> b"0\r\n\r\n"
    client << b""
    assert client.end == "fin"


@pytest.mark.parametrize("start", ["cut", "reset"])
def test_R06_R08_cut_body_without_a_length_is_reset(start: str) -> None:
    """A close would make a cut response look whole to HTTP/1.0: only a reset tells."""
    edge = Playbook()
    client = edge.client()
    client >> ask(version=b"1.0")
    gateway = edge.gateway()
    gateway >> streamed(b"one", end=b"")
    gateway.fin() if start == "cut" else gateway.reset()
    assert client.end == "reset"
    assert edge.record["ending"] == "gateway-cut"


def test_R08_body_with_a_length_that_is_cut_is_closed() -> None:
    """With a length the client sees for itself that bytes are missing."""
    edge = Playbook()
    client = edge.client()
    client >> ask(version=b"1.0")
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"
    gateway.fin()
    with pytest.raises(ValueError, match="3 of 5"):
        client.reply()
    assert client.end == "fin"


def test_R08_no_interim_responses() -> None:
    """HTTP/1.0 has none: 100 and 103 are kept back."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"hi", b"Expect: 100-continue", length=4, version=b"1.0")
    gateway = edge.gateway()
    assert b"Expect" not in gateway.take()
    gateway >> CONTINUE + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    edge.wait(2)
    assert client.received == b""
    client >> b"ho"
    gateway << b"ho"
    gateway >> OK
    assert client.reply().body == b"ok"


def test_R08_upload_with_a_length_is_forwarded() -> None:
    """HTTP/1.0 bodies have a length, and go on as they are."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"hello", version=b"1.0")
    assert edge.gateway().received.endswith(
        b"Content-Length: 5\r\n" + VIA.replace(b"1.1", b"1.0") + b"\r\nhello"
    )


def test_R08_head_has_no_body() -> None:
    """HEAD over HTTP/1.0 ends with its head."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"HEAD /v1/models", version=b"1.0")
    edge.gateway() >> b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    reply = client.reply(head=True)
    assert reply.field(b"content-length") == b"500"
    assert (client.received, client.end) == (b"", "fin")


@pytest.mark.parametrize("kept", [True, False])
def test_R08_R41_probe_is_answered(kept: bool) -> None:
    """The edge's own answers follow the client's version."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"HEAD /", *([b"Connection: keep-alive"] if kept else []), version=b"1.0")
    option = b"keep-alive" if kept else b"close"
    fields = b"server: localedge\r\ncontent-length: 0\r\nConnection: " + option
    client << b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n"
    assert client.end == (None if kept else "fin")


def test_R08_errors_have_a_length_and_close() -> None:
    """An error of the edge's own is delimited by its length."""
    edge = Playbook()
    client = edge.client()
    client >> b"GET / HTTP/1.0\r\n\r\n"
    reply = client.reply()
    assert (reply.status, reply.code, reply.field(b"connection")) == (400, "bad-host", b"close")


def test_R08_pipelined_requests_need_keep_alive() -> None:
    """What follows a request that does not ask to stay is ignored."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1", version=b"1.0") + ask(b"GET /2", version=b"1.0")
    edge.gateway() >> OK
    assert client.reply().body == b"ok"
    assert (client.received, client.end) == (b"", "fin")
    assert len(edge.records) == 1


def test_R08_half_close_is_a_common_habit() -> None:
    """`printf ... | nc`: with `half_close = finish` the answer still comes."""
    edge = Playbook(half_close=HalfClose.FINISH)
    client = edge.client()
    with edge.quietly():
        client >> ask(version=b"1.0")
        client.fin()
    edge.gateway() >> streamed(b"all")
    assert client.reply().body == b"all"
    assert client.end == "fin"
    edge.nothing_left()
