"""Trust stores, one module per platform.

A store looks and plans, it changes nothing: plans are carried out, and written to the journal, by
`machine.carrying` alone.  What a store reports is asked again afterwards, so that a tool that says it did
and did not is found out.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, Protocol, runtime_checkable

from localedge.errors import Failure
from localedge.pki.plan import Native, Plan, Root, State

from .system import System

__all__ = ["Performs", "Recalls", "State", "Status", "Store", "System", "detect", "matches"]

_MODULES = {
    "linux": ("debian", "fedora", "arch", "suse", "nss", "java", "wsl"),
    "darwin": ("macos", "nss", "java"),
    "win32": ("windows", "java"),
}
_REVIVED = ("debian", "fedora", "arch", "suse", "nss", "java")
"""Those that can be asked although nothing tells of them any more."""


class Status(NamedTuple):
    """How a root stands in a store."""

    state: State
    detail: str = ""
    """Where, or why it cannot be told; for a person."""
    problem: Failure | None = None
    """What keeps us from telling, with its next step: a missing tool, a database with a password."""


class Store(Protocol):
    """One trust store of this machine."""

    only_if_named: bool
    """Left out unless `--store` means it."""

    @property
    def name(self) -> str:
        """What `--store` calls it, alone or up to its colon: "debian", "nss:/home/u/.pki/nssdb"."""

    def state(self, root: Root) -> Status:
        """How the root stands in it now.  Raises nothing; changes nothing."""

    def plan_install(self, root: Root) -> Plan:
        """What it takes to have the root trusted.  Raises `Failure` where nothing can."""

    def plan_remove(self, root: Root) -> Plan:
        """What it takes to be as before.  Raises `Failure`."""


@runtime_checkable
class Performs(Protocol):
    """A store that does some steps by itself, without a program."""

    def perform(self, step: Native) -> None:
        """Do one of them.  Raises `Failure`."""


@runtime_checkable
class Recalls(Protocol):
    """A store whose undoing depends on what was there before."""

    def recall(self, notes: Sequence[tuple[str, str]]) -> None:
        """The notes of the plan that installed, before `plan_remove` is asked for."""


def detect(system: System) -> list[Store]:
    """The stores of this machine, the system's own first.  Changes nothing."""
    stores: list[Store] = []
    for name in _MODULES.get(system.platform, ()):
        stores += import_module(f".{name}", __name__).find(system)
    return stores


def named(system: System, name: str, found: Sequence[Store]) -> Store | None:
    """The store that an entry of the journal calls so; None where there is no such store left.

    One of those `found`, or one that is not looked for any more.
    """
    for store in found:
        if store.name == name:
            return store
    kind, _, place = name.partition(":")
    if kind in _REVIVED:
        revived: Store | None = import_module(f".{kind}", __name__).at(system, place)
        return revived
    return None


def matches(name: str, wanted: Sequence[str]) -> bool:
    """Whether `--store` words mean this store; no words mean every store."""
    return not wanted or name in wanted or name.partition(":")[0] in wanted
