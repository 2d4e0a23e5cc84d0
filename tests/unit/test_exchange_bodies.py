"""Which responses have a body, and how its end is told to the client (R05, R07, R08)."""

import pytest

from tests.phrases import OK, answer, ask, exchanged, lines, post, streamed
from tests.playbook import Playbook

LIES = [(), (b"Content-Length: 5",), (b"Transfer-Encoding: chunked",)]


@pytest.mark.parametrize("fields", LIES)
@pytest.mark.parametrize(
    ("request_", "status"),
    [(ask(b"HEAD /v1/x"), b"200 OK"), (ask(), b"204 No Content"), (ask(), b"304 Not Modified")],
)
def test_R07_head_204_and_304_have_no_body_and_the_connection_lives_on(
    request_: bytes, status: bytes, fields: tuple[bytes, ...]
) -> None:
    """Whatever its headers say such a response has no body, and both connections go on (R07)."""
    edge = Playbook()
    client, gateway = exchanged(edge, request_, b"HTTP/1.1 " + status + b"\r\n" + lines(*fields) + b"\r\n")
    reply = client.reply(head=True)
    assert b"%d %b" % (reply.status, reply.reason) == status
    assert client.received == b""
    assert reply.field(b"transfer-encoding") is None
    if reply.status == 204:
        assert reply.field(b"content-length") is None
    client >> ask()
    gateway >> OK
    client << OK
    assert [record["reused"] for record in edge.records] == [False, True]


def test_R07_the_length_of_a_head_response_is_told() -> None:
    """`Content-Length` in the answer to HEAD is the resource's and passes (R07)."""
    edge = Playbook()
    client, _ = exchanged(edge, ask(b"HEAD /v1/x"), b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    client << b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"


@pytest.mark.parametrize("fields", LIES)
def test_R07_an_interim_response_has_no_body(fields: tuple[bytes, ...]) -> None:
    """A 103 with framing fields does not swallow the answer behind it (R07)."""
    edge = Playbook()
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n" + lines(*fields) + b"\r\n"
    client, _ = exchanged(edge, ask(), hints + OK)
    client << b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK


def test_R07_a_body_that_ends_with_the_connection_is_reframed_as_chunked() -> None:
    """HTTP/1.1 clients see a proper end where the gateway just closes (R07)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), b"HTTP/1.1 200 OK\r\nA: 1\r\n\r\nab")
    gateway >> b"cd"
    gateway.fin()
    reply = client.reply()
    assert reply.field(b"transfer-encoding") == b"chunked"
    assert reply.body == b"abcd"
    assert client.end is None
    assert edge.record["ending"] == "ok"
    client >> ask()
    assert len(edge.attempts) == 1


def test_R07_an_empty_body_that_ends_with_the_connection_is_complete() -> None:
    """No byte and a FIN is a whole answer without a body (R07)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), b"HTTP/1.0 200 OK\r\n\r\n")
    gateway.fin()
    assert client.reply().body == b""
    assert edge.record["ending"] == "ok"


@pytest.mark.parametrize("wire", [b"HTTP/1.1 200 OK\r\n\r\nabcd", streamed(b"ab", b"cd")])
def test_R07_R08_an_http_1_0_client_gets_the_body_until_close(wire: bytes) -> None:
    """HTTP/1.0 knows no chunks: the body comes bare and the FIN ends it (R07, R08)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(version=b"1.0"), wire)
    gateway.fin()
    assert client.end == "fin"
    reply = client.reply()
    assert reply.body == b"abcd"
    assert reply.field(b"transfer-encoding") is None
    assert edge.record["ending"] == "ok"


def test_R08_an_http_1_0_client_may_keep_the_connection() -> None:
    """Where the length is known and `keep-alive` was asked for, HTTP/1.0 goes on (R08)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(b"GET /", b"Connection: keep-alive", version=b"1.0"), OK)
    reply = client.reply()
    assert reply.field(b"connection") == b"keep-alive"
    assert client.end is None
    client >> ask(version=b"1.0")
    gateway >> OK
    assert client.reply().field(b"connection") == b"close"
    assert client.end == "fin"


def test_R11_chunk_boundaries_do_not_hold_back_bytes() -> None:
    """What has come of a chunk goes on although the chunk is not complete (R13)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), streamed(end=b"ff\r\nhalf"))
    assert client.received.endswith(b"4\r\nhalf\r\n")
    gateway >> b"x" * 251 + b"\r\n0\r\n\r\n"
    assert client.reply().body == b"half" + b"x" * 251


GARBAGE = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 2\n\nab",
    b"HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA : 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n",
    b"HTTP/2.0 200 OK\r\n\r\n",
    b"ICY 200 OK\r\n\r\n",
    b"HTTP/1.1 20 OK\r\n\r\n",
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"220 mail.test ESMTP\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * 300 + b"\r\n",
]


@pytest.mark.parametrize("wire", GARBAGE, ids=range(len(GARBAGE)))
def test_R05_a_broken_response_head_is_502(wire: bytes) -> None:
    """What is not HTTP/1.1 never reaches the client; it gets 502 and may go on (R05)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"prompt"), wire)
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-garbage")
    assert reply.field(b"x-should-retry") == b"false"
    assert client.received == b""
    assert gateway.end == "reset"
    assert edge.record["ending"] == "gateway-failed"
    client >> ask()
    edge.gateway() >> OK
    client << OK


def test_R05_a_gateway_that_speaks_tls_is_named() -> None:
    """An `http:` URL whose port wants TLS is told apart from garbage (R05, R42)."""
    edge = Playbook()
    client, _ = exchanged(edge, ask(), b"\x15\x03\x01\x00\x02\x02\x46")
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-speaks-tls")


def test_R05_R33_bytes_behind_a_complete_response_are_not_believed() -> None:
    """A second, unasked response reaches nobody, and its connection is not used again (R05, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), OK + answer(body=b"for somebody else"))
    client << OK
    assert gateway.closed
    client >> ask()
    edge.gateway() >> answer(body=b"mine")
    assert client.reply().body == b"mine"
