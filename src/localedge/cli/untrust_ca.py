"""`localedge untrust-ca`: undo what `trust-ca` did, from the journal."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

import click

from localedge.errors import Failure

from . import trusting
from .group import help_option
from .options import config_option, lang_option
from .output import Printer
from .trust_ca import plan_of_removal
from .trusting import Report, Scene, Wishes

if TYPE_CHECKING:
    from localedge.machine.carrying import Carrier
    from localedge.machine.journal import Entry
    from localedge.machine.stores import Store
    from localedge.pki.plan import Plan


@click.command("untrust-ca", epilog=trusting.EXIT_CODES)
@trusting.options
@click.option("--unrecorded", is_flag=True, help="The root goes also where somebody else put it.")
@config_option
@lang_option
@help_option
@click.pass_obj
def untrust_ca(
    printer: Printer,
    *,
    dry_run: bool,
    words: tuple[str, ...],
    no_input: bool,
    yes: bool,
    as_json: bool,
    unrecorded: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Take the local CA out of every trust store again.

    From the journal, so that it works when the CA's own files are gone.  What
    localedge did not write, or what has changed since, is left and reported.

    \b
    Example:
      localedge untrust-ca --dry-run
    """
    scene = Scene.of(printer, file, lang)
    wishes = Wishes(dry_run, words, no_input, yes, as_json)
    return take_out(printer, scene, wishes, unrecorded=unrecorded)


def take_out(printer: Printer, scene: Scene, wishes: Wishes, *, unrecorded: bool = False) -> int:
    """Undo what the journal says; the exit status.  Raises `Failure` and `Problems`."""
    with nullcontext() if wishes.dry_run else scene.journal.held():
        return _Untrust(printer, scene, wishes).run(unrecorded)


class _Task(NamedTuple):
    """One root in one store.  No store: it is there no more."""

    entry: "Entry"
    store: "Store | None"
    plan: "Plan | Failure | None"


class _Untrust:
    def __init__(self, printer: Printer, scene: Scene, wishes: Wishes) -> None:
        self._printer = printer
        self._scene = scene
        self._wishes = wishes
        document = {"command": "untrust-ca", "dry_run": wishes.dry_run}
        self._report = Report(printer, wishes, document)

    def run(self, unrecorded: bool) -> int:
        """Look, show, ask, change, tell."""
        from localedge.machine.stores import detect, matches

        recorded = self._scene.journal.entries()
        found = detect(self._scene.system)
        trusting.chosen(found, self._wishes.words, [entry.store for entry in recorded])
        others = self._others(found, recorded)
        entries = [
            entry
            for entry in (*recorded, *(others if unrecorded else ()))
            if matches(entry.store, self._wishes.words)
        ]
        tasks = [self._task(entry, found) for entry in entries]
        self._show(tasks)
        if not entries:
            self._report.say("nothing-to-undo")
        elif self._wishes.dry_run:
            self._foretell(tasks)
        else:
            plans = [task.plan for task in tasks if task.plan and not isinstance(task.plan, Failure)]
            trusting.go_on(self._printer, self._wishes, plans)
            carrier = self._scene.carrier(self._wishes)
            for task in tasks:
                self._do(task, carrier)
            self._report.say("restart-clients")
        for entry in () if unrecorded else others:
            self._report.say("not-recorded", store=entry.store, nick=entry.root.nick)
        stays = others and not unrecorded
        if self._scene.vault.exists and not self._wishes.dry_run and not stays:
            self._report.say("authority-stays")
        return self._report.finish()

    def _others(self, found: "list[Store]", recorded: "list[Entry]") -> "list[Entry]":
        """Stores that have the root of this machine though the journal does not say that we put it there."""
        from localedge.machine.stores import matches

        root = self._scene.root()
        if root is None:
            return []
        stores = [store for store in found if matches(store.name, self._wishes.words)]
        return trusting.unrecorded(root, stores, recorded)

    def _task(self, entry: "Entry", found: "list[Store]") -> _Task:
        from localedge.machine.stores import named

        store = named(self._scene.system, entry.store, found)
        return _Task(entry, store, plan_of_removal(store, entry) if store else None)

    def _show(self, tasks: list[_Task]) -> None:
        from . import trust_words

        for entry, _, plan in tasks:
            if plan is not None and not isinstance(plan, Failure):
                self._report.say("plan-undo", store=entry.store, nick=entry.root.nick)
                trust_words.show(plan, self._printer, self._scene.system, self._report.say)

    def _foretell(self, tasks: list[_Task]) -> None:
        """The end of a dry run."""
        from . import trust_words

        for entry, _, plan in tasks:
            members = {"store": entry.store, "fingerprint": entry.root.fingerprint}
            if isinstance(plan, Failure):
                self._report.failure(plan, **members)
            elif plan is None:
                self._report.say("store-gone", store=entry.store, nick=entry.root.nick)
                self._report.row("store-gone", **members)
            else:
                steps = trust_words.rows(plan)
                self._report.row("planned-removal", **members, person=plan.person, steps=steps)
        self._report.say("nothing-changed")

    def _do(self, task: _Task, carrier: "Carrier") -> None:
        entry, store, plan = task
        if isinstance(plan, Failure):
            self._report.failure(plan, store=entry.store, fingerprint=entry.root.fingerprint)
        elif store is None or plan is None:
            carrier.forget(entry)
            self._report.say("store-gone", store=entry.store, nick=entry.root.nick)
            self._report.row("store-gone", store=entry.store, fingerprint=entry.root.fingerprint)
        else:
            result = carrier.remove(store, entry, plan)
            trusting.undone(self._report, result, entry, "now-untrusted" if plan.steps else "was-gone")
