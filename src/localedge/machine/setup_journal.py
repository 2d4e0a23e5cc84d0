"""How far `localedge setup` has come, and what it made of the configuration file: `setup.json`.

No key and no token: only the URL, the choices, and of the configuration file what is needed to put it back,
which is the piece that the new value took the place of.
"""

import base64
import binascii
import enum
import hashlib
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from localedge.errors import Failure, reason_of

from . import own_directories, private_files, toml_edit
from .desktop_journal import Cut
from .lock import locked, locked_beside
from .private_files import shown

NAME = "setup.json"
VERSION = 1
_BOM = b"\xef\xbb\xbf"
_SECTION, _KEY = "gateway", "url"


class ChangedSince(Exception):
    """The file is none of those that we wrote."""


class Back(enum.Enum):
    """What became of a file that was to be put back."""

    RESTORED = "restored"
    REMOVED = "removed"
    AS_IT_WAS = "as-it-was"
    GONE = "gone"
    URL_ONLY = "url-only"
    """Somebody has written to it since: of that, our URL alone went."""
    CHANGED = "changed"
    """It has another gateway by now, or cannot be read as TOML: it stays."""


@dataclass(frozen=True, slots=True)
class Written:
    """A content that we gave the configuration file, or were about to."""

    after: str
    """SHA-256."""
    url: str | None = None
    """What the gateway is in it."""
    cut: Cut | None = None
    """How the file before comes from it; None where there was none."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The configuration file, as it was before us and as we wrote it."""

    path: str
    before: str | None
    """SHA-256; None where there was no such file."""
    url: str | None = None
    """What the gateway was."""
    versions: tuple[Written, ...] = ()

    def original(self, content: bytes | None) -> bytes | None:
        """The file as it was before us; None: it was not there.  Raises `ChangedSince`."""
        digest = _digest(content)
        if digest == self.before:
            return content
        for version in self.versions:
            if content is not None and version.after == digest:
                if version.cut is None:
                    return None
                found = version.cut.back(content)
                if _digest(found) == self.before:
                    return found
        raise ChangedSince


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come."""

    gateway: str = ""
    """The URL that the steps are for, `demo` for the demo gateway."""
    way: str = ""
    """`http` or `https`."""
    done: tuple[str, ...] = ()
    model: str = ""
    """The one that answered."""
    models: tuple[str, ...] = ()
    """Those that Claude Desktop must be told."""
    scheme: str = ""
    edited: tuple[Edited, ...] = ()
    directories: tuple[str, ...] = ()
    """Those that we made, the outermost first."""

    def with_done(self, step: str, **others: Any) -> "Progress":
        """One step further."""
        return replace(self, done=tuple(dict.fromkeys((*self.done, step))), **others)

    def without(self, *steps: str) -> "Progress":
        """These steps are to be done again."""
        return replace(self, done=tuple(step for step in self.done if step not in steps))

    def begun_anew(self, gateway: str = "") -> "Progress":
        """Nothing done, and everything still known that is needed to undo what was done."""
        return Progress(gateway=gateway, edited=self.edited, directories=self.directories)


class SetupJournal:
    """The journal's file.  Every method that fails raises `Failure`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path.with_name(".setup.lock")

    @contextmanager
    def held(self, *others: Path) -> Iterator[None]:
        """Keep a second setup out meanwhile.  Makes the directory.

        Which directories are missing on the way to `others`, which a step may make, is written down.
        """
        made = tuple(str(one) for path in others for one in own_directories.missing(path))
        with locked_beside(self.path, self.lock.name, "setup-journal-unwritable"):
            if made:
                progress = self.load()
                directories = tuple(dict.fromkeys((*made, *progress.directories)))
                self.store(replace(progress, directories=directories))
            yield

    def load(self) -> Progress:
        """What is recorded, an empty one where nothing is."""
        try:
            content = private_files.read(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return Progress()
        except OSError as error:
            raise self._failure("setup-journal-unreadable", error) from None
        try:
            document = json.loads(content)
            if document["version"] != VERSION:
                raise ValueError("of another version")
            return _parse(document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            raise Failure("setup-journal-damaged", path=shown(self.path)) from None

    def store(self, progress: Progress | None) -> None:
        """Write it, whole or not at all; None: the file goes."""
        try:
            if progress is None:
                private_files.remove(self.path)
                return
            document = {"version": VERSION, **asdict(replace(progress, edited=()))}
            document["edited"] = [_row(edited) for edited in progress.edited]
            content = json.dumps(document, indent=1, ensure_ascii=True).encode("ascii") + b"\n"
            private_files.write(self.path, content)
        except OSError as error:
            raise self._failure("setup-journal-unwritable", error) from None

    def sweep(self) -> None:
        """Remove what killed processes left beside it: locks that nobody holds, files half written.

        Raises `Failure` where somebody holds one.
        """
        for name in (".setup.lock", ".desktop.lock", ".trust.lock"):
            if (lock := self.path.with_name(name)).exists():
                with locked(lock):
                    pass
        with suppress(OSError):
            private_files.sweep(self.path.parent)

    def _failure(self, code: str, error: OSError) -> Failure:
        return Failure(code, path=shown(self.path), reason=reason_of(error))


# -- the configuration file


def set_gateway(journal: SetupJournal, path: Path, url: str | None, fresh: str) -> bool:
    """Write the gateway's URL into the configuration file, or take it out; whether anything changed.

    What the file was is written down first.  `fresh`: what a file begins with that is not there yet.
    Raises `Failure`.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - uninstall may be called elsewhere
    target = Path(os.path.realpath(path))
    before = _read(target, path)
    if before is None and url is None:
        return False
    after = _edited(before, url, fresh, path)
    if after == before:
        return False
    progress = journal.load()
    earlier = next((one for one in progress.edited if one.path == str(path)), None)
    others = tuple(one for one in progress.edited if one is not earlier)
    made = map(str, own_directories.missing(target.parent))
    progress = replace(
        progress,
        edited=(*others, _recorded(earlier, path, before, after)),
        directories=(*progress.directories, *(one for one in made if one not in progress.directories)),
    )
    journal.store(progress)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, after)
    except OSError as error:
        raise Failure("config-unwritable", path=shown(path), reason=reason_of(error)) from None
    return True


def put_back(edited: Edited) -> Back:
    """Make the file what it was before us, or what is left of that.  Raises `Failure`."""
    path = Path(edited.path)
    target = Path(os.path.realpath(path))
    content = _read(target, path)
    with suppress(OSError):
        for leftover in target.parent.glob(f".{target.name}.*.new"):
            leftover.unlink()
    back, wanted = _way_back(edited, content)
    try:
        if back is Back.REMOVED:
            private_files.remove(target)
        elif wanted is not None and wanted != content:
            _replace(target, wanted)
    except OSError as error:
        raise Failure("config-unwritable", path=shown(path), reason=reason_of(error)) from None
    return back


def _way_back(edited: Edited, content: bytes | None) -> tuple[Back, bytes | None]:
    """What is to become of this content, and what it is then."""
    try:
        original = edited.original(content)
    except ChangedSince:
        if content is None:
            return Back.GONE, None
        if _url(content) not in {version.url for version in edited.versions} - {edited.url}:
            return Back.CHANGED, content
        with suppress(Failure):
            return Back.URL_ONLY, _edited(content, edited.url, "", Path(edited.path))
        return Back.CHANGED, content
    if content == original:
        return Back.AS_IT_WAS, content
    return (Back.REMOVED, None) if original is None else (Back.RESTORED, original)


def _recorded(edited: Edited | None, path: Path, before: bytes | None, after: bytes) -> Edited:
    original: bytes | None = before
    versions: tuple[Written, ...] = ()
    if edited is not None:
        with suppress(ChangedSince):
            original, versions = edited.original(before), edited.versions
    cut = None if original is None else Cut.between(original, after)
    versions = (*versions, Written(_digest(after) or "", _url(after), cut))
    return Edited(str(path), _digest(original), _url(original), versions)


def _edited(before: bytes | None, url: str | None, fresh: str, path: Path) -> bytes:
    content = fresh.encode() if before is None else before
    mark = _BOM if content.startswith(_BOM) else b""
    text = toml_edit.with_key(content[len(mark) :].decode(), _SECTION, _KEY, url)
    if text is None:
        line = f'{_KEY} = "{url}"' if url is not None else f"#{_KEY}"
        raise Failure("setup-config-by-hand", path=shown(path), line=line)
    return mark + text.encode()


def _url(content: bytes | None) -> str | None:
    """The gateway in it, if that can be told."""
    try:
        found = tomllib.loads((content or b"").removeprefix(_BOM).decode())[_SECTION][_KEY]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _read(target: Path, path: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure("config-unreadable", path=shown(path), reason=reason_of(error)) from None


def _replace(target: Path, content: bytes) -> None:
    """Whole or not at all, with the mode that it has."""
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    private_files.write_new(beside, content)
    try:
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    private_files.settle(target.parent)


def _digest(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _row(edited: Edited) -> dict[str, Any]:
    versions = [
        {
            "after": one.after,
            "url": one.url,
            "cut": one.cut and [one.cut.head, one.cut.tail, base64.b64encode(one.cut.middle).decode("ascii")],
        }
        for one in edited.versions
    ]
    return {**asdict(replace(edited, versions=())), "versions": versions}


def _parse(document: dict[str, Any]) -> Progress:
    return Progress(
        gateway=str(document["gateway"]),
        way=str(document["way"]),
        done=tuple(map(str, document["done"])),
        model=str(document["model"]),
        models=tuple(map(str, document["models"])),
        scheme=str(document["scheme"]),
        edited=tuple(map(_edited_of, document["edited"])),
        directories=tuple(map(str, document["directories"])),
    )


def _edited_of(row: dict[str, Any]) -> Edited:
    versions = [Written(str(one["after"]), _text(one["url"]), _cut(one["cut"])) for one in row["versions"]]
    return Edited(str(row["path"]), _text(row["before"]), _text(row["url"]), tuple(versions))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _cut(row: list[Any] | None) -> Cut | None:
    if row is None:
        return None
    head, tail, middle = row
    return Cut(int(head), int(tail), base64.b64decode(middle, validate=True))
