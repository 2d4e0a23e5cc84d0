"""Whether Claude Desktop is installed, where, and which version.

On macOS the bundle says its version (Info.plist), on Windows the installer's directory (Squirrel makes
`app-<version>`) and the list of installed programs, elsewhere package.json in Electron's archive:
the file `version` beside it is Electron's own.
"""

import json
import plistlib
import re
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .desktop_places import PACKAGE
from .stores.system import System

_LONGEST = 32 * 1024 * 1024
"""Bytes of an archive's table of contents."""
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,40}")
_SQUIRREL = "AnthropicClaude"
_UNINSTALL = "SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
_PACKAGES = (
    "SOFTWARE\\Classes\\Local Settings\\Software\\Microsoft\\Windows\\CurrentVersion"
    "\\AppModel\\Repository\\Packages"
)
_LINUX = ("/usr/lib/claude-desktop", "/opt/Claude", "/opt/claude-desktop", "/usr/share/claude-desktop")
_ARCHIVES = ("resources/app.asar", "app.asar", "node_modules/electron/dist/resources/app.asar")


class Installed(NamedTuple):
    """One installation.  `version` is empty where it does not tell."""

    where: str
    version: str = ""


class Registered(NamedTuple):
    """What Windows lists of Claude: names of its packages, and (directory, version) of its programs."""

    packages: tuple[str, ...] = ()
    programs: tuple[tuple[str, str], ...] = ()


def installed(
    system: System, programs: Sequence[str] = (), registered: Callable[[], Registered] | None = None
) -> list[Installed]:
    """The installations that are found.  `programs` are those of running processes.  Raises nothing."""
    if system.platform == "darwin":
        found = list(_macos(system))
    elif system.platform == "win32":
        found = list(_windows(system, (registered or read_registered)()))
    else:
        found = list(_linux(system))
    if not found:
        found = [Installed(one, _archived(Path(one).parent)) for one in programs]
    return found


def _macos(system: System) -> Iterator[Installed]:
    for directory in (system.path("/Applications"), system.home / "Applications"):
        bundle = directory / "Claude.app"
        if not bundle.is_dir():
            continue
        try:
            told = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
            version = _version(told.get("CFBundleShortVersionString"))
        except Exception:  # noqa: BLE001 - expat's errors, InvalidFileException, OSError, and what damage brings
            version = ""
        yield Installed(str(bundle), version)


def _windows(system: System, registered: Registered) -> Iterator[Installed]:
    local = Path(system.environ.get("LOCALAPPDATA") or system.home / "AppData" / "Local")
    family, _, publisher = PACKAGE.partition("_")
    names = [name for name in registered.packages if name.lower().startswith(f"{family}_".lower())]
    if names or (local / "Packages" / PACKAGE).is_dir():
        versions = [_version(name.split("_")[1]) for name in names if name.endswith(publisher)]
        yield Installed(str(local / "Packages" / PACKAGE), max(versions, key=_order, default=""))
    squirrel = local / _SQUIRREL
    found = [one.name.removeprefix("app-") for one in _children(squirrel) if one.name.startswith("app-")]
    if found:
        yield Installed(str(squirrel), max(map(_version, found), key=_order))
    elif registered.programs:
        where, version = registered.programs[0]
        yield Installed(where or str(squirrel), _version(version))


def _linux(system: System) -> Iterator[Installed]:
    for place in _LINUX:
        directory = system.path(place)
        if directory.is_dir():
            yield Installed(str(directory), _archived(directory))
            return
    for name in ("claude-desktop", "claude-desktop-bin"):
        if program := system.which(name):
            yield Installed(program, _archived(Path(program).resolve().parent))
            return


def _children(directory: Path) -> list[Path]:
    try:
        return [one for one in directory.iterdir() if one.is_dir()]
    except OSError:
        return []


def _archived(directory: Path) -> str:
    for name in _ARCHIVES:
        try:
            return archive_version(directory / name)
        except (OSError, ValueError, LookupError, TypeError, AttributeError, struct.error, RecursionError):
            continue
    return ""


def archive_version(path: Path) -> str:
    """The version in package.json of an archive of Electron's (github.com/electron/asar, Format)."""
    with path.open("rb") as file:
        _, size, _, length = struct.unpack("<4I", file.read(16))
        if not 0 < length <= size <= _LONGEST:
            raise ValueError(path)
        entry = json.loads(file.read(length))["files"]["package.json"]
        file.seek(8 + size + int(entry["offset"]))
        return _version(json.loads(file.read(min(int(entry["size"]), 1024 * 1024)))["version"])


def _version(value: object) -> str:
    return value if isinstance(value, str) and _VERSION.fullmatch(value) else ""


def _order(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


if sys.platform == "win32":
    import winreg

    def read_registered() -> Registered:
        """From the registry of the user and of the machine.  A packaged program is in the former."""
        packages = tuple(
            name for name in _keys(winreg.HKEY_CURRENT_USER, _PACKAGES) if name.startswith("Claude_")
        )
        programs = []
        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            for name in _keys(root, _UNINSTALL):
                key = f"{_UNINSTALL}\\{name}"
                if name == _SQUIRREL or _value(root, key, "DisplayName") in ("Claude", "Claude Desktop"):
                    version = _value(root, key, "DisplayVersion")
                    programs.append((_value(root, key, "InstallLocation"), version))
        return Registered(packages, tuple(programs))

    def _keys(root: int, path: str) -> list[str]:
        try:
            with winreg.OpenKey(root, path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                return [winreg.EnumKey(key, at) for at in range(winreg.QueryInfoKey(key)[0])]
        except OSError:
            return []

    def _value(root: int, path: str, name: str) -> str:
        try:
            with winreg.OpenKey(root, path, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                return str(winreg.QueryValueEx(key, name)[0])
        except OSError:
            return ""

else:

    def read_registered() -> Registered:
        """There is no registry."""
        return Registered()
