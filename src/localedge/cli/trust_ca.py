"""`localedge trust-ca`: have this machine's clients trust the local CA."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import click

from localedge.errors import Failure

from . import trusting
from .group import help_option
from .options import config_option, lang_option
from .output import Printer
from .trusting import Report, Scene, Wishes

if TYPE_CHECKING:
    from localedge.machine.carrying import Carrier
    from localedge.machine.journal import Entry
    from localedge.machine.stores import Status, Store
    from localedge.pki.authority import Authority
    from localedge.pki.plan import Plan


@click.command("trust-ca", epilog=trusting.EXIT_CODES)
@trusting.options
@click.option("--new", is_flag=True, help="Make a new root, and take the former one out.")
@config_option
@lang_option
@help_option
@click.pass_obj
def trust_ca(
    printer: Printer,
    *,
    dry_run: bool,
    words: tuple[str, ...],
    no_input: bool,
    yes: bool,
    as_json: bool,
    new: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Have browsers and Claude trust HTTPS from this edge.

    Makes the local CA if there is none: it can speak for the names of https.names
    and loopback only.  "localedge untrust-ca" undoes everything.

    \b
    Example:
      localedge trust-ca --dry-run
    """
    scene = Scene.of(printer, file, lang)
    wishes = Wishes(dry_run, words, no_input, yes, as_json)
    with nullcontext() if dry_run else scene.journal.held():
        return _Trust(printer, scene, wishes, _decide(scene, new)).run()


class _Wanted(NamedTuple):
    """The authority that is to be trusted, and why it is a new one, if it is."""

    authority: "Authority"
    reason: str | None = None
    former: tuple[str, ...] = ()


@dataclass
class _Task:
    """What there is to do in one store."""

    store: "Store"
    was: "Status"
    plan: "Plan | None" = None
    problem: Failure | None = None
    needed: bool = False
    """The root that is in force is trusted here: unless the new one is too, it stays in force."""
    former: list[tuple["Entry", "Plan | Failure"]] = field(default_factory=list)

    @property
    def plans(self) -> "list[Plan]":
        """All that will be carried out here."""
        return [
            *([self.plan] if self.plan else []),
            *(plan for _, plan in self.former if not isinstance(plan, Failure)),
        ]


def _decide(scene: Scene, new: bool) -> _Wanted:
    """The authority on disk if it still fits, else a new one, which is not on disk yet."""
    from localedge.pki.authority import make_authority

    names, now = scene.config.https.names, scene.system.now

    def fresh(reason: str, former: tuple[str, ...] = ()) -> _Wanted:
        return _Wanted(make_authority(names, now), reason, former)

    if not scene.vault.exists:
        return fresh("new-root-none")
    if new:
        return fresh("new-root-asked")
    try:
        authority = scene.vault.load(now)
    except Failure as failure:
        if failure.code != "ca-expired":
            raise
        return fresh("new-root-expired")
    if set(authority.names) != set(names):
        return fresh("new-root-names", authority.names)
    return _Wanted(authority)


class _Trust:
    def __init__(self, printer: Printer, scene: Scene, wishes: Wishes, wanted: _Wanted) -> None:
        from localedge.pki.authority import as_root

        self._printer = printer
        self._scene = scene
        self._wishes = wishes
        self._wanted = wanted
        self._root = as_root(wanted.authority.root)
        self._former = scene.root() if wanted.reason is not None else None
        self._unrecorded: list[Entry] = []
        self._document = self._described()
        self._report = Report(printer, wishes, self._document)

    def run(self) -> int:
        """Look, show, ask, change, tell."""
        from localedge.machine.stores import detect

        found = detect(self._scene.system)
        stores = trusting.chosen(found, self._wishes.words)
        entries = self._scene.journal.entries()
        held = [store for store in found if self._held_by(store, entries)]
        if self._former is not None:
            self._unrecorded = trusting.unrecorded(self._former, found, entries)
            entries += self._unrecorded
        tasks = [self._task(store, entries, needed=store in held) for store in stores]
        self._show(tasks)
        if self._wishes.dry_run:
            return self._foretell(tasks)
        plans = [plan for task in tasks for plan in task.plans]
        trusting.go_on(self._printer, self._wishes, plans)
        carrier = self._scene.carrier(self._wishes)
        for task in tasks:
            _ask_leave(task, carrier)
        if held:
            done = self._replace(tasks, carrier)
            if done is None:
                return self._report.finish()
        else:
            if self._wanted.reason is not None:
                self._put_in_force()
            done = [task for task in tasks if self._install(task, carrier)]
        undone = [self._remove_former(task, carrier) for task in tasks]
        changed = any(task.plan for task in done) or any(undone)
        self._tell_of_others(entries, {store.name for store in stores})
        self._advise(changed, bool(stores))
        return self._report.finish()

    def _held_by(self, store: "Store", entries: list["Entry"]) -> bool:
        """Whether clients of this store trust the root that is in force, and would not without it."""
        from localedge.machine.journal import Phase
        from localedge.pki.plan import State

        if self._former is None or self._former.not_after <= self._scene.system.now:
            return False
        state = store.state(self._former).state
        ours = [one.phase for one in entries if (one.store, one.root) == (store.name, self._former)]
        return state is State.TRUSTED or (state is State.UNKNOWN and ours == [Phase.INSTALLED])

    def _replace(self, tasks: list[_Task], carrier: "Carrier") -> list[_Task] | None:
        """Have the new root trusted before it takes the place of one that is: a refusal loses nothing.

        Until then its key is nowhere but here.  None: the former root stays.
        """
        done: list[_Task] = []
        tried: list[_Task] = []
        # What cannot be is told before anything is changed.
        for task in sorted(tasks, key=lambda task: not (task.needed and task.problem)):
            tried.append(task)
            if self._install(task, carrier):
                done.append(task)
            elif task.needed:
                break
        else:
            if done and self._may_be_in_force():
                return done
        for task in reversed(tried):
            if task.plan is not None:
                self._take_back(task, carrier)
        for task in tasks:
            if task not in tried:
                self._report.row("unchanged", store=task.store.name, state=task.was.state.value)
        assert self._former is not None
        self._document["former_kept"] = True
        self._report.say("former-kept", nick=self._former.nick)
        return None

    def _may_be_in_force(self) -> bool:
        """Put the new authority in force; whether it is, also where tidying up behind it failed."""
        try:
            self._put_in_force()
        except Failure as failure:
            self._report.failure(failure)
            if self._scene.root() != self._root:
                for entry in self._unrecorded:
                    self._scene.journal.drop(entry)
                return False
        return True

    def _put_in_force(self) -> None:
        """From here on the edge's certificate is the new authority's.

        What only the vault knew of the former root goes into the journal first.
        """
        scene = self._scene
        for entry in self._unrecorded:
            scene.journal.put(entry)
        scene.vault.store(self._wanted.authority, scene.config.https.names, scene.system.now)

    def _take_back(self, task: _Task, carrier: "Carrier") -> None:
        """The new root goes again where this run put it."""
        entry = carrier.entry(task.store.name, self._root)
        if entry is None:
            return
        plan = plan_of_removal(task.store, entry)
        if isinstance(plan, Failure):
            self._report.failure(plan, store=entry.store, fingerprint=entry.root.fingerprint)
        else:
            trusting.undone(self._report, carrier.remove(task.store, entry, plan), entry, "new-undone")

    def _described(self) -> dict[str, object]:
        wanted, root = self._wanted, self._root
        return {
            "command": "trust-ca",
            "dry_run": self._wishes.dry_run,
            "authority": {
                "name": root.nick,
                "fingerprint": root.fingerprint,
                "names": list(wanted.authority.names),
                "not_after": root.not_after.isoformat(),
                "new": wanted.reason is not None,
                "reason": wanted.reason,
                "example": wanted.reason is not None and self._wishes.dry_run,
            },
        }

    def _task(self, store: "Store", entries: list["Entry"], *, needed: bool) -> _Task:
        from localedge.pki.plan import State

        task = _Task(store, store.state(self._root), needed=needed)
        try:
            if task.was.problem is not None:
                task.problem = task.was.problem
            elif task.was.state is not State.TRUSTED:
                task.plan = store.plan_install(self._root)
        except Failure as failure:
            task.problem = failure
        for entry in entries:
            if entry.store == store.name and entry.root != self._root:
                task.former.append((entry, plan_of_removal(store, entry)))
        return task

    def _show(self, tasks: list[_Task]) -> None:
        """What will change and why; nothing where nothing will."""
        from . import trust_words

        wanted, root, say = self._wanted, self._root, self._report.say
        if wanted.reason is not None:
            names, former = ", ".join(self._scene.config.https.names), ", ".join(wanted.former)
            say(wanted.reason, names=names, former=former)
        if wanted.reason is None and not any(task.plans for task in tasks):
            return
        if wanted.reason is not None and self._wishes.dry_run:
            say("plan-example")
        say("plan-root", nick=root.nick, date=f"{root.not_after:%Y-%m-%d}", fingerprint=root.fingerprint)
        for task in tasks:
            if task.plan is not None:
                served = trusting.clients(self._printer, task.plan.clients)
                say("plan-store", store=task.store.name, clients=served)
                trust_words.show(task.plan, self._printer, self._scene.system, say)
            for entry, plan in task.former:
                if not isinstance(plan, Failure):
                    say("plan-former", store=entry.store, nick=entry.root.nick)
                    trust_words.show(plan, self._printer, self._scene.system, say)

    def _foretell(self, tasks: list[_Task]) -> int:
        """The end of a dry run."""
        from . import trust_words

        for task in tasks:
            members: dict[str, object] = {"store": task.store.name, "state": task.was.state.value}
            if task.problem is not None:
                self._report.failure(task.problem, **members)
            elif task.plan is None:
                self._already(task)
            else:
                members |= {"steps": trust_words.rows(task.plan), "person": task.plan.person}
                self._report.row("planned", **members, clients=list(task.plan.clients))
            for entry, plan in task.former:
                members = {"store": entry.store, "fingerprint": entry.root.fingerprint}
                if isinstance(plan, Failure):
                    self._report.failure(plan, **members)
                else:
                    self._report.row("planned-removal", **members, steps=trust_words.rows(plan))
        self._report.say("nothing-changed")
        return self._report.finish()

    def _install(self, task: _Task, carrier: "Carrier") -> bool:
        """Have the root trusted in one store; whether it is."""
        from . import trust_words

        name = task.store.name
        members: dict[str, object] = {"store": name, "state": task.was.state.value}
        if task.problem is not None:
            self._report.failure(task.problem, **members)
            return False
        if task.plan is None:
            carrier.confirm(task.store, self._root)
            self._already(task)
            return True
        result = carrier.install(task.store, self._root, task.plan, task.was.state)
        members["steps"] = trust_words.rows(task.plan)
        if result.failure is not None:
            self._report.failure(result.failure, **members)
            return False
        served = trusting.clients(self._printer, task.plan.clients)
        self._report.say("now-trusted", store=name, clients=served)
        self._report.row("trusted", **members, clients=list(task.plan.clients))
        return True

    def _remove_former(self, task: _Task, carrier: "Carrier") -> bool:
        """Take the former roots out of one store; whether anything changed."""
        changed = False
        for entry, plan in task.former:
            if isinstance(plan, Failure):
                self._report.failure(plan, store=entry.store, fingerprint=entry.root.fingerprint)
            else:
                result = carrier.remove(task.store, entry, plan)
                changed |= result.failure is None
                trusting.undone(self._report, result, entry, "former-removed")
        return changed

    def _already(self, task: _Task) -> None:
        try:
            served = task.store.plan_install(self._root).clients
        except Failure:
            served = ()
        shown = trusting.clients(self._printer, served)
        self._report.say("already-trusted", store=task.store.name, clients=shown)
        self._report.row("already", store=task.store.name, state=task.was.state.value, clients=list(served))

    def _tell_of_others(self, entries: list["Entry"], done: set[str]) -> None:
        """Former roots in stores that this run left out."""
        for name in dict.fromkeys(entry.store for entry in entries if entry.root != self._root):
            if name not in done:
                self._report.say("other-stores-former", store=name)

    def _advise(self, changed: bool, any_store: bool) -> None:
        from localedge.machine.stores import advice
        from localedge.pki.authority import root_due

        system, root_file = self._scene.system, self._scene.vault.root_file
        declared = advice.declared(system, root_file)
        if not any_store and not declared:
            self._report.failure(Failure("no-stores"))
        if changed:
            self._report.say("restart-clients")
        for code, path in advice.advice(system, root_file) if changed else declared:
            self._report.say(code, path=path)
        if root_due(self._wanted.authority.root, system.now):
            self._report.say("root-ends-soon", date=f"{self._root.not_after:%Y-%m-%d}")


def _ask_leave(task: _Task, carrier: "Carrier") -> None:
    """Before anything is changed anywhere: plans that nobody gives leave for are problems."""
    if task.plan is not None and (refusal := carrier.refusal(task.plan)):
        task.problem, task.plan = refusal, None
    task.former = [
        (entry, plan if isinstance(plan, Failure) else carrier.refusal(plan) or plan)
        for entry, plan in task.former
    ]


def plan_of_removal(store: "Store", entry: "Entry") -> "Plan | Failure":
    """How an entry of the journal would be undone."""
    from localedge.machine.stores import Recalls

    if isinstance(store, Recalls):
        store.recall(entry.notes)
    try:
        return store.plan_remove(entry.root)
    except Failure as failure:
        return failure
