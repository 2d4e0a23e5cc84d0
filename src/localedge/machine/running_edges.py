"""Which edges of this user run: each leaves a note while it does, in the user's directory for such things.

Other commands go by it: an edge may have been started with options, on another port, with a gateway that
is in no configuration.  No secret is in it.  Who cannot write one runs all the same.
"""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from localedge.errors import Failure

from . import private_files
from .replacing import patiently

_VERSION = 1
_LONGEST = 16 * 1024
_ATTEMPTS = 100


class RunningEdge(NamedTuple):
    """What an edge says of itself."""

    pid: int
    urls: tuple[str, ...]
    """The base URLs, that of plain HTTP first."""
    gateway: str
    """Its URL; empty for the demo gateway."""


def directories(
    environ: Mapping[str, str], platform: str = sys.platform, root: Path = Path("/")
) -> list[Path]:
    """Where notes may be, the place for a new one first.

    XDG_RUNTIME_DIR (freedesktop.org, Base Directory Specification) goes with the login; services have none.
    """
    if platform == "win32":
        import tempfile

        return [Path(environ.get("TEMP") or tempfile.gettempdir()) / "localedge"]
    name = "localedge" if sys.platform == "win32" else f"localedge-{os.geteuid()}"
    given = environ.get("XDG_RUNTIME_DIR", "")
    temporary = Path(environ["TMPDIR"]) if environ.get("TMPDIR", "").startswith("/") else root / "tmp"
    runtime = [Path(given) / name] if given.startswith("/") and os.access(given, os.W_OK) else []
    return [*runtime, temporary / name]


def announce(edge: RunningEdge, environ: Mapping[str, str]) -> Path | None:
    """Leave a note; where it is, to be removed at the end.  None if it cannot be written."""
    path = directories(environ)[0] / f"{edge.pid}.json"
    for _ in range(_ATTEMPTS):
        try:
            patiently(lambda: _leave(path, edge))
        except FileNotFoundError:
            continue  # an edge that ends is just removing the directory
        except (OSError, Failure):
            break
        return path
    return None


def _leave(path: Path, edge: RunningEdge) -> None:
    private_files.make_directory(path.parent)
    private_files.check_directory(path.parent)
    _sweep(path.parent)
    private_files.write(path, json.dumps({"version": _VERSION, **edge._asdict()}).encode())


def withdraw(path: Path | None) -> None:
    """Take the note away, and the directory after the last one."""
    if path is not None:
        with suppress(OSError):
            private_files.remove(path)
            _sweep(path.parent)
            path.parent.rmdir()


def tidy(environ: Mapping[str, str]) -> None:
    """What edges left that were killed goes.  Raises nothing."""
    for directory in directories(environ):
        with suppress(OSError, Failure):
            private_files.check_directory(directory)
            _sweep(directory)
            directory.rmdir()


def _sweep(directory: Path) -> None:
    """Remove the notes of edges that were killed, also those that are half written.  Raises OSError."""
    from .processes import alive

    private_files.sweep(directory)
    for path in directory.glob("[0-9]*.json"):
        if path.stem.isdecimal() and not alive(int(path.stem)):
            path.unlink(missing_ok=True)


def running_edges(
    environ: Mapping[str, str], platform: str = sys.platform, root: Path = Path("/")
) -> list[RunningEdge]:
    """The edges that run, the one that was started last first.  Raises nothing."""
    from .processes import alive

    found: dict[int, tuple[float, RunningEdge]] = {}
    for directory in directories(environ, platform, root):
        with suppress(OSError, Failure):
            private_files.check_directory(directory)
            for path in directory.glob("[0-9]*.json"):
                edge = _read(path)
                if edge is not None and alive(edge.pid):
                    found[edge.pid] = (path.stat().st_mtime, edge)
    return [edge for _, edge in sorted(found.values(), key=lambda one: -one[0])]


def elsewhere(url: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The base URLs of the edges that run, if none of them is at this URL's port."""
    urls = tuple(one for edge in running_edges(environ) for one in edge.urls)
    return () if any(_port(one) == _port(url) for one in urls) else urls


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _read(path: Path) -> RunningEdge | None:
    try:
        document: dict[str, Any] = json.loads(private_files.read(path, longest=_LONGEST))
        if document["version"] != _VERSION or f"{document['pid']}.json" != path.name:
            return None
        edge = RunningEdge(int(document["pid"]), tuple(map(str, document["urls"])), str(document["gateway"]))
        _ = edge.urls[0], [_port(url) for url in (*edge.urls, edge.gateway)]  # ValueError for what is no port
    except (OSError, Failure, ValueError, LookupError, TypeError, RecursionError):
        return None
    return edge
