"""Somebody who runs `localedge setup`: a home, a gateway in a thread, a terminal of their own."""

import json
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from localedge.config import Limits
from localedge.http.head import RequestHead
from localedge.http.parser import End, RequestReader
from tests.check_peers import Asked, answer, error, good
from tests.commands import PATIENCE, command

KEY = "sk-do-not-show-me-0123456789"
_ECHO = 0.05
KILLED = """
import os, sys
from localedge.cli import main

os.fsync = lambda descriptor: None  # a kill loses nothing that was written; a power cut is not played
number, words = int(sys.argv[1]), sys.argv[2:]
count = 0
for name in ("replace", "rename", "unlink", "mkdir", "rmdir", "chmod"):
    def step(*given, call=getattr(os, name), **others):
        global count
        count += 1
        if count == number:
            os.kill(os.getpid(), 9)
        return call(*given, **others)
    setattr(os, name, step)
sys.exit(main(words))
"""


class User:
    """A home with nothing in it, and a port that nobody listens on."""

    def __init__(self, place: Path) -> None:
        self.home = place / "home"
        config, data = self.home / ".config", self.home / ".local" / "share"
        self.home.mkdir(parents=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(config),
            "XDG_DATA_HOME": str(data),
            "LOCALEDGE_PORT": str(self.port),
            "PYTHONIOENCODING": "utf-8",
        }
        hosts = place / "hosts"
        hosts.write_text("127.0.0.1 localhost\n")
        self.hosts = ("--hosts-file", str(hosts))
        self.config = config / "localedge" / "config.toml"
        self.journal = data / "localedge" / "setup.json"
        self.library = config / "Claude-3p" / "configLibrary"

    def run(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command with no terminal."""
        return subprocess.run(
            command(*words),
            env=self._environ(environ),
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )

    def uninstall(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """`localedge uninstall`, with a hosts file of the test's own."""
        return self.run("uninstall", *self.hosts, *words, **environ)

    @contextmanager
    def running(self, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs until it is stopped."""
        with subprocess.Popen(
            command(*words),
            env=self._environ(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def talk(self, *words: str, answers: Sequence[tuple[str, str]], **environ: str) -> tuple[int, str]:
        """A command at a terminal, where somebody types each answer when they see its prompt.

        The answer `^C` is Ctrl-C.  What was typed does not count as seen.
        """
        import pty

        pid, terminal = pty.fork()
        if pid == 0:
            line = command(*words)
            os.execve(line[0], line, self._environ(environ))
        seen, waiting, at = b"", list(answers), 0
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], _ECHO)[0]:
                    seen += os.read(terminal, 65536)
                elif waiting and waiting[0][0].encode() in seen[at:]:
                    # Nothing more comes: it listens by now, and has switched the echo off if it wants to.
                    at, (_, answer) = len(seen), waiting.pop(0)
                    if answer == "^C":
                        os.kill(pid, signal.SIGINT)
                    else:
                        os.write(terminal, answer.encode() + b"\n")
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # EIO: the other end is closed
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        text = seen.decode().replace("\r\n", "\n")
        assert not waiting, (waiting, text)
        return os.waitstatus_to_exitcode(status), text

    def killed(self, number: int, words: Sequence[str]) -> int:
        """A command that is killed at this step: its status, 0 where it has fewer steps."""
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(number), *words],
            env=self._environ({"ANTHROPIC_API_KEY": KEY}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        ).returncode

    def files(self) -> dict[str, bytes]:
        """All there is."""
        found = [path for path in self.home.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.home)): path.read_bytes() for path in found}

    def profile(self) -> dict[str, object]:
        """The applied profile of Claude Desktop."""
        applied = json.loads((self.library / "_meta.json").read_bytes())["appliedId"]
        found = json.loads((self.library / f"{applied}.json").read_bytes())
        assert isinstance(found, dict)
        return found

    def write_config(self, text: str) -> bytes:
        """A configuration file of the user's own."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_bytes(text.encode())
        return text.encode()

    def _environ(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, **self.environ, **more}


def free_port() -> int:
    """A port that is free now.  Claude Desktop must be told one before the edge listens on it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


Handler = Callable[[Asked], bytes]


@contextmanager
def gateway(handler: Handler = good, port: int = 0) -> Iterator[tuple[str, list[Asked]]]:
    """A gateway that answers by this handler: its URL, and what it was asked."""
    seen: list[Asked] = []

    class Wire(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            reader, head, body = RequestReader(Limits()), None, bytearray()
            while data := self.request.recv(65536):
                reader.feed(data)
                while (event := reader.next_event()) is not None:
                    if isinstance(event, RequestHead):
                        head = event
                    elif isinstance(event, End):
                        assert head is not None
                        asked = Asked(head, bytes(body))
                        seen.append(asked)
                        self.request.sendall(handler(asked))
                        return
                    else:
                        body += event

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Wire) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", seen
        finally:
            server.shutdown()
            thread.join()


def keyed(asked: Asked) -> bytes:
    """A gateway that takes one key, by either scheme."""
    if asked.head.method == b"POST" and KEY not in asked.field(b"authorization") + asked.field(b"x-api-key"):
        return error(401, "invalid x-api-key")
    return good(asked)


def below(path: str) -> Handler:
    """A gateway whose API is below a path."""

    def handler(asked: Asked) -> bytes:
        target = asked.head.target.decode()
        if asked.head.method == b"HEAD":
            return good(asked)
        if not target.startswith(f"{path}/"):
            return error(404, "Not found")
        head = asked.head._replace(target=target.removeprefix(path).encode())
        return keyed(Asked(head, asked.body))

    return handler


def moving(asked: Asked) -> bytes:
    """A gateway that sends everybody elsewhere, and from there back."""
    target = asked.head.target.decode()
    if asked.head.method == b"HEAD":
        return good(asked)
    elsewhere = target.removeprefix("/there") if target.startswith("/there") else f"/there{target}"
    return answer(308, b"", location=elsewhere)


def unlisted(asked: Asked) -> bytes:
    """A gateway that does not tell its models."""
    return error(404, "Not found") if asked.line == "GET /v1/models" else keyed(asked)


@contextmanager
def claude_desktop(place: Path, sleep: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that looks like Claude Desktop, running."""
    import shutil

    directory = place / "claude-desktop"
    (directory / "resources").mkdir(parents=True)
    (directory / "resources" / "app.asar").touch()
    program = directory / "claude-desktop"
    shutil.copy(sleep, program)
    with subprocess.Popen([program, "600"]) as process:
        try:
            yield process
        finally:
            process.kill()
