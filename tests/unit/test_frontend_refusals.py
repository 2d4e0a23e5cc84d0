"""Requests that are not let in: the answer, the close, and a gateway that knows of nothing."""

import pytest

from localedge.config import Limits, Secret
from localedge.edge import frontend
from tests import malformed
from tests.phrases import HOST, ask, post
from tests.playbook import Peer, Playbook, Reply


def refused(edge: Playbook, client: Peer, status: int, code: str) -> Reply:
    """The client was answered with this error and the connection ends; the gateway knows of nothing."""
    reply = client.reply()
    assert (reply.status, reply.code) == (status, code)
    assert reply.message
    assert reply.field(b"connection") == b"close"
    assert (client.received, client.end) == (b"", "fin")
    assert edge.untouched
    assert (edge.record["status"], edge.record["error"]) == (status, code)
    assert edge.record["ending"] == "refused"
    return reply


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [pytest.param(*row[1:], id=malformed.short(row[0])) for row in malformed.REFUSED],
)
def test_R01_malformed_request_gets_400_and_the_close(data: bytes, status: int, code: str) -> None:
    """A malformed request is answered, nothing of it goes to the gateway, and the connection is closed."""
    edge = Playbook()
    client = edge.client()
    client >> data
    refused(edge, client, status, code)
    client.fin()
    assert client.closed and client.end == "fin"
    edge.nothing_left()


@pytest.mark.parametrize(
    "data", [pytest.param(data, id=malformed.short(name)) for name, data in malformed.WELL_FORMED]
)
def test_R01_well_formed_request_goes_to_the_gateway(data: bytes) -> None:
    """A request that is merely unusual is forwarded."""
    edge = Playbook()
    edge.client() >> data
    line, _, body = data.lstrip().partition(b"\r\n\r\n")
    got_line, _, got_body = edge.gateway().received.partition(b"\r\n\r\n")
    assert got_line.split(b" ")[:2] == line.split(b" ")[:2]
    assert got_body == body


def test_R01_request_smuggled_behind_a_refused_one_is_not_looked_at() -> None:
    """Whatever follows a malformed request is thrown away."""
    edge = Playbook()
    client = edge.client()
    body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client >> ask(b"POST /", b"Content-Length: 5", b"Transfer-Encoding: chunked", body=body)
    client >> ask()
    refused(edge, client, 400, "bad-framing")


CHUNKED = ask(b"POST /v1/messages", b"Transfer-Encoding: chunked")


@pytest.mark.parametrize("bad", [b"x\r\n", b"5\nhello", b"5\r\nhelloX\r\n", b"-1\r\n", b"0\r\nA : b\r\n\r\n"])
def test_R01_bad_chunk_in_the_first_packet_reaches_nobody(bad: bytes) -> None:
    """A body that is broken when it arrives whole is refused like a broken head."""
    edge = Playbook()
    client = edge.client()
    client >> CHUNKED + b"2\r\nhi\r\n" + bad
    refused(edge, client, 400, "bad-chunk")


@pytest.mark.parametrize("bad", [b"x\r\n", b"5\nhello", b"5\r\nhelloX\r\n", b"-1\r\n", b"0\r\nA : b\r\n\r\n"])
def test_R01_bad_chunk_on_its_way_aborts_the_gateway(bad: bytes) -> None:
    """The gateway must not take a broken body for a whole one: it gets a reset, the client 400."""
    edge = Playbook()
    client = edge.client()
    client >> CHUNKED + b"2\r\nhi\r\n"
    gateway = edge.gateway()
    assert gateway.take().endswith(b"\r\n\r\n2\r\nhi\r\n")
    client >> bad
    reply = client.reply()
    assert (reply.status, reply.code, client.end) == (400, "bad-chunk", "fin")
    assert gateway.end == "reset"
    assert not gateway.received.endswith(b"0\r\n\r\n")
    assert edge.record["ending"] == "refused"
    client.fin()
    edge.nothing_left()


def test_R01_bad_chunk_behind_the_response_head_cuts_the_response() -> None:
    """When the response has begun there is no 400 any more: it is cut."""
    edge = Playbook()
    client = edge.client()
    client >> CHUNKED + b"2\r\nhi\r\n"
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    client >> b"x\r\n"
    assert client.take().endswith(b"\r\n\r\n3\r\nabc\r\n")
    assert client.end == "fin"
    assert gateway.end == "reset"


def test_R01_bytes_behind_a_closing_request_are_ignored() -> None:
    """With `Connection: close` nothing that follows is a request."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /1", b"Connection: close") + ask(b"GET /2") + b"\x00garbage"
    gateway = edge.gateway()
    assert b"/2" not in gateway.take()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    reply = client.reply()
    assert (reply.body, reply.field(b"connection")) == (b"hi", b"close")
    assert (client.received, client.end) == (b"", "fin")
    client >> ask(b"GET /3")
    client.fin()
    assert client.received == b""
    assert len(edge.records) == 1 and not edge.attempts
    edge.nothing_left()


def test_R02_connect_and_absolute_form() -> None:
    """CONNECT is 405 with `Allow`; a URL of ours is forwarded as a path."""
    edge = Playbook()
    client = edge.client()
    client >> b"CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"
    assert refused(edge, client, 405, "connect-refused").field(b"allow")
    edge.client() >> b"GET http://localhost:18080/v1/models?a HTTP/1.1\r\nHost: LOCALHOST:18080\r\n\r\n"
    assert edge.gateway().take().startswith(b"GET /v1/models?a HTTP/1.1\r\nHost: gateway.test\r\n")


def test_R02_options_for_the_server_is_answered() -> None:
    """`OPTIONS *` is answered here and the connection goes on."""
    edge = Playbook()
    client = edge.client()
    client >> b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"
    client << b"HTTP/1.1 204 No Content\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n\r\n"
    assert edge.untouched and client.end is None
    assert edge.record["ending"] == "answered"


# -- sizes

HEAD = b"GET / HTTP/1.1\r\n" + HOST + b"X-Pad: "


@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_R03_head_over_the_limit_gets_431(pieces: int) -> None:
    """A header block of 64 KiB and a byte is answered, never closed in silence."""
    edge = Playbook()
    client = edge.client()
    data = HEAD + b"p" * (65537 - len(HEAD) - 4) + b"\r\n\r\n"
    step = -(-len(data) // pieces)
    for start in range(0, len(data), step):
        client >> data[start : start + step]
    assert "65536" in refused(edge, client, 431, "head-too-large").message


def test_R03_head_of_just_the_limit_passes() -> None:
    """64 KiB are allowed."""
    edge = Playbook()
    edge.client() >> HEAD + b"p" * (65536 - len(HEAD) - 4) + b"\r\n\r\n"
    assert b"p" * 60000 in edge.gateway().received


def test_R03_too_many_fields_get_431() -> None:
    """257 fields are too many, 256 are not."""
    edge = Playbook()
    client = edge.client()
    client >> b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 256 + b"\r\n"
    refused(edge, client, 431, "head-too-large")
    edge.client() >> b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 255 + b"\r\n"
    assert edge.gateway().received.count(b"A: b\r\n") == 255


def test_R03_long_target_gets_414() -> None:
    """A target of 16 KiB and a byte is told apart from a large head."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"GET /" + b"t" * 16384)
    assert "16384" in refused(edge, client, 414, "target-too-long").message
    edge.client() >> ask(b"GET /" + b"t" * 16383)
    assert b"t" * 16383 in edge.gateway().received


def test_R03_body_that_says_it_is_too_large_gets_413_at_once() -> None:
    """Content-Length over the limit: not a byte goes to the gateway; at the limit it passes."""
    edge = Playbook(limits=Limits(body_bytes=1000))
    client = edge.client()
    client >> post(b"x" * 10, length=1001)
    reply = refused(edge, client, 413, "body-too-large")
    assert "1000" in reply.message and reply.kind == "request_too_large"
    edge.client() >> post(b"x" * 1000)
    assert edge.gateway().received.endswith(b"x" * 1000)


def test_R03_default_body_limit_is_64_mib() -> None:
    """Claude's largest requests pass."""
    edge = Playbook()
    edge.client() >> post(length=64 * 1024 * 1024)
    assert edge.attempts
    client = edge.client()
    client >> post(length=64 * 1024 * 1024 + 1)
    assert client.reply().status == 413


@pytest.mark.parametrize("sizes", [(1001,), (600, 401), (1, 1000)])
def test_R03_chunked_body_that_grows_too_large_aborts_the_gateway(sizes: tuple[int, ...]) -> None:
    """Mid-stream the gateway's request is aborted and the client gets 413."""
    edge = Playbook(limits=Limits(body_bytes=1000))
    client = edge.client()
    client >> CHUNKED
    gateway = edge.gateway()
    for size in sizes:
        client >> b"%x\r\n%b\r\n" % (size, b"x" * size)
    reply = client.reply()
    assert (reply.status, reply.code) == (413, "body-too-large")
    assert (client.end, gateway.end) == ("fin", "reset")
    client >> b"0\r\n\r\n"
    client.fin()
    edge.nothing_left()


def test_R03_chunked_body_of_just_the_limit_passes() -> None:
    """1000 bytes in chunks are 1000 bytes."""
    edge = Playbook(limits=Limits(body_bytes=1000))
    client = edge.client()
    client >> CHUNKED
    gateway = edge.gateway()
    client >> b"3e8\r\n" + b"x" * 1000 + b"\r\n0\r\n\r\n"
    assert gateway.received.endswith(b"x" * 1000 + b"\r\n0\r\n\r\n")
    assert client.received == b""


# -- the rest of a refused request

EARLY = [
    ("400", b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
    ("401", post(length=10_000_000), 401),
    ("403", post(b"", b"Origin: https://evil.test", length=10_000_000), 403),
    ("405", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
    ("413", post(length=100_000_000), 413),
    ("421", b"POST / HTTP/1.1\r\nHost: evil.test\r\nContent-Length: 10000000\r\n\r\n", 421),
    ("431", b"POST / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", 431),
    ("508", post(b"", b"Via: 1.1 localedge-playbook", length=10_000_000), 508),
]


@pytest.mark.parametrize(("data", "status"), [pytest.param(d, s, id=n) for n, d, s in EARLY])
def test_R03_rest_of_a_refused_request_is_drained(data: bytes, status: int) -> None:
    """The client may send its ten megabytes to the end: it reads the answer, and no reset."""
    edge = Playbook(client_token=Secret("tok-3f9") if status == 401 else None)
    client = edge.client()
    client >> data
    assert client.reply().status == status
    assert client.end == "fin"
    for _ in range(100):
        client >> b"x" * 100_000
    assert (client.end, client.closed) == ("fin", False)
    client.fin()
    assert (client.end, client.closed) == ("fin", True)
    assert edge.untouched
    assert len(edge.records) == 1
    edge.nothing_left()


def test_R03_draining_ends_after_a_while() -> None:
    """A client that neither ends nor closes is not waited for for ever."""
    edge = Playbook(limits=Limits(linger=5))
    client = edge.client()
    client >> post(length=100_000_000)
    assert client.reply().status == 413
    for _ in range(4):
        edge.wait(1)
        client >> b"x"
        assert (client.end, client.closed) == ("fin", False)
    edge.wait(3)
    assert client.closed
    edge.nothing_left()


def test_R03_draining_ends_after_some_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends on and on is cut off."""
    monkeypatch.setattr(frontend, "LINGER_BYTES", 1_000_000)
    edge = Playbook()
    client = edge.client()
    client >> post(length=100_000_000)
    assert client.reply().status == 413
    client >> b"x" * 1_000_000
    assert (client.end, client.closed) == ("fin", False)
    client >> b"x"
    assert (client.end, client.closed) == ("reset", True)
    edge.nothing_left()


def test_R03_body_of_a_request_that_the_edge_answers_itself_is_drained() -> None:
    """A probe with a body is answered, and its body is no request."""
    edge = Playbook()
    client = edge.client()
    smuggled = ask(b"GET /smuggled")
    client >> ask(b"HEAD /", b"Content-Length: %d" % len(smuggled), body=smuggled)
    reply = client.reply(head=True)
    assert (reply.status, reply.field(b"connection")) == (200, b"close")
    assert (client.received, client.end) == (b"", "fin")
    assert edge.untouched


def test_R30_slow_request_head_gets_408() -> None:
    """A head that does not end within 15 s is answered and closed."""
    edge = Playbook()
    client = edge.client()
    client >> b"GET / HT"
    edge.wait(14)
    assert client.received == b""
    edge.wait(3)
    reply = client.reply()
    assert (reply.status, reply.code, client.end) == (408, "head-timeout", "fin")
    assert edge.record["ending"] == "client-slow"
    client.fin()
    edge.nothing_left()


def test_R30_client_that_reads_nothing_is_closed_in_the_end() -> None:
    """An answer that nobody takes does not hold a connection for ever."""
    edge = Playbook()
    client = edge.client().stall()
    client >> b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4000
    edge.wait(2500)
    assert client.closed
    edge.nothing_left()
