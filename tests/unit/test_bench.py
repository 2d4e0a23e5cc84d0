"""The bench: its arithmetic, its tables, and its fake gateway, without a clock deciding anything."""

import contextlib
import hashlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

if not sys.platform.startswith("linux"):
    pytest.skip("the bench reads /proc and runs on Linux alone", allow_module_level=True)

from tests.bench import __main__ as command
from tests.bench import (
    client,
    contestants,
    gateway,
    lanes,
    machine,
    processes,
    proxies,
    python_proxies,
    stats,
    streams,
    table,
)

UNIT = stats.Measure("v", "speed", "MB/s", 1, (stats.Goal(False, 0.5, "nginx"), stats.Goal(True, 90, None)))
LANE = lanes.Lane("made-up", "a made-up lane", lambda turn: {}, (UNIT,))


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The fake gateway, running."""
    with command.gateway(tmp_path) as port:
        yield port


def test_percentiles_are_values_that_occurred() -> None:
    """The 99th percentile of a hundred values is the 99th of them."""
    values = [float(value) for value in range(100, 0, -1)]
    assert stats.percentile(values, 0.5) == 50
    assert stats.percentile(values, 0.99) == 99
    assert stats.percentile([7.0], 0.99) == 7


def test_a_goal_is_met_missed_or_not_judged() -> None:
    """A goal says whether localedge reached it, and says nothing where one of the two has no figure."""
    goal = stats.Goal(True, 1.6, "nginx")
    assert goal.verdict({"localedge": 16.0, "nginx": 10.0}) == "met"
    assert goal.verdict({"localedge": 16.1, "nginx": 10.0}) == "missed"
    assert goal.verdict({"nginx": 10.0}) == "not judged"
    assert goal.verdict({"localedge": 1.0, "nginx": -3.0}) == "not judged"
    assert stats.Goal(False, 4, None).verdict({"localedge": 3.9}) == "missed"


def test_a_percentile_is_one_of_all_that_the_rounds_saw() -> None:
    """Not the median of theirs; the range is that of the rounds, and the direct connection's is taken off."""
    measure = stats.Measure("seen", "delay", "µs", share=0.9)
    rounds: dict[str, list[stats.Values]] = {
        "direct": [{"seen": [1.0, 2.0]}],
        "nginx": [{"seen": [10.0] * 9 + [99.0]}, {}, {"seen": [20.0] * 5 + [30.0] * 5}],
        "caddy": [{}],
    }
    of_all = stats.summaries(measure, rounds)
    assert of_all == {"direct": stats.Summary(2, 2, 2), "nginx": stats.Summary(30, 10, 30)}
    extra = replace(measure, less_direct=True)
    assert stats.summaries(extra, rounds) == {"nginx": stats.Summary(28, 8, 28)}
    assert stats.summaries(extra, {"nginx": rounds["nginx"]}) == {}


def test_tables_show_medians_ratios_and_failures() -> None:
    """Both tables show each median, localedge's ratio to nginx, the verdicts, and who failed and why."""
    result = table.LaneResult(LANE)
    for speed in (100.0, 300.0, 200.0):
        result.add({"nginx": {"v": speed}, "localedge": {"v": speed / 2}, "caddy": {"v": 1.0}})
    result.fail("caddy", f"status 502{table.LOG}one more line")
    text = table.terminal([result])
    assert "200.0      100.0      300.0      1.00" in text
    assert "goal at least 0.5 x nginx: met (100.0, limit 100.0)" in text
    assert "goal at most 90 MB/s: missed" in text
    assert "Caddy failed in 1 of 4 rounds: status 502" in text
    row, _, complaint = table.markdown([result]).splitlines()[2:]
    assert complaint == "a made-up lane: Caddy failed in 1 of 4 rounds: status 502"
    start = "| a made-up lane | speed, MB/s | 200.0 | 1.0 | 100.0 | 0.50 | at least 0.5 x nginx: met;"
    assert row.startswith(start)


def test_a_failed_round_of_localedge_spoils_its_lane() -> None:
    """localedge may not fail once; another proxy keeps its figures while most of its rounds went well."""
    result = table.LaneResult(LANE)
    for _ in range(3):
        result.add({"nginx": {"v": 2.0}, "localedge": {"v": 2.0}})
    result.fail("nginx", "the answer was cut")
    result.fail("localedge", "the answer was cut")
    assert list(result.summaries(UNIT)) == ["nginx"]
    assert "x nginx: failed" in table.terminal([result])
    assert not result.given_up("nginx")
    result.fail("caddy", "no such program")
    assert result.given_up("caddy")


def test_every_lane_has_a_name_of_its_own() -> None:
    """Each lane can be chosen by a name of its own, and the bare program runs in the start lane only."""
    names = [lane.name for lane in command.LANES]
    assert len(set(names)) == len(names)
    assert [lane.name for lane in command.LANES if lane.bare] == ["start"]
    assert [proxy.name for proxy in command.taking_part(lanes.LANES[0], ["bare", "nginx"])] == ["nginx"]


def test_lanes_are_for_the_proxies_that_can_do_them() -> None:
    """Over TLS only those run that speak it, and the direct connection wherever it is subtracted."""
    everybody = [proxy.name for proxy in contestants.PROXIES]
    for lane in command.LANES:
        taking_part = {proxy.name for proxy in command.taking_part(lane, everybody)}
        assert {"nginx", "haproxy", "caddy", "localedge"} <= taking_part
        assert ("hypercorn" in taking_part) == lane.tls
        assert ("threads" in taking_part) != lane.tls
        assert ("direct" in taking_part) >= any(measure.less_direct for measure in lane.measures)


def test_in_lanes_of_streams_the_proxy_has_a_core_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are two; what is started meanwhile is there, and this process comes back."""
    before = os.sched_getaffinity(0)
    monkeypatch.setattr(machine, "cores", lambda: [0, 2, 3])
    assert command.places(replace(LANE, own_core=True), shared=False) == ([0], [2, 3])
    assert command.places(replace(LANE, own_core=True), shared=True) == ([0, 2, 3], [0, 2, 3])
    assert command.places(LANE, shared=False) == ([0, 2, 3], [0, 2, 3])
    monkeypatch.setattr(machine, "cores", lambda: [5])
    assert command.places(replace(LANE, own_core=True), shared=False) == ([5], [5])
    with machine.only_on([min(before)]):
        ask = "import os; print(*os.sched_getaffinity(0))"
        said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert said.stdout == f"{min(before)}\n"
    assert os.sched_getaffinity(0) == before


def test_a_lane_without_its_program_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where h2load is not installed, its lane is left out with a word, and the others run."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert [lane.name for lane in command.chosen(["rps32", "h2rps"])] == ["rps32"]
    assert "h2rps is left out: h2load is not installed" in capsys.readouterr().err


def test_an_unknown_proxy_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistyped proxy name is refused with the names there are."""
    with pytest.raises(SystemExit) as stopped:
        command.arguments(["--only", "ngnix"])
    assert stopped.value.code == 2
    assert "nginx" in capsys.readouterr().err


WHOLE = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n 12345678!\r\n0\r\n\r\n"


@given(st.lists(st.integers(0, len(WHOLE))))
def test_an_answer_cut_anywhere_reads_the_same(cuts: list[int]) -> None:
    """However the network cuts an answer, its body is the same and it ends at its end."""
    places = [0, *sorted(cuts), len(WHOLE)]
    answer = client.Answer()
    body = b"".join(answer.feed(WHOLE[a:b]) for a, b in itertools.pairwise(places))
    assert (body, answer.status, answer.done) == (b"hello 12345678!", 200, True)


@pytest.mark.parametrize(
    "garbled",
    [
        WHOLE + b"x",
        WHOLE.replace(b"hello", b"hell"),
        WHOLE[:-3],
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n",
        b"SMTP ready\r\n\r\n",
    ],
)
def test_a_garbled_answer_is_not_taken_for_a_fast_one(garbled: bytes) -> None:
    """An answer that is cut, too long or no HTTP at all fails its lane."""
    pieces = [(1, garbled), (2, b"")]
    with pytest.raises(client.Wrong):
        streams.bodies(pieces)


def test_the_small_request_is_a_claude_request() -> None:
    """The 1 kB POST carries the fields of Claude Code and a body of exactly that size."""
    head, _, body = client.small_request("/v1/messages", 80).partition(b"\r\n\r\n")
    assert len(body) == 1024
    assert b"\r\nContent-Length: 1024" in head
    assert b"\r\nanthropic-version: " in head


def test_the_gateway_answers_messages_and_counts_uploads(port: int) -> None:
    """The fake gateway gives its message again and again, and the digest of what was uploaded."""
    noise = os.urandom(300_000)
    with client.connect(port) as sock:
        for _ in range(3):
            assert client.post(sock, port, "/v1/messages") == gateway.MESSAGE
        sock.sendall(client.request_head("/upload?digest=1", port, len(noise)) + noise)
        assert hashlib.sha256(noise).hexdigest().encode() in client.read_answer(sock)
        assert client.post(sock, port, "/v1/messages") == gateway.MESSAGE


def test_the_gateway_sends_big_answers_of_the_size_asked_for(port: int) -> None:
    """A big answer has exactly the bytes that were asked for."""
    with client.connect(port) as sock:
        assert client.post(sock, port, "/big?size=3000001") == (gateway.BLOCK * 3)[:3000001]


def test_the_gateway_streams_on_time_and_at_full_speed(port: int) -> None:
    """Timed streams and floods arrive whole, in order, and end."""
    assert len(streams.timed(port, 4, 0.002, 0.02)) == 40
    events, seconds = streams.flood(port, 2, 8, 0.01)
    assert events >= 2 * 512
    assert seconds > 0


def test_a_flood_that_lost_an_event_is_noticed(port: int) -> None:
    """One event missing from a stream fails the lane."""
    (pieces,) = streams.collect(port, ["/flood?ms=1&burst=1"], 1)
    body = b"".join(data for _, data in pieces)
    lost = body.replace(gateway.chunked(gateway.FLOOD_EVENT % 7), b"", 1)
    with pytest.raises(client.Wrong, match="something else arrived"):
        streams.flood_events([(0, lost)])


def test_idle_streams_stay_open(port: int) -> None:
    """Idle streams have delivered their first event and are still there."""
    with contextlib.ExitStack() as stack:
        streams.open_idle(stack, port, 3)


def test_the_standard_library_relay_takes_part(port: int, tmp_path: Path) -> None:
    """A relay is started, answers rightly, shows its memory, and is gone after it was stopped."""
    running = python_proxies.start_thread_relay(tmp_path, port)
    assert running.child is not None
    with processes.stopping(running.child) as child:
        assert processes.listening_ports(child.pid) == [running.port]
        lanes.warm(lanes.Turn(lanes.QUICK, tmp_path, port, contestants.PROXIES[0], running))
        assert child.resident() > 1 << 20
        assert child.resident_peak() >= child.resident() // 2
    assert child.process.poll() is not None
    assert running.access_log is not None
    assert b'"POST /v1/messages HTTP/1.1" 200' in running.access_log.read_bytes()


def test_a_program_that_does_not_start_is_unavailable(tmp_path: Path) -> None:
    """A proxy that fails to start is reported with its last words."""
    child = processes.Child(
        [sys.executable, "-c", "raise SystemExit('no luck')"], tmp_path / "log", port_pattern=r"^(\d+)$"
    )
    with processes.stopping(child), pytest.raises(processes.Unavailable, match="exit status 1; no luck"):
        child.announced_port()
    with pytest.raises(processes.Unavailable, match="No such file"):
        processes.Child([str(tmp_path / "absent")], tmp_path / "log")


def test_interrupting_the_bench_leaves_nothing_running(tmp_path: Path) -> None:
    """Ctrl-C ends the bench, and with it the gateway and the proxy it had started."""
    script = "from tests.bench import __main__; raise SystemExit(__main__.main())"
    bench = subprocess.Popen(
        [sys.executable, "-c", script, "--quick", "--lane", "latency1", "--only", "threads"],
        cwd=proxies.HERE.parent.parent,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children: set[int] = set()
    deadline = time.monotonic() + 20
    while len(children) < 2 and time.monotonic() < deadline:
        children = set(processes.descendants(bench.pid)[1:])
    bench.send_signal(signal.SIGINT)
    assert bench.wait(20) == 130
    assert len(children) == 2
    while any(processes.running(pid) for pid in children) and time.monotonic() < deadline:
        pass
    assert not any(processes.running(pid) for pid in children)
    assert list(tmp_path.iterdir()) == []
