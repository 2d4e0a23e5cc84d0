"""`twistd localedge` runs what `localedge run` runs."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from localedge.machine.running_edges import RunningEdge, running_edges
from tests.commands import started

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="twistd's -n log is read from a pipe")

PATIENCE = 30.0
"""Seconds until a test gives up on a process."""


START = "import sys; from twisted.scripts.twistd import run; sys.argv[0] = 'twistd'; run()"
"""twistd without its script."""


def command(*words: str) -> list[str]:
    """The command line of twistd, without its script."""
    return [sys.executable, "-c", START, "-n", "--pidfile=", "localedge", *words]


def running(place: Path, *words: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A daemon in the foreground."""
    return started(command(*words), subprocess.STDOUT, cwd=place)


def test_twistd_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon logs where it listens, answers, leaves a note while it runs, and ends with a signal."""
    for place in ("XDG_RUNTIME_DIR", "TMPDIR"):  # an edge of the developer may be running
        monkeypatch.setenv(place, str(tmp_path))
    with running(tmp_path, "--http-only", "--port", "0") as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Listening on " in line)
        assert line.rstrip("\n").endswith(" (demo gateway)")
        url = line.partition("Listening on ")[2].partition(" ")[0]
        with urllib.request.urlopen(f"{url}/v1/models", timeout=PATIENCE) as response:
            assert response.status == 200
        assert running_edges(os.environ) == [RunningEdge(process.pid, (url,), "")]
        process.terminate()
        rest, _ = process.communicate(timeout=PATIENCE)
    # Twisted ends by the signal it was stopped with, once everything is drained
    assert process.returncode == -signal.SIGTERM
    assert running_edges(os.environ) == []
    [logged] = [line for line in rest.splitlines() if "GET /v1/models" in line]
    assert logged.partition("[localedge] ")[2].startswith("127.0.0.1"), "one time in front, twistd's"


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["--https-port", "x"], ["bad-https-port"]),
        (["--http-only", "--port", "x", "--upstream", "gw"], ["bad-number", "url-no-scheme"]),
        (["--http-only", "--config", "/nonexistent/c.toml"], ["config-missing"]),
    ],
)
def test_bad_options_are_told_without_the_usage(tmp_path: Path, words: list[str], codes: list[str]) -> None:
    """What `localedge run` would say is all that twistd says, with exit status 1."""
    done = subprocess.run(
        command(*words), cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=PATIENCE
    )
    assert done.returncode == 1
    said = (done.stdout + done.stderr).splitlines()
    assert [line.rpartition(" [")[2].rstrip("]") for line in said] == codes


def test_a_taken_port_ends_the_daemon_with_its_sentence(tmp_path: Path) -> None:
    """A daemon that cannot listen says why and does not stay around."""
    with running(tmp_path, "--http-only", "--port", "0") as first:
        assert first.stdout is not None
        line = next(line for line in first.stdout if "Listening on " in line)
        port = line.partition("http://127.0.0.1:")[2].partition(" ")[0]
        done = subprocess.run(
            command("--http-only", "--port", port),
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        first.kill()
    assert done.returncode == 1
    assert f"port {port} is in use by" in done.stdout + done.stderr


def test_a_daemon_that_cannot_listen_tells_its_parent(tmp_path: Path) -> None:
    """In the background too a taken port ends twistd with status 1, and no pid file stays."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        words = ["--pidfile=twistd.pid", "--logfile=twistd.log", "localedge", "--http-only", "--port", port]
        with (tmp_path / "said").open("w+b") as said:
            start = [sys.executable, "-c", START, *words]
            done = subprocess.run(
                start, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=PATIENCE
            )
            said.seek(0)
            told = said.read().decode()
    assert done.returncode == 1
    assert "port-in-use" in told, told
    assert f"port {port} is in use by" in (tmp_path / "twistd.log").read_text()
    assert not (tmp_path / "twistd.pid").exists()
