"""The one place that changes trust stores: it carries out plans, with a journal before and after.

Nothing is believed: after the last step the store is asked how the root stands.  What needs more
than the user's own rights goes through sudo, here and nowhere else.
"""

import enum
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from localedge.errors import Failure, reason_of
from localedge.pki.plan import Command, MakeDirectory, Native, Plan, RemoveFile, Root, State, Step, WriteFile
from localedge.settings.layers import clean

from . import private_files
from .journal import Entry, Journal, Phase, hash_of
from .rights import Rights
from .stores import Performs, Status, Store

_SHOWN = 200
"""Characters of what a program complained about."""


class Outcome(enum.StrEnum):
    """What became of one store."""

    DONE = "done"
    LEFT = "left"
    """Undone, but for something of somebody else's."""
    PERSON = "person-needed"
    FAILED = "failed"


class Result(NamedTuple):
    """What became of one root in one store."""

    outcome: Outcome
    failure: Failure | None = None
    restored: tuple[str, ...] = ()
    """Files that are byte for byte what they were before us."""


class Carrier:
    """Carries out plans.  Use it while the journal is held."""

    def __init__(self, journal: Journal, rights: Rights) -> None:
        self._journal = journal
        self._rights = rights

    def install(self, store: Store, root: Root, plan: Plan, was: State) -> Result:
        """Have a root trusted.  `was` is how it stands now."""
        if refusal := self.refusal(plan):
            return _failed(refusal)
        entry = Entry.intent(plan, root, was)
        try:
            if earlier := self.entry(plan.store, root):
                entry = entry.again(earlier)
            self._journal.put(entry)
        except Failure as unwritten:
            return _failed(unwritten)
        failure = self._carry_out(plan, store)
        status = store.state(root)
        if failure is None and status.state is not State.TRUSTED:
            failure = _lie(plan, status)
        if failure is None:
            return self._noted(plan.store, lambda: self._journal.put(entry.installed()))
        if status.state in (State.ABSENT, was) and not _remains(entry):
            self._undo_directories(entry)
            with suppress(Failure):  # an entry too many does no harm
                self._journal.drop(entry)
        return _failed(failure)

    def remove(self, store: Store, entry: Entry, plan: Plan) -> Result:
        """Undo what an entry of the journal tells."""
        if refusal := self.refusal(plan):
            return _failed(refusal)
        try:
            known = self.entry(entry.store, entry.root) is not None
            self._journal.put(replace(entry, phase=Phase.REMOVING))
        except Failure as unwritten:
            if unwritten.code != "journal-unwritable" or not known:
                return _failed(unwritten)
            # A full disk: what undoing has to know stands there already.
        left = [step for step in plan.steps if isinstance(step, RemoveFile) and _changed(step)]
        failure = self._carry_out(plan, store)
        status = store.state(entry.root)
        gone = status.state in (State.ABSENT, State.WRONG_FINGERPRINT, entry.was)
        if failure is None and not gone:
            failure = _left_behind(entry, left) if left else _lie(plan, status)
        if failure is not None:
            return _failed(failure)
        noted = self._noted(entry.store, lambda: self.forget(entry))
        if noted.failure is not None:
            return noted
        if left:
            return Result(Outcome.LEFT, _left_behind(entry, left))
        restored = tuple(one.path for one in entry.of("touched") if _same(one.before, Path(one.path)))
        return Result(Outcome.DONE, restored=restored)

    def forget(self, entry: Entry) -> None:
        """Take an entry out of the journal when the root is gone.  Raises `Failure`."""
        entries = [one for one in self._journal.entries() if one.store == entry.store]
        roots = [one.root for one in entries]
        place = roots.index(entry.root) if entry.root in roots else len(roots)
        if later := entries[place + 1 :]:
            self._journal.put(later[0].heir(entry))
        elif earlier := entries[:place]:
            self._journal.put(earlier[-1].keeper(entry))
        else:
            self._undo_directories(entry)
        self._journal.drop(entry)

    def confirm(self, store: Store, root: Root) -> None:
        """A root that is trusted already; if our run that saw to it was cut short, write that down."""
        earlier = self.entry(store.name, root)
        if earlier is not None and earlier.phase is not Phase.INSTALLED:
            self._journal.put(earlier.installed())

    def entry(self, store: str, root: Root) -> Entry | None:
        """What the journal has about a root in a store.  Raises `Failure`."""
        found = [one for one in self._journal.entries() if (one.store, one.root) == (store, root)]
        return found[0] if found else None

    def refusal(self, plan: Plan) -> Failure | None:
        """Before anything is changed: whoever has to answer a dialog or give a password is there."""
        if plan.person is not None and not self._rights.person:
            return Failure("store-needs-person", store=plan.store)
        if plan.privileged:
            try:
                self._rights.obtain(plan.store)
            except Failure as failure:
                return failure
        return None

    def _noted(self, store: str, note: Callable[[], None]) -> Result:
        """The store has been changed: write down that it is done."""
        try:
            note()
        except Failure as failure:
            if failure.code == "journal-unwritable":
                failure = Failure("journal-unfinished", store=store, **failure.params)
            return _failed(failure)
        return Result(Outcome.DONE)

    def _carry_out(self, plan: Plan, store: Store) -> Failure | None:
        failure = self._attempt(plan.steps, store)
        if failure is not None:
            self._attempt(plan.scratch, store)
        return failure

    def _attempt(self, steps: Sequence[Step], store: Store) -> Failure | None:
        try:
            for step in steps:
                self._do(step, store)
        except Failure as failure:
            return failure
        except OSError as error:
            path = private_files.shown(Path(str(error.filename or "?")))
            return Failure("store-file-failed", store=store.name, path=path, reason=reason_of(error))
        return None

    def _do(self, step: Step, store: Store) -> None:
        match step:
            case Command():
                self._run(step, store.name)
            case WriteFile():
                self._write(step, store.name)
            case RemoveFile():
                if hash_of(Path(step.path)) is not None and not _changed(step):
                    self._either(step.privileged, Path(step.path).unlink, store.name, "rm", "-f", step.path)
            case MakeDirectory():
                self._make_directory(step, store.name)
            case Native():
                assert isinstance(store, Performs), step
                store.perform(step)

    def _run(self, step: Command, store: str) -> None:
        ended = self._rights.run(step)
        program = step.argv[0]
        if ended.hung:
            raise Failure("tool-hangs", store=store, program=program, seconds=round(step.seconds))
        if ended.missing:
            raise Failure("tool-missing", store=store, program=program)
        if not ended.ok and not step.may_fail:
            reason = clean(ended.reason, _SHOWN)
            raise Failure("tool-failed", store=store, program=program, reason=reason)

    def _write(self, step: WriteFile, store: str) -> None:
        path = Path(step.path)
        if os.path.lexists(path):
            if path.is_file() and not path.is_symlink() and hash_of(path) == step.sha256:
                return
            raise Failure("file-in-the-way", store=store, path=private_files.shown(path))
        # Not with the ending that a store's own tool looks for.
        beside = path.with_name(f"{path.name}.localedge-new")
        if not step.privileged or self._rights.elevated:
            _write_beside(beside, step)
            beside.replace(path)
            private_files.settle(path.parent)
            return
        import tempfile

        with tempfile.NamedTemporaryFile(prefix="localedge-") as file:
            file.write(step.content)
            file.flush()
            self._as_root(store, "install", "-m", f"{step.mode:o}", file.name, str(beside))
        self._as_root(store, "mv", "-f", str(beside), step.path)

    def _make_directory(self, step: MakeDirectory, store: str) -> None:
        path = Path(step.path)
        if path.is_dir():
            return

        def make() -> None:
            path.mkdir(step.mode)

        self._either(step.privileged, make, store, "mkdir", "-m", f"{step.mode:o}", step.path)

    def _undo_directories(self, entry: Entry) -> None:
        """Those that we made, unless somebody has put something into them."""
        for change in reversed(entry.of("directory")):
            path = Path(change.path)
            if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                privileged = not os.access(path.parent, os.W_OK)
                with suppress(OSError, Failure):
                    self._either(privileged, path.rmdir, entry.store, "rmdir", change.path)

    def _either(self, privileged: bool, act: Callable[[], None], store: str, *argv: str) -> None:
        """By ourselves where we may, else by a program that root runs."""
        if privileged and not self._rights.elevated:
            self._as_root(store, *argv)
        else:
            act()

    def _as_root(self, store: str, *argv: str) -> None:
        self._run(Command(argv, privileged=True), store)


def _write_beside(beside: Path, step: WriteFile) -> None:
    beside.unlink(missing_ok=True)  # of a run that was cut short
    private_files.write_new(beside, step.content)
    beside.chmod(step.mode)


def _failed(failure: Failure) -> Result:
    return Result(Outcome.PERSON if failure.exit_status == 4 else Outcome.FAILED, failure)


def _lie(plan: Plan, status: Status) -> Failure:
    """Every step went well, and the store is not as it should be."""
    return status.problem or Failure("store-lies", store=plan.store, state=status.state.value)


def _left_behind(entry: Entry, left: list[RemoveFile]) -> Failure:
    return Failure("file-changed", store=entry.store, path=private_files.shown(Path(left[0].path)))


def _changed(step: RemoveFile) -> bool:
    """Whether something else than what we wrote stands there now."""
    try:
        status = os.lstat(step.path)
    except OSError:
        return False
    return not stat.S_ISREG(status.st_mode) or hash_of(Path(step.path)) != step.sha256


def _remains(entry: Entry) -> bool:
    """Whether a file that we wrote is still there."""
    return any(one.before != one.after and _same(one.after, Path(one.path)) for one in entry.of("file"))


def _same(wanted: str | None, path: Path) -> bool:
    return wanted is not None and hash_of(path) == wanted
