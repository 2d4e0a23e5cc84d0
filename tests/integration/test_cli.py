"""The command line as users run it: real processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from localedge import messages

PATIENCE = 30.0
"""Seconds until a test gives up on a process."""

UPSTREAM = "http://gateway.example:8000"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


def command(*words: str) -> list[str]:
    """The command line of localedge."""
    return [sys.executable, "-m", "localedge", *words]


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*words),
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def running(*words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs until it is stopped."""
    process = subprocess.Popen(
        command(*words),
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line of standard output, without its end."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def port_of(line: str) -> int:
    """The port in a line that says where a command listens."""
    return int(line.partition("http://127.0.0.1:")[2].partition(" ")[0])


def one_line(done: subprocess.CompletedProcess[str], code: str, status: int = 1) -> str:
    """The one line of talk of a command that failed with this code and printed nothing else."""
    assert (done.returncode, done.stdout) == (status, ""), done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("localedge: ") and lines[0].endswith(f" [{code}]")
    return lines[0]


# -- run


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
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_R35_a_signal_ends_run_cleanly(number: signal.Signals) -> None:
    """R35: one signal stops the edge with exit status 0, and quiet means one line in all."""
    with running("run", "--http-only", "--port", "0", "--upstream", UPSTREAM, "-q") as process:
        line = first_line(process)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert line.startswith("Listening on ")
    assert (process.returncode, rest, errors) == (0, "", "")


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


def test_https_is_not_there_yet() -> None:
    """Without --http-only the user is told to add it."""
    assert "--http-only" in one_line(run("run"), "https-not-available")


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
    codes = [line.rpartition(" ")[2] for line in done.stderr.splitlines()]
    assert codes == ["[unknown-variable-near]", "[bad-number]", "[url-no-scheme]"]
    assert done.returncode == 1


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


# -- languages and terminals


def test_chinese_where_the_locale_is_chinese() -> None:
    """Messages follow LANG and --lang, and an ASCII terminal gets English rather than escapes."""
    chinese = messages.text("https-not-available", "zh")
    english = messages.text("https-not-available", "en")
    assert chinese in run("run", LANG="zh_CN.UTF-8", PYTHONUTF8="1").stderr
    assert chinese in run("run", "--lang", "zh", PYTHONUTF8="1").stderr
    assert english in run("run", "--lang", "en", LANG="zh_CN.UTF-8", PYTHONUTF8="1").stderr
    assert english in run("run", "--lang", "zh", PYTHONIOENCODING="ascii").stderr


# -- config


def test_config_init_show_and_path(tmp_path: Path) -> None:
    """A file is written, found, and shown with the place of every value."""
    place = tmp_path / "deep" / "c.toml"
    environ = {"LOCALEDGE_CONFIG": str(place)}
    done = run("config", "path", **environ)
    assert done.stdout == f"{place}\n" and "config init" in done.stderr
    done = run("config", "init", **environ)
    assert (done.returncode, done.stdout) == (0, f"{place}\n")
    assert "--force" in one_line(run("config", "init", **environ), "config-exists")
    assert run("config", "init", "--force", **environ).returncode == 0
    with place.open("a") as file:
        file.write('\nclient_token = "hunter2"\n')
    done = run("config", "show", **environ)
    assert "log.client_token" in one_line(done, "unknown-key-near")


def test_R23_config_show_tells_sources_and_hides_secrets(tmp_path: Path) -> None:
    """R23: every value is shown with where it came from, a secret as stars."""
    place = tmp_path / "c.toml"
    place.write_text(f'[gateway]\nurl = "{UPSTREAM}"\nproxy = "http://me:hunter2@proxy:3128"\n')
    environ = {"LOCALEDGE_CLIENT_TOKEN": "hunter2", "LOCALEDGE_PORT": "18081"}
    done = run("config", "show", "--config", str(place), **environ)
    assert done.returncode == 0 and "hunter2" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f'gateway.url = "{UPSTREAM}"  # {place}:2' in lines
    assert f'gateway.proxy = "http://***@proxy:3128"  # {place}:3' in lines
    assert "listen.port = 18081  # LOCALEDGE_PORT" in lines
    assert 'listen.client_token = "***"  # LOCALEDGE_CLIENT_TOKEN' in lines
    assert 'listen.host = "127.0.0.1"  # default' in lines
    done = run("config", "show", "--json", "--config", str(place), **environ)
    rows = {row["key"]: row for row in json.loads(done.stdout)}
    assert rows["listen.port"] == {
        "key": "listen.port",
        "value": 18081,
        "source": "LOCALEDGE_PORT",
        "secret": False,
    }
    assert rows["listen.client_token"]["value"] == "***"


# -- the rest


def test_the_bare_command_prints_help() -> None:
    """Who types only `localedge` learns what there is."""
    done = run()
    assert done.returncode == 0 and done.stderr == ""
    for word in ("run", "demo-gateway", "config", "version", "Exit codes: 0"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["demo-gateway"],
        ["config"],
        ["config", "show"],
        ["config", "path"],
        ["config", "init"],
        ["version"],
    ],
    ids=" ".join,
)
def test_help_is_a_screenful_with_an_example(words: list[str]) -> None:
    """Every command explains itself on one screen, with an example and its exit codes."""
    done = run(*words, "--help", COLUMNS="80")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) <= 30 and max(map(len, lines)) <= 80
    assert "  Example:" in lines and any("Exit codes: 0" in line for line in lines)


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(words: list[str]) -> None:
    """The version is told with what a report needs."""
    done = run(*words)
    assert done.returncode == 0
    assert done.stdout.startswith("localedge ") and "Twisted " in done.stdout


@pytest.mark.parametrize("words", [["frobnicate"], ["run", "--bogus"], ["run", "extra"], ["run", "--port"]])
def test_usage_mistakes_exit_2(words: list[str]) -> None:
    """A command line that is not understood is one line, points at --help, and exits 2."""
    assert "--help" in one_line(run(*words), "usage", 2)


def test_R23_an_internal_error_keeps_its_text_to_itself(tmp_path: Path) -> None:
    """R23: an unforeseen error is one line with its kind and place, without what it was about; exit 3."""
    (tmp_path / "sitecustomize.py").write_text(
        "import localedge.settings as s\ndef load(*a, **k): raise RuntimeError('hunter2')\ns.load = load\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("config", "show", PYTHONPATH=path)
    line = one_line(done, "internal-error", 3)
    assert "RuntimeError" in line and "options.py" in line and "hunter2" not in done.stderr


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
    assert [line.rpartition(" ")[2] for line in done.stderr.splitlines()] == [
        "[bad-listen-host]",
        "[bad-number]",
    ]
