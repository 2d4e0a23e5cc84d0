"""What the gateway gets to see: paths, fields, Via, and the loop (R10-R13, R19)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.config import Gateway
from tests.phrases import OK, answer, ask, asked, exchanged, lines, post
from tests.playbook import VIA, Playbook


@pytest.mark.parametrize(
    ("base", "target", "expected"),
    [
        ("", b"/v1/messages?beta=true", b"/v1/messages?beta=true"),
        ("", b"//v1/messages", b"/v1/messages"),
        ("", b"/v1/v1/messages", b"/v1/messages"),
        ("", b"/a%2fb/../c/./%7e?q=%20+&&=", b"/a%2fb/../c/./%7e?q=%20+&&="),
        ("/claude", b"//v1/messages", b"/claude/v1/messages"),
        ("/claude/v1", b"/v1/messages", b"/claude/v1/messages"),
        ("/claude/v1", b"/v1/v1/models", b"/claude/v1/models"),
    ],
)
def test_R11_paths_are_folded_and_based_and_otherwise_left_alone(
    base: str, target: bytes, expected: bytes
) -> None:
    """A base URL with or without `/v1` reaches the same place (R11)."""
    edge = Playbook(Gateway("http", "192.0.2.1", 8000, base))
    client = edge.client()
    client >> ask(b"GET " + target)
    gateway = edge.gateway()
    assert gateway.take().startswith(b"GET " + expected + b" HTTP/1.1\r\nHost: 192.0.2.1:8000\r\n")


@pytest.mark.parametrize(
    "status", [b"301 Moved Permanently", b"307 Temporary Redirect", b"308 Permanent Redirect"]
)
def test_R11_redirects_are_passed_on(status: bytes) -> None:
    """A redirect is the client's to judge (R11)."""
    edge = Playbook()
    redirect = answer(status, b"Location: http://elsewhere.test/v1/models")
    client, _ = exchanged(edge, ask(), redirect)
    client << redirect
    assert edge.attempts == []


ERRORS = [b"400 Bad Request", b"401 Unauthorized", b"404 Not Found", b"429 Too Many Requests"]
ERRORS += [b"500 Internal Server Error", b"529 Site Is Overloaded", b"599 What"]


@pytest.mark.parametrize("status", ERRORS)
def test_R12_errors_of_the_gateway_pass_unmodified(status: bytes) -> None:
    """Clients match on the wording of errors: status, reason, fields and body stay (R12)."""
    edge = Playbook()
    body = b'{"type": "error", "error": {"type": "x", "message": "prompt is too long: 9 tokens > 8 maximum"}}'
    wire = answer(status, b"retry-after: 7", b"x-should-retry: true", b"request-id: req_1", body=body)
    client, _ = exchanged(edge, post(b"prompt"), wire)
    client << wire


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd"])
def test_R11_compressed_bodies_pass_as_they_are(coding: bytes) -> None:
    """Nothing is decompressed or recompressed (R11)."""
    edge = Playbook()
    wire = answer(b"200 OK", b"Content-Encoding: " + coding, b"Vary: Accept-Encoding", body=bytes(range(256)))
    client, _ = exchanged(edge, ask(b"GET /", b"Accept-Encoding: " + coding), wire)
    client << wire


field_names = st.from_regex(rb"[Xx]-[A-Za-z0-9-]{1,12}", fullmatch=True)
field_values = st.from_regex(rb"[!-~\x80-\xff]([ -~\x80-\xff]{0,20}[!-~\x80-\xff])?", fullmatch=True)
some_fields = st.lists(st.builds(lambda n, v: n + b": " + v, field_names, field_values), max_size=12)


@given(some_fields, st.binary(max_size=300), some_fields, st.binary(max_size=300))
def test_R11_both_directions_byte_for_byte(
    fields: list[bytes], body: bytes, back: list[bytes], reply: bytes
) -> None:
    """Whatever fields and bodies are made of, they arrive as they were sent (R11)."""
    edge = Playbook()
    size = b"Content-Length: %d" % len(body)
    client = edge.client()
    client >> ask(b"POST /v1/messages", size, *fields, body=body)
    gateway = edge.gateway()
    gateway << asked(b"POST /v1/messages", size, *fields, body=body)
    wire = answer(b"200 OK", *back, body=reply)
    gateway >> wire
    client << wire


@given(st.lists(st.integers(1, 40), max_size=30))
def test_R11_R13_how_bytes_are_cut_changes_nothing(cuts: list[int]) -> None:
    """Packets may be cut anywhere: the same bytes arrive at either end (R11)."""
    edge = Playbook()
    body = b"prompt " * 20
    client = edge.client()
    for piece in pieces(post(body, b"anthropic-beta: a,b"), cuts):
        client >> piece
    gateway = edge.gateway()
    received = gateway.take()
    head = b"POST /v1/messages HTTP/1.1\r\nHost: gateway.test\r\n"
    assert received == head + lines(b"Content-Length: 140", b"anthropic-beta: a,b") + VIA + b"\r\n" + body
    wire = answer(b"200 OK", b"request-id: r", body=b"answer " * 20)
    for piece in pieces(wire, cuts):
        gateway >> piece
    client << wire
    assert edge.record["ending"] == "ok"


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces of these sizes, and the rest."""
    found = []
    for size in cuts:
        found.append(data[:size])
        data = data[size:]
    return [piece for piece in [*found, data] if piece]


def test_R13_the_head_goes_out_before_the_body() -> None:
    """The client sees status and fields as soon as the gateway sent them, and each byte as it comes (R13)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask())
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    client << b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    for event in (b"event: ping\n\n", b"data: {}\n\n", b":"):
        gateway >> b"%x\r\n%b\r\n" % (len(event), event)
        client << b"%x\r\n%b\r\n" % (len(event), event)


def test_R13_an_upload_is_forwarded_as_it_arrives() -> None:
    """The gateway sees each byte of a prompt when the edge does (R13)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(length=3))
    for byte in (b"a", b"b", b"c"):
        client >> byte
        gateway << byte


def test_R13_R23_the_log_has_neither_query_nor_body() -> None:
    """No prompt, no answer, no key and no query is ever logged (R13, R23)."""
    edge = Playbook()
    request = ask(b"POST /v1/messages?key=hush", b"x-api-key: hush", b"Content-Length: 4", body=b"hush")
    client, _ = exchanged(edge, request, answer(b"401 Unauthorized", b"x-hush: hush", body=b"hush"))
    client.take()
    assert edge.record["path"] == "/v1/messages"
    assert "hush" not in "".join(edge.log)


def test_R19_a_request_that_comes_back_is_508() -> None:
    """An upstream that points back at the edge is told so, instead of going round for ever (R19)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask())
    client.fin()
    back = edge.client()
    back >> ask(b"GET /v1/models", VIA.strip())
    reply = back.reply()
    assert (reply.status, reply.code) == (508, "loop")
    assert reply.field(b"x-should-retry") == b"false"
    assert edge.attempts == []
    assert gateway.closed


def test_R19_other_proxies_and_forwarded_fields_are_left_alone() -> None:
    """`Via` of others stays in front of ours; `X-Forwarded-*` is neither added nor removed (R19)."""
    edge = Playbook()
    fields = (b"Via: 1.1 localedge-other", b"X-Forwarded-For: 10.0.0.1", b"Forwarded: for=_x")
    client = edge.client()
    client >> ask(b"GET /", *fields)
    edge.gateway() << asked(b"GET /", *fields)


def test_R10_hop_by_hop_fields_stay_on_their_hop() -> None:
    """The gateway sees nothing of the client's connection, the client nothing of the gateway's (R10)."""
    edge = Playbook()
    hop = lines(
        b"Connection: X-Hop, close",
        b"X-Hop: 1",
        b"Keep-Alive: timeout=5",
        b"Proxy-Connection: x",
        b"TE: gzip",
    )
    client = edge.client()
    client >> ask()[:-2] + hop + lines(b"X-End: 1") + b"\r\n"
    gateway = edge.gateway()
    gateway << asked(b"GET /v1/models", b"X-End: 1")
    back = lines(
        b"Connection: X-Hop",
        b"X-Hop: 1",
        b"Keep-Alive: timeout=5",
        b"Proxy-Authenticate: Basic",
        b'Alt-Svc: h3=":1"',
    )
    gateway >> b"HTTP/1.1 200 OK\r\n" + back + lines(b"X-End: 2", b"Content-Length: 0") + b"\r\n"
    (
        client
        << b"HTTP/1.1 200 OK\r\n" + lines(b"X-End: 2", b"Content-Length: 0", b"Connection: close") + b"\r\n"
    )
    assert client.end == "fin"


def test_R10_connection_close_of_the_client_does_not_close_the_gateway() -> None:
    """The pool outlives its clients (R10, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(b"GET /", b"Connection: close"), OK)
    assert client.end == "fin"
    assert gateway.end is None
    other = edge.client()
    other >> ask()
    gateway << asked()
