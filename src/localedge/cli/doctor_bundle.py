"""The archive of `localedge doctor --bundle`: plain text files, without keys and tokens, for a bug report.

Of Claude Desktop's log only what is known is told: the lines themselves may hold a prompt (R23).
"""

import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from localedge.claude.health import Finding
from localedge.claude.symptoms_text import decoded, redacted
from localedge.errors import Failure, Problems, reason_of

from .doctor_told import line, row
from .output import Printer

if TYPE_CHECKING:
    from localedge.machine.health import Scene

_README = ("doctor-bundle-what", "doctor-bundle-blanked", "doctor-bundle-files")
_LOG_TAIL = 1024 * 1024
_WAIT = 0.5
"""Seconds for names."""
_VARIABLES = ("LOCALEDGE_", "ANTHROPIC_", "CLAUDE_", "SSL_CERT_", "NODE_", "REQUESTS_CA", "CURL_CA")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_SHOWN_WHOLE = (
    *("NO_PROXY", "LANG", "PATH", "WSL_DISTRO_NAME", "ANTHROPIC_BASE_URL"),
    *("LOCALEDGE_PORT", "LOCALEDGE_HOST", "LOCALEDGE_CONFIG", "LOCALEDGE_UPSTREAM"),
)
"""The others of ours and Claude's are told by name alone: they may hold a key."""


def write(
    printer: Printer, scene: "Scene", findings: Sequence[Finding], target: str | None
) -> tuple[Path, list[str]]:
    """Write the archive for the owner alone.  Where it is, and what is in it.  Raises `Failure`."""
    from localedge.machine import private_files

    name = target or f"localedge-doctor-{scene.now:%Y%m%d-%H%M%S}.zip"
    try:
        path = Path(os.path.abspath(os.path.expanduser(name)))  # noqa: PTH100, PTH111 - see `explain`
    except OSError as error:  # the working directory has been removed
        raise Failure("doctor-bundle-unwritable", path=name, reason=reason_of(error)) from None
    parts = [(name, _Blank(scene).text(text)) for name, text in _parts(printer, scene, findings)]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts:
            moment = scene.now.timetuple()[:6]
            archive.writestr(zipfile.ZipInfo(part, moment), text, zipfile.ZIP_DEFLATED)
    shown = private_files.shown(path)
    try:
        private_files.write_new(path, content.getvalue())
    except FileExistsError:
        raise Failure("doctor-bundle-exists", path=shown) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Failure("doctor-bundle-unwritable", path=shown, reason=reason) from None
    return path, [part for part, _ in parts]


class _Blank:
    """Takes out what looks like a secret, and the user's own name where it stands in paths."""

    def __init__(self, scene: "Scene") -> None:
        self._home = str(scene.system.home)
        names = (scene.environ.get("USER"), scene.environ.get("USERNAME"), scene.system.home.name)
        self._names = {name for name in names if name and len(name) > 2 and name != "root"}

    def text(self, text: str) -> str:
        """A file of the archive."""
        if len(self._home) > 1:
            for home in {self._home, json.dumps(self._home)[1:-1]}:
                text = text.replace(home, "~")
        for name in self._names:
            for slash in "/\\":
                text = text.replace(f"{slash}{name}{slash}", f"{slash}USER{slash}")
        return redacted(text)


def _parts(printer: Printer, scene: "Scene", findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """Name and text of each file.  One that cannot be made says so in its place."""
    makers: tuple[tuple[str, Callable[[], str]], ...] = (
        ("README.txt", lambda: "".join(f"{printer.text(code)}\n" for code in _README)),
        ("doctor.txt", lambda: "".join(f"{line(printer, one)}\n" for one in findings)),
        ("doctor.json", lambda: _json([{**row(one, "en"), "params": _plain(one)} for one in findings])),
        ("versions.txt", _versions),
        ("configuration.txt", lambda: _configuration(scene)),
        ("environment.txt", lambda: _environment(scene)),
        ("hosts.txt", lambda: _hosts(scene)),
        ("trust.json", lambda: _trust(scene)),
        ("desktop.json", lambda: _desktop(scene)),
        ("desktop-log.txt", lambda: _desktop_log(scene)),
    )
    for name, make in makers:
        try:
            text = make()
        except Problems as problems:
            text = "".join(f"{failure.sentence()} [{failure.code}]\n" for failure in problems.failures)
        except Failure as failure:
            text = f"{failure.sentence()} [{failure.code}]\n"
        except OSError as error:
            text = f"{reason_of(error)}\n"
        yield name, text


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def _plain(finding: Finding) -> dict[str, str]:
    return {name: str(value) for name, value in finding.params.items()}


def _versions() -> str:
    import platform
    import ssl
    import sys
    from importlib.metadata import distributions

    wanted = {
        "localedge",
        "twisted",
        "cryptography",
        "pyopenssl",
        "service-identity",
        "httptools",
        "h2",
        "attrs",
    }
    wanted |= {"click", "platformdirs", "hpack", "hyperframe", "certifi"}
    found = sorted({(one.metadata["Name"], one.version) for one in distributions()})
    lines = [
        f"Python {platform.python_version()} ({platform.python_implementation()}) at {sys.executable}",
        f"{platform.system()} {platform.release()} {platform.version()} {platform.machine()}",
        ssl.OPENSSL_VERSION,
        *(f"{name} {version}" for name, version in found if name.lower() in wanted),
    ]
    return "\n".join(lines) + "\n"


def _configuration(scene: "Scene") -> str:
    """As `localedge config show` has it: secrets are stars there."""
    from localedge.machine.files import gather
    from localedge.settings import load

    given = str(scene.file) if scene.file.exists() else None
    settings = load(gather({}, given, scene.environ))
    rows = [f"{one.setting.key} = {json.dumps(one.shown)}  # {one.where}" for one in settings.effective]
    return "\n".join(rows) + "\n"


def _environment(scene: "Scene") -> str:
    lines = []
    for name, value in sorted(scene.environ.items()):
        upper = name.upper()
        if upper in _PROXIES:
            lines.append(f"{name}={_nobodys(value)}")
        elif upper in _SHOWN_WHOLE or upper.startswith(("SSL_CERT_", "REQUESTS_CA", "CURL_CA")):
            lines.append(f"{name}={value}")
        elif upper.startswith(_VARIABLES):
            lines.append(f"{name} is set ({len(value)} characters)")
    return "\n".join(lines) + "\n"


def _nobodys(proxy: str) -> str:
    """Without user and password, whatever their form: all that stands before the last @."""
    start = re.match(r"\w+://", proxy)
    scheme = start[0] if start else ""
    _, mark, host = proxy.rpartition("@")
    return f"{scheme}***@{host}" if mark else proxy


def _hosts(scene: "Scene") -> str:
    """What the hosts file says of our names; the rest of it is nobody's business."""
    from localedge.machine.hosts import HostsFile, system_path
    from localedge.machine.hosts_lookup import look_up

    path = system_path() if scene.system.root == Path("/") else scene.system.path("/etc/hosts")
    text = HostsFile(path).read()
    # Little time: where no server answers, the looks have waited for that already.
    found = look_up((*scene.config.https.names, "localhost"), _WAIT)
    rows = [f"{name}: in the file {text.addresses(name)}, resolves to {found[name]}" for name in found]
    return f"{path}\n" + "\n".join(rows) + "\n"


def _trust(scene: "Scene") -> str:
    from localedge.machine.journal import NAME, Journal
    from localedge.machine.vault import authority_directory

    directory = authority_directory(scene.config.https.directory)
    rows = [
        {"store": entry.store, "phase": entry.phase.value, "fingerprint": entry.root.fingerprint}
        for entry in Journal(directory.parent / NAME).entries()
    ]
    return _json({"authority": str(directory), "entries": rows})


def _desktop(scene: "Scene") -> str:
    from localedge.machine.desktop import Desktop
    from localedge.machine.desktop_running import running
    from localedge.machine.desktop_status import standing

    from .desktop_told import Told

    told = Told(Printer(io.StringIO(), io.StringIO()), "desktop status", as_json=True)
    told.standing(standing(Desktop(scene.system), running))
    return _json(told.document)


def _desktop_log(scene: "Scene") -> str:
    """What is known of the end of Claude Desktop's logs, not the lines themselves."""
    from localedge.claude.desktop_log import recognised
    from localedge.claude.explaining import explain
    from localedge.machine.desktop_files import tail
    from localedge.machine.desktop_places import logs

    kept = []
    for path in logs(scene.system):
        content = tail(path, _LOG_TAIL)
        if content is None:
            continue
        text = decoded(content)
        kept += [f"# {path}, {len(content)} bytes at its end"]
        kept += [f"{one.when or '-'} {one.code} {one.detail}" for one in recognised(text)]
        kept += [f"{one.code}, {one.times} lines, the last: {one.seen or '-'}" for one in explain(text)]
    return "\n".join(kept) + "\n"
