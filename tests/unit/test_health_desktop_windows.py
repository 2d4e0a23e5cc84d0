"""What doctor looks at of Claude Desktop on Windows for real: the registry, a lock, a process.

What writes below Policies runs under Wine only: on somebody's own Windows a test must not.
"""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from localedge.claude.fleet import POLICY_KEY
from localedge.claude.health import Finding, Severity
from localedge.machine import health_desktop
from localedge.machine.desktop_places import PACKAGE
from localedge.machine.desktop_running import running
from tests.commands import PATIENCE
from tests.desktop_homes import SECRET, SETTINGS
from tests.integration.test_doctor_desktop import FAULTS, POLICY, Bench, only
from tests.unit.test_desktop_running import installed as electron
from tests.unit.test_desktop_running import started

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="Windows")


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found(tmp_path: Path, code: str) -> None:
    """Each fault in the files, with the separators and the names of Windows."""
    only(FAULTS[code](tmp_path), code)


WINE = pytest.mark.skipif(not under_wine(), reason="Wine's registry only: writes below Policies")


def _reg(*words: str) -> None:
    subprocess.run(["reg", *words, "/f"], capture_output=True, timeout=PATIENCE, check=False)


@contextmanager
def _keys(*rows: tuple[str, str, str, str]) -> Iterator[None]:
    """Values in the real registry: key, name, type, data."""
    try:
        for key, name, kind, data in rows:
            _reg("add", key, "/v", name, "/t", kind, "/d", data)
        yield
    finally:
        for key, *_ in rows:
            _reg("delete", key)


def _looked(bench: Bench, **more: Any) -> list[Finding]:
    return list(health_desktop.look(bench.scene, see=list, **more))


@WINE
def test_policies_in_the_real_registry(tmp_path: Path) -> None:
    """HKLM hides HKCU, and a number is no text."""
    bench = Bench(tmp_path, "win32").installed()
    machine, user = f"HKLM\\{POLICY_KEY}", f"HKCU\\{POLICY_KEY}"
    rows = [(key, name, "REG_SZ", text) for key in (machine, user) for name, text in POLICY.items()]
    with _keys(*rows, (machine, "chatTabEnabled", "REG_DWORD", "1")):
        found = _looked(bench)
    bad = [one.code for one in found if one.severity > Severity.GOOD]
    assert sorted(bad) == ["desktop-not-text", "doctor-desktop-hidden"]
    assert all(SECRET not in repr(one) + one.sentence() for one in found)


@WINE
def test_programs_in_the_real_registry(tmp_path: Path) -> None:
    """What the installer of the classic build writes, and what Windows writes of the package."""
    uninstall = "HKCU\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\AnthropicClaude"
    with _keys(
        (uninstall, "DisplayVersion", "REG_SZ", "0.13.37"), (uninstall, "InstallLocation", "REG_SZ", "C:\\C")
    ):
        found = _looked(Bench(tmp_path / "a", "win32"))
    assert found[0].params == {"version": "0.13.37", "where": "C:\\C"}
    package = (
        "HKCU\\SOFTWARE\\Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion\\AppModel"
        f"\\Repository\\Packages\\Claude_1.4.0.0_x64__{PACKAGE[7:]}"
    )
    with _keys((package, "PackageID", "REG_SZ", "x")):
        found = _looked(Bench(tmp_path / "b", "win32"))
    assert found[0].params["version"] == "1.4.0.0"


def test_a_locked_profile(tmp_path: Path) -> None:
    """A program that shares the file with nobody: told as that, and not as a lack of rights."""
    bench = Bench(tmp_path, "win32").applied()
    kernel: Any = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]
    kernel.CreateFileW.restype = ctypes.c_void_p
    kernel.CloseHandle.argtypes = [ctypes.c_void_p]
    handle = kernel.CreateFileW(str(bench.place_of_ours), 0x80000000, 0, None, 3, 0, None)
    try:
        only(bench, "desktop-locked")
    finally:
        kernel.CloseHandle(handle)


def test_a_real_process_on_windows(tmp_path: Path) -> None:
    """The classic build where its installer puts it, and a profile that was changed after its start."""
    bench = Bench(tmp_path, "win32")
    local = Path(bench.desktop.system.environ["LOCALAPPDATA"])
    program = electron(local / "AnthropicClaude" / "app-1.2.3", "claude.exe")
    with bench.desktop.journal.held():
        bench.desktop.apply(bench.desktop.plan(SETTINGS))
    later = time.time() + 60
    os.utime(bench.place_of_ours, (later, later))
    with started(program) as pid:
        bench.processes = [one for one in running() if one.pid == pid]
        found = bench.found()
    assert found[0].params == {"version": "1.2.3", "pid": pid}
    assert [one.code for one in found if one.severity > Severity.GOOD] == ["doctor-desktop-outdated"]
