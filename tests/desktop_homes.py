"""Homes with a Claude Desktop in them, as each platform lays them out, made in a temporary directory."""

import json
from collections.abc import Callable
from pathlib import Path

from localedge.machine.desktop import Desktop
from localedge.machine.desktop_places import PACKAGE, Place
from localedge.machine.stores.system import System

LAYOUTS = ("linux", "darwin", "win32", "msix")
OTHER = "11111111-2222-3333-4444-555555555555"
SECRET = "sk-of-the-user-0123456789"
SETTINGS: dict[str, object] = {
    "inferenceProvider": "gateway",
    "inferenceGatewayBaseUrl": "http://127.0.0.1:18080",
    "inferenceGatewayApiKey": SECRET,
    "inferenceGatewayAuthScheme": "bearer",
    "modelDiscoveryEnabled": True,
}


def home(place: Path, layout: str) -> Desktop:
    """A user's home in which nothing of Claude Desktop is yet."""
    user = place / "home" / "J\u00fcrgen \u674e"
    (user / ".config").mkdir(parents=True)
    (user / "Library" / "Application Support").mkdir(parents=True)
    (user / "AppData" / "Roaming").mkdir(parents=True)
    local = user / "AppData" / "Local"
    local.mkdir()
    environ = {"USER": "jurgen"}
    if layout in ("win32", "msix"):
        environ |= {"APPDATA": str(user / "AppData" / "Roaming"), "LOCALAPPDATA": str(local)}
    if layout == "msix":
        (local / "Packages" / PACKAGE / "LocalCache").mkdir(parents=True)
    platform = "win32" if layout == "msix" else layout
    return Desktop(System(place, user, environ, platform))


def furnish(desktop: Desktop, style: Callable[[object], bytes] | None = None) -> None:
    """Fill it as a user has it who has another gateway and MCP servers."""
    write = style or compact
    for place in desktop.places:
        put(place.config(third=False), write({"mcpServers": {"files": {"env": {"KEY": "s3cret"}}}}))
        put(
            place.config(third=True),
            write({"deploymentMode": "1p", "window": {"width": 1200, "maximised": False}, "scale": 1.50}),
        )
        entries = [{"id": OTHER, "name": "Office \u2013 \u529e\u516c\u5ba4", "since": 1}]
        put(place.meta, write({"appliedId": OTHER, "entries": entries, "schema": 3}))
        put(place.profile(OTHER), write({"inferenceProvider": "vertex", "unknown": None}))


def put(path: Path, content: bytes) -> None:
    """Write a file and the directories it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def compact(value: object) -> bytes:
    """As JSON.stringify writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def lines(value: object) -> bytes:
    """As an editor on Linux writes it."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def notepad(value: object) -> bytes:
    """As Notepad writes it: byte order mark, CRLF, tabs."""
    return b"\xef\xbb\xbf" + json.dumps(value, indent="\t").replace("\n", "\r\n").encode() + b"\r\n\r\n"


def odd(value: object) -> bytes:
    """As nobody writes it."""
    return b" \n" + json.dumps(value, indent=1, separators=(" ,", "  :  ")).encode() + b"\n\t"


def files(desktop: Desktop) -> dict[str, bytes]:
    """Every file of the user, the journal's aside."""
    root = desktop.system.home
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "localedge" not in path.parent.name
    }


def tree(place: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything below a directory: names, modes, of files the times and contents."""
    seen = {}
    for path in sorted(place.rglob("*")):
        status, file = path.lstat(), path.is_file()
        seen[str(path.relative_to(place))] = (
            status.st_mode,
            status.st_mtime_ns if file else 0,
            path.read_bytes() if file else b"",
        )
    return seen


def directories(desktop: Desktop) -> set[str]:
    """Every directory of the user, our own aside."""
    root = desktop.system.home
    found = {path for path in root.rglob("*") if path.is_dir()}
    ours = desktop.journal.path.parent
    return {str(path.relative_to(root)) for path in found if path != ours and path not in ours.parents}


def value(path: Path) -> dict[str, object]:
    """What a file means."""
    found = json.loads(path.read_bytes().decode("utf-8-sig"))
    assert isinstance(found, dict)
    return found


def our_profile(desktop: Desktop, place: Place | None = None) -> Path:
    """The profile that localedge has written."""
    state = desktop.journal.load()
    assert state is not None
    return (place or desktop.places[0]).profile(state.profile_id)
