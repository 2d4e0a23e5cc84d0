"""An exchange over HTTP/2: the same bytes for the gateway, the same answer for the client."""

import re

import pytest
from h2.errors import ErrorCodes

from localedge.config import Limits
from tests.h2_peer import H2Peer, section
from tests.phrases import OK, streamed
from tests.playbook import Playbook

GATEWAY_HEAD = re.compile(rb"POST /v1/messages HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)


def test_R11_a_request_reaches_the_gateway_as_one_of_HTTP_1() -> None:
    """Host for :authority, the fields in their order, the body with its length, and Via (R11, R19)."""
    edge = Playbook()
    client = H2Peer(edge)
    fields = section(
        b"POST", b"/v1/messages?beta=true", (b"x-b", b"1"), (b"x-a", b"2"), (b"content-length", b"6")
    )
    stream = client.ask(fields, b"prompt")
    gateway = edge.gateway()
    gateway << (
        b"POST /v1/messages?beta=true HTTP/1.1\r\nhost: gateway.test\r\nx-b: 1\r\nx-a: 2\r\n"
        b"content-length: 6\r\nVia: 2.0 localedge-playbook\r\n\r\nprompt"
    )
    gateway >> (
        b"HTTP/1.1 201 Made\r\nContent-Length: 2\r\nX-One: a\r\nX-One: b\r\n"
        b"Connection: x-gone\r\nX-Gone: 1\r\n\r\nok"
    )
    answer = client.answer(stream)
    assert (answer.status, answer.body, answer.ended, answer.reset) == (201, b"ok", True, None)
    assert answer.fields == [(b"content-length", b"2"), (b"x-one", b"a"), (b"x-one", b"b")]
    assert edge.record["ending"] == "ok"
    assert edge.record["bytes_in"] == 6


def test_R01_a_body_of_unknown_length_is_chunked_for_the_gateway() -> None:
    """And its trailers travel (R01, R17)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask()
    gateway = edge.gateway()
    assert b"\r\ntransfer-encoding: chunked\r\n" in gateway.take()
    client.conn.send_data(stream, b"abc")
    client.send()
    gateway << b"3\r\nabc\r\n"
    client.conn.send_headers(stream, [(b"x-sum", b"9")], end_stream=True)
    client.send()
    gateway << b"0\r\nx-sum: 9\r\n\r\n"
    gateway >> OK
    assert client.answer(stream).ended


def test_R13_events_arrive_as_they_come_and_streams_share_a_connection() -> None:
    """Two streams of events, mixed on one connection, each with a gateway connection of its own (R13)."""
    edge = Playbook()
    client = H2Peer(edge)
    first, second = client.ask(body=b"one"), client.ask(body=b"two")
    one = edge.gateway()
    two = edge.gateway()
    one >> streamed(end=b"")
    two >> streamed(end=b"")
    one >> b"5\r\nalpha\r\n"
    assert client.answer(first).body == b"alpha"
    assert client.answer(second).body == b""
    two >> b"4\r\nbeta\r\n"
    assert client.answer(second).body == b"beta"
    one >> b"0\r\n\r\n"
    assert client.answer(first).ended and not client.answer(second).ended
    two >> b"0\r\n\r\n"
    assert client.answer(second).ended


def test_R06_a_cut_answer_is_reset_and_never_ended() -> None:
    """What arrived is there, then RST_STREAM; the other streams go on (R06)."""
    edge = Playbook()
    client = H2Peer(edge)
    cut, whole = client.ask(body=b"one"), client.ask(body=b"two")
    one, two = edge.gateway(), edge.gateway()
    one >> streamed(end=b"") >> b"5\r\nalpha\r\n"
    one.fin()
    answer = client.answer(cut)
    assert (answer.body, answer.ended, answer.reset) == (b"alpha", False, ErrorCodes.INTERNAL_ERROR)
    assert edge.record["ending"] == "gateway-cut"
    two >> OK
    assert client.answer(whole).ended


def test_R06_a_cut_behind_a_closed_window_waits_for_it() -> None:
    """A client that is slow to open its window still gets every byte that came, then the reset (R06)."""
    edge = Playbook()
    client = H2Peer(edge, generous=False)
    stream = client.ask(body=b"one")
    gateway = edge.gateway()
    gateway >> streamed(end=b"") >> b"%x\r\n%b\r\n" % (70_000, b"a" * 70_000)
    gateway.fin()
    answer = client.answer(stream)
    assert (len(answer.body), answer.reset) == (65_535, None)
    client.conn.increment_flow_control_window(70_000)
    client.conn.increment_flow_control_window(70_000, stream)
    client.send()
    answer = client.answer(stream)
    assert (len(answer.body), answer.ended, answer.reset) == (70_000, False, ErrorCodes.INTERNAL_ERROR)


def test_R31_cancelling_a_stream_cancels_its_request_only() -> None:
    """RST_STREAM resets the gateway's connection of that stream, at once (R31)."""
    edge = Playbook()
    client = H2Peer(edge)
    gone, stays = client.ask(body=b"one"), client.ask(body=b"two")
    one, two = edge.gateway(), edge.gateway()
    one >> streamed(end=b"") >> b"5\r\nalpha\r\n"
    client.cancel(gone)
    assert one.end == "reset"
    assert edge.record["status"] == 499
    two >> OK
    assert client.answer(stays).ended


def test_R31_cancelling_before_the_gateway_answers() -> None:
    """While it connects, and while it thinks (R31)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"one")
    client.cancel(stream)
    assert edge.reactor.attempts[0].cancelled
    stream = client.ask(body=b"two")
    gateway = edge.gateway()
    client.cancel(stream)
    assert gateway.end == "reset"
    assert [record["status"] for record in edge.records] == [499, 499]


def test_R32_a_client_that_leaves_cancels_all_its_streams() -> None:
    """FIN and reset alike (R32)."""
    for leave in ("fin", "reset"):
        edge = Playbook()
        client = H2Peer(edge)
        client.ask(body=b"one")
        client.ask(body=b"two")
        gateways = [edge.gateway(), edge.gateway()]
        getattr(client.peer, leave)()
        assert [gateway.end for gateway in gateways] == ["reset", "reset"]
        assert [record["status"] for record in edge.records] == [499, 499]
        edge.nothing_left()


def test_R14_a_closed_window_stops_reading_from_the_gateway() -> None:
    """Memory stays bounded, the other stream goes on, and nothing is lost when the window opens (R14)."""
    edge = Playbook()
    client = H2Peer(edge, generous=False)
    stream = client.ask(body=b"one")
    gateway = edge.gateway()
    size = 4_000_000
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    gateway >> b"x" * size
    assert len(gateway.transport.inbox) > size - 400_000
    while not client.answer(stream).ended:
        client.conn.increment_flow_control_window(200_000)
        client.conn.increment_flow_control_window(200_000, stream)
        client.send()
    assert client.answer(stream).body == b"x" * size


def test_R14_a_slow_gateway_closes_the_clients_window() -> None:
    """An upload that the gateway does not take stops after a window's worth, and goes on later (R14)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"POST", b"/v1/messages", (b"content-length", b"2000000")))
    gateway = edge.gateway()
    gateway.take()
    gateway.stall()
    sent = 0
    while (room := min(client.conn.local_flow_control_window(stream), 16384, 2_000_000 - sent)) > 0:
        client.conn.send_data(stream, b"u" * room)
        client.send()
        sent += room
    assert sent < 700_000
    gateway.read()
    while sent < 2_000_000:
        room = min(client.hear().conn.local_flow_control_window(stream), 16384, 2_000_000 - sent)
        assert room > 0
        client.conn.send_data(stream, b"u" * room, end_stream=sent + room == 2_000_000)
        client.send()
        sent += room
    assert gateway.take() == b"u" * 2_000_000
    gateway >> OK
    assert client.answer(stream).ended


def test_R15_expect_and_interim_responses() -> None:
    """100 and 103 are relayed as interim sections (R15)."""
    edge = Playbook()
    client = H2Peer(edge)
    fields = section(b"POST", b"/v1/messages", (b"expect", b"100-continue"), (b"content-length", b"3"))
    stream = client.ask(fields)
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.answer(stream).interim == [100]
    client.conn.send_data(stream, b"abc", end_stream=True)
    client.send()
    gateway >> b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK
    answer = client.answer(stream)
    assert (answer.interim, answer.status, answer.ended) == ([100, 103], 200, True)


def test_R16_an_early_answer_comes_while_the_upload_goes_on() -> None:
    """The answer ends, the upload ends, the gateway's connection is used again (R16)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"POST", b"/v1/messages", (b"content-length", b"6")))
    gateway = edge.gateway()
    gateway >> OK
    answer = client.answer(stream)
    assert answer.ended and answer.reset is None
    client.conn.send_data(stream, b"prompt", end_stream=True)
    client.send()
    assert gateway.take().endswith(b"\r\n\r\nprompt")
    assert edge.record["ending"] == "ok"
    assert gateway.end is None


def test_R16_a_gateway_that_answers_and_closes_ends_the_upload() -> None:
    """The answer is whole; the rest of the request is reset with NO_ERROR (RFC 9113 8.1, R16)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"POST", b"/v1/messages", (b"content-length", b"6")))
    gateway = edge.gateway()
    gateway >> OK
    gateway.fin()
    answer = client.answer(stream)
    assert (answer.ended, answer.reset) == (True, ErrorCodes.NO_ERROR)


def test_R17_trailers_are_relayed_to_who_wants_them() -> None:
    """`te: trailers` asks for them (R17)."""
    edge = Playbook()
    client = H2Peer(edge)
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"
    )
    wants = client.ask(section(b"GET", b"/", (b"te", b"trailers")), b"")
    gateway = edge.gateway()
    assert b"TE: trailers\r\nConnection: TE\r\n" in gateway.take()
    gateway >> chunked
    assert client.answer(wants).trailers == [(b"x-sum", b"7")]
    plain = client.ask(section(b"GET", b"/"), b"")
    gateway >> chunked
    answer = client.answer(plain)
    assert (answer.body, answer.trailers, answer.ended) == (b"ok", [], True)


def test_R07_no_body_where_there_is_none() -> None:
    """HEAD, 204 and 304 end with their head, whatever they announce (R07)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"HEAD", b"/v1/models"), b"")
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
    answer = client.answer(stream)
    assert (answer.status, answer.ended, answer.field(b"content-length")) == (200, True, b"99")
    for status in (b"204 No Content", b"304 Not Modified"):
        stream = client.ask(section(b"GET", b"/"), b"")
        gateway >> b"HTTP/1.1 %b\r\n\r\n" % status
        assert client.answer(stream).ended


def test_R18_there_is_no_upgrade_and_no_extended_connect() -> None:
    """A gateway's 101 that nobody asked for is an error of its own (R18)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"GET", b"/"), b"")
    edge.gateway() >> b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
    assert client.answer(stream).code == "gateway-upgrade"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        (section(host=b"evil.example"), 421, "host-not-allowed"),
        (section(b"POST", b"/", (b"origin", b"https://evil.example")), 403, "web-origin-refused"),
        (section(b"POST", b"/" + b"a" * 20_000), 414, "target-too-long"),
        (section(b"POST", b"/", (b"x", b"y" * 70_000)), 431, "head-too-large"),
        (section(b"POST", b"/", *[(b"x-%d" % number, b"") for number in range(300)]), 431, "head-too-large"),
        (section(b"POST", b"/", (b"content-length", b"99999999999")), 413, "body-too-large"),
        ([(b":method", b"CONNECT"), (b":authority", b"localhost:1")], 405, "connect-refused"),
    ],
)
def test_R02_R03_R20_R21_refusals_have_their_status(
    fields: list[tuple[bytes, bytes]], status: int, code: str
) -> None:
    """Nothing reaches the gateway, and the connection goes on (R02, R03, R20, R21)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(fields)
    answer = client.answer(stream)
    assert (answer.status, answer.code, answer.ended) == (status, code, True)
    assert answer.reset == ErrorCodes.NO_ERROR
    assert edge.untouched
    assert edge.record["error"] == code
    assert client.goaway is None
    again = client.ask(body=b"x")
    edge.gateway() >> OK
    assert client.answer(again).ended


def test_R03_a_body_that_grows_too_large_is_refused_on_its_way() -> None:
    """413, the gateway's request is reset, the rest is not wanted (R03)."""
    edge = Playbook(limits=Limits(body_bytes=10_000))
    client = H2Peer(edge)
    stream = client.ask()
    gateway = edge.gateway()
    client.conn.send_data(stream, b"u" * 12_000)
    client.send()
    answer = client.answer(stream)
    assert (answer.status, answer.ended, answer.reset) == (413, True, ErrorCodes.NO_ERROR)
    assert gateway.end == "reset"


def test_R41_probes_are_answered_here() -> None:
    """`HEAD /` never reaches the gateway (R41)."""
    edge = Playbook()
    client = H2Peer(edge)
    answer = client.answer(client.ask(section(b"HEAD", b"/"), b""))
    assert (answer.status, answer.ended) == (200, True)
    assert edge.untouched


def test_R42_a_gateway_that_refuses_gives_502_on_its_stream() -> None:
    """The error is the one of HTTP/1.1 (R40, R42)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"prompt")
    edge.refuse()
    answer = client.answer(stream)
    assert (answer.status, answer.code, answer.ended) == (502, "gateway-refused", True)
    assert answer.field(b"x-should-retry") == b"true"


def test_R19_a_request_that_passed_here_is_a_loop() -> None:
    """508 (R19)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"GET", b"/", (b"via", b"1.1 localedge-playbook")), b"")
    assert client.answer(stream).status == 508


def test_cookie_crumbs_become_one_field() -> None:
    """RFC 9113 8.2.3: HTTP/1.1 knows one Cookie field only."""
    edge = Playbook()
    client = H2Peer(edge)
    client.ask(section(b"GET", b"/", (b"cookie", b"a=1"), (b"cookie", b"b=2")), b"")
    assert b"\r\ncookie: a=1; b=2\r\n" in edge.gateway().take()
