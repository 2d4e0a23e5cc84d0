"""Reading and writing our own files."""

import errno
import os
import re
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from localedge.errors import Failure, reason_of
from localedge.settings import Sources

from . import private_files
from .private_files import shown

VARIABLE = "LOCALEDGE_CONFIG"
LONGEST = 16 * 1024 * 1024
"""Bytes of a file that somebody has named: bundles of certificates are the longest."""


def config_path(given: str | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: as given by flag or variable, else at the platform's place.

    Raises `Failure` for a flag that names nothing, and where nobody has a home.
    """
    if given == "":
        raise Failure("config-missing", path="")
    named = given or environ.get(VARIABLE)
    return expanded(named) if named else user_directory("config") / "config.toml"


def home() -> Path:
    """The user's own directory.  Raises `Failure` where nobody knows it.

    Python takes an empty HOME for the root directory, and for one that is neither set nor in the password
    database a directory called `~`: nothing of ours belongs there.
    """
    name = "USERPROFILE" if sys.platform == "win32" else "HOME"
    found = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where nobody has a home
    if os.environ.get(name) == "" or not Path(found).is_absolute():
        raise Failure("no-home", name=name)
    return Path(found)


def user_directory(kind: Literal["config", "data"]) -> Path:
    """Our own place in the user's `config` or `data` directory.  Raises `Failure` where nobody has a home."""
    if sys.platform == "win32" or sys.platform == "darwin":
        if sys.platform == "darwin":
            home()
        import platformdirs

        find = platformdirs.user_config_path if kind == "config" else platformdirs.user_data_path
        return find("localedge", appauthor=False)
    else:
        given = Path(os.environ.get(f"XDG_{kind.upper()}_HOME", ""))
        usual = {"config": ".config", "data": ".local/share"}[kind]
        # A relative one counts for nothing (XDG Base Directory).
        return (given if given.is_absolute() else home() / usual) / "localedge"


def expanded(name: str) -> Path:
    """A path as somebody wrote it, perhaps with `~`.  Raises `Failure` where nobody has a home."""
    if re.match(r"~(?:[/\\]|$)", name):
        home()
    return Path(os.path.expanduser(name))  # noqa: PTH111 - of somebody else: Path.expanduser raises


def gather(flags: Mapping[str, object], given: str | None, environ: Mapping[str, str]) -> Sources:
    """Everything the configuration is made of.  A file that was named must exist; a default one need not."""
    sources = Sources(
        flags=flags,
        environ=environ,
        directory=_here(),
        system_lang=system_language(),
        read=lambda name: _content(expanded(name)),
    )
    try:
        path = config_path(given, environ)
    except Failure as failure:
        if failure.code != "no-home" or given or environ.get(VARIABLE):
            raise
        return sources  # who has no home has no file there
    sources = sources._replace(path=str(path))
    try:
        # Notepad puts a byte order mark in front.
        return sources._replace(text=_content(path).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):  # HOME=/dev/null, as services have it
        if given or environ.get(VARIABLE):
            return sources._replace(unread=Failure("config-missing", path=shown(path)))
        return sources
    except OSError as error:
        return sources._replace(
            unread=Failure("config-unreadable", path=shown(path), reason=reason_of(error))
        )
    except UnicodeDecodeError:
        return sources._replace(unread=Failure("config-not-utf8", path=shown(path)))


def _content(path: Path) -> bytes:
    """What is in a file.  Raises OSError, also for a pipe, which would keep us waiting, and for no end."""
    if stat.S_ISFIFO(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is a pipe")
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def write_new(path: Path, text: str, *, replace: bool) -> None:
    """Write a file whole or not at all, readable by its owner only.  A link is followed.

    Raises `Failure`; without `replace` an existing file is one.
    """
    from . import own_directories

    target = Path(os.path.realpath(path))
    made = own_directories.missing(target.parent)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        (private_files.write if replace else private_files.write_new)(target, text.encode())
    except OSError as error:
        if isinstance(error, FileExistsError) and target.exists():
            raise Failure("config-exists", path=shown(path)) from None
        own_directories.remove(made)
        raise Failure("config-unwritable", path=shown(path), reason=reason_of(error)) from None


def system_language() -> str:
    """The language of the system's own windows where no locale variable is set: `en` or `zh`."""
    if sys.platform == "win32":
        import ctypes

        # The low ten bits are the primary language; 4 is Chinese (winnt.h, LANG_CHINESE).
        return "zh" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 4 else "en"
    else:
        return "en"


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""  # it has been removed
