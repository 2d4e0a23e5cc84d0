"""Who holds a port, and what it means when listening fails."""

import csv
import errno
import ipaddress
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from localedge.errors import Failure, reason_of
from localedge.settings.layers import clean

from . import run

_LISTENING = "0A"  # TCP_LISTEN, include/net/tcp_states.h
_PROC = Path("/proc")
# Windows reports its own numbers for the same things (winsock2.h).
_IN_USE = {errno.EADDRINUSE, 10048}
_FORBIDDEN = {errno.EACCES, errno.EPERM, 10013}
NO_ADDRESS = {errno.EADDRNOTAVAIL, 10049}


class Owner(NamedTuple):
    """A process that listens."""

    name: str
    pid: int


def listen_failure(host: str, port: int, error: OSError) -> Failure:
    """The failure to tell the user of when `listen` on an address raised `error`.

    For Twisted's `CannotListenError` pass its `socketError`.
    """
    if error.errno in _IN_USE:
        holder = owner(port, host)
        if holder is None:
            return Failure("port-in-use", port=port)
        return Failure("port-in-use-by", port=port, owner=holder.name, pid=holder.pid)
    if error.errno in _FORBIDDEN:
        code = "port-reserved" if sys.platform == "win32" else "privileged-port"
        return Failure(code, host=host, port=port)
    if error.errno in NO_ADDRESS:
        return Failure("address-not-available", host=host)
    return Failure("listen-failed", host=host, port=port, reason=reason_of(error))


def owner(port: int, host: str = "127.0.0.1") -> Owner | None:
    """The process that listens on a port, so that `host` cannot; None if the system does not tell."""
    if sys.platform == "linux":
        return linux_owner(port, host)
    elif sys.platform == "darwin":
        return lsof_owner(run.output(["/usr/sbin/lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]))
    elif sys.platform == "win32":
        pid = netstat_pid(run.output(["netstat", "-ano", "-p", "TCP"]), port)
        if pid is None:
            return None
        return tasklist_owner(run.output(["tasklist", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH"]), pid)
    else:
        return None


def linux_owner(port: int, host: str, proc: Path = _PROC) -> Owner | None:
    """From the socket table to its inode, and to the process that has it open.

    Other users' processes keep their descriptors to themselves: then None.
    """
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port, host, proc)}
    if not inodes:
        return None
    for process in proc.glob("[0-9]*"):
        try:
            if any(_leads_to(descriptor) in inodes for descriptor in (process / "fd").iterdir()):
                name = (process / "comm").read_text(errors="replace").strip()
                return Owner(clean(name), int(process.name))  # programs give themselves any name
        except OSError:
            continue  # gone meanwhile, or not ours to look at
    return None


def _leads_to(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""  # it has been closed meanwhile


def _listening_inodes(port: int, host: str, proc: Path) -> Iterator[str]:
    wanted = ipaddress.ip_address(host)
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            address, _, number = columns[1].partition(":")
            if columns[3] != _LISTENING or int(number, 16) != port:
                continue
            bound = _address(address)
            if bound == wanted or bound.is_unspecified or wanted.is_unspecified:
                yield columns[9]


def _address(words: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An address of /proc/net/tcp: 32-bit words in the machine's own byte order."""
    packed = b"".join(
        int(words[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(words), 8)
    )
    return ipaddress.ip_address(packed)


def lsof_owner(listed: str) -> Owner | None:
    """The first process of `lsof -Fpc`.  Written from its manual page; untried on a real Mac."""
    pid = re.search(r"^p(\d+)$", listed, re.MULTILINE)
    name = re.search(r"^c(.+)$", listed, re.MULTILINE)
    return Owner(name[1], int(pid[1])) if pid and name else None


def netstat_pid(listed: str, port: int) -> int | None:
    """The process that listens on a port in `netstat -ano`.  Untried on a real Windows.

    The state's name is translated there; a listening socket is known by its foreign port 0.
    """
    match = re.search(rf"^\s*TCP\s+\S+:{port}\s+\S+:0\s+\S+\s+(\d+)\s*$", listed, re.MULTILINE)
    return int(match[1]) if match else None


def tasklist_owner(listed: str, pid: int) -> Owner | None:
    """The process of `tasklist /FO CSV /NH` that has this pid.  Untried on a real Windows."""
    for row in csv.reader(listed.splitlines()):
        if len(row) > 1 and row[1] == str(pid):
            return Owner(row[0], pid)
    return None
