"""An HTTP/2 connection as a whole: its limits, floods, time limits, and how it ends."""

from collections.abc import Callable

import pytest
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hypothesis import given
from hypothesis import strategies as st

from localedge.config import Limits
from localedge.edge import frontend_h2
from localedge.edge.frontend_h2 import FrontendH2
from localedge.http.floods import TokenBucket
from localedge.http.h2_frames import Frames
from localedge.http.h2_library import CONNECTION_WINDOW
from tests.h2_peer import H2Peer, frame, section
from tests.phrases import OK, streamed
from tests.playbook import Playbook

DATA, HEADERS, PRIORITY, RST, SETTINGS, PING, WINDOW, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD = H2Connection().encoder.encode(section(b"GET", b"/"))


BAD = frame(HEADERS, 5, 3, b"\x82")
HEADERS_ONCE = (BAD, b"")
"""A request that is answered at once, in front of what comes for its stream."""
LATE_RST = frame(RST, 0, 3, b"\0\0\0\x08")
LATE = frame(WINDOW, 0, 3, b"\0\0\0\x01")


def ended(edge: Playbook, client: H2Peer, code: ErrorCodes) -> None:
    """GOAWAY with this code was sent, and the connection is closed."""
    client.hear()
    assert client.goaway == code
    assert client.peer.end == "fin"
    edge.wait(frontend_h2.FAREWELL + 1)
    edge.nothing_left()


def test_what_the_edge_announces() -> None:
    """256 streams, windows for uploads, the limit of a field section; no push, no extended CONNECT."""
    client = H2Peer(Playbook())
    settings = client.conn.remote_settings
    assert settings.max_concurrent_streams == 256
    assert settings.initial_window_size == 256 * 1024
    assert settings.max_header_list_size == Limits().head_bytes
    assert not settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL)
    assert client.conn.outbound_flow_control_window == CONNECTION_WINDOW


def test_one_stream_too_many_is_refused_and_the_others_go_on() -> None:
    """REFUSED_STREAM: the client may try again, and nothing reached the gateway (RFC 9113 8.7)."""
    edge = Playbook()
    client = H2Peer(edge)
    client.conn.remote_settings.update({SettingCodes.MAX_CONCURRENT_STREAMS: 1000})
    client.conn.remote_settings.acknowledge()
    streams = [client.ask(body=b"x") for _ in range(257)]
    assert client.answer(streams[-1]).reset == ErrorCodes.REFUSED_STREAM
    assert client.goaway is None
    edge.gateway() >> OK
    assert client.answer(streams[0]).ended
    stream = client.ask(body=b"x")
    assert client.answer(stream).reset is None


@pytest.mark.parametrize(
    ("what", "each"),
    [
        ("pings", lambda number: frame(PING, 0, 0, b"12345678")),
        ("settings", lambda number: frame(SETTINGS, 0, 0)),
        ("priorities", lambda number: frame(PRIORITY, 0, 2 * number + 1, b"\x00\x00\x00\x00\x10")),
        ("window updates", lambda number: frame(WINDOW, 0, 0, b"\x00\x00\x00\x01") * 3),
        ("unknown frames", lambda number: frame(0xFA, 0, 0)),
        ("empty DATA", lambda number: frame(DATA, 0, 1)),
        (
            "resets",
            lambda number: (
                frame(HEADERS, 4, 2 * number + 3, HEAD) + frame(RST, 0, 2 * number + 3, b"\0\0\0\x08")
            ),
        ),
        ("DATA for a stream that has ended", lambda number: HEADERS_ONCE[number > 0] + frame(DATA, 0, 3)),
        (
            "resets of a stream that has ended",
            lambda number: HEADERS_ONCE[number > 0] + frame(RST, 0, 3, b"\0\0\0\x08"),
        ),
        ("window updates of an ended stream", lambda number: HEADERS_ONCE[number > 0] + LATE * 3),
        ("malformed requests", lambda number: frame(HEADERS, 5, 2 * number + 3, b"\x82")),
    ],
)
def test_a_flood_ends_the_connection_with_ENHANCE_YOUR_CALM(what: str, each: Callable[[int], bytes]) -> None:
    """Two thousand at once are a flood; a hundred are not."""
    for count, calm in ((100, True), (2000, False)):
        edge = Playbook()
        client = H2Peer(edge)
        stream = client.ask()
        assert stream == 1
        flood = b"".join(each(number) for number in range(count))
        with edge.quietly():
            for start in range(0, len(flood), 16_000):
                client.peer >> flood[start : start + 16_000]
        if calm:
            client.peer.take()
            assert client.peer.end is None
            continue
        assert frame(7, 0, 0, b"")[3:] in client.peer.received
        assert b"\x00\x00\x00\x0b" in client.peer.received[-8:]
        assert client.peer.end == "fin"
        assert any("h2-flood" in line for line in edge.log)
        edge.wait(frontend_h2.FAREWELL + 1)
        edge.nothing_left()


def test_cancelling_now_and_then_is_no_flood() -> None:
    """Ten a second, for as long as one likes."""
    edge = Playbook()
    client = H2Peer(edge)
    for _ in range(3000):
        client.cancel(client.ask(body=b"x"))
        edge.wait(0.1)
    assert client.goaway is None


def test_requests_with_priorities_are_no_flood() -> None:
    """Chromium sends them with every request (RFC 9113 5.3.2: they are to be ignored)."""
    edge = Playbook()
    client = H2Peer(edge)
    for _ in range(1500):
        stream = client.conn.get_next_available_stream_id()
        client.conn.send_headers(stream, section(b"HEAD", b"/"), end_stream=True, priority_weight=200)
        client.send()
        assert client.answers[stream].status == 200
    assert client.goaway is None


@pytest.mark.parametrize("whose", ["client", "edge"])
def test_refused_streams_behind_a_GOAWAY_are_paid_for(whose: str) -> None:
    """However the connection came to its last stream."""
    edge = Playbook()
    client = H2Peer(edge)
    client.ask(body=b"x")
    (frontend,) = edge.context.frontends
    if whose == "client":
        client.peer >> frame(7, 0, 0, b"\0" * 8)
    else:
        frontend.drain()
    for number in range(2000):
        client.peer >> frame(HEADERS, 4, 2 * number + 3, HEAD)
    assert client.peer.end == "fin"
    assert any("h2-flood" in line for line in edge.log)


def test_a_clients_table_size_does_not_make_ours_grow() -> None:
    """It offers 2 GiB; what our encoder searches for every field stays small (RFC 7541 4.2)."""
    edge = Playbook()
    client = H2Peer(edge)
    client.peer >> frame(SETTINGS, 0, 0, b"\0\x01\x7f\xff\xff\xff")
    client.conn.decoder.max_allowed_table_size = 2**31 - 1
    gateway = None
    for number in range(60):
        stream = client.ask(section(b"GET", b"/%d" % number), b"")
        gateway = gateway or edge.gateway()
        fields = b"".join(b"x-%d-%d: %b\r\n" % (number, index, b"v" * 40) for index in range(40))
        gateway >> b"HTTP/1.1 204 No\r\n" + fields + b"\r\n"
        assert client.answer(stream).status == 204
    (frontend,) = edge.context.frontends
    assert isinstance(frontend, FrontendH2)
    assert frontend._conn.encoder.header_table_size == 4096


def test_R06_a_slow_reader_gets_all_of_its_last_answer() -> None:
    """It has said GOAWAY and reads on, slowly: nothing is cut while bytes move (R06, R30)."""
    edge = Playbook()
    client = H2Peer(edge)
    client.conn.increment_flow_control_window(2**30)
    client.conn.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**30})
    client.send()
    stream = client.ask(body=b"x")
    client.peer >> frame(7, 0, 0, b"\0" * 8)
    client.peer.stall()
    edge.gateway() >> b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000
    assert edge.record["ending"] == "ok"
    for _ in range(30):
        edge.wait(20)
        client.peer.read(2_100)
    client.peer.read()
    answer = client.answer(stream)
    assert (len(answer.body), answer.ended) == (60_000, True)
    edge.nothing_left()


@pytest.mark.parametrize("lengths", [[b"abc"], [b""], [b"5, 5"], [b"-1"], [b"5", b"6"]])
def test_R01_a_length_that_is_none_ends_its_own_stream(lengths: list[bytes]) -> None:
    """The answers that run on the connection go on (R01, RFC 9113 8.1.1)."""
    edge = Playbook()
    client = H2Peer(edge)
    other = client.ask(body=b"x")
    gateway = edge.gateway()
    stream = client.conn.get_next_available_stream_id()
    fields = section(b"POST", b"/", *[(b"content-length", length) for length in lengths])
    block = client.conn.encoder.encode(fields)
    client.conn.get_next_available_stream_id()
    client.peer >> frame(HEADERS, 4, stream, block)
    # Which of them the library refuses before we can say 400 depends on its version.
    received = client.peer.take()
    assert any(frame(RST, 0, stream, code) in received for code in (b"\0\0\0\0", b"\0\0\0\x01"))
    gateway >> OK
    assert client.peer.take().endswith(frame(DATA, 1, other, b"ok"))
    assert len(edge.reactor.attempts) == 1


def test_a_token_bucket_refills() -> None:
    """So many at once, so many a second."""
    bucket = TokenBucket(3, 1, 0.0)
    assert [bucket.spend(0.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.spend(5.0)


def test_endless_continuation_ends_the_connection() -> None:
    """A field section that does not end is not collected for ever (CVE-2024-27316)."""
    edge = Playbook()
    client = H2Peer(edge)
    client.peer >> frame(HEADERS, 0, 1, HEAD)
    for _ in range(100):
        client.peer >> frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b" * 10)
    ended(edge, client, ErrorCodes.PROTOCOL_ERROR)


def test_a_header_bomb_ends_the_connection() -> None:
    """A small block that unpacks to megabytes (CVE-2016-6581)."""
    edge = Playbook()
    client = H2Peer(edge)
    bomb = b"\x40\x01a\x7f\x81\x1e" + b"b" * 4000 + b"\xbe" * 3000
    client.peer >> frame(HEADERS, 5, 1, bomb)
    client.hear()
    assert client.goaway is not None
    assert edge.untouched


@pytest.mark.parametrize(
    "wrong",
    [
        frame(DATA, 0, 0, b"x"),
        frame(HEADERS, 5, 0, HEAD),
        frame(HEADERS, 5, 2, HEAD),
        frame(SETTINGS, 0, 1),
        frame(SETTINGS, 0, 0, b"123"),
        frame(PING, 0, 0, b"short"),
        frame(WINDOW, 0, 0, b"\0\0\0\0"),
        frame(CONTINUATION, 4, 1, HEAD),
        frame(HEADERS, 0, 1, HEAD) + frame(PING, 0, 0, b"12345678"),
        frame(5, 4, 1, b"\0\0\0\x02" + HEAD),
        b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
        frame(DATA, 8, 1, b"\xff"),
    ],
)
def test_a_connection_error_says_GOAWAY(wrong: bytes) -> None:
    """RFC 9113 5.4.1: what breaks the framing ends the connection, and its exchanges."""
    edge = Playbook()
    client = H2Peer(edge)
    client.peer >> wrong
    client.hear()
    assert client.goaway not in (None, ErrorCodes.NO_ERROR)
    assert client.peer.end == "fin"
    assert edge.untouched


def test_no_HTTP_2_behind_the_handshake() -> None:
    """A client that negotiated h2 and speaks HTTP/1.1."""
    edge = Playbook()
    peer = edge.client(FrontendH2)
    peer >> b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert peer.end == "fin"
    assert edge.untouched
    edge.wait(frontend_h2.FAREWELL + 1)
    edge.nothing_left()


def test_R30_a_client_that_never_greets() -> None:
    """The limit of a request head holds for the preface too (R30)."""
    edge = Playbook()
    peer = edge.client(FrontendH2)
    peer >> PREFACE[:10]
    edge.wait(Limits().request_head + 2)
    assert peer.closed
    edge.nothing_left()


def test_R30_a_client_that_asks_for_nothing() -> None:
    """Pings do not keep a connection open for ever (R30)."""
    edge = Playbook()
    client = H2Peer(edge)
    for _ in range(20):
        client.peer >> frame(PING, 0, 0, b"12345678")
        edge.wait(10)
    client.hear()
    assert client.goaway == ErrorCodes.NO_ERROR
    edge.nothing_left()


def test_R30_a_quiet_stream_stays_open_for_minutes() -> None:
    """A model that thinks for twenty minutes is no dead stream (R30)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"think")
    gateway = edge.gateway()
    gateway >> streamed(b"hm", end=b"")
    edge.wait(1200)
    gateway >> b"2\r\nok\r\n0\r\n\r\n"
    answer = client.answer(stream)
    assert (answer.body, answer.ended) == (b"hmok", True)


def test_R30_a_client_that_opens_no_window_is_given_up() -> None:
    """The rest of an answer that the gateway has finished is not kept for ever (R30)."""
    edge = Playbook()
    client = H2Peer(edge, generous=False)
    stream = client.ask(body=b"x")
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70000
    assert edge.record["ending"] == "ok"
    edge.wait(Limits().silence + 2)
    answer = client.answer(stream)
    assert (answer.ended, answer.reset) == (False, ErrorCodes.CANCEL)


def test_R35_a_drain_lets_streams_end_and_takes_no_more() -> None:
    """GOAWAY at once; what runs ends whole; a new stream is refused and may be tried elsewhere (R35)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"x")
    gateway = edge.gateway()
    gateway >> streamed(b"hm", end=b"")
    (frontend,) = edge.context.frontends
    edge.context.draining = True
    frontend.drain()
    edge.settle()
    assert b"\x07\x00" in client.peer.received
    late = frame(HEADERS, 5, 3, HEAD)
    client.peer >> late
    gateway >> b"2\r\nok\r\n0\r\n\r\n"
    received = client.peer.received
    assert frame(RST, 0, 3, b"\0\0\0\x07") in received
    client.hear()
    answer = client.answers[stream]
    assert (answer.body, answer.ended) == (b"hmok", True)
    assert client.goaway == ErrorCodes.NO_ERROR
    assert client.peer.end == "fin"
    edge.nothing_left()


def test_R35_the_drain_limit_cuts_what_still_runs() -> None:
    """As over HTTP/1.1: never made to look complete (R06, R35)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"x")
    edge.gateway() >> streamed(b"hm", end=b"")
    (frontend,) = edge.context.frontends
    edge.context.draining = True
    frontend.drain()
    frontend.drained()
    edge.settle()
    answer = client.answer(stream)
    assert (answer.ended, answer.reset) == (False, ErrorCodes.INTERNAL_ERROR)
    assert edge.record["ending"] == "drained"
    edge.nothing_left()


def test_a_clients_GOAWAY_lets_its_answers_arrive() -> None:
    """RFC 9113 6.8: it asks for nothing more, and waits for what runs."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(body=b"x")
    gateway = edge.gateway()
    client.peer >> frame(7, 0, 0, b"\0" * 8)
    gateway >> OK
    answer = client.answer(stream)
    assert (answer.status, answer.body, answer.ended) == (200, b"ok", True)
    assert client.peer.end == "fin"
    edge.nothing_left()


def test_R14_a_client_that_reads_nothing_holds_little_memory() -> None:
    """Its windows are open, its socket is full: what waits, waits at the gateway (R14)."""
    edge = Playbook()
    client = H2Peer(edge)
    client.conn.increment_flow_control_window(2**30)
    client.conn.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**30})
    client.send()
    stream = client.ask(body=b"x")
    client.peer.stall()
    gateway = edge.gateway()
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4_000_000
    assert len(gateway.transport.inbox) > 3_500_000
    assert len(client.peer.transport.unsent) < 300_000
    client.peer.read()
    assert client.answer(stream).body == b"x" * 4_000_000


def test_the_librarys_windows_are_the_real_ones() -> None:
    """DATA frames are written past the library: what it thinks is left must be what is left."""
    edge = Playbook()
    client = H2Peer(edge, generous=False)
    stream = client.ask(body=b"x")
    gateway = edge.gateway()
    gateway >> streamed(end=b"")
    for size in (1, 1000, 20_000):
        gateway >> b"%x\r\n%b\r\n" % (size, b"d" * size)
    client.hear()
    (frontend,) = edge.context.frontends
    assert isinstance(frontend, FrontendH2)
    assert frontend._conn.local_flow_control_window(stream) == 65_535 - 21_001
    assert client.conn.remote_flow_control_window(stream) == 65_535 - 21_001


@pytest.mark.parametrize("length", [1, 4])
def test_a_body_that_is_not_as_long_as_announced_ends_its_own_stream(length: int) -> None:
    """400 and PROTOCOL_ERROR for that stream, nothing more for the gateway, the others go on (8.1.1)."""
    edge = Playbook()
    client = H2Peer(edge)
    other = client.ask(body=b"x")
    stream = client.ask(section(b"POST", b"/", (b"content-length", b"3")))
    one, two = edge.gateway(), edge.gateway()
    client.peer >> frame(DATA, 1, stream, b"a" * length)
    answer = client.answer(stream)
    assert (answer.status, answer.code, answer.reset) == (400, "h2-malformed", ErrorCodes.PROTOCOL_ERROR)
    assert two.end == "reset"
    one >> OK
    assert client.answer(other).ended
    assert client.goaway is None


@pytest.mark.parametrize("early", [b"", b"HTTP/1.1 429 Slow Down\r\nContent-Length: 2\r\n\r\nno"])
@pytest.mark.parametrize("body", [b"", b"abc"])
def test_R01_R33_a_body_cut_short_by_trailers_is_malformed(early: bytes, body: bytes) -> None:
    """Its gateway connection is never used again: the next request would be eaten as its rest (R01, R33)."""
    edge = Playbook()
    client = H2Peer(edge)
    stream = client.ask(section(b"POST", b"/", (b"content-length", b"203")))
    gateway = edge.gateway()
    gateway >> early
    client.conn.send_data(stream, body)
    client.conn.send_headers(stream, [(b"x-sum", b"1")], end_stream=True)
    client.send()
    answer = client.answer(stream)
    assert answer.status == (429 if early else 400)
    assert gateway.end == "reset"
    victim = client.ask(section(b"GET", b"/"), b"")
    other = edge.gateway()
    assert other.take().startswith(b"GET / HTTP/1.1\r\n")
    other >> OK
    assert client.answer(victim).body == b"ok"


def test_R01_a_body_and_its_trailers_in_one_read_are_counted_too() -> None:
    """Nothing of such a request reaches the gateway (R01)."""
    edge = Playbook()
    client = H2Peer(edge)
    with edge.quietly():
        stream = client.conn.get_next_available_stream_id()
        client.conn.send_headers(stream, section(b"POST", b"/", (b"content-length", b"9")))
        client.conn.send_data(stream, b"abc")
        client.conn.send_headers(stream, [(b"x-sum", b"1")], end_stream=True)
        client.peer >> client.conn.data_to_send()
    assert client.answer(stream).code == "h2-malformed"
    assert edge.untouched


def test_a_cancelled_upload_gives_its_window_back() -> None:
    """Else some fifty of them would stop every other upload of the connection."""
    edge = Playbook()
    client = H2Peer(edge)
    for _ in range(100):
        stream = client.ask(section(b"POST", b"/", (b"content-length", b"2000000")))
        gateway = edge.gateway()
        gateway.stall()
        while (room := min(client.conn.local_flow_control_window(stream), 16384)) > 0:
            client.conn.send_data(stream, b"u" * room)
            client.send()
        client.cancel(stream)
        edge.wait(0.1)
    assert client.conn.outbound_flow_control_window > CONNECTION_WINDOW // 3


def test_what_a_malformed_request_used_of_the_window_is_given_back() -> None:
    """Else some thousand of them would stop every upload of the connection."""
    edge = Playbook()
    client = H2Peer(edge)
    before = client.conn.outbound_flow_control_window
    for _ in range(60):
        stream = client.conn.get_next_available_stream_id()
        client.conn.send_headers(stream, section(b"POST", b"/", (b"content-length", b"3")))
        client.send(frame(DATA, 0, stream, b"a" * 16_000))
    (frontend,) = edge.context.frontends
    assert isinstance(frontend, FrontendH2)
    used = before - frontend._conn.inbound_flow_control_window
    assert used <= 60 * 16_000
    for _ in range(2000):
        stream = client.conn.get_next_available_stream_id()
        client.conn.send_headers(stream, section(b"POST", b"/", (b"content-length", b"3")))
        client.send(frame(DATA, 0, stream, b"a" * 16_000))
        edge.wait(0.1)
    assert frontend._conn.inbound_flow_control_window > CONNECTION_WINDOW // 3


def test_a_window_update_by_nothing_ends_its_own_stream() -> None:
    """RFC 9113 6.9; for the connection it is the connection's error."""
    edge = Playbook()
    client = H2Peer(edge)
    stream, other = client.ask(body=b"x"), client.ask(body=b"y")
    one, two = edge.gateway(), edge.gateway()
    one >> streamed(b"hm", end=b"")
    client.peer >> frame(WINDOW, 0, stream, b"\0\0\0\0")
    assert client.answer(stream).reset is not None
    assert one.end == "reset"
    two >> OK
    assert client.answer(other).ended


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"), ErrorCodes.COMPRESSION_ERROR),
        (frame(HEADERS, 5, 1, b"\xc0"), ErrorCodes.COMPRESSION_ERROR),
        (frame(SETTINGS, 1, 0, b"\0\1\0\0\0\0"), ErrorCodes.FRAME_SIZE_ERROR),
        (frame(DATA, 0, 1, b"x" * 16_385), ErrorCodes.FRAME_SIZE_ERROR),
        (frame(PING, 0, 0, b"short"), ErrorCodes.FRAME_SIZE_ERROR),
        (frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff"), ErrorCodes.FLOW_CONTROL_ERROR),
        (frame(DATA, 0, 1, b"x"), ErrorCodes.PROTOCOL_ERROR),
    ],
)
def test_a_connection_error_says_which(wrong: bytes, code: ErrorCodes) -> None:
    """The codes of RFC 9113 4.2, 4.3, 5.1, 6.5, 6.7, 6.9."""
    edge = Playbook()
    client = H2Peer(edge)
    client.peer >> wrong
    ended(edge, client, code)


@pytest.mark.parametrize(
    "first", [frame(PING, 0, 0, b"12345678"), frame(SETTINGS, 1, 0), frame(HEADERS, 5, 1, HEAD)]
)
def test_the_first_frame_is_SETTINGS(first: bytes) -> None:
    """RFC 9113 3.4."""
    edge = Playbook()
    peer = edge.client(FrontendH2)
    peer >> PREFACE + first
    assert frame(7, 0, 0, b"")[3:9] in peer.received
    assert peer.received.endswith(b"\0\0\0\x01")
    assert edge.untouched


@given(st.lists(st.integers(0, 30), max_size=10), st.integers(1, 40))
def test_frames_are_the_same_however_they_are_cut(sizes: list[int], cut: int) -> None:
    """Lengths up to the limit pass, one more does not, whatever the pieces."""
    sent = [frame(SETTINGS, 0, 0), *(frame(DATA, 0, 1, b"x" * size) for size in sizes)]
    data = PREFACE + b"".join(sent)
    frames = Frames(29)
    found = b"".join(
        b"".join(frames.cut(data[start : start + cut]))
        for start in range(0, len(data), cut)
        if not frames.overlong
    )
    fits = [index for index, size in enumerate(sizes) if size > 29]
    assert frames.overlong is bool(fits)
    assert found == PREFACE + b"".join(sent[: 1 + fits[0]] if fits else sent)


@given(st.lists(st.binary(max_size=60), max_size=12), st.booleans())
def test_arbitrary_bytes_never_escape(pieces: list[bytes], greeted: bool) -> None:
    """Whatever comes behind a preface, in whatever pieces: no exception, nothing left behind."""
    edge = Playbook()
    peer = edge.client(FrontendH2)
    peer >> (PREFACE + frame(SETTINGS, 0, 0) if greeted else b"")
    for piece in pieces:
        peer >> piece
    peer.fin()
    edge.nothing_left()


FRAMES = st.lists(
    st.builds(
        frame,
        st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 200]),
        st.sampled_from([0, 1, 4, 5, 8, 0x20]),
        st.sampled_from([0, 1, 1, 3, 3, 5, 2]),
        st.one_of(st.just(HEAD), st.just(b"\0\0\0\x08"), st.just(b"12345678"), st.binary(max_size=20)),
    ),
    max_size=15,
)


@given(FRAMES)
def test_arbitrary_frames_never_escape(frames: list[bytes]) -> None:
    """Frames in any order: an answer, a reset or GOAWAY, and nothing left behind."""
    edge = Playbook()
    peer = edge.client(FrontendH2)
    peer >> PREFACE + frame(SETTINGS, 0, 0)
    for data in frames:
        peer >> data
        if edge.attempts:
            edge.gateway() >> OK
    peer.fin()
    edge.wait(5)
    edge.nothing_left()
