"""`localedge ca` as users run it: real processes, with a home directory of their own."""

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from localedge import messages
from localedge.errors import Failure
from localedge.machine.bundle import combined, system_bundle
from localedge.machine.journal import NAME, Entry, Journal, Phase
from localedge.machine.vault import Vault
from localedge.pki import authority as certificates
from localedge.pki.authority import Authority, make_authority, pem
from localedge.pki.plan import Root, State
from tests import commands
from tests.commands import one_line

NOW = datetime.now(UTC)
NAMES = ("localedge.test",)
DAY = timedelta(days=1)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the authority's files are."""
    return tmp_path / "home" / "data" / "localedge" / "ca"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A command in a home of its own."""
    home = tmp_path / "home"
    home.mkdir()

    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        own = {"HOME": str(home), "XDG_DATA_HOME": str(home / "data"), "SUDO_USER": "root"}
        return commands.run("ca", *words, **own, **environ)

    return run


@pytest.fixture
def authority(place: Path) -> Authority:
    """One that is there."""
    return stored(place, NOW)


def stored(place: Path, when: datetime, names: tuple[str, ...] = NAMES) -> Authority:
    """An authority made at a time of our choice."""
    authority = make_authority(names, when)
    Vault(place).store(authority, names, when)
    return authority


def record(place: Path, authority: Authority, store: str = "nss:/somewhere") -> Journal:
    """A journal that says the root is trusted in a store."""
    journal = Journal(place.parent / NAME)
    der = authority.root.public_bytes(Encoding.DER)
    root = Root(der, "localedge root x", authority.root.not_valid_after_utc)
    with journal.held():
        journal.put(Entry(store, root, Phase.INSTALLED, State.ABSENT))
    return journal


def test_the_group_shows_its_commands(run: Run) -> None:
    """`localedge ca` alone lists what there is."""
    done = run()
    assert done.returncode == 0
    assert all(f"\n  {name} " in done.stdout for name in ("show", "renew", "export", "forget"))


@pytest.mark.parametrize("name", ["show", "renew", "export", "forget"])
def test_help_has_an_example(run: Run, name: str) -> None:
    """Each command explains itself with an example."""
    done = run(name, "--help")
    assert done.returncode == 0 and "Example:" in done.stdout and "--config FILE" in done.stdout


@pytest.mark.parametrize("name", ["show", "renew", "export"])
def test_without_an_authority(run: Run, name: str) -> None:
    """Where there is no CA yet, the command that makes one is named."""
    assert "localedge trust-ca" in one_line(run(name), "ca-missing")


def test_show(run: Run, place: Path, authority: Authority) -> None:
    """What it may speak for, dates, fingerprints and trust stores stand there to be read."""
    done = run("show")
    assert (done.returncode, done.stderr) == (0, "")
    assert str(place) in done.stdout
    assert "localedge.test, localhost, 127.0.0.1/32, ::1/128" in done.stdout
    leaf = Vault(place).kept_leaf(authority)
    assert leaf is not None
    for certificate in (authority.root, authority.intermediate, leaf.certificate):
        assert certificates.fingerprint(certificate) in done.stdout
        assert f"{certificate.not_valid_after_utc:%Y-%m-%d}" in done.stdout
    assert " 824 days left" in done.stdout and " 13 days left" in done.stdout
    assert "PRIVATE" not in done.stdout


def test_show_in_chinese(run: Run, authority: Authority) -> None:
    """The same in Chinese."""
    assert "根证书" in run("show", "--lang", "zh").stdout


def test_show_as_json(run: Run, place: Path, authority: Authority) -> None:
    """Programs get the same as one JSON value."""
    record(place, make_authority(NAMES, NOW), "debian")
    done = run("show", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    value = json.loads(done.stdout)
    assert value["names"] == list(NAMES) and value["missing_names"] == [] and value["root_due"] is False
    assert value["permitted"] == {
        "dns": ["localedge.test", "localhost"],
        "addresses": ["127.0.0.1/32", "::1/128"],
    }
    assert value["root"]["fingerprint"] == certificates.fingerprint(authority.root)
    assert value["root"]["days_left"] == 824
    assert datetime.fromisoformat(value["leaf"]["renew_at"]) > NOW
    assert value["leaf"]["names"] == ["localedge.test", "localhost"]
    assert all(set(store) == {"name", "state", "detail", "recorded"} for store in value["stores"])
    assert [former["store"] for former in value["former"]] == ["debian"]
    assert Path(value["root_file"]).read_bytes() == pem(authority.root)


def test_show_without_a_good_leaf(run: Run, place: Path, authority: Authority) -> None:
    """A leaf that is gone is no reason not to show the rest, and showing makes none."""
    [leaf] = place.rglob("leaf.pem")
    leaf.unlink()
    assert "Leaf: none that is good" in run("show").stdout
    assert json.loads(run("show", "--json").stdout)["leaf"] is None
    assert not leaf.exists()


def test_show_of_a_damaged_authority_tells_what_is_still_trusted(
    run: Run, place: Path, authority: Authority
) -> None:
    """Even when the CA's files are gone, `show` says where its root is still trusted."""
    record(place, authority)
    Vault(place).forget()
    done = run("show")
    assert done.returncode == 1 and "[ca-missing]" in done.stderr
    assert "nss:/somewhere" in done.stderr and "localedge untrust-ca" in done.stderr


def test_names_that_are_not_covered(run: Run, authority: Authority) -> None:
    """A name that was configured later is told, with the reason and what to do."""
    done = run("show", LOCALEDGE_HTTPS_NAMES="localedge.test,new.test")
    assert done.returncode == 0
    assert "may not speak for new.test" in done.stderr and "localedge trust-ca" in done.stderr


@pytest.mark.parametrize(("ago", "told"), [(825 - 61, False), (825 - 59, True)])
def test_a_new_root_is_announced(run: Run, place: Path, ago: int, told: bool) -> None:
    """Sixty days before the end of a root its replacement is announced."""
    stored(place, NOW - ago * DAY)
    for name in ("show", "renew"):
        done = run(name)
        assert done.returncode == 0 and ("localedge trust-ca --new" in done.stderr) is told
    assert json.loads(run("show", "--json").stdout)["root_due"] is told


def test_an_expired_authority(run: Run, place: Path) -> None:
    """An authority that has ended is told with its date."""
    stored(place, NOW - 826 * DAY)
    assert "expired on" in one_line(run("show"), "ca-expired")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_loose_permissions(run: Run, place: Path, authority: Authority) -> None:
    """Files that others may open stop every command that would use them."""
    place.chmod(0o755)
    for name in ("show", "renew", "export"):
        assert "chmod go= " in one_line(run(name), "ca-loose")


def test_renew(run: Run, place: Path, authority: Authority) -> None:
    """A new leaf takes the place of the old one at once; the root stays."""
    vault = Vault(place)
    before = vault.leaf(authority, NOW)
    done = run("renew")
    assert (done.returncode, done.stdout) == (0, "") and "localedge.test, localhost" in done.stderr
    after = vault.leaf(authority, datetime.now(UTC))
    assert after.certificate != before.certificate
    assert vault.load(datetime.now(UTC)).root == authority.root


def test_export(run: Run, tmp_path: Path, authority: Authority) -> None:
    """The root comes as PEM on standard output, or into a file as PEM or DER; never a key."""
    assert run("export").stdout.encode() == pem(authority.root)
    assert run("export", "--out", "-").stdout.encode() == pem(authority.root)
    out = tmp_path / "root.pem"
    done = run("export", "--out", str(out))
    assert (done.returncode, done.stdout) == (0, "") and str(out) in done.stderr
    assert out.read_bytes() == pem(authority.root)
    out = tmp_path / "root.der"
    run("export", "--format", "der", "--out", str(out))
    assert x509.load_der_x509_certificate(out.read_bytes()) == authority.root


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_gets_no_binary(tmp_path: Path, place: Path, authority: Authority) -> None:
    """DER goes into a pipe or a file as it is; a terminal gets a line that says so."""
    import pty

    own = os.environ | {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(place.parent.parent)}
    words = [sys.executable, "-m", "localedge", "ca", "export", "--format", "der"]
    piped = subprocess.run(words, capture_output=True, env=own, timeout=60)
    assert x509.load_der_x509_certificate(piped.stdout) == authority.root
    ours, theirs = pty.openpty()
    try:
        told = subprocess.run(words, stdout=theirs, stderr=subprocess.PIPE, env=own, timeout=60)
    finally:
        os.close(theirs)
        os.close(ours)
    assert told.returncode == 2 and b"[ca-der-to-file]" in told.stderr


def test_export_replaces_nothing_unasked(run: Run, tmp_path: Path, authority: Authority) -> None:
    """A file that is there stays, unless it is the same anyway or --force is given."""
    out = tmp_path / "mine.txt"
    out.write_text("mine")
    one_line(run("export", "--out", str(out)), "ca-export-exists")
    assert out.read_text() == "mine"
    assert run("export", "--out", str(out), "--force").returncode == 0
    assert out.read_bytes() == pem(authority.root)
    assert run("export", "--out", str(out)).returncode == 0
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["home", "mine.txt"]


def test_export_to_nowhere(run: Run, tmp_path: Path, authority: Authority) -> None:
    """A place that cannot be written is one clear line."""
    one_line(run("export", "--out", str(tmp_path / "none" / "x.pem")), "ca-export-unwritable")
    one_line(run("export", "--out", str(tmp_path)), "ca-export-exists")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--format", "der", "--bundle", "--out", "x"], "ca-bundle-is-pem"),
        (["--base", "x"], "ca-base-without-bundle"),
        (["--format", "p12"], "usage"),
    ],
)
def test_export_of_what_makes_no_sense(run: Run, authority: Authority, words: list[str], code: str) -> None:
    """Options that contradict each other are told before anything is written."""
    one_line(run("export", *words), code, 2)


def test_export_of_a_bundle(run: Run, tmp_path: Path, place: Path, authority: Authority) -> None:
    """A bundle has everything the system trusts and our root once, and loads as a whole."""
    out = tmp_path / "bundle.pem"
    done = run("export", "--bundle", "--out", str(out))
    assert done.returncode == 0 and "SSL_CERT_FILE" in done.stderr
    system = ssl.create_default_context(cafile=str(system_bundle()))
    ours = ssl.create_default_context(cafile=str(out))
    theirs = set(system.get_ca_certs(binary_form=True))
    assert set(ours.get_ca_certs(binary_form=True)) == theirs | {authority.root.public_bytes(Encoding.DER)}
    # made anew from its own output, with a new root: the old one does not stay
    fresh = stored(place, NOW)
    again = tmp_path / "again.pem"
    assert run("export", "--bundle", "--base", str(out), "--out", str(again)).returncode == 0
    loaded = ssl.create_default_context(cafile=str(again)).get_ca_certs(binary_form=True)
    assert set(loaded) == theirs | {fresh.root.public_bytes(Encoding.DER)}
    assert run("export", "--bundle", "--base", str(out)).stdout.encode() == again.read_bytes()


def test_a_bundle_of_nothing(run: Run, tmp_path: Path, authority: Authority) -> None:
    """A base without a certificate would leave a program with our root alone: refused."""
    base = tmp_path / "base.pem"
    one_line(run("export", "--bundle", "--base", str(base)), "ca-bundle-unreadable")
    base.write_text("no certificate")
    one_line(run("export", "--bundle", "--base", str(base)), "ca-bundle-empty")
    base.write_bytes(pem(authority.root))
    with pytest.raises(Failure, match="no PEM certificate"):
        combined(base, pem(authority.root))


def test_without_a_system_bundle() -> None:
    """A system without a bundle of its own gets certifi's."""
    import certifi

    assert system_bundle(()) == Path(certifi.where())


def test_forget(run: Run, tmp_path: Path, authority: Authority) -> None:
    """Nothing of it stays on disk; doing it again is no mistake."""
    done = run("forget")
    assert (done.returncode, done.stdout) == (0, "") and "its keys with it" in done.stderr
    assert [path for path in (tmp_path / "home").rglob("*") if path.name != "data"] == []
    done = run("forget")
    assert done.returncode == 0 and "There is no local CA" in done.stderr


def test_forget_keeps_what_is_not_ours(run: Run, place: Path, authority: Authority) -> None:
    """A file that somebody put beside ours stays."""
    (place / "README.md").write_text("mine")
    assert run("forget").returncode == 0
    assert [path.name for path in place.rglob("*")] == ["README.md"]


def test_forget_is_refused_while_something_trusts_the_root(
    run: Run, place: Path, authority: Authority
) -> None:
    """While a trust store still has the root, its files are needed: `untrust-ca` comes first."""
    journal = record(place, authority)
    line = one_line(run("forget"), "ca-still-in-stores")
    assert "nss:/somewhere" in line and "localedge untrust-ca" in line
    Vault(place).load(NOW)
    with journal.held():
        for entry in journal.entries():
            journal.drop(entry)
    assert run("forget").returncode == 0 and not place.exists()


def test_a_damaged_journal_stops_forgetting(run: Run, place: Path, authority: Authority) -> None:
    """When nobody can tell what still trusts the root, its files stay."""
    journal = record(place, authority)
    journal.path.write_bytes(b"garbage")
    assert run("forget").returncode == 1 and Vault(place).exists


def test_another_directory(run: Run, tmp_path: Path) -> None:
    """https.directory is heeded by every command."""
    place = tmp_path / "elsewhere" / "ca"
    authority = stored(place, NOW)
    file = tmp_path / "c.toml"
    file.write_text(f"[https]\ndirectory = {json.dumps(str(place))}\n")
    assert run("export", "--config", str(file)).stdout.encode() == pem(authority.root)
    assert str(place) in run("show", "--config", str(file)).stdout
    assert run("forget", "--config", str(file)).returncode == 0
    assert (tmp_path / "elsewhere").is_dir() and not place.exists()


def test_every_state_of_a_store_has_a_name() -> None:
    """`show` can say in words how the root stands in a store, whatever the state."""
    for state in State:
        assert messages.text(f"ca-state-{state.value}", "zh") != messages.text(f"ca-state-{state.value}")
