"""Setting Claude Desktop up for the edge, and putting everything back.

A plan says for each file what it is and what it will be.  The journal is written first; then each file is
replaced whole, the switch to third-party use last.  A process that is killed leaves every file as it was or
as it was to be, and a journal that undoes what was done.
"""

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localedge.claude.json_text import WrongShape
from localedge.claude.profile import (
    APPLIED,
    DEV_TOOLS_KEY,
    MODE_KEY,
    NAME,
    THIRD_PARTY,
    profile_names,
    with_profile,
    with_settings,
)
from localedge.errors import Failure, Problems

from . import desktop_files as files
from . import own_directories
from .desktop_journal import (
    CONFIG,
    DEVELOPER,
    JOURNAL,
    META,
    PROFILE,
    Journal,
    Record,
    State,
    Step,
    record_of,
)
from .desktop_places import Place, data_directory, places
from .private_files import shown
from .stores.system import System

_ID = re.compile(r"[\w-]{1,100}", re.ASCII)  # Claude makes UUIDs


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying does, in order, and what the journal will say."""

    steps: tuple[Step, ...]
    state: State
    bom: tuple[Path, ...] = ()
    """Files that begin with a byte order mark, which some builds may not read."""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that do anything."""
        return tuple(step for step in self.steps if step.does != "keep")


class Desktop:
    """Claude Desktop's configuration on this machine."""

    def __init__(self, system: System, journal: Journal | None = None) -> None:
        self.system = system
        self.journal = journal or Journal(data_directory(system) / JOURNAL)
        self.places = places(system)

    def plan(self, settings: Mapping[str, object], *, dev_tools: bool = False) -> Plan:
        """How these settings would be applied.  Raises `Failure` for a file that cannot be dealt with."""
        state = self.journal.load() or State(str(uuid.uuid4()), os.urandom(16))
        found: list[tuple[Step, Record | None]] = []
        for place in self.places:
            found.append(self._profile(place, state, settings))
            if dev_tools:
                for third in (True, False):
                    behind = place.behind.developer(third=third) if place.behind else None
                    wanted = {DEV_TOOLS_KEY: True}
                    found.append(self._flag(place.developer(third=third), behind, DEVELOPER, state, wanted))
            found.append(self._meta(place, state))
            for third in (True, False):
                behind = place.behind.config(third=third) if place.behind else None
                wanted_mode: dict[str, object] = {MODE_KEY: THIRD_PARTY}
                found.append(self._flag(place.config(third=third), behind, CONFIG, state, wanted_mode))
        records = {one.path: one for one in state.records}
        records.update((record.path, record) for _, record in found if record is not None)
        steps = tuple(step for step, _ in found)
        made = [str(directory) for step in steps for directory in own_directories.missing(step.path.parent)]
        directories = tuple(dict.fromkeys([*state.directories, *made]))
        bom = tuple(step.path for step in steps if (step.after or b"").startswith(b"\xef\xbb\xbf"))
        return Plan(steps, replace(state, records=tuple(records.values()), directories=directories), bom)

    def apply(self, plan: Plan) -> None:
        """Carry it out, under the journal's lock; the journal undoes what was done.

        Raises `Failure`, and `Problems` where some files have been written already.
        """
        if not plan.changes:
            return
        self.journal.store(plan.state)
        done: list[str] = []
        for step in plan.changes:
            files.make_directories(step.path.parent)
            files.sweep(step.path.parent)
            try:
                files.write(step.path, step.before, step.after)
            except Failure as failure:
                if not done:
                    raise
                partly = Failure("desktop-partly", done=len(done), all=len(plan.changes))
                raise Problems([failure, partly]) from None
            done.append(str(step.path))

    def _profile(
        self, place: Place, state: State, settings: Mapping[str, object]
    ) -> tuple[Step, Record | None]:
        path = place.profile(state.profile_id)
        before = files.read(path)
        earlier = state.of(path)
        stale: list[str] = []
        if before is not None:
            members = files.parsed(path, before).value
            given = earlier.ours if earlier else {}
            stale = [
                key
                for key, digests in given.items()
                if key not in settings and key in members and state.digest(members[key]) in digests
            ]
        after = with_settings(before, settings, stale)
        step = Step(path, PROFILE, before, after, tuple(settings))
        if before == after:
            return step, None
        return step, record_of(state, step, {}, settings)

    def _meta(self, place: Place, state: State) -> tuple[Step, Record | None]:
        path = place.meta
        before = files.read(path)
        base, base_path = before, path
        if base is None and place.behind is not None:
            base, base_path = files.read(place.behind.meta), place.behind.meta
        members = {} if base is None else files.parsed(base_path, base).value
        try:
            after = with_profile(base, state.profile_id, NAME)
        except WrongShape:
            raise Failure("desktop-other-shape", path=shown(base_path)) from None
        step = Step(path, META, before, after, (APPLIED,))
        if before == after:
            return step, None
        applied = members.get(APPLIED)
        was = {} if applied in (None, state.profile_id) else {APPLIED: applied}
        return step, record_of(state, step, was, {APPLIED: state.profile_id})

    def _flag(
        self, path: Path, behind: Path | None, kind: str, state: State, wanted: Mapping[str, object]
    ) -> tuple[Step, Record | None]:
        before = files.read(path)
        base, base_path = before, path
        if base is None and behind is not None:
            base, base_path = files.read(behind), behind
        members: dict[str, Any] = {} if base is None else files.parsed(base_path, base).value
        after = with_settings(base, wanted)
        step = Step(path, kind, before, after, tuple(wanted))
        if before == after:
            return step, None
        was = {key: members[key] for key in wanted if key in members and members[key] != wanted[key]}
        return step, record_of(state, step, was, wanted)


def applied_profile(place: Place) -> str | None:
    """The id of the profile that is applied here, if a file can be called so.  Raises `Failure`."""
    content = files.read(place.meta)
    if content is None:
        return None
    applied = files.parsed(place.meta, content).value.get(APPLIED)
    return applied if isinstance(applied, str) and _ID.fullmatch(applied) else None


def names(place: Place) -> dict[str, str]:
    """The profiles of the library by id.  Raises `Failure`."""
    content = files.read(place.meta)
    return {} if content is None else profile_names(files.parsed(place.meta, content).value)
