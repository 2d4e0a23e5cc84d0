"""`run` and `demo-gateway` as users run them: real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from localedge import messages
from localedge.machine.running_edges import RunningEdge, running_edges
from tests.commands import PATIENCE, codes, command, first_line, one_line, port_of, run, running

UPSTREAM = "http://gateway.example:8000"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


def test_run_says_where_it_listens_and_what_to_paste() -> None:
    """The first line is exact, then come the values for Claude Desktop and Claude Code."""
    with running("run", "--http-only", "--port", "0", "--upstream", UPSTREAM) as process:
        line = first_line(process)
        port = port_of(line)
        assert line == f"Listening on http://127.0.0.1:{port} -> {UPSTREAM}"
        assert process.stdout is not None
        block = [process.stdout.readline().rstrip("\n") for _ in range(11)]
        process.kill()
    assert f"  Gateway base URL: http://127.0.0.1:{port}" in block
    assert "  Connection: Gateway" in block and "  Gateway auth scheme: bearer" in block
    if sys.platform != "win32":
        assert f"  export ANTHROPIC_BASE_URL=http://127.0.0.1:{port}" in block
        assert '  export ANTHROPIC_AUTH_TOKEN="your gateway\'s key"' in block


def test_run_serves_the_demo_gateway_and_says_so() -> None:
    """Without a gateway the built-in one answers, and is announced in plain words."""
    with running("run", "--http-only", "--port", "0") as process:
        line = first_line(process)
        assert line.endswith(" (demo gateway)")
        assert process.stdout is not None
        assert process.stdout.readline().rstrip("\n") == messages.text("demo-announcement")
        url = f"http://127.0.0.1:{port_of(line)}/v1/models"
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            assert json.load(response)["data"]
        process.kill()


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_R35_a_signal_ends_run_cleanly(name: str) -> None:
    """R35: one signal, a closed window too, stops it with exit status 0; quiet means one line in all."""
    number = signal.Signals[name]
    with running("run", "--http-only", "--port", "0", "--upstream", UPSTREAM, "-q") as process:
        line = first_line(process)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert line.startswith("Listening on ")
    assert (process.returncode, rest, errors) == (0, "", "")


@POSIX
def test_under_nohup_a_closed_window_stops_nothing() -> None:
    """Who was told to ignore the end of the terminal goes on."""
    words = command("run", "--port", "0", "-q", "--http-only")
    ignoring = ["sh", "-c", "trap '' HUP; exec \"$@\"", "-", *words]
    with subprocess.Popen(ignoring, stdout=subprocess.PIPE, encoding="utf-8") as process:
        try:
            url = f"http://127.0.0.1:{port_of(first_line(process))}/v1/models"
            process.send_signal(signal.Signals["SIGHUP"])
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:
                assert response.status == 200
            process.terminate()
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0


@POSIX
@pytest.mark.parametrize("upstream", [(), ("--upstream", UPSTREAM)])
def test_an_edge_leaves_a_note_while_it_runs(tmp_path: Path, upstream: tuple[str, ...]) -> None:
    """Other commands know where it listens and which gateway it has, whatever its options were."""
    place = {"XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(tmp_path)}
    with running("run", "--http-only", "--port", "0", *upstream, **place) as process:
        url = f"http://127.0.0.1:{port_of(first_line(process))}"
        assert running_edges(place) == [RunningEdge(process.pid, (url,), UPSTREAM if upstream else "")]
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert running_edges(place) == [] and list(tmp_path.iterdir()) == [], "not even the directory"


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_R35_a_second_signal_ends_run_at_once(number: signal.Signals) -> None:
    """R35: who does not want to wait for answers in flight signals twice; shells see 130 or 143."""
    body = json.dumps(
        {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
    ).encode()
    head = "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-demo: first=1h\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    with running("run", "--http-only", "--port", "0") as process:
        port = port_of(first_line(process))
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            # the probe's answer tells that the edge has read what stands before it
            client.sendall(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + head.encode() + body)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            process.send_signal(number)
            assert process.stderr is not None
            said = next(line for line in process.stderr if line.startswith("Stopping"))
            assert said.rstrip("\n") == messages.text("stopping")
            assert process.poll() is None
            process.send_signal(number)
            process.communicate(timeout=PATIENCE)
    assert process.returncode == -number


def test_run_goes_on_when_nobody_reads_its_output() -> None:
    """`localedge run | head -1` serves on, and ends without a complaint."""
    with running("run", "--http-only", "--port", "0") as process:
        port = port_of(first_line(process))
        assert process.stdout is not None
        process.stdout.close()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/", method="HEAD")
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            assert response.status == 200
        process.terminate()
        assert process.wait(PATIENCE) == 0 or sys.platform == "win32"


def test_a_port_in_use_is_named_with_its_owner() -> None:
    """Who holds the port is told where the system tells, and what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = run("run", "--http-only", "--port", str(port), "--upstream", UPSTREAM)
    if sys.platform == "linux":
        line = one_line(done, "port-in-use-by")
        assert f"port {port} is in use by " in line and f"(pid {os.getpid()})" in line
    else:
        assert f"port {port} is in use by " in done.stderr
    assert "--port" in done.stderr


def test_an_address_of_another_machine_is_refused() -> None:
    """An address that is not this machine's is one clear line."""
    done = run("run", "--http-only", "--host", "192.0.2.1", "--port", "0", LOCALEDGE_CLIENT_TOKEN="t")
    assert "192.0.2.1" in one_line(done, "address-not-available")


@pytest.mark.parametrize(
    ("upstream", "code"),
    [
        ("gateway.example:8000", "url-no-scheme"),
        ("/v1/messages", "url-path-not-host"),
        ("http:///v1", "url-no-host"),
        ("ftp://gateway.example", "url-scheme"),
        ("http://127.0.0.1:18080", "upstream-is-edge"),
    ],
)
def test_a_bad_url_is_one_clear_line(upstream: str, code: str) -> None:
    """A URL without a scheme, a path, another protocol, or the edge itself: one line and exit 1."""
    assert "--upstream: " in one_line(run("run", "--http-only", "--upstream", upstream), code)


def test_the_edge_as_base_url_is_refused() -> None:
    """The variable that was set for Claude Code does not turn the edge on itself."""
    done = run("run", "--http-only", ANTHROPIC_BASE_URL="http://localhost:18080")
    assert "ANTHROPIC_BASE_URL" in one_line(done, "base-url-is-edge")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[gateway\n", "config-not-toml"),
        (b'[gateway]\nurl = "http://gat', "config-half-written"),
        (b"\xff\xfe", "config-not-utf8"),
        (None, "config-missing"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: bytes | None, code: str) -> None:
    """A file that is missing, no text, no TOML or half-written: one line and exit 1."""
    place = tmp_path / "c.toml"
    if content is not None:
        place.write_bytes(content)
    assert str(place) in one_line(run("run", "--http-only", "--config", str(place)), code)


def test_all_mistakes_come_together() -> None:
    """One start tells every mistake, a line each."""
    done = run("run", "--http-only", "--port", "x", "--upstream", "y", LOCALEDGE_LOG_FROMAT="json")
    assert codes(done) == ["unknown-variable-near", "bad-number", "url-no-scheme"]
    assert done.returncode == 1
    done = run("run", "--port", "x", LOCALEDGE_CA_FILE="/none.pem")
    assert codes(done) == ["bad-number", "ca-file-missing"]


def test_R23_a_token_on_no_command_line() -> None:
    """R23: there is no flag that would put the client token into the process list."""
    assert "token" not in run("run", "--help").stdout


def test_an_unchecked_certificate_is_warned_about_at_every_start() -> None:
    """--insecure-upstream never goes unsaid, quiet or not."""
    words = ["--insecure-upstream", "--upstream", "https://gateway.example"]
    with running("run", "--http-only", "--port", "0", "-q", *words) as process:
        first_line(process)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("localedge: WARNING: the certificate of https://gateway.")
        process.kill()


@POSIX
def test_R35_a_log_that_nobody_reads_does_not_keep_run_from_stopping() -> None:
    """R35: with standard error stalled (a full pipe, Ctrl-S) a signal still ends the edge."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    process = subprocess.Popen(
        command("run", "--http-only", "--port", "0"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        encoding="utf-8",
    )
    os.close(writing)
    with process:
        try:
            assert first_line(process).startswith("Listening on ")
            process.terminate()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            os.close(reading)


@POSIX
def test_R43_a_log_of_json_lines_has_no_others() -> None:
    """R43: with --log-format json warnings, hints and the farewell are JSON lines as well."""
    words = ["--insecure-upstream", "--upstream", "https://gateway.example", "--host", "0.0.0.0"]
    environ = {"LOCALEDGE_CLIENT_TOKEN": "t"}
    with running("run", "--http-only", "--port", "0", "--log-format", "json", *words, **environ) as process:
        first_line(process)
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
    said = [json.loads(line) for line in errors.splitlines()]
    assert [line["event"] for line in said] == [
        "insecure-upstream",
        "beyond-loopback",
        "stopping",
    ]
    assert said[-1]["message"] == messages.text("stopping")


def test_the_demo_gateway_alone() -> None:
    """`demo-gateway` serves the canned answers on a port of its own."""
    with running("demo-gateway", "--port", "0") as process:
        line = first_line(process)
        assert line.startswith("Demo gateway listening on http://127.0.0.1:")
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port_of(line)}/v1/models", timeout=PATIENCE
        ) as response:
            assert json.load(response)["data"]
        process.terminate()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 or sys.platform == "win32"


def test_the_demo_gateway_on_a_taken_port() -> None:
    """`demo-gateway` tells a taken port and a bad address as `run` does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = run("demo-gateway", "--port", str(listener.getsockname()[1]))
    assert done.returncode == 1 and " is in use by " in done.stderr
    done = run("demo-gateway", "--port", "x", "--host", "y")
    assert codes(done) == ["bad-listen-host", "bad-number"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_R22_the_demo_gateway_listens_on_loopback_only(host: str) -> None:
    """R22: nothing guards the demo gateway, so no other machine may reach it."""
    assert host in one_line(run("demo-gateway", "--host", host), "demo-not-loopback")
