"""One file of everything a program should trust: for tools whose setting replaces their own bundle."""

import base64
import binascii
import os
import re
from collections.abc import Iterable
from pathlib import Path

from localedge.errors import Failure, reason_of

from .private_files import shown

PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # RHEL
    "/var/lib/ca-certificates/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS (Apple's own, without what the keychain adds), Alpine
)
_NAME = b"localedge root "  # what the common name of each of our roots begins with
_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def system_bundle(places: Iterable[str] = PLACES) -> Path:
    """The file that holds the system's own trust; certifi's, where the system has none."""
    for place in places:
        if Path(place).is_file():
            return Path(place)
    import certifi

    return Path(certifi.where())


def combined(base: Path, root_pem: bytes) -> bytes:
    """The certificates of a bundle, and ours behind them.  Roots of localedge in it are left out.

    Raises `Failure` for a file that cannot be read or holds no certificate.
    """
    try:
        content = base.read_bytes()
    except OSError as error:
        raise Failure("ca-bundle-unreadable", path=shown(base), reason=reason_of(error)) from None
    theirs = [block for block in _BLOCK.findall(content) if not _is_ours(block)]
    if not theirs:
        raise Failure("ca-bundle-empty", path=shown(base))
    return b"".join(block + b"\n" for block in theirs) + root_pem


def write_public(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file that anybody may read, whole or not at all.  A link is followed.

    Raises `Failure`; without `replace` an existing file of other content is one.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not replace:
            if target.is_file() and target.read_bytes() == content:
                return
            raise Failure("ca-export-exists", path=shown(path))
        if target.exists() and not target.is_file():
            target.write_bytes(content)  # a device or a pipe
            return
        beside = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            beside.write_bytes(content)
            beside.replace(target)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Failure("ca-export-unwritable", path=shown(path), reason=reason_of(error)) from None


def _is_ours(block: bytes) -> bool:
    """By the name in it.  Not by parsing: bundles hold certificates that a strict parser refuses."""
    lines = block.splitlines()[1:-1]
    try:
        return _NAME in base64.b64decode(b"".join(lines))
    except binascii.Error:
        return False
