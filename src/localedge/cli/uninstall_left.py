"""What `localedge uninstall` leaves to the user: what still runs, what others wrote, the package itself."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from localedge.errors import Failure
from localedge.machine.private_files import shown

if TYPE_CHECKING:
    from localedge.config import Config

_PROFILES = (
    *(".bashrc", ".bash_profile", ".bash_login", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin"),
    *(
        *(".kshrc", ".cshrc", ".tcshrc", ".login"),
        ".config/fish/config.fish",
        ".config/environment.d",
        ".pam_environment",
        ".claude/settings.json",
    ),
    *(".config/powershell/profile.ps1", ".config/powershell/Microsoft.PowerShell_profile.ps1"),
    *("Documents/PowerShell/profile.ps1", "Documents/PowerShell/Microsoft.PowerShell_profile.ps1"),
    "Documents/WindowsPowerShell/Microsoft.PowerShell_profile.ps1",
)
"""Where shells and Claude Code take variables from, below the home directory."""
_MOST = 1024 * 1024
"""Bytes of such a file that are read."""


def left(config: "Config | None", data: Path, profiles: Sequence[Path]) -> Iterator[Failure]:
    """One sentence each.  Read-only; raises nothing."""
    yield from _running(config)
    for path in profiles:
        if path.exists():
            yield Failure("uninstall-left-profile", path=shown(path))
    yield from _lines(config)
    for path in (data / "bundle.pem",):
        if path.exists():
            yield Failure("uninstall-left-bundle", path=shown(path))
    command = package_command()
    if command is not None:
        yield Failure("uninstall-left-package", command=command)


def _running(config: "Config | None") -> Iterator[Failure]:
    from localedge.machine.running_edges import running_edges

    from .setup_edge import running

    noted = running_edges(os.environ)
    for one in noted:
        yield Failure("uninstall-left-edge", pid=one.pid, port=one.urls[0].rpartition(":")[2])
    if not noted and config is not None and config.port and (edge := running(config)) is not None:
        yield Failure("uninstall-left-edge", pid=edge.pid or "?", port=config.port)


def _lines(config: "Config | None") -> Iterator[Failure]:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where nobody has a home
    names = ["127.0.0.1", "localhost", "[::1]", *(config.https.names if config else ())]
    hosts = "|".join(map(re.escape, names))
    ours = re.compile(rf"ANTHROPIC_BASE_URL.*(?:{hosts})|\blocaledge env\b|localedge[\\/]ca[\\/]root")
    for name in _PROFILES:
        path = home / name
        for file in sorted(path.glob("*.conf")) if path.is_dir() else [path]:
            for number in _found(file, ours):
                yield Failure("uninstall-left-line", path=shown(file), line=number)
    if ours.search(f"ANTHROPIC_BASE_URL={os.environ.get('ANTHROPIC_BASE_URL', '')}"):
        yield Failure("uninstall-left-variable", name="ANTHROPIC_BASE_URL")


def _found(path: Path, wanted: re.Pattern[str]) -> list[int]:
    """The numbers of the lines, without what is commented out."""
    try:
        with path.open("rb") as file:
            lines = file.read(_MOST).decode(errors="replace").splitlines()
    except OSError:
        return []
    return [
        number
        for number, line in enumerate(lines, 1)
        if wanted.search(line) and not line.lstrip().startswith("#")
    ]


def package_command() -> str | None:
    """How the package goes, by how it came; None where it was not installed."""
    try:
        installer = (metadata.distribution("localedge").read_text("INSTALLER") or "").strip()
    except (metadata.PackageNotFoundError, OSError):
        return None
    prefix = Path(sys.prefix)
    if (prefix / "uv-receipt.toml").exists() or prefix.parts[-3:-1] == ("uv", "tools"):
        return "uv tool uninstall localedge"
    if (prefix / "pipx_metadata.json").exists():
        return "pipx uninstall localedge"
    if installer == "uv":
        return f"uv pip uninstall --python {_quoted(sys.executable)} localedge"
    return _pip()


def _pip() -> str:
    return f"{_quoted(sys.executable)} -m pip uninstall localedge"


def _quoted(path: str) -> str:
    from localedge.claude.health import command_line

    return command_line(sys.platform, [path])
