"""What Linux holds of a TCP conversation: so that a test can tell what a process in the middle holds."""

import sys
from pathlib import Path

import pytest

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/net/tcp")


def queues() -> dict[tuple[int, int], tuple[int, int]]:
    """Of every IPv4 socket, by local and remote port: bytes sent and not acknowledged, bytes not read."""
    found = {}
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        _, local, remote, state, sizes, *_ = line.split()
        if state != "0A":  # LISTEN counts connections there
            sent, unread = sizes.split(":")
            ports = int(local.split(":")[1], 16), int(remote.split(":")[1], 16)
            found[ports] = int(sent, 16), int(unread, 16)
    return found


def in_kernel(port: int) -> int:
    """Bytes in both directions of every connection with this port at one end."""
    return sum(sent + unread for ports, (sent, unread) in queues().items() if port in ports)
