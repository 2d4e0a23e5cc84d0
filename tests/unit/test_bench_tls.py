"""The bench over TLS and HTTP/2: figures of h2load, its own HTTP/2 client, localedge as the peer of both."""

import asyncio
import contextlib
import hashlib
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, PingAckReceived, RequestReceived, SettingsAcknowledged, StreamEnded
from hypothesis import given
from hypothesis import strategies as st

if not sys.platform.startswith("linux"):
    pytest.skip("the bench reads /proc and runs on Linux alone", allow_module_level=True)

from tests.bench import __main__ as command
from tests.bench import (
    client,
    contestants,
    forwarder,
    gateway,
    h2_client,
    h2load,
    handshakes,
    lanes,
    processes,
    proxies,
    python_proxies,
    streams,
    wrk,
)

SIZE = len(gateway.MESSAGE)
SAID = f"""starting benchmark...
spawning thread #0: 4 total client(s). Timing-based test with 0s of warm-up time and 1s of main duration.
TLS Protocol: TLSv1.3
Application protocol: h2
Main benchmark duration is over for thread #0. Stopping all clients.
Stopped all clients for thread #0

finished in 1.00s, 23640.50 req/s, 11.21MB/s
requests: 23640 total, 23672 started, 23640 done, 23640 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 23650 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 11.21MB (11754000) total, 554.06KB (567360) headers (space savings 73%), 9.9MB ({23640 * SIZE}) data
                     min         max         mean         sd        +/- sd
time for request:      254us     12.97ms      1.35ms       625us    92.61%
"""


def test_h2load_tells_the_rate() -> None:
    """The requests of h2load and their rate are read from what it prints."""
    assert h2load.figures(SAID) == (23640, 23640.5)


@pytest.mark.parametrize(
    ("text", "instead", "reason"),
    [
        ("succeeded, 0 failed", "succeeded, 2 failed", "went wrong"),
        ("0 errored", "7 errored", "went wrong"),
        ("23640 succeeded", "23639 succeeded", "1 of 23640 requests went wrong"),
        (f"({23640 * SIZE}) data", f"({23640 * SIZE - 1}) data", "shorter than the message"),
        ("protocol: h2", "protocol: http/1.1", "spoke http/1.1"),
        ("finished in", "Could not resolve", "h2load says"),
    ],
)
def test_h2load_with_wrong_answers_has_no_rate(text: str, instead: str, reason: str) -> None:
    """Failed requests, short answers or another protocol fail the lane, however fast they were."""
    assert text in SAID
    with pytest.raises(client.Wrong, match=reason):
        h2load.figures(SAID.replace(text, instead))


class Peer:
    """A server on the `h2` library, in memory."""

    def __init__(self, session: h2_client.Session) -> None:
        self.session = session
        self.conn = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.conn.initiate_connection()
        self.requests: dict[int, dict[str, str]] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self.heard: list[type] = []

    def hear(self, data: bytes) -> None:
        """What the client sent."""
        for event in self.conn.receive_data(data):
            self.heard.append(type(event))
            if isinstance(event, RequestReceived):
                fields = [(str(name), str(value)) for name, value in event.headers]
                self.requests[event.stream_id] = dict(fields)
            elif isinstance(event, DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
            elif isinstance(event, StreamEnded):
                self.ended.add(event.stream_id)

    def said(self) -> bytes:
        """What there is to send."""
        return self.conn.data_to_send()

    def tell(self, moment: int) -> None:
        """Send it, and hear the client's reply."""
        self.hear(self.session.take(moment, self.said()))


def asked(count: int = 2) -> tuple[h2_client.Session, Peer]:
    """A client that has asked for streams, and its server."""
    session = h2_client.Session()
    peer = Peer(session)
    requests = b"".join(session.request(f"/sse?phase={number}", "localhost:1") for number in range(count))
    peer.hear(session.opening() + requests)
    return session, peer


def test_the_http2_client_asks_as_claude_does() -> None:
    """All requests of the HTTP/2 client are whole, with Claude's fields, within the first window."""
    _, peer = asked(64)
    assert peer.ended == set(range(1, 128, 2))
    assert set(map(len, peer.bodies.values())) == {1000}
    request = peer.requests[3]
    assert (request[":method"], request[":path"], request[":scheme"]) == ("POST", "/sse?phase=1", "https")
    assert request["anthropic-version"] and request["content-length"] == "1000"
    assert "connection" not in request and "host" not in request


def test_the_http2_client_keeps_the_streams_apart() -> None:
    """Events of several streams on one connection are given back stream by stream, with their moments."""
    session, peer = asked()
    for stream in (1, 3):
        peer.conn.send_headers(stream, [(":status", "200"), ("x-long", "n" * 20_000)])  # CONTINUATION too
    peer.tell(1)
    peer.conn.send_data(3, b"first", pad_length=7)
    peer.tell(2)
    peer.conn.send_data(1, b"second")
    peer.conn.send_data(3, b"third", end_stream=True)
    peer.tell(3)
    assert session.open == {1}
    peer.conn.send_headers(1, [("x-trailer", "yes")], end_stream=True)
    peer.tell(4)
    assert session.open == set()
    assert session.pieces == {1: [(3, b"second")], 3: [(2, b"first"), (3, b"third")]}
    session.check_heads()


def test_the_http2_client_answers_settings_and_pings() -> None:
    """A server's settings and pings are acknowledged, so that it does not give the connection up."""
    _, peer = asked()
    peer.conn.ping(b"12345678")
    peer.tell(1)
    assert {SettingsAcknowledged, PingAckReceived} <= set(peer.heard)


def _stream(cuts: list[int]) -> h2_client.Session:
    session, peer = asked(1)
    peer.conn.send_headers(1, [(":status", "200")])
    for number in range(5):
        peer.conn.send_data(1, gateway.TIMED_EVENT % (1000 * number, number), end_stream=number == 4)
    whole = peer.said()
    places = [0, *sorted(cut % len(whole) for cut in cuts), len(whole)]
    for begin, end in itertools.pairwise(places):
        session.take(5000, whole[begin:end])
    return session


@given(st.lists(st.integers(0, 2000)))
def test_http2_cut_anywhere_reads_the_same(cuts: list[int]) -> None:
    """However the network cuts the frames, every event is found with its delay."""
    session = _stream(cuts)
    assert session.open == set()
    session.check_heads()
    assert streams.delays(session.pieces[1], 5) == [5, 4, 3, 2, 1]


def test_an_event_that_is_lost_over_http2_is_noticed() -> None:
    """A stream without one of its events fails the lane."""
    pieces = _stream([]).pieces[1]
    with pytest.raises(client.Wrong, match="event 2 arrived as"):
        streams.delays([*pieces[:2], *pieces[3:]], 5)


def test_http2_streams_that_fail_are_noticed() -> None:
    """A reset, a connection given up, another status or no answer fails the lane."""
    session, peer = asked()
    peer.conn.reset_stream(3, 2)
    with pytest.raises(client.Wrong, match="stream 3 was reset: error 2"):
        peer.tell(1)
    session, peer = asked()
    peer.conn.close_connection(11)
    with pytest.raises(client.Wrong, match="given up: error 11"):
        peer.tell(1)
    session, peer = asked()
    peer.conn.send_headers(1, [(":status", "200")], end_stream=True)
    peer.tell(1)
    with pytest.raises(client.Wrong, match="1 streams had no answer"):
        session.check_heads()
    peer.conn.send_headers(3, [(":status", "502")])
    peer.conn.send_data(3, b"no gateway", end_stream=True)
    peer.tell(2)
    with pytest.raises(client.Wrong, match="status 502: no gateway"):
        session.check_heads()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The fake gateway, running."""
    with command.gateway(tmp_path) as port:
        yield port


@pytest.fixture
def localedge(port: int, tmp_path: Path) -> Iterator[lanes.Turn]:
    """localedge with HTTPS in front of it."""
    keys = proxies.make_keys(tmp_path / "keys")
    running = python_proxies.start_localedge(tmp_path, port, keys)
    assert running.child is not None
    proxy = next(proxy for proxy in contestants.PROXIES if proxy.name == "localedge")
    with processes.stopping(running.child):
        yield lanes.Turn(lanes.QUICK, tmp_path, port, proxy, running)


def test_localedge_is_measured_over_tls(localedge: lanes.Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    """localedge serves the run's own certificate, and all clients of the bench get right answers over TLS."""
    lanes.warm(localedge)
    count, _ = handshakes.full(localedge.port, 0.01, parallel=2)
    assert count >= 1
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert wrk.requests(localedge.port, 2, 0.05, localedge.directory, localedge.trust)[0] >= 1
    assert len(streams.timed(localedge.port, 3, 0.002, 0.02, localedge.trust)) == 30
    with contextlib.ExitStack() as stack:
        streams.open_idle(stack, localedge.port, 3, trust=localedge.trust)


def test_localedge_is_measured_over_http2(localedge: lanes.Turn) -> None:
    """Many streams on one HTTP/2 connection arrive whole, in order, and end."""
    assert len(h2_client.timed(localedge.port, 16, 0.004, 0.04, localedge.trust)) == 160
    with pytest.raises(client.Wrong, match="status 404"):
        h2_client.collect(localedge.port, ["/elsewhere"], 1, localedge.trust)


def test_a_certificate_of_another_run_is_refused(localedge: lanes.Turn, tmp_path: Path) -> None:
    """The warm-up checks the chain: a proxy that serves some other certificate fails its lane."""
    other = proxies.make_keys(tmp_path / "other")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        client.connect(localedge.port, other.root)


def test_a_sessions_own_close_is_the_end(localedge: lanes.Turn) -> None:
    """The end of TLS is told from data that is not whole yet."""
    head = client.request_head("/v1/messages", localedge.port, 0)
    with client.connect(localedge.port, localedge.trust) as sock:
        sock.sendall(head.replace(b"Connection: keep-alive", b"Connection: close"))
        assert gateway.MESSAGE in b"".join(iter(lambda: sock.recv(65536), b""))


async def _forward(port: int, path: str, pieces: list[bytes]) -> tuple[Any, bytes]:
    """What an ASGI server is given for a request whose body comes in pieces: the start, and the body."""
    sent: list[Any] = []
    coming = iter(pieces)
    left = len(pieces)

    async def receive() -> Any:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(coming), "more_body": left > 0}

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    length = str(sum(map(len, pieces))).encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"content-length", length), (b"connection", b"keep-alive")],
    }
    application = forwarder.Forwarder(f"http://127.0.0.1:{port}")
    await application(scope, receive, send)
    await application.client.aclose()
    start, *bodies = sent
    assert left == 0
    assert bodies[-1] == {"type": "http.response.body"}
    return start, b"".join(message.get("body", b"") for message in bodies)


def test_the_asgi_forwarder_streams_both_ways(port: int) -> None:
    """The forwarder that hypercorn runs passes on request, status, fields and body."""
    noise = os.urandom(100_000)
    start, body = asyncio.run(_forward(port, "/upload?digest=1", [noise[:70_000], noise[70_000:]]))
    assert (start["type"], start["status"]) == ("http.response.start", 200)
    assert hashlib.sha256(noise).hexdigest().encode() in body
    start, body = asyncio.run(_forward(port, "/flood?ms=1&burst=1", [b""]))
    assert (b"request-id", b"req_bench") in start["headers"]
    assert b"event: done\ndata: " in body
    assert asyncio.run(_forward(port, "/elsewhere", [b""]))[0]["status"] == 404
