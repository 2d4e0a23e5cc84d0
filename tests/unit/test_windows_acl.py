"""Who may open a file on Windows.

What lists mean is tested everywhere; the calls under Windows and Wine, which keeps such lists in part.
"""

import sys
from pathlib import Path

import pytest

from localedge.machine import windows_acl
from localedge.machine.windows_acl import strangers

WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="access control lists of Windows")
ME = "S-1-5-21-1-2-3-1000"
MINE = f"O:{ME}D:P(A;OICI;FA;;;{ME})(A;OICI;FA;;;SY)"


@pytest.mark.parametrize(
    ("descriptor", "found"),
    [
        (MINE, []),
        (f"O:{ME}D:PAI(A;;FA;;;{ME})", []),
        (f"O:{ME}G:S-1-5-21-1-2-3-513D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;{ME})", []),
        (f"O:BAG:DUD:(A;;FA;;;{ME})(A;OICIIO;GA;;;CO)(A;;RC;;;OW)", []),
        (f"O:{ME}D:(D;;FA;;;WD)(A;;FA;;;{ME})", []),
        (f"O:{ME}D:(A;;;;;WD)(A;;0x0;;;WD)", []),
        (f"O:{ME}D:P", []),
        (f"{MINE}(A;;0x1200a9;;;WD)", ["WD"]),
        (f"{MINE}(A;OICIIO;FR;;;BU)(A;;FR;;;AU)(A;;FR;;;BU)", ["BU", "AU"]),
        (f"{MINE}(XA;;FR;;;WD;(Member_of {{SID(BA)}}))", ["WD"]),
        (f'{MINE}(XA;;FR;;;BU;(@User.Title=="x"))(A;;FR;;;AU)', ["BU", "AU"]),
        (f"{MINE}(OA;;FR;0-0-0;1-1-1;BU)", ["BU"]),
        (f"{MINE}(A;;FA;;;S-1-5-21-1-2-3-1001)", ["S-1-5-21-1-2-3-1001"]),
        (f"{MINE}(XA;;FR;;;BU;((a == (1)) || (b)))(A;;FR;;;WD)", ["BU", "WD"]),
        (f"{MINE}(??;;FR;;;BU)", ["BU"]),
        (f"O:S-1-5-21-1-2-3-1001D:P(A;;FA;;;{ME})", ["S-1-5-21-1-2-3-1001"]),
        (f"D:P(A;;FA;;;{ME})", ["?"]),
        (f"O:{ME}", ["WD"]),
        (f"O:{ME}D:NO_ACCESS_CONTROL", ["WD"]),
        ("", ["?", "WD"]),
    ],
)
def test_whom_a_list_lets_in(descriptor: str, found: list[str]) -> None:
    """The user, the system and administrators may open a private file; everybody else is named."""
    assert strangers(descriptor, ME) == found


def test_the_builtin_administrator() -> None:
    """Windows writes the built-in Administrator in two letters; his own files are his."""
    assert strangers("O:LAD:P(A;OICI;FA;;;LA)(A;OICI;FA;;;SY)", "LA") == []
    assert strangers("O:LAD:P(A;OICI;FA;;;LA)(A;OICI;FA;;;SY)", ME) == ["LA"]


@WINDOWS
def test_a_directory_is_closed_from_the_start(tmp_path: Path) -> None:
    """A directory of ours lets nobody else in, and can be used as any other."""
    directory = tmp_path / "ca"
    windows_acl.make_directory(directory)
    assert windows_acl.others(directory) == []
    (directory / "file").write_bytes(b"content")
    assert (directory / "file").read_bytes() == b"content"


@WINDOWS
@pytest.mark.parametrize("kind", ["file", "directory"])
def test_what_is_there_can_be_closed(tmp_path: Path, kind: str) -> None:
    """A file or directory that others could open is closed to them, and stays usable by its user."""
    path = tmp_path / "it"
    if kind == "file":
        path.write_bytes(b"content")
    else:
        path.mkdir()
    windows_acl.protect(path)
    assert windows_acl.others(path) == []
    if kind == "file":
        assert path.read_bytes() == b"content"
        path.write_bytes(b"new content")
    else:
        (path / "file").write_bytes(b"content")


@WINDOWS
def test_errors_are_those_of_files(tmp_path: Path) -> None:
    """What is missing or in the way is told as for any file."""
    with pytest.raises(FileExistsError, match=r"WinError 183"):
        windows_acl.make_directory(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"WinError 3\b"):
        windows_acl.make_directory(tmp_path / "no" / "such")
    with pytest.raises(FileNotFoundError, match=r"WinError 2\b"):
        windows_acl.protect(tmp_path / "no")
    with pytest.raises(FileNotFoundError, match=r"WinError 2\b"):
        windows_acl.others(tmp_path / "no")


@WINDOWS
def test_who_we_are() -> None:
    """The user is known by a number, or by letters that stand for one."""
    assert windows_acl.user().startswith("S-1-5-") or len(windows_acl.user()) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has advapi32")
def test_elsewhere_there_are_no_such_lists(tmp_path: Path) -> None:
    """On another system the calls fail as such, and importing does not."""
    with pytest.raises(OSError, match="no advapi32"):
        windows_acl.others(tmp_path)
