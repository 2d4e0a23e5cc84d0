"""What the system knows of processes: of ours what it may do, of others since when they run, and what."""

import os
import re
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from .run import program

_PROC = Path("/proc")
_MOST = 2**31
"""No pid is as long as that; killing 0 or -1 would be all of them."""


def is_elevated() -> bool:
    """Whether we are root, or an elevated administrator on Windows."""
    if sys.platform == "win32":
        return bool(ctypes.windll.shell32.IsUserAnAdmin())
    else:
        return os.geteuid() == 0


def alive(pid: int) -> bool:
    """Whether there is such a process, whoever's it is."""
    if not 0 < pid < _MOST:
        return False
    if sys.platform == "win32":
        return started(pid) is not None
    else:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            return True  # somebody else's
        return True


def started(pid: int) -> float | None:
    """When a process was started, in seconds since 1970; None where the system does not tell."""
    if sys.platform == "linux":
        return linux_started(pid)
    elif sys.platform == "darwin":
        return ps_time(_ps(pid, "lstart="))
    elif sys.platform == "win32":
        return windows_process(pid)[1]
    else:
        return None


def words(pid: int) -> tuple[str, ...]:
    """The command line of a process; empty where the system does not tell.

    On macOS a word with a blank in it is two.
    """
    if sys.platform == "linux":
        try:
            line = (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ()
        return tuple(line.decode(errors="replace").removesuffix("\0").split("\0")) if line else ()
    elif sys.platform == "darwin":
        return tuple(_ps(pid, "command=").split())
    else:
        return ()


def option(line: Sequence[str], name: str) -> str:
    """What a command line has for an option like `--upstream`; empty for none.  The last one counts."""
    found = ""
    for word, following in zip(line, [*line[1:], ""], strict=False):
        if word == name:
            found = following
        elif word.startswith(f"{name}="):
            found = word.removeprefix(f"{name}=")
    return found


def linux_started(pid: int, proc: Path = _PROC) -> float | None:
    """From /proc (proc_pid_stat(5): the time since boot is the 22nd field, in clock ticks)."""
    ticks = 100
    if sys.platform != "win32":
        ticks = os.sysconf("SC_CLK_TCK")
    try:
        fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = re.search(r"^btime (\d+)$", (proc / "stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(boot[1]) + int(fields[19]) / ticks if boot and len(fields) > 19 else None


def ps_time(text: str) -> float | None:
    """What `ps -o lstart=` prints, in local time; None where not in English.  Untried on a real Mac."""
    try:
        return datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %Y").astimezone().timestamp()
    except ValueError:
        return None


def _ps(pid: int, column: str) -> str:
    argv = ["/bin/ps", "-ww", "-o", column, "-p", str(pid)]
    return program(argv, seconds=2.0, environ={**os.environ, "LC_ALL": "C"}).stdout.decode(errors="replace")


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _LIMITED = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
    _STILL_ACTIVE = 259
    _EPOCH = 11_644_473_600  # seconds between 1601 and 1970

    def windows_process(pid: int) -> tuple[str, float | None]:
        """The path of a process's program, and when it was started: None for one that has ended.

        learn.microsoft.com/windows/win32/api/processthreadsapi, ...api/winbase (QueryFullProcessImageNameW)
        """
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        number = ctypes.POINTER(wintypes.DWORD)
        kernel.OpenProcess.restype = ctypes.c_void_p
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        kernel.GetExitCodeProcess.argtypes = [ctypes.c_void_p, number]
        kernel.GetProcessTimes.argtypes = [ctypes.c_void_p, *(ctypes.POINTER(ctypes.c_uint64),) * 4]
        kernel.QueryFullProcessImageNameW.argtypes = [
            *(ctypes.c_void_p, wintypes.DWORD, wintypes.LPWSTR, number)
        ]
        handle = kernel.OpenProcess(_LIMITED, False, pid)
        if not handle:
            return "", None
        try:
            size = wintypes.DWORD(32768)
            path = ctypes.create_unicode_buffer(size.value)
            named = kernel.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(size))
            status = wintypes.DWORD()
            kernel.GetExitCodeProcess(handle, ctypes.byref(status))
            times = [ctypes.c_uint64() for _ in range(4)]
            timed = kernel.GetProcessTimes(handle, *(ctypes.byref(one) for one in times))
        finally:
            kernel.CloseHandle(handle)
        there = timed and status.value == _STILL_ACTIVE
        started = times[0].value / 10_000_000 - _EPOCH if there else None
        return path.value if named else "", started
