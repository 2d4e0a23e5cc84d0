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
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Self

from localedge.config import Limits
from localedge.http.head import RequestHead
from localedge.http.parser import End, RequestReader
from tests.check_peers import Asked, answer, error, good
from tests.commands import PATIENCE, command, started

KEY = "sk-do-not-show-me-0123456789"
_ECHO = 0.05
_FORKING = """
import importlib, json, os, signal, sys, threading
from contextlib import suppress
from localedge.cli import main

os.fsync = lambda descriptor: None  # a kill loses nothing that was written; a power cut is not played
known = set()


def killed_at(number):
    count = 0
    for name in ("replace", "rename", "unlink", "mkdir", "rmdir", "chmod"):
        def step(*given, call=getattr(os, name), **others):
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), 9)
            return call(*given, **others)
        setattr(os, name, step)


def child(job, imported):
    os.environ.clear()
    os.environ.update(job["environ"])
    signal.alarm(int(job["patience"]))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for standard in (1, 2):
        os.dup2(os.open(job["told"][standard - 1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), standard)
    killed_at(job["number"])
    status = main(job["words"])
    os.write(imported, " ".join(sys.modules).encode())
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    threading._shutdown()  # as an interpreter does that ends: threads that never do are a mistake
    os._exit(status)


for line in sys.stdin:
    job = json.loads(line)
    reading, imported = os.pipe()
    if (pid := os.fork()) == 0:
        child(job, imported)
    os.close(imported)
    with open(reading) as modules:
        names = modules.read().split()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    for name in names:  # the next child has them from the beginning
        if name not in (*sys.modules, *known, "twisted.internet.reactor"):
            known.add(name)
            with suppress(ImportError):
                importlib.import_module(name)
    print(status, flush=True)
"""


class Forking:
    """Commands in children of a process that has everything imported: processes of their own, and quick."""

    def __init__(self, place: Path) -> None:
        self._told = [place / "stdout", place / "stderr"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _FORKING],
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=PATIENCE)

    def run(
        self, words: Sequence[str], environ: dict[str, str], killed_at: int
    ) -> subprocess.CompletedProcess[str]:
        """A command with no terminal, killed at this step if it has so many."""
        told = [str(path) for path in self._told]
        job = {"words": words, "number": killed_at, "environ": environ, "told": told, "patience": PATIENCE}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(job)}\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        out, err = [path.read_text(encoding="utf-8") for path in self._told]
        return subprocess.CompletedProcess(words, status, out, err)


class User:
    """A home with nothing in it, and a port that nobody listens on."""

    def __init__(self, place: Path, forking: Forking) -> None:
        self._forking = forking
        self.home = place / "home"
        config, data = self.home / ".config", self.home / ".local" / "share"
        self.temporary = place / "tmp"
        """Where running edges leave their notes."""
        self.home.mkdir(parents=True)
        self.temporary.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(config),
            "XDG_DATA_HOME": str(data),
            "XDG_RUNTIME_DIR": "",
            "TMPDIR": str(self.temporary),
            "LOCALEDGE_PORT": str(self.port),
            "PYTHONIOENCODING": "utf-8",
        }
        hosts = place / "hosts"
        hosts.write_text("127.0.0.1 localhost\n")
        self.hosts = ("--hosts-file", str(hosts))
        self.config = config / "localedge" / "config.toml"
        self.journal = data / "localedge" / "setup.json"
        self.library = config / "Claude-3p" / "configLibrary"

    def run(self, *words: str, killed_at: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command with no terminal."""
        return self._forking.run(words, self.whole(environ), killed_at)

    def set_up(self, *words: str, **environ: str) -> None:
        """A whole setup, with a gateway that is gone afterwards."""
        with gateway(keyed) as (url, _):
            whole = ["setup", "--yes", "--no-run", "--upstream", url, *words]
            done = self.run(*whole, killed_at=0, ANTHROPIC_API_KEY=KEY, **environ)
        assert done.returncode == 0, done.stdout + done.stderr

    def uninstall(self, *words: str, killed_at: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """`localedge uninstall`, with a hosts file of the test's own."""
        return self.run("uninstall", *self.hosts, *words, killed_at=killed_at, **environ)

    def running(self, *words: str, **environ: str) -> AbstractContextManager[subprocess.Popen[str]]:
        """A command that runs until it is stopped."""
        return started(command(*words), subprocess.STDOUT, env=self.whole(environ))

    def talk(
        self, *words: str, answers: Sequence[tuple[str, str | Callable[[], None]]], **environ: str
    ) -> tuple[int, str]:
        """A command at a terminal, where somebody types each answer when they see its prompt.

        The answer `^C` is Ctrl-C, `^D` the end; a function is called, and Enter pressed.  What was typed does
        not count as seen.
        """
        import pty

        pid, terminal = pty.fork()
        if pid == 0:
            line = command(*words)
            os.execve(line[0], line, self.whole(environ))
        seen, waiting, at = b"", list(answers), 0
        deadline = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < deadline:
                if select.select([terminal], [], [], _ECHO)[0]:
                    seen += os.read(terminal, 65536)
                elif waiting and waiting[0][0].encode() in seen[at:]:
                    # Nothing more comes: it listens by now, and has switched the echo off if it wants to.
                    at, (_, answer) = len(seen), waiting.pop(0)
                    if callable(answer):
                        answer()
                        answer = ""
                    if answer == "^C":
                        os.kill(pid, signal.SIGINT)
                    else:
                        os.write(
                            terminal,
                            b"\4" if answer == "^D" else answer.encode(errors="surrogateescape") + b"\n",
                        )
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass  # EIO: the other end is closed
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        text = seen.decode(errors="replace").replace("\r\n", "\n")
        assert not waiting, (waiting, text)
        return os.waitstatus_to_exitcode(status), text

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

    def whole(self, more: dict[str, str]) -> dict[str, str]:
        """The environment of a command."""
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


def keyed(asked: Asked, key: str = KEY) -> bytes:
    """A gateway that takes one key, by either scheme."""
    if asked.head.method == b"POST" and key not in asked.field(b"authorization") + asked.field(b"x-api-key"):
        return error(401, "invalid x-api-key")
    return good(asked)


def by_x_api_key(asked: Asked) -> bytes:
    """A gateway that takes one key, by one scheme."""
    if asked.head.method == b"POST" and asked.field(b"x-api-key") != KEY:
        return error(401, "invalid x-api-key")
    return good(asked)


def foreign(asked: Asked) -> bytes:
    """A gateway with a model of another vendor."""
    if asked.line == "GET /v1/models":
        return answer(200, json.dumps({"data": [{"id": "gpt-5.5", "type": "model"}]}).encode())
    if asked.head.method == b"POST" and asked.json.get("model") != "gpt-5.5":
        return error(404, f"model: {asked.json.get('model')}")
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
def claude_desktop(user: "User", place: Path, sleep: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that looks like Claude Desktop, running."""
    import shutil

    directory = place / "claude-desktop"
    (directory / "resources").mkdir(parents=True)
    (directory / "resources" / "app.asar").touch()
    program = directory / "claude-desktop"
    shutil.copy(sleep, program)
    with subprocess.Popen([program, "600"], env=user.whole({})) as process:
        try:
            yield process
        finally:
            process.kill()
