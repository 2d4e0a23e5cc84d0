"""Where Claude Desktop keeps what, on each platform.

Windows has two builds: the classic one, and an MSIX package whose files stand below a directory of its own.
What a package writes to %APPDATA% and %LOCALAPPDATA% goes there, and it sees the real ones behind
(learn.microsoft.com/windows/msix/desktop/desktop-to-uwp-behind-the-scenes).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from localedge.claude.fleet import DOMAIN

from .stores.system import System

CONFIG = "claude_desktop_config.json"
DEVELOPER = "developer_settings.json"
LIBRARY = "configLibrary"
META = "_meta.json"
PACKAGE = "Claude_pzs8sxrjxfjjc"
FIRST, THIRD = "Claude", "Claude-3p"


@dataclass(frozen=True, slots=True)
class Place:
    """The directories of one build of Claude Desktop."""

    first_party: Path
    third_party: Path
    behind: "Place | None" = None
    """What a packaged build sees where it has no file of its own."""

    @property
    def library(self) -> Path:
        """The local library of configurations."""
        return self.third_party / LIBRARY

    @property
    def meta(self) -> Path:
        """The list of the library."""
        return self.library / META

    def profile(self, profile_id: str) -> Path:
        """A configuration of the library."""
        return self.library / f"{profile_id}.json"

    def config(self, *, third: bool) -> Path:
        """The file with `deploymentMode`."""
        return (self.third_party if third else self.first_party) / CONFIG

    def developer(self, *, third: bool) -> Path:
        """The file with `allowDevTools`."""
        return (self.third_party if third else self.first_party) / DEVELOPER

    @property
    def used(self) -> bool:
        """Whether Claude Desktop has ever been started here."""
        return self.first_party.is_dir() or self.third_party.is_dir()


def places(system: System) -> list[Place]:
    """The usual place first; that of the Windows package if the package is installed."""
    if system.platform == "darwin":
        support = system.home / "Library" / "Application Support"
        return [Place(support / FIRST, support / THIRD)]
    if system.platform == "win32":
        roaming, local = _windows(system)
        usual = Place(roaming / FIRST, local / THIRD)
        package = local / "Packages" / PACKAGE
        if not package.is_dir():
            return [usual]
        cache = package / "LocalCache"
        return [usual, Place(cache / "Roaming" / FIRST, cache / "Local" / THIRD, usual)]
    config = _set(system, "XDG_CONFIG_HOME") or system.home / ".config"
    return [Place(config / FIRST, config / THIRD)]


def logs(system: System) -> list[Path]:
    """The main.log files there may be, those of third-party use first."""
    if system.platform == "darwin":
        directory = system.home / "Library" / "Logs"
        return [directory / THIRD / "main.log", directory / FIRST / "main.log"]
    found = []
    for place in places(system):
        found += [place.third_party / "logs" / "main.log", place.first_party / "logs" / "main.log"]
    return found


def managed_files(system: System) -> list[Path]:
    """Files of administrators, the one that wins first.  On Windows it is the registry instead."""
    if system.platform == "darwin":
        directory = system.path("/Library/Managed Preferences")
        user = system.environ.get("USER") or system.home.name
        return [directory / user / f"{DOMAIN}.plist", directory / f"{DOMAIN}.plist"]
    if system.platform == "win32":
        return []
    return [system.path("/etc/claude-desktop/managed-settings.json")]


def data_directory(system: System) -> Path:
    """localedge's own data directory, where the journal is kept."""
    if system.platform == "win32":
        return _windows(system)[1] / "localedge"
    if system.platform == "darwin":
        return system.home / "Library" / "Application Support" / "localedge"
    return (_set(system, "XDG_DATA_HOME") or system.home / ".local" / "share") / "localedge"


def _windows(system: System) -> tuple[Path, Path]:
    """%APPDATA% and %LOCALAPPDATA%."""
    roaming = _set(system, "APPDATA") or system.home / "AppData" / "Roaming"
    return roaming, _set(system, "LOCALAPPDATA") or system.home / "AppData" / "Local"


def _set(system: System, name: str) -> Path | None:
    """A directory that a variable names; a relative one counts for nothing (XDG Base Directory)."""
    value = system.environ.get(name)
    return Path(value) if value and os.path.isabs(value) else None  # noqa: PTH117 - a text so far
