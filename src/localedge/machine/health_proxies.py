"""What `localedge doctor` looks at of proxies: the environment, the system's settings, who listens there."""

import ipaddress
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from localedge.claude import system_proxies
from localedge.claude.environment import shell_of
from localedge.claude.health import Finding
from localedge.claude.health_proxies import Facts, Script, Variables, judge
from localedge.claude.system_proxies import INTERNET_SETTINGS, POLICY, Server, SystemProxy
from localedge.errors import Failure
from localedge.settings import upstream, values

from . import health_here
from .health import Scene
from .side_by_side import SideBySide
from .vault import Vault, authority_directory

Registry = Callable[[str, str], "Mapping[str, object]"]
"""The values of a key below a hive (`HKLM`, `HKCU`), none where there is no such key.  Raises OSError."""

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_PROGRAM = 2.0
"""Seconds for a program that tells the settings."""
_LISTENS = 1.0
"""Seconds until somebody on this machine has accepted: the kernel does it for them."""
_LONGEST = 1024 * 1024
_GNOMES = {"gnome", "unity", "x-cinnamon", "cinnamon", "pantheon", "deepin", "ukui", "budgie"}
"""Desktops of which Chromium reads GNOME's settings (XDG_CURRENT_DESKTOP)."""


def look(scene: Scene, registry: Registry | None = None) -> Iterable[Finding]:
    """The findings about proxies."""
    return judge(_gather(scene, registry), scene.platform)


def _gather(scene: Scene, registry: Registry | None) -> Facts:
    config = scene.config
    set_up = Vault(authority_directory(config.https.directory)).exists
    variables = _variables(scene)
    systems = [(proxy, _script(proxy, scene.platform)) for proxy in _systems(scene, registry)]
    servers = set(variables.servers).union(*(_servers(proxy) for proxy, _ in systems))
    local = frozenset(one for one in servers if upstream.is_loopback(one.host))
    listen = SideBySide().map(_listens, local)
    dead = frozenset(one for one, alive in zip(local, listen, strict=True) if not alive)
    return Facts(
        _own_address(config.host),
        config.port,
        config.https.names if set_up else (),
        config.https.port,
        variables,
        systems,
        dead,
        local,
        _shell(scene),
        Server(proxy.host, proxy.port) if (proxy := config.gateway.proxy) is not None else None,
    )


def _own_address(host: str) -> str:
    """The host of the base URL: loopback where the edge listens on every address."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    return host


def _shell(scene: Scene) -> str:
    windows = scene.platform == "win32"
    try:
        found = shell_of(scene.environ, windows)
    except Failure:
        found = "bash"
    return "pwsh" if windows and found == "cmd" else found


# -- the environment


def _variables(scene: Scene) -> Variables:
    known = {(one.code, one.params.get("where")) for one in health_here.problems(scene)}
    named: list[tuple[str, Server | None]] = []
    problems: dict[tuple[str, tuple[tuple[str, object], ...]], list[str]] = {}
    for name, value in sorted(scene.environ.items()):
        typed = value.strip()
        if name.lower() not in _VARIABLES or not typed:
            continue
        server, problem = _read(typed)
        named.append((name, server))
        # all_proxy: localedge does not heed it
        if problem is not None and name.lower() != "all_proxy" and (problem.code, name) not in known:
            problems.setdefault((problem.code, tuple(problem.params.items())), []).append(name)
    return Variables(
        tuple(named),
        _no_proxy(scene.environ),
        tuple(
            Failure(code, **dict(params), where=", ".join(who)) for (code, params), who in problems.items()
        ),
    )


def _read(typed: str) -> tuple[Server | None, Failure | None]:
    """Where a proxy is, and what localedge itself says of the value, were it to use it."""
    try:
        proxy = values.proxy(typed if "://" in typed else f"http://{typed}")
    except Failure as failure:
        code = "proxy-ignored" if failure.code == "proxy-scheme" else failure.code
        return system_proxies.server(typed), Failure(code, **failure.params)
    return Server(proxy.host, proxy.port), None


def _no_proxy(environ: Mapping[str, str]) -> str:
    """The one that counts: in lower case if there are both."""
    found = {name: value for name, value in environ.items() if name.lower() == "no_proxy"}
    return found.get("no_proxy", next(iter(found.values()), "")).strip()


# -- the system


def _systems(scene: Scene, registry: Registry | None) -> Iterator[SystemProxy]:
    system = scene.system
    match scene.platform:
        case "win32":
            yield _windows(registry or read_registry)
        case "darwin":
            ended = system.run([str(system.path("/usr/sbin/scutil")), "--proxy"], seconds=_PROGRAM)
            yield system_proxies.macos(ended.stdout.decode(errors="replace"))
        case _:
            desktop = {
                part.lower() for part in scene.environ.get("XDG_CURRENT_DESKTOP", "").split(":") if part
            }
            if (not desktop or desktop & _GNOMES) and (program := system.which("gsettings")):
                yield system_proxies.gnome(_gsettings(scene, program))
            if not desktop or "kde" in desktop:
                named = scene.environ.get("XDG_CONFIG_HOME")
                path = (Path(named) if named else system.home / ".config") / "kioslaverc"
                yield system_proxies.kde(_text(path) or "")


def _gsettings(scene: Scene, program: str) -> str:
    """What it lists.  It makes files where programs keep theirs, which shall be none of the user's."""
    argv = [program, "list-recursively", "org.gnome.system.proxy"]
    try:
        with TemporaryDirectory(prefix="localedge-") as away:
            env = {"XDG_CACHE_HOME": away, "XDG_RUNTIME_DIR": away}
            return scene.system.run(argv, seconds=_PROGRAM, env=env).stdout.decode(errors="replace")
    except OSError:
        return ""  # no room for it


def _windows(registry: Registry) -> SystemProxy:
    """With the policy that has one setting for all users of the machine."""
    found = {}
    for place in (("HKLM", POLICY), ("HKCU", INTERNET_SETTINGS), ("HKLM", INTERNET_SETTINGS)):
        try:
            found[place] = registry(*place)
        except OSError:
            found[place] = {}
    policy, user, machine = found.values()
    return system_proxies.windows(user, machine, per_user=policy.get("ProxySettingsPerUser") != 0)


def _servers(proxy: SystemProxy) -> list[Server]:
    """Its proxies, and who hands out its script."""
    script = proxy.script_server
    return [*proxy.servers, *([script] if script is not None else [])]


def _listens(server: Server) -> bool:
    try:
        socket.create_connection((server.host, server.port), _LISTENS).close()
    except OSError:
        return False
    return True


def _script(proxy: SystemProxy, platform: str) -> Script:
    """A script that lies on this machine.  The network is never asked for one."""
    import base64
    from urllib.parse import unquote, unquote_to_bytes

    scheme, mark, rest = proxy.pac.partition(":")
    if scheme.lower() == "data":
        head, _, body = rest.partition(",")
        try:
            content = base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
        except ValueError:
            return Script()
        return Script(text=content.decode(errors="replace"))
    if scheme.lower() == "file":
        path = unquote(rest.removeprefix("//").removeprefix("localhost"))
        path = path.lstrip("/") if platform == "win32" else path
    elif proxy.pac and (not mark or len(scheme) == 1):
        path = proxy.pac
    else:
        return Script()
    text = _text(Path(path))
    return Script(missing=text is None, text=text or "")


def _text(path: Path) -> str | None:
    """The beginning of a file; None for one that is not there or cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return file.read(_LONGEST).decode(errors="replace")
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import winreg

    _HIVES = {"HKLM": winreg.HKEY_LOCAL_MACHINE, "HKCU": winreg.HKEY_CURRENT_USER}

    def read_registry(hive: str, key: str) -> Mapping[str, object]:
        """From the 64-bit view, whichever Python this is (WOW64)."""
        try:
            with winreg.OpenKey(_HIVES[hive], key, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as opened:
                rows = [winreg.EnumValue(opened, at) for at in range(winreg.QueryInfoKey(opened)[1])]
        except FileNotFoundError:
            return {}
        return {name: value for name, value, _ in rows}

else:

    def read_registry(_hive: str, _key: str) -> Mapping[str, object]:
        """There is none."""
        return {}
