"""Which configuration Claude Desktop goes by, whether it runs an older one, what it logged."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localedge.claude.desktop_log import Told, recognised, refused_keys
from localedge.claude.profile import MODE_KEY, THIRD_PARTY, settings_problems
from localedge.errors import Failure

from . import desktop_files as files
from .desktop import Desktop, applied_profile, names
from .desktop_places import Place, logs
from .desktop_policy import Managed, Registry, managed
from .desktop_running import Running
from .private_files import shown

TAIL = 256 * 1024
"""Bytes at the end of main.log that are read, however long it is."""
MANAGED, LIBRARY = "managed", "library"


@dataclass(frozen=True, slots=True)
class Source:
    """A configuration that is there."""

    kind: str
    where: str
    settings: Mapping[str, Any] | None = field(repr=False)
    """None where it cannot be read."""
    name: str = ""
    """Of a profile of the local library."""
    ours: bool = False
    active: bool = True
    """False: a profile while Claude is switched to its own account, or a policy that another one hides."""
    problems: tuple[Failure, ...] = ()
    changed: float | None = None
    """Seconds since 1970 when its file last changed."""

    @property
    def counts(self) -> bool:
        """Whether it decides where requests go, if nothing stronger does."""
        return self.active and (self.settings is None or "inferenceProvider" in self.settings)


SLACK = 2.0
"""Seconds: the kernel knows when it was booted to the second, and with that when a process was started."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How things are."""

    sources: tuple[Source, ...]
    """The strongest first."""
    running: tuple[Running, ...]
    log: Path | None
    log_changed: datetime | None
    told: tuple[Told, ...]
    applied: bool
    """Whether `desktop apply` has set something up and it was not undone."""
    problems: tuple[Failure, ...] = ()
    """Files that could not be read."""

    @property
    def winner(self) -> Source | None:
        """What Claude goes by; None: its own account at Anthropic."""
        return next((one for one in self.sources if one.counts), None)

    @property
    def outdated(self) -> bool:
        """Whether Claude was started before the configuration last changed: it reads it at launch only."""
        winner = self.winner
        if winner is None or winner.changed is None:
            return False
        return any(one.started is not None and one.started + SLACK < winner.changed for one in self.running)


def standing(
    desktop: Desktop, look: Callable[[], list[Running]], registry: Registry | None = None
) -> Standing:
    """Look at everything.  Raises nothing: what cannot be read is told as such."""
    problems: list[Failure] = []
    sources = [_managed(one) for one in managed(desktop.system, registry)]
    profile_id = None
    try:
        state = desktop.journal.load()
        profile_id = state.profile_id if state else None
    except Failure as failure:
        problems.append(failure)
    # A package has files of its own, and they come before what it sees behind them.
    for place in reversed(desktop.places):
        try:
            source = _library(place, profile_id)
        except Failure as failure:
            problems.append(failure)
        else:
            sources += [source] if source else []
    log, changed = _newest(logs(desktop.system))
    content = files.tail(log, TAIL) if log else None
    told = recognised((content or b"").decode("utf-8", "replace"))
    return Standing(
        tuple(sources), tuple(look()), log, changed, tuple(told), profile_id is not None, tuple(problems)
    )


def unknown_keys(standing: Standing) -> set[str]:
    """Configuration keys that this build of Claude Desktop has said it does not know."""
    return refused_keys(standing.told)


def _managed(found: Managed) -> Source:
    problems = [found.problem] if found.problem else settings_problems(found.settings or {})
    problems += [Failure("desktop-not-text", where=found.where, key=key) for key in found.suspects]
    return Source(
        MANAGED,
        found.where,
        found.settings,
        active=not found.hidden,
        problems=tuple(problems),
        changed=_changed(Path(found.where)),
    )


def _library(place: Place, ours: str | None) -> Source | None:
    applied = applied_profile(place)
    if applied is None:
        return None
    path = place.profile(applied)
    modes = {_mode(place.config(third=third)) for third in (True, False)}
    name = names(place).get(applied, "")
    moments = [_changed(one) for one in (path, place.meta, place.config(third=True))]
    changed = max((one for one in moments if one is not None), default=None)
    settings: Mapping[str, Any] | None = None
    try:
        content = files.read(path)
        if content is None:
            raise Failure("desktop-profile-missing", path=shown(path))
        settings = files.parsed(path, content).value
        problems = settings_problems(settings)
    except Failure as failure:
        problems = [failure]
    return Source(
        LIBRARY, shown(path), settings, name, applied == ours, THIRD_PARTY in modes, tuple(problems), changed
    )


def _mode(path: Path) -> object:
    content = files.read(path)
    return None if content is None else files.parsed(path, content).value.get(MODE_KEY)


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _newest(paths: list[Path]) -> tuple[Path | None, datetime | None]:
    found = [
        (moment, path)
        for path in paths
        if (moment := _changed(path)) is not None and os.access(path, os.R_OK)
    ]
    if not found:
        return None, None
    moment, path = max(found)
    return path, datetime.fromtimestamp(moment, UTC)
