"""What `localedge doctor` looks at: ports with somebody behind them, whole machines."""

import ctypes
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from localedge.claude.health import Finding
from localedge.config import Config
from localedge.machine.health import Scene
from localedge.machine.stores.system import System
from tests import hosts_namespace
from tests.commands import PATIENCE


def under_wine() -> bool:
    """Whether this Windows is Wine, whose netstat names no processes, and whose files are Unix's."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


Found = dict[str, tuple[str, str, str]]
"""By code: severity, sentence, command."""
Talk = Callable[[socket.socket], None]
PROBED = b"HTTP/1.1 200 OK\r\nserver: localedge\r\ncontent-length: 0\r\n\r\n"
"""What an edge answers to `HEAD /`."""


def scene(place: Path, config: Config, *, now: datetime | None = None, **environ: str) -> Scene:
    """This machine with a configuration; its file is `place/c.toml`, an old one unless it is there."""
    if not (place / "c.toml").exists():
        (place / "c.toml").write_text("")
        os.utime(place / "c.toml", (1, 1))
    system = System(Path("/"), place / "home", {"PATH": os.defpath, **environ}, now=now or datetime.now(UTC))
    return Scene(config, place / "c.toml", system)


def by_code(findings: Iterable[Finding]) -> Found:
    """The findings, each code once, with a sentence in both languages."""
    found: Found = {}
    for one in findings:
        assert one.code not in found and "?" not in one.sentence("zh").removesuffix("?"), one
        found[one.code] = (one.severity.name, one.sentence(), one.command)
    return found


@contextmanager
def peer(talk: Talk, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Somebody who listens: each connection is given to `talk` in a thread of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        def one(connection: socket.socket) -> None:
            connection.settimeout(PATIENCE)
            with suppress(OSError), connection:
                talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
    thread.join(PATIENCE)


def saying(answer: bytes) -> Talk:
    """One that reads a request and answers with these bytes."""

    def talk(connection: socket.socket) -> None:
        if connection.recv(65536):
            connection.sendall(answer)

    return talk


def over_tls(pem: Path, talk: Talk) -> Talk:
    """The same over TLS, with the key and certificates of a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            talk(secure)

    return secured


def http(status: str = "200 OK", *fields: str) -> Talk:
    """An HTTP server with one answer to everything."""
    lines = [f"HTTP/1.1 {status}", *fields, "Content-Length: 0", "Connection: close", "", ""]
    return saying("\r\n".join(lines).encode())


@contextmanager
def nobody(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that is kept from everybody, and that nobody listens on."""
    with socket.socket() as held:
        held.bind((host, 0))
        yield held.getsockname()[1]


@contextmanager
def mute() -> Iterator[int]:
    """A port where connections are taken and nobody says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


LOOK = """
import ctypes, importlib, json, os, subprocess, sys
from pathlib import Path
area, file, user, before = sys.argv[1:5]
def start(*words):
    "A Python that ends with this process; it has printed its first line."
    words = [sys.executable, *words]
    last_will = lambda: ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "preexec_fn": last_will}
    subprocess.Popen(words, **pipes).stdout.readline()
if before:
    exec(before)
from localedge.machine.files import gather
from localedge.machine.health import Scene
from localedge.machine.stores.system import System
from localedge.settings import load
module = importlib.import_module(f"localedge.machine.health_{area}")
scene = Scene(load(gather({}, file, os.environ)).config, Path(file), System.here())
if user:
    child = os.fork()
    if child:  # root: what was started above is not for that user to end
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    import localedge.edge.resolving, localedge.pki.checks
    list(module.look(scene))  # another user may not read what is yet to be imported
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
rows = [[f.code, f.severity.name, f.sentence(), f.command] for f in module.look(scene)]
print(json.dumps(rows))
sys.stdout.flush()
os._exit(0)
"""


def look_in(argv: list[str], **environ: str) -> Found:
    """What a process of its own finds."""
    source = str(Path(__file__).parents[1] / "src")
    python_path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        argv,
        env={**os.environ, "PYTHONPATH": python_path, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return {
        code: (severity, sentence, command) for code, severity, sentence, command in json.loads(done.stdout)
    }


@contextmanager
def open_place() -> Iterator[Path]:
    """A directory that every user of this machine can reach, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_user(area: str, config: Path, user: int, **environ: str) -> Found:
    """What another user of this machine finds."""
    return look_in([sys.executable, "-c", LOOK, area, str(config), str(user), ""], **environ)


def alone(
    place: Path,
    area: str,
    config: str,
    hosts: bytes = b"127.0.0.1 localhost\n",
    *,
    before: str = "",
    shell: str = "",
    user: str = "",
    services: str = "files",
    resolver: str = "",
    edit: Callable[[Path], object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Found:
    """What is found on a machine with a network, an /etc and a hosts file of its own.

    `before` is Python that runs first, `shell` shell text before that; `edit` may change the hosts file.
    """
    file = place / "c.toml"
    file.write_text(config)
    etc = hosts_namespace.make_etc(place / "etc", hosts, services=services, resolver=resolver)
    if edit is not None:
        edit(etc)
    words = [sys.executable, "-c", LOOK, area, str(file), user, before]
    return look_in(hosts_namespace.inside(place / "etc", *words, before=shell), **(environ or {}))
