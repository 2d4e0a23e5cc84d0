"""Real browsers without a window, driven through their own remote protocols: Chromium's over a pipe
(https://chromedevtools.github.io/devtools-protocol), Firefox's Marionette over a socket.

A browser has a home directory of its own, and no name leads anywhere but to this machine.
"""

import json
import os
import select
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar, NamedTuple, Self

from tests import peers

PATIENCE = 90.0
"""Seconds until a test gives up on a browser: the first start on a busy machine takes long."""


class Visit(NamedTuple):
    """What came of going to a page: the browser's word for what is wrong with it, or its text."""

    error: str | None
    text: str


class Browser(ABC):
    """A running browser."""

    @abstractmethod
    def visit(self, url: str) -> Visit:
        """Go there."""


@contextmanager
def _process(
    words: list[str], environ: Mapping[str, str], **more: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """A program and its children, which all end with it."""
    with subprocess.Popen(
        words,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **more,
    ) as process:
        try:
            yield process
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


class Chromium(Browser):
    """Chromium, told what to do by JSON messages that end with NUL."""

    def __init__(self, commands: IO[bytes], answers: IO[bytes]) -> None:
        self._commands = commands
        self._answers = answers
        self._number = 0
        self._rest = b""

    @classmethod
    @contextmanager
    def running(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """Start it.  `environ` names a HOME in a temporary directory."""
        program = peers.need("chromium")
        to_read, commands = os.pipe()
        answers, to_write = os.pipe()
        words = [
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--remote-debugging-pipe", f"--user-data-dir={environ['HOME']}/chromium"),
            "--host-resolver-rules=MAP * 127.0.0.1",
            "about:blank",
        ]
        # The browser reads descriptor 3 and writes 4.
        shell = ["bash", "-c", f'exec "$@" 3<&{to_read} 4>&{to_write}', "sh", str(program), *words]
        with (
            os.fdopen(commands, "wb", buffering=0) as writing,
            os.fdopen(answers, "rb", buffering=0) as reading,
            _process(shell, environ, pass_fds=(to_read, to_write)),
        ):
            os.close(to_read)
            os.close(to_write)
            yield cls(writing, reading)

    def visit(self, url: str) -> Visit:
        """Go there, in a tab of its own."""
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        session = self._do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._do("Page.enable", session)
        went = self._do("Page.navigate", session, url=url)
        text = ""
        if "errorText" not in went:
            self._until(lambda said: said.get("method") == "Page.loadEventFired")
            asked = "document.documentElement.innerText"
            text = self._do("Runtime.evaluate", session, expression=asked)["result"]["value"]
        self._do("Target.closeTarget", targetId=target)
        return Visit(went.get("errorText"), text)

    def _do(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        said = {"id": number, "method": method, "params": params}
        if session is not None:
            said["sessionId"] = session
        self._commands.write(json.dumps(said).encode() + b"\0")
        answer = self._until(lambda said: said.get("id") == number)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _until(self, wanted: Any) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while True:
            message, found, rest = self._rest.partition(b"\0")
            if found:
                self._rest = rest
                said: dict[str, Any] = json.loads(message)
                if wanted(said):
                    return said
                continue
            assert select_one(self._answers, end - time.monotonic()), "Chromium says nothing"
            more = os.read(self._answers.fileno(), 1 << 16)
            assert more, "Chromium has ended"
            self._rest += more


def select_one(file: IO[bytes], seconds: float) -> bool:
    """Whether there is something to read in time."""
    return bool(select.select([file], [], [], max(0.0, seconds))[0])


class Firefox(Browser):
    """Firefox, told what to do by JSON messages with their length in front."""

    PREFERENCES: ClassVar[dict[str, int | str]] = {
        "marionette.port": 0,
        "network.dns.forceResolve": "127.0.0.1",
        "network.trr.mode": 5,
        "network.proxy.type": 0,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "app.update.auto": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "toolkit.telemetry.reportingpolicy.firstRun": False,
    }

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire.makefile("rwb")
        self._number = 0
        self._read()  # its greeting
        self._do("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})

    @classmethod
    def make_profile(cls, home: Path) -> Path:
        """A profile as Firefox makes one, with what keeps it quiet."""
        top = home / ".mozilla" / "firefox"
        profile = top / "test.default"
        profile.mkdir(parents=True)
        entry = "[Profile0]\nName=default\nIsRelative=1\nPath=test.default\nDefault=1\n"
        top.joinpath("profiles.ini").write_text(f"[General]\nStartWithLastProfile=1\n\n{entry}")
        lines = [
            f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in cls.PREFERENCES.items()
        ]
        profile.joinpath("user.js").write_text("\n".join(lines))
        return profile

    @classmethod
    @contextmanager
    def running(cls, environ: Mapping[str, str]) -> Iterator[Self]:
        """Start it with the profile that `make_profile` made in HOME."""
        program = peers.find("firefox-esr") or peers.need("firefox")
        profile = Path(environ["HOME"], ".mozilla", "firefox", "test.default")
        told = profile / "MarionetteActivePort"
        told.unlink(missing_ok=True)
        words = [str(program), "--headless", "--no-remote", "--marionette", "--profile", str(profile)]
        with _process([*words, "about:blank"], environ) as process:
            end = time.monotonic() + PATIENCE
            while not (told.exists() and told.read_text()):
                assert process.poll() is None, "Firefox has ended"
                assert time.monotonic() < end, "Firefox does not start"
                time.sleep(0.05)
            with socket.create_connection(("127.0.0.1", int(told.read_text())), PATIENCE) as wire:
                yield cls(wire)

    def visit(self, url: str) -> Visit:
        """Go there."""
        error, _ = self._do("WebDriver:Navigate", url=url)
        if error is None:
            return Visit(None, self._ask("document.body.innerText"))
        if error["error"] == "insecure certificate":
            return Visit(self._ask("document.getFailedCertSecurityInfo().errorCodeString"), "")
        return Visit(self._ask("document.documentURI"), "")

    def _ask(self, expression: str) -> str:
        _, found = self._do("WebDriver:ExecuteScript", script=f"return {expression}", args=[])
        return str(found["value"])

    def _do(self, command: str, **params: Any) -> tuple[dict[str, Any] | None, Any]:
        self._number += 1
        said = json.dumps([0, self._number, command, params]).encode()
        self._wire.write(b"%d:%b" % (len(said), said))
        self._wire.flush()
        _, number, error, result = self._read()
        assert number == self._number
        return error, result

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._wire.read(1)
            assert byte, "Firefox has ended"
            length += byte
        return json.loads(self._wire.read(int(length[:-1])))
