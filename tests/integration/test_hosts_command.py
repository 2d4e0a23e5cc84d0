"""`localedge hosts` as users run it: real processes, a file of the test's own."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from localedge import messages
from tests import hosts_namespace
from tests.commands import PATIENCE, codes, one_line, run

NAME = "localedge.test"
PLAIN = b"127.0.0.1 localhost\r\n# 10.0.0.1 localedge.test\r\n10.0.0.9 printer.localedge.test no-end"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "hosts"
    path.write_bytes(PLAIN)
    return path


def hosts(place: Path, verb: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return run("hosts", verb, "--file", str(place), *words, **environ)


def test_add_and_remove(place: Path) -> None:
    """A name is added once, told, shown, and taken out without a trace."""
    done = hosts(place, "add", NAME.upper())
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == messages.text(
        "hosts-added", name=NAME, addresses="127.0.0.1", path=str(place)
    )
    assert b"\r\n127.0.0.1 localedge.test\r\n" in place.read_bytes()
    again = hosts(place, "add")
    assert again.returncode == 0 and " already " in again.stderr
    assert f"{NAME}: in the file, 127.0.0.1; " in hosts(place, "show").stdout
    done = hosts(place, "remove")
    assert (done.returncode, done.stdout) == (0, "") and f"{NAME} is no longer in " in done.stderr
    assert place.read_bytes() == PLAIN and list(place.parent.iterdir()) == [place]
    assert "There is nothing of localedge" in hosts(place, "remove").stderr
    assert "was not in" in hosts(place, "remove", "other.test").stderr


def test_a_dry_run_shows_the_lines_and_changes_nothing(place: Path) -> None:
    """The difference is printed as patch(1) would take it, and that is all."""
    done = hosts(place, "add", "--dry-run", NAME)
    assert done.returncode == 0 and "nothing was changed" in done.stderr
    shown = done.stdout.splitlines()
    assert shown[0] == "@@ -1,3 +1,7 @@" and f"+127.0.0.1 {NAME}" in shown
    assert shown[4] == "\\ No newline at end of file"
    assert place.read_bytes() == PLAIN and list(place.parent.iterdir()) == [place]


def test_json(place: Path) -> None:
    """Programs read what was done from one value."""
    told = json.loads(hosts(place, "add", "--json", NAME, "other.test").stdout)
    assert told["changed"] and told["added"] == [NAME, "other.test"] and told["file"] == str(place)
    assert told["names"] == {NAME: ["127.0.0.1"], "other.test": ["127.0.0.1"]}
    assert Path(told["backup"]).read_bytes() == PLAIN
    assert [note["code"] for note in told["notes"]] == ["hosts-not-configured"]
    shown = json.loads(hosts(place, "show", "--json").stdout)
    assert [(row["name"], row["in_file"], row["addresses"]) for row in shown["names"]] == [
        (NAME, "localedge", ["127.0.0.1"]),
        ("other.test", "localedge", ["127.0.0.1"]),
    ]
    told = json.loads(hosts(place, "remove", "--json", "--dry-run", NAME).stdout)
    assert not told["changed"] and told["would_change"] and f"-127.0.0.1 {NAME}" in told["diff"]
    told = json.loads(hosts(place, "remove", "--json").stdout)
    assert told["removed"] == [NAME, "other.test"] and told["backup"] is None
    assert place.read_bytes() == PLAIN


def test_a_failure_in_json(place: Path) -> None:
    """A program gets a failure on standard output too: an object, and a list where there are several."""
    done = hosts(place, "add", "--json", "x")
    assert (done.returncode, codes(done)) == (1, ["hosts-name-bad"])
    told = json.loads(done.stdout)
    assert done.stderr == f"localedge: {told['message']} [{told['code']}]\n" and told["exit_status"] == 1
    done = hosts(place, "add", "--json", "x", "10.0.0.1")
    assert [row["code"] for row in json.loads(done.stdout)] == codes(done)
    place.unlink()
    told = json.loads(hosts(place, "show", "--json").stdout)
    assert (told["exit_status"], told["code"]) == (1, "hosts-missing")


def test_the_names_of_the_configuration(place: Path, tmp_path: Path) -> None:
    """Without a name, `add` takes those that the edge serves; ::1 comes with an edge that listens there."""
    config = tmp_path / "c.toml"
    config.write_text('[https]\nnames = ["a.test", "b.test"]\n[listen]\nhost = "::1"\n')
    done = hosts(place, "add", "--config", str(config))
    assert done.returncode == 0, done.stderr
    for line in (b"127.0.0.1 a.test", b"::1 a.test", b"127.0.0.1 b.test", b"::1 b.test"):
        assert b"\r\n" + line + b"\r\n" in place.read_bytes()
    rows = json.loads(hosts(place, "show", "--json", "--config", str(config)).stdout)["names"]
    assert [row["addresses"] for row in rows] == [["127.0.0.1", "::1"]] * 2
    hosts(place, "remove", "a.test")
    assert b"a.test" not in place.read_bytes() and b"::1 b.test" in place.read_bytes()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("localhost", "hosts-name-loopback"),
        ("my.localhost", "hosts-name-loopback"),
        ("ip6-localhost", "hosts-name-loopback"),
        ("10.0.0.1", "hosts-name-address"),
        ("::1", "hosts-name-address"),
        ("*.test", "hosts-name-bad"),
        ("https://localedge.test", "hosts-name-bad"),
        ("localedge.test:18443", "hosts-name-bad"),
        ("single", "hosts-name-bad"),
        ("a_b.test", "hosts-name-bad"),
        ("a.test\n10.0.0.1 evil.test", "hosts-name-bad"),
        ("网关.test", "hosts-name-bad"),
        ("", "hosts-name-bad"),
    ],
)
def test_a_name_that_may_not_be_mapped(place: Path, name: str, code: str) -> None:
    """Addresses, loopback's own names, and what is no host name: one clear line each."""
    one_line(hosts(place, "add", name), code)
    assert place.read_bytes() == PLAIN


def test_all_wrong_names_come_together(place: Path) -> None:
    """One run tells every mistake, and none of the names is added."""
    done = hosts(place, "add", "x", NAME, "10.0.0.1")
    assert (done.returncode, codes(done)) == (1, ["hosts-name-bad", "hosts-name-address"])
    assert place.read_bytes() == PLAIN


def test_a_name_that_is_mapped_already(place: Path) -> None:
    """Somebody's own line is neither doubled nor removed; a comment or a longer name is no such line."""
    place.write_bytes(PLAIN + b"\r\n10.1.1.1 x LocalEdge.Test\r\n")
    before = place.read_bytes()
    line = one_line(hosts(place, "add", NAME), "hosts-name-mapped")
    assert "Line 4 of " in line and "10.1.1.1" in line
    one_line(hosts(place, "remove", NAME), "hosts-name-not-ours")
    assert "line 4 of the file" in hosts(place, "show").stdout
    assert place.read_bytes() == before


@pytest.mark.parametrize("verb", ["add", "remove"])
def test_a_line_is_quoted_without_what_a_terminal_obeys(place: Path, verb: str) -> None:
    """An escape sequence in somebody else's line does not reach the terminal raw."""
    place.write_bytes(b"\x1b[31m10.1.1.1 localedge.test\n")
    done = hosts(place, verb, NAME)
    assert done.returncode == 1 and "10.1.1.1" in done.stderr
    assert done.stderr.rstrip("\n").isprintable()


def test_a_name_of_claude_is_warned_about_strongly(place: Path) -> None:
    """Taking over api.anthropic.com on this machine is possible, and never goes unsaid."""
    done = hosts(place, "add", "--dry-run", "api.anthropic.com")
    assert done.returncode == 0
    assert "WARNING: api.anthropic.com belongs to Claude's own service" in done.stderr


def test_the_gateway_s_own_name_is_explained(place: Path) -> None:
    """Who maps the gateway's own name learns how the edge will find the gateway all the same."""
    done = hosts(place, "add", "--dry-run", "gw.test", LOCALEDGE_UPSTREAM="http://gw.test:8000")
    assert "[hosts-name-gateway]" in done.stderr and "gateway.address" in done.stderr


def test_a_generated_file_is_told(place: Path) -> None:
    """WSL and cloud-init write the file anew at every start."""
    place.write_bytes(b"# [network]\n# generateHosts = false\n127.0.0.1 localhost\n")
    assert "[hosts-generated]" in hosts(place, "add", NAME).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a right of their own there")
def test_nixos_gets_its_own_words(place: Path) -> None:
    """Where the system makes the file, the user is told what to write in its configuration."""
    place.unlink()
    place.symlink_to("/etc/static/hosts")
    for verb, words in (("add", [NAME, "b.test"]), ("show", [])):
        line = one_line(hosts(place, verb, *words), "hosts-nix")
        shown = '"localedge.test" "b.test"' if words else '"localedge.test"'
        assert f'networking.hosts."127.0.0.1" = [ {shown} ];' in line


def test_the_user_s_language(place: Path) -> None:
    """Chinese users are told in Chinese, for warnings and failures alike."""
    chinese = {"LOCALEDGE_LANG": "zh", "PYTHONIOENCODING": "utf-8"}
    assert "现已指向本机" in hosts(place, "add", NAME, **chinese).stderr
    assert "不是可以映射的主机名" in hosts(place, "add", "x", **chinese).stderr


WITHOUT_RIGHTS = """
import os, sys
import localedge.cli.hosts, localedge.machine.hosts, localedge.machine.hosts_lookup, localedge.machine.vault
import localedge.machine.files, platformdirs.unix, ipaddress, shlex, json, encodings.idna
from localedge.cli.calling import call
os.seteuid(65534)
sys.exit(call(sys.argv[1:]))
"""


@pytest.fixture
def readable() -> Iterator[Path]:
    """A directory that other users may look into: pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="takes root's rights away")
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_without_the_right_to_write(readable: Path, verb: str) -> None:
    """An ordinary user is told the exact command with sudo, names spelt out, and nothing has changed."""
    place = readable / "hosts"
    place.write_bytes(PLAIN)
    hosts(place, "add", "a.test", "b.test")
    before = place.read_bytes()
    words = ["hosts", verb, "--file", str(place), "a.test", "c.test"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RIGHTS, *words],
        env={**os.environ, "XDG_CONFIG_HOME": str(readable)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    line = one_line(done, "hosts-needs-root")
    command = line.partition('Run "sudo ')[2].partition('".')[0]
    assert f" hosts {verb} a.test c.test --file " in command
    assert place.read_bytes() == before
    assert subprocess.run(shlex.split(command), capture_output=True).returncode == 0
    assert place.read_bytes() != before


# -- the system's own file, in a namespace of its own


@pytest.mark.parametrize("mount_point", [False, True])
def test_the_system_goes_by_it(tmp_path: Path, mount_point: bool) -> None:
    """The name is there for every program, in a container too, where the file is a mount point."""
    place = hosts_namespace.make_etc(tmp_path / "etc", PLAIN)
    inode = place.stat().st_ino
    done = hosts_namespace.run(place.parent, "hosts", "add", "--json", mount_point=mount_point)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["changed"] and told["file"] == "/etc/hosts" and told["notes"] == []
    assert (place.stat().st_ino == inode) is mount_point
    assert place.with_name(Path(told["backup"]).name).read_bytes() == PLAIN
    shown = hosts_namespace.run(place.parent, "hosts", "show", "--json")
    assert [row["resolves_to"] for row in json.loads(shown.stdout)["names"]] == [["127.0.0.1"]]
    assert hosts_namespace.run(place.parent, "hosts", "remove", mount_point=mount_point).returncode == 0
    assert place.read_bytes() == PLAIN
    assert not [entry for entry in place.parent.iterdir() if "localedge" in entry.name]


def test_a_read_only_file_system(tmp_path: Path) -> None:
    """Where not even root may write, the message does not send the user to become root."""
    place = hosts_namespace.make_etc(tmp_path / "etc", PLAIN)
    done = hosts_namespace.run(
        place.parent, "hosts", "add", mount_point=True, before="mount -o remount,ro,bind /etc/hosts;"
    )
    assert "Read-only file system" in one_line(done, "hosts-guarded")
    assert place.read_bytes() == PLAIN


def test_a_read_only_directory_around_it(tmp_path: Path) -> None:
    """A container with a read-only root and a writable /etc/hosts: the copy goes to the data directory."""
    place = hosts_namespace.make_etc(tmp_path / "etc", PLAIN)
    data = str(tmp_path / "data")
    before = "mount -o remount,ro,bind /etc;"
    for verb in ("add", "remove"):
        done = hosts_namespace.run(
            place.parent, "hosts", verb, mount_point=True, before=before, XDG_DATA_HOME=data
        )
        assert done.returncode == 0, done.stderr
        assert Path(data).exists() is (verb == "add"), "also the directories that were made for it"
        if verb == "add":
            [kept] = Path(data, "localedge").glob("hosts*")
            whole = place.read_bytes()
            place.write_bytes(whole[:-10])
            told = hosts_namespace.run(
                place.parent, "hosts", "remove", mount_point=True, before=before, XDG_DATA_HOME=data
            )
            assert str(kept) in one_line(told, "hosts-block-cut")
            place.write_bytes(whole)
    assert place.read_bytes() == PLAIN


def test_a_system_that_ignores_the_file(tmp_path: Path) -> None:
    """If the name leads nowhere after the file was written, that is told."""
    place = hosts_namespace.make_etc(tmp_path / "etc", PLAIN, services="myhostname")
    done = hosts_namespace.run(place.parent, "hosts", "add")
    assert done.returncode == 0 and "[hosts-no-effect]" in done.stderr, done.stderr
