"""Where the local authority's files are, and how they change without ever being half changed.

    ca/authority.json             format and name of the directory in force; replaced by one rename
    ca/root.pem                   a copy for programs that want a path (NODE_EXTRA_CA_CERTS)
    ca/<directory>/root.pem
                  /intermediate.pem
                  /intermediate-key.pem
                  /leaf.pem       key, leaf and intermediate in one file: one rename changes all three

A new authority is written whole into a directory of its own.  The rename of `authority.json` puts it in
force, and what was in force before is removed after that: whoever dies on the way leaves the old state or
the new one.  Those who only read take no lock; if the directory vanishes under them they start again.

`cryptography` is imported where it is needed only: `localedge run` asks every time whether files are there.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from localedge.errors import Failure, reason_of
from localedge.settings.layers import clean

from . import files, private_files
from .lock import PATIENCE, locked
from .private_files import shown

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from localedge.pki.authority import Authority, Leaf

_Read = TypeVar("_Read")

FORMAT = 1
_POINTER = "authority.json"
_ROOT, _INTERMEDIATE, _KEY, _LEAF = "root.pem", "intermediate.pem", "intermediate-key.pem", "leaf.pem"
_PARTS = {"root": _ROOT, "intermediate": _INTERMEDIATE, "key": _KEY}
_LOCK = ".lock"
_DIRECTORY = re.compile(r"[0-9]{8}-[0-9a-f]{16}")
_TEMPORARY = re.compile(r"\.(?:authority\.json|root\.pem|leaf\.pem)\.[0-9]+\.[0-9a-f]{8}\.new")


def authority_directory(given: str | None) -> Path:
    """Where the files are: as configured (`https.directory`), else in the user's data directory.

    Raises `Failure` where nobody has a home.
    """
    if given:
        return files.expanded(given)
    return files.user_directory("data") / "ca"


class Vault:
    """The files of one authority.  Every method that fails raises `Failure`."""

    def __init__(self, directory: Path) -> None:
        self.directory = Path(os.path.realpath(directory))
        self.patience = PATIENCE
        """Seconds to wait for another process that holds the lock."""

    @property
    def exists(self) -> bool:
        """Whether there is an authority, in whatever state."""
        return os.path.lexists(self.directory / _POINTER)

    @property
    def root_file(self) -> Path:
        """The root certificate alone, for programs that want to be told a file."""
        return self.directory / _ROOT

    @property
    def leaf_file(self) -> Path:
        """The file in force with the leaf's key, the leaf and the intermediate, as `leaf` leaves it."""
        return self._current() / _LEAF

    def load(self, now: datetime) -> "Authority":
        """The authority, looked at from all sides: format, owners, modes, dates, and whether all fits."""
        from localedge.pki import checks

        authority = self._in_force(self._read)
        if certificate := checks.out_of_date(authority, now):
            start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if now < start:
                raise Failure("ca-not-yet-valid", date=f"{start:%Y-%m-%d}", today=f"{now:%Y-%m-%d}")
            raise Failure("ca-expired", date=f"{end:%Y-%m-%d}")
        return authority

    def root(self) -> "Certificate | None":
        """The root alone, to look for it in trust stores; None where there is none of ours.

        Also one that has expired, or whose other files are damaged.
        """
        from cryptography import x509

        from localedge.pki.authority import is_constrained, is_issued_by

        def in_force() -> bytes:
            return self._in_force(lambda place: self._content(place / _ROOT))

        def copy() -> bytes:
            return self._content(self.root_file)

        for read in (in_force, copy):
            with suppress(Failure, FileNotFoundError, ValueError, x509.ExtensionNotFound):
                found = x509.load_pem_x509_certificate(read())
                if is_issued_by(found, found) and is_constrained(found):
                    return found
        return None

    def store(self, authority: "Authority", names: Sequence[str], now: datetime) -> None:
        """Put a new authority in the place of what is there, with a first leaf for these names."""
        from localedge.pki.authority import issue_leaf, pem

        leaf = issue_leaf(authority, names, now)
        fresh = self.directory / f"{now:%Y%m%d}-{os.urandom(8).hex()}"
        with self._writing():
            private_files.make_directory(self.directory)
            private_files.check_directory(self.directory)
            with locked(self.directory / _LOCK, self.patience):
                private_files.make_directory(fresh)
                private_files.write_new(fresh / _ROOT, pem(authority.root))
                private_files.write_new(fresh / _INTERMEDIATE, pem(authority.intermediate))
                private_files.write_new(fresh / _KEY, authority.key_pem())
                private_files.write_new(fresh / _LEAF, leaf.key_pem() + leaf.chain_pem())
                private_files.settle(fresh)
                private_files.settle(self.directory)
                pointer = {"format": FORMAT, "directory": fresh.name}
                private_files.write(self.directory / _POINTER, json.dumps(pointer).encode() + b"\n")
                self._tidy(fresh, pem(authority.root))

    def leaf(self, authority: "Authority", now: datetime, names: Sequence[str] | None = None) -> "Leaf":
        """A leaf that is good for a while: the one on disk, or a new one that takes its place.

        For `names`, else for all that the authority may speak for.
        """
        from localedge.pki.authority import fits

        wanted = authority.names if names is None else names
        found = self.kept_leaf(authority)
        if found is not None and fits(authority, found, wanted, now):
            return found
        return self.renew(authority, now, wanted)

    def kept_leaf(self, authority: "Authority") -> "Leaf | None":
        """The leaf on disk, good or not; None for one that is missing or damaged."""
        from localedge.pki.checks import leaf_from

        try:
            return leaf_from(self._content(self._of(authority) / _LEAF), authority)
        except FileNotFoundError:
            return None

    def renew(self, authority: "Authority", now: datetime, names: Sequence[str] | None = None) -> "Leaf":
        """A new leaf, whatever the one on disk is like."""
        from localedge.pki.authority import issue_leaf, pem

        leaf = issue_leaf(authority, authority.names if names is None else names, now)
        with self._writing(), locked(self.directory / _LOCK, self.patience):
            current = self._of(authority)
            private_files.write(current / _LEAF, leaf.key_pem() + leaf.chain_pem())
            self._tidy(current, pem(authority.root))
        return leaf

    def forget(self) -> None:
        """Remove our files and nothing else; the directory too if nothing else is in it."""
        if not self.directory.is_dir():
            return
        with self._writing():
            private_files.check_directory(self.directory)
            with locked(self.directory / _LOCK, self.patience):
                private_files.remove(self.directory / _POINTER)  # first: from here on there is no authority
                self._remove_leftovers(None)
                private_files.remove(self.directory / _ROOT)
            _remove_if_empty(self.directory)

    def _current(self) -> Path:
        """The directory in force."""
        path = self.directory / _POINTER
        try:
            content = self._content(path)
            private_files.check_directory(self.directory)
        except FileNotFoundError:
            raise Failure("ca-missing", path=shown(self.directory)) from None
        try:
            pointer = json.loads(content)
            version, name = pointer["format"], pointer["directory"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Failure("ca-damaged", path=shown(path)) from None
        if version != FORMAT:
            raise Failure("ca-version", path=shown(path), found=clean(version))
        if not isinstance(name, str) or not _DIRECTORY.fullmatch(name):
            raise Failure("ca-damaged", path=shown(path))
        return self.directory / name

    def _in_force(self, read: Callable[[Path], _Read]) -> _Read:
        """What `read` finds in the directory in force; once more if another one has taken its place."""
        current = self._current()
        while True:
            try:
                return read(current)
            except FileNotFoundError as error:
                current, before = self._current(), current
                if current == before:
                    raise Failure("ca-incomplete", path=shown(Path(error.filename))) from None

    def _of(self, authority: "Authority") -> Path:
        """The directory in force, if it is still this authority's."""
        from localedge.pki.authority import pem

        current, root = self._in_force(lambda place: (place, self._content(place / _ROOT)))
        if root != pem(authority.root):
            raise Failure("ca-replaced", path=shown(self.directory))
        return current

    def _read(self, current: Path) -> "Authority":
        """What the directory holds.  Raises FileNotFoundError and `Failure`."""
        from localedge.pki import checks

        private_files.check_directory(current, deep=True)
        parts = [self._content(current / name) for name in _PARTS.values()]
        try:
            return checks.authority_from(*parts)
        except checks.Unfit as unfit:
            path, other = shown(current / _PARTS[unfit.part]), _PARTS.get(unfit.other, "")
            raise Failure(unfit.code, path=path, other=other) from None

    def _content(self, path: Path) -> bytes:
        """Raises FileNotFoundError and `Failure`."""
        try:
            return private_files.read(path, path.parent if path.parent != self.directory else None)
        except FileNotFoundError:
            raise
        except NotADirectoryError:
            raise Failure("ca-no-file", path=shown(path.parent)) from None
        except OSError as error:
            raise Failure("ca-unreadable", path=shown(path), reason=reason_of(error)) from None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            path = shown(Path(error.filename or self.directory))
            raise Failure("ca-unwritable", path=path, reason=reason_of(error)) from None

    def _tidy(self, current: Path, root: bytes) -> None:
        """Under the lock: remove what is not in force, and see to the copy of the root."""
        self._remove_leftovers(current)
        copy = self.directory / _ROOT
        if not copy.is_file() or copy.read_bytes() != root:
            private_files.write(copy, root)

    def _remove_leftovers(self, current: Path | None) -> None:
        """Directories that are not in force, and what dead processes left half written."""
        for entry in list(self.directory.iterdir()):
            if _DIRECTORY.fullmatch(entry.name) and entry != current and _is_real_directory(entry):
                for name in (*_PARTS.values(), _LEAF):
                    private_files.remove(entry / name)
                _remove_temporaries(entry)
                _remove_if_empty(entry)
        _remove_temporaries(self.directory)
        if current is not None:
            _remove_temporaries(current)


def files_of(directory: Path) -> list[Path]:
    """What in an authority's directory is ours, the directory first: users may name one that holds more.

    Raises OSError.
    """
    found = [directory]
    for entry in sorted(directory.iterdir()):
        if entry.name in (_POINTER, _ROOT) and not entry.is_symlink():
            found.append(entry)
        elif _DIRECTORY.fullmatch(entry.name) and _is_real_directory(entry):
            found += [entry, *(one for one in sorted(entry.iterdir()) if not one.is_symlink())]
    return found


def _remove_temporaries(directory: Path) -> None:
    for entry in list(directory.iterdir()):
        if _TEMPORARY.fullmatch(entry.name):
            private_files.remove(entry)


def _is_real_directory(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove_if_empty(directory: Path) -> None:
    if not any(directory.iterdir()):
        directory.rmdir()
