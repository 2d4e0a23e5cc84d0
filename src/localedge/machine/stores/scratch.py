"""A root as a file for as long as a program needs it that takes certificates no other way."""

from dataclasses import dataclass
from pathlib import Path

from localedge.machine.journal import hash_of
from localedge.pki.plan import Command, RemoveFile, Root, Step, WriteFile

from .system import System


@dataclass(frozen=True)
class Scratch:
    """One root's file among the temporary ones.  It holds nothing secret."""

    system: System
    root: Root

    @property
    def directory(self) -> str:
        """Of temporary files."""
        return self.system.environ.get("TMPDIR") or str(self.system.path("/tmp"))  # noqa: S108

    @property
    def name(self) -> str:
        """Without the directory."""
        return f"{self.root.file_stem}.crt"

    @property
    def path(self) -> str:
        """Where it will be."""
        return f"{self.directory.rstrip('/')}/{self.name}"

    def around(self, *commands: Command) -> tuple[Step, ...]:
        """The commands, with the file there for them."""
        write = WriteFile(self.path, self.root.pem)
        return (write, *commands, self._remove(write))

    def leftover(self) -> tuple[Step, ...]:
        """What takes the file away that a run left behind which was cut short."""
        write = WriteFile(self.path, self.root.pem)
        return (self._remove(write),) if hash_of(Path(self.path)) == write.sha256 else ()

    @staticmethod
    def _remove(write: WriteFile) -> RemoveFile:
        return RemoveFile(write.path, write.sha256)
