"""What doctor says about Windows and WSL, and what it makes of the texts that Windows' tools print.

The texts are those of documentation and of users' reports, in English, Chinese and German.
"""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from localedge import messages
from localedge.claude.health import Severity
from localedge.claude.health_windows import (
    RULES,
    Facts,
    Feature,
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
from localedge.config import Config, Gateway, Https
from localedge.machine.health import Scene
from localedge.machine.health_windows import (
    boot_options,
    look,
    machine,
    networking,
    virtualisation_in_firmware,
)
from localedge.machine.run import Ended
from localedge.machine.stores.system import System
from tests.commands import PATIENCE
from tests.platforms import system_at

ENGLISH = """
Protocol tcp Port Exclusion Ranges

Start Port    End Port      
----------    --------      
      5357        5357      
     49671       49770      
     50000       50059     *

* - Administered port exclusions.

"""  # noqa: W291 - as it is printed
CHINESE = """
协议 tcp 端口排除范围

开始端口    结束端口
----------    --------
     18000       18099
     50000       50059     *

* - 管理的端口排除。
"""
BCDEDIT = """
Windows-Startladeprogramm
-------------------------
Bezeichner              {current}
device                  partition=C:
path                    \\Windows\\system32\\winload.efi
nx                      OptIn
hypervisorlaunchtype    Off
"""


def codes(told: Machine) -> list[str]:
    """What is said of the machine."""
    return [one.code for one in judge(Facts(told), "win32")]


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Machine(Feature.ENABLED, True), "vm-ready"),
        (Machine(Feature.DISABLED, True), "vm-off"),
        (Machine(Feature.ABSENT, False, False), "vm-off"),
        (Machine(Feature.ENABLED, False, False), "firmware"),
        (Machine(Feature.UNKNOWN, False, False), "firmware"),
        (Machine(Feature.ENABLED, False, True, Launch.OFF), "hypervisor-off"),
        (Machine(Feature.UNKNOWN, None, None, Launch.OFF), "hypervisor-off"),
        (Machine(Feature.ENABLED, False, True, Launch.AUTO), "hypervisor-silent"),
        (Machine(Feature.ENABLED, False, None, Launch.UNKNOWN), "hypervisor-silent"),
        (Machine(Feature.ENABLED), "vm-unknown"),
        (Machine(Feature.UNKNOWN, True), "vm-unknown"),
        (Machine(Feature.UNKNOWN, None, False), "vm-unknown"),
        (Machine(), "vm-unknown"),
    ],
)
def test_one_cause_at_a_time(told: Machine, code: str) -> None:
    """The feature, the firmware, the start of the hypervisor: the first that is wrong is told."""
    assert codes(told) == [f"doctor-windows-{code}"]


def test_the_commands() -> None:
    """Those of Microsoft's documentation, to the letter."""
    [off] = judge(Facts(Machine(Feature.DISABLED)), "win32")
    assert off.command.startswith("dism.exe /online /enable-feature /featurename:VirtualMachinePlatform /all")
    [launch] = judge(Facts(Machine(launch=Launch.OFF)), "win32")
    assert launch.command == "bcdedit /set hypervisorlaunchtype auto"


def test_a_reserved_port() -> None:
    """The edge's own port in a range is an error, with the next port that is in none."""
    ports = (Listening("LOCALEDGE_PORT", 18080), Listening("LOCALEDGE_HTTPS_PORT", 18443))
    facts = Facts(Machine(Feature.ENABLED, True), ((18000, 18099), (18100, 18199)), ports)
    [_, found] = judge(facts, "win32")
    assert (
        found.severity is Severity.ERROR and found.command == "$env:LOCALEDGE_PORT = '18200'; localedge run"
    )
    assert "18000-18099" in found.sentence()


def test_no_port_is_left_above() -> None:
    """Then one below is named."""
    facts = Facts(Machine(), ((60000, 65535),), (Listening("LOCALEDGE_PORT", 65000),))
    assert [one.command for one in judge(facts, "win32")][1] == "$env:LOCALEDGE_PORT = '59999'; localedge run"


def test_reserved_ports_in_any_language() -> None:
    """Rows of numbers count, whatever the words and the code page; those of an administrator do not."""
    assert reserved_ports(ENGLISH.replace("\n", "\r\n")) == [(5357, 5357), (49671, 49770)]
    assert reserved_ports(CHINESE) == [(18000, 18099)]
    garbled = CHINESE.encode("gbk").decode("ascii", "replace")
    assert reserved_ports(garbled) == [(18000, 18099)]
    assert reserved_ports("") == [] == reserved_ports("The request is not supported.\n")


def test_the_boot_configuration() -> None:
    """Its element's name is English in every language."""
    assert launch_type(BCDEDIT) is Launch.OFF
    assert launch_type(BCDEDIT.replace("Off", "Auto")) is Launch.AUTO
    assert launch_type("Der Speicher für die Startkonfigurationsdaten konnte nicht geöffnet werden.") is None


def test_what_our_script_prints() -> None:
    """Three lines, any of which may be missing or empty."""
    whole = told_by_windows("hypervisor=False\r\nfirmware=True\r\nfeature=2\r\n")
    assert whole == Machine(Feature.DISABLED, False, True)
    assert told_by_windows("hypervisor=True\n") == Machine(hypervisor=True)
    assert told_by_windows("hypervisor=\nfirmware=\nfeature=\n") == Machine() == told_by_windows("")
    assert told_by_windows("feature=4\n") == Machine() == told_by_windows("feature=x\n")


def test_what_powershell_printed_before_it_was_stopped_counts(tmp_path: Path) -> None:
    """A slow machine gives the fast answers at least."""
    system = system_at(tmp_path, lambda _: Ended(None, b"hypervisor=False\r\n", hung=True))
    found = machine(system, lambda: False, lambda: " NOEXECUTE=OPTIN  HYPERVISORLAUNCHTYPE=OFF")
    assert found == Machine(Feature.UNKNOWN, False, False, Launch.OFF)


@pytest.mark.parametrize("elevated", [False, True])
def test_bcdedit_is_asked_by_administrators_only(tmp_path: Path, elevated: bool) -> None:
    """For anybody else it is not known, and nothing is started in vain."""
    said = {
        "powershell.exe": b"hypervisor=False\r\nfirmware=True\r\nfeature=1\r\n",
        "bcdedit": BCDEDIT.encode(),
    }
    system = system_at(tmp_path, lambda argv: Ended(0, said[argv[0]]), elevated=elevated)
    found = machine(system, lambda: None, str)
    assert found.launch is (Launch.OFF if elevated else Launch.UNKNOWN)
    assert len(system.ran) == (2 if elevated else 1)


def test_the_firmware_is_not_asked_under_a_hypervisor(tmp_path: Path) -> None:
    """Windows says no then, though it is on."""
    said = b"hypervisor=True\nfirmware=False\nfeature=1\n"
    system = system_at(tmp_path, lambda _: Ended(0, said))
    assert machine(system, lambda: False, str) == Machine(Feature.ENABLED, True)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (Networking("mirrored"), "reachable"),
        (Networking("wsl1"), "reachable"),
        (Networking("nat", True, "f"), "reachable"),
        (Networking("virtioproxy", True), "reachable"),
        (Networking("nat", False, "f"), "forwarding-off"),
        (Networking("nat", None, "f"), "unknown"),
        (Networking("none"), "no-network"),
        (Networking("bridged", True), "unknown"),
        (Networking(), "unknown"),
    ],
)
def test_the_network_of_a_wsl(told: Networking, code: str) -> None:
    """Whether Windows reaches 127.0.0.1 in it."""
    [found] = judge_wsl(told, "http://127.0.0.1:18080")
    assert found.code == f"doctor-wsl-{code}"
    assert found.sentence("zh") and found.sentence()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ("nat", True)),
        ("[wsl2]\nmemory=8GB\n", ("nat", True)),
        ("[wsl2]\r\nlocalhostForwarding=false\r\n", ("nat", False)),
        ("[WSL2]\nLocalhostForwarding = False # off\n", ("nat", False)),
        ('[wsl2]\nnetworkingMode="Mirrored"\n', ("mirrored", True)),
        ("[experimental]\nnetworkingMode=mirrored\n", ("mirrored", True)),
        ("[user]\nlocalhostForwarding=false\n", ("nat", True)),
        ("localhostForwarding=false\n[wsl2\n\x00", ("nat", True)),
        ("[wsl2]\n# localhostForwarding=false\n", ("nat", True)),
    ],
)
def test_the_configuration_of_wsl(text: str, meant: tuple[str, bool]) -> None:
    """As learn.microsoft.com/windows/wsl/wsl-config has it; what is no line of it is nothing."""
    assert wsl_config(text) == meant


def test_a_profile_on_windows_with_any_name(tmp_path: Path) -> None:
    """cmd prints UTF-16, so that no code page is in the way; wslpath gives the name in WSL."""
    profile = "C:\\Users\\J\u00fcrgen \u674e"
    place = tmp_path / "profile \u674e"
    place.mkdir()
    (place / ".wslconfig").write_bytes(b"\xef\xbb\xbf[wsl2]\r\nlocalhostForwarding=false\r\n")
    said = {
        "wslinfo": b"nat\n",
        "cmd.exe": f"{profile}\r\n".encode("utf-16-le"),
        "wslpath": f"{place}\n".encode(),
    }
    system = system_at(tmp_path, lambda argv: Ended(0, said[argv[0]]))
    assert networking(system) == Networking("nat", False, str(place / ".wslconfig"))
    assert system.ran[-1] == ("wslpath", "-u", profile)


def test_windows_cannot_be_asked(tmp_path: Path) -> None:
    """Where Windows programs are not started, the mode may be known and the rest is not."""
    assert networking(system_at(tmp_path)) == Networking()
    system = system_at(tmp_path, lambda argv: Ended(0 if argv[0] == "wslinfo" else 1, b"nat\n"))
    assert networking(system) == Networking("nat")


def test_every_code_is_of_the_table() -> None:
    """And the table has no others of ours."""
    ours = ("doctor-windows-", "doctor-wsl-")
    assert {code for code in messages.table() if code.startswith(ours)} == set(RULES)


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


WINE = pytest.mark.skipif(not under_wine(), reason="Wine's registry only: writes into HKLM")


def looked_at(place: Path) -> list[str]:
    """What doctor finds on the machine that we run on."""
    https = Https(directory=str(place / "ca"))
    scene = Scene(Config(Gateway("http", "gw.test", 80), port=0, https=https), place, System.here())
    return [one.code for one in look(scene)]


@WINE
def test_the_real_kernel_and_registry(tmp_path: Path) -> None:
    """The call tells yes or no; the boot options are read as they stand in the registry, or are empty."""
    assert virtualisation_in_firmware() in (True, False)
    key, name = "HKLM\\SYSTEM\\CurrentControlSet\\Control", "SystemStartOptions"
    words = ["reg", "add", key, "/v", name, "/t", "REG_SZ", "/d", " HYPERVISORLAUNCHTYPE=OFF", "/f"]
    before = boot_options()
    subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
    try:
        assert boot_options() == " HYPERVISORLAUNCHTYPE=OFF"
        assert looked_at(tmp_path) == ["doctor-windows-hypervisor-off"], "Wine's PowerShell tells nothing"
    finally:
        words = ["reg", "delete", key, "/v", name, "/f"]
        if before:
            words = ["reg", "add", key, "/v", name, "/t", "REG_SZ", "/d", before, "/f"]
        subprocess.run(words, check=True, capture_output=True, timeout=PATIENCE)
    assert boot_options() == before


@WINE
def test_what_wine_has(tmp_path: Path) -> None:
    """Whatever is missing there, it is said that it is not known, and nothing is raised."""
    assert looked_at(tmp_path) == ["doctor-windows-vm-unknown"]
