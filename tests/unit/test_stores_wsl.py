"""The Windows side of WSL, with a certutil.exe that is played: written from documentation, as the code is."""

import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Carrier, Outcome
from localedge.machine.journal import Journal
from localedge.machine.rights import Rights
from localedge.machine.run import Ended
from localedge.machine.stores.wsl import WslStore, find
from localedge.pki.plan import Command, RemoveFile, Root, State, WriteFile
from tests.platforms import NOW, Scripted, system_at

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths of Linux")

OURS = Root(b"our certificate", "localedge 1a2b", NOW + timedelta(days=800))
CERTUTIL = "mnt/c/Windows/System32/certutil.exe"
KERNEL = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f) (gcc 11.2.0)"
SHARE = "\\\\wsl.localhost\\Ubuntu"


class Windows:
    """Its user's store Root, and what certutil.exe and wslpath make of it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.held: set[str] = set()
        self.lies = False
        self.hangs = False
        self.refused = False
        """The dialog was answered with No."""
        self.confused = False
        """It finds another certificate than it was asked for."""
        self.off = False
        """Windows programs are not started though they should be."""

    def __call__(self, argv: Sequence[str]) -> Ended:
        """Run one of the two."""
        if argv[0].endswith("wslpath"):
            assert argv[1] == "-w" and Path(argv[2]).is_dir(), "wslpath knows only what exists"
            return Ended(0, (SHARE + argv[2].replace("/", "\\") + "\n").encode())
        assert argv[0].endswith("certutil.exe") and argv[1] == "-user" and argv[3] == "Root"
        if self.hangs:
            return Ended(None, hung=True)
        if self.off:
            return Ended(None, b"", b"Exec format error")
        return {"-store": self._show, "-addstore": self._add, "-delstore": self._delete}[argv[2]](argv[4])

    def _show(self, sha1: str) -> Ended:
        if self.confused:
            return Ended(0, b"Zertifikathash(sha1): 00 11\r\n")
        if sha1 not in self.held:
            said = "CertUtil: -store Befehl FEHLGESCHLAGEN: 0x80090011 (-2146893807 NTE_NOT_FOUND)\r\n"
            return Ended(0x11, said.encode())
        spaced = re.sub("(..)", r"\1 ", sha1).strip()
        return Ended(
            0, f"Root\r\nZertifikathash(sha1): {spaced}\r\nDer Befehl wurde ausgeführt.\r\n".encode("cp850")
        )

    def _add(self, path: str) -> Ended:
        assert path.startswith(SHARE)
        pem = Path(path.removeprefix(SHARE).replace("\\", "/")).read_bytes()
        assert pem == OURS.pem
        if self.refused:
            return Ended(0xC7, b"CertUtil: 0x800704c7 (WIN32: 1223 ERROR_CANCELLED)\r\n")
        if not self.lies:
            self.held.add(OURS.sha1)
        return Ended(0)

    def _delete(self, sha1: str) -> Ended:
        if not self.lies:
            self.held.discard(sha1)
        return Ended(0)


@pytest.fixture
def wsl(tmp_path: Path) -> Path:
    """The files that tell a WSL."""
    for name, content in {
        "proc/version": KERNEL,
        "proc/sys/fs/binfmt_misc/WSLInterop": "enabled\ninterpreter /init\nflags: PF\n",
        CERTUTIL: "MZ",
        "run/WSL/1_interop": "",
        "tmp/.here": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "tmp/.here").unlink()
    return tmp_path


@pytest.fixture
def windows(wsl: Path) -> Windows:
    """An untouched Windows."""
    return Windows(wsl)


@pytest.fixture
def system(wsl: Path, windows: Windows) -> Scripted:
    """The Linux on it."""
    return system_at(wsl, windows)


@pytest.fixture
def store(system: Scripted) -> WslStore:
    """The one store."""
    (found,) = find(system)
    return found


def carried_out(system: Scripted, journal: Journal, *, person: bool = True) -> Carrier:
    """Who carries out plans."""
    return Carrier(journal, Rights(system, person=person))


def test_the_plan(store: WslStore, wsl: Path) -> None:
    """The certificate is laid where Windows sees it, added by its own certutil, and taken away again."""
    plan = store.plan_install(OURS)
    path = str(wsl / "tmp" / f"{OURS.file_stem}.crt")
    seen = SHARE + path.replace("/", "\\")
    assert plan.steps == (
        WriteFile(path, OURS.pem),
        Command((str(wsl / CERTUTIL), "-user", "-addstore", "Root", seen), seconds=300),
        RemoveFile(path, WriteFile(path, OURS.pem).sha256),
    )
    assert plan.person == "wsl-dialog" and not plan.privileged


def test_added_and_deleted(store: WslStore, system: Scripted, windows: Windows, wsl: Path) -> None:
    """The Windows side trusts the root after the plan, and is as before after its counterpart."""
    journal = Journal(wsl / "trust-journal.json")
    assert store.state(OURS).state is State.ABSENT
    with journal.held():
        carrier = carried_out(system, journal)
        assert carrier.install(store, OURS, store.plan_install(OURS), State.ABSENT).outcome is Outcome.DONE
        assert store.state(OURS).state is State.TRUSTED and store.plan_install(OURS).steps == ()
        (entry,) = journal.entries()
        assert carrier.remove(store, entry, store.plan_remove(OURS)).outcome is Outcome.DONE
        assert journal.entries() == []
    assert store.state(OURS).state is State.ABSENT and store.plan_remove(OURS).steps == ()
    assert windows.held == set() and list((wsl / "tmp").iterdir()) == []


def test_without_a_person_nothing_is_started(store: WslStore, system: Scripted, wsl: Path) -> None:
    """With --no-input the dialog on the Windows desktop is not opened."""
    journal = Journal(wsl / "trust-journal.json")
    plan = store.plan_install(OURS)
    system.ran.clear()
    with journal.held():
        result = carried_out(system, journal, person=False).install(store, OURS, plan, State.ABSENT)
    assert result.outcome is Outcome.PERSON and system.ran == []


@pytest.mark.parametrize(("fault", "code"), [("lies", "store-lies"), ("refused", "tool-failed")])
def test_a_change_that_did_not_happen(
    store: WslStore, system: Scripted, windows: Windows, wsl: Path, fault: str, code: str
) -> None:
    """A No in the dialog is told, and so is a certutil that says it went well and did nothing."""
    setattr(windows, fault, True)
    journal = Journal(wsl / "trust-journal.json")
    with journal.held():
        result = carried_out(system, journal).install(store, OURS, store.plan_install(OURS), State.ABSENT)
    assert result.failure is not None and result.failure.code == code
    assert store.state(OURS).state is State.ABSENT
    assert journal.entries() == [] == list((wsl / "tmp").iterdir())


@pytest.mark.parametrize(("fault", "code"), [("hangs", "tool-hangs"), ("off", "tool-failed")])
def test_a_windows_that_does_not_answer(store: WslStore, windows: Windows, fault: str, code: str) -> None:
    """Where certutil cannot be asked, nothing is claimed."""
    setattr(windows, fault, True)
    status = store.state(OURS)
    assert status.state is State.UNKNOWN and status.problem is not None and status.problem.code == code
    with pytest.raises(Failure) as caught:
        store.plan_install(OURS)
    assert caught.value.code == code


@pytest.mark.parametrize("content", ["disabled\n", None])
def test_a_wsl_that_may_not_start_windows_programs(store: WslStore, wsl: Path, content: str | None) -> None:
    """Where interop is off the user is told what to run on Windows; nothing is tried."""
    registration = wsl / "proc/sys/fs/binfmt_misc/WSLInterop"
    registration.unlink()
    if content is not None:
        registration.write_text(content)
    status = store.state(OURS)
    assert status.state is State.UNKNOWN and status.problem is not None
    with pytest.raises(Failure, match="certutil -user -addstore Root FILE"):
        store.plan_install(OURS)
    with pytest.raises(Failure, match=f"certutil -user -delstore Root {OURS.sha1}"):
        store.plan_remove(OURS)


def test_a_wsl_without_certutil(store: WslStore, wsl: Path) -> None:
    """A Windows drive that is not mounted is no crash."""
    (wsl / CERTUTIL).unlink()
    assert store.state(OURS).state is State.UNKNOWN


def test_a_path_that_windows_cannot_see(wsl: Path) -> None:
    """What wslpath complains about is told."""

    def play(argv: Sequence[str]) -> Ended:
        missing = Ended(0x04, b"CertUtil: 0x80092004\r\n")
        return Ended(1, b"", b"wslpath: /tmp: Invalid argument\n") if "wslpath" in argv[0] else missing

    (store,) = find(system_at(wsl, play))
    with pytest.raises(Failure, match="Invalid argument"):
        store.plan_install(OURS)


def test_an_expired_root(store: WslStore, windows: Windows) -> None:
    """A root whose time is over is told as such."""
    windows.held.add(OURS.sha1)
    assert store.state(Root(OURS.der, OURS.nick, NOW)).state is State.EXPIRED


def test_success_without_the_hash_is_not_believed(store: WslStore, windows: Windows) -> None:
    """A certutil that finds something else has not found ours."""
    windows.confused = True
    assert store.state(OURS).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("kernel", "environ", "files", "found"),
    [
        (KERNEL, {}, ["run/WSL"], True),
        (KERNEL, {"WSL_DISTRO_NAME": "Ubuntu"}, [], True),
        (KERNEL, {}, ["proc/sys/fs/binfmt_misc/WSLInterop-late"], True),
        ("Linux version 4.4.0-19041-Microsoft", {"WSL_DISTRO_NAME": "Debian"}, [], True),
        (None, {"WSL_INTEROP": "/run/WSL/8_interop"}, [], True),
        (KERNEL, {}, [], False),
        ("Linux version 6.12.48 (debian-kernel@lists.debian.org)", {}, ["run/WSL"], False),
        (None, {}, [], False),
    ],
)
def test_what_a_wsl_is_known_by(
    tmp_path: Path, kernel: str | None, environ: dict[str, str], files: list[str], *, found: bool
) -> None:
    """The kernel and its surroundings tell; a container that runs on the same kernel is none."""
    for name in ("proc/version", *files):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(kernel if name == "proc/version" and kernel else "")
    assert bool(find(system_at(tmp_path, environ=environ))) is found
