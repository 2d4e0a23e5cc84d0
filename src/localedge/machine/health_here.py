"""Looks at localedge's own files, at this machine's clock and room, and at what is installed."""

import errno
import os
import re
import shlex
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from localedge.claude.health import Finding, command_line
from localedge.claude.health_here import (
    Clocks,
    Facts,
    Loose,
    Twistd,
    judge,
)
from localedge.errors import Failure, Problems, reason_of
from localedge.settings import load
from localedge.settings.build import BASE_URL

from . import files, private_files, processes
from . import health_asking as asking
from .desktop_journal import JOURNAL
from .desktop_places import data_directory
from .health import Scene
from .installed import versions
from .journal import NAME, Journal
from .vault import Vault, authority_directory, files_of

SECONDS = 4.5
"""For the gateway's clock."""
_OURS = ("authority.json", "root.pem", "leaf.pem", NAME, JOURNAL)
_LEFTOVER = re.compile(r"\.(.+?)\.([0-9]+)(?:\.[0-9a-f]{8})?\.new")
"""What `private_files.write` and `files.write_new` write before they rename it."""
_PID_FILE = "twistd.pid"
_TOLD_AS_LOOSE = ("ca-loose", "ca-owner")


def look(scene: Scene) -> Iterable[Finding]:
    """The findings of this area."""
    vault = Vault(authority_directory(scene.config.https.directory))
    data = vault.directory.parent
    loose, unreadable = _permissions(scene, vault)
    interrupted, journal = _journal(data / NAME)
    place = next(path for path in (data, *data.parents) if _is_directory(path))
    facts = Facts(
        versions=versions(scene),
        clocks=Clocks(scene.now, _gateways_clock(scene), _not_before(vault, scene.now)),
        options=options(scene),
        problems=problems(scene),
        loose=tuple(loose),
        unreadable=tuple(unreadable),
        twistd=_twistd(scene.platform),
        leftovers=tuple(str(path) for path in _leftovers(scene, vault)),
        interrupted=interrupted,
        journal=None if journal is not None and journal.code in _TOLD_AS_LOOSE else journal,
        data=private_files.shown(place),
        writable=place != data or os.access(data, os.W_OK),
        room=_room(place),
    )
    return judge(facts, scene.platform)


# -- the configuration


def named_file(scene: Scene) -> str | None:
    """The configuration file, if commands have to be told which one."""
    usual = files.config_path(None, scene.environ)
    return None if scene.file == usual else str(scene.file)


def options(scene: Scene) -> str:
    """What our own commands want behind them: ` --config FILE`, or nothing."""
    own = named_file(scene)
    return "" if own is None else f" {command_line(scene.platform, ['--config', own])}"


def problems(scene: Scene) -> tuple[Failure, ...]:
    """What is wrong with the configuration; nothing of it is in `scene.config` then."""
    try:
        load(files.gather({}, named_file(scene), scene.environ))
    except Problems as found:
        return tuple(failure for failure in found.failures if not is_of_claude(failure))
    except Failure as failure:
        return (failure,)
    return ()


def is_of_claude(failure: Failure) -> bool:
    """Whether it is about ANTHROPIC_BASE_URL: the look at Claude Code tells what is wrong with that."""
    return failure.params.get("where") == BASE_URL


def _holds_a_secret(scene: Scene) -> bool:
    """Whether a token or a password stands in the file."""
    environ = {name: value for name, value in scene.environ.items() if name != BASE_URL}
    try:
        settings = load(files.gather({}, named_file(scene), environ))
    except (Problems, Failure):
        return False
    start = private_files.shown(scene.file)
    for one in settings.effective:
        credentials = getattr(one.value, "credentials", None)
        if one.where.startswith(start) and ((one.setting.secret and one.value) or credentials):
            return True
    return False


# -- files


def _permissions(scene: Scene, vault: Vault) -> tuple[list[Loose], list[tuple[str, str]]]:
    """What others can open, and what we cannot."""
    loose: list[Loose] = []
    unreadable: list[tuple[str, str]] = []
    whole = [vault.directory] if _is_directory(vault.directory) and not vault.directory.is_symlink() else []
    journals = (vault.directory.parent / NAME, data_directory(scene.system) / JOURNAL)
    single = [path for path in journals if os.path.isfile(path)]  # noqa: PTH113 - Path's raises
    for path in (*whole, *single):
        try:
            tree = files_of(path) if path in whole else [path]
            found = next(filter(None, map(_loose, tree)), None)
        except OSError as error:
            unreadable.append((private_files.shown(path), reason_of(error)))
            continue
        if found is not None:
            deep = path in whole and _all_ours(path)
            loose.append(_mended(found, path if deep else Path(found.path), deep=deep))
        elif closed := [one for one in tree if not os.access(one, os.R_OK)]:
            unreadable.append((private_files.shown(closed[0]), os.strerror(errno.EACCES)))
    if _holds_a_secret(scene):
        with suppress(OSError):
            if (found := _loose(scene.file)) is not None and found.code == "doctor-files-open":
                loose.append(_mended(found, scene.file, deep=False)._replace(code="doctor-config-open"))
    return loose, unreadable


def _all_ours(directory: Path) -> bool:
    """Whether a command for all that is in the authority's directory is one for our files only."""
    ours = set(files_of(directory))
    return all(entry in ours for entry in directory.iterdir())


def _is_directory(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where something above is closed to us


if sys.platform == "win32":
    from . import windows_acl

    def _loose(path: Path) -> Loose | None:
        others = windows_acl.others(path)
        who = ", ".join(others)
        return Loose("doctor-files-open", private_files.shown(path), who, "") if others else None

    def _mended(found: Loose, path: Path, *, deep: bool) -> Loose:  # noqa: ARG001 - it is for all
        return found._replace(command=windows_acl.mending_command(private_files.shown(path)))

    def _tighten(path: Path) -> None:
        windows_acl.protect(path)

else:

    def _loose(path: Path) -> Loose | None:
        status = path.stat()
        shown = private_files.shown(path)
        if status.st_uid != os.geteuid():
            return Loose("doctor-files-owner", shown, _user(status.st_uid), "")
        if status.st_mode & 0o077:
            return Loose("doctor-files-open", shown, stat.filemode(status.st_mode), "")
        return None

    def _mended(found: Loose, path: Path, *, deep: bool) -> Loose:
        every = "-R " if deep else ""
        place = private_files.shown(Path(shlex.quote(str(path))))
        if found.code == "doctor-files-owner":
            return found._replace(command=f"sudo chown {every}{os.geteuid()} {place}")
        return found._replace(command=f"chmod {every}go= {place}")

    def _tighten(path: Path) -> None:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o077)

    def _user(number: int) -> str:
        import pwd

        try:
            return pwd.getpwuid(number).pw_name
        except KeyError:
            return str(number)


def _leftovers(scene: Scene, vault: Vault) -> Iterator[Path]:
    """Half-written files of processes that are gone."""
    places = (vault.directory.parent, *_inside(vault.directory), data_directory(scene.system))
    known = dict.fromkeys(places, _OURS) | {scene.file.parent: (scene.file.name,)}
    for directory, names in known.items():
        with suppress(OSError):
            for entry in sorted(directory.iterdir()):
                match = _LEFTOVER.fullmatch(entry.name)
                if match is None or match[1] not in names or entry.is_symlink():
                    continue
                if not processes.alive(int(match[2])):
                    yield entry


def _inside(directory: Path) -> list[Path]:
    with suppress(OSError):
        return [
            directory,
            *(one for one in directory.iterdir() if _is_directory(one) and not one.is_symlink()),
        ]
    return []


def _journal(path: Path) -> tuple[frozenset[str], Failure | None]:
    """The phases that changes to trust stores have not left, or what is wrong with their journal."""
    try:
        phases = {entry.phase.value for entry in Journal(path).entries()}
    except Failure as failure:
        return frozenset(), failure
    return frozenset(phases & {"installing", "removing"}), None


def _room(place: Path) -> int | None:
    import shutil

    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


# -- clocks


def _gateways_clock(scene: Scene) -> datetime | None:
    """The `Date` of its answer.  Nothing secret is asked, and a wrong clock makes certificates look bad:
    nobody's certificate is checked for this.
    """
    gateway = scene.config.gateway
    if gateway.demo:
        return None
    clock = asking.Clock(SECONDS)
    towards = asking.resolve(gateway, clock)
    if not towards.addresses:
        return None
    try:
        answer = asking.gateway_answer(gateway, towards.addresses, asking.no_trust, clock)
        date = parsedate_to_datetime(answer.combined[b"date"].decode("latin-1"))
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (asking.Unanswered, KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None


def _not_before(vault: Vault, now: datetime) -> datetime | None:
    """From when on the local CA and what the edge shows are valid."""
    root = vault.root() if vault.exists else None
    if root is None:
        return None
    with suppress(Failure):
        leaf = vault.kept_leaf(vault.load(now))
        if leaf is not None:
            return max(root.not_valid_before_utc, leaf.certificate.not_valid_before_utc)
    return root.not_valid_before_utc


# -- twistd


def _twistd(platform: str) -> Twistd | None:
    """Its pid file, where somebody has started it in this directory.  On Windows it writes none."""
    if platform == "win32":
        return None
    try:
        path = Path.cwd() / _PID_FILE
        if not path.is_file():
            return None
        with path.open(errors="replace") as file:
            text = file.read(64).strip()
    except OSError:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**31):
        return Twistd(private_files.shown(path), None)
    return Twistd(private_files.shown(path), int(text), _is_twistd(int(text)))


def _is_twistd(pid: int) -> bool:
    """Numbers are given again: another program may have it now, and twistd would take that for itself."""
    if not processes.alive(pid):
        return False
    line = processes.words(pid)
    return not line or any("twistd" in word for word in line)


# -- what --fix does


def _fix_modes(scene: Scene, finding: Finding) -> None:
    """Take a file, or the authority's directory with all of ours in it, away from others.  Raises OSError."""
    vault = Vault(authority_directory(scene.config.https.directory))
    path = Path(str(finding.params["path"]))
    for one in files_of(vault.directory) if path.is_relative_to(vault.directory) else [path]:
        found = _loose(one)
        if found is not None and found.code == "doctor-files-open":
            _tighten(one)


def _fix_pid_file(scene: Scene, _finding: Finding) -> None:
    """Remove it, if it still says what was found."""
    twistd = _twistd(scene.platform)
    if twistd is not None and twistd.pid is not None and not twistd.runs:
        (Path.cwd() / _PID_FILE).unlink(missing_ok=True)


def _fix_leftovers(scene: Scene, _finding: Finding) -> None:
    """Remove them.  Raises OSError."""
    for path in list(_leftovers(scene, Vault(authority_directory(scene.config.https.directory)))):
        private_files.remove(path)


FIXES: Mapping[str, Callable[[Scene, Finding], None]] = {
    "tighten": _fix_modes,
    "remove-pid-file": _fix_pid_file,
    "remove-leftovers": _fix_leftovers,
}
