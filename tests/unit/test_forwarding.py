"""What changes in a head on its way through, and that nothing else does."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.http.forwarding import (
    HOP_BY_HOP,
    Route,
    accepts_trailers,
    fold_path,
    gateway_target,
    passed_here,
    persistent,
    relayed_trailers,
    to_client,
    to_gateway,
    wants_websocket,
)
from localedge.http.framing import Body
from localedge.http.head import Fields, RequestHead, ResponseHead, combine

ROUTE = Route(authority=b"gateway.test:8000", instance=b"abc")


def request(
    *fields: tuple[bytes, bytes], method: bytes = b"GET", target: bytes = b"/", version: bytes = b"1.1"
) -> RequestHead:
    """A request head from 127.0.0.1."""
    every = ((b"Host", b"127.0.0.1:18080"), *fields)
    return RequestHead(method, target, version, every, combine(every))


def response(*fields: tuple[bytes, bytes], status: int = 200) -> ResponseHead:
    """A response head."""
    return ResponseHead(status, b"OK", fields, b"1.1", combine(fields))


def sent(
    head: RequestHead, body: Body = Body.NONE, route: Route = ROUTE, *, websocket: bool = False
) -> list[bytes]:
    """The lines of the head as the gateway gets them, start line first, the empty line left out."""
    wire = to_gateway(head, head.target, body, route, websocket=websocket)
    assert wire.endswith(b"\r\n\r\n")
    return wire[:-4].split(b"\r\n")


token = st.from_regex(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,24}", fullmatch=True)
value = st.from_regex(
    rb"([\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]{0,30}[\x21-\x7e\x80-\xff])?)?", fullmatch=True
)
fields = st.lists(st.tuples(token, value), max_size=20).map(tuple)
KEPT_OUT = HOP_BY_HOP | {b"host", b"expect", b"x-localedge-token"}


# -- R10


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_R10_hop_by_hop_fields_go_in_neither_direction(name: bytes) -> None:
    """A field that speaks of one connection only stays on that connection (R10)."""
    spelled = name.title()
    assert not any(line.lower().startswith(name + b":") for line in sent(request((spelled, b"x"))))
    assert to_client(response((spelled, b"x"), (b"X-Kept", b"y"))) == ((b"X-Kept", b"y"),)


def test_R10_fields_named_by_connection_are_dropped_in_both_directions() -> None:
    """What `Connection` names is meant for the next hop and goes no further (R10)."""
    head = request(
        (b"Connection", b"close, X-Secret"), (b"x-secret", b"1"), (b"X-SECRET", b"2"), (b"x-open", b"3")
    )
    assert sent(head)[1:] == [b"Host: gateway.test:8000", b"x-open: 3", b"Via: 1.1 localedge-abc"]
    answer = response(
        (b"Connection", b"keep-alive"), (b"connection", b"X-Hop"), (b"X-Hop", b"1"), (b"X-End", b"2")
    )
    assert to_client(answer) == ((b"X-End", b"2"),)


def test_R10_connection_cannot_take_away_the_frame() -> None:
    """`Connection: host, content-length` does not unframe a message (R10)."""
    head = request((b"Connection", b"Host, Content-Length"), (b"Content-Length", b"3"), method=b"POST")
    assert sent(head, Body.LENGTH)[1:3] == [b"Host: gateway.test:8000", b"Content-Length: 3"]
    head = request((b"Connection", b"transfer-encoding"), (b"Transfer-Encoding", b"chunked"), method=b"POST")
    assert b"Transfer-Encoding: chunked" in sent(head, Body.CHUNKED)


def test_R10_alt_svc_of_the_gateway_is_not_passed_on() -> None:
    """The gateway cannot send the client around the edge with `Alt-Svc` (R10)."""
    assert to_client(response((b"Alt-Svc", b'h3=":443"'), (b"Server", b"x"))) == ((b"Server", b"x"),)


def test_R10_te_trailers_is_made_anew() -> None:
    """A client that takes trailers is announced to the gateway by the edge's own `TE` (R10, R17)."""
    lines = sent(request((b"te", b"gzip;q=0.5, Trailers"), (b"Connection", b"te")))
    assert lines[-3:] == [b"TE: trailers", b"Connection: TE", b"Via: 1.1 localedge-abc"]
    assert b"TE: trailers" not in sent(request((b"TE", b"gzip")))
    assert b"Connection: TE" not in sent(request())


def test_R10_trailer_is_announced_only_where_trailers_follow() -> None:
    """`Trailer` goes along where trailers are relayed, and nowhere else (R10, R17)."""
    head = request((b"Trailer", b"X-Sum"), (b"Transfer-Encoding", b"chunked"), method=b"POST")
    assert b"Trailer: X-Sum" in sent(head, Body.CHUNKED)
    assert b"Trailer: X-Sum" not in sent(request((b"Trailer", b"X-Sum")))
    answer = response((b"Trailer", b"X-Sum"))
    assert to_client(answer) == ()
    assert to_client(answer, trailers=True) == ((b"Trailer", b"X-Sum"),)


# -- R11, R12


@given(fields)
def test_R11_R12_request_fields_pass_byte_for_byte(extra: Fields) -> None:
    """Order, case, duplicates and values of all other fields reach the gateway unchanged (R11, R12)."""
    extra = tuple(field for field in extra if field[0].lower() not in KEPT_OUT)
    lines = sent(request(*extra))
    assert lines[1] == b"Host: gateway.test:8000"
    assert lines[2:-1] == [b"%b: %b" % field for field in extra]


@given(fields)
def test_R11_R12_response_fields_pass_byte_for_byte(extra: Fields) -> None:
    """Order, case, duplicates and values of all other fields reach the client unchanged (R11, R12)."""
    extra = tuple(field for field in extra if field[0].lower() not in KEPT_OUT | {b"alt-svc"})
    assert to_client(response(*extra)) == extra


def test_R11_host_becomes_the_gateways_in_its_place() -> None:
    """`Host` names the gateway; its place and its case stay the client's (R11)."""
    every = ((b"A", b"1"), (b"hOST", b"localhost"), (b"B", b"2"))
    head = RequestHead(b"GET", b"/", b"1.1", every, combine(every))
    assert sent(head)[1:4] == [b"A: 1", b"hOST: gateway.test:8000", b"B: 2"]


@pytest.mark.parametrize(
    ("target", "folded"),
    [
        (b"//v1/messages", b"/v1/messages"),
        (b"/v1/v1/messages?beta=true", b"/v1/messages?beta=true"),
        (b"//v1/v1/messages", b"/v1/messages"),
        (b"/v1/messages", b"/v1/messages"),
        (b"/v1/v10/x", b"/v1/v10/x"),
        (b"/v1", b"/v1"),
        (b"//other", b"//other"),
        (b"/a//v1/messages", b"/a//v1/messages"),
        (b"/v1/messages/v1/v1/", b"/v1/messages/v1/v1/"),
        (b"/v1/../%2e%2E/./a%zz?q=//v1/v1/", b"/v1/../%2e%2E/./a%zz?q=//v1/v1/"),
        (b"/", b"/"),
    ],
)
def test_R11_only_the_doubled_start_of_a_path_is_folded(target: bytes, folded: bytes) -> None:
    """A base URL that ends in `/` or `/v1` works; nothing else about a path is touched (R11)."""
    assert fold_path(target) == folded


@pytest.mark.parametrize(
    ("base", "target", "expected"),
    [
        (b"", b"/v1/messages", b"/v1/messages"),
        (b"/proxy/claude", b"/v1/messages?x=%2F", b"/proxy/claude/v1/messages?x=%2F"),
        (b"/proxy/claude", b"//v1/messages", b"/proxy/claude/v1/messages"),
        (b"/proxy/v1", b"/v1/messages", b"/proxy/v1/messages"),
        (b"/proxy/v1", b"/v1/v1/messages", b"/proxy/v1/messages"),
        (b"/proxy/v1", b"/healthz", b"/proxy/v1/healthz"),
    ],
)
def test_R11_base_path_is_put_in_front(base: bytes, target: bytes, expected: bytes) -> None:
    """The gateway's base path stands in front of every path, without doubling `/v1` (R11)."""
    assert gateway_target(target, base) == expected


@given(st.from_regex(rb"/[\x21\x22\x24-\x7e]{0,60}", fullmatch=True))
def test_R11_any_other_target_passes_unchanged(target: bytes) -> None:
    """No percent re-encoding, no dot-segment folding, whatever stands in path and query (R11)."""
    if not target.startswith((b"//v1/", b"/v1/v1/")):
        assert sent(request(target=target))[0] == b"GET %b HTTP/1.1" % target


def test_R11_a_client_of_http_1_0_is_forwarded_as_http_1_1() -> None:
    """The edge speaks its own version; `Expect`, which HTTP/1.0 has not, stays here (R08, R11)."""
    lines = sent(request((b"Expect", b"100-continue"), (b"A", b"1"), version=b"1.0"))
    assert lines[0] == b"GET / HTTP/1.1"
    assert lines[2] == b"A: 1"


def test_R12_open_lists_of_fields_are_never_filtered() -> None:
    """Fields of clients, known or not, reach the gateway (R12)."""
    extra = (
        (b"anthropic-beta", b"a,b"),
        (b"anthropic-new-thing", b"1"),
        (b"x-claude-code-session-id", b"2"),
        (b"X-Stainless-Retry-Count", b"0"),
        (b"X-Forwarded-For", b"10.0.0.1"),
        (b"x-never-heard-of", b""),
    )
    assert sent(request(*extra))[2:-1] == [b"%b: %b" % field for field in extra]


def test_R22_R23_the_edges_own_token_is_not_given_to_the_gateway() -> None:
    """The client token is between client and edge (R22, R23)."""
    assert not any(b"sesame" in line for line in sent(request((b"X-Localedge-Token", b"sesame"))))


# -- R17, R18, R19, R24


@pytest.mark.parametrize(
    ("te", "wanted"),
    [
        (b"trailers", True),
        (b"Trailers", True),
        (b"gzip, trailers;q=1", True),
        (b"gzip", False),
        (b"xtrailers", False),
    ],
)
def test_R17_trailers_are_wanted_by_those_who_say_so(te: bytes, wanted: bool) -> None:
    """Trailers go to clients that asked for them with `TE: trailers` (R17)."""
    assert accepts_trailers(request((b"TE", te))) is wanted
    assert accepts_trailers(request()) is False


def test_R17_trailers_never_carry_what_belongs_into_the_head() -> None:
    """A field that frames, routes or authenticates is not smuggled in behind the body (R17)."""
    kept = ((b"X-Sum", b"1"), (b"server-timing", b"x"), (b"X-Sum", b"2"))
    wrong = tuple(
        (name, b"x") for name in (b"Content-Length", b"Transfer-Encoding", b"Host", b"Set-Cookie", b"TE")
    )
    assert relayed_trailers(kept + wrong) == kept


@pytest.mark.parametrize(
    ("method", "version", "body", "upgrade", "connection", "wanted"),
    [
        (b"GET", b"1.1", Body.NONE, b"websocket", b"Upgrade", True),
        (b"GET", b"1.1", Body.NONE, b"WebSocket", b"keep-alive, upgrade", True),
        (b"GET", b"1.1", Body.NONE, b"websocket", b"keep-alive", False),
        (b"GET", b"1.1", Body.NONE, b"h2c", b"Upgrade", False),
        (b"GET", b"1.1", Body.NONE, b"websocket, h2c", b"Upgrade", False),
        (b"GET", b"1.1", Body.LENGTH, b"websocket", b"Upgrade", False),
        (b"POST", b"1.1", Body.NONE, b"websocket", b"Upgrade", False),
        (b"GET", b"1.0", Body.NONE, b"websocket", b"Upgrade", False),
    ],
)
def test_R18_only_a_bodyless_get_can_become_a_websocket(
    method: bytes,
    version: bytes,
    body: Body,
    upgrade: bytes,
    connection: bytes,
    wanted: bool,
) -> None:
    """Whatever else asks for an upgrade is an ordinary request (R18)."""
    head = request((b"Upgrade", upgrade), (b"Connection", connection), method=method, version=version)
    assert wants_websocket(head, body) is wanted


def test_R18_a_websocket_request_goes_on_as_one() -> None:
    """The upgrade is asked for anew, and the WebSocket's own fields pass (R18)."""
    head = request(
        (b"Connection", b"keep-alive, Upgrade"), (b"Upgrade", b"websocket"), (b"Sec-WebSocket-Key", b"dGhl")
    )
    lines = sent(head, websocket=True)
    assert lines[2:] == [
        b"Sec-WebSocket-Key: dGhl",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Via: 1.1 localedge-abc",
    ]


def test_R19_via_is_added_behind_those_of_others() -> None:
    """Every proxy on the way is listed, in order (R19)."""
    assert sent(request((b"Via", b"1.1 other")))[-2:] == [b"Via: 1.1 other", b"Via: 1.1 localedge-abc"]


@pytest.mark.parametrize(
    ("via", "passed"),
    [
        (b"1.1 localedge-abc", True),
        (b"1.0 x, 1.1 localedge-abc (y)", True),
        (b"1.1 localedge-other", False),
        (b"1.1 nginx", False),
    ],
)
def test_R19_a_request_that_was_here_before_is_known_again(via: bytes, passed: bool) -> None:
    """A gateway that points back at this edge is noticed; another edge in between is not one (R19)."""
    assert passed_here(request((b"Via", via)), b"abc") is passed


def test_R19_no_forwarded_field_is_added() -> None:
    """The edge tells the gateway nothing about the client's address (R19)."""
    assert sent(request())[1:] == [b"Host: gateway.test:8000", b"Via: 1.1 localedge-abc"]


def test_R24_a_plain_proxy_gets_the_absolute_form_and_its_credentials() -> None:
    """Through a proxy the target names the gateway, and the proxy's password goes to the proxy (R24)."""
    route = Route(
        authority=b"gateway.test",
        base=b"/base",
        absolute=b"http://gateway.test",
        proxy_authorization=b"Basic eDp5",
        instance=b"abc",
    )
    lines = sent(request((b"Proxy-Authorization", b"Basic client"), target=b"/v1/models"), route=route)
    assert lines[0] == b"GET http://gateway.test/base/v1/models HTTP/1.1"
    assert [line for line in lines if line.lower().startswith(b"proxy-")] == [
        b"Proxy-Authorization: Basic eDp5"
    ]


# -- the response


def test_R07_a_length_is_left_out_where_none_may_stand() -> None:
    """204 and interim responses have no `Content-Length` (R07)."""
    assert to_client(response((b"content-length", b"5"), (b"A", b"1")), keep_length=False) == ((b"A", b"1"),)


def test_R21_an_allowed_page_may_read_the_answer() -> None:
    """The allowed origin is named, never `*`; a gateway that answers CORS itself is not overruled (R21)."""
    added = to_client(response(), origin=b"https://app.test")
    assert added == ((b"access-control-allow-origin", b"https://app.test"), (b"vary", b"Origin"))
    own = response((b"Access-Control-Allow-Origin", b"https://app.test"))
    assert to_client(own, origin=b"https://app.test") == own.fields


@pytest.mark.parametrize(
    ("version", "connection", "stays"),
    [
        (b"1.1", None, True),
        (b"1.1", b"close", False),
        (b"1.1", b"Keep-Alive, CLOSE", False),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"keep-alive, close", False),
    ],
)
def test_R08_R33_who_keeps_a_connection_open(version: bytes, connection: bytes | None, stays: bool) -> None:
    """HTTP/1.1 stays open unless told otherwise, HTTP/1.0 closes unless told otherwise (R08, R33)."""
    assert persistent(version, connection) is stays


def test_R14_long_lists_of_options_are_not_kept() -> None:
    """Whoever sends another `Connection` of 60 kB with every message does not fill the memory (R14)."""
    tracemalloc.start()
    try:
        for number in range(50):
            options = b",".join(b"%d-%d" % (number, each) for each in range(8000))
            to_client(response((b"Connection", options)))
            persistent(b"1.1", options)
        assert tracemalloc.get_traced_memory()[0] < 32e6
    finally:
        tracemalloc.stop()
