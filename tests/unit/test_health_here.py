"""What doctor makes of our own files and of this machine: the rules alone, and how processes are asked."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from localedge import messages
from localedge.claude.health import Severity
from localedge.claude.health_here import (
    MOST_PROBLEMS,
    ROOM,
    RULES,
    Clocks,
    Facts,
    Twistd,
    Versions,
    judge,
    older,
    requirements,
)
from localedge.errors import Failure
from localedge.machine import processes
from localedge.machine.health_here import FIXES

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LINE = {"localedge": "1", "python": "3.11.0", "twisted": "26", "openssl": "3", "system": "Linux"}
VERSIONS = Versions(LINE, "python")


def codes(**facts: object) -> list[str]:
    """What is found besides the versions."""
    whole = Facts(**{"versions": VERSIONS, "clocks": Clocks(NOW), **facts})  # type: ignore[arg-type]
    *found, last = [one.code for one in judge(whole, "linux")]
    assert last == "doctor-versions"
    return found


def test_every_code_has_its_sentence_and_its_test() -> None:
    """A finding can be told in both languages, a test makes its fault for real, and its fix exists."""
    tests = (Path(__file__).parents[1] / "integration" / "test_doctor_here.py").read_text()
    for code, rule in RULES.items():
        assert messages.entry(code).zh.fact
        assert f'"{code}"' in tests, f"no test makes {code} happen"
        assert not rule.fix or rule.fix in FIXES


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("code", RULES)
def test_every_command_can_be_filled_in(code: str, platform: str) -> None:
    """A command has no gaps, whatever the platform."""
    names = ("python", "words", "options", "command", "typed")
    details: dict[str, object] = {name: f"<{name}>" for name in names}
    assert "{" not in RULES[code].finding(code, platform, **details).command


def test_clocks_have_their_command() -> None:
    """Each system sets its clock in its own way."""
    commands = {
        platform: RULES["doctor-clock-wrong"].finding("x", platform).command
        for platform in ("linux", "win32", "darwin")
    }
    assert commands == {
        "linux": "sudo timedatectl set-ntp true",
        "win32": "w32tm /resync",
        "darwin": "sudo sntp -sS time.apple.com",
    }


def test_all_is_well() -> None:
    """Nothing to mend is one line."""
    assert codes(room=ROOM) == []


def test_a_screen_has_room_for_a_few_mistakes() -> None:
    """The first mistakes of a configuration are told, the others counted."""
    problems = tuple(Failure("bad-number", where=f"c:{at}") for at in range(MOST_PROBLEMS + 3))
    found = list(judge(Facts(VERSIONS, Clocks(NOW), " --config c", problems), "linux"))
    assert [one.code for one in found[:MOST_PROBLEMS]] == ["bad-number"] * MOST_PROBLEMS
    assert found[MOST_PROBLEMS].code == "doctor-config-more" and found[MOST_PROBLEMS].params["count"] == 3
    assert {one.command for one in found[:-1]} == {"localedge config show --config c"}


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (timedelta(minutes=5), []),
        (timedelta(minutes=-6), ["doctor-clock-skewed"]),
        (timedelta(days=1), ["doctor-clock-skewed"]),
        (timedelta(days=-2), ["doctor-clock-wrong"]),
    ],
)
def test_clocks_that_differ(off: timedelta, expected: list[str]) -> None:
    """Five minutes are nothing, a day is an error."""
    assert codes(clocks=Clocks(NOW, NOW + off)) == expected


def test_a_clock_that_is_wrong_is_told_once() -> None:
    """A CA of tomorrow says it all."""
    clocks = Clocks(NOW, NOW + timedelta(days=3), NOW + timedelta(days=2))
    assert codes(clocks=clocks) == ["doctor-clock-before-ca"]


def test_what_twistd_left() -> None:
    """A file is stale, somebody's, or a running twistd's."""
    assert codes(twistd=Twistd("p", 7)) == ["doctor-twistd-stale"]
    assert codes(twistd=Twistd("p", None)) == ["doctor-twistd-odd"]
    assert codes(twistd=Twistd("p", 7, runs=True)) == ["doctor-twistd-runs"]


def test_no_room() -> None:
    """A place that cannot be written is not called full as well."""
    assert codes(room=0) == ["doctor-disk-full"]
    assert codes(room=0, writable=False) == ["doctor-data-read-only"]


def test_what_is_installed() -> None:
    """Each thing that is wrong with an installation is told, the versions last."""
    versions = Versions(LINE, "py", ">=3.14", ("click>=9",), "/other", plugin=False)
    found = {one.code: one for one in judge(Facts(versions, Clocks(NOW)), "linux")}
    assert list(found) == [
        "doctor-python-old",
        "doctor-dependencies",
        "doctor-other-localedge",
        "doctor-plugin-missing",
        "doctor-versions",
    ]
    assert found["doctor-dependencies"].command == 'py -m pip install "click>=9"'
    assert found["doctor-python-old"].severity is Severity.ERROR


def test_requirements_are_read() -> None:
    """As wheels have them; those of extras are for others."""
    lines = ["twisted[tls]>=26.10", "h2 (>=4.3,<5)", "idna", 'pytest>=9; extra == "test"']
    assert [tuple(one) for one in requirements(lines)] == [
        ("twisted", "26.10", "twisted[tls]>=26.10"),
        ("h2", "4.3", "h2>=4.3,<5"),
        ("idna", "", "idna"),
    ]


@pytest.mark.parametrize(
    ("version", "floor", "expected"),
    [
        ("26.4.0", "26.10", True),
        ("26.10", "26.10.0", False),
        ("26.10.0rc1", "26.10", False),
        ("9", "10", True),
        ("1", "", False),
        ("unknown", "1", True),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, floor: str, expected: bool) -> None:
    """26.4 is older than 26.10."""
    assert older(version, floor) is expected


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits."""
    words = [sys.executable, "-c", "print(flush=True); input()", "the-word"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_a_process_is_asked_for(child: subprocess.Popen[bytes]) -> None:
    """It is there, and has been since a moment ago."""
    assert processes.alive(child.pid) and processes.alive(os.getpid())
    started = processes.started(child.pid)
    assert started is not None and abs(time.time() - started) < 60
    if sys.platform == "linux":
        assert processes.words(child.pid)[-1] == "the-word"
    child.kill()
    child.wait()
    assert not processes.alive(child.pid)
    assert processes.started(child.pid) is None and processes.words(child.pid) == ()


def test_no_process_has_such_a_number() -> None:
    """A number that is too long for one is nobody's."""
    assert not processes.alive(10**20)


def test_a_process_without_a_time(tmp_path: Path) -> None:
    """A /proc that tells nothing is no error."""
    assert processes.linux_started(1, tmp_path) is None
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "stat").write_text("1 (x) S")
    (tmp_path / "stat").write_text("btime 5\n")
    assert processes.linux_started(1, tmp_path) is None


def test_the_time_that_ps_prints() -> None:
    """In the words of LC_ALL=C, and in local time."""
    moment = datetime(2026, 11, 2, 9, 5, 7).astimezone()
    assert processes.ps_time("Mon Nov  2 09:05:07 2026\n") == moment.timestamp()
    assert processes.ps_time("") is None
