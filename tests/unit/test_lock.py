"""One process at a time."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.lock import locked

HOLDER = """
import sys
from pathlib import Path
from localedge.machine.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""

COUNTER = """
import sys
from pathlib import Path
from localedge.machine.lock import locked
counter = Path(sys.argv[1])
for _ in range(100):
    with locked(counter.with_suffix(".lock"), 60):
        counter.write_text(str(int(counter.read_text()) + 1))
"""


def start(script: str, path: Path) -> subprocess.Popen[str]:
    """Another process."""
    return subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_a_lock_leaves_nothing_behind(tmp_path: Path) -> None:
    """The lock file is there while it is held, and gone afterwards, also after a mistake inside."""
    path = tmp_path / "x.lock"
    with locked(path):
        assert path.exists()
        if sys.platform != "win32":
            assert path.stat().st_mode & 0o777 == 0o600
    assert not path.exists()
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert not path.exists()
    with locked(path):
        pass


def test_who_comes_second_is_told(tmp_path: Path) -> None:
    """While one process works another one hears that it must wait, with the name of the lock."""
    path = tmp_path / "x.lock"
    with start(HOLDER, path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(Failure) as caught, locked(path, 0):
            pass
        assert caught.value.code == "busy-elsewhere" and str(path) in str(caught.value)
        holder.communicate("\n")
    with locked(path, 0):
        pass


def test_who_comes_second_waits_a_while(tmp_path: Path) -> None:
    """A lock that is given back soon is not worth a complaint."""
    path = tmp_path / "x.lock"
    with start(HOLDER, path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        taken = threading.Event()

        def take() -> None:
            with locked(path, 60):
                taken.set()

        second = threading.Thread(target=take)
        second.start()
        holder.communicate("\n")
        second.join(60)
        assert taken.is_set()
    assert not path.exists()


def test_a_dead_process_holds_nothing(tmp_path: Path) -> None:
    """A process that was killed leaves a lock file that is in nobody's way."""
    path = tmp_path / "x.lock"
    with start(HOLDER, path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        holder.kill()
        holder.communicate()
    assert path.exists()
    with locked(path, 0):
        pass
    assert not path.exists()


def test_many_processes_at_once(tmp_path: Path) -> None:
    """Four processes that count up one number, each under the lock, lose no count."""
    counter = tmp_path / "counter.txt"
    counter.write_text("0")
    processes = [start(COUNTER, counter) for _ in range(4)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert counter.read_text() == "400"
    assert [entry.name for entry in tmp_path.iterdir()] == ["counter.txt"]


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no lock can be had the reason is told."""
    with pytest.raises(Failure) as caught, locked(tmp_path / "none" / "x.lock"):
        pass
    assert caught.value.code == "lock-failed"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links")
def test_a_link_is_no_lock(tmp_path: Path) -> None:
    """A link in the place of the lock file is not followed: nothing outside is made or removed."""
    (tmp_path / "x.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure) as caught, locked(tmp_path / "x.lock"):
        pass
    assert caught.value.code == "lock-failed" and not (tmp_path / "elsewhere").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_stopped_process_keeps_its_lock(tmp_path: Path) -> None:
    """A process that is merely stopped (Ctrl-Z) still holds what it held."""
    path = tmp_path / "x.lock"
    with start(HOLDER, path) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGSTOP)
        with pytest.raises(Failure), locked(path, 0):
            pass
        os.kill(holder.pid, signal.SIGCONT)
        holder.communicate("\n")
