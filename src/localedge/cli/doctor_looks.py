"""All looks of `localedge doctor` side by side, bounded in time, and what `--fix` does."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from localedge.claude.health import Finding, Severity, worst_first
from localedge.errors import Failure, reason_of

from .calling import place_of

if TYPE_CHECKING:
    from localedge.machine.health import Scene

AREAS = ("here", "edge", "trust", "proxies", "desktop", "code", "windows")
"""Each is a module `localedge.machine.health_AREA` with `look`, in the order in which they are told."""
LIMIT = 15.0
"""Seconds for all of them."""

Look = Callable[["Scene"], Iterable[Finding]]


class Mended(NamedTuple):
    """What became of a finding that `--fix` was to mend."""

    finding: Finding
    failure: Failure | None


def examine(scene: "Scene", looks: dict[str, Look] | None = None, limit: float = LIMIT) -> list[Finding]:
    """Everything that is found, worst first.  A look that fails or takes too long is a finding itself."""
    chosen = looks if looks is not None else {area: _look_of(area) for area in AREAS}
    done: queue.SimpleQueue[tuple[str, list[Finding]]] = queue.SimpleQueue()
    for area, look in chosen.items():
        # Daemons: one that hangs ends with the process.
        threading.Thread(target=_run, args=(area, look, scene, done), daemon=True).start()
    found: dict[str, list[Finding]] = {}
    deadline = time.monotonic() + limit
    while len(found) < len(chosen):
        try:
            area, findings = done.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[area] = findings
    late = [
        _finding("doctor-look-late", area=area, seconds=round(limit)) for area in chosen if area not in found
    ]
    return worst_first([*(one for area in chosen for one in found.get(area, ())), *late])


def _run(area: str, look: Look, scene: "Scene", done: "queue.SimpleQueue[tuple[str, list[Finding]]]") -> None:
    try:
        findings = list(look(scene))
    except Exception as error:  # noqa: BLE001 - one look that fails must not take the others with it
        place = place_of(error.__traceback__)
        findings = [_finding("doctor-look-failed", area=area, kind=type(error).__name__, place=place)]
    done.put((area, findings))


def _finding(code: str, **params: object) -> Finding:
    return Finding(code, Severity.WARNING, params)


def mend(scene: "Scene", findings: Iterable[Finding]) -> list[Mended]:
    """Do what `--fix` may do, each thing once."""
    mended = []
    for finding in findings:
        if not finding.fix:
            continue
        try:
            _fix_of(finding.fix)(scene, finding)
        except Failure as failure:
            mended.append(Mended(finding, failure))
        except OSError as error:
            mended.append(Mended(finding, Failure("doctor-fix-failed", reason=reason_of(error))))
        else:
            mended.append(Mended(finding, None))
    return mended


def _look_of(area: str) -> Look:
    look: Look = import_module(f"localedge.machine.health_{area}").look
    return look


def _fix_of(name: str) -> Callable[["Scene", Finding], None]:
    for area in AREAS:
        fixes: dict[str, Callable[[Scene, Finding], None]]
        fixes = getattr(import_module(f"localedge.machine.health_{area}"), "FIXES", {})
        if name in fixes:
            return fixes[name]
    raise KeyError(name)
