"""`localedge env` as users run it: taken in by real shells, used by real clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests import commands, peers
from tests.commands import PATIENCE, one_line

Run = Callable[..., subprocess.CompletedProcess[str]]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where localedge keeps its data."""
    return tmp_path / "home dir" / "it's data" / "localedge"


@pytest.fixture
def run(data: Path) -> Run:
    """A command in a home of its own."""

    def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return commands.run(*words, **(own(data) | environ))

    return run


def own(data: Path) -> dict[str, str]:
    """The variables of that home, and none of this machine that name certificates."""
    return {
        "HOME": str(data.parents[1]),
        "XDG_DATA_HOME": str(data.parent),
        "SUDO_USER": "root",
        "SHELL": "/bin/bash",
        **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), ""),
    }


@pytest.fixture
def vault(data: Path) -> Vault:
    """A local CA."""
    vault, now = Vault(data / "ca"), datetime.now(UTC)
    vault.store(make_authority(("localedge.test",), now), ("localedge.test",), now)
    return vault


def test_only_assignments_are_printed(run: Run) -> None:
    """What is printed can be taken in by a shell as it is; what there is to say goes elsewhere."""
    done = run("env", LOCALEDGE_UPSTREAM="http://gateway.example:8000")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "export ANTHROPIC_BASE_URL=http://127.0.0.1:18080",
        "export ANTHROPIC_AUTH_TOKEN=your-gateway-key",
    ]
    assert done.stderr == "ANTHROPIC_AUTH_TOKEN is a placeholder: put your gateway's key in its place.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "pwsh", "powershell", "cmd"])
def test_a_shell_can_be_named(run: Run, shell: str) -> None:
    """Each shell gets its own syntax, and its own way to take the lines in is told at a terminal only."""
    done = run("env", "--shell", shell)
    assert done.returncode == 0 and done.stderr == "" and "http://127.0.0.1:18080" in done.stdout


def test_an_unknown_shell_is_a_usage_mistake(run: Run) -> None:
    """The shells that are known are named."""
    assert "bash, fish, csh, pwsh, cmd" in one_line(run("env", "--shell", "nu"), "env-shell-unknown", 2)


def test_json(run: Run) -> None:
    """Programs get the variables, and which of them are to be filled in."""
    environ = {"LOCALEDGE_CLIENT_TOKEN": "s3cret-of-the-edge", "LOCALEDGE_UPSTREAM": "http://gw:1"}
    done = run("env", "--json", **environ)
    document = json.loads(done.stdout)
    assert document["placeholders"] == ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS"]
    assert document["variables"]["ANTHROPIC_CUSTOM_HEADERS"] == "x-localedge-token: your-client-token"
    assert "s3cret" not in done.stdout + done.stderr


def test_R23_keys_of_the_environment_are_not_printed(run: Run) -> None:
    """R23: a key that is set is left alone and shown nowhere."""
    done = run("env", ANTHROPIC_AUTH_TOKEN="sk-very-secret", HTTPS_PROXY="http://me:pass-word@proxy:1")
    assert done.returncode == 0
    assert "secret" not in done.stdout + done.stderr and "pass-word" not in done.stdout + done.stderr
    assert "export NO_PROXY=127.0.0.1,localhost,::1" in done.stdout.splitlines()


def test_it_can_be_taken_in_twice(run: Run) -> None:
    """A shell that points at the edge already gets the same again; other mistakes are still told."""
    done = run("env", ANTHROPIC_BASE_URL="http://127.0.0.1:18080")
    assert done.returncode == 0 and "export ANTHROPIC_BASE_URL=http://127.0.0.1:18080" in done.stdout
    broken = run("env", ANTHROPIC_BASE_URL="http://127.0.0.1:18080", LOCALEDGE_LOG_LEVEL="x")
    assert broken.returncode == 1 and broken.stdout == "" and "[bad-choice" in broken.stderr


def test_a_port_that_nobody_can_know_is_told(run: Run) -> None:
    """Port 0 is any free one: there is no URL to print."""
    assert "LOCALEDGE_PORT" in one_line(run("env", LOCALEDGE_PORT="0"), "env-any-port")


def test_https_without_a_local_ca_is_told(run: Run) -> None:
    """There is nothing to trust yet, and nothing is printed for a shell to take in."""
    assert "localedge trust-ca" in one_line(run("env", "--https"), "ca-missing")
    one_line(run("env", "--https", LOCALEDGE_HTTPS_PORT="systemd"), "ca-missing")


def test_https_wants_a_port(run: Run, vault: Vault) -> None:
    """A socket that is passed on, or any free port, gives no URL."""
    one_line(run("env", "--https", LOCALEDGE_HTTPS_PORT="systemd"), "env-passed-socket")
    one_line(run("env", "--https", LOCALEDGE_HTTPS_PORT="0"), "env-any-port")


@POSIX
def test_the_bundle_is_made_by_the_command_that_is_printed(run: Run, vault: Vault, data: Path) -> None:
    """Without a file of all roots there is no SSL_CERT_FILE; the command that is told makes it."""
    first = run("env", "--https")
    assert first.returncode == 0 and "SSL_CERT_FILE" not in first.stdout
    assert "NODE_EXTRA_CA_CERTS" in first.stdout and "https://127.0.0.1:18443" in first.stdout
    told = next(line for line in first.stderr.splitlines() if "localedge ca export" in line)
    make = told[told.index("localedge ca export") : told.rindex('", then')]
    line = make.replace("localedge", f"{sys.executable} -m localedge", 1)
    done = subprocess.run(
        ["sh", "-c", line], env={**os.environ, **own(data)}, capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    second = run("env", "--https", "--json")
    variables = json.loads(second.stdout)["variables"]
    assert variables["SSL_CERT_FILE"] == variables["REQUESTS_CA_BUNDLE"] == str(data / "bundle.pem")
    assert vault.root_file.read_bytes().strip() in (data / "bundle.pem").read_bytes()
    (data / "bundle.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    third = run("env", "--https")
    assert "SSL_CERT_FILE" not in third.stdout and "--force" in third.stderr


@POSIX
def test_a_file_that_holds_the_root_already_will_do(run: Run, vault: Vault, tmp_path: Path) -> None:
    """Where the variables name a bundle and the root is in it, there is nothing to make or to set."""
    bundle, other = tmp_path / "system.pem", tmp_path / "corp.pem"
    bundle.write_bytes(b"# others\n" + vault.root_file.read_bytes())
    other.write_bytes(b"# others\n")
    done = run("env", "--https", SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE=str(bundle))
    assert done.stderr == "" and "SSL_CERT_FILE" not in done.stdout and "NODE_EXTRA" in done.stdout
    done = run("env", "--https", NODE_EXTRA_CA_CERTS=str(other))
    assert "NODE_EXTRA_CA_CERTS" not in done.stdout
    assert f"--base {other} --out {tmp_path / 'corp-localedge.pem'}" in done.stderr


SCRIPT = """set -eu
$0 ca export --bundle --out "$2"
eval "$($0 env --https)"
curl -sS --cacert "$SSL_CERT_FILE" "$ANTHROPIC_BASE_URL/v1/models" | head -c 1
"$1" -c 'import httpx2, os
print(httpx2.get(os.environ["ANTHROPIC_BASE_URL"] + "/v1/models").status_code)'
echo "$ANTHROPIC_AUTH_TOKEN"
if command -v node > /dev/null
then node -e 'fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/models`).then(r => console.log(r.status))'
else echo 200
fi
"""


@POSIX
def test_a_real_shell_and_real_clients_use_it(vault: Vault, data: Path) -> None:
    """After `eval "$(localedge env --https)"` curl, Python and Node reach the edge over checked HTTPS."""
    peers.need("bash")
    peers.need("curl")
    environ = {**own(data), "LOCALEDGE_PORT": "0", "LOCALEDGE_HTTPS_PORT": "0"}
    with commands.running("run", "--quiet", **environ) as process:
        commands.first_line(process)
        secure = commands.first_line(process)
        port = secure.partition("https://localedge.test:")[2].partition(" ")[0]
        assert port.isdigit(), secure
        done = subprocess.run(
            [
                "bash",
                "-c",
                SCRIPT,
                f"{sys.executable} -m localedge",
                sys.executable,
                str(data / "bundle.pem"),
            ],
            env={**os.environ, **environ, "LOCALEDGE_HTTPS_PORT": port},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["{200", "demo", "200"]
