"""What the edge answers itself, and who is let in, on the wire."""

import json
from typing import Any

import pytest
from twisted.internet.address import IPv6Address

from localedge.config import LogFormat, Secret
from tests.phrases import OK, ask, asked, post
from tests.playbook import Playbook

# -- R41


@pytest.mark.parametrize("target", [b"/", b"/api/hello"])
def test_R41_start_up_probe_is_answered_without_the_gateway(target: bytes) -> None:
    """Claude's first request finds somebody at home, whatever the gateway does."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"HEAD " + target)
    client << b"HTTP/1.1 200 OK\r\nserver: localedge\r\ncontent-length: 0\r\n\r\n"
    assert edge.untouched and client.end is None
    assert (edge.record["status"], edge.record["ending"]) == (200, "answered")
    client >> ask()
    edge.gateway() << asked()


def test_R41_get_of_the_same_paths_is_forwarded() -> None:
    """Only HEAD is a probe."""
    edge = Playbook()
    edge.client() >> ask(b"GET /api/hello")
    edge.gateway() << asked(b"GET /api/hello")


def test_R41_probe_may_ask_to_close() -> None:
    """`Connection: close` is obeyed."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"HEAD /", b"Connection: close")
    client << b"HTTP/1.1 200 OK\r\nserver: localedge\r\ncontent-length: 0\r\nConnection: close\r\n\r\n"
    assert client.end == "fin" and client.closed


# -- R20, R21, R22

REFUSED = [
    ("foreign Host", b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421, "host-not-allowed", "evil.test"),
    ("page", ask(b"GET /", b"Origin: https://evil.test"), 403, "web-origin-refused", "https://evil.test"),
    ("sandboxed page", ask(b"GET /", b"Origin: null"), 403, "web-origin-refused", "null"),
    ("image", ask(b"GET /", b"Sec-Fetch-Site: cross-site"), 403, "web-origin-refused", "page"),
    ("other port", ask(b"GET /", b"Sec-Fetch-Site: same-site"), 403, "web-origin-refused", "page"),
    ("form", post(b"a=b", b"Origin: https://evil.test"), 403, "web-origin-refused", "https://evil.test"),
    (
        "preflight",
        ask(b"OPTIONS /v1/messages", b"Origin: https://evil.test", b"Access-Control-Request-Method: POST"),
        403,
        "web-origin-refused",
        "https://evil.test",
    ),
    (
        "web socket",
        ask(b"GET /", b"Connection: Upgrade", b"Upgrade: websocket", b"Origin: https://evil.test"),
        403,
        "web-origin-refused",
        "https://evil.test",
    ),
    ("probe of a page", ask(b"HEAD /", b"Origin: https://evil.test"), 403, "web-origin-refused", ""),
]


@pytest.mark.parametrize(("data", "status", "code", "says"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED])
def test_R20_R21_strangers_are_refused(data: bytes, status: int, code: str, says: str) -> None:
    """DNS rebinding and web pages get no further than this, and no CORS field lets a page read the answer."""
    edge = Playbook()
    client = edge.client()
    client >> data
    reply = client.reply(head=data.startswith(b"HEAD"))
    assert (reply.status, reply.code) == (status, code)
    if says:
        assert says in reply.message
    assert not any(name.lower().startswith(b"access-control-") for name, _ in reply.fields)
    assert (client.received, client.end) == (b"", "fin") and edge.untouched
    assert edge.record["ending"] == "refused"


def test_R21_allowed_page_may_read_its_answers() -> None:
    """An allowed origin is named in the answer, unless the gateway has done so itself; never a star."""
    edge = Playbook(allowed_origins=("https://good.test",))
    client = edge.client()
    client >> ask(b"GET /", b"Origin: https://good.test")
    gateway = edge.gateway()
    gateway << asked(b"GET /", b"Origin: https://good.test")
    gateway >> OK
    reply = client.reply()
    assert reply.field(b"access-control-allow-origin") == b"https://good.test"
    assert reply.field(b"vary") == b"Origin"
    client >> ask(b"GET /", b"Origin: https://good.test")
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAccess-Control-Allow-Origin: x\r\n\r\n"
    assert client.reply().field(b"access-control-allow-origin") == b"x"


def test_R21_preflight_of_an_allowed_page_is_answered() -> None:
    """The gateway is not asked, and the connection goes on."""
    edge = Playbook(allowed_origins=("https://good.test",))
    client = edge.client()
    client >> ask(b"OPTIONS /v1", b"Origin: https://good.test", b"Access-Control-Request-Method: POST")
    reply = client.reply()
    assert reply.status == 204
    assert reply.field(b"access-control-allow-origin") == b"https://good.test"
    assert reply.field(b"content-length") is None
    assert edge.untouched and client.end is None
    assert edge.record["ending"] == "answered"


def test_R22_token_is_asked_for_and_not_passed_on() -> None:
    """A listener beyond loopback wants its token with every request; the gateway never sees the field."""
    edge = Playbook(client_token=Secret("tok-3f9"))
    client = edge.client()
    client >> ask()
    reply = client.reply()
    assert (reply.status, reply.code, reply.kind) == (401, "client-token-missing", "authentication_error")
    assert "tok-3f9" not in reply.message
    client = edge.client()
    client >> ask(b"GET /v1/models", b"X-LocalEdge-Token: tok-3f9", b"X-Api-Key: sk-1")
    edge.gateway() << asked(b"GET /v1/models", b"X-Api-Key: sk-1")


def test_R40_error_in_answer_to_head_has_no_body() -> None:
    """A HEAD gets the head that a GET would have got, and not a byte more (RFC 9110 9.3.2)."""
    edge = Playbook()
    heads = []
    for method in (b"GET", b"HEAD"):
        client = edge.client()
        client >> method + b" / HTTP/1.1\r\nHost: evil.test\r\n\r\n"
        heads.append(client.received.partition(b"\r\n\r\n")[0])
        reply = client.reply(head=method == b"HEAD")
        assert (reply.status, client.received) == (421, b"")
    assert heads[0] == heads[1]


# -- R44

HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(190)
ALERT = b"\x15\x03\x01\x00\x02\x02\x28"


@pytest.mark.parametrize("pieces", [(HELLO,), (HELLO[:1], HELLO[1:]), (HELLO[:5], HELLO[5:100], HELLO[100:])])
def test_R44_tls_on_the_plain_port_gets_an_alert_and_a_line_in_the_log(pieces: tuple[bytes, ...]) -> None:
    """Who typed https:// gets a TLS alert, and the log says what to type."""
    edge = Playbook(log_format=LogFormat.TEXT)
    client = edge.client()
    for piece in pieces:
        client >> piece
    client << ALERT
    assert client.end == "fin"
    (line,) = edge.log
    assert "http://127.0.0.1:18080" in line and "http://" in line
    assert edge.untouched
    client.fin()
    edge.nothing_left()


def test_R44_the_log_speaks_the_users_language() -> None:
    """In Chinese where that is configured."""
    edge = Playbook(lang="zh")
    edge.client() >> HELLO
    line = json.loads(edge.log[0])["message"]
    assert "明文" in line and "http://127.0.0.1:18080" in line


def test_R44_address_of_an_ipv6_listener_is_written_in_brackets() -> None:
    """The URL can be pasted."""
    edge = Playbook(host="::")
    client = edge.client()
    transport: Any = client.transport
    transport.getHost = lambda: IPv6Address("TCP", "::1", 18080)
    client >> HELLO
    assert "http://[::1]:18080" in edge.log[0]


def test_R44_port_is_the_one_listened_on() -> None:
    """With `port = 0` the system chose another."""
    edge = Playbook(port=0)
    edge.client() >> HELLO
    assert "http://127.0.0.1:18080" in edge.log[0]
