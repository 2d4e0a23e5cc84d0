"""A profile in the forms that administrators hand out: registry file, configuration profile, JSON."""

import enum
import plistlib
import uuid
from collections.abc import Mapping

from .json_text import fresh
from .profile import as_text

DOMAIN = "com.anthropic.claudefordesktop"
"""Claude Desktop's preference domain on macOS."""
POLICY_KEY = "SOFTWARE\\Policies\\Claude"
_NAMESPACE = uuid.UUID("6d2b1e0c-6c0e-5a3f-9f0b-5d1c7f1f6a57")
_ROOTS = {"machine": "HKEY_LOCAL_MACHINE", "user": "HKEY_CURRENT_USER"}


class Format(enum.StrEnum):
    """The forms."""

    REG = "reg"
    MOBILECONFIG = "mobileconfig"
    MANAGED_SETTINGS = "managed-settings"
    JSON = "json"


class Scope(enum.StrEnum):
    """For whom: everybody on a machine, or one user."""

    USER = "user"
    MACHINE = "machine"


SCOPES = {
    Format.REG: (Scope.MACHINE, Scope.USER),
    Format.MOBILECONFIG: (Scope.MACHINE, Scope.USER),
    Format.MANAGED_SETTINGS: (Scope.MACHINE,),
    Format.JSON: (Scope.USER,),
}
"""The scopes a form can have, the usual one first."""


def export(settings: Mapping[str, object], form: Format, scope: Scope) -> bytes:
    """The bytes of the file."""
    match form:
        case Format.REG:
            return reg(settings, scope)
        case Format.MOBILECONFIG:
            return mobileconfig(settings, scope)
        case Format.MANAGED_SETTINGS | Format.JSON:
            return fresh(dict(settings)) + b"\n"


def reg(settings: Mapping[str, object], scope: Scope) -> bytes:
    """A file for regedit and `reg import`: UTF-16LE with a byte order mark, CRLF, every value REG_SZ.

    support.microsoft.com/help/310516: `\\` and `"` in a value get a `\\` in front.
    """
    lines = ["Windows Registry Editor Version 5.00", "", f"[{_ROOTS[scope]}\\{POLICY_KEY}]"]
    lines += [f"{_quoted(key)}={_quoted(as_text(value))}" for key, value in settings.items()]
    return b"\xff\xfe" + "\r\n".join([*lines, "", ""]).encode("utf-16-le")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def mobileconfig(settings: Mapping[str, object], scope: Scope) -> bytes:
    """A configuration profile with one payload for the preference domain, text in every value.

    Its UUIDs are always the same for a scope: a newer one replaces the older one on the machine
    (developer.apple.com/documentation/devicemanagement/toplevel).
    """
    identifier = f"localedge.claude-desktop.{scope.value}"
    payload = {
        "PayloadType": DOMAIN,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{identifier}.settings",
        "PayloadUUID": _uuid(f"{identifier}.settings"),
        "PayloadDisplayName": "Claude Desktop: gateway",
        **{key: as_text(value) for key, value in settings.items()},
    }
    profile = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identifier,
        "PayloadUUID": _uuid(identifier),
        "PayloadDisplayName": "Claude Desktop: gateway (localedge)",
        "PayloadScope": "System" if scope is Scope.MACHINE else "User",
        "PayloadContent": [payload],
    }
    return plistlib.dumps(profile, sort_keys=False)


def _uuid(identifier: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, identifier)).upper()
