"""testssl.sh and sslyze look at a running edge, pkilint at the certificates: there is nothing to mend."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.machine.vault import Vault
from localedge.pki.authority import issue_leaf, pem
from tests import commands, peers
from tests.h2_wire import NAME, authority

PATIENCE = 600.0
"""Seconds until a test gives up on a scanner."""

FINE = {"OK", "INFO"}
EXPLAINED = {
    ("cert_expirationStatus", "HIGH"): "a leaf lives 14 days on purpose, and is renewed without anybody",
    ("cert_notAfter", "HIGH"): "the same",
    ("cert_revocation", "HIGH"): "a CA of one machine has no CRL or OCSP server: its leaves are short-lived",
    ("sessionresumption_ticket", "WARN"): "testssl leaves before the ticket of TLS 1.3 has come",
}
"""What testssl.sh says of every edge, and why it stays."""


def program(name: str, variable: str) -> Path:
    """A scanner: where a variable of the environment says (a directory, or a program in it), or on PATH."""
    if named := os.environ.get(variable):
        directory = Path(named) if Path(named).is_dir() else Path(named).parent
        found = directory / name
        return found if found.is_file() else peers.skip(f"{name} ({variable} does not lead to it)")
    return peers.find(name) or peers.skip(f"{name} (or {variable})")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an authority."""
    place = tmp_path_factory.mktemp("ca")
    authority(place)
    return place


@pytest.fixture(scope="module")
def port(place: Path) -> Iterator[int]:
    """Where an edge with the demo gateway serves HTTPS."""
    with commands.running("run", "--port", "0", "--https-port", "0", LOCALEDGE_CA_DIR=str(place)) as process:
        commands.first_line(process)
        yield int(commands.first_line(process).partition(f"https://{NAME}:")[2].partition(" ")[0])


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    """What a scanner says."""
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=PATIENCE
    )


def test_testssl_finds_nothing(place: Path, port: int, tmp_path: Path) -> None:
    """Protocols, ciphers, preferences, the certificate, known attacks: nothing that is not explained."""
    testssl = peers.find("testssl.sh") or peers.need("testssl")
    report = tmp_path / "report.json"
    options = ("--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1")
    root = str(Vault(place).root_file)
    looks = ("-p", "-s", "-f", "-P", "-S", "-U", "--add-ca", root, "--jsonfile", str(report))
    done = run(str(testssl), *options, *looks, f"https://{NAME}:{port}/")
    assert report.exists(), done
    findings = {(one["id"], one["severity"]): one["finding"] for one in json.loads(report.read_text())}
    for wanted in (("TLS1_3", "OK"), ("cert_trust", "OK"), ("cert_chain_of_trust", "OK"), ("RC4", "OK")):
        assert wanted in findings, findings
    wrong = {key: said for key, said in findings.items() if key[1] not in FINE and key not in EXPLAINED}
    assert not wrong


def test_sslyze_finds_nothing(place: Path, port: int, tmp_path: Path) -> None:
    """The edge complies with Mozilla's intermediate configuration, and its chain is verified."""
    sslyze = program("sslyze", "EDGETEST_SSLYZE")
    report = tmp_path / "report.json"
    root = str(Vault(place).root_file)
    trust = ("--sni", NAME, "--certinfo_ca_file", root, "--json_out", str(report))
    done = run(str(sslyze), "--mozilla_config", "intermediate", *trust, f"127.0.0.1:{port}")
    _, found, verdict = done.stdout.partition("COMPLIANCE AGAINST TLS CONFIGURATION")
    assert found, done
    wrong = re.findall(r"^ +\* (.*)$", verdict, re.MULTILINE)
    assert not wrong
    assert done.returncode == 0
    (scan,) = json.loads(report.read_text())["server_scan_results"]
    deployed = scan["scan_result"]["certificate_info"]["result"]["certificate_deployments"]
    for one in deployed:
        ours = [way for way in one["path_validation_results"] if way["trust_store"]["path"] == root]
        assert [way["was_validation_successful"] for way in ours] == [True]


def test_pkilint_finds_nothing(place: Path, tmp_path: Path) -> None:
    """Root, intermediate and leaf follow RFC 5280; `localhost`, a name of one label, is the one exception."""
    lint = str(program("lint_pkix_cert", "EDGETEST_PKILINT"))
    chain = str(program("lint_pkix_signer_signee_cert_chain", "EDGETEST_PKILINT"))
    now = datetime.now(UTC)
    known = Vault(place).load(now)
    leaf = issue_leaf(known, known.names, now)
    files = []
    for name, certificate in (("root", known.root), ("edge", known.intermediate), ("leaf", leaf.certificate)):
        path = tmp_path / f"{name}.pem"
        path.write_bytes(pem(certificate))
        files.append(str(path))
    for file in files:
        assert findings(lint, "lint", "-s", "NOTICE", "-f", "JSON", file) == [
            ("pkix.invalid_domain_name_syntax", 'Invalid domain name syntax: "localhost"')
        ]
    for pair in (files[:2], files[1:]):
        assert findings(chain, "lint", "-s", "NOTICE", "-f", "JSON", *pair) == []


def findings(*words: str) -> list[tuple[str, str]]:
    """Code and message of everything that pkilint complains about."""
    done = run(*words)
    assert done.stdout.startswith("{"), done
    return [
        (found["code"], found["message"])
        for result in json.loads(done.stdout)["results"]
        for found in result["finding_descriptions"]
    ]
