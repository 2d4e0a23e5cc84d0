"""`localedge run` with HTTPS as users run it, and with a socket that a service manager passes on."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from localedge.machine.vault import Vault
from tests import peers
from tests.commands import PATIENCE, command, one_line, run, running, started
from tests.h2_wire import authority
from tests.tls_client import NAME, trusting

UPSTREAM = "http://gateway.example:8000"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no sockets are passed on there")


PASS_ON = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
"""What a service manager does between fork and exec (sd_listen_fds(3))."""


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    """A directory with an authority."""
    authority(tmp_path / "ca")
    return tmp_path / "ca"


def listening(process: "subprocess.Popen[str]", count: int) -> list[str]:
    """The first lines of standard output."""
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def probe(port: int, ca: Path, name: str = NAME) -> bytes:
    """The answer to a client's start-up probe over TLS (R41)."""
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
        trusting(Vault(ca).root_file).wrap_socket(plain, server_hostname=name) as client,
    ):
        client.sendall(b"HEAD /api/hello HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % name.encode())
        got = b""
        while data := client.recv(65536):
            got += data
        return got


def test_R41_run_serves_both_and_says_so(ca: Path) -> None:
    """Two lines, two base URLs, both in the block to paste; each answers a client's probe (R41)."""
    words = ("run", "--port", "0", "--https-port", "0", "--upstream", UPSTREAM)
    with running(*words, LOCALEDGE_CA_DIR=str(ca)) as process:
        plain, secure, *block = listening(process, 12)
        found = re.fullmatch(rf"Listening on https://localedge\.test:(\d+) -> {re.escape(UPSTREAM)}", secure)
        assert plain.startswith("Listening on http://127.0.0.1:") and found is not None
        assert f"    or over HTTPS: https://localedge.test:{found[1]}" in block
        assert probe(int(found[1]), ca).startswith(b"HTTP/1.1 200 OK\r\n")
        assert probe(int(found[1]), ca, "localhost").startswith(b"HTTP/1.1 200 OK\r\n")
        process.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 or sys.platform == "win32"
    assert "Traceback" not in errors


def test_the_start_without_an_authority_names_the_command(tmp_path: Path) -> None:
    """One line says how to get HTTPS; it is no error, and quiet means without it."""
    for quiet in ((), ("-q",)):
        words = ("run", "--port", "0", "--https-port", "0", "--upstream", UPSTREAM, *quiet)
        with running(*words, LOCALEDGE_CA_DIR=str(tmp_path)) as process:
            assert listening(process, 1)[0].startswith("Listening on http://127.0.0.1:")
            process.terminate()
            rest, errors = process.communicate(timeout=PATIENCE)
        assert "Listening on https" not in rest
        assert ("localedge trust-ca" in errors) is not bool(quiet)


def test_a_broken_authority_is_told_and_plain_http_goes_on(ca: Path) -> None:
    """The sentence, the remedy, and what is served meanwhile; quiet or not."""
    (Vault(ca).leaf_file.parent / "root.pem").unlink()
    words = ("run", "--port", "0", "--https-port", "0", "--upstream", UPSTREAM, "-q")
    with running(*words, LOCALEDGE_CA_DIR=str(ca)) as process:
        assert listening(process, 1)[0].startswith("Listening on http://127.0.0.1:")
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    assert "root.pem" in errors and "trust-ca --new" in errors and "plain HTTP only" in errors


def test_the_https_port_in_use_ends_run(ca: Path) -> None:
    """Exit 1 with the sentence that names the flag: half of what was asked for is not served silently."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        done = run("run", "--port", "0", "--https-port", port, LOCALEDGE_CA_DIR=str(ca))
    code = "https-port-in-use-by" if sys.platform == "linux" else "https-port-in-use"
    assert "--https-port" in one_line(done, code)


@pytest.mark.skipif(sys.platform == "win32", reason="twistd's -n log is read from a pipe")
def test_twistd_serves_both(ca: Path, tmp_path: Path) -> None:
    """The daemon has both listeners too."""
    start = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
    words = ["-n", "--pidfile=", "localedge", "--port", "0", "--https-port", "0", "--upstream", UPSTREAM]
    with subprocess.Popen(
        [sys.executable, "-c", start, *words],
        cwd=tmp_path,
        env={**os.environ, "LOCALEDGE_CA_DIR": str(ca)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    ) as process:
        try:
            assert process.stdout is not None
            line = next(line for line in process.stdout if "Listening on https" in line)
            port = int(line.partition(f"https://{NAME}:")[2].partition(" ")[0])
            assert probe(port, ca).startswith(b"HTTP/1.1 200 OK\r\n")
        finally:
            process.kill()


def passing(
    listener: socket.socket, *words: str, ca: Path, **environ: str
) -> "AbstractContextManager[subprocess.Popen[str]]":
    """`localedge run` started as a service manager starts it: with this socket as descriptor 3."""
    line = [sys.executable, "-c", PASS_ON, str(listener.fileno()), *command("run", "--port", "0", *words)]
    environment = {**os.environ, "LOCALEDGE_CA_DIR": str(ca), **environ}
    return started(line, env=environment, pass_fds=[listener.fileno()])


@POSIX
@pytest.mark.parametrize("word", ["systemd", "systemd:0", "fd:3"])
def test_a_socket_that_was_passed_on_is_served(ca: Path, word: str) -> None:
    """Who may not bind port 443 serves the socket of somebody who may; no privilege is needed here."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        passing(listener, "--https-port", word, "--upstream", UPSTREAM, ca=ca, LISTEN_FDS="1") as process,
    ):
        port = listener.getsockname()[1]
        assert listening(process, 2)[1].startswith(f"Listening on https://{NAME}:{port} ")
        for _ in range(3):
            assert probe(port, ca).startswith(b"HTTP/1.1 200 OK\r\n")
        process.terminate()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == 0


@POSIX
@pytest.mark.parametrize(
    ("word", "environ", "code"),
    [
        ("systemd", {}, "no-socket-passed"),
        ("systemd:1", {"LISTEN_FDS": "1"}, "no-socket-passed"),
        ("fd:99", {}, "no-socket-passed"),
        ("fd:0", {}, "no-socket-passed"),
    ],
)
def test_a_socket_that_was_not_passed_on(ca: Path, word: str, environ: dict[str, str], code: str) -> None:
    """A service that was started by hand says what is missing."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        passing(listener, "--https-port", word, ca=ca, **environ) as process,
    ):
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert errors.rstrip().endswith(f"[{code}]") and word.partition(":")[0] in errors


@POSIX
def test_a_socket_that_does_not_listen(ca: Path) -> None:
    """A datagram socket, or one with Accept=yes, is told from what is needed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        with passing(other, "--https-port", "fd:3", ca=ca) as process:
            _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "[no-listening-socket]" in errors) == (1, True)


@POSIX
def test_R22_a_passed_socket_for_everybody_needs_the_token(ca: Path) -> None:
    """R22: a unit that listens on all addresses is refused without a client token."""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        with passing(listener, "--https-port", "fd:3", ca=ca) as process:
            _, errors = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "[bind-not-loopback]" in errors) == (1, True)
        token = {"LOCALEDGE_CLIENT_TOKEN": "t"}
        with passing(listener, "--https-port", "fd:3", "--upstream", UPSTREAM, ca=ca, **token) as process:
            assert listening(process, 2)[1].startswith("Listening on https://")


def test_curl_and_the_demo_gateway(ca: Path) -> None:
    """From an authority to a page: curl with the root, HTTP/1.1 and h2."""
    curl = str(peers.need("curl"))
    with running("run", "--port", "0", "--https-port", "0", LOCALEDGE_CA_DIR=str(ca)) as process:
        port = listening(process, 2)[1].partition(f"https://{NAME}:")[2].partition(" ")[0]
        for version in ("1.1", "2"):
            done = subprocess.run(
                [
                    *(curl, "-sS", f"--http{version}", "--cacert", str(Vault(ca).root_file)),
                    *("--resolve", f"{NAME}:{port}:127.0.0.1", "-w", "\n%{http_version}"),
                    f"https://{NAME}:{port}/v1/models",
                ],
                capture_output=True,
                timeout=PATIENCE,
                encoding="utf-8",
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert '"claude-' in done.stdout and done.stdout.endswith(f"\n{version}")


def test_the_certificate_is_the_vaults(ca: Path) -> None:
    """What clients see is the leaf and the intermediate, no root and no key."""
    with running("run", "--port", "0", "--https-port", "0", LOCALEDGE_CA_DIR=str(ca)) as process:
        port = int(listening(process, 2)[1].partition(f"https://{NAME}:")[2].partition(" ")[0])
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
            trusting(Vault(ca).root_file).wrap_socket(plain, server_hostname=NAME) as client,
        ):
            shown = client.getpeercert()
            der = client.getpeercert(binary_form=True)
    assert shown is not None and der is not None
    assert set(shown["subjectAltName"]) >= {("DNS", NAME), ("DNS", "localhost"), ("IP Address", "127.0.0.1")}
    assert ssl.DER_cert_to_PEM_cert(der).strip() in Vault(ca).leaf_file.read_text()
