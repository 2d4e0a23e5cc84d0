"""Debian, Ubuntu and whoever has their update-ca-certificates(8).

Where ca-certificates-java is installed its hook copies every certificate into a keystore of its own and
never takes one out again after `--fresh`: that entry is ours to remove.  Where the keystore cannot be
looked into (Java is gone, another password) the root leaves the system's bundle all the same, and the
journal keeps its entry until somebody could look.
"""

from localedge.errors import Failure
from localedge.pki.plan import Native, Plan, Root, State, Step

from . import Status
from .anchors import AnchorStore, Layout
from .keystore import Keystore
from .system import System

KEYSTORE = "/etc/ssl/certs/java/cacerts"
_LOOK = "java-look"
_WHY = {"store-tool-missing": "there is no keytool", "tool-hangs": "keytool does not answer"}

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
        """Absent only when no copy is known to be in Java's keystore."""
        status = super().state(root)
        if status.state is State.ABSENT and self._is_copied(root):
            return Status(State.NOT_TRUSTED, str(self._keystore.path))
        return status

    def plan_install(self, root: Root) -> Plan:
        """As everywhere; the hook sees to Java."""
        return self._with_java(super().plan_install(root))

    def plan_remove(self, root: Root) -> Plan:
        """And Java's copy with it; where that cannot be seen the last step says so."""
        plan = super().plan_remove(root)
        alias = self._alias(root)
        step: Step | None = None
        try:
            if alias in self._keystore.aliases(root.der):
                step = self._keystore.delete(alias, privileged=True)
        except Failure:
            step = Native(_LOOK, str(self._keystore.path), root.der)
        if step is not None:
            plan = Plan(plan.store, (*plan.steps, step), plan.clients, touches=plan.touches)
        return self._with_java(plan)

    def perform(self, step: Native) -> None:
        """The step behind all others that tells what may be left.  Raises `Failure`."""
        assert step.call == _LOOK, step.call
        try:
            self._keystore.aliases(step.der)
        except Failure as problem:
            reason = problem.params.get("reason") or _WHY.get(problem.code, problem.code)
            raise Failure("java-copy-left", store=self.name, path=step.location, reason=reason) from None

    def _is_copied(self, root: Root) -> bool:
        try:
            return self._alias(root) in self._keystore.aliases(root.der)
        except Failure:
            return self._keystore.seems_to_hold(root.der)

    def _alias(self, root: Root) -> str:
        """As the hook of ca-certificates-java calls it."""
        return f"debian:{root.file_stem}.pem"

    def _with_java(self, plan: Plan) -> Plan:
        clients = (*plan.clients, "clients-java-system") if self._keystore.path.is_file() else plan.clients
        return Plan(plan.store, plan.steps, clients, touches=plan.touches)


def find(system: System) -> list[DebianStore]:
    """The one store of such a system."""
    return [DebianStore(system)] if LAYOUT.fits(system) else []


def at(system: System, _place: str) -> DebianStore:
    """The store of a journal's entry, whatever the machine says of itself now."""
    return DebianStore(system)
