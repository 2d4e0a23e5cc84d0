"""`trust-ca` and `untrust-ca` where something is wrong: each with its message, and the rest goes on."""

import json
from pathlib import Path

import pytest

from localedge import messages
from tests.commands import codes
from tests.integration.test_trust_commands import outcomes
from tests.sandbox import Sandbox

NOBODY = 65534


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A machine of its own."""
    return Sandbox(tmp_path)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["echo 'no space left' >&2", "exit 1"], "tool-failed"),
        (["exit 0"], "store-lies"),
        (["exec /nowhere/at/all"], "tool-failed"),
    ],
)
def test_one_store_that_fails_does_not_keep_the_others(box: Sandbox, lines: list[str], code: str) -> None:
    """A tool that fails or lies is told, the other stores are done, and a later run mends it."""
    before = box.snapshot()
    box.program("update-ca-certificates", *lines)
    done = box.localedge("trust-ca", "--json")
    assert done.returncode == 1 and code in codes(done), done
    assert outcomes(done.stdout)["debian"] == "failed" and len(box.nicknames()) == 1
    (box.bin / "update-ca-certificates").unlink()
    done = box.localedge("trust-ca", "--json")
    assert done.returncode == 0 and outcomes(done.stdout)["debian"] == "trusted"
    assert box.localedge("untrust-ca").returncode == 0
    assert box.snapshot() == before


def test_a_missing_certutil_is_told_with_its_package(box: Sandbox) -> None:
    """The system's store is done all the same."""
    done = box.localedge("trust-ca", "--json", PATH=_without(box, "certutil"))
    assert done.returncode == 1 and set(codes(done)) >= {"store-tool-missing"}
    assert "libnss3-tools" in done.stderr
    assert outcomes(done.stdout)["debian"] == "trusted"


def _without(box: Sandbox, missing: str) -> str:
    """A PATH that has everything but one program."""
    place = box.place / "without"
    place.mkdir()
    for directory in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
        for program in Path(directory).iterdir():
            if program.name != missing and not (place / program.name).is_symlink():
                (place / program.name).symlink_to(program)
    return str(place)


def test_nobody_is_asked_with_no_input(box: Sandbox) -> None:
    """An ordinary user without a password to give: browsers are done, the system's store waits, status 4."""
    before = box.snapshot()
    box.program("sudo", 'echo "$*" >> "$HOME/sudo.log"', 'echo "sudo: a password is required" >&2', "exit 1")
    log = box.home / "sudo.log"
    done = box.localedge("trust-ca", "--no-input", "--json", user=NOBODY)
    assert done.returncode == 4 and "sudo-needs-password" in codes(done), done
    assert outcomes(done.stdout)["debian"] == "person-needed"
    assert len(box.nicknames()) == 1
    assert set(log.read_text().split("\n")) == {"-n true", ""}, "never without -n"
    log.unlink()
    done = box.localedge("untrust-ca", "--no-input", user=NOBODY)
    assert done.returncode == 0 and box.nicknames() == []
    assert {path: what for path, what in box.snapshot().items() if path in before} == before


def test_an_ordinary_user_with_no_sudo(box: Sandbox) -> None:
    """The way out is told, and what needs no privilege is done."""
    path = _without(box, "sudo")
    done = box.localedge("trust-ca", "--json", user=NOBODY, PATH=path)
    assert done.returncode == 1 and "sudo-missing" in codes(done)
    assert outcomes(done.stdout)["debian"] == "failed" and len(box.nicknames()) == 1
    assert box.profile.stat().st_uid == NOBODY and box.journal.stat().st_uid == NOBODY


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("again", [True, False], ids=["again", "undo"])
def test_killed_in_the_middle(box: Sandbox, moment: str, again: bool) -> None:
    """Killed while a tool runs, a second run finishes the work, and undoing leaves no trace."""
    before = box.snapshot()
    real = '/usr/sbin/update-ca-certificates "$@"'
    lines = {"before": ["kill -9 $PPID"], "after": [real, "kill -9 $PPID"]}
    box.program("update-ca-certificates", *lines[moment])
    done = box.localedge("trust-ca")
    assert done.returncode in (-9, 137), done
    assert json.loads(box.journal.read_text())["entries"][0]["phase"] == "installing"
    (box.bin / "update-ca-certificates").unlink()
    if again:
        done = box.localedge("trust-ca", "--json")
        assert done.returncode == 0, done
        assert {entry["phase"] for entry in json.loads(box.journal.read_text())["entries"]} == {"installed"}
    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, "")
    assert box.snapshot() == before and box.nicknames() == [] and not box.journal.exists()


def test_killed_while_undoing(box: Sandbox) -> None:
    """What was half undone is undone by the next run."""
    before = box.snapshot()
    box.localedge("trust-ca")
    box.program("update-ca-certificates", "kill -9 $PPID")
    assert box.localedge("untrust-ca").returncode in (-9, 137)
    (box.bin / "update-ca-certificates").unlink()
    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, "")
    assert box.snapshot() == before and box.nicknames() == [] and not box.journal.exists()


def test_a_damaged_journal_stops_both_commands(box: Sandbox) -> None:
    """Nothing is changed, nothing is forgotten, and the next step works: without a journal, --unrecorded."""
    before = box.snapshot()
    box.localedge("trust-ca")
    trusted = box.snapshot()
    box.journal.write_bytes(box.journal.read_bytes()[:-20])
    for words in (["trust-ca"], ["untrust-ca"], ["trust-ca", "--dry-run"]):
        done = box.localedge(*words)
        assert (done.returncode, codes(done)) == (1, ["journal-damaged"])
    assert box.snapshot() == trusted
    box.journal.unlink()
    done = box.localedge("untrust-ca")
    assert done.returncode == 0 and "--unrecorded" in done.stdout and box.snapshot() == trusted
    done = box.localedge("untrust-ca", "--unrecorded")
    assert (done.returncode, done.stderr) == (0, "") and box.nicknames() == []
    left = {path for path in set(box.snapshot()) - set(before) if "/.pki" not in path}
    assert left == set(), "a database that we made is somebody's, as far as anybody knows"


def test_a_file_that_changed_since_is_left(box: Sandbox) -> None:
    """Somebody has put something else into our file: it stays, and is told; the rest is undone."""
    box.localedge("trust-ca")
    [anchor] = box.local.glob("localedge-*.crt")
    anchor.write_text("# somebody's notes\n")
    done = box.localedge("untrust-ca", "--json")
    assert done.returncode == 0 and "file-changed" in codes(done) and str(anchor.name) in done.stderr
    assert outcomes(done.stdout)["debian"] == "left" and outcomes(done.stdout)["nss"] == "removed"
    assert anchor.read_text() == "# somebody's notes\n" and not box.journal.exists()


def test_a_file_that_has_ours_and_more_is_not_passed_over(box: Sandbox) -> None:
    """With our certificate still in it the root is still trusted: that is a failure, and stays recorded."""
    box.localedge("trust-ca", "--store", "debian")
    [anchor] = box.local.glob("localedge-*.crt")
    anchor.write_bytes(b"# notes\n" + anchor.read_bytes())
    done = box.localedge("untrust-ca")
    assert (done.returncode, codes(done)) == (1, ["file-changed"]) and box.journal.exists()
    anchor.unlink()
    assert box.localedge("untrust-ca").returncode == 0 and not box.journal.exists()


def test_a_store_that_is_gone(box: Sandbox) -> None:
    """A browser profile that was deleted took the root along: told, and struck off the journal."""
    box.localedge("trust-ca", "--store", f"nss:{box.profile}")
    box.run_in(["rm", "-r", str(box.profile)])
    done = box.localedge("untrust-ca", "--json")
    assert (done.returncode, done.stderr) != (1, "") and outcomes(done.stdout) == {"nss": "store-gone"}
    assert not box.journal.exists()


def test_java_that_is_gone_keeps_nothing_trusted(tmp_path: Path) -> None:
    """Java was removed after trust-ca and its keystore stayed: the bundle is rid of the root all the same."""
    box = Sandbox(tmp_path, java=True)
    bundle = box.certs / "ca-certificates.crt"
    before = bundle.read_bytes()
    assert box.localedge("trust-ca", "--store", "debian").returncode == 0
    assert bundle.read_bytes() != before
    done = box.localedge("untrust-ca", "--json", PATH=_without(box, "keytool"))
    assert done.returncode == 1 and "java-copy-left" in codes(done), done
    assert bundle.read_bytes() == before and not list(box.local.glob("localedge-*")) and box.journal.exists()
    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, "") and not box.journal.exists()


def test_a_profile_with_a_certificate_that_has_no_nickname(box: Sandbox) -> None:
    """Such a certificate, there before or since, does not keep the root from coming and going."""
    store = f"nss:{box.profile}"
    pem = next(path for path in box.certs.glob("*.pem"))
    words = ["certutil", "-A", "-d", f"sql:{box.profile}", "-n", "", "-t", ",,", "-i", str(pem)]
    assert box.localedge("trust-ca", "--store", store).returncode == 0
    assert box.run_in(words).returncode == 0
    done = box.localedge("untrust-ca", "--json")
    assert done.returncode == 0 and outcomes(done.stdout) == {"nss": "removed"}, done
    done = box.localedge("trust-ca", "--json", "--store", store)
    assert done.returncode == 0 and outcomes(done.stdout) == {"nss": "trusted"}


def test_what_was_removed_by_hand_is_no_failure(box: Sandbox) -> None:
    """Whoever has taken the root out already is told that it was gone; the journal forgets it."""
    before = box.snapshot()
    box.localedge("trust-ca", "--store", "debian")
    [anchor] = box.local.glob("localedge-*.crt")
    anchor.unlink()
    box.run_in(["update-ca-certificates", "--fresh"])
    done = box.localedge("untrust-ca")
    assert done.returncode == 0, done
    assert messages.text("was-gone", store="debian", nick="")[:8] in done.stdout
    assert box.snapshot() == before and not box.journal.exists()


def test_a_damaged_ca_is_told_and_new_mends_it(box: Sandbox) -> None:
    """The CA's files are damaged: nothing is changed until the user asks for a new one."""
    box.localedge("trust-ca", "--store", "debian")
    (box.authority / "authority.json").write_text("{")
    done = box.localedge("trust-ca")
    assert (done.returncode, codes(done)) == (1, ["ca-damaged"]) and "trust-ca --new" in done.stderr
    done = box.localedge("trust-ca", "--new", "--json")
    assert done.returncode == 0, done
    assert len(list(box.local.glob("localedge-*.crt"))) == 1
