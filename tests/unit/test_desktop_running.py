"""Whether Claude Desktop runs, told apart from Claude Code and everything else called claude."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localedge.machine import desktop_running
from localedge.machine.desktop_running import Running, linux, macos, running, wait_until_ended

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc")
WINDOWS = pytest.mark.skipif(sys.platform != "win32", reason="processes of Windows")
LASTS = "import sys; print('up', flush=True); sys.stdin.read()"


@contextmanager
def started(program: Path, *words: str) -> Iterator[int]:
    """A process of a copy of Python under another name, which ends with the test."""
    environ = {**os.environ, "PYTHONHOME": sys.base_prefix} if sys.platform != "win32" else dict(os.environ)
    with subprocess.Popen(
        [str(program), "-c", LASTS, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline().strip() == b"up"
            yield process.pid
        finally:
            process.stdin.close()


def installed(directory: Path, name: str, *, archive: bool = True) -> Path:
    """A program as Electron lays it out."""
    directory.mkdir(parents=True)
    program = directory / name
    if sys.platform == "win32":
        for file in Path(sys.executable).parent.iterdir():
            if file.suffix.lower() in (".dll", ".zip", ".pyd", "._pth") or file.name.endswith("._pth"):
                shutil.copy(file, directory)
    shutil.copy(sys.executable, program)
    if archive:
        (directory / "resources").mkdir()
        (directory / "resources" / "app.asar").touch()
    return program


def pids() -> list[int]:
    """Those of Claude Desktop."""
    return [one.pid for one in running()]


@LINUX
@pytest.mark.parametrize("name", ["claude", "claude-desktop", "Claude"])
def test_a_running_desktop_is_found(tmp_path: Path, name: str) -> None:
    """A program of Claude Desktop's layout is found with the time of its start, and is gone when it ends."""
    program = installed(tmp_path / "claude desktop \u4e2d", name)
    before = time.time()
    with started(program) as pid:
        [found] = [one for one in running() if one.pid == pid]
        assert found.program == str(program)
        assert found.started is not None and abs(found.started - before) < 30
    assert pid not in pids()


@LINUX
def test_a_desktop_with_files_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was started with another place for its configuration has none of these files open."""
    program = installed(tmp_path / "app", "claude-desktop")
    with started(program) as pid:
        assert pid in pids()
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert pid not in pids()
        monkeypatch.delenv("XDG_CONFIG_HOME")
        monkeypatch.setenv("HOME", str(tmp_path))
        assert pid not in pids()


@LINUX
def test_claude_code_is_no_desktop(tmp_path: Path) -> None:
    """A program called claude without Electron's archive beside it is Claude Code, and may run."""
    with started(installed(tmp_path / "bin", "claude", archive=False)) as pid:
        assert pid not in pids()


@LINUX
def test_helpers_are_not_counted(tmp_path: Path) -> None:
    """Electron's helper processes run the same program, and are left out."""
    with started(installed(tmp_path / "c", "claude-desktop"), "--type=renderer") as pid:
        assert pid not in pids()


@LINUX
def test_an_electron_of_the_distribution(tmp_path: Path) -> None:
    """Where a distribution's own Electron runs Claude's archive, that is Claude Desktop too."""
    electron = installed(tmp_path / "electron", "electron", archive=False)
    with started(electron, "/usr/lib/claude-desktop/app.asar") as pid:
        assert pid in pids()
    with started(electron, "/usr/lib/signal/app.asar") as pid:
        assert pid not in pids()


@LINUX
def test_others_claude_is_no_matter(tmp_path: Path) -> None:
    """Claude Desktop of another user on the machine keeps nobody from anything."""
    with started(installed(tmp_path / "c", "claude-desktop")) as pid:
        mine = Path("/proc/self").stat().st_uid
        assert pid in [one.pid for one in linux()]
        assert pid not in [one.pid for one in linux(uid=mine + 1)]


def test_a_proc_that_tells_nothing(tmp_path: Path) -> None:
    """Processes that end while they are looked at are passed over."""
    (tmp_path / "12").mkdir()
    (tmp_path / "x").mkdir()
    assert linux(tmp_path, uid=tmp_path.stat().st_uid) == []


PS = """\
    1     0 Sun Nov 22 08:00:01 2026     /sbin/launchd
  501   501 Sun Nov 22 09:00:01 2026     /Applications/Claude.app/Contents/MacOS/Claude
  502   501 Sun Nov  1 09:00:02 2026     /Users/j/My Apps/Claude 2.app/Contents/MacOS/Claude
  503   501 Sun Nov 22 09:00:03 2026     /Applications/Claude.app/Contents/Frameworks/Helper.app/Helper
  504   502 Sun Nov 22 09:00:04 2026     /Applications/Claude.app/Contents/MacOS/Claude
  505   501 Sun Nov 22 09:00:05 2026     /Users/j/.local/bin/claude
  506   501 So Nov 22 09:00:06 2026      /Applications/Claude.app/Contents/MacOS/Claude
not a line
"""


def test_the_process_list_of_macos() -> None:
    """On macOS the application's own program counts, of this user, wherever it is installed."""
    found = macos(PS, 501)
    assert [one.pid for one in found] == [506, 502, 501]
    assert found[0].started is None, "a language whose days have other names"
    assert found[2].started is not None and found[1].started is not None
    assert found[2].started - found[1].started == pytest.approx(21 * 86400, abs=7200)


def test_waiting_until_it_has_ended() -> None:
    """With --wait localedge goes on when Claude Desktop has ended, and not between two of its processes."""
    looks = iter([[Running(1, "c")], [Running(1, "c")], [], [Running(2, "c")], [], []])
    pauses: list[float] = []
    wait_until_ended(lambda: next(looks), pauses.append)
    assert next(looks, None) is None and pauses == [desktop_running.PAUSE] * 5


@WINDOWS
def test_a_running_desktop_is_found_on_windows(tmp_path: Path) -> None:
    """On Windows the whole path of the program tells Claude Desktop from Claude Code."""
    desktop = installed(tmp_path / "J\u00fcrgen \u674e" / "AnthropicClaude" / "app-1.2.3", "claude.exe")
    code = installed(tmp_path / "bin", "claude.exe", archive=False)
    with started(desktop) as first, started(code) as second:
        found = {one.pid: one for one in running()}
        assert first in found and second not in found
        assert Path(found[first].program).samefile(desktop)
        assert abs((found[first].started or 0) - time.time()) < 120
    assert first not in pids()
