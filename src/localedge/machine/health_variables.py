"""The variables that replace or extend what programs trust, and the files that they name.

https://docs.openssl.org/3.0/man3/SSL_CTX_load_verify_locations/ (SSL_CERT_FILE, SSL_CERT_DIR),
https://curl.se/docs/sslcerts.html, https://requests.readthedocs.io/en/latest/user/advanced/ and
https://nodejs.org/api/cli.html (NODE_EXTRA_CA_CERTS).
"""

import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from localedge.claude.health import command_line
from localedge.claude.health_trust import Variable
from localedge.errors import reason_of
from localedge.pki.plan import Root
from localedge.settings.layers import LONGEST_PATH, clean

from .bundle import PLACES
from .health import Scene
from .stores.anchors import certificates
from .vault import Vault

_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_DIRECTORIES = "SSL_CERT_DIR"
_LONGEST = 16 * 1024 * 1024
_MOST = 2000
"""Files of a directory that are looked into."""


def variables(scene: Scene, vault: Vault, root: Root | None) -> Iterator[Variable]:
    """The variables that name nothing programs could use, or files without `root` (where one is given)."""
    separator = ";" if scene.platform == "win32" else ":"
    by_value: dict[tuple[str, bool], list[str]] = {}
    for name in (*_FILES, _DIRECTORIES):
        if value := scene.environ.get(name, ""):
            by_value.setdefault((value, name == _DIRECTORIES), []).append(name)
    for (value, listed), names in by_value.items():
        paths = [Path(one) for one in value.split(separator) if one] if listed else [Path(value)]
        # The system's own files are a trust store, which is asked for itself.
        known = all(_is_systems(scene, path) for path in paths)
        fault, reason = _fault(paths, None if known else root)
        if fault:
            command = _export(scene, vault, paths[0]) if fault == "without-root" else ""
            yield Variable(tuple(names), clean(value, LONGEST_PATH), fault, reason, command)


def _fault(paths: Sequence[Path], root: Root | None) -> tuple[str, str]:
    """What is wrong with files and directories of certificates that are used together."""
    found: set[bytes] = set()
    reason = ""
    there = False
    for path in paths:
        try:
            for file in _files(path):
                there = True
                with file.open("rb") as opened:
                    found.update(certificates(opened.read(_LONGEST)))
        except FileNotFoundError:
            continue
        except OSError as error:
            there, reason = True, reason_of(error)
    if found:
        return ("without-root", "") if root is not None and root.der not in found else ("", "")
    if reason:
        return "unreadable", reason
    return ("not-pem", "") if there else ("missing", "")


def _is_systems(scene: Scene, path: Path) -> bool:
    places = [scene.system.path(place) for place in PLACES]
    real = os.path.realpath(path)
    return any(real in (os.path.realpath(place), os.path.realpath(place.parent)) for place in places)


def _files(path: Path) -> Sequence[Path]:
    """A file itself, or the files of a directory.  Raises OSError."""
    if path.is_file():
        return [path]
    path.stat()
    if not path.is_dir():  # a pipe would keep us waiting
        raise OSError(errno.EINVAL, "not a regular file")
    with os.scandir(path) as entries:
        names = [entry.path for entry in entries if entry.is_file()]
    return [Path(name) for name in names[:_MOST]]


def _export(scene: Scene, vault: Vault, path: Path) -> str:
    """The command that makes a file with what the variable's has, and ours."""
    if not str(path).isprintable():
        return ""  # nobody could type it
    words: list[object] = ["localedge", "ca", "export", "--bundle"]
    own = vault.directory.parent / "bundle.pem"
    if path == own:
        words += ["--out", own, "--force"]
    elif path.is_file():
        words += ["--base", path, "--out", path.with_name(f"{path.stem}-localedge.pem")]
    else:
        words += ["--out", own]
    return command_line(scene.platform, words)
