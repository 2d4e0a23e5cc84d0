"""`localedge desktop` as users run it, in homes of their own."""

import hashlib
import json
import os
import plistlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests import peers
from tests.commands import PATIENCE, codes, command, first_line, one_line, port_of, running

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="variables and processes of POSIX")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc, namespaces")
KEY = "sk-very-secret-0123456789"
GATEWAY = "http://gateway.example:8000"
_UTF8 = {"PYTHONIOENCODING": "utf-8"}


def root() -> bool:
    """Whether modes keep this process from nothing."""
    return sys.platform != "win32" and os.geteuid() == 0


class User:
    """Somebody with a home."""

    def __init__(self, place: Path) -> None:
        self.home = place / "J\u00fcrgen \u674e"
        config, data = self.home / ".config", self.home / ".local" / "share"
        for path in (config, data):
            path.mkdir(parents=True)
        self.environ = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(config), "XDG_DATA_HOME": str(data)}
        self.environ |= {"XDG_RUNTIME_DIR": "", "TMPDIR": str(place)}  # where edges leave their notes
        self.config = config
        if sys.platform == "darwin":
            self.config = self.home / "Library" / "Application Support"
        if sys.platform == "win32":
            self.config = self.home / "AppData" / "Local"
            roaming = self.home / "AppData" / "Roaming"
            self.environ = {"APPDATA": str(roaming), "LOCALAPPDATA": str(self.config)}

    def run(self, *words: str, lang: str = "en", **environ: str) -> subprocess.CompletedProcess[str]:
        """`localedge desktop ...` to its end."""
        return subprocess.run(
            command("desktop", *words),
            env={**os.environ, **self.environ, **_UTF8, "LOCALEDGE_LANG": lang, **environ},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )

    def files(self) -> dict[str, bytes]:
        """All files but the journal."""
        found = {str(path.relative_to(self.home)): path for path in self.home.rglob("*") if path.is_file()}
        return {
            name: path.read_bytes() for name, path in found.items() if "localedge" not in path.parent.name
        }

    def furnish(self) -> dict[str, bytes]:
        """Give Claude Desktop a past."""
        for name in ("Claude", "Claude-3p"):
            path = self.config / name / "claude_desktop_config.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b'\xef\xbb\xbf{\r\n\t"mcpServers": {"a": {"env": {"T": "s3cret"}}}\r\n}\r\n')
        return self.files()

    @property
    def library(self) -> Path:
        """The local library."""
        return self.config / "Claude-3p" / "configLibrary"

    def profile(self) -> dict[str, object]:
        """The applied profile."""
        applied = json.loads((self.library / "_meta.json").read_bytes())["appliedId"]
        found = json.loads((self.library / f"{applied}.json").read_bytes())
        assert isinstance(found, dict)
        return found


@pytest.fixture
def user(tmp_path: Path) -> User:
    """A user whose home is empty."""
    return User(tmp_path)


@pytest.mark.parametrize("words", [[], ["show"], ["apply"], ["undo"], ["status"], ["export"]], ids=" ".join)
def test_help_is_a_screenful_with_an_example(user: User, words: list[str]) -> None:
    """Each command explains itself on one screen."""
    done = user.run(*words, "--help", COLUMNS="80")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) <= 32 and max(map(len, lines)) <= 80
    assert "  Example:" in lines and "Exit codes: 0" in done.stdout


def test_show(user: User) -> None:
    """`show` prints what to type into Claude's window."""
    done = user.run("show")
    assert done.returncode == 0 and done.stderr == ""
    assert "  Gateway base URL: http://127.0.0.1:18080" in done.stdout.splitlines()
    document = json.loads(user.run("show", "--json", "--model", "claude-opus-4").stdout)
    assert document["base_url"] == "http://127.0.0.1:18080" and document["models"] == ["claude-opus-4"]
    assert user.files() == {}


def test_show_tells_what_claude_would_refuse(user: User) -> None:
    """A base URL or model that Claude would refuse is told before anybody types it."""
    done = user.run("show", "--base-url", "http://192.168.1.5:18080", "--model", "gpt-5.5")
    assert done.returncode == 1 and codes(done) == ["desktop-url-refused", "desktop-model-foreign"]
    done = user.run("show", "--base-url", "127.0.0.1:18080")
    assert "[url-no-scheme]" in done.stderr and "--base-url" in done.stderr
    assert "[url-endpoint]" in user.run("show", "--base-url", "http://127.0.0.1:18080/v1/messages").stderr
    assert "[desktop-port-free]" in user.run("show", LOCALEDGE_PORT="0").stderr
    assert "[desktop-no-https]" in user.run("show", "--https").stderr


def test_apply_and_undo(user: User) -> None:
    """Applied, Claude goes by the edge; undone, every file is what it was."""
    before = user.furnish()
    done = user.run("apply", "--dry-run")
    assert done.returncode == 0 and "deploymentMode" in done.stdout and user.files() == before
    assert done.stdout.endswith("Nothing was changed: this was a dry run.\n")
    done = user.run("apply", "--json", "--dev-tools")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["base_url"] == "http://127.0.0.1:18080" and document["exit_status"] == 0
    assert {row["does"] for row in document["files"]} == {"make", "change"}
    assert user.profile()["inferenceGatewayApiKey"] == "demo", "the demo gateway takes any key"
    assert user.profile()["inferenceStreamIdleTimeoutSec"] == 1800
    again = user.run("apply", "--dev-tools")
    assert again.returncode == 0 and "nothing to do" in again.stdout
    done = user.run("undo")
    assert done.returncode == 0 and "byte for byte" in done.stdout
    assert user.files() == before
    done = user.run("undo")
    assert done.returncode == 0 and "nothing to undo" in done.stdout


def test_every_word_in_chinese(user: User) -> None:
    """All of it speaks Chinese."""
    for words in (["show"], ["apply"], ["status"], ["undo"]):
        done = user.run(*words, lang="zh")
        assert done.returncode == 0, done.stderr
        assert any("\u4e00" <= sign <= "\u9fff" for sign in done.stdout), done.stdout


@pytest.mark.parametrize(
    ("variable", "scheme"), [("ANTHROPIC_AUTH_TOKEN", "bearer"), ("ANTHROPIC_API_KEY", "x-api-key")]
)
def test_the_key_from_a_variable(user: User, variable: str, scheme: str) -> None:
    """The key comes from the variable Claude Code reads, goes into the profile, and nowhere else."""
    done = user.run("apply", LOCALEDGE_UPSTREAM=GATEWAY, **{variable: KEY})
    assert done.returncode == 0, done.stderr
    assert "in clear" in done.stderr and KEY not in done.stdout + done.stderr
    assert user.profile()["inferenceGatewayApiKey"] == KEY
    assert user.profile()["inferenceGatewayAuthScheme"] == scheme
    holders = [path for path in user.home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert [path.parent for path in holders] == [user.library]
    # the second time without it: the key that is there goes on to be used
    done = user.run("apply", "--base-url", "http://localhost:19999", LOCALEDGE_UPSTREAM=GATEWAY)
    assert done.returncode == 0, done.stderr
    assert user.profile()["inferenceGatewayApiKey"] == KEY
    assert user.profile()["inferenceGatewayAuthScheme"] == scheme
    assert KEY not in user.run("status").stdout + user.run("status", "--json").stdout
    assert user.run("undo").returncode == 0 and user.files() == {}


def test_the_key_from_a_file(user: User, tmp_path: Path) -> None:
    """A key file may have a byte order mark and a line end; one that cannot be read is named."""
    path = tmp_path / "key"
    path.write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    done = user.run("apply", "--key-file", str(path), LOCALEDGE_UPSTREAM=GATEWAY)
    assert done.returncode == 0 and user.profile()["inferenceGatewayApiKey"] == KEY
    assert "[desktop-key-file]" in one_line(
        user.run("apply", "--key-file", str(tmp_path / "no"), LOCALEDGE_UPSTREAM=GATEWAY), "desktop-key-file"
    )
    path.write_bytes(b"two words")
    done = user.run("apply", "--key-file", str(path), LOCALEDGE_UPSTREAM=GATEWAY)
    assert "two words" not in one_line(done, "desktop-key-characters")


def test_without_a_key(user: User) -> None:
    """Where nobody can be asked for the key, that is said, with the status that means a person is needed."""
    one_line(user.run("apply", LOCALEDGE_UPSTREAM=GATEWAY), "desktop-no-key", 4)
    assert user.files() == {}
    done = user.run("apply", "--dry-run", LOCALEDGE_UPSTREAM=GATEWAY)
    assert done.returncode == 0, "the plan needs none"


@POSIX
def test_the_key_from_a_prompt(user: User) -> None:
    """At a terminal the key is asked for, and not shown while it is typed."""
    spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    with subprocess.Popen(
        [sys.executable, "-c", spawn, *command("desktop", "apply")],
        env={**os.environ, **user.environ, "LOCALEDGE_UPSTREAM": GATEWAY},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        shown = b""
        while b"is not shown" not in shown:
            shown += os.read(process.stdout.fileno(), 4096)
        process.stdin.write(KEY.encode() + b"\n")
        process.stdin.flush()
        shown += process.stdout.read()
        assert process.wait(PATIENCE) == 0, shown
    assert KEY.encode() not in shown and user.profile()["inferenceGatewayApiKey"] == KEY


def test_an_edge_that_does_not_run_yet(user: User) -> None:
    """Where nobody answers at the base URL, apply says what to start first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        done = user.run("apply", "--base-url", url, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0 and "Nobody answers" not in done.stderr
    done = user.run("apply", "--base-url", url)
    assert "Nobody answers" in done.stderr and "localedge run" in done.stderr


def test_models(user: User) -> None:
    """Models that the picker shows are written; one that it would hide stops everything."""
    done = user.run("apply", "--model", "claude-opus-4", "--model", "claude-sonnet-4[1m]")
    assert done.returncode == 0, done.stderr
    assert user.profile()["inferenceModels"] == [
        "claude-opus-4",
        {"name": "claude-sonnet-4", "supports1m": True},
    ]
    done = user.run("apply", "--model", "claude-gpt-4")
    one_line(done, "desktop-model-foreign")
    assert user.run("apply").returncode == 0 and "inferenceModels" not in user.profile()


def test_the_client_token_goes_along(user: User) -> None:
    """An edge that wants a client token is given it by a header of the profile."""
    assert user.run("apply", LOCALEDGE_CLIENT_TOKEN="t0ken-0123456789abcdef").returncode == 0
    assert user.profile()["inferenceCustomHeaders"] == {"x-localedge-token": "t0ken-0123456789abcdef"}


@LINUX
def test_https_after_trust(user: User) -> None:
    """With a local CA the profile can use HTTPS by the mapped name."""
    now = datetime.now(UTC)
    names = ("localedge.test",)
    vault = Vault(Path(user.environ["XDG_DATA_HOME"], "localedge", "ca"))
    vault.store(make_authority(names, now), names, now)
    done = user.run("apply", "--https")
    assert done.returncode == 0, done.stderr
    assert user.profile()["inferenceGatewayBaseUrl"] == "https://localedge.test:18443"


def test_a_build_that_does_not_know_the_idle_timeout(user: User) -> None:
    """A key that this build has called unknown in its log is left out."""
    log = user.config / "Claude-3p" / "logs" / "main.log"
    if sys.platform == "darwin":
        log = user.home / "Library" / "Logs" / "Claude-3p" / "main.log"
    log.parent.mkdir(parents=True)
    log.write_text("[managedConfig] Ignoring inferenceStreamIdleTimeoutSec: unrecognized configuration key\n")
    assert user.run("apply").returncode == 0
    assert "inferenceStreamIdleTimeoutSec" not in user.profile()
    assert "inferenceStreamIdleTimeoutSec" in user.run("status").stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "desktop-empty"), (b'{"a"', "desktop-not-json"), (b"\xff\xfe{\0}\0", "desktop-not-utf8")],
)
def test_damaged_files(user: User, content: bytes, code: str) -> None:
    """A damaged file is one sentence and no traceback, and stays as it is."""
    user.furnish()
    path = user.config / "Claude-3p" / "claude_desktop_config.json"
    path.write_bytes(content)
    before = user.files()
    assert str(path) in one_line(user.run("apply"), code)
    assert user.files() == before


@LINUX
def test_nothing_to_undo_in_a_home_that_cannot_be_written(user: User) -> None:
    """There is nothing to lock then."""
    data = user.home / ".local" / "share"
    data.rmdir()
    data.write_bytes(b"")  # whatever is in the way
    done = user.run("undo")
    assert done.returncode == 0 and "nothing to undo" in done.stdout.lower(), done


def test_changed_since(user: User) -> None:
    """Undo says which file others have written to since, and leaves what they wrote."""
    user.furnish()
    assert user.run("apply").returncode == 0
    path = user.config / "Claude-3p" / "claude_desktop_config.json"
    path.write_bytes(path.read_bytes().replace(b"s3cret", b"other"))
    done = user.run("undo", "--json")
    assert done.returncode == 0
    rows = {row["path"]: row["exact"] for row in json.loads(done.stdout)["files"]}
    assert rows.pop(str(path)) is False and all(rows.values())
    assert path.read_bytes() == b'\xef\xbb\xbf{\r\n\t"mcpServers": {"a": {"env": {"T": "other"}}}\r\n}\r\n'


@pytest.mark.parametrize(
    "words", ["your-gateway-key", "your gateway's key", "\u4f60\u7684\u7f51\u5173\u5bc6\u94a5"]
)
def test_a_placeholder_is_no_key(user: User, words: str) -> None:
    """What env and run print in place of a key does not take a key's place, wherever it was pasted."""
    user.run("apply")
    done = user.run("apply", ANTHROPIC_AUTH_TOKEN=words)
    assert done.returncode == 0 and "is to do" not in done.stdout and "already" in done.stdout, done.stdout
    assert not any(words.encode() in content for content in user.files().values())


@LINUX
def test_an_edge_that_listens_elsewhere(user: User, tmp_path: Path) -> None:
    """Who is about to send Claude to a port where another program may answer is told; env says so as well."""
    place = {"XDG_RUNTIME_DIR": "", "TMPDIR": str(tmp_path)}
    with running("run", "--http-only", "--port", "0", **place) as edge:
        url = f"http://127.0.0.1:{port_of(first_line(edge))}"
        for words in (["desktop", "apply"], ["env"]):
            done = subprocess.run(
                command(*words),
                env={**os.environ, **user.environ, **place, "ANTHROPIC_AUTH_TOKEN": KEY},
                capture_output=True,
                encoding="utf-8",
            )
            assert done.returncode == 0 and f"listens at {url}, not at http://127.0.0.1:18080" in done.stderr
        edge.kill()


def test_status(user: User) -> None:
    """`status` says which configuration wins."""
    done = user.run("status")
    assert done.returncode == 0 and "its own account" in done.stdout
    user.run("apply")
    done = user.run("status")
    assert "configuration of localedge: http://127.0.0.1:18080" in done.stdout
    document = json.loads(user.run("status", "--json").stdout)
    assert document["winner"]["ours"] and document["winner"]["base_url"] == "http://127.0.0.1:18080"


@pytest.fixture
def claude(tmp_path: Path, user: User) -> Iterator[subprocess.Popen[bytes]]:
    """A program that looks like Claude Desktop, running."""
    directory = tmp_path / "opt" / "claude-desktop"
    (directory / "resources").mkdir(parents=True)
    (directory / "resources" / "app.asar").touch()
    program = directory / "claude-desktop"
    shutil.copy(peers.need("sleep"), program)
    with subprocess.Popen([program, "600"], env={**os.environ, **user.environ}) as process:
        yield process
        process.kill()


@LINUX
def test_not_while_claude_runs(user: User, claude: "subprocess.Popen[bytes]") -> None:
    """While Claude runs nothing is written, for it writes the same files when it quits; with --wait later."""
    before = user.furnish()
    assert f"(pid {claude.pid})" in one_line(user.run("apply"), "desktop-running")
    assert user.files() == before
    assert user.run("apply", "--dry-run").returncode == 0
    assert f"running (pid {claude.pid})" in user.run("status").stdout
    with subprocess.Popen(
        command("desktop", "apply", "--wait"),
        env={**os.environ, **user.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
    ) as waiting:
        assert waiting.stderr is not None
        assert "Quit it fully" in waiting.stderr.readline()
        assert user.files() == before
        # Claude's last words come in while localedge waits
        path = user.config / "Claude-3p" / "claude_desktop_config.json"
        path.write_bytes(b'{"late": 1}')
        claude.kill()
        claude.wait()
        assert waiting.wait(PATIENCE) == 0
    assert json.loads(path.read_bytes()) == {"late": 1, "deploymentMode": "3p"}


@LINUX
def test_an_outdated_claude(user: User, claude: "subprocess.Popen[bytes]") -> None:
    """`status` says when Claude was started before the configuration last changed."""
    library = user.library
    library.mkdir(parents=True)
    (library / "_meta.json").write_text('{"appliedId": "a", "entries": [{"id": "a", "name": "A"}]}')
    (library / "a.json").write_text('{"inferenceProvider": "gateway"}')
    (user.config / "Claude-3p" / "claude_desktop_config.json").write_text('{"deploymentMode": "3p"}')
    os.utime(library / "a.json", (time.time() + 60,) * 2)
    document = json.loads(user.run("status", "--json").stdout)
    assert document["outdated"] and document["running"][0]["pid"] == claude.pid
    assert "quit it fully and start it again" in user.run("status").stdout


@LINUX
def test_a_full_disk(user: User) -> None:
    """On a full disk nothing is lost, neither of Claude's files nor of the journal."""
    if not root() or peers.find("unshare") is None:
        peers.skip("unshare -m (needs root)")
    small = user.home / "small"
    small.mkdir()
    script = (
        'mount -t tmpfs -o size=64k none "$1" && mkdir "$1/Claude"'
        ' && cp "$2" "$1/Claude/claude_desktop_config.json"'
        ' && head -c 60k /dev/zero > "$1/filler"; head -c 60k /dev/zero >> "$1/filler" 2>/dev/null; shift 2;'
        ' "$@"; status=$?; sha256sum < "$XDG_CONFIG_HOME/Claude/claude_desktop_config.json";'
        ' find "$XDG_CONFIG_HOME" -type f | sort; exit $status'
    )
    old = user.home / "old.json"
    old.write_bytes(b'{"a": 1}')
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", str(small), str(old), *command("desktop", "apply")],
        env={**os.environ, **user.environ, "XDG_CONFIG_HOME": str(small)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 1, done.stderr
    assert "desktop-disk-full" in done.stderr and "Traceback" not in done.stderr
    digest, *names = done.stdout.splitlines()
    assert digest.split()[0] == hashlib.sha256(b'{"a": 1}').hexdigest()
    assert [name for name in names if name.endswith(".new")] == []


@POSIX
def test_no_rights(user: User) -> None:
    """A directory that may not be written is told, and nothing is lost."""
    if root():
        peers.need("chattr")
        user.furnish()
        target = user.config / "Claude-3p"
        if subprocess.run(["chattr", "+i", str(target)], capture_output=True).returncode:
            peers.skip("a file system with immutable directories")
        try:
            before = user.files()
            done = user.run("apply")
            assert done.returncode == 1 and codes(done) == ["desktop-unwritable"]
            assert user.files() == before
        finally:
            subprocess.run(["chattr", "-i", str(target)], check=True)
    else:
        user.furnish()
        target = user.config / "Claude-3p"
        target.chmod(0o500)
        assert codes(user.run("apply")) == ["desktop-unwritable"]
        target.chmod(0o700)


@POSIX
def test_not_with_sudo(user: User) -> None:
    """Under sudo the files would be another user's: that is refused before anything is looked at."""
    if not root():
        peers.skip("root")
    for words in (["apply"], ["undo"]):
        one_line(user.run(*words, SUDO_USER="somebody"), "not-with-sudo")
    assert user.files() == {}


def test_export(user: User, tmp_path: Path) -> None:
    """Each form is printed as the bytes of its file."""
    environ = {**os.environ, **user.environ, "ANTHROPIC_AUTH_TOKEN": KEY, "LOCALEDGE_UPSTREAM": GATEWAY}

    def exported(*words: str) -> bytes:
        done = subprocess.run(
            command("desktop", "export", *words), env=environ, capture_output=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stderr
        assert b"in clear" in done.stderr
        return done.stdout

    reg = exported("--format", "reg", "--scope", "user")
    assert reg.startswith(b"\xff\xfe") and "HKEY_CURRENT_USER" in reg.decode("utf-16")
    [payload] = plistlib.loads(exported("--format", "mobileconfig"))["PayloadContent"]
    assert payload["inferenceGatewayApiKey"] == KEY and payload["inferenceStreamIdleTimeoutSec"] == "1800"
    managed = json.loads(exported("--format", "managed-settings"))
    assert "inferenceStreamIdleTimeoutSec" not in managed, "one unknown key may void the whole file"
    assert json.loads(exported("--format", "json"))["inferenceStreamIdleTimeoutSec"] == 1800
    target = tmp_path / "claude.reg"
    assert exported("--format", "reg", "--output", str(target)) == b""
    assert "HKEY_LOCAL_MACHINE" in target.read_bytes().decode("utf-16")
    if sys.platform != "win32":
        assert target.stat().st_mode & 0o777 == 0o600
    again = subprocess.run(
        command("desktop", "export", "--format", "reg", "--output", str(target)), env=environ
    )
    assert again.returncode == 1


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (["--format", "yaml"], "desktop-export-format", 2),
        ([], "desktop-export-format", 2),
        (["--format", "managed-settings", "--scope", "user"], "desktop-export-scope", 2),
        (["--format", "reg", "--scope", "all"], "desktop-export-scope", 2),
        (["--format", "reg", "--base-url", "http://10.0.0.1:8000"], "desktop-url-refused", 1),
        (["--format", "reg", "--model", "gpt-5.5"], "desktop-model-foreign", 1),
        (["--format", "reg", "--auth-scheme", "sso"], "desktop-auth-scheme", 2),
    ],
)
def test_export_refuses(user: User, words: list[str], code: str, status: int) -> None:
    """What Claude Desktop would not take is not handed out to a fleet."""
    one_line(user.run("export", *words), code, status)
