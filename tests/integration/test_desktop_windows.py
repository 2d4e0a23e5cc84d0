"""Windows for real: the registry through winreg and reg.exe, and the whole command with its own directories.

Under Wine only: on somebody's own Windows a test must not write below Policies.
"""

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localedge.claude.fleet import POLICY_KEY, Scope, reg
from localedge.claude.models import Model
from localedge.claude.profile import Profile
from localedge.config import Secret
from localedge.machine.desktop_places import PACKAGE
from localedge.machine.desktop_policy import managed, read_registry
from localedge.machine.stores.system import System
from tests.commands import PATIENCE, command


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


pytestmark = pytest.mark.skipif(not under_wine(), reason="Wine")

PROFILE = Profile(
    "http://127.0.0.1:18080",
    Secret('k"e\\y'),
    models=(Model.of("claude-opus-4"), Model.of("claude-sonnet-4[1m]")),
)
ROOTS = {Scope.USER: "HKCU", Scope.MACHINE: "HKLM"}


def remove_keys() -> None:
    """No policy of Claude's."""
    for root in ROOTS.values():
        subprocess.run(
            ["reg", "delete", f"{root}\\{POLICY_KEY}", "/f"], capture_output=True, timeout=PATIENCE
        )


@pytest.fixture(autouse=True)
def no_policies() -> Iterator[None]:
    """Begin and end without policies."""
    remove_keys()
    yield
    remove_keys()


def import_file(place: Path, scope: Scope) -> None:
    """What an administrator does with the exported file."""
    path = place / "J\u00fcrgen \u674e.reg"
    path.write_bytes(reg(PROFILE.settings(), scope))
    subprocess.run(["reg", "import", str(path)], check=True, capture_output=True, timeout=PATIENCE)


@pytest.mark.parametrize("scope", list(Scope))
def test_an_exported_file_is_what_the_registry_holds(tmp_path: Path, scope: Scope) -> None:
    """What reg.exe imports is found by winreg, text by text, and means what was exported."""
    import_file(tmp_path, scope)
    values = read_registry(ROOTS[scope])
    assert values is not None and all(isinstance(value, str) for value in values.values())
    assert values["inferenceGatewayApiKey"] == 'k"e\\y'
    [found] = managed(System.here())
    assert found.where == f"{ROOTS[scope]}\\{POLICY_KEY}" and found.suspects == ()
    assert found.settings == PROFILE.settings()


def test_the_machines_policy_hides_the_users(tmp_path: Path) -> None:
    """With values in both places the machine's come first."""
    import_file(tmp_path, Scope.USER)
    import_file(tmp_path, Scope.MACHINE)
    assert [one.where[:4] for one in managed(System.here())] == ["HKLM", "HKCU"]


def test_other_types_are_told(tmp_path: Path) -> None:
    """A number is no text: Claude ignores it, and that is said."""
    import_file(tmp_path, Scope.USER)
    key, name = f"HKCU\\{POLICY_KEY}", "modelDiscoveryEnabled"
    words = ["reg", "add", key, "/v", name, "/t", "REG_DWORD", "/d", "1", "/f"]
    subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
    [found] = managed(System.here())
    assert found.suspects == (name,) and found.settings is not None and name not in found.settings


def test_no_policy() -> None:
    """Where there is no policy, none is found."""
    assert read_registry("HKLM") is None and managed(System.here()) == []


@pytest.mark.parametrize("packaged", [False, True])
def test_the_whole_command(tmp_path: Path, packaged: bool) -> None:
    """Applied and undone below %LOCALAPPDATA% of a user with any name, byte for byte, in every place."""
    user = tmp_path / "J\u00fcrgen \u674e"
    local, roaming = user / "AppData" / "Local", user / "AppData" / "Roaming"
    first = roaming / "Claude" / "claude_desktop_config.json"
    first.parent.mkdir(parents=True)
    first.write_bytes(b'\xef\xbb\xbf{\r\n  "mcpServers": {}\r\n}\r\n')
    (local / "Packages" / PACKAGE).mkdir(parents=True) if packaged else local.mkdir(parents=True)
    before = {path: path.read_bytes() for path in user.rglob("*") if path.is_file()}
    around = {path for path in user.rglob("*") if path.is_dir()}

    def run(*words: str) -> str:
        done = subprocess.run(
            command("desktop", *words),
            env={**os.environ, "LOCALAPPDATA": str(local), "APPDATA": str(roaming), "PYTHONUTF8": "1"},
            capture_output=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    rows = json.loads(run("apply", "--json", "--dev-tools"))["files"]
    assert len(rows) == (12 if packaged else 6)
    assert first.read_bytes() == b'\xef\xbb\xbf{\r\n  "mcpServers": {},\r\n  "deploymentMode": "3p"\r\n}\r\n'
    winner = json.loads(run("status", "--json"))["winner"]
    assert winner["ours"] and ("Packages" in winner["where"]) == packaged
    import_file(tmp_path, Scope.USER)
    assert json.loads(run("status", "--json"))["winner"]["where"].startswith("HKCU")
    run("undo")
    ours = local / "localedge"
    after = {
        path: path.read_bytes() for path in user.rglob("*") if path.is_file() and ours not in path.parents
    }
    assert after == before
    assert {path for path in user.rglob("*") if path.is_dir() and path != ours} - around == set()
