"""A hosts file of the test's own, and edits of it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.hosts import Change, HostsFile
from localedge.machine.hosts_text import HostsText, Mapping

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX owners, modes and links")
NAME = "localedge.test"
PLAIN = b"127.0.0.1 localhost\n::1 localhost\n"


def adds(*names: str) -> Callable[[HostsText], HostsText]:
    """An edit that puts these names into our block."""

    def edit(text: HostsText) -> HostsText:
        there = [one.name for one in text.own]
        return text.with_own(
            [*text.own, *(Mapping("127.0.0.1", name) for name in names if name not in there)]
        )

    return edit


def empties(text: HostsText) -> HostsText:
    """An edit that takes our block out."""
    return text.with_own(())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A hosts file in a directory of its own."""
    path = tmp_path / "etc" / "hosts"
    path.parent.mkdir()
    path.write_bytes(PLAIN)
    path.chmod(0o644)
    return path


def add(path: Path, *names: str) -> Change:
    return HostsFile(path).change(adds(*(names or (NAME,))))


def remove(path: Path) -> Change:
    return HostsFile(path).change(empties)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Failure) as caught:
        act()
    assert str(caught.value) and "{" not in str(caught.value)
    return caught.value.code


def beside(path: Path) -> list[str]:
    """What stands in the directory besides the file itself."""
    return sorted(entry.name for entry in path.parent.iterdir() if entry != path)
