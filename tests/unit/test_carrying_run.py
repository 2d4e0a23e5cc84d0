"""Running other programs: they end, or they are ended, with everything they started."""

import os
import select
import sys
from pathlib import Path

import pytest

from localedge.machine.run import in_front, program
from tests.trusting import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


def ends(pid: int) -> bool:
    """Whether a process has been killed: the system may take a moment to see to it."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 10)[0])
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path, terminal: bool) -> None:
    """Neither the program nor what it started runs on, though a child holds its output open."""
    note = tmp_path / "pids"
    script = f"sleep 1000 & echo $! > {note}; echo $$ >> {note}; echo so far; wait"
    ended = program(["/bin/sh", "-c", script], seconds=0.5, terminal=terminal)
    assert ended.hung and ended.status is None and not ended.ok
    if sys.platform == "linux":
        assert all(ends(int(pid)) for pid in note.read_text().split())


def test_a_child_that_outlives_its_program_does_not_hold_us_up(tmp_path: Path) -> None:
    """A daemon that keeps the output open ends with the time limit."""
    ended = program(["/bin/sh", "-c", "sleep 1000 & exit 0"], seconds=0.5)
    assert ended.hung


def test_input_output_and_environment() -> None:
    """Bytes in, bytes out; the environment is the one that was given."""
    ended = program(["/bin/sh", "-c", 'cat; echo "$WORD" >&2; exit 3'], stdin=b"in", environ={"WORD": "env"})
    assert (ended.status, ended.stdout, ended.stderr) == (3, b"in", b"env\n")
    assert program(["/bin/cat"]).stdout == b"", "standard input is empty, not the terminal"


def test_a_program_that_does_not_read_its_input() -> None:
    """A broken pipe is the program's own business."""
    assert program(["/bin/true"], stdin=b"x" * 1_000_000).ok


def test_it_has_no_terminal_to_ask_at() -> None:
    """A program that would ask for a password at the terminal fails instead of waiting."""
    ended = program(["/bin/sh", "-c", "exec 3< /dev/tty"])
    assert not ended.ok


def test_the_reason_is_the_last_line_of_complaint() -> None:
    """For a message: standard error before standard output, else the exit status."""
    assert program(["/bin/sh", "-c", "echo a; echo b; exit 1"]).reason == "b"
    assert program(["/bin/sh", "-c", "echo a; echo b >&2; echo >&2; exit 1"]).reason == "b"
    assert program(["/bin/sh", "-c", "exit 5"]).reason == "exit status 5"


@pytest.mark.parametrize("name", ["/nowhere/program", "/etc/passwd/program", "no-such-program-at-all"])
def test_a_program_that_is_not_there(name: str) -> None:
    """It is told from one that fails."""
    assert program([name]).missing and in_front([name], environ=None).missing


def test_a_program_that_may_not_be_run(tmp_path: Path) -> None:
    """The system's reason is kept."""
    path = tmp_path / "program"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o644)
    for ended in (program([str(path)]), in_front([str(path)], environ=None)):
        assert ended.status is None and not ended.missing and "denied" in ended.reason.lower()


def test_programs_are_looked_for_where_administration_keeps_them(tmp_path: Path) -> None:
    """An ordinary user's PATH does not have /usr/sbin."""
    machine = Machine(tmp_path)
    place = machine.root / "usr/sbin"
    place.mkdir(parents=True)
    (place / "tool").write_text("#!/bin/sh\n")
    (place / "tool").chmod(0o755)
    assert machine.system().which("tool") == str(place / "tool")
    machine.program("tool")
    assert machine.system().which("tool") == str(machine.bin / "tool")
    assert machine.system().which("other") is None
    assert os.access(place / "tool", os.X_OK)
