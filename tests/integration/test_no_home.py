"""Without a home directory: what needs one says so in a line and writes nowhere; what needs none works."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import PATIENCE, command, first_line, one_line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="HOME, a password database")
HOMES = ("", "relative", None)
NOBODY = "import pwd\ndef nobody(number): raise KeyError(number)\npwd.getpwuid = nobody\n"
NEEDS = [
    "setup --yes --no-run --upstream demo",
    "desktop apply",
    "desktop undo",
    "desktop status",
    "uninstall",
    "config init",
    "config path",
    "config init --config ~/mine.toml",
    "trust-ca --dry-run",
    "untrust-ca",
    "ca show",
    "ca forget",
    "env --https",
    "desktop export --format json --output ~/x.json",
]
NEEDS_NONE = [
    "version",
    "env",
    "config show",
    "explain ERR_SSL_PROTOCOL_ERROR",
    "hosts show",
    "desktop show",
    "check",
]


@pytest.fixture(params=HOMES, ids=["empty", "relative", "unset"])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What is left of an environment without a home; where HOME is not set, nobody knows the user either."""
    found = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HOME"))}
    found |= {"ANTHROPIC_API_KEY": "x", "TMPDIR": str(tmp_path)}
    if request.param is not None:
        return {**found, "HOME": request.param}
    patched = tmp_path / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(NOBODY)
    path = os.pathsep.join([str(patched), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**found, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """An empty directory."""
    found = tmp_path / "here"
    found.mkdir()
    return found


def run(words: str, environ: dict[str, str], here: Path) -> subprocess.CompletedProcess[str]:
    """A command that must leave nothing in the directory where it is started, nor in that of the system."""
    before = set(Path("/").iterdir())
    done = subprocess.run(
        command(*words.split()),
        env=environ,
        cwd=here,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert list(here.iterdir()) == [] and set(Path("/").iterdir()) == before
    return done


@pytest.mark.parametrize("words", NEEDS)
def test_what_needs_a_home(words: str, environ: dict[str, str], here: Path) -> None:
    """One line with the variable to set, and nothing is written."""
    line = one_line(run(words, environ, here), "no-home")
    assert "Set HOME to the full path" in line


@pytest.mark.parametrize("words", NEEDS_NONE)
def test_what_needs_none(words: str, environ: dict[str, str], here: Path) -> None:
    """It works."""
    done = run(words, environ, here)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("only", [["--http-only"], []])
def test_an_edge_needs_none(only: list[str], environ: dict[str, str], here: Path) -> None:
    """It serves; HTTPS is off, and why is said."""
    words = command("run", *only, "--port", "0", "--lang", "en")
    with subprocess.Popen(
        words, env=environ, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as edge:
        assert first_line(edge).startswith("Listening on http://127.0.0.1:")
        edge.terminate()
        _, told = edge.communicate(timeout=PATIENCE)
    assert edge.returncode == 0 and list(here.iterdir()) == []
    assert ("home directory" in told) is not bool(only)


def test_a_place_of_ones_own(environ: dict[str, str], here: Path, tmp_path: Path) -> None:
    """Whoever names the file needs no home for it."""
    file = tmp_path / "config.toml"
    assert run(f"config init --config {file}", environ, here).returncode == 0 and file.exists()
    given = {**environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert run("config init", given, here).returncode == 0
    assert (tmp_path / "config" / "localedge" / "config.toml").exists()
    one_line(run("config init", {**environ, "XDG_CONFIG_HOME": "config"}, here), "no-home")
