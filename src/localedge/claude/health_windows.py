"""What `localedge doctor` says about Windows: virtualisation, reserved ports, and WSL.

"Virtual Machine Platform not available" is a message of Claude Desktop's that has nothing to do with a
gateway.  The feature, the hypervisor's start and the firmware have to be right, in this order
(learn.microsoft.com/windows/wsl/troubleshooting, "Error: 0x80370102").
"""

import enum
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .health import Finding, Rule, Severity

_DISM = "dism.exe /online /enable-feature /featurename:VirtualMachinePlatform /all /norestart"
_ASK_DISM = "dism.exe /online /get-featureinfo /featurename:VirtualMachinePlatform"
_BCDEDIT = "bcdedit /set hypervisorlaunchtype auto"

RULES: Mapping[str, Rule] = {
    "doctor-windows-vm-ready": Rule(Severity.GOOD),
    "doctor-windows-vm-off": Rule(Severity.WARNING, _DISM),
    "doctor-windows-vm-unknown": Rule(Severity.NOTE, _ASK_DISM),
    "doctor-windows-hypervisor-off": Rule(Severity.WARNING, _BCDEDIT),
    "doctor-windows-hypervisor-silent": Rule(Severity.WARNING, _BCDEDIT),
    "doctor-windows-firmware": Rule(Severity.WARNING),
    "doctor-windows-port-reserved": Rule(
        Severity.ERROR, "$env:{variable} = '{other}'; localedge run{options}"
    ),
    "doctor-wsl-reachable": Rule(Severity.GOOD),
    "doctor-wsl-forwarding-off": Rule(Severity.ERROR, "wsl.exe --shutdown"),
    "doctor-wsl-no-network": Rule(Severity.ERROR, "wsl.exe --shutdown"),
    "doctor-wsl-unknown": Rule(Severity.NOTE, "curl.exe -i {edge}"),
}


class Feature(enum.Enum):
    """State of an optional feature (Win32_OptionalFeature.InstallState)."""

    ENABLED = 1
    DISABLED = 2
    ABSENT = 3
    UNKNOWN = 4


class Launch(enum.StrEnum):
    """Whether Windows starts its hypervisor (`hypervisorlaunchtype` of the boot configuration)."""

    AUTO = "auto"
    OFF = "off"
    UNKNOWN = "unknown"
    """Only administrators may read it."""


class Machine(NamedTuple):
    """What Windows tells.  None: it does not."""

    feature: Feature = Feature.UNKNOWN
    hypervisor: bool | None = None
    """One is running: this one is a guest, or Windows has started its own."""
    firmware: bool | None = None
    """VT-x or AMD-V is switched on.  Not told truly while a hypervisor runs."""
    launch: Launch = Launch.UNKNOWN


class Listening(NamedTuple):
    """A port of the edge."""

    variable: str
    """The one that sets it, for the edge and for other commands."""
    port: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of Windows itself."""

    machine: Machine
    reserved: tuple[tuple[int, int], ...] = ()
    """Ranges of ports that no program gets, first and last."""
    free: tuple[Listening, ...] = ()
    """Ports of the edge where nobody listens by now."""
    options: str = ""
    """What our own commands want behind them: ` --config FILE`, or nothing."""


class Networking(NamedTuple):
    """What connects a WSL with its Windows (learn.microsoft.com/windows/wsl/wsl-config)."""

    mode: str = ""
    """nat, mirrored, virtioproxy, bridged, none, wsl1; empty if it is not known."""
    forwarding: bool | None = None
    """`localhostForwarding`, which is on unless it says otherwise; None: its file cannot be read."""
    file: str = ""


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings on Windows."""
    for code in _virtualisation(facts.machine):
        yield RULES[code].finding(code, platform)
    code = "doctor-windows-port-reserved"
    for one in facts.free:
        for first, last in facts.reserved:
            if first <= one.port <= last:
                other = _next(one.port, facts.reserved)
                params = {
                    "port": one.port,
                    "first": first,
                    "last": last,
                    "variable": one.variable,
                    "other": other,
                }
                params["options"] = facts.options
                yield RULES[code].finding(code, platform, **params)
                break


def _virtualisation(machine: Machine) -> Iterator[str]:
    """One cause at a time: each hides the next."""
    if machine.feature in (Feature.DISABLED, Feature.ABSENT):
        yield "doctor-windows-vm-off"
    elif machine.hypervisor:
        yield "doctor-windows-vm-ready" if machine.feature is Feature.ENABLED else "doctor-windows-vm-unknown"
    elif machine.firmware is False and machine.hypervisor is False:
        yield "doctor-windows-firmware"
    elif machine.launch is Launch.OFF:
        yield "doctor-windows-hypervisor-off"
    elif machine.feature is Feature.ENABLED and machine.hypervisor is False:
        yield "doctor-windows-hypervisor-silent"
    else:
        yield "doctor-windows-vm-unknown"


def _next(port: int, reserved: Iterable[tuple[int, int]]) -> int:
    """The next port that is in no range."""
    ranges = sorted(reserved)
    candidates: Iterable[int] = (*range(port + 1, 65536), *range(port - 1, 1023, -1))
    for candidate in candidates:
        if not any(first <= candidate <= last for first, last in ranges):
            return candidate
    return port


def judge_wsl(networking: Networking, edge: str) -> Iterator[Finding]:
    """The findings in a WSL: whether Claude Desktop on Windows reaches the edge at 127.0.0.1."""
    params = {"edge": edge, "mode": networking.mode or "?", "file": networking.file or ".wslconfig"}
    code = _wsl(networking)
    yield RULES[code].finding(code, "linux", **params)


def _wsl(networking: Networking) -> str:
    match networking.mode:
        case "mirrored" | "wsl1":
            return "doctor-wsl-reachable"
        case "none":
            return "doctor-wsl-no-network"
        case "nat" | "virtioproxy" if networking.forwarding is False:
            return "doctor-wsl-forwarding-off"
        case "nat" | "virtioproxy" if networking.forwarding:
            return "doctor-wsl-reachable"
        case _:
            return "doctor-wsl-unknown"


def reserved_ports(listed: str) -> list[tuple[int, int]]:
    """The ranges of `netsh interface ipv4 show excludedportrange`, whose words are translated.

    Those marked `*` are an administrator's: no program is given one of their ports by chance, but one that
    asks for it gets it.
    """
    rows = re.findall(r"^\s*(\d{1,5})\s+(\d{1,5})[ \t]*(\*?)\s*$", listed, re.MULTILINE)
    return [(int(first), int(last)) for first, last, mark in rows if not mark]


def launch_type(listed: str) -> Launch | None:
    """From `bcdedit /enum {current}`: its names are English in every language.  None: it does not say."""
    match = re.search(r"^hypervisorlaunchtype\s+(\S+)", listed, re.MULTILINE | re.IGNORECASE)
    if match is None:
        return None
    return Launch.OFF if match[1].lower() == "off" else Launch.AUTO


def told_by_windows(listed: str) -> Machine:
    """From the lines `name=value` of our own script; what is missing or odd is not known."""
    values = dict(re.findall(r"^(\w+)=(\w+)\s*$", listed, re.MULTILINE))
    state = values.get("feature", "")
    feature = Feature(int(state)) if state in ("1", "2", "3") else Feature.UNKNOWN
    flags = {"true": True, "false": False}
    hypervisor = flags.get(values.get("hypervisor", "").lower())
    firmware = flags.get(values.get("firmware", "").lower())
    return Machine(feature, hypervisor, firmware)


def wsl_config(text: str) -> tuple[str, bool]:
    """Mode and localhostForwarding of a .wslconfig, as Windows would use them."""
    section, values = "", {}
    for line in text.splitlines():
        content = re.split("[#;]", line, maxsplit=1)[0].strip()
        if match := re.fullmatch(r"\[\s*(.*?)\s*\]", content):
            section = match[1].lower()
        elif "=" in content and section in ("wsl2", "experimental"):
            name, _, value = content.partition("=")
            values[name.strip().lower()] = value.strip().strip("\"'").lower()
    return values.get("networkingmode", "nat"), values.get("localhostforwarding", "true") != "false"
