"""Trust stores for tests: a root, a machine in a temporary directory, programs that do what they are told."""

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from localedge.machine.carrying import Carrier
from localedge.machine.journal import NAME, Journal
from localedge.machine.rights import Rights
from localedge.machine.stores import System
from localedge.pki.authority import as_root, make_authority
from localedge.pki.plan import Root

NOW = datetime.now(UTC).replace(microsecond=0)


def a_root(age: timedelta = timedelta()) -> Root:
    """The root of a new authority."""
    return as_root(make_authority(["gw.test"], NOW - age).root)


class Machine:
    """A machine of its own: root directory, home, and a PATH with only what a test puts there."""

    def __init__(self, place: Path, *real: str, os_release: str = "", platform: str = "linux") -> None:
        self.root = place / "root"
        self.home = place / "home"
        self.bin = place / "bin"
        self.log = place / "log"
        for directory in (self.root / "etc", self.home, self.bin):
            directory.mkdir(parents=True)
        if os_release:
            (self.root / "etc/os-release").write_text(os_release)
        for program in real:
            found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
            assert found, program
            (self.bin / program).symlink_to(found)
        self._platform = platform
        self._data = place / "data"

    def system(self, *, elevated: bool = True, **environ: str) -> System:
        """As the code sees it."""
        variables: Mapping[str, str] = {"PATH": str(self.bin), "LOG": str(self.log), **environ}
        return System(self.root, self.home, variables, self._platform, elevated, NOW)

    def program(self, name: str, *lines: str) -> Path:
        """A program on PATH that writes down how it was called and then does `lines`."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        call = f'PATH="$PATH:/usr/sbin:/usr/bin:/sbin:/bin"; echo "{name} $*" >> "$LOG"'
        path.write_text("\n".join(["#!/bin/sh", call, *lines, ""]))
        path.chmod(0o755)
        return path

    def calls(self) -> list[str]:
        """How the programs were called, in order."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def journal(self) -> Journal:
        """In a data directory of its own."""
        return Journal(self._data / NAME)

    def carrier(self, system: System, *, person: bool = False) -> Carrier:
        """What carries out plans there."""
        self._data.mkdir(mode=0o700, exist_ok=True)
        return Carrier(self.journal, Rights(system, person=person))


def snapshot(*places: Path) -> dict[str, str]:
    """Everything below some directories: contents, links, modes."""
    seen = {}
    for place in places:
        for path in sorted([place, *place.rglob("*")]):
            if path.is_symlink():
                seen[str(path)] = f"-> {path.readlink()}"
            elif path.is_file():
                seen[str(path)] = f"{path.stat().st_mode:o} {path.read_bytes().hex()}"
            elif path.is_dir():
                seen[str(path)] = f"{path.stat().st_mode:o}"
    return seen
