"""`trust-ca` and `untrust-ca` as users run them, on a copy of this machine's trust."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from localedge import messages
from tests.commands import codes
from tests.desktop_homes import tree
from tests.sandbox import Sandbox

NAME = re.compile(r"localedge root [0-9a-f]{8}")


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A machine of its own."""
    return Sandbox(tmp_path)


def told(output: str) -> Any:
    """The JSON of standard output."""
    return json.loads(output)


def outcomes(output: str) -> dict[str, str]:
    """Store (without its path) to outcome."""
    return {row["store"].partition(":")[0]: row["outcome"] for row in told(output)["stores"]}


def plain(document: Any) -> str:
    """JSON without what differs from root to root."""
    text = re.sub(r"[0-9a-f]{64}", "HASH", json.dumps(document, indent=1))
    text = re.sub(r'bytes": \d+', 'bytes": SIZE', text)  # a signature may be a byte shorter
    return NAME.sub("ROOT", re.sub(r"localedge-[0-9a-f]{16}", "FILE", text))


def test_trusted_and_undone_byte_for_byte(box: Sandbox) -> None:
    """One command trusts, one undoes: afterwards everything but the CA's own files is what it was."""
    before = box.snapshot()
    done = box.localedge("trust-ca")
    assert (done.returncode, done.stderr) == (0, ""), done
    [name] = set(NAME.findall(done.stdout))
    assert f"debian: {messages.text('now-trusted', store='', clients='')[2:20]}" in done.stdout
    assert messages.text("restart-clients") in done.stdout
    anchor = next(box.local.glob("localedge-*.crt"))
    assert anchor.read_bytes() == (box.authority / "root.pem").read_bytes()
    bundle = (box.certs / "ca-certificates.crt").read_bytes()
    assert anchor.read_bytes() in bundle and box.nicknames() == [name]

    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, ""), done
    as_before = messages.text("as-before", path="/etc/ssl/certs/ca-certificates.crt")
    assert as_before in done.stdout and messages.text("authority-stays") in done.stdout
    assert box.snapshot() == before and box.nicknames() == [] and not box.journal.exists()
    assert not [path for path in box.certs.iterdir() if not path.exists() and not path.is_symlink()]


def test_databases_that_it_makes(box: Sandbox) -> None:
    """A Chromium that was never started, in a home with nothing in it: no directory of ours is left."""
    for name in (".mozilla", ".local"):
        shutil.rmtree(box.home / name)
    box.program("chromium", "exit 0")
    assert box.localedge("trust-ca").returncode == 0
    assert (box.home / ".pki" / "nssdb" / "cert9.db").exists()
    for words in (["untrust-ca"], ["ca", "forget"]):
        done = box.localedge(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert tree(box.home) == {}


def test_openssl_believes_it_and_no_more(box: Sandbox) -> None:
    """OpenSSL accepts the edge's certificate by the system's bundle while it is trusted, not after."""
    leaf = box.authority / "*/leaf.pem"
    line = f"openssl verify -x509_strict -untrusted {leaf} {leaf}"
    assert box.localedge("trust-ca").returncode == 0
    assert box.run_in(["sh", "-c", line]).returncode == 0
    assert box.localedge("untrust-ca").returncode == 0
    assert box.run_in(["sh", "-c", line]).returncode != 0


def test_the_second_time_there_is_nothing_to_do(box: Sandbox) -> None:
    """Running it again says that everything is trusted already, and changes no byte of anything."""
    assert box.localedge("trust-ca").returncode == 0
    before = box.snapshot(), box.journal.read_bytes(), sorted(box.authority.rglob("*"))
    done = box.localedge("trust-ca", "--json")
    assert done.returncode == 0 and set(outcomes(done.stdout).values()) == {"already"}
    assert before == (box.snapshot(), box.journal.read_bytes(), sorted(box.authority.rglob("*")))
    assert told(done.stdout)["authority"]["new"] is False


def test_a_dry_run_changes_nothing_and_tells_what_would_run(box: Sandbox) -> None:
    """The plan has the steps of the real run, and not even the CA is made by it."""
    before = box.snapshot()
    dry = box.localedge("trust-ca", "--dry-run", "--json")
    assert dry.returncode == 0 and outcomes(dry.stdout)["debian"] == "planned"
    assert box.snapshot() == before and not (box.data / "localedge").exists()
    real = box.localedge("trust-ca", "--json")
    for one, other in zip(told(dry.stdout)["stores"], told(real.stdout)["stores"], strict=True):
        assert other["outcome"] == "trusted"
        assert plain(one["steps"]) == plain(other["steps"])
        assert (one["clients"], one["store"]) == (other["clients"], other["store"])

    trusted = box.snapshot(), box.journal.read_bytes()
    dry = box.localedge("untrust-ca", "--dry-run")
    assert dry.returncode == 0 and "update-ca-certificates --fresh" in dry.stdout
    assert messages.text("nothing-changed") in dry.stdout
    assert trusted == (box.snapshot(), box.journal.read_bytes())


def test_the_plan_in_words_has_everything(box: Sandbox) -> None:
    """Commands, files with size, mode and hash, privilege, and who is served, in either language."""
    done = box.localedge("trust-ca", "--dry-run")
    for part in ("/usr/local/share/ca-certificates/localedge-", "bytes, mode 0644, SHA-256 ", "as root"):
        assert part in done.stdout
    for part in ("/usr/sbin/update-ca-certificates", "certutil -A", "-t C,, -n", "Claude Code", "Firefox"):
        assert part in done.stdout
    assert messages.text("plan-example") in done.stdout
    done = box.localedge("trust-ca", "--dry-run", "--lang", "zh")
    assert "写入 /usr/local/share/ca-certificates/localedge-" in done.stdout and "字节" in done.stdout


def test_new_names_mean_a_new_root(box: Sandbox) -> None:
    """The names are part of the root: a new one is trusted, the former one goes in the same run, and why."""
    before = box.snapshot()
    box.localedge("trust-ca")
    [former] = box.nicknames()
    done = box.localedge("trust-ca", LOCALEDGE_HTTPS_NAMES="localedge.test,gw.test")
    assert done.returncode == 0, done
    reason = messages.text("new-root-names", former="localedge.test", names="localedge.test, gw.test")
    assert reason in done.stdout
    [name] = box.nicknames()
    assert name != former and len(list(box.local.glob("*.crt"))) == 1
    assert len(json.loads(box.journal.read_text())["entries"]) == len(
        [line for line in done.stdout.splitlines() if "trusted now" in line]
    )
    assert box.localedge("untrust-ca").returncode == 0
    assert box.snapshot() == before and box.nicknames() == []


def test_a_new_root_on_demand(box: Sandbox) -> None:
    """--new replaces a root that is still good; the same names the other way round do not."""
    box.localedge("trust-ca", LOCALEDGE_HTTPS_NAMES="a.test,b.test")
    former = box.nicknames()
    done = box.localedge("trust-ca", "--json", LOCALEDGE_HTTPS_NAMES="b.test,a.test")
    assert told(done.stdout)["authority"]["new"] is False and box.nicknames() == former
    done = box.localedge("trust-ca", "--new", "--json", LOCALEDGE_HTTPS_NAMES="b.test,a.test")
    assert told(done.stdout)["authority"]["reason"] == "new-root-asked"
    assert len(box.nicknames()) == 1 and box.nicknames() != former


def test_an_expired_root_is_replaced(box: Sandbox) -> None:
    """When the root has ended, the same command makes the next one."""
    from datetime import timedelta

    from localedge.machine.vault import Vault
    from localedge.pki.authority import make_authority
    from tests.trusting import NOW

    past = NOW - timedelta(days=900)
    box.authority.parent.mkdir(mode=0o700)
    Vault(box.authority).store(make_authority(["localedge.test"], past), ["localedge.test"], past)
    done = box.localedge("trust-ca", "--json")
    assert done.returncode == 0 and told(done.stdout)["authority"]["reason"] == "new-root-expired"
    assert len(box.nicknames()) == 1


def test_undone_without_the_cas_files(box: Sandbox) -> None:
    """The journal is enough: who has deleted the CA's directory can still undo everything."""
    before = box.snapshot()
    box.localedge("trust-ca")
    box.run_in(["rm", "-r", str(box.authority)])
    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, "")
    assert box.snapshot() == before and box.nicknames() == [] and not box.journal.exists()


def test_nothing_to_undo(box: Sandbox) -> None:
    """Undoing nothing is no mistake."""
    done = box.localedge("untrust-ca")
    assert done.returncode == 0 and messages.text("nothing-to-undo") in done.stdout


def test_only_some_stores(box: Sandbox) -> None:
    """--store leaves the others alone, both ways; a name that means none is told with those that do."""
    before = box.snapshot()
    done = box.localedge("trust-ca", "--store", f"nss:{box.profile}", "--json")
    assert outcomes(done.stdout) == {"nss": "trusted"} and box.snapshot() == before
    box.localedge("trust-ca", "--store", "debian")
    done = box.localedge("untrust-ca", "--store", "nss", "--json")
    assert outcomes(done.stdout) == {"nss": "removed"} and box.nicknames() == []
    assert box.snapshot() != before
    done = box.localedge("trust-ca", "--store", "debain")
    assert (done.returncode, codes(done)) == (2, ["no-such-store"]) and "debian, nss:" in done.stderr
    assert box.localedge("untrust-ca", "--store", "debian").returncode == 0
    assert box.snapshot() == before


def test_a_former_root_in_a_store_that_was_left_out(box: Sandbox) -> None:
    """A new root for one store only: the user is told that another still trusts the former one."""
    box.localedge("trust-ca")
    done = box.localedge("trust-ca", "--new", "--store", "nss")
    assert done.returncode == 0
    assert messages.text("other-stores-former", store="debian") in done.stdout
    assert box.localedge("trust-ca").returncode == 0
    assert len(list(box.local.glob("localedge-*.crt"))) == 1


def test_through_sudo_it_declines(box: Sandbox) -> None:
    """Under sudo it would see root's browsers, and leave root's files in the user's home."""
    for words in (["trust-ca"], ["trust-ca", "--dry-run"], ["untrust-ca"]):
        done = box.localedge(*words, SUDO_USER="ada")
        assert (done.returncode, codes(done)) == (1, ["not-with-sudo"]) and "ada" in done.stderr
    assert not (box.data / "localedge").exists()


@pytest.mark.parametrize("words", [["trust-ca"], ["untrust-ca"]], ids=" ".join)
def test_help_is_a_screenful_with_an_example(box: Sandbox, words: list[str]) -> None:
    """Both commands explain themselves on one screen, with the exit status for a person."""
    done = box.localedge(*words, "--help", COLUMNS="80")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) <= 34 and max(map(len, lines)) <= 80
    assert "  Example:" in lines and "4 a person is needed" in " ".join(done.stdout.split())


def test_at_a_terminal_it_asks_first(box: Sandbox) -> None:
    """Privileged steps are begun after a yes only; --yes and a run with nothing to do ask nothing."""
    before, ask = box.snapshot(), messages.text("ask-go-on")
    status, seen = box.at_terminal("trust-ca", prompt=ask, answer="n")
    assert status == 1 and "[trust-declined]" in seen
    assert box.snapshot() == before and not box.journal.exists() and not box.authority.exists()
    status, seen = box.at_terminal("trust-ca", prompt=ask, answer="y")
    assert status == 0 and messages.text("restart-clients") in seen and len(box.nicknames()) == 1
    status, seen = box.at_terminal("trust-ca", prompt=ask, answer="n")
    assert status == 0 and ask not in seen
    status, seen = box.at_terminal("untrust-ca", "--yes", prompt=ask, answer="n")
    assert status == 0 and ask not in seen
    assert box.snapshot() == before


def test_a_firefox_with_a_primary_password(box: Sandbox) -> None:
    """Without a person it is left alone, exit status 4; at a terminal certutil asks for the password."""
    import shutil
    import subprocess

    shutil.rmtree(box.profile)
    box.profile.mkdir()
    password = box.place / "password"
    password.write_text("open sesame\n")
    argv = ["certutil", "-N", "-d", f"sql:{box.profile}", "-f", str(password)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=30)
    store = f"nss:{box.profile}"
    done = box.localedge("trust-ca", "--no-input", "--store", store)
    assert (done.returncode, codes(done)) == (4, ["store-needs-person"]) and box.nicknames() == []
    words = ("trust-ca", "--yes", "--store", store)
    status, seen = box.at_terminal(*words, prompt="Enter Password", answer="open sesame")
    assert status == 0 and messages.text("nss-password-prompt") in seen and len(box.nicknames()) == 1
    assert box.localedge("untrust-ca", "--no-input").returncode == 0 and box.nicknames() == []


def test_debians_java_forgets_it_too(tmp_path: Path) -> None:
    """With the real hook of ca-certificates-java: its keystore has the root, and afterwards has not."""
    box = Sandbox(tmp_path, java=True)

    def aliases() -> str:
        argv = ["keytool", "-list", "-cacerts", "-storepass", "changeit"]
        listed = box.run_in(argv).stdout
        return "\n".join(sorted(line.split(",")[0] for line in listed.splitlines() if "trusted" in line))

    before, listed = box.snapshot(), aliases()
    java = str(box.certs / "java/cacerts")
    done = box.localedge("trust-ca", "--store", "debian")
    assert done.returncode == 0 and "Java" in done.stdout, done
    assert "debian:localedge-" in aliases()
    done = box.localedge("untrust-ca")
    assert (done.returncode, done.stderr) == (0, "")
    assert aliases() == listed
    after = box.snapshot()
    assert {**after, java: ""} == {**before, java: ""}, "but for the dates that the hook writes"
