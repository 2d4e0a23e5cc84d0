"""The journal: what was changed, written down before and after, and never silently lost."""

import errno
import json
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localedge.errors import Failure
from localedge.machine import private_files
from localedge.machine.journal import Change, Entry, Journal, Phase, hash_of
from localedge.pki.plan import Command, MakeDirectory, Plan, RemoveFile, State, WriteFile
from tests.trusting import a_root

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty one."""
    found = Journal(tmp_path / "data" / "trust-journal.json")
    private_files.make_directory(found.path.parent)
    return found


def an_entry(store: str = "debian", **members: Any) -> Entry:
    """Something that was done."""
    changes = (Change("/x/y.crt", "file", None, "ab"), Change("/x", "directory"))
    given: dict[str, Any] = {"changes": changes, "notes": (("store-made", "yes"),), **members}
    return Entry(store, a_root(), Phase.INSTALLING, State.ABSENT, **given)


def test_what_is_written_is_read_again(journal: Journal) -> None:
    """An entry comes back as it was: certificate, phase, files, notes."""
    one, other = an_entry(), an_entry("nss:/home/\u00fc/.pki")
    journal.put(one)
    journal.put(other)
    assert journal.entries() == [one, other]
    journal.put(one.installed())
    assert journal.entries() == [one.installed(), other], "in the order it was begun"
    assert one.installed().phase is Phase.INSTALLED


def test_an_empty_journal_leaves_no_file(journal: Journal) -> None:
    """When everything is undone the file is gone, and nothing else stays beside it."""
    entry = an_entry()
    journal.put(entry)
    journal.drop(entry)
    assert journal.entries() == [] and list(journal.path.parent.iterdir()) == []


@POSIX
def test_the_journal_is_for_the_user_alone(journal: Journal) -> None:
    """Nobody else can read or change what undoing will believe."""
    journal.put(an_entry())
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    journal.path.chmod(0o666)
    with pytest.raises(Failure) as caught:
        journal.entries()
    assert caught.value.code == "ca-loose"


def _spoiled(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def spoil(content: bytes) -> bytes:
        document = json.loads(content)
        change(document)
        return json.dumps(document).encode()

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: b"[" * 100_000,
        lambda content: b"\xff" + content,
        lambda content: b"[]",
        _spoiled(lambda document: document.pop("entries")),
        _spoiled(lambda document: document["entries"][0].pop("store")),
        _spoiled(lambda document: document["entries"][0].update(fingerprint="00")),
        _spoiled(lambda document: document["entries"][0].update(der="AAAA")),
        _spoiled(lambda document: document["entries"][0].update(der="*")),
        _spoiled(lambda document: document["entries"][0].update(phase="odd")),
        _spoiled(lambda document: document["entries"][0].update(not_after="2027-01-01")),
        _spoiled(lambda document: document["entries"][0].update(changes=[{"path": 1}])),
        _spoiled(lambda document: document["entries"][0].update(notes=[])),
        _spoiled(lambda document: document.update(entries=[7])),
    ],
)
def test_a_damaged_journal_is_never_taken_for_an_empty_one(
    journal: Journal, spoil: Callable[[bytes], bytes]
) -> None:
    """Whatever is wrong with the file, the user is told, and the file stays as it is."""
    entry = an_entry()
    journal.put(entry)
    journal.path.write_bytes(spoil(journal.path.read_bytes()))
    before = journal.path.read_bytes()
    for act in (journal.entries, lambda: journal.put(entry), lambda: journal.drop(entry)):
        with pytest.raises(Failure) as caught:
            act()
        assert caught.value.code == "journal-damaged"
    assert journal.path.read_bytes() == before


def test_a_journal_of_a_later_version_is_not_touched(journal: Journal) -> None:
    """An older localedge does not guess at what a newer one wrote."""
    journal.put(an_entry())
    journal.path.write_bytes(_spoiled(lambda document: document.update(version=2))(journal.path.read_bytes()))
    with pytest.raises(Failure) as caught:
        journal.entries()
    assert caught.value.code == "journal-version" and "2" in str(caught.value)


def test_a_directory_in_its_place_is_told(journal: Journal) -> None:
    """What cannot be read is no empty journal either."""
    journal.path.mkdir()
    with pytest.raises(Failure):
        journal.entries()


def test_a_home_that_is_no_directory_holds_no_journal(tmp_path: Path) -> None:
    """Nothing was ever done where HOME=/dev/null."""
    (tmp_path / "home").write_bytes(b"")
    assert Journal(tmp_path / "home" / "trust-journal.json").entries() == []


def test_a_journal_that_cannot_be_written_stops_everything(tmp_path: Path) -> None:
    """Without a journal nothing is changed."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(Failure) as caught, Journal(tmp_path / "data" / "trust-journal.json").held():
        pass
    assert caught.value.code == "journal-unwritable"


def test_two_at_once_wait_for_each_other(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second command is told that another one is at work, and the lock leaves nothing behind."""
    from localedge.machine import lock

    locked = lock.locked
    monkeypatch.setattr(lock, "locked", lambda path, _, prepare: locked(path, 0.0, prepare))
    with journal.held(), pytest.raises(Failure) as caught, Journal(journal.path).held():
        pass
    assert caught.value.code == "busy-elsewhere"
    assert list(journal.path.parent.iterdir()) == []


def test_an_intent_names_what_will_be_there(tmp_path: Path) -> None:
    """Before a change the journal has the files, their hashes before and after, and new directories."""
    bundle, fresh = tmp_path / "bundle", tmp_path / "new"
    bundle.write_bytes(b"before")
    write, scratch = WriteFile(str(fresh / "a"), b"a"), WriteFile(str(tmp_path / "scratch"), b"s")
    steps = (
        MakeDirectory(str(tmp_path)),
        MakeDirectory(str(fresh)),
        write,
        scratch,
        Command(("true",)),
        RemoveFile(scratch.path, scratch.sha256),
    )
    entry = Entry.intent(Plan("x", steps, touches=(str(bundle),)), a_root(), State.ABSENT)
    assert entry.changes == (
        Change(str(bundle), "touched", hash_of(bundle)),
        Change(str(fresh), "directory"),
        Change(write.path, "file", None, write.sha256),
    )
    bundle.write_bytes(b"after")
    assert entry.installed().changes[0].after == hash_of(bundle) != entry.changes[0].before


def test_doing_it_again_remembers_the_first_time() -> None:
    """A root that is installed a second time is still undone to what there was before the first."""
    first = an_entry(changes=(Change("/b", "touched", "old", "one"),), notes=(("trust", ",,"),))
    second = Entry(
        first.store,
        first.root,
        Phase.INSTALLING,
        State.NOT_TRUSTED,
        (Change("/b", "touched", "one"), Change("/d", "directory")),
        (("trust", "c,,"), ("store-made", "yes")),
    )
    again = second.again(first)
    assert again.was is State.ABSENT
    assert again.changes == (first.changes[0], Change("/d", "directory"))
    assert dict(again.notes) == {"trust": ",,", "store-made": "yes"}


def test_a_new_root_inherits_what_the_former_one_made() -> None:
    """Directories and databases that were made for the former root go when the new one does."""
    former = an_entry(
        changes=(Change("/b", "touched", "pristine", "x"), Change("/d", "directory")),
        notes=(("store-made", "yes"), ("trust", ",,")),
    )
    heir = an_entry(changes=(Change("/b", "touched", "x"),), notes=()).heir(former)
    assert heir.changes == (Change("/d", "directory"), Change("/b", "touched", "pristine"))
    assert dict(heir.notes) == {"store-made": "yes"}


def test_a_full_disk_is_told(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason stands in the message, and what was in the journal before still is."""
    entry = an_entry()
    journal.put(entry)

    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(private_files, "write", full)
    with pytest.raises(Failure) as caught:
        journal.put(an_entry("java"))
    assert caught.value.code == "journal-unwritable" and "No space left" in str(caught.value)
    assert journal.entries() == [entry]


def test_a_root_that_goes_again_leaves_its_directories_to_the_one_before() -> None:
    """When the later of two roots goes first, the earlier one still knows what there was before both."""
    former = an_entry(changes=(Change("/b", "touched", "pristine"),), notes=())
    later = an_entry(changes=(Change("/b", "touched", "x"), Change("/d", "directory")))
    keeper = former.keeper(later)
    assert keeper.changes == (Change("/b", "touched", "pristine"), Change("/d", "directory"))
    assert dict(keeper.notes) == {"store-made": "yes"}


def test_hundreds_of_browser_profiles(journal: Journal) -> None:
    """A journal far longer than any other file of ours is read to its end."""
    entries = [an_entry(f"nss:/home/ada/.mozilla/firefox/{number}.default") for number in range(200)]
    journal._write(entries * 3)
    assert journal.path.stat().st_size > private_files.LONGEST * 2
    assert len(journal.entries()) == 600


def test_what_could_not_be_read_back_is_not_written(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that would grow too long is told, and stays whole as it was."""
    from localedge.machine import journal as module

    entry = an_entry()
    journal.put(entry)
    monkeypatch.setattr(module, "LONGEST", journal.path.stat().st_size + 10)
    with pytest.raises(Failure) as caught:
        journal.put(an_entry("java"))
    assert caught.value.code == "journal-too-long" and "--store" in str(caught.value)
    assert journal.entries() == [entry]
