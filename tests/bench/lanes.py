"""The lanes: what is done to one freshly started proxy, and which figures come of it.

A lane gets a proxy that nobody has used, measures, and raises `Wrong` when an answer is not what the
gateway sent.
"""

import contextlib
import gc
import hashlib
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from . import streams, wrk
from .client import (
    Wrong,
    connect,
    connect_when_ready,
    plain_connection,
    post,
    read_answer,
    request_head,
    small_request,
)
from .gateway import MESSAGE
from .processes import Child
from .proxies import Proxy, Running
from .stats import Goal, Measure, Values, percentile

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """How long things take: `--quick` shrinks these."""

    requests: int = 4000
    seconds: float = 2.0
    stream_seconds: float = 2.5
    flood_seconds: float = 0.8
    uploads: int = 3
    starts: int = 5
    stall_seconds: float = 1.5
    idle_streams: int = 1000
    secure_idle_streams: int = 500
    patience: float = 4.0
    """How long the first event of an idle stream may take, or a record to reach the access log."""


QUICK = Settings(1500, 1.0, 1.0, 0.3, 2, 2, 0.4, patience=2.0)


@dataclass(frozen=True, slots=True)
class Turn:
    """One proxy's turn: `running` is None in the start lane, which starts the proxy itself."""

    settings: Settings
    directory: Path
    gateway: int
    proxy: Proxy
    running: Running | None = None

    @property
    def port(self) -> int:
        """Where the load goes."""
        assert self.running is not None
        return self.running.port

    @property
    def child(self) -> Child | None:
        """The proxy's process, None for the direct connection."""
        return self.running.child if self.running else None

    @property
    def trust(self) -> Path | None:
        """The root certificate, None where no TLS is spoken."""
        return self.running.trust if self.running else None


@dataclass(frozen=True, slots=True)
class Lane:
    """A name for the command line, a title, and who takes part beside the proxies.

    With `tls` it is for the proxies that speak TLS, and they do.  `needs` is a program without which
    nobody can be measured.  With `own_core` the proxy has one core to itself, client and gateway have the
    others: else the figures tell who the scheduler put beside whom.  A round visits everybody `visits`
    times.
    """

    name: str
    title: str
    run: Callable[[Turn], Values]
    measures: tuple[Measure, ...]
    direct: bool = True
    bare: bool = False
    starts_itself: bool = False
    tls: bool = False
    needs: str | None = None
    own_core: bool = False
    visits: int = 1


def warm(turn: Turn) -> None:
    """One answered request: the proxy is up, its code is loaded, the answer is right."""
    with connect_when_ready(turn.port, turn.trust) as sock:
        if post(sock, turn.port, "/v1/messages") != MESSAGE:
            raise Wrong("the message is not the gateway's")


def latency(turn: Turn) -> Values:
    """One keep-alive connection, one request after the other."""
    request = small_request("/v1/messages", turn.port)
    took: list[float] = []
    with connect(turn.port) as sock:
        for _ in range(50):
            if post(sock, turn.port, "/v1/messages") != MESSAGE:
                raise Wrong("the message is not the gateway's")
        clock, send, receive = time.perf_counter_ns, sock.sendall, sock.recv
        give_up = time.monotonic() + turn.settings.seconds
        gc.collect()
        gc.disable()
        try:
            while len(took) < turn.settings.requests and time.monotonic() < give_up:
                begin = clock()
                send(request)
                answer = receive(65536)
                while not answer.endswith(MESSAGE):
                    more = receive(65536)
                    if not more:
                        raise Wrong("the answer was cut")
                    answer += more
                took.append((clock() - begin) / 1000)
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise Wrong(f"an answer begins with {answer[:40]!r}")
        except TimeoutError:
            raise Wrong("an answer did not end as it should") from None
        finally:
            gc.enable()
    return {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99)}


def throughput(turn: Turn) -> Values:
    """32 keep-alive connections, each with one request at a time."""
    before = log_lines(turn)
    count, seconds = wrk.requests(turn.port, 32, turn.settings.seconds, turn.directory, turn.trust)
    check_log(turn, before, count)
    return {"rps": count / seconds}


def check_log(turn: Turn, before: int, count: int) -> None:
    """Raise `Wrong` unless the access log has grown by as many records as requests were answered.

    The last requests may still be under way; who writes the log from a thread of its own gets a moment.
    """
    if turn.child is None:
        return
    deadline = time.monotonic() + turn.settings.patience
    while (logged := log_lines(turn) - before) < 0.95 * count - 64:
        if time.monotonic() > deadline:
            raise Wrong(f"the access log has {logged} records of {count} requests")
        time.sleep(0.05)


def log_lines(turn: Turn) -> int:
    """Records in the access log now."""
    log = turn.running.access_log if turn.running else None
    if log is None:
        return 0
    with log.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


def timed_streams(turn: Turn) -> Values:
    """64 streams, on each an event every 20 ms, no two at the same time."""
    return {"delays": streams.timed(turn.port, 64, 0.02, turn.settings.stream_seconds, turn.trust)}


def full_speed_streams(turn: Turn, burst: int) -> Values:
    """Four streams as fast as they go, so many events in each of the gateway's writes."""
    before = turn.child.cpu_seconds() if turn.child else 0.0
    events, seconds = streams.flood(turn.port, 4, burst, turn.settings.flood_seconds)
    values: Values = {"eps": events / seconds}
    if turn.child is not None:
        values["cpu"] = (turn.child.cpu_seconds() - before) * 1e6 / events
    return values


def upload(turn: Turn) -> Values:
    """64 MiB with Content-Length, counted by the gateway; then 1 MiB of noise, compared by its digest."""
    block, size = bytes(1 << 20), 64 << 20
    before = _begin_growth(turn)
    speeds = []
    with connect(turn.port) as sock:
        for _ in range(turn.settings.uploads):
            begin = time.perf_counter()
            sock.sendall(request_head("/upload", turn.port, size))
            for _ in range(size // len(block)):
                sock.sendall(block)
            answer = read_answer(sock)
            speeds.append(size / MB / (time.perf_counter() - begin))
            if answer != b'{"received": %d, "sha256": ""}' % size:
                raise Wrong(f"the gateway says {answer[:80]!r}")
        grown = _growth(turn, before)
        noise = os.urandom(1 << 20)
        sock.sendall(request_head("/upload?digest=1", turn.port, len(noise)) + noise)
        if hashlib.sha256(noise).hexdigest().encode() not in read_answer(sock):
            raise Wrong("the upload was changed on its way")
    return {"speed": statistics.median(speeds), **grown}


def slow_reader(turn: Turn) -> Values:
    """A client that takes 64 KiB of 256 MB, stops for a while, then reads the rest."""
    size, taken = 256 * MB, 0
    before = _begin_growth(turn)
    with plain_connection(turn.port, receive_buffer=65536) as sock:
        sock.sendall(small_request(f"/big?size={size}", turn.port))
        head = b""
        while b"\r\n\r\n" not in head:
            piece = sock.recv(4096)
            if not piece:
                raise Wrong("the answer was cut")
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200") or f"content-length: {size}".encode() not in head.lower():
            raise Wrong(f"the answer begins with {head[:200]!r}")
        taken = len(body)
        while taken < 65536:
            taken += len(sock.recv(65536 - taken))
        time.sleep(turn.settings.stall_seconds)
        scratch = bytearray(1 << 20)
        while taken < size:
            count = sock.recv_into(scratch)
            if not count or scratch[0] != taken % 256:
                raise Wrong(f"the answer is wrong or ends after {taken} bytes")
            taken += count
    if taken != size:
        raise Wrong(f"{taken} bytes arrived of {size}")
    return _growth(turn, before)


def idle_streams(turn: Turn) -> Values:
    """Streams that stay open and say nothing more."""
    assert turn.child is not None
    settings, trust = turn.settings, turn.trust
    count = settings.idle_streams if trust is None else settings.secure_idle_streams
    with contextlib.ExitStack() as stack:
        streams.open_idle(stack, turn.port, 1, settings.patience, trust)
        before = turn.child.resident()
        streams.open_idle(stack, turn.port, count, settings.patience, trust)
        time.sleep(0.3)
        return {"each": (turn.child.resident() - before) / count / 1024}


def start(turn: Turn) -> Values:
    """From exec to the first answered request; the median of a few starts."""
    took = []
    for _ in range(turn.settings.starts):
        running = turn.proxy.start(turn.directory, turn.gateway, None)
        assert running.child is not None
        try:
            with connect_when_ready(running.port) as sock:
                answer = post(sock, running.port, "/v1/messages")
            took.append((time.monotonic() - running.child.started) * 1000)
            if answer != (b"hi\n" if turn.proxy.name == "bare" else MESSAGE):
                raise Wrong("the message is not the gateway's")
        finally:
            running.child.stop()
    return {"ms": statistics.median(took)}


def _begin_growth(turn: Turn) -> int:
    if turn.child is None:
        return 0
    turn.child.reset_peak()
    return turn.child.resident_peak()


def _growth(turn: Turn, before: int) -> Values:
    return {} if turn.child is None else {"growth": max(0, turn.child.resident_peak() - before) / MB}


def most(bound: float, against: str | None = "nginx") -> Goal:
    """At most that many times the figure of another proxy, or that figure."""
    return Goal(True, bound, against)


def least(bound: float, against: str | None = "nginx") -> Goal:
    """At least that."""
    return Goal(False, bound, against)


_RATES = (least(0.4), least(1.6, "caddy"), least(6, "agent"))
_GROWTH = Measure("growth", "growth of resident memory", "MB", 2, (most(4, None),), compared=False)
DELAY = Measure("delays", "p50 delay per event", "µs", share=0.5)
P99_DELAY = replace(DELAY, title="p99 delay per event", share=0.99)
DELAYS = (
    DELAY,
    P99_DELAY,
    replace(P99_DELAY, title="p99 delay less direct", goals=(most(1.4),), less_direct=True),
)
EACH = Measure("each", "resident memory each", "KiB", 1)

LANES = (
    Lane(
        "latency1",
        "one connection, 1 kB POST",
        latency,
        (Measure("p50", "p50 latency", "µs", 0, (most(1.6),)), Measure("p99", "p99 latency", "µs")),
    ),
    Lane("rps32", "32 connections, 1 kB POST", throughput, (Measure("rps", "requests", "1/s", 0, _RATES),)),
    Lane(
        "sse64",
        "64 SSE streams out of phase, an event every 20 ms each",
        timed_streams,
        DELAYS,
        own_core=True,
        visits=3,
    ),
    Lane(
        "sse4",
        "4 SSE streams at full speed, every event written by itself",
        partial(full_speed_streams, burst=1),
        (Measure("eps", "events", "1/s", 0, (least(0.9),)), Measure("cpu", "CPU per event", "µs", 2)),
        own_core=True,
    ),
    Lane(
        "burst4",
        "4 SSE streams at full speed, 8 events in a write",
        partial(full_speed_streams, burst=8),
        (Measure("eps", "events", "1/s"), Measure("cpu", "CPU per event", "µs", 2)),
        own_core=True,
    ),
    Lane(
        "upload",
        "64 MiB upload with Content-Length",
        upload,
        (Measure("speed", "speed", "MB/s", 0, (least(0.7),)), _GROWTH),
    ),
    Lane(
        "idle1000",
        "1,000 open idle SSE streams",
        idle_streams,
        (replace(EACH, goals=(most(1.0),)),),
        direct=False,
    ),
    Lane(
        "start",
        "start",
        start,
        (Measure("ms", "time to the first answered request", "ms", 0, (most(1.6, "bare"),)),),
        direct=False,
        bare=True,
        starts_itself=True,
    ),
    Lane("slowreader", "slow reader on a 256 MB answer", slow_reader, (_GROWTH,), direct=False),
)
