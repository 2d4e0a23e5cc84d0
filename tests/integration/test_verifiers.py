"""Real verifiers: each accepts our leaf by each of its names, and nothing that a thief of the key signs."""

import ipaddress
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from localedge.pki.authority import issue_leaf, make_authority, pem
from tests import peers
from tests.forgeries import Shown, honest, plain_forgeries, sly_forgeries, weakened

NOW = datetime.now(UTC)
NAMES = ("localedge.test",)
DATA = Path(__file__).parents[1] / "data"
PATIENCE = 120.0

Verify = Callable[[Sequence[Shown], Path], list[str]]
"""What each of these is refused for; an empty string where it is accepted."""


def run(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """A program with nothing to ask anybody."""
    return subprocess.run(
        [str(word) for word in words], input=stdin, capture_output=True, encoding="utf-8", timeout=PATIENCE
    )


def answer(done: subprocess.CompletedProcess[str]) -> str:
    """Empty for exit status 0."""
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip() or str(done.returncode)


def is_address(name: str) -> bool:
    """Whether it is one, not a host name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def written(shown: Shown, directory: Path) -> tuple[Path, Path, Path, Path]:
    """Its root, leaf, the certificates between, and the whole chain, as files."""
    directory.mkdir()
    files = {
        "root.pem": pem(shown.root),
        "leaf.pem": pem(shown.chain[0]),
        "between.pem": b"".join(map(pem, shown.chain[1:])),
        "chain.pem": shown.chain_pem(),
        "key.pem": shown.key_pem(),
    }
    for name, content in files.items():
        (directory / name).write_bytes(content)
    return directory / "root.pem", directory / "leaf.pem", directory / "between.pem", directory / "chain.pem"


def openssl(cases: Sequence[Shown], place: Path) -> list[str]:
    """openssl-verification-options(1), as strict as it gets."""
    program, answers = peers.need("openssl"), []
    for number, shown in enumerate(cases):
        root, leaf, between, _ = written(shown, place / str(number))
        how = "-verify_ip" if is_address(shown.name) else "-verify_hostname"
        words = ["-x509_strict", "-no-CApath", "-purpose", "sslserver", how, shown.name]
        answers.append(answer(run(program, "verify", *words, "-CAfile", root, "-untrusted", between, leaf)))
    return answers


def python(cases: Sequence[Shown], place: Path) -> list[str]:
    """Python's ssl with the flags that 3.13 sets by itself, in a whole handshake."""
    answers = []
    for number, shown in enumerate(cases):
        root, _, _, chain = written(shown, place / str(number))
        client_side = ssl.create_default_context(cafile=str(root))
        client_side.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_side.load_cert_chain(chain, root.with_name("key.pem"))
        there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = client_side.wrap_bio(back, there, server_hostname=shown.name)
        server = server_side.wrap_bio(there, back, server_side=True)
        answers.append(_shaken(client, server))
    return answers


def _shaken(client: ssl.SSLObject, server: ssl.SSLObject) -> str:
    for _ in range(5):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
        if client.version() and client.cipher():
            return "" if client.getpeercert() else "no certificate"
    raise AssertionError("the handshake does not end")


def pyca(cases: Sequence[Shown], place: Path) -> list[str]:
    """The verifier that pip and others are moving to."""
    answers = []
    for shown in cases:
        subject = (
            x509.IPAddress(ipaddress.ip_address(shown.name))
            if is_address(shown.name)
            else x509.DNSName(shown.name)
        )
        policy = PolicyBuilder().store(Store([shown.root])).time(NOW).build_server_verifier(subject)
        try:
            policy.verify(shown.chain[0], list(shown.chain[1:]))
        except VerificationError as error:
            answers.append(str(error))
        else:
            answers.append("")
    return answers


def node(cases: Sequence[Shown], place: Path) -> list[str]:
    """Real connections of Node's tls."""
    told = [
        {
            "root": pem(shown.root).decode(),
            "chain": shown.chain_pem().decode(),
            "key": shown.key_pem().decode(),
            "name": shown.name,
        }
        for shown in cases
    ]
    done = run(peers.need("node"), DATA / "verify.mjs", stdin=json.dumps(told))
    assert done.returncode == 0, done.stderr
    answers: list[str] = json.loads(done.stdout)
    return answers


def java(cases: Sequence[Shown], place: Path) -> list[str]:
    """Real connections of Java's own TLS, which ignores the constraint of a trust anchor."""
    program = peers.need("java")
    peers.need("javac")  # a program in one source file wants a compiler (JEP 330)
    lines = []
    for number, shown in enumerate(cases):
        root, _, _, chain = written(shown, place / str(number))
        lines.append("\t".join([str(root), str(chain), str(root.with_name("key.pem")), shown.name]))
    done = run(program, "-XX:TieredStopAtLevel=1", DATA / "Verify.java", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def nss(cases: Sequence[Shown], place: Path) -> list[str]:
    """NSS, by its old and by its new verifier.  It looks at the chain only, whatever name is asked for."""
    certutil, vfychain = peers.need("certutil"), peers.need("vfychain")
    answers = []
    for number, shown in enumerate(cases):
        root, leaf, _, _ = written(shown, place / str(number))
        database = f"sql:{root.parent}"
        assert run(certutil, "-N", "-d", database, "--empty-password").returncode == 0
        assert run(certutil, "-A", "-d", database, "-t", "C,,", "-n", "root", "-i", root).returncode == 0
        words: list[str | Path] = ["-a", leaf]
        for index, certificate in enumerate(shown.chain[1:]):
            between = root.with_name(f"between-{index}.pem")
            between.write_bytes(pem(certificate))
            words += ["-a", between]
        told = [answer(run(vfychain, "-d", database, how, "-u", "1", *words)) for how in ("-p", "-pp")]
        # Accepted is only what both accept, and refused what both refuse.
        assert bool(told[0]) == bool(told[1]), (shown.label, told)
        answers.append(told[0])
    return answers


def gnutls(cases: Sequence[Shown], place: Path) -> list[str]:
    """certtool(1) --verify"""
    program, answers = peers.need("certtool"), []
    for number, shown in enumerate(cases):
        root, _, _, chain = written(shown, place / str(number))
        words = ["--verify-hostname", shown.name, "--verify-purpose", "1.3.6.1.5.5.7.3.1"]
        done = run(program, "--verify", *words, "--load-ca-certificate", root, "--infile", chain)
        answers.append(answer(done))
    return answers


VERIFIERS = [openssl, python, pyca, node, java, nss, gnutls]


def results(verify: Verify, cases: Sequence[Shown], place: Path) -> dict[str, str]:
    """What came of each, by its label."""
    answers = verify(cases, place)
    assert len(answers) == len(cases)
    return {shown.label: told for shown, told in zip(cases, answers, strict=True)}


@pytest.mark.parametrize("verify", VERIFIERS)
def test_our_leaf_is_accepted(verify: Verify, tmp_path: Path) -> None:
    """The mapped name, localhost, 127.0.0.1 and ::1 are all served by a certificate that clients accept."""
    told = results(verify, honest(make_authority(NAMES, NOW), NOW), tmp_path)
    assert told == {"localedge.test": "", "localhost": "", "127.0.0.1": "", "::1": ""}


@pytest.mark.parametrize("verify", VERIFIERS)
def test_what_a_thief_signs_is_refused(verify: Verify, tmp_path: Path) -> None:
    """Who steals the intermediate's key can speak for no other name and no other address."""
    authority = make_authority(NAMES, NOW)
    cases = [*plain_forgeries(authority, NOW), *sly_forgeries(authority, NOW)]
    told = results(verify, cases, tmp_path)
    assert len(told) == 13
    assert [label for label, reason in told.items() if not reason] == []


@pytest.mark.parametrize("verify", VERIFIERS)
def test_it_is_the_constraint_that_refuses(verify: Verify, tmp_path: Path) -> None:
    """The same forgeries below the same authority without constraints would be believed."""
    authority = weakened(make_authority(NAMES, NOW), NOW, root=False, intermediate=False)
    told = results(verify, plain_forgeries(authority, NOW), tmp_path)
    assert told == dict.fromkeys(told, "")


@pytest.mark.parametrize("verify", VERIFIERS)
def test_why_both_carry_the_constraint(verify: Verify, tmp_path: Path) -> None:
    """A constraint on the intermediate binds every verifier; one on the root alone binds all but Java."""
    ours = make_authority(NAMES, NOW)
    for root, intermediate in ((False, True), (True, False)):
        authority = weakened(ours, NOW, root=root, intermediate=intermediate)
        place = tmp_path / f"{root}"
        place.mkdir()
        told = results(verify, plain_forgeries(authority, NOW), place)
        believed = verify is java and not intermediate
        assert [label for label, reason in told.items() if bool(reason) is believed] == []


@pytest.mark.parametrize("verify", VERIFIERS)
def test_a_subdomain_is_covered(verify: Verify, tmp_path: Path) -> None:
    """A permitted name covers the names below it (RFC 5280 4.2.1.10), as certs/README.md says."""
    authority = make_authority(NAMES, NOW)
    leaf = issue_leaf(authority, ("deep.localedge.test",), NOW)
    chain = (leaf.certificate, authority.intermediate)
    case = Shown("below", "deep.localedge.test", authority.root, chain, leaf.key)
    assert results(verify, [case], tmp_path) == {"below": ""}


@pytest.mark.parametrize("verify", VERIFIERS)
def test_a_leaf_to_the_last(verify: Verify, tmp_path: Path) -> None:
    """An authority near its end still has leaves that everybody accepts; they end with it."""
    authority = make_authority(NAMES, NOW - timedelta(days=824))
    assert set(results(verify, honest(authority, NOW), tmp_path).values()) == {""}


def pkilint() -> str | None:
    """It lives in an environment of its own: EDGETEST_PKILINT names the program, or it is on PATH."""
    return os.environ.get("EDGETEST_PKILINT") or shutil.which("lint_pkix_cert")


@pytest.mark.skipif(pkilint() is None, reason="pkilint is not here: .ci/full installs it and runs this")
@pytest.mark.parametrize("part", ["root", "intermediate", "leaf"])
def test_pkilint_finds_nothing(part: str, tmp_path: Path) -> None:
    """pkilint has nothing to say but that `localhost` is a single label, which it is."""
    program = pkilint()
    assert program is not None
    [shown, *_] = honest(make_authority(NAMES, NOW), NOW)
    leaf, intermediate = shown.chain
    certificate = {"root": shown.root, "intermediate": intermediate, "leaf": leaf}[part]
    path = tmp_path / "certificate.pem"
    path.write_bytes(pem(certificate))
    done = run(program, "lint", "-s", "NOTICE", path)
    assert not done.stderr, done.stderr
    findings = set(re.findall(r"^ +(\w.*)$", done.stdout, re.MULTILINE))
    assert findings == {'pkix.invalid_domain_name_syntax (ERROR): Invalid domain name syntax: "localhost"'}
