"""`localedge check` as users run it: keys, options, exit status, what is printed where."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.commands import PATIENCE, command, first_line, one_line, port_of, run, running

KEY = "sk-do-not-show-me-0123456789"
UNICODE = {"PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"}


class Refusing(BaseHTTPRequestHandler):
    """A gateway for which every key is wrong; remembers what came."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, str]]

    def do_HEAD(self) -> None:
        self.answer(200, b"")

    def do_GET(self) -> None:
        self.answer(404, b'{"error": "none"}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append({name.lower(): value for name, value in self.headers.items()})
        key = self.headers.get("x-api-key") or self.headers.get("Authorization", "")
        self.answer(401, json.dumps({"error": {"message": f"Incorrect API key: {key}"}}).encode())

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, *_: Any) -> None:
        """The test's output is its own."""


@contextmanager
def refusing() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Its URL and what it has seen."""
    seen: list[dict[str, str]] = []
    handler = type("Handler", (Refusing,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def test_the_demo_gateway_by_default() -> None:
    """Without a gateway the built-in demo gateway is checked, which nobody is to take for his own."""
    done = run("check")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("No gateway is configured: checking the demo gateway")
    assert "The same through localedge" in lines
    assert {line[:4] for line in lines if " s  " in line} == {"ok  ", "note"}
    assert lines[-1].startswith("The demo gateway works; nothing is known of yours.")
    assert lines[-1].endswith("localedge check --upstream http://gateway.example:8000")
    assert json.loads(run("check", "--json").stdout)["demo"] is True


def test_a_gateway_as_json() -> None:
    """`--json` is one document on standard output, with a code, a sentence and times for each finding."""
    with running("demo-gateway", "--port", "0") as gateway:
        url = f"http://127.0.0.1:{port_of(first_line(gateway))}"
        done = run("check", "--upstream", url, "--json", ANTHROPIC_API_KEY=KEY)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["gateway"] == url and document["usable"] is True and document["demo"] is False
    assert (document["model"], document["scheme"]) == ("claude-opus-4", "x-api-key")
    stream = [one for one in document["findings"] if one["check"] == "stream"]
    assert [one["through_edge"] for one in stream] == [False, True]
    for one in stream:
        assert one["code"] == "check-stream-ok" and 0 < one["longest_gap"] < one["seconds"]
    assert KEY not in done.stdout


@pytest.mark.parametrize("name", ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY", "--key-file"])
def test_R23_a_key_is_sent_and_never_shown(name: str, tmp_path: Path) -> None:
    """The key comes from a variable or a file; even where the gateway quotes it, it is not shown (R23)."""
    file = tmp_path / "key"
    file.write_text(f"\ufeff{KEY}\n", encoding="utf-8")
    words = ["--key-file", str(file)] if name == "--key-file" else []
    environ = {name: KEY} if not words else {"ANTHROPIC_API_KEY": "another"}
    with refusing() as (url, seen):
        done = run("check", "--upstream", url, *words, **environ)
    assert done.returncode == 1 and done.stderr == ""
    assert KEY not in done.stdout and "The key is refused" in done.stdout
    first = seen[0].get("x-api-key") if name == "ANTHROPIC_API_KEY" else seen[0].get("authorization")
    assert first in (KEY, f"Bearer {KEY}")
    assert done.stdout.splitlines()[-1].startswith("Not usable for Claude Desktop as it is.")


def test_without_a_key_it_is_said_where_to_put_one() -> None:
    """Nobody is asked where there is no terminal; no key goes out."""
    with refusing() as (url, seen):
        done = run("check", "--upstream", url)
    assert done.returncode == 1 and done.stderr.startswith("No key: the gateway is asked without one.")
    assert "The gateway wants a key" in done.stdout
    assert all("authorization" not in one and "x-api-key" not in one for one in seen)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "secret-file-unreadable"),
        (b"", "check-key-bad"),
        (b"two words", "check-key-bad"),
        (b"\xff\xfe\x00", "check-key-bad"),
        (b"line\nline", "check-key-bad"),
    ],
)
def test_a_key_file_that_holds_no_key(content: bytes | None, code: str, tmp_path: Path) -> None:
    """A file that is missing or holds something else is told before anything is sent; its content is not."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    line = one_line(run("check", "--key-file", str(file)), code)
    assert "line" not in line or content != b"line\nline" or "one line of" in line


def test_a_directory_in_place_of_a_key_file(tmp_path: Path) -> None:
    """A directory is no key file."""
    one_line(run("check", "--key-file", str(tmp_path)), "secret-file-unreadable")


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        (["--model", "two words"], "check-model-bad", 2),
        (["--model", ""], "check-model-bad", 2),
        (["--timeout", "soon"], "bad-duration", 1),
        (["--timeout", "0"], "out-of-range", 1),
        (["--upstream", "gateway.example"], "url-no-scheme", 1),
        (["--key", "sk-1"], "no-such-option-near", 2),
        (["extra"], "extra-words", 2),
    ],
)
def test_mistakes_in_the_words(words: list[str], code: str, status: int) -> None:
    """Each mistake has its own sentence, and nothing is asked."""
    one_line(run("check", *words), code, status)


def test_nobody_there_in_chinese() -> None:
    """A gateway that does not answer: the sentence in the user's language, exit status 1."""
    done = run("check", "--upstream", "http://127.0.0.1:9", "--lang", "zh", **UNICODE)
    assert done.returncode == 1
    assert "拒绝连接" in done.stdout and done.stdout.splitlines()[-1].startswith(
        "目前不能用于 Claude Desktop。"
    )


def test_it_says_that_it_waits_and_can_be_ended() -> None:
    """While a gateway is silent it says so on standard error; Ctrl-C ends it at once, without a traceback."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with running("check", "--upstream", url, ANTHROPIC_AUTH_TOKEN=KEY) as process:
            assert process.stderr is not None and process.stdout is not None
            line = process.stderr.readline()
            assert line.startswith("Waiting for HEAD /: 2 s so far, 10 s at most")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err == "" and "Traceback" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are different there")
def test_a_key_typed_at_a_prompt_is_not_shown() -> None:
    """On a terminal the key is asked for, without echo."""
    import pty

    with refusing() as (url, seen):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            command("check", "--upstream", url),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=theirs,
            encoding="utf-8",
            start_new_session=True,
        )
        os.close(theirs)
        terminal = b""
        while b"none): " not in terminal:
            piece = _read(ours)
            assert piece, terminal
            terminal += piece
        os.write(ours, KEY.encode() + b"\n")
        out, _ = process.communicate(timeout=PATIENCE)
        terminal += _read(ours)
        os.close(ours)
    assert process.returncode == 1
    assert seen[0]["authorization"] == f"Bearer {KEY}"
    assert KEY not in out and KEY.encode() not in terminal


def _read(terminal: int) -> bytes:
    """What stands on a terminal whose other end may be closed.  Fails when nothing comes."""
    ready, _, _ = select.select([terminal], [], [], PATIENCE)
    assert ready, "nothing was asked"
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""  # Linux says EIO where the other end is closed


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told() -> None:
    """A report that cannot be written is a failure of its own, not a traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("check"), stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE
        )
    assert done.returncode == 1 and "[output-failed]" in done.stderr


def test_http_only_imports_nothing_of_it() -> None:
    """Who only runs the edge does not pay for the check."""
    code = (
        "import sys; import localedge.cli.run, localedge.edge.service;"
        "print([name for name in sys.modules if 'prob' in name and 'localedge' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "[]", done.stderr
