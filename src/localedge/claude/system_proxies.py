"""The proxy settings of operating systems and desktops, read from what they say of themselves.

Chromium, and so Claude Desktop, goes by them: on Windows and macOS always, on Linux by those of GNOME and its
kin or of KDE, and by the environment elsewhere.
https://chromium.googlesource.com/chromium/src/+/main/net/docs/proxy.md tells how it understands exceptions.
"""

import ast
import configparser
import ipaddress
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

from localedge.names import in_url
from localedge.settings.layers import clean
from localedge.settings.upstream import masked

MINUS_LOOPBACK = "<-loopback>"
"""An exception that takes away Chromium's own exceptions for loopback."""
INTERNET_SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
_GNOME = "org.gnome.system.proxy"
_AUTHORITY = re.compile(
    r"(?:[a-z0-9+.-]+://)?(?:[^/\s]*@)?(\[[0-9a-f:.%]+\]|[\w.-]+)(?::|\s+)(\d{1,5})(?=[/\s]|$)", re.IGNORECASE
)
"""The port must end there: in `joe:12345@host` it is a password."""


class Server(NamedTuple):
    """Where a proxy listens; no credentials."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{in_url(self.host)}:{self.port}"


def server(text: str) -> Server | None:
    """Host and port of `host:port`, of a URL, and of KDE's `http://host port`."""
    match = _AUTHORITY.match(text.strip())
    if match is None or not 0 < int(match[2]) < 65536:
        return None
    return Server(match[1].strip("[]").lower(), int(match[2]))


@dataclass(frozen=True)
class SystemProxy:
    """The settings of one place.  Nothing in force: no `servers`, no `pac`, and `detects` is false."""

    where: str
    """For a person: Windows, macOS, GNOME, KDE."""
    servers: tuple[Server, ...] = ()
    exceptions: tuple[str, ...] = ()
    suffixes: bool = False
    """An exception means all names that end with it, too."""
    reverse: bool = False
    """Only the exceptions go through the proxy (KDE)."""
    pac: str = ""
    """The URL of a script that decides."""
    detects: bool = False
    """The network is asked for such a script (WPAD)."""
    hive: str = "HKCU"
    """Where in the registry, on Windows."""

    @property
    def active(self) -> bool:
        """Whether any request may go through a proxy."""
        return bool(self.servers or self.pac or self.detects)

    @property
    def pac_shown(self) -> str:
        """The script's URL without what may be secret in it, nor a whole script (data:)."""
        return "data:..." if self.pac.lower().startswith("data:") else clean(masked(self.pac))

    @property
    def script_server(self) -> Server | None:
        """Who hands out the script."""
        return server(self.pac) if self.pac.lower().startswith("http") else None

    def excepts(self, host: str) -> bool:
        """Whether a name that is not loopback by itself is kept out of the proxy."""
        return any(_matches(entry, host, self.suffixes) for entry in self.exceptions) is not self.reverse

    def with_exceptions(self, names: Sequence[str]) -> str:
        """The command that adds exceptions; empty where none can be given."""
        return self._set_exceptions([*self.exceptions, *names])

    def with_loopback(self) -> str:
        """The command that gives loopback back to those who go directly."""
        return self._set_exceptions([one for one in self.exceptions if one.lower() != MINUS_LOOPBACK])

    def switched_off(self) -> str:
        """The command that turns the proxy off; empty where none can be given."""
        match self.where:
            case "Windows":
                return self._reg("add", "/v", "ProxyEnable", "/t", "REG_DWORD", "/d", "0", "/f")
            case "GNOME":
                return shlex.join(["gsettings", "set", _GNOME, "mode", "none"])
            case "KDE":
                return _kwriteconfig("ProxyType", "0")
        return ""

    def without_script(self) -> str:
        """The command that takes the script out."""
        if self.where == "Windows":
            return self._reg("delete", "/v", "AutoConfigURL", "/f")
        return self.switched_off()

    def _set_exceptions(self, entries: Sequence[str]) -> str:
        unique = list(dict.fromkeys(entries))
        if not all(entry.isprintable() and '"' not in entry and "%" not in entry for entry in unique):
            return ""  # nobody could type it
        match self.where:
            case "Windows":
                return self._reg("add", "/v", "ProxyOverride", "/t", "REG_SZ", "/d", ";".join(unique), "/f")
            case "GNOME":
                return shlex.join(["gsettings", "set", _GNOME, "ignore-hosts", str(unique)])
            case "KDE" if not self.reverse:
                return _kwriteconfig("NoProxyFor", ",".join(unique))
        return ""

    def _reg(self, verb: str, *words: str) -> str:
        """For cmd.exe and PowerShell alike: both take ; and < for their own outside of quotes."""
        quoted = [word if re.fullmatch(r"[\w/.]+", word) else f'"{word}"' for word in words]
        return " ".join(["reg", verb, f'"{self.hive}\\{INTERNET_SETTINGS}"', *quoted])


def _kwriteconfig(key: str, value: str) -> str:
    words = ["kwriteconfig6", "--file", "kioslaverc", "--group", "Proxy Settings", "--key", key, value]
    return shlex.join(words)


def _matches(entry: str, host: str, suffixes: bool) -> bool:
    """One exception as Chromium reads it, for a name: `*.x`, `.x`, a pattern, with scheme and port or not.

    `<local>` means names without a dot, a network means addresses: no mapped name is either.
    """
    pattern = entry.strip().lower().rpartition("://")[2]
    pattern = re.sub(r":\d+$", "", pattern)
    if not pattern or pattern.startswith("<"):
        return False
    try:
        ipaddress.ip_network(pattern, strict=False)
        return False
    except ValueError:
        pass
    if pattern.startswith("."):
        pattern = "*" + pattern
    if suffixes and not pattern.startswith("*"):
        pattern = "*" + pattern
    return fnmatchcase(host, pattern)


# -- Windows


def windows(
    user: Mapping[str, object], machine: Mapping[str, object], *, per_user: bool = True
) -> SystemProxy:
    """The values of `INTERNET_SETTINGS` below HKCU and HKLM; a policy may have the latter count.

    https://learn.microsoft.com/troubleshoot/windows-client/networking/configure-client-proxy-server-settings-by-registry-file
    """
    own = user if per_user else machine
    entries = (
        str(own.get("ProxyServer") or "").replace(" ", ";").split(";") if own.get("ProxyEnable") == 1 else []
    )
    found = [server(entry.rpartition("=")[2]) for entry in entries]
    return SystemProxy(
        "Windows",
        _unique(found),
        _split(str(own.get("ProxyOverride") or ""), r"[;,\s]+"),
        pac=str(own.get("AutoConfigURL") or ""),
        detects=own.get("AutoDetect") == 1,
        hive="HKCU" if per_user else "HKLM",
    )


# -- macOS


def macos(told: str) -> SystemProxy:
    """What `scutil --proxy` prints.  Written from its documentation and examples; untried on a real Mac."""
    values: dict[str, str] = {}
    exceptions: list[str] = []
    depth, array = 0, ""
    for line in told.splitlines():
        key, _, value = (part.strip() for part in line.strip().partition(" : "))
        if line.rstrip().endswith("{"):
            depth += 1
            array = key if depth == 2 else array
        elif line.strip() == "}":
            depth -= 1
        elif depth == 1:
            values[key] = value
        elif depth == 2 and array == "ExceptionsList":
            exceptions.append(value)
    kinds = [kind for kind in ("HTTP", "HTTPS", "SOCKS") if values.get(f"{kind}Enable") == "1"]
    found = [server(f"{values.get(f'{kind}Proxy')}:{values.get(f'{kind}Port')}") for kind in kinds]
    pac = values.get("ProxyAutoConfigURLString", "") if values.get("ProxyAutoConfigEnable") == "1" else ""
    detects = values.get("ProxyAutoDiscoveryEnable") == "1"
    return SystemProxy("macOS", _unique(found), tuple(exceptions), pac=pac, detects=detects)


# -- Linux


def gnome(listed: str) -> SystemProxy:
    """What `gsettings list-recursively org.gnome.system.proxy` prints."""
    values: dict[str, object] = {}
    for line in listed.splitlines():
        schema, _, rest = line.partition(" ")
        key, _, text = rest.partition(" ")
        try:
            value = ast.literal_eval(text.removeprefix("@as "))
        except (ValueError, SyntaxError):
            continue
        values[f"{schema.removeprefix(_GNOME)}.{key}".lstrip(".")] = value
    hosts = values.get("ignore-hosts")
    exceptions = tuple(str(one) for one in hosts) if isinstance(hosts, list) else ()
    own = SystemProxy("GNOME", exceptions=exceptions, suffixes=True)
    match values.get("mode"):
        case "manual":
            kinds = ("http", "https", "socks")
            found = [server(f"{values.get(f'{one}.host')}:{values.get(f'{one}.port')}") for one in kinds]
            return replace(own, servers=_unique(found))
        case "auto":
            pac = str(values.get("autoconfig-url") or "")
            return replace(own, pac=pac, detects=not pac)
    return own


def kde(text: str) -> SystemProxy:
    """The file kioslaverc.  Type 1 is by hand, 2 a script, 3 detected, 4 from the environment."""
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",))
    try:
        parser.read_string(text)
        section = parser["Proxy Settings"]
    except (configparser.Error, KeyError):
        return SystemProxy("KDE")
    values = {key.partition("[")[0].strip(): value for key, value in section.items()}
    own = SystemProxy(
        "KDE",
        exceptions=_split(values.get("noproxyfor", ""), r"[,\s]+"),
        suffixes=True,
        reverse=values.get("reversedexception", "").lower() in ("true", "1"),
    )
    match values.get("proxytype", "0"):
        case "1":
            kinds = ("httpproxy", "httpsproxy", "socksproxy")
            return replace(own, servers=_unique([server(values.get(one, "")) for one in kinds]))
        case "2":
            return replace(own, pac=values.get("proxy config script", ""))
        case "3":
            return replace(own, detects=True)
    return own


def _unique(found: Sequence[Server | None]) -> tuple[Server, ...]:
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _split(text: str, separators: str) -> tuple[str, ...]:
    return tuple(entry for entry in re.split(separators, text) if entry)
