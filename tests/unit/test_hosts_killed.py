"""Killed at any step of a change, the hosts file is the old one or the new one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts_peer import POSIX, place

__all__ = ["place"]

KILLED = """
import os, sys
from pathlib import Path
from localedge.machine import hosts
from localedge.machine.hosts import HostsFile
from localedge.machine.hosts_text import Mapping

path, in_place = Path(sys.argv[1]), sys.argv[2] == "in place"
if in_place:
    def busy(new, old):
        raise OSError(16, "busy")
    hosts.rename = busy

def adds(text):
    return text.with_own([Mapping("127.0.0.1", "a.test")])

def empties(text):
    return text.with_own(())

def ready(edit):
    for entry in path.parent.iterdir():
        entry.unlink()
    path.write_bytes(OLD)
    path.chmod(0o640)
    if edit is empties:
        HostsFile(path).change(adds)

OLD = b"127.0.0.1 localhost\\nlast"
STEPS = "open close write fsync replace unlink ftruncate chmod chown setxattr mkdir lseek fstat stat".split()

def killed_at(number, edit):
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count = 0
    for name in STEPS:
        def step(*args, call=getattr(os, name), **kwargs):
            global at
            at += 1
            if at == number:
                os._exit(9)
            result = call(*args, **kwargs)
            return result
        setattr(os, name, step)
    HostsFile(path).change(edit)
    os._exit(0)

at, kills = 0, 0
for edit, other in ((adds, empties), (empties, adds)):
    number = 0
    while True:
        number += 1
        ready(edit)
        before = path.read_bytes()
        status = killed_at(number, edit)
        now = path.read_bytes()
        after = HostsFile(path).plan(edit).after.content()
        kept = now.rstrip(b"\\n") + b"\\n" * now.endswith(b"\\n") if in_place else now
        assert kept in (before, after, OLD + b"\\n"), (number, now)
        if status == 0:
            break
        assert status == 9, status
        kills += 1
        if kept != OLD or number % 2:
            HostsFile(path).change(adds)
        HostsFile(path).change(empties)
        left = path.read_bytes()
        assert left == OLD or (in_place and left.rstrip(b"\\n") == OLD), (number, left)
        assert [entry.name for entry in path.parent.iterdir()] == ["hosts"], list(path.parent.iterdir())
    assert path.read_bytes() == HostsFile(path).plan(edit).after.content()
print(kills)
"""


@POSIX
@pytest.mark.parametrize("how", ["renamed", "in place"])
def test_killed_at_any_step(place: Path, how: str) -> None:
    """Whenever the process dies, the file is the old or the new one, and the next run tidies up.

    Cut off between the write and the cut in place, a shorter file may keep empty lines at its end.
    """
    done = subprocess.run([sys.executable, "-c", KILLED, str(place), how], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40
