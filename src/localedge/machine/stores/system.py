"""The machine as trust stores see it: everything they ask goes through here, so that a test can answer."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from localedge.machine import files
from localedge.machine.processes import is_elevated
from localedge.machine.run import Ended, in_front, program


@dataclass(frozen=True)
class System:
    """Where things are and what there is.  `System.here()` is the machine we run on.

    `root` stands before every absolute path of the system (tests), `home` is the user's own directory.
    """

    root: Path
    home: Path
    environ: Mapping[str, str]
    platform: str = sys.platform
    """As sys.platform."""
    elevated: bool = False
    """We are root, or an administrator on Windows: privileged steps need nobody's leave."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def here(cls) -> "System":
        """The machine we run on.  Raises `Failure` where nobody has a home."""
        return cls(Path("/"), files.home(), dict(os.environ), elevated=is_elevated())

    def path(self, absolute: str) -> Path:
        """A path of the system, below `root`."""
        return self.root / absolute.lstrip("/")

    def which(self, name: str) -> str | None:
        """Where a program is.  Administration's own directories are looked through too."""
        import shutil

        found = shutil.which(name, path=self.environ.get("PATH", os.defpath))
        if found is None and self.platform != "win32":
            places = ("/usr/local/sbin", "/usr/sbin", "/sbin")
            found = shutil.which(name, path=os.pathsep.join(str(self.path(place)) for place in places))
        return found

    def run(
        self,
        argv: Sequence[str],
        *,
        seconds: float = 15.0,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        terminal: bool = False,
    ) -> Ended:
        """Run a program to its end with `env` added to the environment, see `machine.run.program`.

        Stores use this to ask; what changes anything is a step of a plan.
        """
        environ = {**self.environ, **(env or {})}
        return program(argv, seconds=seconds, stdin=stdin, environ=environ, terminal=terminal)

    def run_in_front(
        self, argv: Sequence[str], *, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a program that asks the user something at the terminal."""
        return in_front(argv, stdin=stdin, environ={**self.environ, **(env or {})})
