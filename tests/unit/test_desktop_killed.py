"""Killed at any step, every file of Claude Desktop's is whole, and undo still puts all of them back."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="forks")

KILLED = """
import os, shutil, sys
from pathlib import Path
from localedge.machine import desktop_undo
from tests.desktop_homes import SETTINGS, directories, files, furnish, home, lines

STEPS = "open close fsync replace unlink rmdir chmod mkdir".split()
os.fsync = lambda descriptor: None  # a kill loses nothing that was written; a power cut is not played
what, layout, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
OTHER = {**SETTINGS, "inferenceGatewayBaseUrl": "https://localhost:18443"}

def apply(desktop, settings):
    with desktop.journal.held():
        desktop.apply(desktop.plan(settings, dev_tools=True))

def undo(desktop):
    with desktop.journal.held():
        undoing = desktop_undo.plan(desktop)
        if undoing is not None:
            assert desktop_undo.carry_out(desktop, undoing) == []
        return undoing

def act(desktop):
    if what == "undo":
        undo(desktop)
    else:
        apply(desktop, OTHER if what == "again" else SETTINGS)

def theirs(found):
    return {name: content for name, content in found.items() if not name.endswith(".new")}

number = kills = 0
while True:
    number += 1
    at = place / str(number)
    desktop = home(at, layout)
    furnish(desktop, lines)
    first, around = files(desktop), directories(desktop)
    if what != "apply":
        apply(desktop, SETTINGS)
    before = files(desktop)
    child = os.fork()
    if not child:
        count = 0
        for name in STEPS:
            def step(*words, call=getattr(os, name), **others):
                global count
                count += 1
                if count == number:
                    os._exit(9)
                return call(*words, **others)
            setattr(os, name, step)
        act(desktop)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9), status
    killed = files(desktop)

    # each file is the one before or the one after
    if status:
        reference = home(at / "reference", layout)
        furnish(reference, lines)
        state = desktop.journal.load()
        wanted = set(before.items()) | set(first.items())
        if state is not None:
            for record in state.records:
                name = str(Path(record.path).relative_to(desktop.system.home))
                content = theirs(killed).get(name)
                assert content is None or (name, content) in wanted or record.version(content), (number, name)
    else:
        assert killed == theirs(killed)

    # the same once more comes to its end, and undo leads back to the first byte
    if number % 2:
        act(desktop)
    undo(desktop)
    assert files(desktop) == first, (number, set(files(desktop)) ^ set(first))
    assert directories(desktop) == around, number
    assert not desktop.journal.path.exists()
    shutil.rmtree(at)
    if status == 0:
        break
    kills += 1
print(kills)
"""


@POSIX
@pytest.mark.parametrize("what", ["apply", "again", "undo"])
@pytest.mark.parametrize("layout", ["linux", "msix"])
def test_killed_at_any_step(tmp_path: Path, what: str, layout: str) -> None:
    """A process that dies before any of its system calls leaves whole files and a journal that works."""
    argv = [sys.executable, "-c", KILLED, what, layout, str(tmp_path)]
    path = [str(ROOT / "src"), str(ROOT)]
    code = f"import sys; sys.path[:0] = {path!r}\n" + KILLED
    argv[2] = code
    done = subprocess.run(argv, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) > 30, "the steps were counted"
