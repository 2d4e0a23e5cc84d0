"""Child processes of the bench: started, looked at through /proc, and always stopped, by their ids."""

import contextlib
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


class Unavailable(Exception):
    """A program is not installed, did not start, or did not get ready: the reason as text."""


def _die_with_parent() -> None:
    # Even a runner that is killed outright leaves nothing behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)


class Child:
    """A running program, in a session of its own so that Ctrl-C reaches the bench alone.

    `log` receives its standard error, and its standard output unless `port_pattern` is given: then line
    `port_line` of standard output (from 1) must match it, and group 1 is the port.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        environment: dict[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        port_pattern: str | None = None,
        port_line: int = 1,
        directory: Path | None = None,
    ) -> None:
        self.name = Path(arguments[0]).name
        self.log = log
        self._pattern = port_pattern
        self._port_line = port_line
        self._said = b""
        self.started = time.monotonic()
        with log.open("ab") as sink:
            # A Ctrl-C in the middle of a fork would be lost: Python's own hooks swallow exceptions there.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
            try:
                self.process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if port_pattern else sink,
                    stderr=sink,
                    env=environment,
                    pass_fds=pass_fds,
                    cwd=directory,
                    start_new_session=True,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                raise Unavailable(f"{arguments[0]}: {error.strerror}") from error
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def announced_port(self, timeout: float = 10.0) -> int:
        """The port from standard output; raises `Unavailable`."""
        assert self._pattern is not None and self.process.stdout is not None
        output, deadline = self.process.stdout.fileno(), time.monotonic() + timeout
        while self._said.count(b"\n") < self._port_line:
            ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(output, 4096) if ready else b""
            if not piece:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(1 if ready else 0)
                raise Unavailable(f"{self.name} said no port: {self.last_words()}")
            self._said += piece
        line = self._said.decode(errors="replace").splitlines()[self._port_line - 1]
        match = re.search(self._pattern, line)
        if match is None:
            raise Unavailable(f"line {self._port_line} of {self.name} is {line!r}")
        return int(match[1])

    def found_port(self, timeout: float = 10.0) -> int:
        """The TCP port the process listens on, seen from outside; raises `Unavailable`."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for port in listening_ports(self.pid):
                return port
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        raise Unavailable(f"{self.name} does not listen: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the log, for an error message."""
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        words = lines[-1][:200] if lines else "no output"
        status = self.process.poll()
        return words if status is None else f"exit status {status}; {words}"

    def family(self) -> list[int]:
        """The ids of the process and of all its descendants."""
        return descendants(self.pid)

    def cpu_seconds(self) -> float:
        """User and system time used so far."""
        return sum(_cpu_ticks(pid) for pid in self.family()) / TICKS_PER_SECOND

    def resident(self) -> int:
        """Bytes resident now.  smaps_rollup walks the pages: VmRSS may lag by some hundred kB."""
        return sum(_kilobytes(pid, "smaps_rollup", "Rss") for pid in self.family()) * 1024

    def resident_peak(self) -> int:
        """Most bytes resident since `reset_peak`."""
        return sum(_kilobytes(pid, "status", "VmHWM") for pid in self.family()) * 1024

    def reset_peak(self) -> None:
        """Let `resident_peak` begin anew."""
        for pid in self.family():
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        """End the process and its descendants; returns when they are gone."""
        family = self.family()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def stopping(child: Child) -> Iterator[Child]:
    """The child, stopped at the end whatever happens."""
    try:
        yield child
    finally:
        child.stop()


def inheritable_listener() -> socket.socket:
    """A listening socket on a free loopback port, to be handed to a child: no port is ever guessed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.set_inheritable(True)
    return listener


def descendants(root: int) -> list[int]:
    """A process id, followed by those of its children and theirs."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (columns := _stat(int(entry.name))):
            parents[int(entry.name)] = int(columns[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    return _stat(pid)[:1] not in ([], ["Z"])


def listening_ports(pid: int) -> list[int]:
    """IPv4 TCP ports that a process listens on, matched by the inodes of its sockets."""
    inodes = set()
    with contextlib.suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(entry.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    ports = []
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        columns = line.split()
        if columns[3] == "0A" and columns[9] in inodes:
            ports.append(int(columns[1].rpartition(":")[2], 16))
    return ports


def _kilobytes(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
    return 0


def _stat(pid: int) -> list[str]:
    """The columns of /proc/PID/stat from the state on; none when the process is gone."""
    with contextlib.suppress(OSError):
        # The name may hold spaces and parentheses; what follows the last one is fixed.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return []


def _cpu_ticks(pid: int) -> int:
    columns = _stat(pid)
    return int(columns[11]) + int(columns[12]) if columns else 0
