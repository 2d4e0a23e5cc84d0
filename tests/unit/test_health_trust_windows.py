"""What doctor says of the trust stores of Windows, in the throw-away registry of a Wine."""

import ctypes
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from localedge.claude.health import Severity
from localedge.config import Config, Gateway, Https
from localedge.machine import crypt32
from localedge.machine.files import config_path
from localedge.machine.health import Scene
from localedge.machine.health_trust import look
from localedge.machine.stores.system import System
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority

NAME = "localedge.test"
NOW = datetime.now(UTC).replace(microsecond=0)


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


@pytest.mark.skipif(not under_wine(), reason="Wine's registry only: changes a trust store")
def test_the_stores_of_windows(tmp_path: Path) -> None:
    """The user's Root: absent, trusted, and listed as untrusted, each as Windows itself tells."""
    vault = Vault(tmp_path / "data" / "ca")
    authority = make_authority([NAME], NOW)
    vault.store(authority, [NAME], NOW)
    config = Config(Gateway("http", "gateway.example", 80), https=Https((NAME,), 0, str(vault.directory)))
    scene = Scene(config, config_path(None, {}), System(tmp_path, tmp_path, {}, "win32", now=NOW))
    root, user = authority.root.public_bytes(Encoding.DER), crypt32.Location.CURRENT_USER

    def told() -> list[tuple[str, Severity]]:
        findings = [(one.code, one.severity) for one in look(scene)]
        return [one for one in findings if one[0] != "doctor-certificates-good"]

    try:
        assert told() == [("doctor-trust-absent", Severity.ERROR)]
        crypt32.add(root, user)
        assert told() == [("doctor-trust-good", Severity.GOOD)]
        crypt32.add(root, user, crypt32.DISALLOWED)
        assert told() == [("windows-root-forbidden", Severity.ERROR)]
    finally:
        for store in (crypt32.ROOT, crypt32.DISALLOWED):
            crypt32.delete(root, user, store)
