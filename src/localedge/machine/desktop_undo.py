"""Putting Claude Desktop's files back: byte for byte, or without our keys where others have written since."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localedge.claude.json_text import JsonText
from localedge.claude.profile import APPLIED, ENTRIES, without_profile
from localedge.errors import Failure

from . import desktop_files as files
from . import own_directories
from .desktop import Desktop
from .desktop_journal import META, PROFILE, Record, State, Step

_ORDER = {"config": 0, "developer": 1, META: 2, PROFILE: 3}
"""The switch to third-party use goes first: what is left of a profile is then of no effect."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing does, file by file, and the files that it cannot deal with."""

    state: State
    steps: tuple[tuple[Record, Step], ...]
    failures: tuple[tuple[Record, Failure], ...] = ()


def plan(desktop: Desktop) -> Undoing | None:
    """How everything would be put back; None where nothing is recorded.  Raises `Failure`."""
    state = desktop.journal.load()
    if state is None:
        return None
    steps: dict[str, tuple[Record, Step]] = {}
    failures = []
    # Profiles first: the list keeps the name of one that stays.
    for record in sorted(state.records, key=lambda one: one.kind != PROFILE):
        try:
            keep = record.kind == META and _stays(record, state, steps)
            steps[record.path] = (record, _step(record, state, keep=keep))
        except Failure as failure:
            failures.append((record, failure))
    ordered = sorted(steps.values(), key=lambda one: _ORDER[one[0].kind])
    return Undoing(state, tuple(ordered), tuple(failures))


def carry_out(desktop: Desktop, undoing: Undoing) -> list[tuple[Record, Failure]]:
    """Do it, under the journal's lock; what could not be done stays in the journal and is returned.

    Raises `Failure` where the journal cannot be written.
    """
    failures = list(undoing.failures)
    for record, step in undoing.steps:
        files.sweep(step.path.parent)
        try:
            if step.does != "keep":
                files.write(step.path, step.before, step.after)
        except Failure as failure:
            failures.append((record, failure))
    directories = [Path(directory) for directory in undoing.state.directories]
    own_directories.remove(directories)
    left = tuple(record for record, _ in failures)
    if not left:
        with suppress(OSError):  # something of ours may still be in one
            own_directories.note(desktop.journal.path.parent, filter(Path.is_dir, directories))
    desktop.journal.store(replace(undoing.state, records=left) if left else None)
    return failures


def _stays(meta: Record, state: State, steps: Mapping[str, tuple[Record, Step]]) -> bool:
    """Whether something of the user's is in our profile beside this list."""
    path = Path(meta.path).with_name(f"{state.profile_id}.json")
    known = steps.get(str(path))
    return known is None or (known[1].after is not None)


def _step(record: Record, state: State, *, keep: bool) -> Step:
    path = Path(record.path)
    content = files.read(path)
    keys = tuple(record.ours)
    if content is None or files.sha256(content) == record.before:
        return Step(path, record.kind, content, content, keys)
    version = record.version(content)
    if version is not None and version.exact and not keep:
        if version.cut is None:
            return Step(path, record.kind, content, None, keys)
        original = version.cut.back(content)
        if files.sha256(original) == record.before:
            return Step(path, record.kind, content, original, keys)
    text = files.parsed(path, content)
    after = _only_theirs(record, state, text, keep=keep)
    changed = version is None or not version.exact
    return Step(path, record.kind, content, after, keys, changed_since=changed)


def _only_theirs(record: Record, state: State, text: JsonText, *, keep: bool) -> bytes | None:
    """The file without what is ours; None where nothing else is in a file that we made."""
    if record.kind == META:
        content = without_profile(text.content(), state.profile_id, record.was.get(APPLIED), keep=keep)
        value = JsonText.read(content).value
        bare = not value.get(ENTRIES) and set(value) <= {ENTRIES}
    else:
        text = _without_keys(record, state, text)
        content, bare = text.content(), not text.value
    return None if bare and record.before is None else content


def _without_keys(record: Record, state: State, text: JsonText) -> JsonText:
    members: dict[str, Any] = text.value
    for key, digests in record.ours.items():
        if key in members and state.digest(members[key]) in digests:
            if key in record.was:
                text = text.with_member(key, record.was[key])
            else:
                text = text.without_member(key)
    return text
