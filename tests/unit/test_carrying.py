"""Carrying out plans: every way a tool can disappoint, and a crash at every step."""

import errno
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Carrier, Outcome
from localedge.machine.journal import Entry, Phase
from localedge.machine.stores import Status
from localedge.pki.plan import (
    Command,
    MakeDirectory,
    Native,
    Plan,
    RemoveFile,
    Root,
    State,
    Step,
    WriteFile,
)
from tests.trusting import Machine, a_root, snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


class Shelf:
    """A store of one file per root, whose tool `shelve` takes it in and out: `bundle` has what is trusted."""

    name = "shelf"
    only_if_named = False

    def __init__(
        self,
        machine: Machine,
        *,
        privileged: bool = False,
        person: str | None = None,
        seconds: float = 20.0,
    ) -> None:
        self._machine = machine
        self._seconds = seconds
        self._privileged = privileged
        self._person = person
        self.place = machine.root / "etc/shelf/anchors"
        self.bundle = machine.root / "etc/bundle"
        self.performed: list[str] = []

    def state(self, root: Root) -> Status:
        """By the bundle."""
        bundled = self.bundle.exists() and root.fingerprint in self.bundle.read_text()
        return Status(State.TRUSTED if bundled else State.ABSENT)

    def plan_install(self, root: Root) -> Plan:
        """Two directories, a file, a tool."""
        made = [self.place.parent, self.place]
        steps: list[Step] = [MakeDirectory(str(one), privileged=self._privileged) for one in made]
        steps += [self._anchor(root), self._tool("add", root), Native("nod", "here")]
        return self._plan(steps)

    def plan_remove(self, root: Root) -> Plan:
        """The file and the tool."""
        anchor = self._anchor(root)
        remove = RemoveFile(anchor.path, anchor.sha256, privileged=self._privileged)
        return self._plan([remove, self._tool("remove", root)])

    def perform(self, step: Native) -> None:
        """Remember."""
        self.performed.append(step.call)

    def _plan(self, steps: Sequence[Step]) -> Plan:
        return Plan(self.name, tuple(steps), ("everybody",), self._person, touches=(str(self.bundle),))

    def _anchor(self, root: Root) -> WriteFile:
        return WriteFile(str(self.place / root.file_stem), root.pem, privileged=self._privileged)

    def _tool(self, verb: str, root: Root) -> Command:
        argv = (str(self._machine.bin / "shelve"), verb, root.fingerprint, str(self.bundle))
        return Command(argv, privileged=self._privileged, seconds=self._seconds)


ADD_AND_REMOVE = (
    'if [ "$1" = add ]; then echo "$2" >> "$3"; fi',
    'if [ "$1" = remove ]; then grep -v "$2" "$3" > "$3.new"; mv "$3.new" "$3"; fi',
)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a tool that works."""
    found = Machine(tmp_path)
    found.program("shelve", *ADD_AND_REMOVE)
    (found.root / "etc/bundle").write_text("others\n")
    return found


def the_entry(machine: Machine) -> Entry:
    """The journal's only one."""
    [entry] = machine.journal.entries()
    return entry


def test_what_was_installed_is_removed_without_a_trace(machine: Machine) -> None:
    """Install and remove leave every file, directory and mode as they were, and an empty journal."""
    store, root = Shelf(machine), a_root()
    carrier = machine.carrier(machine.system())
    before = snapshot(machine.root)
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result == (Outcome.DONE, None, ()) and store.performed == ["nod"]
    entry = the_entry(machine)
    assert entry.phase is Phase.INSTALLED and entry.of("touched")[0].after is not None
    assert (store.place / root.file_stem).read_bytes() == root.pem
    result = carrier.remove(store, entry, store.plan_remove(root))
    assert result == (Outcome.DONE, None, (str(store.bundle),))
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_what_was_there_before_stays(machine: Machine) -> None:
    """A directory that we did not make, or that somebody has used since, is not removed."""
    store, root = Shelf(machine), a_root()
    store.place.parent.mkdir()
    carrier = machine.carrier(machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    (store.place / "other").write_text("somebody's")
    carrier.remove(store, the_entry(machine), store.plan_remove(root))
    assert list(store.place.iterdir()) == [store.place / "other"]


def test_the_journal_is_written_before_the_first_step(machine: Machine) -> None:
    """When the tool runs, the intent with the file's hash is on disk already."""
    machine.program("shelve", f'cat "{machine.journal.path}" > "$LOG.seen"', *ADD_AND_REMOVE)
    store, root = Shelf(machine), a_root()
    machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    seen = (machine.log.parent / "log.seen").read_text()
    assert '"installing"' in seen and hashlib.sha256(root.pem).hexdigest() in seen


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        (["echo first >&2; echo 'the disk is full' >&2; exit 3"], "tool-failed", "the disk is full"),
        (["exit 3"], "tool-failed", "exit status 3"),
        (["printf 'a\\033[31mred\\n' >&2; exit 1"], "tool-failed", "a\\x1b[31mred"),
        (["exit 0"], "store-lies", "absent"),
        (["kill -9 $$"], "tool-failed", "-9"),
    ],
)
def test_a_tool_that_does_not_do_its_work(machine: Machine, lines: list[str], code: str, words: str) -> None:
    """A tool that fails, or says that it did and did not, is told in its own words, on one line."""
    machine.program("shelve", *lines)
    store, root = Shelf(machine), a_root()
    carrier = machine.carrier(machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.FAILED and result.failure is not None
    assert result.failure.code == code and words in str(result.failure)
    # The file that was written is still known, and undone when the tool works again.
    machine.program("shelve", *ADD_AND_REMOVE)
    carrier.remove(store, the_entry(machine), store.plan_remove(root))
    assert not store.place.parent.exists() and machine.journal.entries() == []


def test_a_tool_that_hangs(machine: Machine) -> None:
    """It is stopped when its time is over, with whatever it started, and told with that time."""
    machine.program("shelve", "sleep 1000 & sleep 1000")
    store, root = Shelf(machine, seconds=0.3), a_root()
    result = machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.FAILED and result.failure is not None
    assert result.failure.code == "tool-hangs" and store.state(root).state is State.ABSENT
    assert the_entry(machine).phase is Phase.INSTALLING, "the file that was written is known"


def test_a_tool_that_is_missing(machine: Machine) -> None:
    """The program that is not there is named."""
    (machine.bin / "shelve").unlink()
    store, root = Shelf(machine), a_root()
    result = machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert result.failure is not None and result.failure.code == "tool-missing"
    assert "shelve" in str(result.failure)


def test_a_tool_that_cannot_be_started(machine: Machine) -> None:
    """A file that the system will not run is told with its reason."""
    (machine.bin / "shelve").write_bytes(b"\x7fELF nonsense")
    store, root = Shelf(machine), a_root()
    result = machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert result.failure is not None and result.failure.code == "tool-failed"
    assert "format" in str(result.failure)


def test_a_failure_that_changed_nothing_leaves_nothing(machine: Machine) -> None:
    """When the first step already fails, neither directories nor an entry in the journal stay."""
    store, root = Shelf(machine), a_root()
    plan = store.plan_install(root)
    plan = Plan(store.name, (*plan.steps[:2], Command(("/nowhere/tool",)), *plan.steps[2:]))
    before = snapshot(machine.root)
    result = machine.carrier(machine.system()).install(store, root, plan, State.ABSENT)
    assert result.outcome is Outcome.FAILED
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_a_scratch_file_goes_also_when_a_step_fails(machine: Machine) -> None:
    """A file that only served a command does not stay when that command fails."""
    store, root = Shelf(machine), a_root()
    scratch = WriteFile(str(machine.home / "scratch"), root.pem, 0o600)
    steps = (scratch, Command(("/nowhere/tool",)), RemoveFile(scratch.path, scratch.sha256))
    machine.carrier(machine.system()).install(store, root, Plan(store.name, steps), State.ABSENT)
    assert not Path(scratch.path).exists() and machine.journal.entries() == []


@pytest.mark.parametrize("step", range(6))
@pytest.mark.parametrize("again", [True, False], ids=["again", "undo"])
def test_a_crash_before_any_step(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, step: int, again: bool
) -> None:
    """Killed at any point, the journal knows enough: a second run finishes, and undoing leaves no trace."""
    store, root = Shelf(machine), a_root()
    before = snapshot(machine.root)
    done: list[Step] = []
    usual = Carrier._do

    def dying(self: Carrier, this: Step, where: Shelf) -> None:
        if len(done) == step:
            raise KeyboardInterrupt
        done.append(this)
        usual(self, this, where)

    with monkeypatch.context() as patch:
        patch.setattr(Carrier, "_do", dying)
        if step < 5:
            with pytest.raises(KeyboardInterrupt):
                machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
            assert the_entry(machine).phase is Phase.INSTALLING
    carrier = machine.carrier(machine.system())
    if again:
        carrier.install(store, root, store.plan_install(root), store.state(root).state)
        assert the_entry(machine).phase is Phase.INSTALLED and store.state(root).state is State.TRUSTED
    for entry in machine.journal.entries():
        assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    assert snapshot(machine.root) == before and machine.journal.entries() == []


@pytest.mark.parametrize("step", range(2))
def test_a_crash_while_undoing(machine: Machine, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Undoing that was cut short is finished by the next run."""
    store, root = Shelf(machine), a_root()
    before = snapshot(machine.root)
    carrier = machine.carrier(machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    plan = store.plan_remove(root)
    usual = Carrier._do

    def dying(self: Carrier, this: Step, where: Shelf) -> None:
        if this is plan.steps[step]:
            raise KeyboardInterrupt
        usual(self, this, where)

    with monkeypatch.context() as patch:
        patch.setattr(Carrier, "_do", dying)
        with pytest.raises(KeyboardInterrupt):
            carrier.remove(store, the_entry(machine), plan)
    assert the_entry(machine).phase is Phase.REMOVING
    result = carrier.remove(store, the_entry(machine), store.plan_remove(root))
    assert result.outcome is Outcome.DONE
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_an_installation_that_was_cut_short_at_its_end_is_confirmed(machine: Machine) -> None:
    """Trusted, but the journal did not get to know: the next run writes it down."""
    store, root = Shelf(machine), a_root()
    carrier = machine.carrier(machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    entry = the_entry(machine)
    machine.journal.put(Entry(entry.store, root, Phase.INSTALLING, State.ABSENT, entry.changes))
    carrier.confirm(store, root)
    assert the_entry(machine).phase is Phase.INSTALLED


def test_a_file_that_changed_since_is_left(machine: Machine) -> None:
    """What somebody else wrote in our file's place is not removed; it is told."""
    store, root = Shelf(machine), a_root()
    carrier = machine.carrier(machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    anchor = store.place / root.file_stem
    anchor.write_text("mine now")
    result = carrier.remove(store, the_entry(machine), store.plan_remove(root))
    assert result.outcome is Outcome.LEFT and result.failure is not None
    assert result.failure.code == "file-changed" and str(anchor) in str(result.failure)
    assert anchor.read_text() == "mine now" and machine.journal.entries() == []


@pytest.mark.parametrize("kind", ["content", "link", "directory"])
def test_a_file_in_the_way_is_not_replaced(machine: Machine, kind: str) -> None:
    """A file of somebody else's with our name stays as it is, whatever it is."""
    store, root = Shelf(machine), a_root()
    store.place.mkdir(parents=True)
    anchor, elsewhere = store.place / root.file_stem, machine.home / "target"
    elsewhere.write_bytes(root.pem)
    if kind == "link":
        anchor.symlink_to(elsewhere)
    elif kind == "directory":
        anchor.mkdir()
    else:
        anchor.write_text("theirs")
    before = snapshot(machine.root)
    result = machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert result.failure is not None and result.failure.code == "file-in-the-way"
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_a_store_that_shows_a_dialog_waits_for_a_person(machine: Machine) -> None:
    """With nobody there to answer, the store is not even begun: exit status 4."""
    store, root = Shelf(machine, person="windows-dialog"), a_root()
    before = snapshot(machine.root)
    carrier = machine.carrier(machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.PERSON and result.failure is not None
    assert result.failure.exit_status == 4
    assert snapshot(machine.root) == before and machine.calls() == []
    carrier = machine.carrier(machine.system(), person=True)
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE


def test_a_failure_of_the_system_itself_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only file system is named with its file."""
    from localedge.machine import private_files

    def read_only(path: Path, content: bytes) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(private_files, "write_new", read_only)
    store, root = Shelf(machine), a_root()
    machine.carrier(machine.system())
    plan = store.plan_install(root)
    journal = machine.journal
    monkeypatch.setattr(type(journal), "put", lambda self, entry: None)
    monkeypatch.setattr(type(journal), "drop", lambda self, entry: None)
    result = machine.carrier(machine.system()).install(store, root, plan, State.ABSENT)
    assert result.failure is not None and result.failure.code == "store-file-failed"
    assert "Read-only file system" in str(result.failure) and str(store.place) in str(result.failure)


def test_a_failure_inside_a_store_is_that_stores(machine: Machine) -> None:
    """What a store says about a step of its own is what the user reads."""
    store, root = Shelf(machine), a_root()

    def refuse(step: Native) -> None:
        raise Failure("needs-administrator", store="shelf")

    store.perform = refuse  # type: ignore[method-assign]
    result = machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.PERSON


def test_two_roots_go_in_either_order(machine: Machine) -> None:
    """Whichever of two roots goes first, after the second everything is as it was, and known to be."""
    store, before = Shelf(machine), snapshot(machine.root)
    for first in (0, 1):
        carrier = machine.carrier(machine.system())
        roots = [a_root(), a_root()]
        for root in roots:
            carrier.install(store, root, store.plan_install(root), State.ABSENT)
        for root in (roots[first], roots[1 - first]):
            entry = carrier.entry(store.name, root)
            assert entry is not None
            result = carrier.remove(store, entry, store.plan_remove(root))
            assert result.outcome is Outcome.DONE
        assert result.restored == (str(store.bundle),)
        assert snapshot(machine.root) == before and machine.journal.entries() == []


class Full:
    """A disk that takes the journal a few times more, and then no longer."""

    def __init__(self, patch: pytest.MonkeyPatch, room: int) -> None:
        from localedge.machine import private_files

        self.room = room
        self._write = private_files.write
        patch.setattr(private_files, "write", self)

    def __call__(self, path: Path, content: bytes) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        self._write(path, content)


def test_a_disk_that_is_full_behind_a_change(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store was changed and the journal cannot say so: that is what is told, and undoing works."""
    store, root = Shelf(machine), a_root()
    before = snapshot(machine.root)
    carrier = machine.carrier(machine.system())
    with monkeypatch.context() as patch:
        Full(patch, 1)
        result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
        assert result.outcome is Outcome.FAILED and result.failure is not None
        assert result.failure.code == "journal-unfinished" and "was changed" in str(result.failure)
        assert "untrust-ca" in str(result.failure) and "No space left" in str(result.failure)
        assert store.state(root).state is State.TRUSTED
        # What undoing has to know is there: it does not take more room.
        result = carrier.remove(store, the_entry(machine), store.plan_remove(root))
        assert result.outcome is Outcome.DONE
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_a_disk_that_is_full_before_a_change(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for the journal nothing is changed, and that is told as this store's failure."""
    store, root = Shelf(machine), a_root()
    carrier, before = machine.carrier(machine.system()), snapshot(machine.root)
    Full(monkeypatch, 0)
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.FAILED and result.failure is not None
    assert result.failure.code == "journal-unwritable" and "nothing is changed" in str(result.failure)
    assert snapshot(machine.root) == before
