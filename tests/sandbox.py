"""The whole command on a machine of its own: a mount namespace with copies of what it may change.

Nothing of the real machine's trust is touched: the directories below are bound over with copies, in a
namespace that ends with the command; only the copies stay, for the next command of the same test.
"""

import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from tests import peers
from tests.commands import command
from tests.trusting import snapshot

PATIENCE = 90.0
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
CERTS = Path("/etc/ssl/certs")
LOCAL = Path("/usr/local/share/ca-certificates")
HOOKS = Path("/etc/ca-certificates/update.d")
LIST = Path("/etc/ca-certificates.conf")
SHARED = Path("/usr/share/ca-certificates")
FEW = 5
"""Certificates of the distribution's own: the tool's time grows with their number."""
STASH = Path("/mnt")
JAVA = ("/var/lib/dpkg", "/var/lib/ca-certificates-java", "/var/log")


class Sandbox:
    """A Debian with one user, who has a Firefox profile, and no Chromium unless the machine has."""

    def __init__(self, place: Path, *, java: bool = False) -> None:
        for program in ("update-ca-certificates", "openssl", "unshare", "certutil"):
            peers.need(program)
        if sys.platform != "linux" or os.geteuid() != 0:
            peers.skip("root, for a mount namespace")
        if not all(path.exists() for path in (CERTS, LOCAL, HOOKS, LIST, SHARED)):
            peers.skip("Debian's ca-certificates")
        self.place = place
        self.home = place / "home"
        self.data = self.home / ".local/share"
        self.bin = place / "bin"
        self.profile = self.home / ".mozilla/firefox/abc.default"
        self._bound = {str(path): place / path.name for path in (CERTS, LOCAL, HOOKS)}
        for directory in (self.bin, self.profile, self.data):
            directory.mkdir(parents=True)
        for path, copy in self._bound.items():
            copy.mkdir()
            if java:
                _copy(Path(path), copy)
        if java:
            self._bind_java()
        else:
            few = [line for line in LIST.read_text().splitlines() if (SHARED / line).is_file()][:FEW]
            self._bound[str(LIST)] = place / "few.conf"
            self._bound[str(LIST)].write_text("\n".join([*few, ""]))
        argv = ["certutil", "-N", "-d", f"sql:{self.profile}", "--empty-password"]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=30)
        for _ in range(2):
            self.run_in(["update-ca-certificates", "--fresh"])

    @property
    def journal(self) -> Path:
        """Where the command keeps it."""
        return self.data / "localedge/trust-journal.json"

    @property
    def authority(self) -> Path:
        """The CA's directory."""
        return self.data / "localedge/ca"

    @property
    def certs(self) -> Path:
        """The copy of /etc/ssl/certs."""
        return self._bound[str(CERTS)]

    @property
    def local(self) -> Path:
        """The copy of /usr/local/share/ca-certificates."""
        return self._bound[str(LOCAL)]

    def program(self, name: str, *lines: str) -> None:
        """A program that is found before the real one."""
        path = self.bin / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)

    def localedge(
        self, *words: str, user: int | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Our own command in there, with no terminal.  `user`: with that user's rights."""
        return self.run_in(command(*words), user=user, **environ)

    def run_in(
        self, argv: Sequence[str], *, user: int | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Any command."""
        path = environ.pop("PATH", f"{self.bin}:{_PATH}")
        return subprocess.run(
            self._argv(["env", f"PATH={path}", *argv], user),
            env=self._environ(environ),
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )

    def at_terminal(self, *words: str, prompt: str, answer: str) -> tuple[int, str]:
        """Our own command at a terminal of its own, where somebody types `answer` when they see `prompt`."""
        parent, child = pty.openpty()
        inner = ["env", f"PATH={self.bin}:{_PATH}", *command(*words)]
        argv = ["setsid", "--ctty", "--wait", *self._argv(inner, None)]
        seen, answered = b"", False
        # A program that asks for a password drops what was typed before it switched the echo off.
        secret = "assword" in prompt
        with subprocess.Popen(
            argv, env=self._environ({}), stdin=child, stdout=child, stderr=child
        ) as process:
            os.close(child)
            try:
                until = time.monotonic() + PATIENCE
                while time.monotonic() < until:
                    if select.select([parent], [], [], 0.05)[0]:
                        seen += os.read(parent, 65536)
                        until = time.monotonic() + PATIENCE
                    echoes = bool(termios.tcgetattr(parent)[3] & termios.ECHO)
                    if not answered and prompt.encode() in seen and not (secret and echoes):
                        answered = True
                        os.write(parent, f"{answer}\n".encode())
                process.kill()
            except (OSError, termios.error):
                pass  # EIO: the other end is closed
            os.close(parent)
        return process.returncode, seen.decode().replace("\r\n", "\n")

    def snapshot(self) -> dict[str, str]:
        """Everything a command could change, but the CA's own directory and what certutil rewrites."""
        seen = snapshot(self.certs, self.local, self.home)
        skipped = (str(self.data / "localedge"), str(self.profile))
        return {path: what for path, what in seen.items() if not path.startswith(skipped)}

    def nicknames(self) -> list[str]:
        """What the Firefox profile has."""
        argv = ["certutil", "-L", "-d", f"sql:{self.profile}"]
        done = subprocess.run(argv, capture_output=True, encoding="utf-8", timeout=30, check=True)
        return [line[:60].strip() for line in done.stdout.splitlines()[4:] if line.strip()]

    def _argv(self, argv: Sequence[str], user: int | None) -> list[str]:
        mounts = [f'mount --bind "{copy}" "{path}"' for path, copy in self._bound.items()]
        script = " && ".join([*mounts, 'exec "$@"'])
        as_user = []
        if user is not None:
            subprocess.run(["chown", "-R", f"{user}:{user}", str(self.home)], check=True)
            self.place.chmod(0o755)
            script = " && ".join([*_opened([self.place, *_READ]), script])
            as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        return ["unshare", "-m", "-n", "sh", "-c", script, "sh", *as_user, *argv]

    def _environ(self, added: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SUDO_", "XDG_"))}
        source = str(Path(__file__).parents[1] / "src")
        return {
            **kept,
            "HOME": str(self.home),
            "PATH": _PATH,
            "PYTHONPATH": os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")])),
            **added,
        }

    def _bind_java(self) -> None:
        """The hook of ca-certificates-java goes through dpkg's triggers."""
        if not (HOOKS / "jks-keystore").exists() or not (CERTS / "java/cacerts").exists():
            peers.skip("ca-certificates-java")
        peers.need("keytool")
        for number, path in enumerate(JAVA):
            copy = self.place / f"java{number}"
            _copy(Path(path), copy)
            self._bound[path] = copy


_READ = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[1])
"""What a Python of the tests is made of."""


def _opened(paths: Sequence[Path]) -> list[str]:
    """Mounts that let every user reach these paths, though a directory above them is closed to others.

    An open one takes the place of the closed one, with nothing in it but them.
    """
    closed = {}
    for path in dict.fromkeys(one.resolve() for one in paths):
        for above in reversed([path, *path.parents]):
            if not above.stat().st_mode & 0o001:
                closed[path] = above
                break
    lines = [f'mount -t tmpfs -o mode=755 none "{STASH}"'] if closed else []
    for number, path in enumerate(closed):
        lines += [f'mkdir "{STASH}/{number}"', f'mount --bind "{path}" "{STASH}/{number}"']
    lines += [f'mount -t tmpfs -o mode=755 none "{above}"' for above in dict.fromkeys(closed.values())]
    for number, path in enumerate(closed):
        lines += [f'mkdir -p "{path}"', f'mount --bind "{STASH}/{number}" "{path}"']
    return lines


def _copy(path: Path, copy: Path) -> None:
    copy.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", f"{path}/.", str(copy)], check=True)
    assert shutil.which("mount")
