"""What tests of doctor's look at proxies share: a proxy that remembers, and a user's home."""

import os
import socket
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

from localedge.claude.health import Finding, Severity
from localedge.config import Config, Gateway, Https
from localedge.machine.health import Scene
from localedge.machine.health_proxies import look
from localedge.machine.stores.system import System
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests.commands import PATIENCE

NAME = "localedge.test"


class Proxy:
    """Says 502 to everybody and remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """With a password, which must not be seen."""
        return f"http://joe:s3cret@127.0.0.1:{self.port}"

    def close(self) -> None:
        """Nobody listens any more."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as last:
            last.sendall(b"quit\r\n\r\n")
            self._thread.join(PATIENCE)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            with peer:
                peer.settimeout(PATIENCE)
                line = peer.recv(65536).partition(b"\r\n")[0].decode()
                if line == "quit":
                    return
                if line:
                    self.asked.append(line)
                    peer.sendall(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


class Place:
    """A user's home, and what is configured."""

    def __init__(self, place: Path) -> None:
        self.home = place / "home"
        self.home.mkdir()
        self.vault = Vault(place / "data" / "ca")
        self.config = Config(
            Gateway("http", "gateway.example", 80), https=Https((NAME,), 18443, str(self.vault.directory))
        )
        self.root = place
        self.platform = "linux"
        self.environ: dict[str, str] = {"XDG_CURRENT_DESKTOP": "none", "SHELL": "/bin/bash"}

    def secure(self) -> None:
        """HTTPS is set up."""
        now = datetime.now(UTC)
        self.vault.store(make_authority([NAME], now), [NAME], now)

    def system(self) -> System:
        """The machine."""
        path = os.environ.get("PATH", "")
        return System(self.root, self.home, {"PATH": path, **self.environ}, self.platform)

    def found(self) -> dict[str, Finding]:
        """What is found, by its code; a proxy's password is nowhere in it."""
        findings = list(look(Scene(self.config, self.root / "config.toml", self.system())))
        assert "s3cret" not in repr(findings) + "".join(one.sentence() for one in findings)
        return {one.code: one for one in findings}

    def codes(self) -> list[str]:
        """What is not good."""
        return [code for code, one in self.found().items() if one.severity is not Severity.GOOD]

    def do(self, command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """What a user does with a finding's command, and more, in a shell."""
        return subprocess.run(
            ["bash", "-c", command],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **self.environ, **environ},
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
