"""NSS databases, with the real certutil: Chromium's and Firefox's, wherever they are."""

import subprocess
import sys
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Outcome
from localedge.machine.stores import Store, nss
from localedge.machine.stores.nss import NssStore
from localedge.pki.plan import Command, MakeDirectory, Plan, Root, State
from tests import peers
from tests.trusting import Machine, a_root, snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no NSS store there")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With certutil, if there is one."""
    peers.need("certutil")
    return Machine(tmp_path, "certutil", os_release="ID=debian\n")


def certutil(*words: str, stdin: bytes = b"") -> str:
    """What it prints."""
    done = subprocess.run(["certutil", *words], input=stdin, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def database(directory: Path, password: str = "") -> Path:
    """A new database."""
    directory.mkdir(parents=True)
    if password:
        file = directory.parent / "password"
        file.write_text(password + "\n")
        certutil("-N", "-d", f"sql:{directory}", "-f", str(file))
    else:
        certutil("-N", "-d", f"sql:{directory}", "--empty-password")
    return directory


def listed(directory: Path) -> dict[str, str]:
    """Nicknames and trust."""
    lines = certutil("-L", "-d", f"sql:{directory}").splitlines()[4:]
    return {line[: line.rindex(" ")].strip(): line.split()[-1] for line in (one.rstrip() for one in lines)}


def install(machine: Machine, store: Store, root: Root, *, person: bool = False) -> Outcome:
    """Carried out, whatever came of it."""
    carrier = machine.carrier(machine.system(), person=person)
    was = store.state(root).state
    return carrier.install(store, root, store.plan_install(root), was).outcome


def remove(machine: Machine, store: NssStore) -> Outcome:
    """From the journal."""
    [entry] = [one for one in machine.journal.entries() if one.store == store.name]
    store.recall(entry.notes)
    return machine.carrier(machine.system()).remove(store, entry, store.plan_remove(entry.root)).outcome


def test_trusted_and_undone(machine: Machine) -> None:
    """The root is a trusted authority for TLS servers only, and afterwards the database has what it had."""
    directory, root, other = database(machine.home / ".pki/nssdb"), a_root(), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", "other", "-t", "c,,", stdin=other.der)
    [store] = nss.find(machine.system())
    assert store.name == f"nss:{directory}" and store.state(root).state is State.ABSENT
    assert install(machine, store, root) is Outcome.DONE
    assert store.state(root).state is State.TRUSTED
    assert listed(directory) == {"other": "c,,", root.nick: "C,,"}
    assert remove(machine, store) is Outcome.DONE
    assert listed(directory) == {"other": "c,,"} and machine.journal.entries() == []


def test_a_certificate_is_found_under_any_nickname(machine: Machine) -> None:
    """Who has imported the root by hand, with a nickname of their own, has it trusted already."""
    directory, root = database(machine.home / ".pki/nssdb"), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", "my (own), name  2", "-t", "CT,C,", stdin=root.der)
    [store] = nss.find(machine.system())
    assert store.state(root) == (State.TRUSTED, "my (own), name  2", None)
    [step] = store.plan_remove(root).steps
    assert isinstance(step, Command) and step.argv[-1] == "my (own), name  2"


def test_the_nickname_alone_proves_nothing(machine: Machine) -> None:
    """Another certificate with our nickname is not ours, and is not deleted."""
    directory, root, other = database(machine.home / ".pki/nssdb"), a_root(), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", root.nick, "-t", "C,,", stdin=other.der)
    [store] = nss.find(machine.system())
    assert store.state(root).state is State.ABSENT and store.plan_remove(root).steps == ()


def test_trust_that_was_missing_is_given_and_taken_back(machine: Machine) -> None:
    """A root that is there without trust gets it; undoing takes the trust away and leaves the certificate."""
    directory, root = database(machine.home / ".pki/nssdb"), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", "theirs", "-t", ",c,", stdin=root.der)
    [store] = nss.find(machine.system())
    assert store.state(root).state is State.NOT_TRUSTED
    assert install(machine, store, root) is Outcome.DONE
    assert listed(directory) == {"theirs": "C,c,"}
    assert remove(machine, store) is Outcome.DONE
    assert listed(directory) == {"theirs": ",c,"}


def test_a_database_is_made_where_chromium_would_look_and_removed_again(machine: Machine) -> None:
    """A fresh user of Chromium gets a database; undoing removes exactly what was made."""
    machine.program("chromium")
    root, before = a_root(), snapshot(machine.home)
    [store] = nss.find(machine.system())
    assert store.name == f"nss:{machine.home}/.pki/nssdb" and store.state(root).state is State.ABSENT
    plan = store.plan_install(root)
    assert [type(step) for step in plan.steps] == [MakeDirectory, MakeDirectory, Command, Command]
    assert snapshot(machine.home) == before, "planning changes nothing"
    assert install(machine, store, root) is Outcome.DONE
    assert (machine.home / ".pki/nssdb").stat().st_mode & 0o777 == 0o700
    assert remove(machine, store) is Outcome.DONE
    assert snapshot(machine.home) == before


def test_a_database_that_we_made_stays_when_somebody_uses_it(machine: Machine) -> None:
    """A certificate that the user has put into it since is not thrown away."""
    machine.program("chromium")
    root, other = a_root(), a_root()
    [store] = nss.find(machine.system())
    install(machine, store, root)
    directory = machine.home / ".pki/nssdb"
    certutil("-A", "-d", f"sql:{directory}", "-n", "other", "-t", "C,,", stdin=other.der)
    assert remove(machine, store) is Outcome.DONE
    assert listed(directory) == {"other": "C,,"}


def test_a_database_with_a_key_of_the_user_stays(machine: Machine) -> None:
    """A client certificate's key is somebody's, too."""
    machine.program("chromium")
    root = a_root()
    [store] = nss.find(machine.system())
    install(machine, store, root)
    directory = machine.home / ".pki/nssdb"
    noise = machine.home / "noise"
    noise.write_bytes(bytes(range(256)) * 16)
    certutil("-G", "-d", f"sql:{directory}", "-k", "ec", "-q", "nistp256", "-z", str(noise))
    assert remove(machine, store) is Outcome.DONE
    assert (directory / "key4.db").exists()


def test_two_roots_share_a_database_that_was_made(machine: Machine) -> None:
    """When a new root replaces the former one, the database stays until the new one goes."""
    machine.program("chromium")
    before = snapshot(machine.home)
    former, root = a_root(), a_root()
    [store] = nss.find(machine.system())
    install(machine, store, former)
    install(machine, store, root)
    carrier = machine.carrier(machine.system())
    entry = machine.journal.entries()[0]
    store.recall(entry.notes)
    assert carrier.remove(store, entry, store.plan_remove(former)).outcome is Outcome.DONE
    assert listed(machine.home / ".pki/nssdb") == {root.nick: "C,,"}
    assert remove(machine, store) is Outcome.DONE
    assert snapshot(machine.home) == before


def test_every_place_of_a_browser_is_found(machine: Machine) -> None:
    """Native, snap and flatpak, old and new places, profiles that profiles.ini puts elsewhere; each once."""
    home = machine.home
    chromium = [home / ".pki/nssdb", home / ".local/share/pki/nssdb", home / "snap/chromium/7/.pki/nssdb"]
    firefox = [
        home / ".mozilla/firefox/abc.default",
        home / "snap/firefox/common/.mozilla/firefox/snap.default",
        home / ".var/app/org.mozilla.firefox/.mozilla/firefox/flat.default",
        home / "elsewhere/absolute",
        home / ".mozilla/relative",
    ]
    for directory in (*chromium, *firefox):
        database(directory)
    (home / "snap/chromium/current").symlink_to("7")
    (home / ".mozilla/firefox/empty.profile").mkdir()
    (home / ".mozilla/firefox/profiles.ini").write_text(
        "[Profile0]\nName=x\nIsRelative=1\nPath=abc.default\n[Profile1]\nIsRelative=0\n"
        f"Path={home}/elsewhere/absolute\n[Profile2]\nPath=../relative\n[General]\nVersion=2\n"
    )
    found = {store.name for store in nss.find(machine.system())}
    assert found == {f"nss:{directory}" for directory in (*chromium, *firefox)}
    serves = {store.name: store.plan_install(a_root()).clients for store in nss.find(machine.system())}
    assert {serves[f"nss:{directory}"] for directory in firefox} == {("clients-firefox",)}
    assert {serves[f"nss:{directory}"] for directory in chromium} == {("clients-chromium",)}


def test_xdg_data_home_is_heeded(machine: Machine) -> None:
    """A user whose data directory is elsewhere has Chromium's newer database there."""
    directory = database(machine.home / "data/pki/nssdb")
    [store] = nss.find(machine.system(XDG_DATA_HOME=str(machine.home / "data")))
    assert store.name == f"nss:{directory}"


@pytest.mark.parametrize("content", ["[Profile0\nPath", "Path=x", "\ufeff[P]\nPath=%(x)s", "[P]\nPath=\n"])
def test_an_odd_profiles_ini_does_no_harm(machine: Machine, content: str) -> None:
    """Profiles in the usual place are found whatever the file says."""
    directory = database(machine.home / ".mozilla/firefox/abc.default")
    (directory.parent / "profiles.ini").write_text(content)
    assert [store.name for store in nss.find(machine.system())] == [f"nss:{directory}"]


@pytest.mark.parametrize(
    ("os_release", "package"),
    [
        ("ID=debian\n", "libnss3-tools"),
        ("ID=ubuntu\nID_LIKE=debian\n", "libnss3-tools"),
        ("ID=fedora\n", "nss-tools"),
        ("ID=manjaro\nID_LIKE=arch\n", "nss"),
        ("ID=opensuse-leap\nID_LIKE='suse opensuse'\n", "mozilla-nss-tools"),
        ("ID=odd\n", "nss-tools"),
    ],
)
def test_a_missing_certutil_is_named_with_its_package(tmp_path: Path, os_release: str, package: str) -> None:
    """Each distribution calls the package differently."""
    machine = Machine(tmp_path, os_release=os_release)
    directory = machine.home / ".pki/nssdb"
    directory.mkdir(parents=True)
    (directory / "cert9.db").write_bytes(b"")
    [store] = nss.find(machine.system())
    status = store.state(a_root())
    assert status.state is State.UNKNOWN and status.problem is not None
    assert status.problem.params["package"] == package
    with pytest.raises(Failure):
        store.plan_install(a_root())


def test_a_database_with_a_password_waits_for_a_person(machine: Machine) -> None:
    """Nobody there to give the primary password: nothing is changed. With somebody, certutil asks."""
    directory, root = database(machine.home / ".mozilla/firefox/abc.default", "open sesame"), a_root()
    [store] = nss.find(machine.system())
    plan = store.plan_install(root)
    assert plan.person == "nss-password-prompt"
    assert [step.at_terminal for step in plan.steps if isinstance(step, Command)] == [True]
    before = snapshot(machine.home)
    assert install(machine, store, root) is Outcome.PERSON
    assert snapshot(machine.home) == before and listed(directory) == {}


def test_a_damaged_database_is_told(machine: Machine) -> None:
    """What cannot be read is no absence."""
    directory = machine.home / ".pki/nssdb"
    directory.mkdir(parents=True)
    (directory / "cert9.db").write_bytes(b"not a database at all" * 100)
    [store] = nss.find(machine.system())
    status = store.state(a_root())
    assert status.state is State.UNKNOWN
    assert status.problem is not None and status.problem.code == "store-unreadable"


@pytest.mark.parametrize("nick", ["", "ends in blanks  ", "two\nlines", " begins with a blank"])
def test_a_certificate_that_cannot_be_asked_for_by_name(machine: Machine, nick: str) -> None:
    """No nickname, or one that certutil's list does not show whole: the others are looked at all the same."""
    directory, root, other = database(machine.home / ".pki/nssdb"), a_root(), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", nick, "-t", ",,", stdin=other.der)
    [store] = nss.find(machine.system())
    assert store.state(root).state is State.ABSENT
    assert install(machine, store, root) is Outcome.DONE and store.state(root).state is State.TRUSTED
    assert remove(machine, store) is Outcome.DONE and store.state(root).state is State.ABSENT
    assert machine.journal.entries() == [] and len(certutil("-L", "-d", f"sql:{directory}").splitlines()) > 4


@pytest.mark.parametrize("nick", ["", " begins with a blank"])
def test_a_database_of_ours_with_an_odd_certificate_is_kept(machine: Machine, nick: str) -> None:
    """A database that we made stays while a certificate of somebody's is in it, whatever its name."""
    machine.program("chromium")
    [store] = nss.find(machine.system())
    assert install(machine, store, a_root()) is Outcome.DONE
    directory = machine.home / ".pki/nssdb"
    certutil("-A", "-d", f"sql:{directory}", "-n", nick, "-t", ",,", stdin=a_root().der)
    assert remove(machine, store) is Outcome.DONE
    assert (directory / "cert9.db").is_file()


def test_our_own_certificate_that_cannot_be_read_is_told(machine: Machine) -> None:
    """It is listed under our nickname, and certutil fails to print it: that is not taken for its absence."""
    directory, root = database(machine.home / ".pki/nssdb"), a_root()
    certutil("-A", "-d", f"sql:{directory}", "-n", root.nick, "-t", "C,,", stdin=root.der)
    [store] = nss.find(machine.system())
    (machine.bin / "certutil").rename(machine.bin / "real")
    machine.program("certutil", f'[ "$2" = -n ] && exit 255; exec {machine.bin}/real "$@"')
    status = store.state(root)
    assert status.problem is not None and status.problem.code == "store-unreadable"


def test_an_expired_root_is_told_apart(machine: Machine) -> None:
    """It is in the database, trusted, and of no use."""
    from datetime import timedelta

    directory, root = database(machine.home / ".pki/nssdb"), a_root(timedelta(days=2000))
    certutil("-A", "-d", f"sql:{directory}", "-n", "old", "-t", "C,,", stdin=root.der)
    [store] = nss.find(machine.system())
    assert store.state(root).state is State.EXPIRED


def test_a_certutil_that_hangs_while_it_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another program holds is told, not waited for."""
    database(machine.home / ".pki/nssdb")
    [store] = nss.find(machine.system())
    machine.program("certutil", "sleep 100")
    monkeypatch.setattr(nss, "_SECONDS", 0.2)
    status = store.state(a_root())
    assert status.problem is not None and status.problem.code == "tool-hangs"


def test_a_certutil_that_lies(machine: Machine) -> None:
    """It says that it added the certificate, and did not: that is found out."""
    database(machine.home / ".pki/nssdb")
    [store] = nss.find(machine.system())
    root = a_root()
    plan = store.plan_install(root)
    (machine.bin / "certutil").rename(machine.bin / "real")
    machine.program("certutil", f'[ "$1" = -A ] || exec {machine.bin}/real "$@"')
    result = machine.carrier(machine.system()).install(store, root, plan, State.ABSENT)
    assert result.failure is not None and result.failure.code == "store-lies"
    assert machine.journal.entries() == []


def test_a_store_of_the_journal_whose_browser_is_gone(machine: Machine) -> None:
    """A profile that nobody lists any more is found by its directory, as long as that is there."""
    directory = database(machine.home / "old/profile")
    store = nss.at(machine.system(), str(directory))
    assert store is not None and store.plan_remove(a_root()) == Plan(
        store.name, (), ("clients-firefox",), None
    )
    assert nss.at(machine.system(), str(machine.home / "nowhere")) is None
