"""Plans in words: every step with its command line or file, and the rights it takes."""

import hashlib
import shlex
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localedge.pki.plan import Command, MakeDirectory, Native, Plan, RemoveFile, Step, WriteFile

from .output import Printer

if TYPE_CHECKING:
    from localedge.machine.stores import System

Say = Callable[..., None]


def show(plan: Plan, printer: Printer, system: "System", say: Say) -> None:
    """A plan's steps, one a line, and what the user will see."""
    for step in plan.steps:
        _step(step, printer, system, say)
    if not plan.steps:
        say("nothing-to-do")
    if plan.person is not None:
        say("plan-person", what=printer.text(plan.person))
    if plan.privileged and not system.elevated and system.platform != "win32":
        say("plan-person", what=printer.text("sudo-prompt"))


def _step(step: Step, printer: Printer, system: "System", say: Say) -> None:
    rights = printer.text(_rights(step, system))
    match step:
        case Command(stdin=None):
            say("plan-step-run", line=line(step, system), rights=rights)
        case Command(stdin=bytes() as content):
            say(
                "plan-step-run-stdin",
                line=line(step, system),
                rights=rights,
                size=len(content),
                sha256=_sha256(content),
            )
        case WriteFile():
            size, mode = len(step.content), f"{step.mode:04o}"
            say("plan-step-write", path=step.path, rights=rights, size=size, mode=mode, sha256=step.sha256)
        case RemoveFile():
            say("plan-step-remove", path=step.path, rights=rights, sha256=step.sha256)
        case MakeDirectory():
            say("plan-step-directory", path=step.path, rights=rights, mode=f"{step.mode:04o}")
        case Native():
            what = printer.text(f"native-{step.call}", location=step.location)
            say("plan-step-native", what=what, rights=rights)


def line(step: Command, system: "System") -> str:
    """A command as one would type it."""
    if system.platform == "win32":
        return subprocess.list2cmdline(step.argv)
    return shlex.join([*(f"{name}={value}" for name, value in step.env), *step.argv])


def rows(plan: Plan) -> list[dict[str, Any]]:
    """A plan's steps for JSON."""
    return [_row(step) for step in plan.steps]


def _row(step: Step) -> dict[str, Any]:
    match step:
        case Command():
            row: dict[str, Any] = {"kind": "run", "argv": list(step.argv)}
            if step.stdin is not None:
                row |= {"stdin_bytes": len(step.stdin), "stdin_sha256": _sha256(step.stdin)}
        case WriteFile():
            row = {"kind": "write", "path": step.path, "bytes": len(step.content), "sha256": step.sha256}
            row |= {"mode": f"{step.mode:04o}"}
        case RemoveFile():
            row = {"kind": "remove", "path": step.path, "sha256": step.sha256}
        case MakeDirectory():
            row = {"kind": "directory", "path": step.path, "mode": f"{step.mode:04o}"}
        case Native():
            row = {"kind": "native", "call": step.call, "location": step.location}
    return row | {"privileged": step.privileged}


def _rights(step: Step, system: "System") -> str:
    if not step.privileged:
        return "rights-own"
    if system.platform == "win32":
        return "rights-administrator"
    return "rights-root" if system.elevated else "rights-sudo"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
