"""The access log: one record per exchange, with everything R43 names in it."""

import json
import re
from collections.abc import Callable

import pytest
from twisted.internet.error import ConnectionRefusedError as Refused

from localedge.config import Limits, LogFormat, LogLevel, Pool
from tests.phrases import OK, ask, post, streamed
from tests.playbook import Playbook

FIELDS = {
    "time",
    "client",
    "method",
    "path",
    "status",
    "ending",
    "bytes_in",
    "bytes_out",
    "queue_ms",
    "connect_ms",
    "first_byte_ms",
    "total_ms",
    "longest_gap_ms",
    "reused",
    "retried",
    "error",
}
STAMP = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def _exchange(edge: Playbook) -> None:
    """A POST of 4 bytes: 2 s to connect, 3 s to the first byte, gaps of 1, 4 and 1 s, 8 bytes back."""
    client = edge.client()
    client >> post(b"ping").replace(b"/v1/messages", b"/v1/messages?key=sk-1")
    edge.wait(2)
    gateway = edge.gateway()
    edge.wait(3)
    gateway >> b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    for pause, piece in ((1, b"5\r\nhello\r\n"), (4, b"3\r\nyou\r\n"), (1, b"0\r\n\r\n")):
        edge.wait(pause)
        gateway >> piece


def test_R43_record_in_json() -> None:
    """Every phase in milliseconds, every count in bytes of bodies, one word for the end."""
    edge = Playbook()
    _exchange(edge)
    record = edge.record
    assert record.keys() == FIELDS
    assert re.fullmatch(STAMP, record.pop("time"))
    assert record == {
        "client": "127.0.0.1:50001",
        "method": "POST",
        "path": "/v1/messages",
        "status": 200,
        "ending": "ok",
        "bytes_in": 4,
        "bytes_out": 8,
        "queue_ms": 0.0,
        "connect_ms": 2000.0,
        "first_byte_ms": 3000.0,
        "total_ms": 11000.0,
        "longest_gap_ms": 4000.0,
        "reused": False,
        "retried": False,
        "error": None,
    }


def test_R43_record_in_text() -> None:
    """One line, in the order in which one reads it."""
    edge = Playbook(log_format=LogFormat.TEXT)
    _exchange(edge)
    (line,) = edge.log
    assert re.fullmatch(
        STAMP + r" 127\.0\.0\.1:50001 POST /v1/messages 200 ok in=4 out=8 "
        r"queue=0\.0 connect=2000\.0 first=3000\.0 total=11000\.0 gap=4000\.0",
        line,
    )


def test_R43_text_tells_of_reuse_and_of_errors() -> None:
    """What is out of the ordinary stands at the end."""
    edge = Playbook(log_format=LogFormat.TEXT)
    client = edge.client()
    client >> ask() + ask() + ask()
    gateway = edge.gateway()
    gateway >> OK
    gateway >> OK
    gateway.reset()  # before any byte of the third response: asked once more
    edge.refuse()
    assert edge.log[0].endswith(" gap=0.0")
    assert edge.log[1].endswith(" reused")
    assert " 502 gateway-failed " in edge.log[2]
    assert edge.log[2].endswith(" retried [gateway-refused]")


def test_R43_reuse_and_retry_in_json() -> None:
    """The same as fields."""
    edge = Playbook()
    client = edge.client()
    client >> ask() + ask() + ask()
    gateway = edge.gateway()
    gateway >> OK
    gateway >> OK
    gateway.reset()
    edge.gateway() >> OK
    assert [(r["reused"], r["retried"], r["ending"]) for r in edge.records] == [
        (False, False, "ok"),
        (True, False, "ok"),
        (False, True, "ok"),
    ]


def _gone(edge: Playbook) -> None:
    client = edge.client()
    client >> ask()
    edge.gateway() >> streamed(b"some", end=b"")
    client.fin()


def _cut(edge: Playbook) -> None:
    edge.client() >> ask()
    gateway = edge.gateway()
    gateway >> streamed(b"some", end=b"")
    gateway.reset()


def _lost(edge: Playbook) -> None:
    edge.client() >> post(b"x")
    edge.gateway().fin()


def _unreached(edge: Playbook) -> None:
    edge.client() >> ask()
    edge.refuse(Refused())


def _silent(edge: Playbook) -> None:
    edge.client() >> ask()
    edge.gateway()
    edge.wait(2000)


def _silent_later(edge: Playbook) -> None:
    edge.client() >> ask()
    edge.gateway() >> streamed(b"some", end=b"")
    edge.wait(2000)


def _slow(edge: Playbook) -> None:
    edge.client() >> post(length=5)
    edge.gateway()
    edge.wait(100)


def _probe(edge: Playbook) -> None:
    edge.client() >> ask(b"HEAD /")


def _stranger(edge: Playbook) -> None:
    edge.client() >> ask(b"GET /x", b"Origin: null")


def _garbage(edge: Playbook) -> None:
    edge.client() >> b"garbage\r\n\r\n"


ENDINGS: list[tuple[Callable[[Playbook], None], int, str, str | None]] = [
    (_exchange, 200, "ok", None),
    (_probe, 200, "answered", None),
    (_gone, 499, "client-gone", None),
    (_slow, 408, "client-slow", "body-timeout"),
    (_cut, 200, "gateway-cut", "gateway-cut"),
    (_lost, 502, "gateway-failed", "gateway-lost"),
    (_unreached, 502, "gateway-failed", "gateway-refused"),
    (_silent, 504, "gateway-silent", "gateway-silent"),
    (_silent_later, 200, "gateway-silent", "gateway-silent"),
    (_stranger, 403, "refused", "web-origin-refused"),
    (_garbage, 400, "refused", "bad-request-line"),
]


@pytest.mark.parametrize(
    ("play", "status", "ending", "code"), [pytest.param(*e, id=e[0].__name__[1:]) for e in ENDINGS]
)
def test_R43_every_end_has_its_word(
    play: Callable[[Playbook], None], status: int, ending: str, code: str | None
) -> None:
    """One record, and one word in it that says how it ended."""
    edge = Playbook()
    play(edge)
    record = edge.record
    assert (record["status"], record["ending"], record["error"]) == (status, ending, code)
    for phase in ("queue_ms", "connect_ms", "first_byte_ms", "longest_gap_ms"):
        assert 0 <= record[phase] <= record["total_ms"]


LEVELS = [
    (LogLevel.DEBUG, ["ok", "answered", "refused", "gateway-failed", "client-gone"]),
    (LogLevel.INFO, ["ok", "answered", "refused", "gateway-failed", "client-gone"]),
    (LogLevel.WARNING, ["refused", "gateway-failed"]),
    (LogLevel.ERROR, []),
]


@pytest.mark.parametrize(("level", "endings"), LEVELS)
def test_R43_level_chooses_the_records(level: LogLevel, endings: list[str]) -> None:
    """`warning` shows failures only, `error` none."""
    shown = []
    for play in (_exchange, _probe, _stranger, _lost, _gone):
        edge = Playbook(log_level=level)
        play(edge)
        shown += [record["ending"] for record in edge.records]
    assert shown == endings


ONE = Pool(connections=1, ceiling=1)


def test_R43_waiting_in_the_queue_is_a_phase() -> None:
    """A request that waited for a connection says for how long."""
    edge = Playbook(pool=ONE)
    edge.client() >> ask(b"GET /1")
    gateway = edge.gateway()
    edge.client() >> ask(b"GET /2")
    edge.wait(5)
    gateway >> OK
    gateway >> OK
    first, second = edge.records
    assert (first["path"], first["queue_ms"], first["total_ms"]) == ("/1", 0.0, 5000.0)
    assert (second["path"], second["queue_ms"], second["total_ms"]) == ("/2", 5000.0, 5000.0)
    assert second["reused"]


def test_R43_phase_is_never_negative() -> None:
    """Five seconds in the queue, and then the gateway is gone."""
    edge = Playbook(pool=ONE)
    edge.client() >> ask(b"GET /1")
    gateway = edge.gateway()
    edge.client() >> ask(b"GET /2")
    edge.wait(5)
    gateway >> b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    edge.refuse()
    record = edge.records[1]
    assert (record["error"], record["queue_ms"]) == ("gateway-refused", 5000.0)
    assert record["connect_ms"] == 0.0


def test_R43_queue_that_ends_in_a_timeout_is_counted() -> None:
    """Thirty seconds of waiting in vain are thirty seconds in the queue."""
    edge = Playbook(pool=ONE)
    edge.client() >> ask(b"GET /1")
    edge.gateway()
    edge.client() >> ask(b"GET /2")
    edge.wait(40)
    record = edge.record
    assert (record["error"], record["connect_ms"]) == ("queue-timeout", 0.0)
    assert 30000.0 <= record["queue_ms"] == record["total_ms"] <= 32000.0


def test_R43_phase_that_fails_is_counted_too() -> None:
    """Ten seconds of trying to connect are ten seconds of connecting."""
    edge = Playbook()
    edge.client() >> ask()
    edge.wait(11)
    record = edge.record
    assert (record["status"], record["error"]) == (504, "gateway-connect-timeout")
    assert record["connect_ms"] == record["total_ms"] == 10000.0
    assert record["queue_ms"] == record["first_byte_ms"] == 0.0


def test_R43_silence_is_counted_as_waiting_for_the_first_byte() -> None:
    """A gateway that never answers has kept the client waiting for that long."""
    edge = Playbook(limits=Limits(first_byte=60))
    edge.client() >> ask()
    edge.wait(1)
    edge.gateway()
    edge.wait(70)
    record = edge.record
    assert record["status"] == 504
    assert record["connect_ms"] == 1000.0
    assert 60000.0 <= record["first_byte_ms"] <= 62000.0


TARGETS = [
    (b"/v1/messages?api_key=sk-1&x", "/v1/messages"),
    (b"/a%20b;c?d?e", "/a%20b;c"),
    (b"/?", "/"),
    (b"http://localhost/v1/models?sk-1", "/v1/models"),
    (b"http://localhost?sk-1", "/"),
    (b"http://me:sk-1@localhost/v1/models", "/v1/models"),
    (b"http://sk-1@localhost", "/"),
    (b"sk-1", "-"),
    (b"sk-1:443", "-"),
]


@pytest.mark.parametrize(("target", "path"), TARGETS)
@pytest.mark.parametrize("log_format", LogFormat)
def test_R43_R23_path_has_no_query_and_no_credentials(
    target: bytes, path: str, log_format: LogFormat
) -> None:
    """Whatever form the target has, the log shows its path alone."""
    edge = Playbook(log_format=log_format)
    client = edge.client()
    client >> b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    if edge.attempts:
        edge.gateway() >> OK
    (line,) = edge.log
    assert "sk-1" not in line
    assert path == (json.loads(line)["path"] if log_format is LogFormat.JSON else line.split(" ")[3])


def test_R43_no_record_is_lost_and_none_is_doubled() -> None:
    """One edge, every kind of end, one after the other: as many records as requests."""
    edge = Playbook(pool=Pool(idle=0.1))
    for play in (_exchange, _probe, _gone, _slow, _cut, _lost, _unreached, _silent, _stranger, _garbage):
        before = len(edge.records)
        play(edge)
        edge.wait(5)
        assert len(edge.records) == before + 1
    assert not edge.context.observer.in_flight
