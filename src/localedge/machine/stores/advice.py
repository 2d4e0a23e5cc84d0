"""What no store can do: programs with a trust of their own, systems made from a description."""

import shlex
from pathlib import Path
from typing import NamedTuple

from .anchors import os_release
from .system import System


class Advice(NamedTuple):
    """A line of help: a message code and the file it names."""

    code: str
    path: str


def advice(system: System, root_file: Path) -> list[Advice]:
    """What to set by hand, with the root's own file.  Printed, never done."""
    path = str(root_file) if system.platform == "win32" else shlex.quote(str(root_file))
    return [*declared(system, root_file), Advice("advice-node", path), Advice("advice-bundle", path)]


def declared(system: System, root_file: Path) -> list[Advice]:
    """For systems that are made from a description: what to write into it."""
    known = {"nixos": "advice-nixos", "guix": "advice-guix"}
    code = known.get(os_release(system).get("ID", ""))
    if code is None and system.path("/etc/NIXOS").exists():
        code = "advice-nixos"
    return [Advice(code, str(root_file))] if code else []
