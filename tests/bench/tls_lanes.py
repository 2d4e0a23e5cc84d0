"""The lanes over TLS: HTTP/1.1, bare handshakes, HTTP/2."""

from dataclasses import replace

from . import h2_client, h2load, handshakes
from .lanes import (
    DELAY,
    DELAYS,
    EACH,
    P99_DELAY,
    Lane,
    Turn,
    check_log,
    idle_streams,
    least,
    log_lines,
    most,
    throughput,
    timed_streams,
)
from .stats import Measure, Values

H2_CONNECTIONS, H2_STREAMS = 4, 8


def full_handshakes(turn: Turn) -> Values:
    """Connections that end with their handshake; the client works harder than the proxy."""
    assert turn.child is not None
    before = turn.child.cpu_seconds()
    count, seconds = handshakes.full(turn.port, turn.settings.seconds)
    return {"rate": count / seconds, "cpu": (turn.child.cpu_seconds() - before) * 1e6 / count}


def h2_throughput(turn: Turn) -> Values:
    """A few connections with a few streams each, each with one request at a time."""
    before, settings = log_lines(turn), turn.settings
    count, rate = h2load.requests(turn.port, H2_CONNECTIONS, H2_STREAMS, settings.seconds, turn.directory)
    check_log(turn, before, count)
    return {"rps": rate}


def h2_timed_streams(turn: Turn) -> Values:
    """64 streams on one connection, on each an event every 20 ms, no two at the same time."""
    return {"delays": h2_client.timed(turn.port, 64, 0.02, turn.settings.stream_seconds, turn.trust)}


LANES = (
    Lane(
        "tls32",
        "TLS: 32 connections, 1 kB POST",
        throughput,
        (Measure("rps", "requests", "1/s", 0, (least(0.4), least(1.5, "caddy"))),),
        direct=False,
        tls=True,
    ),
    Lane(
        "handshakes",
        "TLS 1.3: full handshakes, 8 at a time",
        full_handshakes,
        (Measure("rate", "handshakes", "1/s"), Measure("cpu", "CPU per handshake", "µs")),
        direct=False,
        tls=True,
    ),
    Lane(
        "tlssse64",
        "TLS: 64 SSE streams out of phase, an event every 20 ms each",
        timed_streams,
        DELAYS,
        tls=True,
        own_core=True,
        visits=3,
    ),
    Lane("idletls", "TLS: 500 open idle SSE streams", idle_streams, (EACH,), direct=False, tls=True),
    Lane(
        "h2rps",
        f"HTTP/2: {H2_CONNECTIONS} connections with {H2_STREAMS} streams each, 1 kB POST",
        h2_throughput,
        (Measure("rps", "requests", "1/s", 0, (least(1.0, "hypercorn"),)),),
        direct=False,
        tls=True,
        needs="h2load",
    ),
    Lane(
        "h2sse64",
        "HTTP/2: 64 SSE streams on one connection, an event every 20 ms each",
        h2_timed_streams,
        (DELAY, replace(P99_DELAY, goals=(most(2),))),
        direct=False,
        tls=True,
        own_core=True,
    ),
)
