"""What `localedge doctor` looks at of Claude Desktop."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localedge.claude.desktop_log import Told
from localedge.claude.health import Finding, command_line
from localedge.claude.health_desktop import Configuration, Facts, judge
from localedge.claude.health_urls import Aim, Edge, target
from localedge.claude.profile import BASE_URL, MODE_KEY
from localedge.claude.rules import accepts_base_url
from localedge.errors import Failure

from . import desktop_files as files
from . import health_here, journal
from .desktop import Desktop, applied_profile
from .desktop_installed import Registered, installed
from .desktop_places import Place
from .desktop_policy import Registry
from .desktop_running import Running, running
from .desktop_status import MANAGED, TAIL, Source, Standing, standing
from .health import Scene
from .private_files import shown
from .vault import Vault, authority_directory

_BOM = b"\xef\xbb\xbf"


def look(
    scene: Scene,
    *,
    see: Callable[[], list[Running]] = running,
    registry: Registry | None = None,
    registered: Callable[[], Registered] | None = None,
) -> Iterable[Finding]:
    """The findings.  `see` gives the processes, the others what stands in the registry of Windows."""
    return judge(facts(scene, see, registry, registered), scene.platform)


def facts(
    scene: Scene,
    see: Callable[[], list[Running]],
    registry: Registry | None = None,
    registered: Callable[[], Registered] | None = None,
) -> Facts:
    """Everything there is to see.  Raises nothing: what cannot be read is told as such."""
    desktop = Desktop(scene.system)
    found = standing(desktop, see, registry)
    vault = Vault(authority_directory(scene.config.https.directory))
    edge = Edge.of(scene.config, secure=vault.exists and not scene.config.http_only, running=scene.running)
    read = _Read(desktop.places)
    first = found.running[0] if found.running else None
    there = installed(scene.system, [first.program] if first else [], registered)
    log = str(found.log) if found.log else ""
    return Facts(
        edge,
        shown(Path(there[0].where)) if there else "",
        there[0].version if there else "",
        first.pid if first else None,
        tuple(_configuration(one) for one in found.sources),
        tuple(_once([*found.problems, *read.problems])),
        found.applied,
        found.outdated,
        _before_trust(found, edge, vault),
        read.modes_differ,
        read.unapplied,
        tuple(read.boms),
        shown(found.log) if found.log else "",
        command_line(scene.platform, [log]),
        tuple(_since(found)),
        _silent(found),
        health_here.options(scene),
        0 if scene.configured is None else scene.config.port,
    )


def _configuration(source: Source) -> Configuration:
    settings = source.settings or {}
    managed = source.kind == MANAGED
    return Configuration(
        source.where,
        source.name,
        managed,
        source.ours,
        source.counts,
        managed and not source.active,
        source.settings is not None,
        str(settings.get("inferenceProvider", "")),
        str(settings.get(BASE_URL) or ""),
        source.problems,
    )


class _Read:
    """The files of the local library, each looked at by itself."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.problems: list[Failure] = []
        self.boms: list[str] = []
        self.modes_differ = self.unapplied = ""
        for place in places:
            self._place(place)

    def _place(self, place: Place) -> None:
        try:
            applied = applied_profile(place)
        except Failure:
            applied = None  # told by `_value`
        self._value(place.meta)
        if applied is not None:
            self._bom(place.profile(applied))  # its content is judged with the configuration
        third, first = (self._value(place.config(third=third)) for third in (True, False))
        for third_party in (True, False):
            self._value(place.developer(third=third_party))
        modes = [None if one is None else one.get(MODE_KEY) for one in (third, first)]
        if applied is None and "3p" in modes:
            self.unapplied = shown(place.config(third=modes[0] == "3p"))
        if applied is not None and None not in modes and modes[0] != modes[1]:
            self.modes_differ = shown(place.config(third=modes[0] != "3p"))

    def _value(self, path: Path) -> Mapping[str, Any] | None:
        try:
            content = files.read(path)
            if content is None:
                return None
            if content.startswith(_BOM):
                self.boms.append(shown(path))
            return files.parsed(path, content).value
        except Failure as failure:
            self.problems.append(failure)
            return None

    def _bom(self, path: Path) -> None:
        try:
            content = files.read(path)
        except Failure:
            return
        if content is not None and content.startswith(_BOM):
            self.boms.append(shown(path))


def _once(problems: Iterable[Failure]) -> Iterator[Failure]:
    seen = set()
    for one in problems:
        key = one.code, str(one.params.get("path"))
        if key not in seen:
            seen.add(key)
            yield one


def _before_trust(found: Standing, edge: Edge, vault: Vault) -> bool:
    """Whether Claude was started before the root came into the stores, and goes by https to this edge."""
    winner = found.winner
    if winner is None or winner.settings is None or not edge.secure_hosts:
        return False
    there = target(accepts_base_url(str(winner.settings.get(BASE_URL))).url, edge)
    if there is None or not there.secure or there.aim is not Aim.HERE:
        return False
    try:
        trusted = (vault.directory.parent / journal.NAME).stat().st_mtime
    except OSError:
        return False  # not by us
    return any(one.started is not None and one.started < trusted for one in found.running)


def _since(found: Standing) -> Iterator[Told]:
    """What the log told after the configuration had changed.  Its times are local, those with a T are UTC."""
    winner = found.winner
    changed = winner.changed if winner else None
    if changed is None or found.log_changed is None or found.log_changed.timestamp() < changed:
        return
    for one in found.told:
        moment = _moment(one.when)
        if moment is None or moment >= int(changed):
            yield one


def _moment(when: str) -> float | None:
    try:
        moment = datetime.fromisoformat(when)
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) if "T" in when else moment.astimezone()).timestamp()


def _silent(found: Standing) -> bool:
    """Whether Claude was started with this configuration, logs, and has said nothing about it."""
    winner, changed = found.winner, found.log_changed
    if winner is None or winner.changed is None or found.log is None or changed is None or found.told:
        return False
    started = [one.started for one in found.running if one.started is not None]
    try:
        size = found.log.stat().st_size
    except OSError:
        return False
    in_view = 0 < size < TAIL  # what it says at launch is in what was read
    return in_view and bool(started) and winner.changed < min(started) <= changed.timestamp() + 1
