"""The steps of `localedge setup` that only HTTPS needs: the local CA trusted, its names in the hosts file."""

from typing import TYPE_CHECKING

import click

from localedge.errors import Failure, Problems

from .output import Printer
from .setup_asking import SKIP, Person
from .setup_gateway import Wishes

if TYPE_CHECKING:
    from localedge.config import Config

_TRUST = "localedge trust-ca"
_AGAIN = frozenset({"again", "a", "重试"})


class Https:
    """What is done by `trust-ca` and `hosts add`, and whether it is done by now."""

    def __init__(self, printer: Printer, person: Person, wishes: Wishes) -> None:
        self._printer = printer
        self._person = person
        self._file, self._lang = wishes.file, wishes.lang
        self._no_input, self._yes = wishes.no_input, wishes.yes

    # -- trust

    def trusted(self) -> bool:
        """Whether every store that `trust-ca` goes into has the root of an authority that fits."""
        from localedge.machine.stores import detect
        from localedge.pki.authority import as_root
        from localedge.pki.plan import State

        from . import trusting

        scene = trusting.Scene.of(self._printer, self._file, self._lang)
        try:
            authority = scene.vault.load(scene.system.now)
        except Failure:
            return False
        if set(authority.names) != set(scene.config.https.names):
            return False
        root = as_root(authority.root)
        stores = trusting.chosen(detect(scene.system), ())
        return all(store.state(root).state is State.TRUSTED for store in stores)

    @property
    def authority(self) -> bool:
        """Whether there is one, whoever trusts it."""
        from . import trusting

        return trusting.Scene.of(self._printer, self._file, self._lang).vault.exists

    def trust(self, *, dry_run: bool = False) -> None:
        """`trust-ca`.  Raises `Failure` where it stays undone."""
        from .trust_ca import trust_ca

        while True:
            status = self._trust_once(trust_ca, dry_run=dry_run)
            if status == 0 or dry_run:
                return
            if not self._person.there:
                raise Failure("setup-person" if status == 4 else "setup-not-done", command=_TRUST)
            answer = self._person.choice(
                "setup-ask-again", {"again": _AGAIN, "skip": SKIP}, "again", command=_TRUST
            )
            if answer == "skip":
                return

    def _trust_once(self, command: click.Command, *, dry_run: bool) -> int:
        try:
            return int(
                click.get_current_context().invoke(
                    command,
                    dry_run=dry_run,
                    words=(),
                    no_input=self._no_input,
                    yes=self._yes,
                    as_json=False,
                    new=False,
                    file=self._file,
                    lang=self._lang,
                )
            )
        except Failure as failure:
            if failure.code != "trust-declined" and not self._person.there:
                raise
            self._printer.failure(failure)
            return failure.exit_status

    # -- hosts

    def mapped(self, config: "Config") -> bool:
        """Whether the names lead to this machine, by the hosts file or otherwise."""
        from localedge.machine.hosts_lookup import is_loopback, look_up

        found = look_up(config.https.names).values()
        return all(addresses and all(map(is_loopback, addresses)) for addresses in found)

    def map(self, config: "Config", *, dry_run: bool = False) -> None:
        """`hosts add`.  Raises `Failure` and `Problems` where it stays undone."""
        from .hosts import add

        while True:
            try:
                click.get_current_context().invoke(
                    add, names=(), dry_run=dry_run, as_json=False, path=None, file=self._file, lang=self._lang
                )
            except (Failure, Problems) as problem:
                failures = problem.failures if isinstance(problem, Problems) else (problem,)
                for failure in failures:
                    self._printer.failure(failure)
                command = str(failures[0].params.get("command", "localedge hosts add"))
            else:
                return
            if dry_run:
                return
            if not self._person.there:
                raise Failure("setup-person", command=command)
            answer = self._person.choice(
                "setup-ask-hosts", {"again": _AGAIN, "skip": SKIP}, "again", command=command
            )
            if answer == "skip" or self.mapped(config):
                return
