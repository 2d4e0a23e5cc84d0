"""Reading and writing our own files."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from localedge.errors import Failure
from localedge.settings import Settings, Sources

VARIABLE = "LOCALEDGE_CONFIG"


def config_path(given: str | None, environ: Mapping[str, str]) -> Path:
    """The configuration file: as given by flag or variable, else at the platform's place."""
    named = given or environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    return platformdirs.user_config_path("localedge", appauthor=False) / "config.toml"


def gather(flags: Mapping[str, object], given: str | None, environ: Mapping[str, str]) -> Sources:
    """Everything the configuration is made of.  A file that was named must exist; a default one need not."""
    path = config_path(given, environ)
    sources = Sources(
        flags=flags,
        environ=environ,
        path=str(path),
        system_lang=system_language(),
        read=lambda name: Path(name).expanduser().read_text(encoding="utf-8-sig"),
    )
    try:
        # Notepad puts a byte order mark in front.
        return sources._replace(text=path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        if given or environ.get(VARIABLE):
            return sources._replace(unread=Failure("config-missing", path=path))
        return sources
    except OSError as error:
        return sources._replace(unread=Failure("config-unreadable", path=path, reason=_reason(error)))
    except UnicodeDecodeError:
        return sources._replace(unread=Failure("config-not-utf8", path=path))


def check_ca_file(settings: Settings) -> None:
    """Whether the CA file can serve.  Raises `Failure`."""
    name = settings.config.gateway.ca_file
    if name is None:
        return
    where = next(one.where for one in settings.effective if one.setting.key == "gateway.ca_file")
    try:
        content = Path(name).read_bytes()
    except FileNotFoundError:
        raise Failure("ca-file-missing", where=where, path=name) from None
    except OSError as error:
        raise Failure("ca-file-unreadable", where=where, path=name, reason=_reason(error)) from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise Failure("ca-file-not-pem", where=where, path=name)


def write_new(path: Path, text: str, *, replace: bool) -> None:
    """Write a file whole or not at all, readable by its owner only.

    Raises `Failure`; without `replace` an existing file is one.
    """
    if path.exists() and not replace:
        raise Failure("config-exists", path=path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(beside, text.encode())
    except OSError as error:
        raise Failure("config-unwritable", path=path, reason=_reason(error)) from None
    try:
        if replace:
            beside.replace(path)
        elif sys.platform == "win32":
            beside.rename(path)  # refuses an existing file there
        else:
            path.hardlink_to(beside)  # the one step that cannot replace what somebody wrote meanwhile
    except FileExistsError:
        raise Failure("config-exists", path=path) from None
    except OSError as error:
        raise Failure("config-unwritable", path=path, reason=_reason(error)) from None
    finally:
        beside.unlink(missing_ok=True)


def _write_through(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        path.unlink()  # a full disk: no half of it stays
        raise


def system_language() -> str:
    """The language of the system's own windows where no locale variable is set: `en` or `zh`."""
    if sys.platform == "win32":
        import ctypes

        # The low ten bits are the primary language; 4 is Chinese (winnt.h, LANG_CHINESE).
        return "zh" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 4 else "en"
    else:
        return "en"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
