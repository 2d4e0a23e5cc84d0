"""Every finding of doctor about Windows and WSL.

The programs of Windows are played by real processes that print what documentation and users' reports show;
that a real Windows prints the same is untried.  What runs for real under Wine is in tests/unit.
"""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.claude.health import Finding, Severity
from localedge.claude.health_windows import RULES
from localedge.config import Config, Gateway, Https
from localedge.machine import health_windows
from localedge.machine.health import Scene
from localedge.machine.stores.system import System
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority

SCRIPTS = pytest.mark.skipif(sys.platform == "win32", reason="programs that are shell scripts")
CHINESE = """
协议 tcp 端口排除范围

开始端口    结束端口
----------    --------
      5357        5357
     {first}       {last}
     50000       50059     *

* - 管理的端口排除。
"""
BCDEDIT = """
Windows 启动加载器
-------------------
标识符                  {{current}}
device                  partition=C:
path                    \\Windows\\system32\\winload.efi
hypervisorlaunchtype    {launch}
"""
KERNEL = "Linux version 5.15.167.4-microsoft-standard-WSL2 (root@f9c826d3017f) (gcc 11.2.0)\n"


class Bench:
    """A machine with programs of our making."""

    def __init__(self, place: Path, platform: str = "win32", **environ: str) -> None:
        self.place = place
        self.bin = place / "bin"
        self.bin.mkdir()
        self.vault = Vault(place / "ours" / "ca")
        https = Https(directory=str(self.vault.directory))
        self.firmware: bool | None = True
        self.booted = ""
        system = System(
            place, place / "home", {"PATH": str(self.bin), "SystemRoot": "x", **environ}, platform
        )
        config = Config(Gateway("https", "gw.example", 443), port=0, https=https)
        self.scene = Scene(config, place / "config.toml", system)

    def program(self, name: str, said: bytes, *, when: str = "", status: int = 0) -> "Bench":
        """A program that prints this; with `when` it fails for any other arguments."""
        text = self.place / f"{name}.said"
        text.write_bytes(said)
        guard = f'[ "$*" = {_quoted(when)} ] || exit 9\n' if when else ""
        script = self.bin / name
        script.write_text(f"#!/bin/sh\n{guard}/bin/cat {_quoted(str(text))}\nexit {status}\n")
        script.chmod(0o755)
        return self

    def windows(self, hypervisor: str, firmware: str, feature: str) -> "Bench":
        """What PowerShell tells."""
        lines = f"hypervisor={hypervisor}\r\nfirmware={firmware}\r\nfeature={feature}\r\n"
        return self.program("powershell.exe", lines.encode())

    def bcdedit(self, launch: str) -> "Bench":
        """What it tells an administrator, in the console's code page."""
        self.scene = replace(self.scene, system=replace(self.scene.system, elevated=True))
        return self.program("bcdedit", BCDEDIT.format(launch=launch).encode("gbk"), when="/enum {current}")

    def reserves(self, first: int, last: int) -> "Bench":
        """What Windows keeps to itself."""
        words = "interface ipv4 show excludedportrange protocol=tcp"
        return self.program("netsh", CHINESE.format(first=first, last=last).encode("gbk"), when=words)

    def found(self) -> list[Finding]:
        """What doctor finds."""
        found = list(
            health_windows.look(self.scene, firmware=lambda: self.firmware, booted=lambda: self.booted)
        )
        for one in found:
            assert "?" not in one.sentence() + one.sentence("zh") or one.code == "doctor-wsl-unknown"
        return found

    def codes(self) -> list[str]:
        """Their codes."""
        return [one.code for one in self.found()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@contextmanager
def free_port() -> Iterator[int]:
    """One that nobody else gets meanwhile, and where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def firmware_off(place: Path) -> Bench:
    """A machine as it comes from the shop."""
    bench = Bench(place).windows("False", "False", "1")
    bench.firmware = False
    return bench


def in_wsl(mode: str | None, config: str | None = "") -> Callable[[Path], Bench]:
    """A WSL whose wslinfo prints a mode, on a Windows with this .wslconfig; None: Windows cannot be asked."""

    def make(place: Path) -> Bench:
        (place / "proc").mkdir()
        (place / "proc" / "version").write_text(KERNEL)
        bench = Bench(place, "linux", WSL_DISTRO_NAME="Ubuntu", WSL_INTEROP="/run/WSL/8_interop")
        if mode is not None:
            bench.program("wslinfo", f"{mode}\n".encode(), when="--networking-mode")
        if config is not None:
            profile = place / "mnt" / "c" / "Users" / "J\u00fcrgen \u674e"
            profile.mkdir(parents=True)
            if config:
                (profile / ".wslconfig").write_text(config)
            name = "C:\\Users\\J\u00fcrgen \u674e"
            bench.program("cmd.exe", f"{name}\r\n".encode("utf-16-le"), when="/u /d /c echo %USERPROFILE%")
            bench.program("wslpath", f"{profile}\n".encode(), when=f"-u {name}")
        return bench

    return make


FAULTS: dict[str, Callable[[Path], Bench]] = {
    "doctor-windows-vm-ready": lambda place: Bench(place).windows("True", "False", "1"),
    "doctor-windows-vm-off": lambda place: Bench(place).windows("False", "True", "2"),
    "doctor-windows-vm-unknown": lambda place: Bench(place).windows("", "", ""),
    "doctor-windows-hypervisor-off": lambda place: Bench(place).windows("False", "True", "1").bcdedit("Off"),
    "doctor-windows-hypervisor-silent": lambda place: Bench(place).windows("False", "True", "1"),
    "doctor-windows-firmware": firmware_off,
    "doctor-wsl-reachable": in_wsl("mirrored"),
    "doctor-wsl-forwarding-off": in_wsl("nat", "[wsl2]\r\nlocalhostForwarding=false\r\n"),
    "doctor-wsl-no-network": in_wsl("none"),
    "doctor-wsl-unknown": in_wsl(None, None),
}


@SCRIPTS
@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found(tmp_path: Path, code: str) -> None:
    """Each fault gives its own finding, and no other."""
    [found] = FAULTS[code](tmp_path).found()
    assert (found.code, found.severity) == (code, RULES[code].severity)


def test_every_finding_has_its_fault() -> None:
    """None is left out; the ports have a test of their own."""
    assert {*FAULTS, "doctor-windows-port-reserved"} == set(RULES)


@SCRIPTS
@pytest.mark.parametrize("secure", [False, True])
def test_a_port_that_windows_keeps(tmp_path: Path, secure: bool) -> None:
    """The edge's port in a range of Hyper-V's, on a Chinese Windows: unless the edge has it by now."""
    bench = Bench(tmp_path).windows("True", "", "1")
    with free_port() as port:
        bench.reserves(port - 1, port + 1)
        config = bench.scene.config
        if secure:
            now = datetime.now(UTC)
            bench.vault.store(make_authority(["localedge.test"], now), ["localedge.test"], now)
            config = replace(config, https=replace(config.https, port=port))
        else:
            config = replace(config, port=port)
        bench.scene = replace(bench.scene, config=config)
        found = bench.found()
        assert [one.code for one in found] == ["doctor-windows-vm-ready", "doctor-windows-port-reserved"]
        name = "LOCALEDGE_HTTPS_PORT" if secure else "LOCALEDGE_PORT"
        assert found[1].severity is Severity.ERROR
        assert found[1].command.startswith(f"$env:{name} = '{port + 2}'; localedge run --config ")
    with socket.create_server(("127.0.0.1", port)):
        assert bench.codes() == ["doctor-windows-vm-ready"]


@SCRIPTS
def test_other_ports_are_no_matter(tmp_path: Path) -> None:
    """Nor is a netsh that fails."""
    bench = Bench(tmp_path).windows("True", "", "1")
    with free_port() as port:
        bench.scene = replace(bench.scene, config=replace(bench.scene.config, port=port))
        assert bench.codes() == ["doctor-windows-vm-ready"]
        bench.reserves(port + 1, port + 2)
        assert bench.codes() == ["doctor-windows-vm-ready"]


@SCRIPTS
def test_the_boot_options_tell_everybody(tmp_path: Path) -> None:
    """Where the boot loader has written it down, no administrator is needed."""
    bench = Bench(tmp_path).windows("False", "True", "1")
    bench.booted = " NOEXECUTE=OPTIN  HYPERVISORLAUNCHTYPE=OFF"
    assert bench.codes() == ["doctor-windows-hypervisor-off"]


@SCRIPTS
@pytest.mark.parametrize(
    ("mode", "config", "code"),
    [
        ("nat", "", "reachable"),
        ("nat", "[wsl2]\nlocalhostForwarding=true\n", "reachable"),
        (None, "[wsl2]\nnetworkingMode=mirrored\n", "reachable"),
        (None, "[wsl2]\nlocalhostForwarding=False\n", "forwarding-off"),
        ("nat", None, "unknown"),
        ("bridged", "", "unknown"),
    ],
)
def test_the_network_of_a_wsl(tmp_path: Path, mode: str | None, config: str | None, code: str) -> None:
    """By wslinfo, and where that is older or missing by the file."""
    assert in_wsl(mode, config)(tmp_path).codes() == [f"doctor-wsl-{code}"]


@SCRIPTS
def test_a_file_of_wsl_that_cannot_be_read(tmp_path: Path) -> None:
    """Then it is not known, and that is said."""
    bench = in_wsl("nat", "")(tmp_path)
    (tmp_path / "mnt" / "c" / "Users" / "J\u00fcrgen \u674e" / ".wslconfig").mkdir()
    assert bench.codes() == ["doctor-wsl-unknown"]


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_nothing_elsewhere(tmp_path: Path, platform: str) -> None:
    """On any other machine nothing is looked at, and nothing started."""
    assert Bench(tmp_path, platform).found() == []
