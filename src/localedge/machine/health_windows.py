"""What `localedge doctor` looks at of Windows, and of the Windows that a WSL runs on.

Nothing here wants an administrator; what only one may read is not known otherwise.  Tools translate what they
print and use the console's code page, so only numbers and names that are English everywhere are read.
The call of kernel32 and the registry were run under Wine; PowerShell, netsh, bcdedit and wslinfo are untried
on a real Windows.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from localedge.claude.health import Finding
from localedge.claude.health_urls import Edge
from localedge.claude.health_windows import (
    Facts,
    Launch,
    Listening,
    Machine,
    Networking,
    judge,
    judge_wsl,
    launch_type,
    reserved_ports,
    told_by_windows,
    wsl_config,
)

from . import health_here
from .desktop_edge import answers
from .health import Scene
from .side_by_side import SideBySide
from .stores import wsl
from .stores.system import System
from .vault import Vault, authority_directory

_SECONDS = 1.6
"""For each of at most three, one after the other."""
_POWERSHELL_SECONDS = 5.0
"""It takes a second or two to start; what it has printed until then counts."""
_LONGEST_CONFIG = 1024 * 1024
# Fast answers first.  A filter keeps Windows from looking at every feature it has.
_SCRIPT = (
    "$ErrorActionPreference='SilentlyContinue';"
    "'hypervisor='+(Get-CimInstance Win32_ComputerSystem).HypervisorPresent;"
    "'firmware='+@(Get-CimInstance Win32_Processor)[0].VirtualizationFirmwareEnabled;"
    "$f='Name=''VirtualMachinePlatform''';"
    "'feature='+(Get-CimInstance Win32_OptionalFeature -Filter $f).InstallState"
)


def look(
    scene: Scene,
    *,
    firmware: Callable[[], bool | None] | None = None,
    booted: Callable[[], str] | None = None,
) -> Iterable[Finding]:
    """The findings: none but on Windows and in a WSL.

    `firmware` asks the processor, `booted` gives the options that Windows was started with.
    """
    if scene.platform == "win32":
        return judge(
            _facts(scene, firmware or virtualisation_in_firmware, booted or boot_options), scene.platform
        )
    if scene.platform == "linux" and wsl.find(scene.system):
        return judge_wsl(networking(scene.system), Edge.of(scene.config, secure=False).url)
    return ()


def _facts(scene: Scene, firmware: Callable[[], bool | None], booted: Callable[[], str]) -> Facts:
    told = SideBySide().submit(machine, scene.system, firmware, booted)  # PowerShell takes its time
    free = tuple(_free(scene))
    reserved = tuple(_reserved(scene.system)) if free else ()
    return Facts(told.result(), reserved, free, health_here.options(scene))


def _reserved(system: System) -> list[tuple[int, int]]:
    words = ("netsh", "interface", "ipv4", "show", "excludedportrange", "protocol=tcp")
    return reserved_ports(system.run(words, seconds=_SECONDS).stdout.decode("ascii", "replace"))


def machine(system: System, firmware: Callable[[], bool | None], booted: Callable[[], str]) -> Machine:
    """Feature, hypervisor, firmware and start of the hypervisor."""
    words = ("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", _SCRIPT)
    ended = system.run(words, seconds=_POWERSHELL_SECONDS)
    told = told_by_windows(ended.stdout.decode("ascii", "replace"))
    if told.hypervisor:
        return told._replace(firmware=None)  # Windows says no then, whatever is set
    on = told.firmware or firmware()
    return told._replace(firmware=on, launch=_launch(system, booted))


def _launch(system: System, booted: Callable[[], str]) -> Launch:
    """From the boot options that everybody may read, or from bcdedit, which answers administrators."""
    match = re.search(r"HYPERVISORLAUNCHTYPE=(\w+)", booted(), re.IGNORECASE)
    if match is not None:
        return Launch.OFF if match[1].lower() == "off" else Launch.AUTO
    if not system.elevated:
        return Launch.UNKNOWN
    ended = system.run(("bcdedit", "/enum", "{current}"), seconds=_SECONDS)
    return launch_type(ended.stdout.decode("ascii", "replace")) or Launch.UNKNOWN


def _free(scene: Scene) -> Iterator[Listening]:
    """The ports of the edge that it does not have yet: one it listens on is kept from nobody."""
    config = scene.config
    ports = [Listening("LOCALEDGE_PORT", config.port)]
    if not config.http_only and Vault(authority_directory(config.https.directory)).exists:
        ports.append(Listening("LOCALEDGE_HTTPS_PORT", config.https.port))
    for one in ports:
        if one.port and not answers(f"http://127.0.0.1:{one.port}"):
            yield one


def networking(system: System) -> Networking:
    """How this WSL is connected with its Windows."""
    ended = system.run(("wslinfo", "--networking-mode"), seconds=_SECONDS)
    mode = ended.stdout.decode("ascii", "replace").strip().lower() if ended.ok else ""
    if mode in ("mirrored", "none", "wsl1"):
        return Networking(mode)
    path = _config_file(system)
    if path is None:
        return Networking(mode)
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_CONFIG).decode("utf-8-sig", "replace")
    except FileNotFoundError:
        text = ""  # everything as it comes
    except OSError:
        return Networking(mode, file=str(path))
    written, forwarding = wsl_config(text)
    return Networking(mode or written, forwarding, str(path))


def _config_file(system: System) -> Path | None:
    """`%USERPROFILE%\\.wslconfig`, as WSL sees it; None where Windows cannot be asked."""
    profile = system.environ.get("USERPROFILE", "")
    if not profile:
        # /u: what cmd itself prints is UTF-16, whatever the console's code page
        ended = system.run(("cmd.exe", "/u", "/d", "/c", "echo %USERPROFILE%"), seconds=_SECONDS)
        profile = ended.stdout.decode("utf-16-le", "replace").strip() if ended.ok else ""
    if not profile or "%" in profile:
        return None
    if profile.startswith("/"):
        return Path(profile) / ".wslconfig"
    ended = system.run(("wslpath", "-u", profile), seconds=_SECONDS)
    path = ended.stdout.decode("utf-8", "replace").strip()
    return Path(path) / ".wslconfig" if ended.ok and path else None


if sys.platform == "win32":
    import ctypes
    import winreg

    _VIRT_FIRMWARE_ENABLED = 21  # PF_VIRT_FIRMWARE_ENABLED, winnt.h

    def virtualisation_in_firmware() -> bool | None:
        """Whether VT-x or AMD-V is switched on, as the kernel has found it."""
        return bool(ctypes.WinDLL("kernel32").IsProcessorFeaturePresent(_VIRT_FIRMWARE_ENABLED))

    def boot_options() -> str:
        """What the boot loader handed to the kernel; everybody may read it."""
        try:
            path = "SYSTEM\\CurrentControlSet\\Control"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
                return str(winreg.QueryValueEx(key, "SystemStartOptions")[0])
        except OSError:
            return ""

else:

    def virtualisation_in_firmware() -> bool | None:
        """Nobody to ask."""
        return None

    def boot_options() -> str:
        """There are none."""
        return ""
