"""Configurations of Claude Desktop that administrators hand out, read from where each platform keeps them."""

import json
import plistlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localedge.claude.fleet import POLICY_KEY
from localedge.errors import Failure, reason_of

from . import desktop_files as files
from .desktop_places import managed_files
from .private_files import shown
from .stores.system import System

Registry = Callable[[str], "Mapping[str, object] | None"]
"""The values below a hive (`HKLM`, `HKCU`), None where the key is not there.  Raises OSError."""


@dataclass(frozen=True, slots=True)
class Managed:
    """What is there in one place.  `settings` is None where it is there and cannot be read."""

    where: str
    settings: Mapping[str, Any] | None = field(repr=False)
    problem: Failure | None = None
    suspects: tuple[str, ...] = ()
    """Values of a type that Claude does not take there: only REG_SZ in the registry."""
    hidden: bool = False
    """Of no effect, whatever is in it: another place is looked at instead."""


def managed(system: System, registry: Registry | None = None) -> list[Managed]:
    """The configurations that are there, the one that wins first."""
    if system.platform == "win32":
        return _from_registry(registry or read_registry)
    found = []
    for path in managed_files(system):
        try:
            content = files.read(path)
            if content is None:
                continue
            settings = _plist(path, content) if path.suffix == ".plist" else _json(path, content)
        except Failure as failure:
            found.append(Managed(shown(path), None, failure))
        else:
            found.append(Managed(shown(path), settings))
    return found


def _from_registry(registry: Registry) -> list[Managed]:
    """Any value below HKLM hides HKCU."""
    found = []
    for hive in ("HKLM", "HKCU"):
        where = f"{hive}\\{POLICY_KEY}"
        try:
            values = registry(hive)
        except OSError as error:
            failure = Failure("desktop-unreadable", path=where, reason=reason_of(error))
            found.append(Managed(where, None, failure))
            continue
        if values:
            suspects = tuple(name for name, value in values.items() if not isinstance(value, str))
            texts = {name: _meant(value) for name, value in values.items() if isinstance(value, str)}
            hidden = any(one.settings is not None for one in found)
            found.append(Managed(where, texts, suspects=suspects, hidden=hidden))
    return found


def _plist(path: Path, content: bytes) -> Mapping[str, Any]:
    try:
        value = plistlib.loads(content)
    except Exception:  # noqa: BLE001 - expat's errors, InvalidFileException, ValueError, and what damage brings
        raise Failure("desktop-not-plist", path=shown(path)) from None
    if not isinstance(value, dict):
        raise Failure("desktop-not-plist", path=shown(path))
    return {str(key): _meant(one) for key, one in value.items()}


def _json(path: Path, content: bytes) -> Mapping[str, Any]:
    return files.parsed(path, content).value


def _meant(value: object) -> object:
    """Text that is JSON for a list, a number or a flag, as that."""
    if not isinstance(value, str) or value[:1] not in "[{tf0123456789":
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


if sys.platform == "win32":
    import winreg

    _HIVES = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}

    def read_registry(hive: str) -> Mapping[str, object] | None:
        """The values of Claude's policy key.  Text comes as str, every other type as it is marked."""
        try:
            # The 64-bit view: a 32-bit Python would be shown another key (WOW64).
            access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
            with winreg.OpenKey(_HIVES[hive], POLICY_KEY, 0, access) as key:
                found: dict[str, object] = {}
                for at in range(winreg.QueryInfoKey(key)[1]):
                    name, value, kind = winreg.EnumValue(key, at)
                    found[name] = str(value) if kind == winreg.REG_SZ else (kind, value)
                return found
        except FileNotFoundError:
            return None

else:

    def read_registry(_hive: str) -> Mapping[str, object] | None:
        """There is none."""
        return None
