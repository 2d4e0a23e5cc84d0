"""The record of what was changed on this machine: written before a change and after it.

It stands above the authority's own directory and holds the certificates themselves, so that everything
can be undone when the authority is gone.
"""

import base64
import binascii
import enum
import hashlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from localedge.errors import Failure, reason_of
from localedge.pki.plan import MakeDirectory, Plan, Root, State, WriteFile

from . import private_files
from .lock import locked_beside

VERSION = 1
NAME = "trust-journal.json"
LONGEST = 16 * 1024 * 1024
"""Bytes that are read, and written at most: an entry has about a thousand."""


class Phase(enum.StrEnum):
    """How far a change got.  A crash leaves one of the two that are under way."""

    INSTALLING = "installing"
    INSTALLED = "installed"
    REMOVING = "removing"


@dataclass(frozen=True, slots=True)
class Change:
    """A file or directory and what it was before and after; hashes are SHA-256, None for nothing there."""

    path: str
    kind: str
    """`file` that we write, `directory` that we make, `touched` by a system's own tool."""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One root in one store."""

    store: str
    root: Root
    phase: Phase
    was: State
    """How the root stood there before us."""
    changes: tuple[Change, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def intent(cls, plan: Plan, root: Root, was: State) -> "Entry":
        """What is about to be done."""
        changes = [Change(path, "touched", hash_of(Path(path))) for path in plan.touches]
        scratch = {step.path for step in plan.scratch}
        for step in plan.steps:
            if isinstance(step, WriteFile) and step.path not in scratch:
                changes.append(Change(step.path, "file", hash_of(Path(step.path)), step.sha256))
            elif isinstance(step, MakeDirectory) and not Path(step.path).exists():
                changes.append(Change(step.path, "directory"))
        return cls(plan.store, root, Phase.INSTALLING, was, tuple(changes), plan.notes)

    def installed(self) -> "Entry":
        """Done, with the hashes as they are now."""
        changes = tuple(
            replace(change, after=hash_of(Path(change.path))) if change.kind == "touched" else change
            for change in self.changes
        )
        return replace(self, phase=Phase.INSTALLED, changes=changes)

    def again(self, earlier: "Entry") -> "Entry":
        """The same root a second time: what was there before the first time is what counts."""
        known = {change.path for change in earlier.changes}
        changes = (*earlier.changes, *(one for one in self.changes if one.path not in known))
        notes = {**_of_store(self), **dict(earlier.notes)}
        return replace(self, was=earlier.was, changes=changes, notes=tuple(notes.items()))

    def heir(self, earlier: "Entry") -> "Entry":
        """This entry when that of an earlier root in the same store goes: what both used is now its own."""
        before = {one.path: one.before for one in earlier.of("touched")}
        kept = tuple(
            replace(one, before=before.get(one.path, one.before)) if one.kind == "touched" else one
            for one in self.changes
        )
        return replace(self, changes=(*_made(earlier, kept), *kept), notes=self._with_notes_of(earlier))

    def keeper(self, later: "Entry") -> "Entry":
        """This entry when that of a later root in the same store goes: what that one made, it has to undo."""
        changes = (*self.changes, *_made(later, self.changes))
        return replace(self, changes=changes, notes=self._with_notes_of(later))

    def _with_notes_of(self, other: "Entry") -> tuple[tuple[str, str], ...]:
        return tuple({**_of_store(other), **dict(self.notes)}.items())

    def of(self, kind: str) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)


def _made(entry: Entry, known: Sequence[Change]) -> tuple[Change, ...]:
    """The directories that an entry's plan made, without those in `known`."""
    paths = {change.path for change in known}
    return tuple(one for one in entry.of("directory") if one.path not in paths)


def _of_store(entry: Entry) -> dict[str, str]:
    """The notes that are about the store, whichever root it is."""
    return {key: value for key, value in entry.notes if key.startswith("store-")}


def hash_of(path: Path) -> str | None:
    """The SHA-256 of a file's content; None where nothing can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


class Journal:
    """The journal's file.  Every change of it is written at once, whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def held(self) -> AbstractContextManager[None]:
        """Keep other processes of ours from changing any store meanwhile.  Makes the directory."""
        return locked_beside(self.path, ".trust.lock", "journal-unwritable")

    def entries(self) -> list[Entry]:
        """Everything that we changed and did not undo, in the order it was done.

        Raises `Failure`: a damaged journal is never taken for an empty one.
        """
        try:
            content = private_files.read(self.path, longest=LONGEST)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise self._failure("journal-unreadable", error) from None
        try:
            document = json.loads(content)
            version = document["version"]
            if version != VERSION:
                raise Failure("journal-version", path=self._shown(), version=version)
            return [_parse(row) for row in document["entries"]]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            raise Failure("journal-damaged", path=self._shown()) from None

    def put(self, entry: Entry) -> None:
        """Write down an entry, in place of an earlier one for the same root and store, else behind all."""
        entries = self.entries()
        place = next((number for number, one in enumerate(entries) if _same(one, entry)), len(entries))
        entries[place : place + 1] = [entry]
        self._write(entries)

    def drop(self, entry: Entry) -> None:
        """It is undone."""
        self._write([one for one in self.entries() if not _same(one, entry)])

    def _write(self, entries: Sequence[Entry]) -> None:
        try:
            if not entries:
                private_files.remove(self.path)
                return
            document = {"version": VERSION, "entries": [_row(entry) for entry in entries]}
            content = json.dumps(document, indent=1, ensure_ascii=True).encode() + b"\n"
            if len(content) > LONGEST:
                raise Failure("journal-too-long", path=self._shown(), size=len(content), most=LONGEST)
            private_files.write(self.path, content)
        except OSError as error:
            raise self._failure("journal-unwritable", error) from None

    def _shown(self) -> str:
        return private_files.shown(self.path)

    def _failure(self, code: str, error: OSError) -> Failure:
        return Failure(code, path=self._shown(), reason=reason_of(error))


def _same(one: Entry, other: Entry) -> bool:
    return (one.store, one.root.der) == (other.store, other.root.der)


def _row(entry: Entry) -> dict[str, Any]:
    root = entry.root
    return {
        "store": entry.store,
        "name": root.nick,
        "fingerprint": root.fingerprint,
        "der": base64.b64encode(root.der).decode("ascii"),
        "not_after": root.not_after.isoformat(),
        "phase": entry.phase.value,
        "was": entry.was.value,
        "changes": [
            {"path": one.path, "kind": one.kind, "before": one.before, "after": one.after}
            for one in entry.changes
        ],
        "notes": dict(entry.notes),
    }


def _parse(row: dict[str, Any]) -> Entry:
    root = Root(
        base64.b64decode(row["der"], validate=True),
        _text(row["name"]),
        datetime.fromisoformat(row["not_after"]),
    )
    if root.fingerprint != row["fingerprint"] or root.not_after.tzinfo is None:
        raise ValueError("not what was written")
    changes = tuple(
        Change(_text(one["path"]), _text(one["kind"]), _hash(one["before"]), _hash(one["after"]))
        for one in row["changes"]
    )
    notes = tuple((_text(key), _text(value)) for key, value in row["notes"].items())
    return Entry(_text(row["store"]), root, Phase(row["phase"]), State(row["was"]), changes, notes)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _hash(value: object) -> str | None:
    return None if value is None else _text(value)
