"""Every finding of doctor about Claude Code, from a home and an environment that have the fault."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.claude.health import Finding, Severity, command_line
from localedge.claude.health_code import BASE_URL, KEY, RULES, TOKEN
from localedge.config import Config, Gateway, Https
from localedge.machine import health_code
from localedge.machine.health import Scene
from localedge.machine.stores.system import System
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
URL = "http://127.0.0.1:18080"
SECRET = "sk-s3cret"
GOOD = {BASE_URL: URL, TOKEN: SECRET}
FILE = ".claude/settings.json"
MANAGED = {
    "linux": "etc/claude-code/managed-settings.json",
    "darwin": "Library/Application Support/ClaudeCode/managed-settings.json",
    "win32": "Program Files/ClaudeCode/managed-settings.json",
}


class Bench:
    """A user's home, a shell's environment, and the files of Claude Code."""

    def __init__(self, place: Path, platform: str = "linux", **environ: str) -> None:
        self.place = place
        self.home = place / "home" / "J\u00fcrgen \u674e"
        self.home.mkdir(parents=True)
        self.environ = {"SHELL": "/bin/bash", **environ}
        self.vault = Vault(place / "ours" / "ca")
        config = Config(Gateway("https", "gw.example", 443), https=Https(directory=str(self.vault.directory)))
        system = System(place, self.home, self.environ, platform)
        self.scene = Scene(config, place / "config.toml", system)

    def wrote(self, path: str | Path, content: object) -> "Bench":
        """With a settings file, below the home or wherever."""
        file = self.home / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return self

    def secured(self) -> "Bench":
        """With a local CA."""
        now = datetime.now(UTC)
        self.vault.store(make_authority(["localedge.test"], now), ["localedge.test"], now)
        return self

    def found(self) -> list[Finding]:
        """What doctor finds; no key is in any of it."""
        found = list(health_code.look(self.scene))
        for one in found:
            assert SECRET not in repr(one) + one.sentence() + one.sentence("zh")
            assert "?" not in one.sentence() + one.sentence("zh")
        return found

    def codes(self) -> list[str]:
        """Their codes."""
        return [one.code for one in self.found()]


def to(url: str) -> Callable[[Path], Bench]:
    """A shell with this base URL."""
    return lambda place: Bench(place, **{**GOOD, BASE_URL: url})


FAULTS: dict[str, Callable[[Path], Bench]] = {
    "doctor-code-fine": to(URL),
    "doctor-code-unset": Bench,
    "doctor-code-not-url": to("127.0.0.1:18080"),
    "doctor-code-tls-to-plain": to("https://127.0.0.1:18080"),
    "doctor-code-plain-to-tls": lambda place: to("http://127.0.0.1:18443")(place).secured(),
    "doctor-code-port": to("http://127.0.0.1:8080"),
    "doctor-code-gateway": to("https://gw.example"),
    "doctor-code-elsewhere": to("https://api.example"),
    "doctor-code-v1": to(f"{URL}/v1"),
    "doctor-code-localhost": to("http://localhost:18080"),
    "doctor-code-no-credential": lambda place: Bench(place, **{BASE_URL: URL}),
    "doctor-code-both": lambda place: Bench(place, **GOOD, **{KEY: SECRET}),
    "doctor-code-provider": lambda place: Bench(place, **GOOD, CLAUDE_CODE_USE_VERTEX="1"),
    "doctor-code-settings": lambda place: Bench(place, **GOOD).wrote(
        FILE, {"env": {BASE_URL: "https://gw.example"}}
    ),
    "doctor-code-unreadable": lambda place: Bench(place, **GOOD).wrote(FILE, b'{"env": {'),
}
WITH = {"doctor-code-settings": "doctor-code-gateway"}
"""It is told as well where such a file leads."""


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found(tmp_path: Path, code: str) -> None:
    """Each fault gives its own finding, and no other that is bad."""
    found = FAULTS[code](tmp_path).found()
    assert [one.code for one in found].count(code) == 1, found
    allowed = {code, "doctor-code-fine", WITH.get(code, "")}
    assert {one.code for one in found} <= allowed
    good = "doctor-code-fine" in [one.code for one in found]
    assert good == (RULES[code].severity < Severity.WARNING and code != "doctor-code-unset") or (
        code == "doctor-code-unreadable"
    )


def test_every_finding_has_its_fault() -> None:
    """None is left out."""
    assert set(FAULTS) == set(RULES)


@pytest.mark.parametrize("platform", MANAGED)
def test_the_administrators_file_wins(tmp_path: Path, platform: str) -> None:
    """What it sets counts, whatever the user's file and the shell say."""
    bench = Bench(tmp_path, platform, **GOOD, ProgramFiles=str(tmp_path / "Program Files"))
    bench.wrote(tmp_path / MANAGED[platform], {"env": {BASE_URL: "http://127.0.0.1:1"}})
    bench.wrote(FILE, {"env": {BASE_URL: URL}})
    found = bench.found()
    assert [one.code for one in found] == ["doctor-code-port", "doctor-code-settings"]
    name = str(found[0].params["name"])
    assert name.startswith(str(tmp_path / MANAGED[platform])) and found[0].command == ""


def test_a_directory_of_its_own(tmp_path: Path) -> None:
    """CLAUDE_CONFIG_DIR moves the user's file."""
    other = tmp_path / "elsewhere"
    bench = Bench(tmp_path, **GOOD, CLAUDE_CONFIG_DIR=str(other))
    bench.wrote(FILE, {"env": {BASE_URL: "http://127.0.0.1:1"}})
    assert bench.codes() == ["doctor-code-fine"]
    bench.wrote(other / "settings.json", {"env": {BASE_URL: "http://127.0.0.1:1"}})
    assert bench.codes()[0] == "doctor-code-port"


@pytest.mark.parametrize(
    "content",
    [
        {"env": {BASE_URL: URL, KEY: SECRET}},
        b"\xef\xbb\xbf" + json.dumps({"env": GOOD}).encode(),
        {"env": {BASE_URL: URL}, "apiKeyHelper": "/bin/key"},
    ],
)
def test_a_file_alone(tmp_path: Path, content: object) -> None:
    """A settings file may set everything."""
    assert Bench(tmp_path).wrote(FILE, content).codes() == ["doctor-code-fine"]


@pytest.mark.parametrize(
    "content", [{}, {"env": None}, {"env": []}, {"env": {BASE_URL: ""}}, {"env": {"A": 1}}]
)
def test_a_file_about_something_else(tmp_path: Path, content: object) -> None:
    """It changes nothing."""
    assert Bench(tmp_path, **GOOD).wrote(FILE, content).codes() == ["doctor-code-fine"]


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe{", b"[" * 100_000, b'{"env": 1'])
def test_a_file_that_is_damaged(tmp_path: Path, content: bytes) -> None:
    """It is told, and no traceback."""
    bench = Bench(tmp_path, **GOOD).wrote(FILE, content)
    assert bench.codes() == ["doctor-code-unreadable", "doctor-code-fine"]


def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    """It is told as well."""
    bench = Bench(tmp_path, **GOOD)
    (bench.home / FILE).mkdir(parents=True)
    assert bench.codes() == ["doctor-code-unreadable", "doctor-code-fine"]


@POSIX
def test_a_link_to_itself(tmp_path: Path) -> None:
    """It is told as well."""
    bench = Bench(tmp_path, **GOOD)
    (bench.home / ".claude").mkdir()
    (bench.home / FILE).symlink_to("settings.json")
    assert bench.codes() == ["doctor-code-unreadable", "doctor-code-fine"]


@pytest.mark.parametrize(
    ("platform", "shell", "use"),
    [
        ("linux", "/bin/bash", 'eval "$(localedge env OPTIONS)"'),
        ("darwin", "/bin/zsh", 'eval "$(localedge env OPTIONS)"'),
        ("linux", "/usr/bin/fish", "localedge env OPTIONS | source"),
        ("linux", "/usr/bin/nu", 'eval "$(localedge env OPTIONS)"'),
        ("win32", "", "localedge env OPTIONS | Out-String | Invoke-Expression"),
    ],
)
def test_the_line_for_the_shell(tmp_path: Path, platform: str, shell: str, use: str) -> None:
    """As the user's shell takes it."""
    bench = Bench(tmp_path, platform, SHELL=shell)
    options = command_line(platform, ["--config", bench.scene.file])
    [found] = bench.found()
    assert (found.code, found.command) == ("doctor-code-unset", use.replace("OPTIONS", options))


def test_https(tmp_path: Path) -> None:
    """The URL of HTTPS leads here where there is a local CA; where there is none, nobody listens."""
    url = "https://localedge.test:18443"
    assert to("https://127.0.0.1:18443")(tmp_path / "a").codes() == ["doctor-code-port"]
    assert to(url)(tmp_path / "b").secured().codes() == ["doctor-code-fine"]
