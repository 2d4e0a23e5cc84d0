"""Twisted's epoll reactor with less between an event and who it is for.

Twisted calls each descriptor through `log.callWithLogger`, which copies two dictionaries so
that log lines can name their connection: 3 of the 9 microseconds that one event costs, twice
for every request.  Nothing here reads that context: our log lines name their connection
themselves.  And it looks for due calls and for other threads' calls after every turn, which
takes 2 more: here only when there are any.  Connections are read right here, two calls nearer.
Its clock is one that nobody sets: by Twisted's, the time of day, a clock put forward ends
whatever is silent just then, and one put back stops all limits for as long.  Otherwise this
is `EPollReactor`, and only `localedge run` on Linux asks for it.
"""

import time
from collections.abc import Callable
from functools import partial
from select import EPOLLIN
from typing import Any

from twisted.internet import tcp
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.python import log

_STREAMS = (tcp.Server, tcp.Client)

LONGEST = 3600.0
"""Seconds that it sleeps at most: epoll counts milliseconds in 31 bits."""


class QuickEPollReactor(EPollReactor):
    """See the module's docstring."""

    running: bool
    threadCallQueue: list[Any]
    runUntilCurrent: Callable[[], None]
    seconds: Callable[[], float] = staticmethod(partial(time.clock_gettime, time.CLOCK_BOOTTIME))
    timeout: Callable[[], float | None]
    _justStopped: bool
    _newTimedCalls: list[Any]
    _pendingTimedCalls: list[Any]
    _disconnectSelectable: Any
    _doReadOrWrite: Any
    _poller: Any
    _selectables: dict[int, Any]
    _started: bool

    def mainLoop(self) -> None:
        """Serve until the reactor has stopped."""
        while self._started:
            try:
                self.runUntilCurrent()
                self.doPoll(self.timeout() if self.running else 0)
                self._poll_on()
            except Exception:  # noqa: BLE001 - as Twisted does
                log.err(None, "Unexpected error in main loop")

    def _poll_on(self) -> None:
        """Serve descriptors until something else wants its turn: a timed call, a thread, the end."""
        while self._started and not (self._newTimedCalls or self.threadCallQueue or self._justStopped):
            calls = self._pendingTimedCalls
            left = calls[0].time - self.seconds() if calls else LONGEST
            if left <= 0:
                return
            self.doPoll(min(LONGEST, left))

    def doPoll(self, timeout: float | None) -> None:
        """Wait up to `timeout` seconds, None for ever, and serve what is ready."""
        selectables = self._selectables
        for descriptor, event in self._poller.poll(-1 if timeout is None else timeout, len(selectables)):
            selectable = selectables.get(descriptor)
            if selectable is None:
                continue  # closed by the one before
            lost: Exception | None
            try:
                if event != EPOLLIN:
                    self._doReadOrWrite(selectable, descriptor, event)
                    continue
                if type(selectable) in _STREAMS and not selectable._aborting:
                    try:  # what its own doRead does, without two more calls
                        data = selectable.socket.recv(selectable.bufferSize)
                    except BlockingIOError:
                        continue
                    except OSError:
                        lost = CONNECTION_LOST
                    else:
                        if data:
                            selectable.protocol.dataReceived(data)
                            continue
                        lost = CONNECTION_DONE
                else:
                    lost = selectable.doRead() or None
                if lost is not None:
                    self._disconnectSelectable(selectable, lost, True)
            except BaseException as error:  # noqa: BLE001 - as Twisted does: one connection's bug is not another's end
                log.err()
                if event == EPOLLIN:
                    self._disconnectSelectable(selectable, error, False)

    doIteration = doPoll


def install() -> None:
    """Make it the reactor.  Raises `ReactorAlreadyInstalledError`."""
    from twisted.internet.main import installReactor

    installReactor(QuickEPollReactor())  # type: ignore[no-untyped-call]
