"""The certificate stores Root of Windows: the user's, and the machine's.

For the user's Windows shows a dialog, for adding and for deleting; a service or a test would wait for ever.
The machine's wants an administrator and shows none.  So the first is used by a user, the second by an
administrator, and the other one of the two by whoever names it.

Run under Wine, which shows no dialog; untried on a real Windows.
"""

from typing import Protocol

from localedge.errors import Failure
from localedge.machine import crypt32
from localedge.machine.crypt32 import Found, Location
from localedge.pki.plan import Native, Plan, Root, State

from . import Status
from .system import System

_PLACES = {
    "windows-user": ("CurrentUser", Location.CURRENT_USER),
    "windows-machine": ("LocalMachine", Location.LOCAL_MACHINE),
}
_ELSEWHERE = f"LocalMachine\\{crypt32.ROOT}"
"""Where what the user's store only shows lies, if no group policy holds it."""


class Certificates(Protocol):
    """What of `machine.crypt32` is used here.  Everything raises OSError."""

    def listed(self, location: Location, store: str, /) -> list[Found]:
        """Every certificate of a store."""

    def add(self, der: bytes, location: Location, /) -> None:
        """Add one to Root."""

    def delete(self, der: bytes, location: Location, /) -> int:
        """Delete one from Root."""


class WindowsStore:
    """Root of the user or of the machine."""

    def __init__(
        self, system: System, name: str, certificates: Certificates = crypt32, *, only_if_named: bool = False
    ) -> None:
        self._system = system
        self._certificates = certificates
        self.name = name
        self.only_if_named = only_if_named
        self._owner, self._location = _PLACES[name]

    def __repr__(self) -> str:
        return f"<store {self.name}: {self._shown(crypt32.ROOT)}>"

    def state(self, root: Root) -> Status:
        """By the bytes of the certificate, in Root and among those that Windows is told never to trust."""
        place = self._shown(crypt32.ROOT)
        try:
            found = self._certificates.listed(self._location, crypt32.ROOT)
            forbidden = self._certificates.listed(self._location, crypt32.DISALLOWED)
        except OSError as error:
            return Status(State.UNKNOWN, place, self._failure(error, place))
        ours = [one for one in found if one.der == root.der]
        if not ours:
            namesake = any(one.name == root.nick for one in found)
            return Status(State.WRONG_FINGERPRINT if namesake else State.ABSENT, place)
        if any(one.der == root.der for one in forbidden):
            place = self._shown(crypt32.DISALLOWED)
            return Status(State.NOT_TRUSTED, place, Failure("windows-root-forbidden", nick=root.nick))
        if all(one.inherited for one in ours):
            place = _ELSEWHERE
        return Status(root.where_trusted(self._system.now), place)

    def plan_install(self, root: Root) -> Plan:
        """Add it, unless it is there already, also by way of the machine's store."""
        status = self.state(root)
        if status.state is State.TRUSTED or status.state is State.EXPIRED:
            return self._plan()
        if status.problem is not None:
            raise status.problem
        return self._plan(self._native("windows-add", root))

    def plan_remove(self, root: Root) -> Plan:
        """Delete it where it lies; what the user's store only shows is not the user's."""
        try:
            found = self._certificates.listed(self._location, crypt32.ROOT)
        except OSError as error:
            raise self._failure(error, self._shown(crypt32.ROOT)) from None
        if any(one.der == root.der and not one.inherited for one in found):
            return self._plan(self._native("windows-delete", root))
        return self._plan()

    def perform(self, step: Native) -> None:
        """Add or delete, through crypt32."""
        assert step.location == self._shown(crypt32.ROOT), step
        try:
            match step.call:
                case "windows-add":
                    self._certificates.add(step.der, self._location)
                case "windows-delete":
                    self._certificates.delete(step.der, self._location)
                case _:
                    raise AssertionError(step.call)
        except OSError as error:
            raise self._failure(error, step.location) from None

    def _plan(self, *steps: Native) -> Plan:
        asks = bool(steps) and self._location is Location.CURRENT_USER
        return Plan(self.name, steps, ("clients-windows",), "windows-dialog" if asks else None)

    def _native(self, call: str, root: Root) -> Native:
        privileged = self._location is Location.LOCAL_MACHINE
        return Native(call, self._shown(crypt32.ROOT), root.der, privileged)

    def _shown(self, store: str) -> str:
        return f"{self._owner}\\{store}"

    def _failure(self, error: OSError, place: str) -> Failure:
        match crypt32.number(error):
            case crypt32.CANCELLED:
                return Failure("windows-dialog-refused", store=self.name)
            case crypt32.ACCESS_DENIED if self._location is Location.LOCAL_MACHINE:
                return Failure("needs-administrator", store=self.name)
        reason = (error.strerror or "").strip().rstrip(".") or type(error).__name__
        return Failure("windows-store-failed", location=place, reason=reason)


def find(system: System, certificates: Certificates = crypt32) -> list[WindowsStore]:
    """Both, the fitting one first."""
    names = sorted(_PLACES, key=lambda name: (name == "windows-machine") is not system.elevated)
    return [
        WindowsStore(system, name, certificates, only_if_named=place > 0) for place, name in enumerate(names)
    ]
