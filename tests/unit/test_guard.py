"""Who may come in, and as what: the guard, asked with whole requests."""

import hmac

import pytest
from hypothesis import given

from localedge.config import Config, Gateway, Secret
from localedge.http.guard import Answer, Forward, Refuse, Verdict, make_guard, split_host
from tests.reading import first_head, read_requests
from tests.rules import judge
from tests.wire_strategies import requests

GATEWAY = Gateway("https", "gateway.test", 443)
ALLOW = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def _ask(start: bytes, *fields: bytes, host: bytes = b"localhost:18080", **config: object) -> Verdict:
    """The verdict on one request."""
    data = b"\r\n".join([start + b" HTTP/1.1", b"Host: " + host, *fields, b"", b""])
    head = first_head(data)
    assert head is not None
    return make_guard(Config(gateway=GATEWAY, **config))(head)  # type: ignore[arg-type]


def _code(verdict: Verdict) -> str | None:
    return verdict.code if type(verdict) is Refuse else None


# -- R02: what may stand for the target

ABSOLUTE = [
    (b"http://localhost:18080/v1/models?a=b", b"/v1/models?a=b"),
    (b"HTTP://LOCALHOST:18080/v1/models", b"/v1/models"),
    (b"https://localhost:18080/", b"/"),
    (b"http://localhost:18080", b"/"),
    (b"http://localhost:18080?a=b", b"/?a=b"),
    (b"http://localhost:18080//v1//x/../y", b"//v1//x/../y"),
]


@pytest.mark.parametrize(("target", "origin_form"), ABSOLUTE)
def test_R02_absolute_form_for_us_becomes_origin_form(target: bytes, origin_form: bytes) -> None:
    """A full URL whose authority is the Host is forwarded as a path."""
    assert _ask(b"GET " + target) == Forward(origin_form)


@pytest.mark.parametrize(
    "target",
    [
        b"http://localhost/v1",
        b"http://localhost:18081/v1",
        b"http://127.0.0.1:18080/v1",
        b"http://example.com/v1",
        b"http://localhost:18080@example.com/v1",
        b"http://example.com@localhost:18080/v1",
        b"http://me:key@localhost:18080/v1",
        b"http:///v1",
        b"http:/localhost:18080/v1",
        b"http:localhost",
        b"ftp://localhost:18080/v1",
        b"ws://localhost:18080/v1",
        b"localhost:18080",
        b"localhost:18080/v1",
        b"v1/messages",
        b"?a=b",
        b"*",
        b"**",
        b"\\v1",
    ],
)
def test_R02_any_other_target_is_refused(target: bytes) -> None:
    """A target that is neither a path nor a URL of ours is no request for this edge."""
    assert _code(_ask(b"GET " + target)) == "bad-target"


def test_R02_absolute_form_does_not_get_around_the_host() -> None:
    """A URL of somebody else's is refused even when Host agrees with it."""
    verdict = _ask(b"GET http://example.com/v1", host=b"example.com")
    assert _code(verdict) == "host-not-allowed"


@pytest.mark.parametrize("target", [b"example.com:443", b"localhost:18080", b"/", b"*"])
def test_R02_connect_is_refused(target: bytes) -> None:
    """This edge is no general proxy."""
    assert _code(_ask(b"CONNECT " + target)) == "connect-refused"


@pytest.mark.parametrize("target", [b"*", b"http://localhost:18080"])
def test_R02_options_for_the_server_is_answered(target: bytes) -> None:
    """`OPTIONS *` asks the edge itself."""
    assert _ask(b"OPTIONS " + target) == Answer(204, ((b"allow", ALLOW),))


def test_R02_options_for_a_path_is_forwarded() -> None:
    """OPTIONS of a path is the gateway's to answer."""
    assert _ask(b"OPTIONS /v1/messages") == Forward(b"/v1/messages")


# -- R01, R20: Host

OURS = [
    b"localhost",
    b"LocalHost:1",
    b"127.0.0.1",
    b"127.0.0.1:18080",
    b"[::1]",
    b"[::1]:65535",
    b"localhost:",
]


@pytest.mark.parametrize("host", OURS)
def test_R20_loopback_names_pass_with_any_port(host: bytes) -> None:
    """Port maps change the port, so any will do."""
    assert _ask(b"GET /", host=host) == Forward(b"/")


FOREIGN = [
    b"evil.test",
    b"localhost.evil.test",
    b"evil-localhost",
    b"localhost.",
    b"localhost.localdomain",
    b"127.0.0.2",
    b"127.1",
    b"2130706433",
    b"0x7f000001",
    b"0.0.0.0",
    b"127.0.0.1.nip.io",
    b"[::ffff:127.0.0.1]",
    b"[::]",
    b"host.docker.internal",
    b"gateway.test",
    b"%6cocalhost",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_R20_foreign_host_is_refused(host: bytes) -> None:
    """A name that a web page's DNS may point here is not ours."""
    verdict = _ask(b"GET /", host=host + b":18080")
    assert verdict == Refuse("host-not-allowed", (("host", host.decode() + ":18080"),))


def test_R20_allowed_hosts_pass_whatever_their_case() -> None:
    """Containers reach the edge as host.docker.internal, once that is allowed."""
    allowed = ("host.docker.internal",)
    assert _ask(b"GET /", host=b"Host.Docker.Internal:18080", allowed_hosts=allowed) == Forward(b"/")
    assert _code(_ask(b"GET /", host=b"x.host.docker.internal", allowed_hosts=allowed)) == "host-not-allowed"


def test_R20_address_that_is_listened_on_passes() -> None:
    """A configured listening address is a name of ours; "everywhere" is no name."""
    config = Config(gateway=GATEWAY, host="192.0.2.7")
    head = first_head(b"GET / HTTP/1.1\r\nHost: 192.0.2.7:18080\r\n\r\n")
    assert head is not None
    assert make_guard(config)(head) == Forward(b"/")
    head = first_head(b"GET / HTTP/1.1\r\nHost: 0.0.0.0:18080\r\n\r\n")
    assert head is not None
    assert _code(make_guard(Config(gateway=GATEWAY, host="0.0.0.0"))(head)) == "host-not-allowed"


def test_R20_mapped_names_pass() -> None:
    """The names of the HTTPS mapping are ours."""
    head = first_head(b"GET / HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n")
    assert head is not None
    assert make_guard(Config(gateway=GATEWAY), frozenset({b"api.anthropic.com"}))(head) == Forward(b"/")
    assert _code(make_guard(Config(gateway=GATEWAY))(head)) == "host-not-allowed"


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"A.b:80", (b"a.b", b"80")),
        (b"[FE80::1]", (b"[fe80::1]", b"")),
        (b"a:", (b"a", b"")),
        (b"a:00080", (b"a", b"00080")),
        (b"a:65536", None),
        (b"a b", None),
        (b"a\n", None),
        (b"a@b", None),
    ],
)
def test_R01_host_is_taken_apart(value: bytes, parts: tuple[bytes, bytes] | None) -> None:
    """A Host is a name or an address, and perhaps a port."""
    assert split_host(value) == parts


# -- R21: web pages

PAGES = [
    (b"Origin: https://evil.test",),
    (b"Origin: null",),
    (b"Origin:",),
    (b"Origin: http://localhost:18080",),
    (b"Origin: https://good.test.evil.test",),
    (b"Origin: https://good.test:444",),
    (b"Origin: http://good.test",),
    (b"Origin: https://good.test", b"Origin: https://evil.test"),
    (b"Origin: https://good.test, https://good.test",),
    (b"origin:\thttps://evil.test \t",),
    (b"Sec-Fetch-Site: cross-site",),
    (b"Sec-Fetch-Site: same-site",),
    (b"sec-fetch-site:\tCross-Site\t",),
    (b"Sec-Fetch-Site: cross-site", b"Sec-Fetch-Mode: navigate"),
    (b"Sec-Fetch-Site: none", b"Sec-Fetch-Site: cross-site"),
    (b"Sec-Fetch-Site: none", b"Origin: https://evil.test"),
    (b"Sec-Fetch-Site: same-origin", b"Origin: https://evil.test"),
    (b"Origin: https://evil.test", b"Connection: Upgrade", b"Upgrade: websocket"),
]


@pytest.mark.parametrize("fields", PAGES)
@pytest.mark.parametrize("start", [b"GET /v1/models", b"POST /v1/messages", b"HEAD /", b"OPTIONS *"])
def test_R21_web_pages_are_refused(fields: tuple[bytes, ...], start: bytes) -> None:
    """What a page caused carries an Origin or says that it crosses sites."""
    verdict = _ask(start, *fields, allowed_origins=("https://good.test",))
    assert _code(verdict) == "web-origin-refused"


@pytest.mark.parametrize("fields", PAGES[:4])
def test_R21_preflight_of_a_foreign_page_is_refused(fields: tuple[bytes, ...]) -> None:
    """A refused page gets no CORS field."""
    verdict = _ask(b"OPTIONS /v1/messages", *fields, b"Access-Control-Request-Method: POST")
    assert _code(verdict) == "web-origin-refused"


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (b"Sec-Fetch-Site: none",),
        (b"Sec-Fetch-Site: none", b"Sec-Fetch-Mode: no-cors", b"Sec-Fetch-Dest: empty"),
        (b"Sec-Fetch-Site: none", b"Sec-Fetch-Mode: navigate"),
        (b"Sec-Fetch-Site: same-origin",),
        (b"Referer: https://evil.test/",),
    ],
)
def test_R21_requests_that_no_page_caused_pass(fields: tuple[bytes, ...]) -> None:
    """The address bar, Electron's network stack and programs may come in."""
    assert _ask(b"GET /v1/models", *fields) == Forward(b"/v1/models")


def test_R21_allowed_page_passes_and_is_known() -> None:
    """A page of an allowed origin may use the edge, across sites too."""
    fields = (b"Origin: https://good.test", b"Sec-Fetch-Site: cross-site")
    verdict = _ask(b"POST /v1/messages", *fields, allowed_origins=("https://good.test",))
    assert verdict == Forward(b"/v1/messages", b"https://good.test")


def test_R21_preflight_of_an_allowed_page_is_answered() -> None:
    """The edge answers preflights for allowed origins, and never with a star."""
    verdict = _ask(
        b"OPTIONS /v1/messages",
        b"Origin: https://good.test",
        b"Access-Control-Request-Method: POST",
        b"Access-Control-Request-Headers: x-api-key,content-type",
        b"Access-Control-Request-Private-Network: true",
        allowed_origins=("https://good.test",),
    )
    assert type(verdict) is Answer and verdict.status == 204
    assert dict(verdict.fields) == {
        b"access-control-allow-origin": b"https://good.test",
        b"access-control-allow-methods": b"POST",
        b"access-control-allow-headers": b"x-api-key,content-type",
        b"access-control-allow-private-network": b"true",
        b"access-control-max-age": b"600",
        b"vary": b"Origin",
    }


# -- R22: the client token

TOKEN = "tok-3f9"


@pytest.mark.parametrize(
    "field",
    [
        b"x-localedge-token: tok-3f9",
        b"X-Api-Key: tok-3f9",
        b"Authorization: Bearer tok-3f9",
        b"authorization: BEARER tok-3f9",
    ],
)
def test_R22_client_token_lets_in(field: bytes) -> None:
    """The token may stand in its own field or where clients put their key."""
    assert _ask(b"GET /", field, client_token=Secret(TOKEN)) == Forward(b"/")


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (b"x-localedge-token:",),
        (b"x-localedge-token: tok-3f",),
        (b"x-localedge-token: tok-3f9x",),
        (b"x-localedge-token: TOK-3F9",),
        (b"x-localedge-token: tok-3f9, tok-3f9",),
        (b"x-localedge-token: tok-3f9", b"x-localedge-token: x"),
        (b"Authorization: tok-3f9",),
        (b"Authorization: Basic tok-3f9",),
        (b"Cookie: tok-3f9",),
        (b"x-api-key: \xff",),
    ],
)
@pytest.mark.parametrize("start", [b"GET /v1/models", b"HEAD /", b"HEAD /api/hello", b"OPTIONS *"])
def test_R22_without_the_token_nobody_comes_in(fields: tuple[bytes, ...], start: bytes) -> None:
    """Every request needs the token, those that the edge answers itself too."""
    assert _code(_ask(start, *fields, client_token=Secret(TOKEN))) == "client-token-missing"


def test_R22_every_candidate_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time tells nothing: each place a token may stand in is compared, whichever fits."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(offered: bytes, token: bytes) -> bool:
        compared.append((offered, token))
        return offered == token

    monkeypatch.setattr(hmac, "compare_digest", compare)
    fields = (b"x-localedge-token: tok-3f9", b"x-api-key: a", b"Authorization: Bearer b")
    assert type(_ask(b"GET /", *fields, client_token=Secret(TOKEN))) is Forward
    assert sorted(compared) == [(b"a", b"tok-3f9"), (b"b", b"tok-3f9"), (b"tok-3f9", b"tok-3f9")]


# -- R41: probes


@pytest.mark.parametrize(
    "target", [b"/", b"/api/hello", b"http://localhost:18080", b"http://localhost:18080/api/hello"]
)
def test_R41_probes_are_answered_here(target: bytes) -> None:
    """HEAD of / and of /api/hello is answered without the gateway, by whom it says."""
    assert _ask(b"HEAD " + target) == Answer(200, ((b"server", b"localedge"),))


@pytest.mark.parametrize(
    "start", [b"GET /", b"GET /api/hello", b"HEAD /?x", b"HEAD /api/hello/", b"HEAD /v1/models", b"head /"]
)
def test_R41_everything_else_is_the_gateways(start: bytes) -> None:
    """Only the probes themselves are kept back."""
    assert type(_ask(start)) is Forward


# -- the order


def test_R20_host_is_judged_before_the_page_and_the_page_before_the_token() -> None:
    """What is not HTTP is told first, then whose name it is, then who asks, then with what."""
    evil = b"Origin: https://evil.test"
    token = Secret(TOKEN)
    assert _code(_ask(b"GET x", evil, host=b"evil.test", client_token=token)) == "bad-target"
    assert _code(_ask(b"GET /", evil, host=b"evil.test", client_token=token)) == "host-not-allowed"
    assert _code(_ask(b"GET /", evil, client_token=token)) == "web-origin-refused"
    assert _code(_ask(b"GET /", client_token=token)) == "client-token-missing"


@given(requests())
def test_R20_R21_what_is_forwarded_breaks_no_rule(data: bytes) -> None:
    """Whatever the reader and the guard let through, the rules written down a second time let through too."""
    events, head = read_requests([data]).events, first_head(data)
    if head is None:
        return
    verdict = make_guard(Config(gateway=GATEWAY, allowed_origins=("https://good.test",)))(head)
    fate = judge(data, origins=(b"https://good.test",))[0]
    if type(verdict) is Forward:
        # the body may break rules of its own, behind this head
        assert fate.fate in ("forward", "wait") or len(events) < 3
        if fate.fate == "forward" and not verdict.target.startswith((b"//v1/", b"/v1/v1/")):
            assert (fate.method, fate.target) == (head.method, verdict.target)
    elif type(verdict) is Answer:
        assert fate.fate == "answer"
    elif fate.fate != "wait":
        assert fate.fate == "refuse"
