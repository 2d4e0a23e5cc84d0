"""What the Linux distributions' stores have in common: a directory of anchors, and a tool that bundles them.

https://manpages.debian.org/update-ca-certificates and update-ca-trust(8) describe the two families.
"""

import base64
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from localedge.errors import Failure, reason_of
from localedge.machine.journal import hash_of
from localedge.pki.plan import Command, MakeDirectory, Plan, RemoveFile, Root, State, Step, WriteFile

from . import Status
from .system import System

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_SECONDS = 120.0
"""For the tool: it rehashes hundreds of files, and may start Java."""
_KNOWN = {"debian", "ubuntu", "fedora", "rhel", "centos", "arch", "suse", "opensuse", "sles", "nixos", "guix"}


@dataclass(frozen=True)
class Layout:
    """Where a distribution keeps its anchors."""

    name: str
    likes: tuple[str, ...]
    """ID or ID_LIKE of os-release(5)."""
    directory: str
    ending: str
    bundle: str
    """What clients read, made by the tool."""
    tool: str
    install: tuple[str, ...]
    remove: tuple[str, ...]
    """Words behind the tool's name."""
    package: str
    """That has the tool."""
    clients: tuple[str, ...]

    def fits(self, system: System) -> bool:
        """Whether this machine is of the family: by what it says of itself, else by its directories."""
        own = os_release(system)
        families = {own.get("ID", ""), *own.get("ID_LIKE", "").split()}
        if families & set(self.likes):
            return True
        return not families & _KNOWN and system.path(self.directory).is_dir()

    def find(self, system: System) -> "list[AnchorStore]":
        """The one store of such a system."""
        return [AnchorStore(system, self)] if self.fits(system) else []

    def at(self, system: System, _place: str) -> "AnchorStore":
        """The store of a journal's entry, whatever the machine says of itself now."""
        return AnchorStore(system, self)


class AnchorStore:
    """The system's store of a Linux distribution."""

    only_if_named = False

    def __init__(self, system: System, layout: Layout) -> None:
        self._system = system
        self._layout = layout
        self._bundle = system.path(layout.bundle)

    def __repr__(self) -> str:
        return f"<store {self.name}: {self._system.path(self._layout.directory)}>"

    @property
    def name(self) -> str:
        """The family of distributions."""
        return self._layout.name

    def state(self, root: Root) -> Status:
        """By the bundle that clients read: a file that was not bundled is trusted by nobody."""
        if self._tool() is None:
            return Status(State.UNKNOWN, problem=self._missing())
        path = self._path(root)
        try:
            bundled = self._bundled(root)
        except OSError as error:
            problem = Failure(
                "store-unreadable", store=self.name, path=str(self._bundle), reason=reason_of(error)
            )
            return Status(State.UNKNOWN, str(self._bundle), problem)
        if bundled:
            return Status(root.where_trusted(self._system.now), str(self._bundle))
        if not os.path.lexists(path):
            return Status(State.ABSENT)
        ours = not path.is_symlink() and hash_of(path) == self._anchor(root).sha256
        return Status(State.NOT_TRUSTED if ours else State.WRONG_FINGERPRINT, str(path))

    def plan_install(self, root: Root) -> Plan:
        """Write the anchor, have the tool bundle it."""
        tool = self._tool()
        if tool is None:
            raise self._missing()
        steps: list[Step] = [
            MakeDirectory(str(missing), privileged=True)
            for missing in missing_directories(self._path(root).parent)
        ]
        steps += [self._anchor(root), self._command(tool, self._layout.install)]
        return self._plan(steps)

    def plan_remove(self, root: Root) -> Plan:
        """Remove the anchor, have the tool bundle what is left."""
        steps: list[Step] = []
        anchor = self._anchor(root)
        if os.path.lexists(anchor.path):
            steps.append(RemoveFile(anchor.path, anchor.sha256, privileged=True))
        cut_short = Path(f"{anchor.path}.localedge-new")
        if (there := hash_of(cut_short)) is not None:
            steps.append(RemoveFile(str(cut_short), there, privileged=True))
        tool = self._tool()
        if tool is None:
            raise self._missing()
        if steps or self._traces(root):
            steps.append(self._command(tool, self._layout.remove))
        return self._plan(steps)

    def _traces(self, root: Root) -> bool:
        """Whether the tool has to run though the anchor is gone."""
        try:
            return self._bundled(root)
        except OSError:
            return True

    def _plan(self, steps: list[Step]) -> Plan:
        return Plan(self.name, tuple(steps), self._layout.clients, touches=(str(self._bundle),))

    def _path(self, root: Root) -> Path:
        return self._system.path(self._layout.directory) / (root.file_stem + self._layout.ending)

    def _anchor(self, root: Root) -> WriteFile:
        return WriteFile(str(self._path(root)), root.pem, privileged=True)

    def _command(self, tool: str, words: tuple[str, ...]) -> Command:
        return Command((tool, *words), privileged=True, seconds=_SECONDS)

    def _bundled(self, root: Root) -> bool:
        try:
            content = self._bundle.read_bytes()
        except FileNotFoundError:
            return False
        return root.der in set(certificates(content))

    def _tool(self) -> str | None:
        return self._system.which(self._layout.tool)

    def _missing(self) -> Failure:
        layout = self._layout
        return Failure("store-tool-missing", store=layout.name, program=layout.tool, package=layout.package)


def os_release(system: System) -> Mapping[str, str]:
    """What os-release(5) says."""
    for place in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            lines = system.path(place).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        pairs = (line.partition("=") for line in lines if "=" in line)
        return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    return {}


def certificates(pem: bytes) -> Iterator[bytes]:
    """The DER of every certificate in a PEM text; what is damaged is left out."""
    for match in _CERTIFICATE.finditer(pem):
        try:
            yield base64.b64decode(match[1])
        except ValueError:
            continue


def missing_directories(directory: Path) -> list[Path]:
    """The directories that have to be made, the outermost first."""
    missing: list[Path] = []
    while not directory.is_dir():
        missing.insert(0, directory)
        directory = directory.parent
    return missing
