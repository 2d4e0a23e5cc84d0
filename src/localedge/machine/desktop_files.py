"""Claude Desktop's files: read with a sentence for whatever can be wrong, replaced whole or not at all.

A link is followed, mode and owner stay, and what is replaced is looked at once more right before.
"""

import errno
import hashlib
import os
import re
import stat
import sys
from contextlib import suppress
from pathlib import Path

from localedge.claude.json_text import JsonText, NotJson, WrongShape
from localedge.errors import Failure, reason_of

from . import private_files
from .private_files import settle, shown
from .replacing import patiently, refusal, rename

LARGEST = 16 * 1024 * 1024
"""Bytes of a configuration file; Claude's own have some thousand."""
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_LEFTOVER = re.compile(r"\..+\.localedge-[0-9a-f]{16}\.new")
_SHARING = (32, 33)  # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION


def sha256(content: bytes | None) -> str | None:
    """In hexadecimal; None for no file."""
    return None if content is None else hashlib.sha256(content).hexdigest()


def read(path: Path) -> bytes | None:
    """The content of a file, None if there is none.  Raises `Failure`."""
    try:
        return patiently(lambda: _read(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _read(path: Path) -> bytes:
    if path.is_dir():  # Windows calls opening one a lack of rights
        raise Failure("desktop-is-directory", path=shown(path))
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Failure("desktop-no-file", path=shown(path))
        if status.st_size > LARGEST:
            raise Failure("desktop-too-large", path=shown(path), size=status.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def parsed(path: Path, content: bytes) -> JsonText:
    """The object in a file.  Raises `Failure`."""
    with_path = {"path": shown(path)}
    try:
        return JsonText.read(content)
    except NotJson as error:
        if error.empty:
            raise Failure("desktop-empty", **with_path) from None
        if not error.utf8:
            raise Failure("desktop-not-utf8", **with_path, line=error.line) from None
        raise Failure("desktop-not-json", **with_path, line=error.line) from None
    except WrongShape:
        raise Failure("desktop-other-shape", **with_path) from None


def tail(path: Path, size: int) -> bytes | None:
    """The last `size` bytes of a file, from the start of a line; None if it cannot be read."""
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return None
        with open(descriptor, "rb", closefd=False) as file:
            cut = status.st_size > size
            file.seek(max(0, status.st_size - size))
            content = file.read(size)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return content.partition(b"\n")[2] if cut else content


def make_directories(path: Path) -> None:
    """A directory and those above it, closed to others.  Raises `Failure`."""
    try:
        path.mkdir(0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from None


def write(path: Path, before: bytes | None, after: bytes | None) -> None:
    """Put `after` in place of `before`; None is no file.  Raises `Failure`: the file is then as it was."""
    if read(path) != before:
        raise Failure("desktop-changed", path=shown(path))
    target = Path(os.path.realpath(path))
    try:
        if after is None:
            patiently(target.unlink)
            settle(target.parent)
        else:
            _replace(target, before, after)
    except OSError as error:
        raise _unwritable(path, error) from None


def _replace(target: Path, before: bytes | None, after: bytes) -> None:
    beside = target.with_name(f".{target.name}.localedge-{os.urandom(8).hex()}.new")
    private_files.write_new(beside, after)
    try:
        if before is not None:
            _make_alike(target, beside)
        if read(target) != before:  # a last look: nobody else has written meanwhile
            raise Failure("desktop-changed", path=shown(target))
        patiently(lambda: rename(beside, target))
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    settle(target.parent)


def sweep(directory: Path) -> None:
    """Remove what a process of ours that was killed left in a directory: it may hold a key."""
    try:
        for one in directory.iterdir():
            if _LEFTOVER.fullmatch(one.name):
                one.unlink(missing_ok=True)
    except OSError:
        pass  # what can be neither listed nor removed will be told by the writing that follows


def _unreadable(path: Path, error: OSError) -> Failure:
    if _locked(path, error):
        return Failure("desktop-locked", path=shown(path))
    return Failure("desktop-unreadable", path=shown(path), reason=reason_of(error))


def _unwritable(path: Path, error: OSError) -> Failure:
    if _locked(path, error):
        return Failure("desktop-locked", path=shown(path))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure("desktop-disk-full", path=shown(path))
    return Failure("desktop-unwritable", path=shown(path), reason=reason_of(error))


def _locked(path: Path, error: OSError) -> bool:
    number = getattr(error, "winerror", None)
    if number is None and isinstance(error, PermissionError):
        number = refusal(path)
    return number in _SHARING or error.errno in (errno.EBUSY, errno.ETXTBSY)


if sys.platform == "win32":

    def _make_alike(_old: Path, _new: Path) -> None:
        """ReplaceFile carries everything over by itself."""

else:

    def _make_alike(old: Path, new: Path) -> None:
        """Owner, group, extended attributes (ACLs, SELinux's context) as far as they may be set, and mode."""
        status, mine = old.stat(), new.stat()
        if status.st_uid != mine.st_uid:
            os.chown(new, status.st_uid, -1)
        if status.st_gid != mine.st_gid:
            with suppress(PermissionError):
                os.chown(new, -1, status.st_gid)
        if sys.platform == "linux":
            with suppress(OSError):  # a file system without them
                for name in os.listxattr(old):
                    with suppress(OSError):  # one that only root may set
                        os.setxattr(new, name, os.getxattr(old, name))
        new.chmod(stat.S_IMODE(status.st_mode))
