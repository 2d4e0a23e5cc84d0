"""Looks at where the names of the HTTPS way in lead."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from localedge.claude.health import command_line
from localedge.claude.health_names import Facts, Name
from localedge.config import Config
from localedge.errors import Failure
from localedge.settings.layers import clean

from .health import Scene
from .health_asking import Clock
from .hosts_lookup import is_loopback, look_up

if TYPE_CHECKING:
    from .hosts_text import HostsText
    from .vault import Vault

_HERE = "127.0.0.1"
_ON_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin")
_UNREAD = {
    "hosts-missing": "it does not exist",
    "hosts-not-a-file": "it is no ordinary file",
    "hosts-not-text": "it is no text",
}
_LINKS = ("hosts-link", "hosts-nix")


def authority(config: Config) -> "Vault | None":
    """The local authority, if HTTPS is served with it."""
    from .vault import Vault, authority_directory

    vault = Vault(authority_directory(config.https.directory))
    return vault if vault.exists and not config.http_only and vault.root() is not None else None


def look(scene: Scene, clock: Clock) -> Facts | None:
    """The facts; None where HTTPS is not set up."""
    config = scene.config
    if authority(config) is None:
        return None
    text, trouble, reason = hosts(scene)
    names = config.https.names
    found = look_up(names, clock.wait())
    return Facts(
        str(_hosts_path(scene)),
        trouble,
        reason,
        tuple(_name(one, text, found[one], config) for one in names),
        _program(scene.platform),
        _edit(scene),
        v6=":" in config.host,
    )


def _name(name: str, text: "HostsText | None", found: tuple[str, ...] | None, config: Config) -> Name:
    mapped = [] if text is None else [(one.address, one.line) for one in text.own if one.name == name]
    theirs = None if text is None else text.elsewhere(name)
    if text is not None and theirs is not None:
        others = [one for one in text.others() if one.name.lower().removesuffix(".") == name]
        mapped += [(clean(one.address), one.line) for one in others]
    addresses = (*(address for address, _ in mapped), *(found or ()))
    here = frozenset(filter(is_loopback, addresses))
    # where a socket was passed on it may be that of any address
    unheard = [] if config.https.socket else [one for one in here if one.startswith("127.") and one != _HERE]
    return Name(name, tuple(mapped), found, here, frozenset(unheard), 0 if theirs is None else theirs.line)


def _hosts_path(scene: Scene) -> Path:
    from .hosts import system_path

    return system_path() if sys.platform == "win32" else scene.system.path("/etc/hosts")


def hosts(scene: Scene) -> tuple["HostsText | None", str, str]:
    """What the hosts file says, the code of what is wrong with it, and why."""
    from .hosts import HostsFile
    from .hosts_text import HostsText

    path = _hosts_path(scene)
    try:
        return HostsFile(path).read(), "", ""
    except Failure as failure:
        code = failure.code
        reason = str(failure.params.get("reason") or _UNREAD.get(code, code))
    if code in _UNREAD or code == "hosts-unreadable":
        return None, "doctor-hosts-unreadable", reason
    try:
        text = HostsText.seen(path.read_bytes())
    except (OSError, Failure):
        return None, "doctor-hosts-unreadable", reason
    return text, "" if code in _LINKS else "doctor-hosts-damaged", reason


def _edit(scene: Scene) -> str:
    """An editor with the rights for the hosts file: sudo's own (sudo(8), -e), or Notepad after a dialog."""
    words = ["Start-Process", "-Verb", "RunAs", "notepad"] if scene.platform == "win32" else ["sudo", "-e"]
    return command_line(scene.platform, [*words, _hosts_path(scene)])


def _program(platform: str) -> str:
    """Ourselves, as root finds us."""
    script = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - links stay: a venv is found by them
    if script.stem != "localedge":
        return command_line(platform, [sys.executable, "-m", "localedge"])
    return "localedge" if str(script.parent) in _ON_PATH else command_line(platform, [script])
