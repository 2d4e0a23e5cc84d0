"""What happened: the access record of each exchange, counters, and who is in flight (R43).

A record has no query, no field and no body of anybody: there is nothing secret in it.
"""

import enum
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from localedge import messages
from localedge.config import LogFormat, LogLevel

if TYPE_CHECKING:
    from localedge.edge.exchange import Exchange


class Ending(enum.StrEnum):
    """How an exchange ended, in one word."""

    OK = "ok"
    ANSWERED = "answered"
    """By the edge itself: a probe, a preflight."""
    REFUSED = "refused"
    """The edge did not let it in."""
    CLIENT_GONE = "client-gone"
    CLIENT_SLOW = "client-slow"
    GATEWAY_FAILED = "gateway-failed"
    """No answer at all: unreachable, broken, lost."""
    GATEWAY_CUT = "gateway-cut"
    """An answer that began and did not end."""
    GATEWAY_SILENT = "gateway-silent"
    BUSY = "busy"
    """The queue was full, or the edge was draining."""
    DRAINED = "drained"
    """Still running at the drain limit."""


FAILURES = frozenset(Ending) - {Ending.OK, Ending.ANSWERED, Ending.CLIENT_GONE}


def ending_of(code: str, status: int) -> Ending:
    """The word for an exchange that the edge answered with the error `code`."""
    if code == "gateway-silent":
        return Ending.GATEWAY_SILENT
    if status == 408:
        return Ending.CLIENT_SLOW
    if status == 503:
        return Ending.BUSY
    if status >= 500 and status != 508:
        return Ending.GATEWAY_FAILED
    return Ending.REFUSED


NOT_YET = -1.0
"""In place of a time that has not come."""


def path_of(target: bytes) -> bytes:
    """The path of a request target in any form (RFC 9112 3.2): no query, no authority, no credentials."""
    path = target.partition(b"?")[0]
    if path[:1] == b"/" or path == b"*":
        return path
    _, absolute, rest = path.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if absolute else b"-"


class Record:
    """One access record.  Times in seconds as the clock gave them, bytes of bodies."""

    __slots__ = (
        "bytes_in",
        "bytes_out",
        "client",
        "code",
        "connected",
        "ending",
        "first_byte",
        "gap",
        "last_byte",
        "method",
        "path",
        "queued",
        "retried",
        "reused",
        "started",
        "status",
    )

    def __init__(self, client: str, method: bytes, target: bytes, now: float) -> None:
        self.client = client
        self.method = method
        self.path = path_of(target)
        self.started = now
        self.queued = NOT_YET  # the end of each phase
        self.connected = NOT_YET
        self.first_byte = NOT_YET
        self.last_byte = 0.0
        self.gap = 0.0
        self.bytes_in = 0
        self.bytes_out = 0
        self.status = 0
        self.reused = False
        self.retried = False
        self.code = ""
        self.ending = Ending.OK

    def failed(self, code: str) -> None:
        """The edge answers with its own error `code`."""
        self.code = code
        self.status = messages.entry(code).status or 500
        self.ending = ending_of(code, self.status)


class Observer:
    """Takes note of exchanges; `emit` writes one line."""

    def __init__(self, emit: Callable[[str], None], log_format: LogFormat, level: LogLevel) -> None:
        self._emit = emit
        self._format = log_format
        self._render = _as_json if log_format is LogFormat.JSON else _as_text
        self._all = level in (LogLevel.DEBUG, LogLevel.INFO)
        self._failures = level is not LogLevel.ERROR
        self.verbose = level is LogLevel.DEBUG
        """Whether connections are told of too, with `say`."""
        self._stamp = _Stamp()
        self.in_flight: set[Exchange] = set()

    def say(self, code: str, text: str) -> None:
        """A line that is no record: something the user should know, whatever the level."""
        self._emit(spoken(self._format, code, text))

    def ended(self, record: Record, now: float) -> None:
        """An exchange is over."""
        if self._all or (self._failures and record.ending in FAILURES):
            self._emit(self._render(record, self._stamp(), now))


class _Stamp:
    """The time of day in UTC, as ISO 8601 with milliseconds; the seconds are formatted once each."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{int((now - second) * 1000):03d}Z"


def spoken(log_format: LogFormat, code: str, text: str) -> str:
    """A line that is no record, in the log's format."""
    if log_format is LogFormat.TEXT:
        return f"{_Stamp()()} {text} [{code}]"
    import json

    return json.dumps({"time": _Stamp()(), "event": code, "message": text})


def _phases(record: Record, now: float) -> tuple[float, float, float, float, float]:
    """Queue, connect, first byte, total, longest gap in ms; the phase it ended in is counted to the end."""
    started, queued, connected, first = record.started, record.queued, record.connected, record.first_byte
    if first == NOT_YET:
        queued, connected, first = [now if end == NOT_YET else end for end in (queued, connected, first)]
    return (
        (queued - started) * 1000,
        (connected - queued) * 1000,
        (first - connected) * 1000,
        (now - started) * 1000,
        record.gap * 1000,
    )


_LINE = "%s %s %s %s %d %s in=%d out=%d queue=%.1f connect=%.1f first=%.1f total=%.1f gap=%.1f%s"


def _as_text(record: Record, stamp: str, now: float) -> str:
    notes = (" reused" if record.reused else "") + (" retried" if record.retried else "")
    if record.code:
        notes += f" [{record.code}]"
    method, path = record.method.decode(), record.path.decode()
    begin = (
        stamp,
        record.client,
        method,
        path,
        record.status,
        record.ending,
        record.bytes_in,
        record.bytes_out,
    )
    return _LINE % (*begin, *_phases(record, now), notes)


def _as_json(record: Record, stamp: str, now: float) -> str:
    import json

    queue, connect, first, total, gap = _phases(record, now)
    return json.dumps(
        {
            "time": stamp,
            "client": record.client,
            "method": record.method.decode(),
            "path": record.path.decode(),
            "status": record.status,
            "ending": record.ending,
            "bytes_in": record.bytes_in,
            "bytes_out": record.bytes_out,
            "queue_ms": round(queue, 1),
            "connect_ms": round(connect, 1),
            "first_byte_ms": round(first, 1),
            "total_ms": round(total, 1),
            "longest_gap_ms": round(gap, 1),
            "reused": record.reused,
            "retried": record.retried,
            "error": record.code or None,
        }
    )
