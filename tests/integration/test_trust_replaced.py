"""A new root in the place of one that is trusted: what worked goes on working until the new one does."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from localedge import messages
from tests.commands import codes
from tests.integration.test_trust_commands import outcomes, told
from tests.sandbox import Sandbox
from tests.trusting import NOW

NOBODY = 65534
TWO_NAMES = {"LOCALEDGE_HTTPS_NAMES": "localedge.test,gw.test"}


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A machine of its own, whose system and browser trust the CA."""
    found = Sandbox(tmp_path)
    assert found.localedge("trust-ca").returncode == 0
    return found


def serves(box: Sandbox) -> bool:
    """Whether what the edge shows is believed by the system's bundle."""
    leaf = box.authority / "*/leaf.pem"
    return box.run_in(["sh", "-c", f"openssl verify -untrusted {leaf} {leaf}"]).returncode == 0


def kept(box: Sandbox) -> Callable[[], bool]:
    """Asks whether everything that makes HTTPS work is still as it is now, and works."""

    def seen() -> object:
        files = sorted((path, path.read_bytes()) for path in box.authority.rglob("*") if path.is_file())
        system = {path: what for path, what in box.snapshot().items() if ".pki/nssdb/" not in path}
        return system, box.nicknames(), files

    before = seen()
    return lambda: seen() == before and serves(box)


def roots(box: Sandbox) -> set[str]:
    """The roots that the journal knows."""
    return {entry["name"] for entry in json.loads(box.journal.read_text())["entries"]}


@pytest.mark.parametrize("words", [[], ["--new"]], ids=["names", "new"])
def test_without_leave_the_former_root_stays_in_force(box: Sandbox, words: list[str]) -> None:
    """sudo wants a password and nobody is there: nothing at all is changed, exit status 4."""
    box.program("sudo", "exit 1")
    as_before = kept(box)
    done = box.localedge("trust-ca", "--no-input", "--json", *words, user=NOBODY, **TWO_NAMES)
    assert done.returncode == 4 and "sudo-needs-password" in codes(done), done
    assert outcomes(done.stdout)["debian"] == "person-needed" and outcomes(done.stdout)["nss"] == "unchanged"
    assert told(done.stdout)["former_kept"] is True
    assert messages.text("former-kept", nick=box.nicknames()[0]) in done.stderr
    assert as_before() and roots(box) == set(box.nicknames())
    # With the former names all is well again, without another root.
    done = box.localedge("trust-ca", "--no-input", "--json", user=NOBODY)
    assert done.returncode == 0 and set(outcomes(done.stdout).values()) == {"already"}
    # Whoever wants to go on without the system's store says so.
    done = box.localedge("trust-ca", "--store", "nss", user=NOBODY, **TWO_NAMES)
    assert done.returncode == 0 and messages.text("other-stores-former", store="debian") in done.stdout


@pytest.mark.parametrize(
    ("lines", "code"), [(["echo full >&2", "exit 1"], "tool-failed"), (["exit 0"], "store-lies")]
)
def test_a_tool_that_fails_leaves_the_former_root_in_force(box: Sandbox, lines: list[str], code: str) -> None:
    """The new root goes again from where it was put; when the tool works, the same command is enough."""
    as_before = kept(box)
    box.program("update-ca-certificates", *lines)
    done = box.localedge("trust-ca", "--new", "--json")
    assert done.returncode == 1 and code in codes(done), done
    assert told(done.stdout)["former_kept"] is True
    assert as_before()
    (box.bin / "update-ca-certificates").unlink()
    done = box.localedge("trust-ca", "--new", "--json")
    assert done.returncode == 0, done
    assert serves(box) and len(list(box.local.glob("*.crt"))) == 1
    assert roots(box) == set(box.nicknames()) and len(roots(box)) == 1


def test_the_new_root_is_taken_out_of_the_stores_that_took_it(box: Sandbox) -> None:
    """The system took it, the browser's database did not: it goes out of the system's store again."""
    as_before = kept(box)
    real = 'exec /usr/bin/certutil "$@"'
    box.program("certutil", 'if [ "$1" = -A ]; then echo full >&2; exit 1; fi', real)
    done = box.localedge("trust-ca", "--new")
    assert done.returncode == 1 and "tool-failed" in codes(done), done
    assert messages.text("new-undone", store="debian", nick="")[:9] in done.stdout
    assert as_before() and roots(box) == set(box.nicknames())


def test_files_that_cannot_be_replaced(box: Sandbox) -> None:
    """The stores took the new root but its own files cannot be written: everything goes back."""
    as_before = kept(box)
    box.authority.chmod(0o755)
    done = box.localedge("trust-ca", "--new")
    assert (done.returncode, codes(done)) == (1, ["ca-loose"]), done
    assert as_before() and roots(box) == set(box.nicknames())
    box.journal.unlink()
    done = box.localedge("trust-ca", "--new")
    assert (done.returncode, codes(done)) == (1, ["ca-loose"]), done
    assert as_before() and not box.journal.exists(), "what was not recorded is not ours now"


@pytest.mark.parametrize("call", [1, 2], ids=["installing", "removing"])
def test_killed_while_replacing(box: Sandbox, call: int) -> None:
    """Killed at either of the tool's two runs, HTTPS works; the next run finishes and leaves one root."""
    count = box.home / ".count"
    lines = [f'echo >> "{count}"', f'[ "$(wc -l < "{count}")" = {call} ] && kill -9 $PPID']
    box.program("update-ca-certificates", *lines, 'exec /usr/sbin/update-ca-certificates "$@"')
    done = box.localedge("trust-ca", "--new")
    assert done.returncode in (-9, 137), done
    assert serves(box)
    (box.bin / "update-ca-certificates").unlink()
    done = box.localedge("trust-ca")
    assert done.returncode == 0 and serves(box), done
    assert len(list(box.local.glob("*.crt"))) == 1
    assert roots(box) == set(box.nicknames()) and len(roots(box)) == 1


def test_without_a_journal_a_root_is_not_forgotten(box: Sandbox) -> None:
    """Stores are asked themselves: while one has the root, its files stay, and the way out works."""
    box.journal.unlink()
    as_before = kept(box)
    done = box.localedge("ca", "forget")
    assert (done.returncode, codes(done)) == (1, ["ca-still-in-stores"]), done
    assert "debian, nss:" in done.stderr and "localedge untrust-ca --unrecorded" in done.stderr
    assert as_before()
    done = box.localedge("untrust-ca")
    assert messages.text("authority-stays") not in done.stdout
    assert box.localedge("untrust-ca", "--unrecorded").returncode == 0
    assert box.localedge("ca", "forget").returncode == 0
    assert box.nicknames() == [] and not list(box.local.glob("*.crt")) and not box.authority.exists()


def test_without_a_journal_the_former_root_goes_too(box: Sandbox) -> None:
    """A new root takes the former one out also where only the CA's own files tell of it."""
    [former] = box.nicknames()
    box.journal.unlink()
    done = box.localedge("trust-ca", "--new", "--store", "nss")
    assert done.returncode == 0, done
    assert messages.text("other-stores-former", store="debian") in done.stdout
    assert box.nicknames() != [former] and len(box.nicknames()) == 1
    assert former in roots(box), "what is still in the system's store is known from now on"
    assert box.localedge("trust-ca").returncode == 0
    assert len(list(box.local.glob("*.crt"))) == 1 and roots(box) == set(box.nicknames())


def test_an_expired_root_is_found_without_a_journal(box: Sandbox) -> None:
    """A root that has ended is still in the stores: --unrecorded takes it out."""
    from localedge.machine.vault import Vault
    from localedge.pki.authority import make_authority

    assert box.localedge("untrust-ca").returncode == 0
    past = NOW - timedelta(days=900)
    vault = Vault(box.authority)
    vault.store(make_authority(["localedge.test"], past), ["localedge.test"], past)
    argv = ["certutil", "-A", "-d", f"sql:{box.profile}", "-t", "C,,", "-n", "ended"]
    assert box.run_in([*argv, "-a", "-i", str(vault.root_file)]).returncode == 0
    done = box.localedge("untrust-ca", "--unrecorded")
    assert done.returncode == 0 and box.nicknames() == [], done
