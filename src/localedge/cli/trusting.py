"""What `trust-ca` and `untrust-ca` share: where they look, how they ask, what they report."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from localedge.errors import Failure, Problems

from .options import load_settings, not_with_sudo
from .output import Printer
from .terminal import at_terminal

if TYPE_CHECKING:
    from localedge.config import Config
    from localedge.machine.carrying import Carrier, Result
    from localedge.machine.journal import Entry, Journal
    from localedge.machine.stores import Store, System
    from localedge.machine.vault import Vault
    from localedge.pki.plan import Plan, Root

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXIT_CODES = (
    "Exit codes: 0 done, 1 something you can mend, 2 usage, 3 internal error, "
    "4 a person is needed (a dialog or a password), 130 interrupted."
)


def options(command: _Command) -> _Command:
    """The options of both commands."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The outcome as JSON, for programs."),
        click.option("--yes", is_flag=True, help="Do not ask before changing anything."),
        click.option("--no-input", is_flag=True, help="Never ask; leave out what needs a person."),
        click.option(
            "--store",
            "words",
            metavar="NAME",
            multiple=True,
            help="Only this store, like debian or nss; may be repeated.",
        ),
        click.option("--dry-run", is_flag=True, help="Print the plan, change nothing."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for."""

    dry_run: bool
    words: tuple[str, ...]
    no_input: bool
    yes: bool
    as_json: bool

    @property
    def person(self) -> bool:
        """Whether somebody is there to answer a dialog or give a password."""
        return not self.no_input and (self.yes or at_terminal())


@dataclass(frozen=True)
class Scene:
    """The machine and our own records on it."""

    config: "Config"
    system: "System"
    vault: "Vault"
    journal: "Journal"

    @classmethod
    def of(cls, printer: Printer, file: str | None, lang: str | None) -> "Scene":
        """As configured.  Raises `Failure` under sudo and `Problems` for the configuration."""
        from localedge.machine.journal import NAME, Journal
        from localedge.machine.stores import System
        from localedge.machine.vault import Vault, authority_directory

        config = load_settings(printer, {"lang": lang}, file).config
        not_with_sudo()
        directory = authority_directory(config.https.directory)
        return cls(config, System.here(), Vault(directory), Journal(directory.parent / NAME))

    def root(self) -> "Root | None":
        """The root of the vault, whatever else is there."""
        certificate = self.vault.root()
        if certificate is None:
            return None
        from localedge.pki.authority import as_root

        return as_root(certificate)

    def carrier(self, wishes: Wishes) -> "Carrier":
        """What carries out the plans."""
        from localedge.machine.carrying import Carrier
        from localedge.machine.rights import Rights

        return Carrier(self.journal, Rights(self.system, person=wishes.person))


def chosen(stores: Sequence["Store"], words: Sequence[str], recorded: Sequence[str] = ()) -> list["Store"]:
    """The stores that `--store` words mean, or all that need no naming.

    `recorded` are names in the journal, which may be named too.  Raises `Failure` for a word that means none.
    """
    from localedge.machine.stores import matches

    names = [*(store.name for store in stores), *recorded]
    problems = [
        Failure("no-such-store", name=word, known=", ".join(dict.fromkeys(names)) or "-")
        for word in words
        if not any(matches(name, [word]) for name in names)
    ]
    if problems:
        raise Problems(problems)
    if not words:
        return [store for store in stores if not store.only_if_named]
    return [store for store in stores if matches(store.name, words)]


class Report:
    """Tells what is planned and what became of it, in lines or as one JSON document."""

    def __init__(self, printer: Printer, wishes: Wishes, document: dict[str, Any]) -> None:
        self._printer = printer
        self._wishes = wishes
        self._document = document
        self._rows: list[dict[str, Any]] = []
        self._failed = False
        self._person = False

    def say(self, code: str, **params: object) -> None:
        """A line: data for a person, talk beside the JSON."""
        if self._wishes.as_json:
            self._printer.talk(code, **params)
        else:
            self._printer.data(self._printer.text(code, **params))

    def row(self, outcome: str, **members: Any) -> None:
        """One store's part of the JSON."""
        self._rows.append({"outcome": outcome, **members})

    def failure(self, failure: Failure, **members: Any) -> None:
        """A store that could not be done: the others go on."""
        person = failure.exit_status == 4
        self._person |= person
        self._failed |= not person
        self._printer.failure(failure)
        outcome = "person-needed" if person else "failed"
        self.row(outcome, **members, code=failure.code, message=failure.sentence(self._printer.lang))

    def left(self, failure: Failure, **members: Any) -> None:
        """Something of somebody else's stays: told, and no failure of ours."""
        self._printer.failure(failure)
        self.row("left", **members, code=failure.code, message=failure.sentence(self._printer.lang))

    def finish(self) -> int:
        """The exit status: what can be mended counts before what needs a person."""
        status = 1 if self._failed else 4 if self._person else 0
        if self._wishes.as_json:
            document = {**self._document, "stores": self._rows, "exit_status": status}
            self._printer.json(document)
        return status


def clients(printer: Printer, codes: Sequence[str]) -> str:
    """Who is served, as words."""
    from localedge import messages

    separator = "、" if printer.lang == "zh" else ", "
    return separator.join(printer.text(code) if code in messages.table() else code for code in codes)


def unrecorded(root: "Root", stores: Sequence["Store"], entries: Sequence["Entry"]) -> "list[Entry]":
    """What the journal would say of the stores that have a root of which it says nothing."""
    from localedge.machine.journal import Entry, Phase
    from localedge.pki.plan import State

    known = {entry.store for entry in entries if entry.root == root}
    return [
        Entry(store.name, root, Phase.INSTALLED, State.ABSENT)
        for store in stores
        if store.name not in known and store.state(root).state.present
    ]


def go_on(printer: Printer, wishes: Wishes, plans: Sequence["Plan"]) -> None:
    """Ask, where somebody is at the terminal and a step needs privilege or shows a dialog.

    Raises `Failure` for anything but a yes.
    """
    if wishes.yes or wishes.no_input or not at_terminal():
        return
    if not any(plan.privileged or plan.person for plan in plans):
        return
    printer.talk("ask-go-on")
    if sys.stdin.readline().strip().lower() not in ("y", "yes", "j", "ja", "是"):
        raise Failure("trust-declined")


def undone(report: Report, result: "Result", entry: "Entry", code: str) -> None:
    """Tell what became of a root that was to go."""
    members = {"store": entry.store, "fingerprint": entry.root.fingerprint}
    if result.outcome.value == "done":
        report.say(code, store=entry.store, nick=entry.root.nick)
        for path in result.restored:
            report.say("as-before", path=path)
        report.row("removed", **members, restored=list(result.restored))
        return
    assert result.failure is not None
    if result.outcome.value == "left":
        report.left(result.failure, **members)
    else:
        report.failure(result.failure, **members)
