"""What an HTTP/2 request may be, field by field (RFC 9113 8.2, 8.3; R01)."""

import pytest
from h2.errors import ErrorCodes
from hypothesis import given
from hypothesis import strategies as st

from localedge.config import Limits
from localedge.http.framing import Body, ProtocolError
from localedge.http.h2_heads import request_head, response_section, trailers
from localedge.http.head import RequestHead
from tests.h2_peer import H2Peer, Section
from tests.phrases import OK
from tests.playbook import Playbook

M, S, A, P = (b":method", b"POST"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/")

MALFORMED: dict[str, Section] = {
    "upper case in a name": [M, S, A, P, (b"X-Upper", b"1")],
    "a space in a name": [M, S, A, P, (b"x y", b"1")],
    "a colon in a name": [M, S, A, P, (b"x:y", b"1")],
    "an empty name": [M, S, A, P, (b"", b"1")],
    "eight bits in a name": [M, S, A, P, (b"x\xe9", b"1")],
    "NUL in a value": [M, S, A, P, (b"x", b"a\x00b")],
    "CR in a value": [M, S, A, P, (b"x", b"a\rb")],
    "LF in a value": [M, S, A, P, (b"x", b"a\nb")],
    "CRLF and a field in a value": [M, S, A, P, (b"x", b"a\r\nevil: 1")],
    "DEL in a value": [M, S, A, P, (b"x", b"a\x7fb")],
    "white space before a value": [M, S, A, P, (b"x", b" a")],
    "white space behind a value": [M, S, A, P, (b"x", b"a\t")],
    "connection": [M, S, A, P, (b"connection", b"close")],
    "keep-alive": [M, S, A, P, (b"keep-alive", b"5")],
    "proxy-connection": [M, S, A, P, (b"proxy-connection", b"close")],
    "transfer-encoding": [M, S, A, P, (b"transfer-encoding", b"chunked")],
    "upgrade": [M, S, A, P, (b"upgrade", b"h2c")],
    "te that is not trailers": [M, S, A, P, (b"te", b"gzip")],
    "te with more than trailers": [M, S, A, P, (b"te", b"trailers, deflate")],
    "no method": [S, A, P],
    "an empty method": [(b":method", b""), S, A, P],
    "a space in the method": [(b":method", b"GET /x"), S, A, P],
    "no scheme": [M, A, P],
    "a strange scheme": [M, (b":scheme", b"file"), A, P],
    "no path": [M, S, A],
    "an empty path": [M, S, A, (b":path", b"")],
    "a path without a slash": [M, S, A, (b":path", b"v1/messages")],
    "an absolute path": [M, S, A, (b":path", b"http://localhost/")],
    "a space in the path": [M, S, A, (b":path", b"/a HTTP/1.1")],
    "CRLF in the path": [M, S, A, (b":path", b"/\r\nx: 1")],
    "a fragment in the path": [M, S, A, (b":path", b"/a#b")],
    "eight bits in the path": [M, S, A, (b":path", b"/\xe9")],
    "two methods": [M, M, S, A, P],
    "two schemes": [M, S, S, A, P],
    "two paths": [M, S, A, P, P],
    "two authorities": [M, S, A, A, P],
    "an unknown pseudo-header field": [M, S, A, P, (b":unknown", b"1")],
    "a response's pseudo-header field": [M, S, A, P, (b":status", b"200")],
    "extended CONNECT": [(b":method", b"CONNECT"), S, A, P, (b":protocol", b"websocket")],
    "CONNECT with a path": [(b":method", b"CONNECT"), A, P],
    "CONNECT without an authority": [(b":method", b"CONNECT")],
    "a pseudo-header field behind others": [M, S, A, (b"x", b"1"), P],
    "a pseudo-header field behind a cookie": [M, S, A, (b"cookie", b"a=1"), P],
    "host and another authority": [M, S, A, P, (b"host", b"elsewhere")],
    "two hosts": [M, S, A, P, (b"host", b"localhost"), (b"host", b"localhost")],
}


@pytest.mark.parametrize("what", MALFORMED)
def test_R01_a_malformed_request_is_refused(what: str) -> None:
    """400 for who reads it, RST_STREAM with PROTOCOL_ERROR behind it, nothing for the gateway (R01)."""
    edge = Playbook()
    client = H2Peer(edge)
    fields = MALFORMED[what]
    for body in (b"", None):
        answer = client.answer(client.ask(fields, body))
        assert (answer.status, answer.code) == (400, "h2-malformed")
        if body is None:
            assert answer.reset == ErrorCodes.PROTOCOL_ERROR
        assert b"elsewhere" not in answer.body
    assert edge.untouched
    stream = client.ask(body=b"sane")
    edge.gateway() >> OK
    assert client.answer(stream).ended, "the connection goes on"


@pytest.mark.parametrize(
    "fields", [[M, S, P], [M, S, (b":authority", b""), P], [M, S, (b":authority", b"a b"), P]]
)
def test_R01_a_request_needs_a_host(fields: Section) -> None:
    """Without one, or with one that is none, it is a 400 (R01)."""
    edge = Playbook()
    client = H2Peer(edge)
    answer = client.answer(client.ask(fields, b""))
    assert (answer.status, answer.code) == (400, "bad-host")
    assert edge.untouched


def test_R01_host_alone_will_do() -> None:
    """A client that turned HTTP/1.1 into HTTP/2 may leave :authority out (RFC 9113 8.3.1)."""
    head, body, _ = request_head((M, S, P, (b"host", b"localhost")), Limits(), ended=True)
    assert head.combined[b"host"] == b"localhost"
    assert body is Body.NONE


def test_R01_host_and_authority_may_both_stand_if_they_are_the_same() -> None:
    """Host is not doubled then."""
    head, _, _ = request_head((M, S, A, P, (b"host", b"LOCALHOST")), Limits(), ended=True)
    assert head.fields == ((b"host", b"LOCALHOST"),)


@pytest.mark.parametrize(
    ("more", "ended", "body", "length"),
    [
        ([], True, Body.NONE, 0),
        ([], False, Body.CHUNKED, 0),
        ([(b"content-length", b"5")], False, Body.LENGTH, 5),
        ([(b"content-length", b"0")], False, Body.NONE, 0),
        ([(b"content-length", b"0")], True, Body.NONE, 0),
    ],
)
def test_how_the_body_is_framed_for_the_gateway(more: Section, ended: bool, body: Body, length: int) -> None:
    """By its length if it has one, else in chunks."""
    _, found, count = request_head((M, S, A, P, *more), Limits(), ended=ended)
    assert (found, count) == (body, length)


@pytest.mark.parametrize("length", [b"5, 5", b"+5", b"5_0", b"x", b"", b"9" * 19])
def test_R01_a_length_that_is_none(length: bytes) -> None:
    """Refused whatever the library lets through (R01)."""
    with pytest.raises(ProtocolError):
        request_head((M, S, A, P, (b"content-length", length)), Limits(), ended=False)


def test_R01_a_length_without_a_body() -> None:
    """The stream ended with its head."""
    with pytest.raises(ProtocolError) as refused:
        request_head((M, S, A, P, (b"content-length", b"3")), Limits(), ended=True)
    assert refused.value.code == "h2-malformed"


@pytest.mark.parametrize("fields", [[(b":path", b"/")], [(b"Upper", b"1")], [(b"connection", b"close")]])
def test_R17_trailers_are_checked_too(fields: Section) -> None:
    """No pseudo-header fields among them."""
    with pytest.raises(ProtocolError):
        trailers(fields, Limits())


def test_malformed_trailers_end_the_request() -> None:
    """400 and a reset stream; the gateway's half request is given up."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask()
    gateway = edge.gateway()
    client.conn.send_headers(stream, [(b"connection", b"close")], end_stream=True)
    client.send()
    assert client.answer(stream).code == "h2-malformed"
    assert gateway.end == "reset"


def test_a_response_has_lower_case_names() -> None:
    """RFC 9113 8.2.1."""
    assert response_section(200, ((b"Content-Type", b"A"),)) == [
        (b":status", b"200"),
        (b"content-type", b"A"),
    ]


ANY = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([b":method", b":path", b":scheme", b":authority", b"host", b"te", b"x"]),
            st.binary(),
        ),
        st.one_of(st.sampled_from([b"POST", b"/", b"https", b"localhost", b"5", b"trailers"]), st.binary()),
    ),
    max_size=8,
)


@given(ANY, st.booleans())
def test_no_exception_escapes_and_what_passes_is_safe(fields: Section, ended: bool) -> None:
    """Arbitrary sections are refused with a code, or make a head that cannot smuggle anything (R01)."""
    try:
        head, _, _ = request_head(tuple(fields), Limits(), ended=ended)
    except ProtocolError as error:
        assert error.code
        return
    assert isinstance(head, RequestHead)
    assert not set(head.target) & set(b" \r\n\x00#")
    for name, value in head.fields:
        assert name == name.lower()
        assert not set(name) & set(b" \r\n\x00:")
        assert not set(value) & set(b"\r\n\x00")
    assert sum(name == b"host" for name, _ in head.fields) <= 1
