"""Each thing that doctor says of trust stores, with the fault made in a Debian of its own, in a namespace."""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from localedge.claude.health import Severity
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests.sandbox import Sandbox

NAME = "localedge.test"
NOW = datetime.now(UTC).replace(microsecond=0)

LOOK = """
import json, sys
from dataclasses import replace
from localedge.config import Config, Gateway, Https
from localedge.machine.files import config_path
from localedge.machine.health import Scene
from localedge.machine.health_trust import look
from localedge.machine.stores.system import System
system = System.here()
system = replace(system, environ={name: system.environ[name] for name in ("HOME", "PATH")} | VARIABLES)
config = Config(Gateway("http", "gateway.example", 80), https=Https(port=0))
scene = Scene(config, config_path(None, system.environ), system)
print(json.dumps([(one.code, int(one.severity), one.command, dict(one.params)) for one in look(scene)]))
"""


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    """A Debian on which trust-ca was run."""
    box = Sandbox(tmp_path)
    done = box.localedge("trust-ca", "--yes")
    assert done.returncode == 0, done.stderr
    return box


def seen(box: Sandbox, **environ: str) -> Mapping[str, tuple[Severity, str, dict[str, Any]]]:
    """What doctor finds in there, by code."""
    done = box.run_in([sys.executable, "-c", LOOK.replace("VARIABLES", repr(environ))])
    assert done.returncode == 0, done.stderr
    return {code: (Severity(one), command, params) for code, one, command, params in json.loads(done.stdout)}


def faults(box: Sandbox, **environ: str) -> dict[str, str]:
    """Codes of what is not good, with their commands."""
    return {code: command for code, (severity, command, _) in seen(box, **environ).items() if severity}


def nick(box: Sandbox) -> str:
    """What our root is called in the Firefox profile."""
    [name] = box.nicknames()
    return " ".join(name.split()[:3])


def test_stores_that_are_as_they_should_be(box: Sandbox) -> None:
    """Two lines that are good, and after an untrust-ca the command that brings them back."""
    assert list(seen(box)) == ["doctor-certificates-good", "doctor-trust-good"]
    assert box.localedge("untrust-ca", "--yes").returncode == 0
    assert faults(box) == {"doctor-trust-absent": "localedge trust-ca"}
    assert seen(box)["doctor-trust-absent"][0] is Severity.ERROR
    # A variable that names the system's own bundle adds nothing to that.
    own = {"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "SSL_CERT_DIR": "/etc/ssl/certs"}
    assert list(faults(box, **own)) == ["doctor-trust-absent"]


def test_a_root_missing_from_one_store(box: Sandbox) -> None:
    """The browser's is a warning that names it, the system's an error; the command mends it."""
    certutil = ["certutil", "-d", f"sql:{box.profile}", "-n", nick(box)]
    assert box.run_in([*certutil, "-D"]).returncode == 0
    severity, command, _ = seen(box)["doctor-trust-absent"]
    assert (severity, command) == (Severity.WARNING, f"localedge trust-ca --store nss:{box.profile}")
    assert box.localedge(*command.split()[1:], "--yes").returncode == 0
    assert faults(box) == {}
    assert box.run_in([*certutil, "-M", "-t", ",,"]).returncode == 0
    assert list(faults(box)) == ["doctor-trust-not-trusted"]


def test_an_anchor_that_somebody_changed(box: Sandbox) -> None:
    """The file has ours no more; without it nothing is left."""
    [anchor] = box.local.glob("localedge-*.crt")
    anchor.write_bytes(trustme.CA().cert_pem.bytes())
    assert box.run_in(["update-ca-certificates", "--fresh"]).returncode == 0
    assert list(faults(box)) == ["doctor-trust-other"]
    anchor.unlink()
    assert box.run_in(["update-ca-certificates", "--fresh"]).returncode == 0
    assert faults(box) == {"doctor-trust-absent": "localedge trust-ca --store debian"}


def test_a_directory_of_links_out_of_step(box: Sandbox) -> None:
    """OpenSSL looks into the directory, others into the bundle; the command mends it."""
    links = [
        one
        for one in box.certs.glob("*.0")
        if one.is_symlink() and one.readlink().name.startswith("localedge-")
    ]
    assert len(links) == 1
    links[0].unlink()
    assert faults(box) == {"doctor-system-rejects": "sudo update-ca-certificates --fresh"}
    assert box.run_in(["update-ca-certificates", "--fresh"]).returncode == 0
    assert faults(box) == {}


def test_an_authority_replaced_behind_the_stores_back(box: Sandbox) -> None:
    """The stores have the earlier root, and not the new one; trust-ca mends both."""
    Vault(box.authority).store(make_authority([NAME], NOW), [NAME], NOW)
    assert faults(box) == dict.fromkeys(("doctor-trust-absent", "doctor-trust-former"), "localedge trust-ca")
    assert box.localedge("trust-ca", "--yes").returncode == 0
    assert faults(box) == {}


def test_an_authority_removed_behind_the_stores_back(box: Sandbox) -> None:
    """The roots that are left are found by the journal; untrust-ca takes them out."""
    Vault(box.authority).forget()
    found = faults(box)
    assert found == {"doctor-https-off": "localedge trust-ca", "doctor-trust-left": "localedge untrust-ca"}
    assert box.localedge("untrust-ca", "--yes").returncode == 0
    assert list(faults(box)) == ["doctor-https-off"]


def test_a_journal_that_is_damaged(box: Sandbox) -> None:
    """Another look's finding; the stores are told all the same."""
    box.journal.write_text("{")
    assert faults(box) == {} and "doctor-trust-good" in seen(box)


def test_a_store_whose_program_hangs(box: Sandbox) -> None:
    """Given up in seconds, with a note; one that is missing is told with its package."""
    box.program("certutil", "exec sleep 60")
    begun = time.monotonic()
    assert list(faults(box)) == ["doctor-trust-slow"]
    assert time.monotonic() - begun < 15
    found = faults(box, PATH="/nowhere")  # the system's own programs are found all the same
    assert list(found) == ["store-tool-missing"]
