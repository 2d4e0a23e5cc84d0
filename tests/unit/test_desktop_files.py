"""Claude Desktop's files read and replaced, whatever stands in their place."""

import os
import sys
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine import desktop_files

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX")
WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="locks of Windows")


def code_of(path: Path) -> str:
    """What reading fails with."""
    with pytest.raises(Failure) as caught:
        desktop_files.read(path)
    return caught.value.code


@POSIX
def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    """A named pipe in a file's place is named; localedge does not wait for its other end."""
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "desktop-no-file"
    assert desktop_files.tail(tmp_path / "pipe", 10) is None


@POSIX
def test_a_link_to_itself(tmp_path: Path) -> None:
    """A link that leads nowhere in a circle is told as the system tells it."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert code_of(tmp_path / "loop") == "desktop-unreadable"


def test_a_file_far_too_large(tmp_path: Path) -> None:
    """Nobody reads gigabytes into memory."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(desktop_files.LARGEST + 1)
    assert code_of(path) == "desktop-too-large"


@POSIX
def test_no_rights(tmp_path: Path) -> None:
    """A file that may not be read is told with the system's reason."""
    if sys.platform == "win32" or os.geteuid() == 0:
        path = Path("/proc/self/mem")  # root may read any file, but not this one's first byte
    else:
        path = tmp_path / "closed"
        path.touch(0o000)
    assert code_of(path) == "desktop-unreadable"


def test_what_was_written_meanwhile_stays(tmp_path: Path) -> None:
    """A file that is not what it was when it was looked at is not replaced, and nothing is left beside it."""
    path = tmp_path / "file"
    path.write_bytes(b"theirs")
    for before in (b"ours", None):
        with pytest.raises(Failure) as caught:
            desktop_files.write(path, before, b"new")
        assert caught.value.code == "desktop-changed"
    assert path.read_bytes() == b"theirs" and list(tmp_path.iterdir()) == [path]


def test_writing_and_removing(tmp_path: Path) -> None:
    """A file is made, replaced and removed, and nothing is left beside it."""
    path = tmp_path / "file"
    desktop_files.write(path, None, b"1")
    desktop_files.write(path, b"1", b"2")
    assert path.read_bytes() == b"2" and list(tmp_path.iterdir()) == [path]
    desktop_files.write(path, b"2", None)
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_a_file(tmp_path: Path) -> None:
    """The tail of a file begins with a whole line."""
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert desktop_files.tail(path, 100) == b"one\ntwo\nthree\n"
    assert desktop_files.tail(path, 8) == b"three\n"
    assert desktop_files.tail(tmp_path, 8) is None and desktop_files.tail(tmp_path / "no", 8) is None


@WINDOWS
def test_a_file_that_another_program_holds(tmp_path: Path) -> None:
    """A file that another program has open for itself is named, and is as it was afterwards."""
    if sys.platform == "win32":
        import ctypes

        path = tmp_path / "J\u00fcrgen \u674e.json"
        path.write_bytes(b"{}")
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        exclusive = kernel.CreateFileW(str(path), 0x80000000, 0, None, 3, 0, None)
        try:
            assert code_of(path) == "desktop-locked"
        finally:
            kernel.CloseHandle(exclusive)
        readers = kernel.CreateFileW(str(path), 0x80000000, 1, None, 3, 0, None)
        try:
            with pytest.raises(Failure) as caught:
                desktop_files.write(path, b"{}", b'{"a": 1}')
            assert caught.value.code == "desktop-locked"
        finally:
            kernel.CloseHandle(readers)
        assert path.read_bytes() == b"{}" and list(tmp_path.iterdir()) == [path]
