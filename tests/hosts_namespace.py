"""A network, an /etc and a hosts file of its own: the machine's are never touched."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests import peers
from tests.commands import PATIENCE

_KEPT = ("passwd", "group", "host.conf", "gai.conf", "ld.so.cache", "localtime")
_ENTER = 'set -e; ip link set lo up; mount --bind "$1" /etc; shift; '
_MOUNT_POINT = "mount --bind /etc/hosts /etc/hosts; "


@cache
def _possible() -> bool:
    words = ["unshare", "-n", "-m", "sh", "-c", "ip link set lo up && mount --bind /etc /etc"]
    return subprocess.run(words, capture_output=True).returncode == 0


def make_etc(place: Path, hosts: bytes, *, services: str = "files dns", resolver: str = "") -> Path:
    """An /etc with this hosts file, services for names in this order, this resolv.conf.  Its hosts file."""
    place.mkdir()
    for name in _KEPT:
        original = Path("/etc", name)
        if original.exists():
            place.joinpath(name).write_bytes(original.read_bytes())
    place.joinpath("nsswitch.conf").write_text(f"passwd: files\ngroup: files\nhosts: {services}\n")
    place.joinpath("resolv.conf").write_text(resolver)
    place.joinpath("hosts").write_bytes(hosts)
    return place / "hosts"


def inside(etc: Path, *words: str, mount_point: bool = False, before: str = "") -> list[str]:
    """The command line that runs `words` with nothing but loopback for a network, and `etc` for an /etc.

    `mount_point`: /etc/hosts is one, as in a container.  `before` is shell text that runs first.
    Skips the test where that cannot be had.
    """
    peers.need("unshare")
    peers.need("ip")
    if not _possible():
        peers.skip("unshare -n -m (needs root)")
    enter = _ENTER + (_MOUNT_POINT if mount_point else "") + before + ' exec "$@"'
    return ["unshare", "-n", "-m", "sh", "-c", enter, "sh", str(etc), *words]


def run(
    etc: Path, *words: str, mount_point: bool = False, before: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    """A localedge command that ends by itself."""
    command = [sys.executable, "-m", "localedge", *words]
    return subprocess.run(
        inside(etc, *command, mount_point=mount_point, before=before),
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )
