"""Directories that localedge made go with what was in them; those of the user stay."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine import desktop_undo, own_directories
from localedge.machine.desktop import Desktop
from localedge.machine.desktop_places import PACKAGE
from localedge.machine.files import write_new
from localedge.machine.lock import locked_beside
from localedge.machine.stores.system import System
from tests.desktop_homes import LAYOUTS, SETTINGS, put, tree


def bare(place: Path, layout: str) -> Desktop:
    """A home in which nothing is, but what Windows itself makes."""
    home = place / "home"
    home.mkdir()
    platform = layout
    if layout == "msix":
        platform = "win32"
        (home / "AppData" / "Local" / "Packages" / PACKAGE).mkdir(parents=True)
    return Desktop(System(place, home, {}, platform))


def undo(desktop: Desktop) -> None:
    """As `localedge desktop undo` does it."""
    with desktop.journal.held():
        undoing = desktop_undo.plan(desktop)
        assert undoing is not None and desktop_undo.carry_out(desktop, undoing) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_home_with_nothing_in_it(tmp_path: Path, layout: str) -> None:
    """Applied, applied again and undone, not even an empty directory is left."""
    desktop = bare(tmp_path, layout)
    put(desktop.system.home / "notes.txt", b"mine")
    before = tree(desktop.system.home)
    for url in ("http://127.0.0.1:18080", "http://127.0.0.1:18081"):
        with desktop.journal.held():
            desktop.apply(desktop.plan({**SETTINGS, "inferenceGatewayBaseUrl": url}, dev_tools=True))
    undo(desktop)
    assert tree(desktop.system.home) == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_empty_directories_of_the_users_own(tmp_path: Path, layout: str) -> None:
    """What was there before stays, empty as it is."""
    desktop = bare(tmp_path, layout)
    for path in (desktop.journal.path.parent, desktop.places[0].library):
        path.mkdir(parents=True)
    before = tree(desktop.system.home)
    with desktop.journal.held():
        desktop.apply(desktop.plan(SETTINGS))
    undo(desktop)
    assert tree(desktop.system.home) == before


def test_what_somebody_has_put_there_stays(tmp_path: Path) -> None:
    """A directory of ours that is used by now is the user's."""
    desktop = bare(tmp_path, "linux")
    with desktop.journal.held():
        desktop.apply(desktop.plan(SETTINGS))
    put(desktop.system.home / ".local" / "share" / "other" / "file", b"theirs")
    put(desktop.places[0].first_party / "theirs.json", b"{}")
    undo(desktop)
    found = {name for name, (_, _, content) in tree(desktop.system.home).items() if content}
    assert found == {str(Path(".local/share/other/file")), str(Path(".config/Claude/theirs.json"))}
    assert not desktop.journal.path.parent.exists() and not desktop.places[0].third_party.exists()


def test_a_command_that_changed_nothing(tmp_path: Path) -> None:
    """One that was refused leaves no directory behind."""
    journal = tmp_path / "a" / "b" / "journal.json"
    with locked_beside(journal, ".lock", "journal-unwritable"):
        assert (journal.parent / own_directories.NAME).exists()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_was_writing(tmp_path: Path) -> None:
    """Half-written files do not keep a directory; those of a process that runs do."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        gone = process.pid
    journal = tmp_path / "a" / "journal.json"
    for pid in (os.getpid(), gone):
        with locked_beside(journal, ".lock", "journal-unwritable"):
            journal.with_name(f".journal.json.{pid}.0123abcd.new").write_bytes(b"")
        assert journal.parent.exists() is (pid != gone)
        shutil.rmtree(journal.parent, ignore_errors=True)


@pytest.mark.parametrize("what", ["journal", "config"])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Directories that were made for a file that has no room are gone again."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    file = tmp_path / "a" / "b" / "c" / "file"
    with pytest.raises(Failure) as caught:
        (enter if what == "journal" else write)(file)
    assert "No space left" in str(caught.value) and list(tmp_path.iterdir()) == []


def write(file: Path) -> None:
    """As `localedge config init` does it."""
    write_new(file, "", replace=False)


def enter(journal: Path) -> None:
    """Hold the lock for a moment."""
    with locked_beside(journal, ".lock", "journal-unwritable"):
        pass


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'[1, ""]', b"[" * 5000])
def test_a_note_that_is_none(tmp_path: Path, content: bytes) -> None:
    """What cannot be read names nothing: no directory goes."""
    place = tmp_path / "a"
    own_directories.make(place)
    (place / own_directories.NAME).write_bytes(content)
    own_directories.remove_if_empty(place)
    assert place.is_dir()


def test_only_empty_directories_are_removed(tmp_path: Path) -> None:
    """One with something in it stays, and one that is gone is no mistake."""
    for name in "ab":
        (tmp_path / name).mkdir()
    put(tmp_path / "b" / "file", b"")
    own_directories.remove([tmp_path / name for name in "abc"])
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_two_at_a_time(tmp_path: Path) -> None:
    """Who comes while another removes the directory makes it once more."""
    journal, failures = tmp_path / "a" / "b" / "journal.json", []

    def work(name: str) -> None:
        for _ in range(50):
            try:
                with locked_beside(journal, name, "journal-unwritable"):
                    journal.with_name(f"{name}.file").touch()
                    journal.with_name(f"{name}.file").unlink()
            except Exception as failure:  # noqa: BLE001 - whatever it is
                failures.append(failure)

    threads = [threading.Thread(target=work, args=(f".{name}.lock",)) for name in "xxyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
