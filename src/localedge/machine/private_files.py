"""Files for one user's eyes: private from the first byte, looked at before they are believed."""

import errno
import os
import re
import shlex
import stat
import sys
from pathlib import Path

from localedge.errors import Failure
from localedge.settings.layers import LONGEST_PATH, clean

from .replacing import patiently

LONGEST = 256 * 1024
"""Bytes of a file that are read unless told otherwise: the authority's have a few thousand."""
_BESIDE = re.compile(r"\..+\.([0-9]{1,10})\.[0-9a-f]{8}\.new")
"""What `write` writes first, with the process's number in it."""
_BINARY = getattr(os, "O_BINARY", 0)
# No link is followed, and a named pipe in a file's place holds nobody up.
_READING = _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def make_directory(path: Path) -> None:
    """A directory for its owner alone; what stands above it gets the usual mode.  One that exists is kept.

    Raises OSError: FileNotFoundError where somebody removed it, or what stands above it, meanwhile.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(path)
    except FileExistsError:
        if path.is_dir():
            return
        if any(os.path.lexists(one) and not one.is_dir() for one in (path, *path.parents)):
            raise
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from None


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a temporary one beside it, fsync, rename.

    Raises OSError; whatever was there before is then still there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    write_new(beside, content)
    try:
        patiently(lambda: beside.replace(path))
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    settle(path.parent)


def sweep(directory: Path) -> None:
    """Remove what processes were writing there that have been killed.  Raises OSError."""
    from .processes import alive

    for path in directory.iterdir():
        if (beside := _BESIDE.fullmatch(path.name)) and not alive(int(beside[1])):
            path.unlink(missing_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, readable by its owner only from the first byte.  Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
    try:
        _close_to_others(path)
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)  # a full disk: no half of it stays
        raise
    os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file if it is there.  Raises OSError."""
    patiently(lambda: path.unlink(missing_ok=True))


def read(path: Path, within: Path | None = None, *, longest: int = LONGEST) -> bytes:
    """A private file's content, at most `longest` bytes of it.

    Raises FileNotFoundError, other OSErrors, and `Failure` for a file that belongs to or can be
    read by somebody else, or that is none.  The command that mends it is for all of `within`.
    """
    descriptor = patiently(lambda: _open(path))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Failure("ca-no-file", path=shown(path))
        _check_access(status, path, within or path, deep=within is not None)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(longest)
    finally:
        os.close(descriptor)


def check_directory(path: Path, *, deep: bool = False) -> None:
    """Look at owner and mode of a directory of ours.  Raises `Failure` and OSError.

    `deep`: the command that mends it is for all that is in it, too.
    """
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise Failure("ca-no-file", path=shown(path))
    _check_access(status, path, path, deep=deep)


def shown(path: Path) -> str:
    """A path as it stands in a message."""
    return clean(str(path), LONGEST_PATH)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | _READING)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Failure("ca-no-file", path=shown(path)) from None
        raise


if sys.platform == "win32":
    from . import windows_acl

    _close_to_others = windows_acl.protect  # the mode that os.open is given means nothing there

    def settle(directory: Path) -> None:
        """Nothing to do: directories cannot be opened there, and NTFS keeps a journal."""

    def _make_private(path: Path) -> None:
        windows_acl.make_directory(path)

    def _check_access(_status: os.stat_result, path: Path, within: Path, *, deep: bool) -> None:  # noqa: ARG001
        if others := windows_acl.others(path):
            mend = windows_acl.mending_command(shown(within))
            raise Failure("ca-loose", path=shown(path), who=", ".join(others), command=mend)

else:

    def _close_to_others(path: Path) -> None:
        """Nothing to do: made with the right mode."""

    def settle(directory: Path) -> None:
        """Have the system write down which names a directory holds: a rename may not survive a power cut."""
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems
                raise
        finally:
            os.close(descriptor)

    def _make_private(path: Path) -> None:
        path.mkdir(0o700)

    def _check_access(status: os.stat_result, path: Path, within: Path, *, deep: bool) -> None:
        place = shown(Path(shlex.quote(str(within))))
        every = "-R " if deep else ""
        if status.st_uid != os.geteuid():
            command = f"sudo chown {every}{os.geteuid()} {place}"
            raise Failure("ca-owner", path=shown(path), owner=_user(status.st_uid), command=command)
        if status.st_mode & 0o077:
            who = stat.filemode(status.st_mode)
            raise Failure("ca-loose", path=shown(path), who=who, command=f"chmod {every}go= {place}")

    def _user(number: int) -> str:
        import pwd

        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)
