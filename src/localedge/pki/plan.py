"""What a change of a trust store consists of, as data: the plan that is shown is the plan that runs."""

import base64
import enum
import hashlib
import textwrap
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


class State(enum.StrEnum):
    """How a root stands in a trust store."""

    TRUSTED = "trusted"
    ABSENT = "absent"
    WRONG_FINGERPRINT = "wrong-fingerprint"
    """Something else stands where ours would."""
    NOT_TRUSTED = "not-trusted"
    """It is there, and clients do not trust it."""
    EXPIRED = "expired"
    UNKNOWN = "unknown"

    @property
    def present(self) -> bool:
        """Whether a root that stands so is there at all."""
        return self in (State.TRUSTED, State.NOT_TRUSTED, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Root:
    """The root certificate as trust stores want it."""

    der: bytes
    nick: str
    """Unique: the common name of the subject."""
    not_after: datetime

    def where_trusted(self, now: datetime) -> State:
        """How it stands in a store that has it trusted."""
        return State.EXPIRED if self.not_after <= now else State.TRUSTED

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, lower-case hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def sha1(self) -> str:
        """For tools that know a certificate by nothing better, lower-case hexadecimal."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest()

    @property
    def pem(self) -> bytes:
        """PEM with a line end behind it (RFC 7468)."""
        lines = textwrap.wrap(base64.b64encode(self.der).decode("ascii"), 64)
        marked = ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
        return "\n".join(marked).encode("ascii")

    @property
    def file_stem(self) -> str:
        """A file name without its ending that no other root has."""
        return f"localedge-{self.fingerprint[:16]}"


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run: no shell, standard input `stdin` or empty."""

    argv: tuple[str, ...]
    privileged: bool = False
    seconds: float = 60.0
    stdin: bytes | None = None
    env: tuple[tuple[str, str], ...] = ()
    """Added to the environment."""
    may_fail: bool = False
    """Its exit status tells nothing; the state that is asked for afterwards decides."""
    at_terminal: bool = False
    """It asks the user something there."""


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """Make one directory if it is not there.  Undoing removes it again if it is empty."""

    path: str
    mode: int = 0o755
    privileged: bool = False


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a new file whole or not at all.  A file of other content is never replaced."""

    path: str
    content: bytes
    mode: int = 0o644
    privileged: bool = False

    @property
    def sha256(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove a file if its content still has this hash, else leave it."""

    path: str
    sha256: str
    privileged: bool = False


@dataclass(frozen=True, slots=True)
class Native:
    """A change that the store makes through the system's own functions, not by a program.

    `call` names it ("windows-add"); the message `native-<call>` says what it does.
    """

    call: str
    location: str
    der: bytes = b""
    privileged: bool = False


Step: TypeAlias = Command | MakeDirectory | WriteFile | RemoveFile | Native


@dataclass(frozen=True, slots=True)
class Plan:
    """What changing one store would do, in order.  No steps: there is nothing to do."""

    store: str
    steps: tuple[Step, ...] = ()
    clients: tuple[str, ...] = ()
    """Who is served: message codes, or names."""
    person: str | None = None
    """Message code of the dialog that a user will see and must answer; sudo's password is not meant."""
    notes: tuple[tuple[str, str], ...] = ()
    """What undoing will have to know; kept in the journal and handed back through `recall`."""
    touches: tuple[str, ...] = ()
    """Files that the commands will change, whose hashes go into the journal: a system's bundle."""

    @property
    def scratch(self) -> tuple[RemoveFile, ...]:
        """The steps that remove what the same plan wrote: they are done also when another step fails."""
        written = {step.path for step in self.steps if isinstance(step, WriteFile)}
        return tuple(step for step in self.steps if isinstance(step, RemoveFile) and step.path in written)

    @property
    def privileged(self) -> bool:
        """Whether any step needs more than the user's own rights."""
        return any(step.privileged for step in self.steps)
