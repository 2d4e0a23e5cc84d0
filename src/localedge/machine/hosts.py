"""Changing the system's hosts file: all of it or nothing, whoever else writes and whatever fails.

The new file is written beside the old one, made its equal in owner, mode and extended attributes, and
renamed over it.  Where that cannot be (a file that is a mount point of its own, as in containers; hard
links; a directory that may not be written) the file is written in place, by one write of what differs,
with a copy of the old one kept until our block is gone again.
"""

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from localedge.errors import Failure, reason_of

from . import private_files
from .hosts_text import LONGEST, HostsText
from .lock import locked, locked_beside
from .private_files import shown
from .processes import is_elevated
from .replacing import patiently, rename

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_O_BINARY = getattr(os, "O_BINARY", 0)
_O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_O_NONBLOCK = getattr(os, "O_NONBLOCK", 0)


class Change(NamedTuple):
    """What was done to a hosts file, or would be."""

    before: HostsText
    after: HostsText
    backup: Path | None = None
    """Where the file as it was before us is kept; None when nothing of ours is in it any more."""

    @property
    def made(self) -> bool:
        """Whether there is any difference."""
        return self.before.content() != self.after.content()


Edit = Callable[[HostsText], HostsText]


class HostsFile:
    """One hosts file.  Every method raises `Failure`; nothing is followed, guessed or repaired."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = shown(path)
        self._lock_file = path.parent / f".{path.name}.localedge-lock"
        self._backup_name = f"{path.name}.before-localedge-"
        self._new_file = path.parent / f".{path.name}.localedge-new"

    def read(self) -> HostsText:
        """What it says."""
        try:
            return HostsText.of(self._bytes(), self.shown)
        except Failure as failure:
            kept = [one for place in self._places() for one in self._backups(place)]
            if failure.code == "hosts-block-damaged" and kept:
                backup = shown(kept[0])
                raise Failure("hosts-block-cut", **failure.params, backup=backup) from None
            raise

    def plan(self, edit: Edit) -> Change:
        """What `edit` would make of it."""
        before = self.read()
        return Change(before, edit(before))

    def change(self, edit: Edit) -> Change:
        """Let `edit` have its way, under a lock.  A file that would stay as it is is not written.

        `edit` may be called twice and must give the same for the same.
        """
        planned = self.plan(edit)
        if not planned.made:
            self._tidy(planned.before)
            return planned
        self._may_write()
        with ExitStack() as stack:
            place = self._lock(stack)
            change = self.plan(edit)
            if not change.made:
                return change
            try:
                backup = self._back_up(place, change.before)
                self._write(change, beside=place == self.path.parent)
                if self._bytes() != change.after.content():
                    raise Failure("hosts-not-kept", path=self.shown)
                self._forget_backups(place, keep=backup if change.after.own else None)
            except OSError as error:
                raise Failure("hosts-unwritable", path=self.shown, reason=reason_of(error)) from None
            return change._replace(backup=backup if change.after.own else None)

    # -- reading

    def _bytes(self) -> bytes:
        try:
            descriptor = patiently(self._open)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Failure("hosts-not-a-file", path=self.shown)
                with open(descriptor, "rb", closefd=False) as file:
                    return file.read(LONGEST + 1)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise Failure("hosts-missing", path=self.shown) from None
        except OSError as error:
            raise Failure("hosts-unreadable", path=self.shown, reason=reason_of(error)) from None

    def _open(self) -> int:
        if self.path.is_symlink():
            raise self._link()
        if self.path.is_dir():
            raise Failure("hosts-not-a-file", path=self.shown)  # Windows does not even open it
        try:
            # O_NONBLOCK: a named pipe in its place must not hold anybody up.
            return os.open(self.path, os.O_RDONLY | _O_NOFOLLOW | _O_NONBLOCK | _O_BINARY)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._link() from None
            raise

    def _link(self) -> Failure:
        """NixOS links it into its store; others do it by hand."""
        target = os.path.realpath(self.path)
        nix = target.startswith("/nix/") or str(self.path.readlink()).startswith("/etc/static/")
        return Failure("hosts-nix" if nix else "hosts-link", path=self.shown, target=shown(Path(target)))

    # -- writing

    def _may_write(self) -> None:
        """Raises `Failure` for a file that this user may not write; nothing is touched."""
        if not self.path.stat().st_mode & 0o222:
            raise Failure("hosts-read-only", path=self.shown, command=_writable_command(self.shown))
        try:
            os.close(patiently(lambda: os.open(self.path, os.O_RDWR | _O_NOFOLLOW | _O_BINARY)))
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM) and not is_elevated():
                raise Failure(_NOT_PERMITTED, path=self.shown) from None
            raise Failure("hosts-guarded", path=self.shown, reason=reason_of(error)) from None

    def _lock(self, stack: ExitStack) -> Path:
        """Lock, and say where the copy is kept: beside the file, else in our data directory."""
        try:
            stack.enter_context(locked(self._lock_file))
        except Failure as failure:
            if failure.code != "lock-failed":
                raise
        else:
            return self.path.parent
        place = _elsewhere()
        beside = locked_beside(place / self.path.name, self._lock_file.name, "hosts-no-place")
        try:
            stack.enter_context(beside)
        except Failure as failure:
            if failure.code != "hosts-no-place":
                raise
            raise Failure(failure.code, **{**failure.params, "path": self.shown}) from None
        return place

    def leftovers(self) -> list[Path]:
        """What one that was killed has left beside a file that is itself again."""
        return [path for place in self._places() for path in self._left(place)]

    def _left(self, place: Path) -> list[Path]:
        left = [place / self._lock_file.name, place / self._new_file.name, *self._backups(place)]
        return [path for path in left if os.path.lexists(path)]

    def _tidy(self, text: HostsText) -> None:
        """One that was killed may have left something beside a file that is itself again."""
        for place in () if text.own else self._places():
            lock_file = place / self._lock_file.name
            if not self._left(place):
                continue
            with suppress(Failure), locked(lock_file):
                if not self.read().own:
                    self._forget_backups(place, keep=None)
                    with suppress(OSError):
                        (place / self._new_file.name).unlink()

    def _places(self) -> list[Path]:
        """Where there may be a copy: beside the file, and where that cannot be, in our data directory."""
        beside = self.path.parent
        places = [beside]
        if not os.access(beside, os.W_OK):
            with suppress(Failure):  # nobody has a home
                places.append(_elsewhere())
        return places

    def _back_up(self, place: Path, before: HostsText) -> Path:
        """A copy of the file as it was before our block came, named by its SHA-256."""
        import hashlib

        if before.own and (kept := self._backups(place)):
            return kept[0]
        content = before.with_own(()).content()
        backup = place / (self._backup_name + hashlib.sha256(content).hexdigest())
        backup.unlink(missing_ok=True)
        private_files.write_new(backup, content)
        backup.chmod(stat.S_IMODE(self.path.stat().st_mode))
        private_files.settle(place)
        return backup

    def _backups(self, place: Path) -> list[Path]:
        with suppress(OSError):
            return sorted(one for one in place.iterdir() if one.name.startswith(self._backup_name))
        return []

    def _forget_backups(self, place: Path, keep: Path | None) -> None:
        for backup in self._backups(place):
            if backup != keep:
                with suppress(OSError):  # it does no harm
                    backup.unlink()

    def _write(self, change: Change, *, beside: bool) -> None:
        if beside and self.path.stat().st_nlink == 1:
            try:
                self._replace(change)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise
            else:
                return
        self._write_in_place(change)

    def _replace(self, change: Change) -> None:
        new = self._new_file
        new.unlink(missing_ok=True)  # of one that was killed
        private_files.write_new(new, change.after.content())
        try:
            _make_alike(self.path, new)
            self._expect(change.before)
            patiently(lambda: rename(new, self.path))
        finally:
            new.unlink(missing_ok=True)
        private_files.settle(self.path.parent)

    def _write_in_place(self, change: Change) -> None:
        """One write of what differs.  A file that gets shorter ends in empty lines until it is cut off."""
        before, after = change.before.content(), change.after.content()
        pairs = enumerate(zip(before, after, strict=False))
        start = next((at for at, (old, new) in pairs if old != new), min(len(before), len(after)))
        padded = after + change.after.padding(max(0, len(before) - len(after)))
        descriptor = patiently(lambda: os.open(self.path, os.O_RDWR | _O_NOFOLLOW | _O_BINARY))
        try:
            self._expect(change.before)
            try:
                _write_at(descriptor, start, padded)
            except OSError:
                _write_at(descriptor, start, before)  # a full disk: the room it had is still its own
                os.ftruncate(descriptor, len(before))
                raise
            os.ftruncate(descriptor, len(after))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _expect(self, before: HostsText) -> None:
        """A last look: nobody else has written meanwhile."""
        if self._bytes() != before.content():
            raise Failure("hosts-changed", path=self.shown)


def _write_at(descriptor: int, start: int, content: bytes) -> None:
    os.lseek(descriptor, start, os.SEEK_SET)
    rest = memoryview(content)[start:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _elsewhere() -> Path:
    from .files import user_directory

    return user_directory("data")


if sys.platform == "win32":
    import winreg

    _NOT_PERMITTED = "hosts-needs-administrator"

    def system_path() -> Path:
        """Where this system's hosts file is: DataBasePath of the TCP/IP parameters, if it is set."""
        usual = r"%SystemRoot%\System32\drivers\etc"
        try:
            with winreg.OpenKey(
                winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
            ) as key:
                directory = str(winreg.QueryValueEx(key, "DataBasePath")[0]) or usual
        except OSError:
            directory = usual
        return Path(winreg.ExpandEnvironmentStrings(directory)) / "hosts"

    def _writable_command(path: str) -> str:
        return f'attrib -r "{path}"'

    def _make_alike(_old: Path, _new: Path) -> None:
        """ReplaceFile carries everything over by itself."""

else:
    _NOT_PERMITTED = "hosts-needs-root"

    def system_path() -> Path:
        """Where this system's hosts file is."""
        return Path("/etc/hosts")

    def _writable_command(path: str) -> str:
        return f"sudo chmod u+w {path}"

    def _make_alike(old: Path, new: Path) -> None:
        """Owner, extended attributes (SELinux's context, ACLs), mode.  Raises OSError if one cannot be."""
        status = old.stat()
        mine = new.stat()
        if (status.st_uid, status.st_gid) != (mine.st_uid, mine.st_gid):
            os.chown(new, status.st_uid, status.st_gid)
        if sys.platform == "linux":
            for name in _attributes(old):
                os.setxattr(new, name, os.getxattr(old, name))
        new.chmod(stat.S_IMODE(status.st_mode))

    if sys.platform == "linux":

        def _attributes(path: Path) -> list[str]:
            try:
                return os.listxattr(path)
            except OSError as error:
                if error.errno != errno.ENOTSUP:
                    raise
                return []
