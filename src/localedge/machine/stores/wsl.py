"""The Windows side of WSL: the store Root of its user, through Windows' own certutil.

Recognised as learn.microsoft.com/windows/wsl describes it.  A WSL can be kept from starting Windows programs
([interop] in wsl.conf); then it is told what to run on Windows.  The certificate reaches Windows as a file,
under the name that wslpath gives it.  Of what certutil prints, only hashes and error numbers are read:
the rest is translated.

Written from documentation; untried on a real WSL.
"""

import re
from pathlib import Path

from localedge.errors import Failure
from localedge.pki.plan import Command, Plan, Root, State, Step
from localedge.settings.layers import clean

from . import Status
from .scratch import Scratch
from .system import System

_USUAL = "/mnt/c/Windows/System32/certutil.exe"
_SECONDS = 300.0
"""For a command that waits for somebody to answer a dialog."""
_LONGEST = 200
_NOT_FOUND = re.compile(rb"0x(?:80092004|80090011)\b", re.IGNORECASE)  # CRYPT_E_NOT_FOUND, NTE_NOT_FOUND
_NOT_FOUND_STATUS = (0x04, 0x11)
"""The same as exit status: Linux keeps the last byte."""


class WslStore:
    """CurrentUser\\Root of the Windows that we run on."""

    name = "wsl-windows"
    only_if_named = False

    def __init__(self, system: System) -> None:
        self._system = system

    def __repr__(self) -> str:
        return f"<store {self.name}>"

    def state(self, root: Root) -> Status:
        """By the SHA-1 of the certificate."""
        program = self._program()
        if program is None:
            return Status(State.UNKNOWN, problem=self._by_hand(root))
        argv = (program, "-user", "-store", "Root", root.sha1)
        ended = self._system.run(argv, seconds=30.0)
        if ended.hung:
            problem = Failure("tool-hangs", store=self.name, program=program, seconds=30)
            return Status(State.UNKNOWN, program, problem)
        listed = re.sub(rb"[\s:]", b"", ended.stdout).lower()
        if ended.ok and root.sha1.encode() in listed:
            return Status(root.where_trusted(self._system.now), program)
        absent = ended.status in _NOT_FOUND_STATUS or _NOT_FOUND.search(ended.stdout + ended.stderr)
        if absent and not ended.ok:
            return Status(State.ABSENT, program)
        return Status(State.UNKNOWN, program, self._failed(program, ended.reason))

    def plan_install(self, root: Root) -> Plan:
        """Add it; the file is gone again afterwards."""
        program = self._program()
        if program is None:
            raise self._by_hand(root)
        status = self.state(root)
        if status.state in (State.TRUSTED, State.EXPIRED):
            return self._plan(())
        if status.problem is not None:
            raise status.problem
        scratch = Scratch(self._system, root)
        path = f"{self._seen_by_windows(scratch.directory)}\\{scratch.name}"
        command = Command((program, "-user", "-addstore", "Root", path), seconds=_SECONDS)
        return self._plan(scratch.around(command))

    def plan_remove(self, root: Root) -> Plan:
        """Delete it by its hash."""
        program = self._program()
        if program is None:
            raise self._by_hand(root, remove=True)
        leftover = Scratch(self._system, root).leftover()
        if self.state(root).state is State.ABSENT:
            return self._plan(leftover)
        command = Command((program, "-user", "-delstore", "Root", root.sha1), seconds=_SECONDS)
        return self._plan((*leftover, command))

    def _plan(self, steps: tuple[Step, ...]) -> Plan:
        asks = any(isinstance(step, Command) for step in steps)
        return Plan(self.name, steps, ("clients-wsl-windows",), "wsl-dialog" if asks else None)

    def _program(self) -> str | None:
        """Windows' certutil, if Windows programs can be started."""
        if not _starts_programs(self._system):
            return None
        usual = self._system.path(_USUAL)
        return self._system.which("certutil.exe") or (str(usual) if usual.is_file() else None)

    def _seen_by_windows(self, directory: str) -> str:
        """A directory's name on the Windows side.  wslpath wants one that exists.  Raises `Failure`."""
        program = self._system.which("wslpath") or "wslpath"
        ended = self._system.run((program, "-w", directory))
        name = ended.stdout.decode(errors="replace").strip()
        if not ended.ok or not name:
            raise self._failed(program, ended.reason)
        return name.rstrip("\\")

    def _failed(self, program: str, reason: str) -> Failure:
        return Failure("tool-failed", store=self.name, program=program, reason=clean(reason, _LONGEST))

    def _by_hand(self, root: Root, *, remove: bool = False) -> Failure:
        if remove:
            return Failure("wsl-by-hand-remove", command=f"certutil -user -delstore Root {root.sha1}")
        return Failure("wsl-by-hand", command="certutil -user -addstore Root FILE")


def find(system: System) -> list[WslStore]:
    """One where Linux runs on Windows.  A container there has the same kernel and no Windows side."""
    if "WSL_INTEROP" in system.environ:
        return [WslStore(system)]
    kernel = _read(system.path("/proc/version")).lower()
    signs = (system.path("/run/WSL"), *_registrations(system))
    if "microsoft" in kernel and ("WSL_DISTRO_NAME" in system.environ or any(map(Path.exists, signs))):
        return [WslStore(system)]
    return []


def _starts_programs(system: System) -> bool:
    return any(_read(path).startswith("enabled") for path in _registrations(system))


def _registrations(system: System) -> tuple[Path, ...]:
    """Where the kernel tells that it hands Windows programs on (binfmt_misc); systemd's is the second."""
    directory = system.path("/proc/sys/fs/binfmt_misc")
    return directory / "WSLInterop", directory / "WSLInterop-late"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
