"""Debian, Ubuntu and whoever has their update-ca-certificates(8).

Where ca-certificates-java is installed its hook copies every certificate into a keystore of its own and
never takes one out again after `--fresh`: that entry is ours to remove.
"""

from localedge.errors import Failure
from localedge.pki.plan import Plan, Root, State

from . import Status
from .anchors import AnchorStore, Layout
from .anchors import find as is_here
from .keystore import Keystore
from .system import System

KEYSTORE = "/etc/ssl/certs/java/cacerts"

LAYOUT = Layout(
    name="debian",
    likes=("debian", "ubuntu"),
    directory="/usr/local/share/ca-certificates",
    ending=".crt",
    bundle="/etc/ssl/certs/ca-certificates.crt",
    tool="update-ca-certificates",
    install=(),
    remove=("--fresh",),
    package="ca-certificates",
    clients=("clients-system", "clients-claude-code"),
)


class DebianStore(AnchorStore):
    """The system's store, and the Java keystore that is fed from it."""

    def __init__(self, system: System) -> None:
        super().__init__(system, LAYOUT)
        self._keystore = Keystore(system, system.path(KEYSTORE))

    def state(self, root: Root) -> Status:
        """Absent only when Java's copy is gone as well."""
        status = super().state(root)
        if status.state is State.ABSENT:
            try:
                if self._alias(root) in self._keystore.aliases(root):
                    return Status(State.NOT_TRUSTED, str(self._keystore.path))
            except Failure as problem:
                return Status(State.UNKNOWN, str(self._keystore.path), problem)
        return status

    def plan_install(self, root: Root) -> Plan:
        """As everywhere; the hook sees to Java."""
        return self._with_java(super().plan_install(root))

    def plan_remove(self, root: Root) -> Plan:
        """And Java's copy with it."""
        plan = super().plan_remove(root)
        alias = self._alias(root)
        if alias in self._keystore.aliases(root):
            steps = (*plan.steps, self._keystore.delete(alias, privileged=True))
            plan = Plan(plan.store, steps, plan.clients, touches=plan.touches)
        return self._with_java(plan)

    def _alias(self, root: Root) -> str:
        """As the hook of ca-certificates-java calls it."""
        return f"debian:{root.file_stem}.pem"

    def _with_java(self, plan: Plan) -> Plan:
        clients = (*plan.clients, "clients-java-system") if self._keystore.path.is_file() else plan.clients
        return Plan(plan.store, plan.steps, clients, touches=plan.touches)


def find(system: System) -> list[DebianStore]:
    """The one store of such a system."""
    return [DebianStore(system)] if is_here(system, LAYOUT) else []


def at(system: System, _place: str) -> DebianStore:
    """The store of a journal's entry, whatever the machine says of itself now."""
    return DebianStore(system)
