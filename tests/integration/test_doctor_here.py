"""Each finding about our own files and this machine, with the fault made for real."""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from localedge.claude.health import Severity
from localedge.config import Config, Gateway, Https
from localedge.machine.health_here import FIXES, look
from localedge.machine.journal import NAME, Entry, Journal, Phase
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from localedge.pki.plan import Root, State
from tests import peers
from tests.commands import PATIENCE
from tests.doctor_scene import Found, alone, as_user, by_code, http, open_place, peer, scene, under_wine
from tests.h2_wire import authority

DEMO = Gateway("http", "127.0.0.1", 1, demo=True)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and owners")
WINE = pytest.mark.skipif(not under_wine(), reason="Wine: elsewhere a directory's list closes what is in it")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Nothing special, and a data directory of the test's own."""
    (tmp_path / "data").mkdir()
    return Config(DEMO, https=Https(directory=str(tmp_path / "data" / "ca")))


def find(place: Path, config: Config) -> Found:
    """What is found with this configuration."""
    return by_code(look(scene(place, config)))


def mended(place: Path, config: Config, code: str) -> Found:
    """What is still found when the fix of a finding has been carried out."""
    seen = scene(place, config)
    [finding] = [one for one in look(seen) if one.code == code]
    FIXES[finding.fix](seen, finding)
    return by_code(look(seen))


def test_all_is_well(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line tells what runs here, and nothing else is said."""
    monkeypatch.chdir(tmp_path)
    authority(tmp_path / "data" / "ca")
    found = find(tmp_path, config)
    assert list(found) == ["doctor-versions"] and found["doctor-versions"][0] == "GOOD"
    assert f"Python {sys.version.partition(' ')[0]}, Twisted 2" in found["doctor-versions"][1]


# -- what is installed


def install(place: Path, monkeypatch: pytest.MonkeyPatch, *metadata: str) -> None:
    """Another distribution of localedge comes first."""
    directory = place / "site" / "localedge-9.9.dist-info"
    directory.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", "Name: localedge", "Version: 9.9", *metadata, ""]
    (directory / "METADATA").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(place / "site")


def test_libraries_that_are_too_old(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the metadata ask for and that are not there come with the command of pip."""
    needs = ("click>=99", "nobody-has-this[x]>=1,<2", "platformdirs>=1", 'pytest>=99; extra == "test"')
    install(tmp_path, monkeypatch, *(f"Requires-Dist: {one}" for one in needs))
    severity, sentence, told = find(tmp_path, config)["doctor-dependencies"]
    assert severity == "ERROR" and "click>=99, nobody-has-this[x]>=1,<2." in sentence
    assert told.endswith(' -m pip install "click>=99" "nobody-has-this[x]>=1,<2"')


def test_a_python_that_is_too_old(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the metadata have it."""
    install(tmp_path, monkeypatch, "Requires-Python: >=9.1")
    assert find(tmp_path, config)["doctor-python-old"][0] == "ERROR"


@POSIX
def test_another_localedge_comes_first(tmp_path: Path, config: Config) -> None:
    """A shell finds another installation; one that our own Python runs is ours."""
    script = tmp_path / "bin" / "localedge"
    script.parent.mkdir()
    script.write_text("#!/opt/other/python\n")
    script.chmod(0o755)
    seen = scene(tmp_path, config, PATH=str(script.parent))
    found = by_code(look(seen))
    assert (
        found["doctor-other-localedge"][0] == "WARNING" and str(script) in found["doctor-other-localedge"][1]
    )
    script.write_text(f"#!{sys.executable}\n")
    assert "doctor-other-localedge" not in by_code(look(seen))


def test_twistd_does_not_find_the_plugin(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an installation: the package without the file beside Twisted's own plugins."""
    (tmp_path / "site").mkdir()
    seen = scene(tmp_path, config)
    list(look(seen))  # it imports as it goes
    kept = [one for one in sys.path if not Path(one, "twisted/plugins/localedge_plugin.py").exists()]
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *kept])
    [finding] = [one for one in look(seen) if one.code == "doctor-plugin-missing"]
    assert finding.severity is Severity.WARNING


# -- the configuration


def test_a_broken_configuration(tmp_path: Path, config: Config) -> None:
    """Its mistakes are told as everywhere, the first of them; others are counted."""
    file = tmp_path / "c.toml"
    file.write_text("[listen]\nport = 'x'\n" + "".join(f"odd{number} = 1\n" for number in range(8)))
    found = by_code({one.code: one for one in look(scene(tmp_path, config))}.values())
    assert found["bad-number"][2] == f"localedge config show --config {file}"
    assert found["unknown-key-near"][0] == found["doctor-config-more"][0] == "ERROR"
    file.write_text("[listen")
    assert "config-half-written" in find(tmp_path, config)
    file.unlink()
    seen = scene(tmp_path, config)
    file.unlink()
    assert by_code(look(seen))["config-missing"][2] == f"localedge config init --config {file}"


@POSIX
def test_others_can_read_the_token(tmp_path: Path, config: Config) -> None:
    """A file with a token is for its owner alone; one without may be read by anybody."""
    file = tmp_path / "c.toml"
    file.write_text("[listen]\nport = 18080\n")
    file.chmod(0o644)
    assert "doctor-config-open" not in find(tmp_path, config)
    file.write_text('[listen]\nclient_token = "0123456789abcdef"\n')
    severity, sentence, told = find(tmp_path, config)["doctor-config-open"]
    assert severity == "WARNING" and "0123456789abcdef" not in sentence
    assert told == f"chmod go= {file}"
    assert "doctor-config-open" not in mended(tmp_path, config, "doctor-config-open")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@POSIX
def test_others_can_read_the_proxys_password(tmp_path: Path, config: Config) -> None:
    """A password in the URL of a proxy is a secret as well."""
    file = tmp_path / "c.toml"
    file.write_text('[gateway]\nurl = "http://gw.test"\nproxy = "http://me:hidden@proxy.test:3128"\n')
    file.chmod(0o644)
    found = find(tmp_path, config)
    assert "doctor-config-open" in found and "hidden" not in str(found)


# -- files


@POSIX
def test_others_can_read_the_key(tmp_path: Path, config: Config) -> None:
    """The edge would refuse it; all of the directory is given back to its owner."""
    authority(tmp_path / "data" / "ca")
    [key] = (tmp_path / "data" / "ca").rglob("intermediate-key.pem")
    key.chmod(0o640)
    key.parent.chmod(0o755)
    severity, sentence, told = find(tmp_path, config)["doctor-files-open"]
    assert severity == "ERROR" and str(key.parent) in sentence
    assert told == f"chmod -R go= {tmp_path / 'data' / 'ca'}"
    assert "doctor-files-open" not in mended(tmp_path, config, "doctor-files-open")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    Vault(tmp_path / "data" / "ca").load(datetime.now(UTC))


@POSIX
def test_files_of_others_in_the_authoritys_directory_are_left(tmp_path: Path, config: Config) -> None:
    """Who keeps more in that directory keeps its rights: neither --fix nor the command touches it."""
    directory = tmp_path / "ca"
    authority(directory)
    (directory / "mine" / "deep").mkdir(parents=True)
    others = directory / "mine" / "notes.txt"
    others.write_text("everybody may read this")
    others.chmod(0o644)
    directory.chmod(0o755)
    wanted = replace(config, https=replace(config.https, directory=str(directory)))
    assert find(tmp_path, wanted)["doctor-files-open"][2] == f"chmod go= {directory}"
    assert "doctor-files-open" not in mended(tmp_path, wanted, "doctor-files-open")
    assert stat.S_IMODE(others.stat().st_mode) == 0o644


@POSIX
def test_a_journal_that_others_can_read(tmp_path: Path, config: Config) -> None:
    """The journals are looked at too, and told once."""
    journal = tmp_path / "data" / NAME
    journal.write_text("{}")
    journal.chmod(0o644)
    found = find(tmp_path, config)
    assert found["doctor-files-open"][2] == f"chmod go= {journal}" and "ca-loose" not in found


@POSIX
def test_files_of_another_user(tmp_path: Path, config: Config) -> None:
    """What sudo has left behind needs sudo again."""
    if os.geteuid() != 0:
        peers.skip("root, to give a file away")
    authority(tmp_path / "data" / "ca")
    os.chown(tmp_path / "data" / "ca" / "authority.json", 65534, 65534)
    found = find(tmp_path, config)["doctor-files-owner"]
    assert found[0] == "ERROR" and found[2] == f"sudo chown -R 0 {tmp_path / 'data' / 'ca'}"


@LINUX
@pytest.mark.parametrize("name", ["ca", "ca/authority.json"])
def test_what_cannot_be_opened(name: str) -> None:
    """A directory or a file: it is told, whatever made it so."""
    if os.geteuid() != 0:
        peers.skip("root, to be somebody else")
    with open_place() as place:
        authority(place / "ca")
        for path in (place / "ca", *(place / "ca").rglob("*")):
            os.chown(path, 65534, 65534)
        (place / name).chmod(0)
        (place / "c.toml").write_text(f'[https]\ndirectory = "{place / "ca"}"\n')
        found = as_user("here", place / "c.toml", 65534)
    assert found["doctor-file-unreadable"][0] == "WARNING"


@WINE
def test_lists_of_windows(tmp_path: Path, config: Config) -> None:
    """A token, and a key, that others may read by their access control lists; both are closed again."""
    authority(tmp_path / "data" / "ca")
    (tmp_path / "c.toml").write_text('[listen]\nclient_token = "0123456789abcdef"\n')
    [key] = (tmp_path / "data" / "ca").rglob("intermediate-key.pem")
    content = key.read_bytes()
    key.unlink()
    key.write_bytes(content)
    found = find(tmp_path, config)
    assert "icacls" in found["doctor-config-open"][2] and "icacls" in found["doctor-files-open"][2]
    assert "(WD)" in found["doctor-config-open"][1]
    assert "doctor-config-open" not in mended(tmp_path, config, "doctor-config-open")
    assert "doctor-files-open" not in mended(tmp_path, config, "doctor-files-open")
    Vault(tmp_path / "data" / "ca").load(datetime.now(UTC))


KILLED = """
import os, pathlib, signal, sys
from localedge.machine import private_files
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
private_files.write(pathlib.Path(sys.argv[1]), b"half")
"""


@POSIX
def test_what_a_killed_process_left(tmp_path: Path, config: Config) -> None:
    """Half-written files of dead processes are removed; files of others that look alike are not."""
    authority(tmp_path / "data" / "ca")
    for name in ("data/ca/authority.json", f"data/{NAME}"):
        done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / name)], timeout=PATIENCE)
        assert done.returncode == -signal.SIGKILL
    ours = {str(one) for one in tmp_path.rglob(".*.new")}
    live = tmp_path / "data" / f".{NAME}.{os.getpid()}.new"
    foreign = tmp_path / "data" / ".somebody.1.new"
    live.touch(0o600)
    foreign.touch()
    found = find(tmp_path, config)["doctor-leftovers"]
    assert found[0] == "NOTE" and "(2, like " in found[1] and len(ours) == 2
    assert "doctor-leftovers" not in mended(tmp_path, config, "doctor-leftovers")
    assert {str(one) for one in tmp_path.rglob(".*.new")} == {str(live), str(foreign)}


@pytest.mark.parametrize(
    ("phase", "code", "told"),
    [
        (Phase.INSTALLING, "doctor-trust-interrupted", "localedge trust-ca"),
        (Phase.REMOVING, "doctor-untrust-interrupted", "localedge untrust-ca"),
    ],
)
def test_a_change_that_was_interrupted(
    tmp_path: Path, config: Config, phase: Phase, code: str, told: str
) -> None:
    """The journal still says that it is under way."""
    now = datetime.now(UTC)
    made = make_authority(["localedge.test"], now).root
    root = Root(made.public_bytes(Encoding.DER), "localedge", made.not_valid_after_utc)
    journal = Journal(tmp_path / "data" / NAME)
    journal.put(Entry("debian", root, Phase.INSTALLED, State.ABSENT))
    assert not {"doctor-trust-interrupted", "doctor-untrust-interrupted"} & set(find(tmp_path, config))
    journal.put(Entry("nss", root, phase, State.ABSENT))
    found = find(tmp_path, config)[code]
    assert found[0] == "WARNING" and found[2].startswith(told)


@POSIX
def test_a_directory_in_place_of_the_journal(tmp_path: Path, config: Config) -> None:
    """Nothing can be read or noted there."""
    (tmp_path / "data" / NAME).mkdir()
    severity, sentence, _ = find(tmp_path, config)["ca-no-file"]
    assert severity == "WARNING" and NAME in sentence


@POSIX
def test_a_damaged_journal(tmp_path: Path, config: Config) -> None:
    """It is told in its own words."""
    journal = tmp_path / "data" / NAME
    journal.write_text("{")
    journal.chmod(0o600)
    assert find(tmp_path, config)["journal-damaged"][0] == "WARNING"


@LINUX
@pytest.mark.parametrize(
    ("code", "options", "fill"),
    [
        ("doctor-disk-full", "size=1m", "head -c 900k /dev/zero > DIR/x"),
        ("doctor-data-read-only", "ro", "true"),
    ],
)
def test_no_room_for_files(tmp_path: Path, code: str, options: str, fill: str) -> None:
    """A full disk, and one that cannot be written."""
    data = tmp_path / "disk"
    data.mkdir()
    shell = f"mount -t tmpfs -o {options} none {data}; {fill.replace('DIR', str(data))};"
    found = alone(tmp_path, "here", f'[https]\ndirectory = "{data}/ca"\n', shell=shell)
    assert found[code][0] == "WARNING" and str(data) in found[code][1]


# -- clocks


@pytest.mark.parametrize(
    ("off", "code"),
    [
        (timedelta(minutes=-9), "doctor-clock-skewed"),
        (timedelta(hours=3), "doctor-clock-skewed"),
        (timedelta(days=400), "doctor-clock-wrong"),
        (timedelta(days=-20000), None),  # a box without a battery for its clock
        (timedelta(seconds=30), None),
    ],
)
def test_the_gateway_has_another_time(
    tmp_path: Path, config: Config, off: timedelta, code: str | None
) -> None:
    """The clocks are compared by the Date of an answer."""
    date = format_datetime(datetime.now(UTC) + off, usegmt=True)
    with peer(http("404 Not Found", f"Date: {date}")) as port:
        found = find(tmp_path, replace(config, gateway=Gateway("http", "127.0.0.1", port)))
    assert {one for one in found if "clock" in one} == ({code} if code else set())


def test_a_gateway_without_a_time(tmp_path: Path, config: Config) -> None:
    """No Date, or one that is none, tells nothing."""
    for fields in ([], ["Date: yesterday"], ["Date: Fri, 31 Dec 9999 23:59:00 -2300"]):
        with peer(http("200 OK", *fields)) as port:
            found = find(tmp_path, replace(config, gateway=Gateway("http", "127.0.0.1", port)))
        assert not any("clock" in one for one in found)


def test_a_ca_of_tomorrow(tmp_path: Path, config: Config) -> None:
    """A clock that was set back makes the CA look as if it were not valid yet."""
    then = datetime.now(UTC) + timedelta(days=3)
    Vault(tmp_path / "data" / "ca").store(make_authority(["localedge.test"], then), ["localedge.test"], then)
    assert find(tmp_path, config)["doctor-clock-before-ca"][0] == "ERROR"


def test_a_leaf_of_tomorrow(tmp_path: Path, config: Config) -> None:
    """So does a leaf that was issued before."""
    authority(tmp_path / "data" / "ca")
    vault = Vault(tmp_path / "data" / "ca")
    vault.renew(vault.load(datetime.now(UTC)), datetime.now(UTC) + timedelta(days=3))
    assert find(tmp_path, config)["doctor-clock-before-ca"][0] == "ERROR"


# -- twistd

TWISTD = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"


@POSIX
def test_a_twistd_that_runs(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started here, it is told with its number."""
    monkeypatch.chdir(tmp_path)
    words = ["-n", "localedge", "--http-only", "--port", "0"]
    with subprocess.Popen(
        [sys.executable, "-c", TWISTD, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            next(line for line in process.stdout if "Listening on " in line)
            found = find(tmp_path, config)
        finally:
            process.kill()
    assert (
        found["doctor-twistd-runs"][0] == "NOTE" and f"pid {process.pid}," in found["doctor-twistd-runs"][1]
    )
    assert find(tmp_path, config)["doctor-twistd-stale"][0] == "WARNING", "it was killed"
    assert "doctor-twistd-stale" not in mended(tmp_path, config, "doctor-twistd-stale")
    assert not (tmp_path / "twistd.pid").exists()


@LINUX
def test_another_program_has_twistds_number(
    tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """twistd would take it for itself, and refuse to start."""
    monkeypatch.chdir(tmp_path)
    words = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (tmp_path / "twistd.pid").write_text(f"{process.pid}\n")
        found = find(tmp_path, config)
        process.kill()
    assert "doctor-twistd-stale" in found


@POSIX
def test_a_pid_file_without_a_number(tmp_path: Path, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """twistd refuses to start; the file may be somebody's, and stays."""
    monkeypatch.chdir(tmp_path)
    for content in ("", "x", "-1", "9" * 10000):
        (tmp_path / "twistd.pid").write_text(content)
        seen = scene(tmp_path, config)
        [finding] = [one for one in look(seen) if one.code == "doctor-twistd-odd"]
        assert finding.fix == ""
