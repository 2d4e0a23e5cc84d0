"""Several waits at once, in threads that keep no program from ending."""

import subprocess
import sys
import threading

import pytest

from localedge.machine.side_by_side import SideBySide
from tests.commands import PATIENCE

ENDLESS = """
import threading
from localedge.machine.side_by_side import SideBySide
begun = threading.Event()
SideBySide().submit(lambda: begun.set() or threading.Event().wait())
begun.wait()
"""


def test_results_and_failures_are_the_callers() -> None:
    """Whoever asks for a result gets it, or what was raised."""
    pool = SideBySide()
    assert list(pool.map(pow, (2, 3), (4, 5))) == [16, 243]
    failed = pool.submit(int, "x")
    with pytest.raises(ValueError, match="'x'"):
        failed.result(PATIENCE)


def test_no_more_at_once_than_was_said() -> None:
    """The third waits until one of two is done."""
    both, go, third = threading.Barrier(3), threading.Event(), threading.Event()

    def wait() -> bool:
        both.wait(PATIENCE)
        return go.wait(PATIENCE) and not third.is_set()

    pool = SideBySide(2)
    first = [pool.submit(wait), pool.submit(wait)]
    both.wait(PATIENCE)
    last = pool.submit(third.set)
    go.set()
    assert last.result(PATIENCE) is None and third.is_set()
    assert any(one.result(PATIENCE) for one in first)


def test_a_program_ends_though_somebody_waits() -> None:
    """As after Ctrl-C, when a name server says nothing."""
    subprocess.run([sys.executable, "-c", ENDLESS], check=True, timeout=PATIENCE)
