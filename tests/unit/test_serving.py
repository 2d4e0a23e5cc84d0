"""The reactor that commands run in."""

import subprocess
import sys

import pytest

CHOSEN = """
import sys, time
sys.platform = sys.argv[1]
from localedge.cli.serving import choose_reactor
choose_reactor()
from twisted.internet import reactor
clock = time.monotonic if sys.platform != "linux" else lambda: time.clock_gettime(time.CLOCK_BOOTTIME)
before = clock()
due = reactor.callLater(60, print).getTime() - 60
assert before <= due <= reactor.seconds() <= clock()
choose_reactor()
"""


@pytest.mark.parametrize("platform", sorted({sys.platform, "freebsd14"}))
def test_R30_nobody_sets_its_clock(platform: str) -> None:
    """Whatever the reactor is, time limits do not follow the time of day (R30)."""
    command = [sys.executable, "-c", CHOSEN, platform]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
