"""What is wrong with localedge's own files and with this machine: facts in, findings out."""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from localedge.errors import Failure

from .health import Finding, Rule, Severity

_GOOD, _NOTE, _WARNING, _ERROR = Severity.GOOD, Severity.NOTE, Severity.WARNING, Severity.ERROR
_CLOCK = {
    "command": "sudo timedatectl set-ntp true",
    "windows": "w32tm /resync",
    "macos": "sudo sntp -sS time.apple.com",
}
SKEW = timedelta(minutes=5)
"""More than a slow gateway, and less than what certificates allow for."""
FAR = timedelta(days=1)
_PLAUSIBLE = range(2025, 2100)
"""What a clock may say that somebody has set: boxes without a battery begin in 1970."""
ROOM = 4 * 1024 * 1024
"""Bytes that our own files may need, with their copies."""
MOST_PROBLEMS = 5
"""Of one configuration: a screen has no more room."""

RULES: Mapping[str, Rule] = {
    "doctor-versions": Rule(_GOOD),
    "doctor-python-old": Rule(_ERROR),
    "doctor-dependencies": Rule(_ERROR, "{python} -m pip install {words}"),
    "doctor-other-localedge": Rule(_WARNING, "which -a localedge", "where localedge"),
    "doctor-plugin-missing": Rule(_WARNING, "{python} -m pip install --force-reinstall --no-deps localedge"),
    "doctor-config-more": Rule(_ERROR, "localedge config show{options}"),
    "doctor-config-open": Rule(_WARNING, "{command}", fix="tighten"),
    "doctor-files-open": Rule(_ERROR, "{command}", fix="tighten"),
    "doctor-files-owner": Rule(_ERROR, "{command}"),
    "doctor-file-unreadable": Rule(_WARNING),
    "doctor-clock-skewed": Rule(_WARNING, **_CLOCK),
    "doctor-clock-wrong": Rule(_ERROR, **_CLOCK),
    "doctor-clock-before-ca": Rule(_ERROR, **_CLOCK),
    "doctor-twistd-stale": Rule(_WARNING, "rm {typed}", fix="remove-pid-file"),
    "doctor-twistd-odd": Rule(_WARNING, "cat {typed}"),
    "doctor-twistd-runs": Rule(_NOTE),
    "doctor-leftovers": Rule(_NOTE, fix="remove-leftovers"),
    "doctor-trust-interrupted": Rule(_WARNING, "localedge trust-ca{options}"),
    "doctor-untrust-interrupted": Rule(_WARNING, "localedge untrust-ca{options}"),
    "doctor-disk-full": Rule(_WARNING),
    "doctor-data-read-only": Rule(_WARNING),
}

BROKEN = Rule(_ERROR, "localedge config show{options}")
"""A mistake in the configuration, with a code and sentence of its own."""
MISSING = Rule(_ERROR, "localedge config init{options}")
"""There is no such file."""
JOURNAL = Rule(_WARNING, "localedge untrust-ca --dry-run{options}")
"""What is wrong with the journal of trust stores, likewise."""


class Loose(NamedTuple):
    """A file or directory that others can open, or own."""

    code: str
    path: str
    who: str
    command: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What runs, and what of it is too old."""

    line: Mapping[str, str]
    """localedge, python, twisted, openssl, system."""
    python: str
    """The interpreter, as it is typed."""
    python_wanted: str = ""
    """What the metadata ask of Python, where it is too old."""
    dependencies: tuple[str, ...] = ()
    """Requirements that are not met, as pip takes them."""
    other: str = ""
    """Another localedge that a shell finds first."""
    plugin: bool = True
    """twistd finds our plugin."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The machine's clock beside others, in UTC."""

    now: datetime
    gateway: datetime | None = None
    """What the gateway's `Date` field says."""
    not_before: datetime | None = None
    """When the local CA or its leaf begins to be valid."""


@dataclass(frozen=True, slots=True)
class Twistd:
    """`twistd.pid` in the current directory."""

    path: str
    pid: int | None
    """None: no number is in it."""
    runs: bool = False
    """A twistd has that number."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of this area."""

    versions: Versions
    clocks: Clocks
    options: str = ""
    """What commands want behind them: ` --config FILE`, or nothing."""
    problems: tuple[Failure, ...] = ()
    """Of the configuration."""
    loose: tuple[Loose, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    """Paths, and why."""
    twistd: Twistd | None = None
    leftovers: tuple[str, ...] = ()
    interrupted: frozenset[str] = frozenset()
    """`installing`, `removing`: what the journal of trust stores has begun."""
    journal: Failure | None = None
    data: str = ""
    """The data directory, or what stands above the place where it will be."""
    writable: bool = True
    room: int | None = None
    """Free bytes there."""


_Found = Iterator[tuple[str, Mapping[str, object]]]


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings, the configuration's first."""
    options = {"options": facts.options}
    for failure in facts.problems[:MOST_PROBLEMS]:
        rule = MISSING if failure.code == "config-missing" else BROKEN
        yield rule.finding(failure.code, platform, **{**failure.params, **options})
    if facts.journal is not None:
        yield JOURNAL.finding(facts.journal.code, platform, **{**facts.journal.params, **options})
    for part in (_files(facts), _clocks(facts.clocks), _state(facts), _versions(facts.versions)):
        for code, params in part:
            yield RULES[code].finding(code, platform, **{**params, **options})


def _files(facts: Facts) -> _Found:
    more = len(facts.problems) - MOST_PROBLEMS
    if more > 0:
        yield "doctor-config-more", {"count": more}
    for one in facts.loose:
        yield one.code, {"path": one.path, "who": one.who, "command": one.command}
    for path, reason in facts.unreadable:
        yield "doctor-file-unreadable", {"path": path, "reason": reason}


def _clocks(clocks: Clocks) -> _Found:
    now, start, other = clocks.now, clocks.not_before, clocks.gateway
    if start is not None and now < start:
        yield "doctor-clock-before-ca", {"now": f"{now:%Y-%m-%d %H:%M}", "start": f"{start:%Y-%m-%d %H:%M}"}
    elif other is not None and other.year in _PLAUSIBLE and abs(now - other) > SKEW:
        far = abs(now - other) > FAR
        details = {"now": f"{now:%Y-%m-%d %H:%M}", "gateway": f"{other:%Y-%m-%d %H:%M}"}
        yield "doctor-clock-wrong" if far else "doctor-clock-skewed", details


def _state(facts: Facts) -> _Found:
    if (twistd := facts.twistd) is not None:
        details = {"path": twistd.path, "pid": twistd.pid, "typed": shlex.quote(twistd.path)}
        if twistd.pid is None:
            yield "doctor-twistd-odd", details
        else:
            yield "doctor-twistd-runs" if twistd.runs else "doctor-twistd-stale", details
    if facts.leftovers:
        yield "doctor-leftovers", {"count": len(facts.leftovers), "path": facts.leftovers[0]}
    if "installing" in facts.interrupted:
        yield "doctor-trust-interrupted", {}
    if "removing" in facts.interrupted:
        yield "doctor-untrust-interrupted", {}
    if not facts.writable:
        yield "doctor-data-read-only", {"path": facts.data}
    elif facts.room is not None and facts.room < ROOM:
        yield "doctor-disk-full", {"path": facts.data, "kilobytes": facts.room // 1024}


def _versions(versions: Versions) -> _Found:
    if versions.python_wanted:
        yield "doctor-python-old", {"found": versions.line["python"], "wanted": versions.python_wanted}
    if versions.dependencies:
        quoted = " ".join(f'"{one}"' for one in versions.dependencies)
        details = {"names": ", ".join(versions.dependencies), "words": quoted, "python": versions.python}
        yield "doctor-dependencies", details
    if versions.other:
        yield "doctor-other-localedge", {"path": versions.other, "python": versions.python}
    if not versions.plugin:
        yield "doctor-plugin-missing", {"python": versions.python}
    yield "doctor-versions", versions.line


_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*\(?([^;()]*)\)?\s*(?:;(.*))?")
_FLOOR = re.compile(r">=\s*([0-9][0-9.]*)")


class Requirement(NamedTuple):
    """A library that is needed, and the oldest version that will do."""

    name: str
    floor: str
    text: str
    """As pip takes it."""


def requirements(lines: Iterable[str]) -> Iterator[Requirement]:
    """Those of an installed distribution that hold everywhere (PEP 508)."""
    for line in lines:
        match = _REQUIREMENT.fullmatch(line)
        if match is not None and not match[4]:
            floor = _FLOOR.search(match[3])
            text = f"{match[1]}{match[2] or ''}{match[3].replace(' ', '')}"
            yield Requirement(match[1], floor[1] if floor else "", text)


def older(version: str, floor: str) -> bool:
    """Whether a version is older than another, by the numbers that both begin with."""
    return bool(floor) and _numbers(version) < _numbers(floor)


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"[0-9]+(?:\.[0-9]+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
