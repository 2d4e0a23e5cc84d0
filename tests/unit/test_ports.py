"""Who holds a port, and what a failure to listen means."""

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

from localedge.machine import ports, run
from localedge.machine.ports import Owner

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def proc(tmp_path: Path, tables: dict[str, str], processes: dict[int, tuple[str, list[str]]]) -> Path:
    """A /proc with these socket tables and these processes, each with a name and open files."""
    net = tmp_path / "net"
    net.mkdir()
    for name, lines in tables.items():
        (net / name).write_text(HEAD + lines)
    for pid, (name, files) in processes.items():
        descriptors = tmp_path / str(pid) / "fd"
        descriptors.mkdir(parents=True)
        (tmp_path / str(pid) / "comm").write_text(name + "\n")
        for number, target in enumerate(files):
            (descriptors / str(number)).symlink_to(target)
    return tmp_path


def line(address: str, state: str, inode: int) -> str:
    """A line of /proc/net/tcp."""
    return f"   0: {address} 00000000:0000 {state} 0:0 00:0 00000000  0  0 {inode} 1 0 100\n"


@pytest.mark.skipif(sys.byteorder == "big", reason="the tables are written down in little-endian words")
@pytest.mark.skipif(sys.platform == "win32", reason="/proc has links that Windows cannot make")
@pytest.mark.parametrize(
    ("host", "tables", "found"),
    [
        ("127.0.0.1", {"tcp": line("0100007F:46A0", "0A", 7)}, True),
        ("127.0.0.1", {"tcp": line("00000000:46A0", "0A", 7)}, True),
        ("0.0.0.0", {"tcp": line("0100007F:46A0", "0A", 7)}, True),
        ("127.0.0.1", {"tcp": "", "tcp6": line("00000000000000000000000000000000:46A0", "0A", 7)}, True),
        ("::1", {"tcp6": line("00000000000000000000000001000000:46A0", "0A", 7)}, True),
        ("127.0.0.1", {"tcp": line("0200007F:46A0", "0A", 7)}, False),
        ("127.0.0.1", {"tcp": line("0100007F:46A1", "0A", 7)}, False),
        ("127.0.0.1", {"tcp": line("0100007F:46A0", "01", 7)}, False),
        ("127.0.0.1", {"tcp": line("0100007F:46A0", "0A", 8)}, False),
        ("127.0.0.1", {}, False),
    ],
)
def test_the_owner_is_found_by_the_inode(
    tmp_path: Path, host: str, tables: dict[str, str], found: bool
) -> None:
    """On Linux the socket tables lead to the process that listens."""
    place = proc(tmp_path, tables, {12: ("nginx", ["/dev/null", "socket:[7]"]), 13: ("cat", ["pipe:[7]"])})
    assert ports.linux_owner(18080, host, place) == (Owner("nginx", 12) if found else None)


@pytest.mark.skipif(sys.platform == "win32", reason="/proc has links that Windows cannot make")
def test_a_name_that_a_terminal_would_obey(tmp_path: Path) -> None:
    """Programs give themselves any name (prctl(2), PR_SET_NAME)."""
    tables = {"tcp": line("00000000:46A0", "0A", 7)}
    place = proc(tmp_path, tables, {12: ("\x1b[2Jx", ["socket:[7]"])})
    assert ports.linux_owner(18080, "127.0.0.1", place) == Owner("\\x1b[2Jx", 12)


@pytest.mark.skipif(sys.platform != "linux", reason="asks the real /proc")
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_real_listener_is_named(family: socket.AddressFamily) -> None:
    """The system really tells who listens: here, this test."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.create_server((host, 0), family=family) as listener:
        port = listener.getsockname()[1]
        holder = ports.owner(port, host)
        assert holder is not None and holder.pid == os.getpid() and holder.name
        failure = ports.listen_failure(host, port, OSError(errno.EADDRINUSE, "in use"))
    assert failure.code == "port-in-use-by"
    assert str(failure).startswith(f"port {port} is in use by {holder.name} (pid {os.getpid()}). ")
    assert ports.owner(port, host) is None


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EADDRINUSE, "port-in-use"),
        (10048, "port-in-use"),
        (errno.EACCES, "port-reserved" if sys.platform == "win32" else "privileged-port"),
        (errno.EADDRNOTAVAIL, "address-not-available"),
        (10049, "address-not-available"),
        (errno.ENOBUFS, "listen-failed"),
    ],
)
def test_each_reason_not_to_listen_has_its_failure(
    monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    """A port in use, a privileged one and a foreign address are told apart."""
    monkeypatch.setattr(ports, "owner", lambda port, host: None)
    failure = ports.listen_failure("127.0.0.1", 80, OSError(number, "reason"))
    assert failure.code == code
    assert "?" not in failure.sentence("en"), "every detail is there"


def test_the_answers_of_other_systems_are_understood() -> None:
    """What lsof, netstat and tasklist print leads to the owner's name."""
    assert ports.lsof_owner("p123\ncnginx\nf6\n") == Owner("nginx", 123)
    assert ports.lsof_owner("") is None
    netstat = (
        "\r\n  Proto  Lokale Adresse  Remoteadresse  Status  PID\r\n"
        "  TCP    127.0.0.1:18080        127.0.0.1:50000        HERGESTELLT     4\r\n"
        "  TCP    127.0.0.1:18080        0.0.0.0:0              ABH\ufffdREN       4711\r\n"
    )
    assert ports.netstat_pid(netstat, 18080) == 4711
    assert ports.netstat_pid(netstat, 1808) is None
    tasklist = '"nginx.exe","4711","Console","1","12,345 K"\r\n'
    assert ports.tasklist_owner(tasklist, 4711) == Owner("nginx.exe", 4711)
    assert ports.tasklist_owner("INFO: No tasks are running.", 4711) is None


def test_a_program_that_is_missing_or_fails_says_nothing() -> None:
    """Not being able to ask is no error of its own."""
    assert run.output(["/nonexistent/program"]) == ""
    assert run.output([sys.executable, "-c", "raise SystemExit(1)"]) == ""
    assert run.output([sys.executable, "-c", "print('said')"]).strip() == "said"
