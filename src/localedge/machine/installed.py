"""What is installed here: versions, what the metadata ask for, and other installations."""

import sys
from pathlib import Path
from typing import Any

from localedge.claude.health import command_line
from localedge.claude.health_here import Versions, older, requirements

from . import private_files
from .health import Scene


def record() -> Path | None:
    """A file that is written when localedge is installed."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution("localedge")
    except PackageNotFoundError:
        return None
    names = [one for one in found.files or () if one.name == "RECORD"]
    return Path(str(names[0].locate())) if names else None


def versions(scene: Scene) -> Versions:
    """What runs here, and whether it is what should."""
    import platform
    import ssl

    import localedge

    line = {
        "localedge": localedge.__version__,
        "python": platform.python_version(),
        "twisted": _version("twisted") or "?",
        "openssl": ssl.OPENSSL_VERSION.removeprefix("OpenSSL ").partition(" ")[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    wanted, missing = _unmet(line["python"])
    return Versions(
        line,
        command_line(scene.platform, [sys.executable]),
        wanted,
        missing,
        _other(scene),
        any(map(_has_plugin, sys.path)),
    )


def _has_plugin(place: str) -> bool:
    try:
        return Path(place, "twisted", "plugins", "localedge_plugin.py").is_file()
    except OSError:
        return False  # closed to us, and to twistd


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _unmet(python: str) -> tuple[str, tuple[str, ...]]:
    """What the metadata of the installed distribution ask for and is not there: of Python, of libraries."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution("localedge")
    except PackageNotFoundError:  # a checkout that nobody installed
        return "", ()
    metadata: Any = found.metadata
    wanted = str(metadata.get("Requires-Python") or "")
    floor = wanted.partition(">=")[2].partition(",")[0].strip()
    missing = []
    for one in requirements(found.requires or ()):
        version = _version(one.name)
        if not version or older(version, one.floor):
            missing.append(one.text)
    return (wanted if older(python, floor) else ""), tuple(missing)


def _other(scene: Scene) -> str:
    """The localedge that a shell finds, where that is another installation than this one."""
    found = scene.system.which("localedge")
    if found is None or _is_ours(Path(found)):
        return ""
    return private_files.shown(Path(found))


def _is_ours(script: Path) -> bool:
    """Beside our interpreter, or run by it."""
    import sysconfig

    beside = {Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))}
    try:
        if any(place.resolve() == script.resolve().parent for place in beside):
            return True
        with script.open("rb") as file:
            first = file.readline(1024)
    except OSError:
        return True  # nothing to be told of it
    python = sys.executable.encode()
    return first.startswith(b"#!") and first[2:].strip().strip(b'"') == python
