"""One process at a time: a lock on a file beside what it guards."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from localedge.errors import Failure, reason_of

from . import own_directories, private_files
from .replacing import patiently

PATIENCE = 5.0
"""Seconds until a lock that another process holds is told.  Nobody holds one for more than a few files."""
_PAUSE = 0.01


@contextmanager
def locked(
    path: Path, seconds: float = PATIENCE, prepare: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock file `path`, which is made, and removed afterwards; its directory must exist.

    Or `prepare` makes it: again when another process has removed it meanwhile.
    The system lets go of it when a process dies, however it dies.  Not for one thread twice.
    Raises `Failure` where another process keeps it for `seconds`, or where no lock can be had.
    """
    try:
        descriptor = _take(path, time.monotonic() + seconds, prepare)
    except OSError as error:
        raise Failure("lock-failed", path=private_files.shown(path), reason=reason_of(error)) from None
    try:
        yield
    finally:
        _give_back(descriptor, path)


@contextmanager
def locked_beside(journal: Path, name: str, unwritable: str) -> Iterator[None]:
    """Hold the lock of this name beside a journal, whose directory is made, and goes when nothing is in it.

    Raises `Failure`, that of the code `unwritable` where the directory cannot be made.
    """

    def prepare() -> None:
        try:
            patiently(lambda: own_directories.make(journal.parent))
        except FileNotFoundError:
            raise  # removed under our hands
        except OSError as error:
            raise Failure(unwritable, path=private_files.shown(journal), reason=reason_of(error)) from None

    try:
        with locked(journal.with_name(name), PATIENCE, prepare):
            yield
    finally:
        own_directories.remove_if_empty(journal.parent)


def _take(path: Path, deadline: float, prepare: Callable[[], None] | None) -> int:
    gone = (FileNotFoundError,) if prepare is not None else ()
    while True:
        try:
            if prepare is not None:
                prepare()
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except (*_BEING_REMOVED, *gone):
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
            continue
        held = False
        try:
            held = _lock(descriptor) and _is_still(path, descriptor)
        finally:
            if not held:
                os.close(descriptor)
        if held:
            return descriptor
        if time.monotonic() > deadline:
            raise Failure("busy-elsewhere", path=private_files.shown(path))
        time.sleep(_PAUSE)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether the locked file is the one that the next process would open: its holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    _BEING_REMOVED: tuple[type[OSError], ...] = (PermissionError,)

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give_back(descriptor: int, path: Path) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        os.close(descriptor)
        with suppress(OSError):  # the next holder has it open already: it will remove it
            path.unlink()

else:
    import fcntl

    _BEING_REMOVED: tuple[type[OSError], ...] = ()

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_back(descriptor: int, path: Path) -> None:
        # While it is still held: who takes it later than this finds that the file is gone, and makes another.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)
