"""Changing a hosts file: all or nothing, nobody else's work undone."""

import errno
import hashlib
import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.errors import Failure
from localedge.machine import hosts
from localedge.machine.hosts import HostsFile
from tests.hosts_peer import NAME, PLAIN, POSIX, add, beside, code, place, remove

__all__ = ["place"]


def test_a_name_comes_and_goes_without_a_trace(place: Path) -> None:
    """After the last name is gone the file has its old bytes and nothing of ours is beside it."""
    change = add(place)
    kept = hashlib.sha256(PLAIN).hexdigest()
    assert change.made and change.backup == place.with_name(f"hosts.before-localedge-{kept}")
    assert beside(place) == [change.backup.name] and change.backup.read_bytes() == PLAIN
    assert NAME.encode() in place.read_bytes()
    assert add(place, "b.test").backup == change.backup
    assert [one.name for one in HostsFile(place).read().own] == [NAME, "b.test"]
    assert remove(place).backup is None
    assert place.read_bytes() == PLAIN and beside(place) == []


def test_without_the_copy_it_goes_all_the_same(place: Path) -> None:
    """The copy is for accidents: taking the block out does not need it."""
    place.write_bytes(b"10.0.0.1 no-end")
    backup = add(place).backup
    assert backup is not None
    backup.unlink()
    again = add(place, "b.test").backup
    assert again == backup and again.read_bytes() == b"10.0.0.1 no-end"
    again.unlink()
    remove(place)
    assert place.read_bytes() == b"10.0.0.1 no-end"


def test_the_copy_does_not_undo_what_others_wrote(place: Path) -> None:
    """Lines that were changed since stay changed."""
    add(place)
    place.write_bytes(place.read_bytes().replace(b"::1 localhost", b"::1 localhost lo6") + b"10.0.0.1 x\n")
    remove(place)
    assert place.read_bytes() == b"127.0.0.1 localhost\n::1 localhost lo6\n10.0.0.1 x\n"
    assert beside(place) == []


@given(content=st.binary(max_size=200))
def test_any_file_comes_back_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever stands in the file: it is refused, or it comes back as it was."""
    path = tmp_path_factory.mktemp("any") / "hosts"
    path.write_bytes(content)
    try:
        add(path)
    except Failure as failure:
        assert failure.code == "hosts-not-text"
    else:
        remove(path)
    assert path.read_bytes() == content and beside(path) == []


def test_what_need_not_be_written_is_not_written(place: Path) -> None:
    """A second `add` of the same, and a `remove` of nothing, leave even the file's date alone."""
    os.utime(place, (1, 1))
    assert not remove(place).made
    add(place)
    os.utime(place, (1, 1))
    before = place.stat()
    assert not add(place).made
    after = place.stat()
    assert (after.st_mtime, after.st_ino) == (1, before.st_ino)


@POSIX
def test_owner_mode_and_attributes_stay(place: Path) -> None:
    """The new file is the old one's equal: owner, mode, extended attributes."""
    place.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(place, 65534, 65533)
    attributes = {}
    if sys.platform == "linux":
        try:
            os.setxattr(place, "user.kept", b"yes")
        except OSError as error:
            assert error.errno == errno.ENOTSUP
        attributes = {name: os.getxattr(place, name) for name in os.listxattr(place)}
    before = place.stat()
    add(place)
    after = place.stat()
    assert before.st_ino != after.st_ino, "a new file was renamed over it"
    assert (before.st_mode, before.st_uid, before.st_gid) == (after.st_mode, after.st_uid, after.st_gid)
    if sys.platform == "linux":
        assert {name: os.getxattr(place, name) for name in os.listxattr(place)} == attributes


@POSIX
def test_a_hard_link_stays_one(place: Path) -> None:
    """A file with a second name is written in place: both names see the change."""
    other = place.with_name("other")
    os.link(place, other)
    add(place)
    assert place.samefile(other) and NAME.encode() in other.read_bytes()
    remove(place)
    assert other.read_bytes() == PLAIN


@pytest.mark.parametrize(
    "number", [errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES, errno.EROFS], ids=errno.errorcode.get
)
@pytest.mark.parametrize("step", ["rename", "_make_alike"])
def test_what_cannot_be_renamed_is_written_in_place(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int, step: str
) -> None:
    """A mount point, another device, an attribute that cannot be had: the file itself is written."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(hosts, step, refuse)
    inode = place.stat().st_ino
    backup = add(place).backup
    assert place.stat().st_ino == inode and NAME.encode() in place.read_bytes()
    assert backup is not None and beside(place) == [backup.name]
    place.write_bytes(place.read_bytes() + b"10.0.0.1 behind\n")
    remove(place)
    assert place.read_bytes() == PLAIN + b"10.0.0.1 behind\n" and beside(place) == []


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_shorter_file_in_place(place: Path, monkeypatch: pytest.MonkeyPatch, codec: str) -> None:
    """What stands in the file between the write and the cut is empty lines, in its own encoding."""
    monkeypatch.setattr(hosts, "rename", lambda *_: (_ for _ in ()).throw(OSError(errno.EBUSY, "busy")))
    content = "127.0.0.1 localhost\n".encode(codec)
    place.write_bytes(content)
    add(place)
    seen = []
    cut = os.ftruncate

    def look(descriptor: int, length: int) -> None:
        seen.append(place.read_bytes().decode(codec))
        cut(descriptor, length)

    monkeypatch.setattr(os, "ftruncate", look)
    remove(place)
    assert place.read_bytes() == content
    assert [text.rstrip("\n") for text in seen] == ["127.0.0.1 localhost"]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_full_disk_leaves_the_old_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    """No half of a file takes the place of the old one."""
    if in_place:
        monkeypatch.setattr(hosts, "rename", lambda *_: (_ for _ in ()).throw(OSError(errno.EBUSY, "busy")))
        write = os.write
        left = [60, 0]

        def full(descriptor: int, data: bytes) -> int:
            if not left:
                return write(descriptor, data)
            if room := left.pop(0):
                return write(descriptor, bytes(data[:room]))
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "write", full)
    else:

        def full_at_once(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full_at_once)
    assert code(lambda: add(place)) == "hosts-unwritable"
    assert place.read_bytes() == PLAIN
    assert not [name for name in beside(place) if name.startswith(".")]


def test_somebody_else_writes_meanwhile(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change by another program between reading and writing is not lost."""
    alike = hosts._make_alike

    def meanwhile(old: Path, new: Path) -> None:
        place.write_bytes(PLAIN + b"10.0.0.1 theirs\n")
        alike(old, new)

    monkeypatch.setattr(hosts, "_make_alike", meanwhile)
    assert code(lambda: add(place)) == "hosts-changed"
    assert place.read_bytes() == PLAIN + b"10.0.0.1 theirs\n"


def test_something_puts_the_file_back(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guard that undoes the change at once is noticed, though every call went well."""
    monkeypatch.setattr(hosts, "rename", lambda new, old: new.unlink())
    assert code(lambda: add(place)) == "hosts-not-kept"


def test_two_runs_at_once_lose_nothing(place: Path) -> None:
    """Many additions at the same time: each name is there in the end."""
    names = [f"n{number}.test" for number in range(12)]
    problems: list[BaseException] = []

    def one(name: str) -> None:
        try:
            add(place, name)
        except Exception as problem:  # noqa: BLE001 - told by the assertion below
            problems.append(problem)

    threads = [threading.Thread(target=one, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(one.name for one in HostsFile(place).read().own) == sorted(names)
    remove(place)
    assert place.read_bytes() == PLAIN and beside(place) == []


@POSIX
def test_the_system_s_own_file() -> None:
    """Where the hosts file is."""
    assert hosts.system_path() == Path("/etc/hosts")
    assert stat.S_ISREG(hosts.system_path().lstat().st_mode) or hosts.system_path().is_symlink()
