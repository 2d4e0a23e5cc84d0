"""The step of `localedge setup` that writes Claude Desktop's configuration."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localedge.claude.profile import API_KEY, BASE_URL, MODELS, SCHEME_KEY, Scheme
from localedge.config import Secret
from localedge.errors import Failure

from . import desktop
from .desktop_told import Told
from .desktop_wanted import DEMO_KEY, Wanted
from .output import Printer
from .setup_asking import SKIP, YES, Person

if TYPE_CHECKING:
    from localedge.claude.probing import Credential
    from localedge.config import Config
    from localedge.machine.stores.system import System

_AGAIN = frozenset({"again", "a", "重试"})


@dataclass(frozen=True)
class Target:
    """What Claude Desktop is to use."""

    https: bool
    url: str
    models: tuple[str, ...] = ()
    no_input: bool = False
    """Nobody may be asked for the key."""


class DesktopStep:
    """Claude Desktop's local library, for this configuration."""

    def __init__(self, printer: Printer, person: Person, config: "Config") -> None:
        self._printer = printer
        self._person = person
        self._scene = desktop.DesktopScene.with_config(printer, config)

    def done(self, target: Target, key: "tuple[Secret | None, Credential] | None") -> bool:
        """Whether our profile is there, applied, and says this.  No key: whichever it has."""
        from localedge.machine.desktop import applied_profile

        scene = self._scene
        try:
            state, known = scene.desktop.journal.load(), scene.known()
            if state is None or known.get(BASE_URL) != target.url:
                return False
            if any(applied_profile(place) != state.profile_id for place in scene.desktop.places):
                return False
            if tuple(_names(known.get(MODELS))) != target.models:
                return False
            given = _given(key)
            has = known.get(API_KEY), known.get(SCHEME_KEY)
            if given is not None and has != (given[0].reveal(), given[1].value):
                return False
            return not scene.desktop.plan(known).changes
        except Failure:
            return False  # applying it says what is wrong

    def credential(self, url: str) -> "tuple[Secret, Credential] | None":
        """What Claude Desktop has been given for this URL."""
        from localedge.claude.probing import Credential

        try:
            known = self._scene.known()
        except Failure:
            return None
        key = known.get(API_KEY)
        if known.get(BASE_URL) != url or not isinstance(key, str) or not key:
            return None
        x_api_key = known.get(SCHEME_KEY) == Scheme.X_API_KEY.value
        return Secret(key), Credential.X_API_KEY if x_api_key else Credential.BEARER

    def carry_out(self, target: Target, key: "tuple[Secret | None, Credential] | None") -> bool:
        """Write it; whether it was.  Raises `Failure` and `Problems`."""
        if self._person.there and not self._wanted():
            return False
        self._apply(target, key, dry_run=False)
        return True

    def plan(self, target: Target) -> None:
        """Say what would be written."""
        self._apply(target, None, dry_run=True)

    def _wanted(self) -> bool:
        from localedge.machine.desktop_running import running

        answer = self._person.choice("setup-ask-desktop", {"yes": YES, "skip": SKIP}, "yes")
        while answer != "skip" and (found := running()):
            answer = self._person.choice(
                "setup-ask-quit", {"again": _AGAIN, "skip": SKIP}, "again", pid=found[0].pid
            )
        return answer != "skip"

    def _apply(
        self, target: Target, key: "tuple[Secret | None, Credential] | None", *, dry_run: bool
    ) -> None:
        from contextlib import nullcontext

        told = Told(self._printer, "desktop apply", as_json=False)
        wanted = Wanted(target.https, None, target.models, None, None, target.no_input)
        with nullcontext() if dry_run else self._scene.desktop.journal.held():
            desktop.put_in(self._scene, told, wanted, key=_given(key), dry_run=dry_run, edge_comes=True)


def overruled(system: "System", url: str) -> str | None:
    """Where an administrator's configuration is that sends Claude Desktop elsewhere than to this URL."""
    from localedge.machine.desktop import Desktop
    from localedge.machine.desktop_status import MANAGED, standing

    winner = standing(Desktop(system), list).winner
    if winner is None or winner.kind != MANAGED or (winner.settings or {}).get(BASE_URL) == url:
        return None
    return winner.where


def _given(key: "tuple[Secret | None, Credential] | None") -> "tuple[Secret, Scheme] | None":
    """As a profile wants it.  A gateway that asks for no key takes any, and Claude Desktop wants one."""
    if key is None:
        return None
    from localedge.claude.probing import Credential

    secret, credential = key
    scheme = Scheme.X_API_KEY if credential is Credential.X_API_KEY else Scheme.BEARER
    return secret or Secret(DEMO_KEY), scheme


def _names(models: object) -> list[str]:
    rows = models if isinstance(models, list) else []
    return [
        f"{one['name']}[1m]" if isinstance(one, dict) and one.get("supports1m") else str(one) for one in rows
    ]
