"""Replacing files that others may have open, and whose rights are to stay."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_Result = TypeVar("_Result")

if sys.platform == "win32":
    import ctypes
    import time

    _ATTEMPTS, _PAUSE = 20, 0.02
    _READ, _DELETE = 0x80000000, 0x10000  # GENERIC_READ, DELETE

    def patiently(act: Callable[[], _Result]) -> _Result:
        """What somebody just reads, a virus scanner for one, can be neither replaced nor removed nor read."""
        for _ in range(_ATTEMPTS):
            try:
                return act()
            except PermissionError:
                time.sleep(_PAUSE)
        return act()

    def rename(new: Path, old: Path) -> None:
        """With the access list, attributes and streams of the old file (ReplaceFileW)."""
        if not old.exists():
            new.replace(old)
            return
        if number := refusal(old, _DELETE):  # before anything is moved
            raise ctypes.WinError(number)
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        if kernel.ReplaceFileW(str(old), str(new), None, 0, None, None):
            return
        error = ctypes.WinError(ctypes.get_last_error())
        if old.exists():
            raise error
        new.replace(old)  # ERROR_UNABLE_TO_MOVE_REPLACEMENT: it has taken the old one away already

    def refusal(path: Path, access: int = _READ) -> int | None:
        """Windows' own number for why a file cannot be opened: os.open tells errno only."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        # shared with everybody; OPEN_EXISTING
        handle = kernel.CreateFileW(str(path), access, 7, None, 3, 0, None)
        if handle not in (None, ctypes.c_void_p(-1).value):
            kernel.CloseHandle(handle)
            return None
        return ctypes.get_last_error()

else:

    def patiently(act: Callable[[], _Result]) -> _Result:
        """POSIX files can be replaced and removed whoever has them open."""
        return act()

    def rename(new: Path, old: Path) -> None:
        """The new file has its rights by now."""
        new.replace(old)

    def refusal(_path: Path) -> int | None:
        """errno tells it all."""
        return None
