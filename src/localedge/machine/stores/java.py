"""Java runtimes that keep a keystore of their own, unlike those that the system's store feeds."""

import os
from pathlib import Path

from localedge.errors import Failure
from localedge.pki.plan import Command, Plan, Root, State

from . import Status
from .keystore import Keystore
from .system import System

# Where the distributions' own tools put the keystore that they make.
_FED = ("/etc/ssl/certs/java", "/etc/pki", "/etc/ca-certificates", "/var/lib/ca-certificates")


class JavaStore:
    """The keystore of one Java runtime."""

    only_if_named = False

    def __init__(self, system: System, path: Path, keytool: str | None) -> None:
        self._system = system
        self._keystore = Keystore(system, path, keytool)

    def __repr__(self) -> str:
        return f"<store {self.name}>"

    @property
    def name(self) -> str:
        """With the keystore's path: a machine may have many."""
        return f"java:{self._keystore.path}"

    def state(self, root: Root) -> Status:
        """Whatever is in it is trusted."""
        try:
            aliases = self._keystore.aliases(root.der)
        except Failure as problem:
            return Status(State.UNKNOWN, problem=problem)
        if not aliases:
            return Status(State.ABSENT)
        return Status(root.where_trusted(self._system.now), aliases[0])

    def plan_install(self, root: Root) -> Plan:
        """One import."""
        return self._plan(self._keystore.add(root, root.file_stem, privileged=self._privileged()))

    def plan_remove(self, root: Root) -> Plan:
        """By the names that it has there, ours or not."""
        privileged = self._privileged()
        return self._plan(
            *(
                self._keystore.delete(alias, privileged=privileged)
                for alias in self._keystore.aliases(root.der)
            )
        )

    def _plan(self, *steps: Command) -> Plan:
        return Plan(self.name, steps, ("clients-java",), touches=(str(self._keystore.path),))

    def _privileged(self) -> bool:
        return not os.access(self._keystore.path, os.W_OK)


def find(system: System) -> list[JavaStore]:
    """The runtimes of JAVA_HOME and of `java` on the path, each keystore once."""
    homes = [Path(named)] if (named := system.environ.get("JAVA_HOME")) else []
    if program := system.which("java"):
        homes.append(Path(os.path.realpath(program)).parent.parent)
    stores: dict[Path, JavaStore] = {}
    for home in homes:
        for place in ("lib/security/cacerts", "jre/lib/security/cacerts"):  # the latter: Java 8
            path = Path(os.path.realpath(home / place))
            if path.is_file() and not any(path.is_relative_to(system.path(fed)) for fed in _FED):
                stores.setdefault(path, JavaStore(system, path, _keytool(home)))
    return list(stores.values())


def at(system: System, place: str) -> JavaStore | None:
    """The store of a journal's entry: its runtime may have been taken from the path, or removed."""
    path = Path(place)
    if not path.is_file():
        return None
    home = path.parents[2] if len(path.parents) > 2 else path.parent
    return JavaStore(system, path, _keytool(home) or _keytool(home.parent))


def _keytool(home: Path) -> str | None:
    for name in ("keytool", "keytool.exe"):
        if (home / "bin" / name).is_file():
            return str(home / "bin" / name)
    return None
