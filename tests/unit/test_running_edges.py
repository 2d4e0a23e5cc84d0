"""The notes that running edges leave: who reads them, and what is not believed."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from localedge.machine import private_files
from localedge.machine.running_edges import (
    RunningEdge,
    announce,
    directories,
    elsewhere,
    running_edges,
    tidy,
    withdraw,
)

EDGE = RunningEdge(os.getpid(), ("http://127.0.0.1:18081", "https://localedge.test:18443"), "http://gw:8000")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and places of POSIX")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A login with a place for such notes, whatever the platform."""
    return {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path / "tmp"), "TEMP": str(tmp_path)}


def test_a_note_is_read_while_it_is_there(environ: dict[str, str]) -> None:
    """Other commands see what the edge says of itself, until it takes the note away."""
    note = announce(EDGE, environ)
    assert note is not None and running_edges(environ) == [EDGE]
    withdraw(note)
    assert running_edges(environ) == [] and not note.exists()
    withdraw(note)


@POSIX
def test_a_note_is_for_its_owner(environ: dict[str, str]) -> None:
    """Nobody else reads it, and a directory that others may write is not believed."""
    note = announce(EDGE, environ)
    assert note is not None and note.stat().st_mode & 0o777 == 0o600
    note.parent.chmod(0o777)
    assert running_edges(environ) == [] and announce(EDGE, environ) is None


@pytest.fixture
def other() -> Iterator[int]:
    """The number of another process that lives."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def test_the_last_one_leaves_no_directory(environ: dict[str, str], other: int) -> None:
    """The directory for the notes goes with the last of them, and what killed edges left goes with it."""
    first, second = announce(EDGE, environ), announce(EDGE._replace(pid=other), environ)
    assert first is not None and second is not None
    withdraw(first)
    assert second.exists()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    for name in (f"{gone}.json", f".{gone}.json.{gone}.0123abcd.new"):
        second.with_name(name).write_bytes(b"")
    withdraw(second)
    assert not second.parent.exists() and second.parent.parent.exists()


def test_what_is_not_ours_stays(environ: dict[str, str]) -> None:
    """A file that is no note keeps the directory."""
    note = announce(EDGE, environ)
    assert note is not None
    note.with_name("mine.txt").write_bytes(b"")
    withdraw(note)
    tidy(environ)
    assert [path.name for path in note.parent.iterdir()] == ["mine.txt"]


def test_one_comes_while_another_goes(environ: dict[str, str], other: int) -> None:
    """Whenever the directory is removed: the edge that starts then has its note."""
    missed = []

    def work(pid: int) -> None:
        for _ in range(200):
            note = announce(EDGE._replace(pid=pid), environ)
            missed.append(pid) if note is None or not note.exists() else withdraw(note)

    threads = [threading.Thread(target=work, args=(pid,)) for pid in (os.getpid(), other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missed == []


def test_a_directory_that_goes_while_it_is_looked_at(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was there when it was to be made, and was gone when it was asked what it is: once more."""
    make, there = private_files._make_private, iter([True, True])

    def made(path: Path) -> None:
        if next(there, False):
            raise FileExistsError
        make(path)

    monkeypatch.setattr(private_files, "_make_private", made)
    note = announce(EDGE, environ)
    assert note is not None and note.exists()


def test_a_file_in_the_place_of_the_directory(environ: dict[str, str]) -> None:
    """No note, and no end either."""
    directories(environ)[0].write_bytes(b"")
    assert announce(EDGE, environ) is None


def test_after_a_killed_edge(environ: dict[str, str]) -> None:
    """Who tidies up takes away what it left, and nothing of one that runs."""
    note = announce(EDGE, environ)
    assert note is not None
    tidy(environ)
    assert note.exists()
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    note.rename(note.with_name(f"{gone}.json"))
    tidy(environ)
    assert not note.parent.exists()


def test_an_edge_that_was_killed(environ: dict[str, str]) -> None:
    """Its note is not believed, and the next edge removes it."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    note = announce(RunningEdge(gone, ("http://127.0.0.1:1",), ""), environ)
    assert note is not None and running_edges(environ) == []
    announce(EDGE, environ)
    assert not note.exists() and running_edges(environ) == [EDGE]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"version": 9}',
        b'{"version": 1, "pid": "x"}',
        b"[" * 5000,
        b'{"version":1,"pid":1}',
        b'{"version":1,"pid":%d,"urls":[],"gateway":""}' % os.getppid(),
        b'{"version":1,"pid":%d,"urls":["http://127.0.0.1:99999"],"gateway":""}' % os.getppid(),
    ],
)
def test_what_is_no_note_is_left_out(environ: dict[str, str], content: bytes) -> None:
    """Half-written and foreign files are not believed, and hide no other."""
    note = announce(EDGE, environ)
    assert note is not None
    other = note.with_name(f"{os.getppid()}.json")
    other.write_bytes(content)
    other.chmod(0o600)
    assert running_edges(environ) == [EDGE]


def test_a_note_under_another_number(environ: dict[str, str]) -> None:
    """A note speaks for the process it is called after."""
    note = announce(EDGE, environ)
    assert note is not None
    document = json.loads(note.read_bytes())
    note.write_text(json.dumps({**document, "pid": os.getppid()}), encoding="ascii")
    assert running_edges(environ) == []


def test_an_edge_at_another_port(environ: dict[str, str]) -> None:
    """Who is sent to a port where no edge of ours listens is told where they do; without edges nobody is."""
    assert elsewhere("http://127.0.0.1:18080", environ) == ()
    announce(EDGE, environ)
    assert elsewhere("http://127.0.0.1:18080", environ) == EDGE.urls
    assert elsewhere("http://localhost:18081", environ) == () == elsewhere("https://localhost:18443", environ)


@POSIX
def test_where_notes_are(tmp_path: Path) -> None:
    """The login's own directory first; without one, or where it may not be written, the temporary one."""
    name = f"localedge-{os.geteuid()}"
    root = tmp_path / "machine"
    assert directories({}, "linux", root) == [root / "tmp" / name]
    assert directories({"TMPDIR": "/x"}, "linux") == [Path("/x") / name]
    assert directories({"TMPDIR": "x"}, "linux", root) == [root / "tmp" / name], "not where one happens to be"
    both = directories({"XDG_RUNTIME_DIR": str(tmp_path)}, "linux", root)
    assert both == [tmp_path / name, root / "tmp" / name]
    assert directories({"XDG_RUNTIME_DIR": str(tmp_path / "none")}, "linux", root) == [root / "tmp" / name]


@POSIX
def test_no_place_for_a_note(tmp_path: Path) -> None:
    """An edge that cannot leave one runs all the same."""
    (tmp_path / "file").write_bytes(b"")
    assert announce(EDGE, {"TMPDIR": str(tmp_path / "file")}) is None
