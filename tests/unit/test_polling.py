"""The reactor of `localedge run` on Linux: Twisted's, but for the logging context."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.leftovers import Logged

if not sys.platform.startswith("linux"):
    pytest.skip("epoll is Linux's", allow_module_level=True)

from localedge.edge.polling import QuickEPollReactor


class Reader:
    """One end of a pipe; `act` is called when there is something to read."""

    def __init__(self, act: Any) -> None:
        self.read_end, self.write_end = os.pipe()
        self._act = act
        self.lost: list[Any] = []

    def fileno(self) -> int:
        """Twisted asks."""
        return self.read_end

    def doRead(self) -> Any:
        """Twisted: there is something to read."""
        os.read(self.read_end, 100)
        return self._act()

    def connectionLost(self, reason: Any) -> None:
        """Twisted: it has been dropped."""
        self.lost.append(reason)

    def logPrefix(self) -> str:
        """Twisted asks."""
        return "reader"


@pytest.fixture
def reactor() -> Iterator[Any]:
    """A reactor that is turned by hand."""
    reactor: Any = QuickEPollReactor()  # type: ignore[no-untyped-call]
    yield reactor
    reactor.removeAll()
    reactor._poller.close()
    if reactor.waker is not None:
        reactor.waker.connectionLost(None)


def test_what_is_ready_is_served(reactor: Any) -> None:
    """And nothing else."""
    seen: list[str] = []
    ready, quiet = Reader(lambda: seen.append("ready")), Reader(lambda: seen.append("quiet"))
    reactor.addReader(ready)
    reactor.addReader(quiet)
    os.write(ready.write_end, b"x")
    reactor.doPoll(0)
    reactor.doPoll(0)
    assert seen == ["ready"]


def test_R30_nobody_sets_its_clock(reactor: Any) -> None:
    """Time limits are told by the time since the start of the machine, sleep included (R30)."""
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    due = reactor.callLater(60, print).getTime() - 60
    assert before <= due <= reactor.seconds() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_an_exception_ends_its_own_connection_only(reactor: Any, logged: Logged) -> None:
    """It is logged, its descriptor is dropped, and the next one is served in the same turn."""
    seen: list[str] = []
    broken, sound = Reader(lambda: 1 / 0), Reader(lambda: seen.append("sound"))
    reactor.addReader(broken)
    reactor.addReader(sound)
    for one in (broken, sound):
        os.write(one.write_end, b"x")
    reactor.doPoll(0)
    assert len(logged.flush(ZeroDivisionError)) == 1
    assert len(broken.lost) == 1
    assert seen == ["sound"]


def test_a_descriptor_that_another_one_closed_is_left_alone(reactor: Any) -> None:
    """Two are ready; the first that is served takes the other one out."""
    seen: list[str] = []
    pair: list[Reader] = []

    def act(own: int) -> None:
        seen.append("served")
        reactor.removeReader(pair[1 - own])

    pair += [Reader(lambda: act(0)), Reader(lambda: act(1))]
    for one in pair:
        reactor.addReader(one)
        os.write(one.write_end, b"x")
    reactor.doPoll(0)
    assert seen == ["served"]


def test_a_busy_connection_keeps_nobody_waiting(reactor: Any) -> None:
    """One descriptor is always ready; timed calls, a thread's and the end get their turn all the same."""
    told: list[str] = []

    def act() -> None:
        os.write(busy.write_end, b"x")
        if len(told) == 1 and not thread.ident:
            thread.start()
        elif len(told) == 2:
            reactor.callLater(0, told.append, "made by the busy one")
        elif len(told) == 3:
            told.append("stopped")
            reactor.stop()

    thread = threading.Thread(target=lambda: reactor.callFromThread(told.append, "of a thread"))
    busy = Reader(act)
    reactor.addReader(busy)
    os.write(busy.write_end, b"x")
    reactor.callLater(0.001, told.append, "timed")
    reactor.run(installSignalHandlers=False)
    thread.join()
    assert told == ["timed", "of a thread", "made by the busy one", "stopped"]
    assert len(busy.lost) == 1


def test_a_connection_that_fails_twice_does_not_end_the_main_loop(reactor: Any, logged: Logged) -> None:
    """Reading raises, and so does `connectionLost`: both are logged, and the reactor runs on."""
    broken = Reader(lambda: 1 / 0)
    broken.connectionLost = lambda reason: {}[reason]  # type: ignore[method-assign]
    reactor.addReader(broken)
    os.write(broken.write_end, b"x")
    reactor.callLater(0.001, reactor.stop)
    reactor.run(installSignalHandlers=False)
    assert len(logged.flush(ZeroDivisionError, KeyError)) == 2
