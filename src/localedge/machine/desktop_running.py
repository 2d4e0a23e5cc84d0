"""Whether Claude Desktop runs: it reads its configuration at launch, and writes files when it quits.

Claude Code's program is called `claude` as well.  Desktop's is an Electron application: `resources/app.asar`
lies beside it (electronjs.org/docs/latest/tutorial/application-distribution), or on macOS it is the one in
`Claude.app/Contents/MacOS`.
"""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from .processes import linux_started, ps_time
from .run import output

_PROC = Path("/proc")
_MAC = re.compile(r"/Claude(?: [^/]*)?\.app/Contents/MacOS/Claude$")
_PS_LINE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\S+ \S+ +\d+ [\d:]+ \d+)\s+(.*)")
_ARCHIVE = Path("resources") / "app.asar"
PAUSE = 0.5
"""Seconds between two looks while waiting."""


class Running(NamedTuple):
    """A process of Claude Desktop."""

    pid: int
    program: str
    started: float | None = None
    """Seconds since 1970."""


def running() -> list[Running]:
    """The processes of Claude Desktop that are this user's, the oldest first.

    Its helpers are started by it and end with it: only the main one is told where that is known.
    """
    if sys.platform == "linux":
        return linux()
    elif sys.platform == "darwin":
        return macos(output(["/bin/ps", "-axww", "-o", "pid=,uid=,lstart=,comm="]), os.getuid())
    elif sys.platform == "win32":
        return _windows()
    else:
        return []


def wait_until_ended(
    look: Callable[[], list[Running]],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Come back when Claude Desktop has ended: twice nobody is seen, for it may start itself anew."""
    quiet = 0
    while quiet < 2:
        quiet = 0 if look() else quiet + 1
        if quiet < 2:
            sleep(PAUSE)


def linux(proc: Path = _PROC, uid: int | None = None) -> list[Running]:
    """From /proc (proc_pid_cmdline(5), proc_pid_stat(5))."""
    if sys.platform != "win32" and uid is None:
        uid = os.getuid()
    found = []
    for directory in proc.glob("[0-9]*"):
        try:
            if directory.stat().st_uid != uid:
                continue
            words = (directory / "cmdline").read_bytes().decode(errors="replace").split("\0")
            program = _link(directory / "exe") or words[0]
        except OSError:
            continue  # it has ended meanwhile
        if any(word.startswith("--type=") for word in words) or not _is_desktop(program, words):
            continue
        if _config_of(directory) in (None, _config(os.environ)):
            pid = int(directory.name)
            found.append(Running(pid, program, linux_started(pid, proc)))
    return sorted(found, key=_age)


def _config_of(directory: Path) -> str | None:
    """Where a process keeps its configuration: one that has it elsewhere has none of these files."""
    try:
        lines = (directory / "environ").read_bytes().decode(errors="surrogateescape").split("\0")
    except OSError:
        return None
    return _config(dict(line.split("=", 1) for line in lines if "=" in line))


def _config(environ: Mapping[str, str]) -> str | None:
    given, home = environ.get("XDG_CONFIG_HOME"), environ.get("HOME")
    return given or (f"{home}/.config" if home else None)


def _link(path: Path) -> str:
    try:
        return str(path.readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""


def _is_desktop(program: str, words: list[str]) -> bool:
    path = Path(program)
    name = path.name.lower().removesuffix(".exe")
    if "electron" in name:  # distributions run the archive with an Electron of their own
        return any("claude" in word.lower() and word.endswith("app.asar") for word in words[1:])
    return name in ("claude", "claude-desktop") and _has_archive(path)


def _has_archive(path: Path) -> bool:
    if "WindowsApps" in path.parts:  # a package's files may be started, and not be looked at
        return any(part.startswith("Claude_") for part in path.parts)
    try:
        return (path.parent / _ARCHIVE).exists()
    except OSError:
        return "desktop" in path.name.lower()


def macos(listing: str, uid: int) -> list[Running]:
    """From what `ps -o pid=,uid=,lstart=,comm=` prints."""
    found = []
    for line in listing.splitlines():
        match = _PS_LINE.match(line)
        if match is None or int(match[2]) != uid or not _MAC.search(match[4]):
            continue
        program = str(PurePosixPath(match[4].strip()))
        found.append(Running(int(match[1]), program, ps_time(match[3])))
    return sorted(found, key=_age)


def _age(one: Running) -> tuple[float, int]:
    return (one.started or 0.0, one.pid)


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    from .processes import windows_process

    _SNAP_PROCESSES = 0x2
    _NOT_A_HANDLE = ctypes.c_void_p(-1).value

    class _Entry(ctypes.Structure):
        _fields_ = (
            ("size", wintypes.DWORD),
            ("usage", wintypes.DWORD),
            ("pid", wintypes.DWORD),
            ("heap", ctypes.c_size_t),
            ("module", wintypes.DWORD),
            ("threads", wintypes.DWORD),
            ("parent", wintypes.DWORD),
            ("priority", wintypes.LONG),
            ("flags", wintypes.DWORD),
            ("name", wintypes.WCHAR * 260),
        )

    def _windows() -> list[Running]:
        """The processes of this session, by the whole path of their program (tlhelp32.h)."""
        kernel = _kernel()
        session = _session(kernel, kernel.GetCurrentProcessId())
        listed = list(_entries(kernel))
        desktops = {}
        for pid, parent, name in listed:
            if name.lower().removesuffix(".exe") not in ("claude", "claude-desktop"):
                continue
            if _session(kernel, pid) != session:
                continue
            program, started = windows_process(pid)
            if program and _is_desktop(program, [program]):
                desktops[pid] = (parent, Running(pid, program, started))
        # Electron's helpers run the same program: their parent is one of these.
        mains = [one for parent, one in desktops.values() if parent not in desktops]
        return sorted(mains, key=_age)

    def _kernel() -> ctypes.WinDLL:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        for name in ("Process32FirstW", "Process32NextW"):
            getattr(kernel, name).argtypes = [ctypes.c_void_p, ctypes.POINTER(_Entry)]
        return kernel

    def _entries(kernel: ctypes.WinDLL) -> Iterator[tuple[int, int, str]]:
        snapshot = kernel.CreateToolhelp32Snapshot(_SNAP_PROCESSES, 0)
        if snapshot in (None, _NOT_A_HANDLE):
            return
        try:
            entry = _Entry(ctypes.sizeof(_Entry))
            more = kernel.Process32FirstW(snapshot, ctypes.byref(entry))
            while more:
                yield entry.pid, entry.parent, entry.name
                more = kernel.Process32NextW(snapshot, ctypes.byref(entry))
        finally:
            kernel.CloseHandle(snapshot)

    def _session(kernel: ctypes.WinDLL, pid: int) -> int:
        number = wintypes.DWORD()
        return int(number.value) if kernel.ProcessIdToSessionId(pid, ctypes.byref(number)) else -1
