"""The record of what was changed in Claude Desktop's files, written before the first of them changes.

It holds no secret.  Those files may well hold some (keys of other gateways, of MCP servers), so that no copy
of them is kept: the journal has the SHA-256 of each file before and after, and the bytes that stood between
the first and the last byte that changed (`deploymentMode`, the list of profiles).  From these and the file as
it was left, the file as it was comes back byte for byte, and its hash is the proof.  The profile with the key
is a file that we made: of that there are only hashes, of its values as well, each with a salt.
"""

import base64
import binascii
import errno
import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localedge.errors import Failure, reason_of

from . import private_files
from .desktop_files import sha256
from .lock import locked_beside

VERSION = 1
JOURNAL = "desktop-journal.json"

CONFIG, DEVELOPER, META, PROFILE = "config", "developer", "meta", "profile"


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a plan: what is in it, and what will be."""

    path: Path
    kind: str
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    keys: tuple[str, ...] = ()
    """Those that are written, or taken away."""
    changed_since: bool = False
    """Undoing: others have written to it, only our keys go."""

    @property
    def does(self) -> str:
        """`make`, `change`, `remove`, or `keep` where there is nothing to do."""
        if self.before == self.after:
            return "keep"
        if self.before is None:
            return "make"
        return "remove" if self.after is None else "change"


@dataclass(frozen=True, slots=True)
class Cut:
    """How the file before comes from the file after: its first and last bytes, and others between them."""

    head: int
    tail: int
    middle: bytes

    @classmethod
    def between(cls, before: bytes, after: bytes) -> "Cut":
        """What differs."""
        head = _alike(before, after)
        rest = min(len(before), len(after)) - head
        tail = _alike(before[::-1][:rest], after[::-1][:rest])
        return cls(head, tail, before[head : len(before) - tail])

    def back(self, after: bytes) -> bytes:
        """The file as it was before."""
        return after[: self.head] + self.middle + after[len(after) - self.tail :]


@dataclass(frozen=True, slots=True)
class Version:
    """A content that we gave a file, or were about to when we were stopped."""

    after: str
    """SHA-256."""
    cut: Cut | None = None
    """How the file before comes from it; None where there was none."""
    exact: bool = True
    """False where others had written between two changes of ours: our keys go then, and nothing else."""


@dataclass(frozen=True, slots=True)
class Record:
    """One file that we changed or made."""

    path: str
    kind: str
    before: str | None
    """SHA-256; None: there was no such file."""
    versions: tuple[Version, ...]
    """The newest first."""
    was: Mapping[str, Any] = field(default_factory=dict)
    """Values of our keys before us, of those that had one.  Never a secret."""
    ours: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Salted hashes of the values that we gave."""

    def version(self, content: bytes | None) -> Version | None:
        """Which of the versions a file has."""
        digest = sha256(content)
        return next((one for one in self.versions if one.after == digest), None)


@dataclass(frozen=True, slots=True)
class State:
    """The whole journal."""

    profile_id: str
    salt: bytes
    records: tuple[Record, ...] = ()
    directories: tuple[str, ...] = ()
    """Those that we made, the outermost first."""

    def of(self, path: Path) -> Record | None:
        """The record of a file."""
        return next((one for one in self.records if one.path == str(path)), None)

    def digest(self, value: object) -> str:
        """What is kept of a value of ours."""
        text = json.dumps(value, sort_keys=True)
        return hashlib.sha256(self.salt + text.encode()).hexdigest()


class Journal:
    """The journal's file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def held(self) -> AbstractContextManager[None]:
        """Keep other processes of ours from changing Claude's files meanwhile.  Makes the directory."""
        return locked_beside(self.path, ".desktop.lock", "desktop-journal-unwritable")

    def load(self) -> State | None:
        """What is recorded, None for nothing.  Raises `Failure`: a damaged one is never taken for none."""
        try:
            content = private_files.read(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failure("desktop-journal-unreadable", error) from None
        try:
            return _parse(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            raise Failure("desktop-journal-damaged", path=private_files.shown(self.path)) from None

    def store(self, state: State | None) -> None:
        """Write it, whole or not at all; with nothing in it the file goes."""
        try:
            if state is None:
                private_files.remove(self.path)
                return
            content = json.dumps(_document(state), indent=1, ensure_ascii=True).encode("ascii") + b"\n"
            if len(content) >= private_files.LONGEST:  # it could not be read again
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            private_files.write(self.path, content)
        except OSError as error:
            raise self._failure("desktop-journal-unwritable", error) from None

    def _failure(self, code: str, error: OSError) -> Failure:
        return Failure(code, path=private_files.shown(self.path), reason=reason_of(error))


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes at the start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))


def record_of(state: State, step: Step, was: Mapping[str, Any], ours: Mapping[str, object]) -> Record:
    """The record of a change that is about to be made; with what an earlier one of the same file tells."""
    path, kind, before, after = step.path, step.kind, step.before, step.after
    assert after is not None, "applying removes no file"
    digests = {key: (state.digest(value),) for key, value in ours.items()}
    earlier = state.of(path)
    if earlier is None or before is None:
        cut = None if before is None else Cut.between(before, after)
        version = Version(_hash_of(after), cut)
        return Record(str(path), kind, sha256(before), (version,), was, digests)
    # What was planned last may not have come about: the version that is there counts.
    current = earlier.version(before)
    version = _next(earlier, current, before, after)
    versions = (version,) if current is None else (version, current)
    for key, known in earlier.ours.items():
        digests[key] = tuple(dict.fromkeys((*digests.get(key, ()), *known)))
    return Record(str(path), kind, earlier.before, versions, {**earlier.was, **was}, digests)


def _next(earlier: Record, current: Version | None, before: bytes, after: bytes) -> Version:
    if sha256(before) == earlier.before:
        return Version(_hash_of(after), Cut.between(before, after))
    if current is not None and current.exact:
        if current.cut is None:
            return Version(_hash_of(after))  # the file is ours from the start
        original = current.cut.back(before)
        if sha256(original) == earlier.before:
            return Version(_hash_of(after), Cut.between(original, after))
    return Version(_hash_of(after), exact=False)


def _hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _document(state: State) -> dict[str, Any]:
    return {
        "version": VERSION,
        "profile": state.profile_id,
        "salt": state.salt.hex(),
        "directories": list(state.directories),
        "records": [
            {
                "path": one.path,
                "kind": one.kind,
                "before": one.before,
                "versions": [_row(version) for version in one.versions],
                "was": dict(one.was),
                "ours": {key: list(digests) for key, digests in one.ours.items()},
            }
            for one in state.records
        ],
    }


def _row(version: Version) -> dict[str, Any]:
    row: dict[str, Any] = {"after": version.after, "exact": version.exact, "cut": None}
    if (cut := version.cut) is not None:
        middle = base64.b64encode(cut.middle).decode("ascii")
        row["cut"] = {"head": cut.head, "tail": cut.tail, "middle": middle}
    return row


def _parse(document: dict[str, Any]) -> State:
    if document["version"] != VERSION:
        raise ValueError("another version")
    records = tuple(_record(row) for row in document["records"])
    directories = tuple(_text(one) for one in document["directories"])
    return State(_text(document["profile"]), bytes.fromhex(document["salt"]), records, directories)


def _record(row: dict[str, Any]) -> Record:
    if row["kind"] not in (CONFIG, DEVELOPER, META, PROFILE):
        raise ValueError("of no kind")
    return Record(
        _text(row["path"]),
        row["kind"],
        None if row["before"] is None else _text(row["before"]),
        tuple(_version(one) for one in row["versions"]),
        dict(row["was"]),
        {_text(key): tuple(_text(one) for one in digests) for key, digests in row["ours"].items()},
    )


def _version(row: dict[str, Any]) -> Version:
    cut = row["cut"]
    if cut is not None:
        middle = base64.b64decode(cut["middle"], validate=True)
        cut = Cut(_count(cut["head"]), _count(cut["tail"]), middle)
    return Version(_text(row["after"]), cut, row["exact"] is True)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError
    return value
