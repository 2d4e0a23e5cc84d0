"""What a hosts file can be like that it is better left alone."""

import errno
import os
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine import hosts
from tests.hosts_peer import NAME, PLAIN, POSIX, add, beside, code, place, remove

__all__ = ["place"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing hosts file is told, not made."""
    assert code(lambda: add(tmp_path / "hosts")) == "hosts-missing"
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_a_link_is_not_followed(place: Path) -> None:
    """Behind a symbolic link is somebody's generator: nothing is written, and NixOS gets its own words."""
    link = place.with_name("link")
    link.symlink_to(place)
    assert code(lambda: add(link)) == "hosts-link"
    link.unlink()
    link.symlink_to("/etc/static/hosts")
    with pytest.raises(Failure, match=r"networking\.hosts") as caught:
        add(link)
    assert caught.value.code == "hosts-nix"
    assert place.read_bytes() == PLAIN


@POSIX
def test_what_is_no_file(place: Path) -> None:
    """A directory, a named pipe and a device are refused, and none of them is waited for."""
    pipe = place.with_name("pipe")
    os.mkfifo(pipe)
    for path in (place.parent, pipe, Path("/dev/null")):
        assert code(lambda path=path: add(path)) == "hosts-not-a-file"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"127.0.0.1 a\0\0", "hosts-not-text"),
        (b"# localedge: begin\n", "hosts-block-damaged"),
        (b"# localedge: begin\nmine\n# localedge: end\n", "hosts-block-edited"),
    ],
)
def test_what_is_not_understood_stays(place: Path, content: bytes, expected: str) -> None:
    """A file with zero bytes, a lost marker or a stranger's line in our block is left as it is."""
    place.write_bytes(content)
    assert code(lambda: add(place)) == code(lambda: remove(place)) == expected
    assert place.read_bytes() == content and beside(place) == []


def test_half_a_block_names_the_copy(place: Path) -> None:
    """Where a write was cut off by a power failure, the message tells what to put back."""
    backup = add(place).backup
    assert backup is not None
    place.write_bytes(place.read_bytes()[:-10])
    with pytest.raises(Failure) as caught:
        remove(place)
    assert caught.value.code == "hosts-block-cut" and str(backup) in str(caught.value)


@POSIX
def test_half_a_block_names_the_copy_in_our_data_directory(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing may be written beside the file, the copy is elsewhere: it is named, and tidied up."""
    data = tmp_path / "data" / "localedge"
    data.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(data.parent))
    backup = add(place).backup
    assert backup is not None
    kept = backup.rename(data / backup.name)
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != place.parent)
    whole = place.read_bytes()
    place.write_bytes(whole[:-10])
    with pytest.raises(Failure) as caught:
        remove(place)
    assert caught.value.code == "hosts-block-cut" and str(kept) in str(caught.value)
    place.write_bytes(kept.read_bytes())
    remove(place)
    assert not kept.exists() and beside(place) == []


def test_a_read_only_file_is_left_so(place: Path) -> None:
    """Root could write it, but whoever took the right away meant it."""
    place.chmod(0o444)
    assert code(lambda: add(place)) == "hosts-read-only"
    assert place.read_bytes() == PLAIN and beside(place) == []
    place.chmod(0o644)


@POSIX
@pytest.mark.parametrize(
    ("number", "root", "expected"),
    [
        (errno.EACCES, False, "hosts-needs-root"),
        (errno.EPERM, True, "hosts-guarded"),
        (errno.EROFS, True, "hosts-guarded"),
        (errno.EROFS, False, "hosts-guarded"),
    ],
)
def test_who_may_not_write(
    place: Path, monkeypatch: pytest.MonkeyPatch, number: int, root: bool, expected: str
) -> None:
    """Without the right to write, nothing is begun; root is not told to become root."""
    opened = os.open

    def guarded(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR and Path(path) == place:
            raise OSError(number, os.strerror(number))
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", guarded)
    monkeypatch.setattr(hosts, "is_elevated", lambda: root)
    assert code(lambda: add(place)) == expected
    assert place.read_bytes() == PLAIN and beside(place) == []


@POSIX
def test_a_file_that_cannot_be_read_is_not_taken_for_empty(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read error stops everything."""

    def broken(*_: object, **__: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "open", broken)
    assert code(lambda: add(place)) == "hosts-unreadable"


@POSIX
def test_a_directory_that_may_not_be_written(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the file itself writable it is written in place; lock and copy go to our data directory."""
    opened = os.open

    def guarded(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT and Path(path).parent == place.parent:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", guarded)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    backup = add(place).backup
    assert backup is not None and backup.parent == tmp_path / "data" / "localedge"
    assert NAME.encode() in place.read_bytes() and beside(place) == []
    remove(place)
    assert place.read_bytes() == PLAIN and not (tmp_path / "data").exists()
    monkeypatch.setenv("XDG_DATA_HOME", str(place))
    assert code(lambda: add(place)) == "hosts-no-place"
    assert place.read_bytes() == PLAIN
