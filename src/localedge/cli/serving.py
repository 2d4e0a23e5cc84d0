"""Runs one service under the reactor until a signal, or a failure to listen, ends it.

The first SIGINT or SIGTERM stops accepting and lets the service finish what is in
flight; the second ends the process at once (R35).
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IReactorCore, IReactorFromThreads
    from twisted.python.failure import Failure as TwistedFailure

    class Reactor(IReactorCore, IReactorFromThreads):
        """What is asked of the reactor here."""


class Listening(Protocol):
    """A service that tells when it listens."""

    @property
    def whenListening(self) -> "Deferred[int]":
        """Fires with the port that is bound, or fails with `errors.Failure`."""

    def startService(self) -> None:
        """Begin to listen."""

    def stopService(self) -> "Deferred[None] | None":
        """Stop accepting; done when everything in flight has ended."""


def choose_reactor() -> None:
    """Before the first import of the reactor: a lighter epoll on Linux, and kqueue on macOS.

    On macOS Twisted would take select, which serves 1,024 descriptors; and only kqueue reports
    a FIN while reading is paused (EV_EOF, R32).  Nowhere may its clock be the time of day, which
    is put right now and then: time limits would fire at once, or not for hours (R30).
    """
    if "twisted.internet.reactor" in sys.modules:
        return
    if sys.platform == "linux":
        from localedge.edge import polling

        polling.install()
    else:
        if sys.platform == "darwin":
            from twisted.internet import kqreactor

            kqreactor.install()
        from twisted.internet import reactor

        clocked: Any = reactor
        clocked.seconds = time.monotonic


def _nothing() -> None:
    pass


def serve(
    reactor: Any,
    service: Listening,
    announce: Callable[[int], None],
    stopping: Callable[[], None] = _nothing,
) -> None:
    """Start the service, tell `announce` the port once it listens, return when all is drained.

    `reactor` is the one there is after `choose_reactor`.  `stopping` is called when the user ends
    it; it may not block, for streams are running.
    Raises what kept the service from listening.
    """
    _Serving(reactor, service, announce, stopping).run()


class _Serving:
    def __init__(
        self,
        reactor: "Reactor",
        service: Listening,
        announce: Callable[[int], None],
        stopping: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._service = service
        self._announce = announce
        self._tell = stopping
        self._stopping = False
        self._error: BaseException | None = None

    def run(self) -> None:
        self._reactor.addSystemEventTrigger("before", "shutdown", self._service.stopService)
        self._reactor.callWhenRunning(self._start)
        self._reactor.run()
        if self._error is not None:
            raise self._error

    def _start(self) -> None:
        # Only now: the reactor puts up handlers of its own when it starts.
        for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP"):
            number = getattr(signal, name, None)
            # A closed window is no reason to cut an answer; under nohup it is no reason to stop either.
            if number is not None and (name != "SIGHUP" or signal.getsignal(number) != signal.SIG_IGN):
                signal.signal(number, self._signalled)
        try:
            self._service.startService()
        except Exception as error:  # noqa: BLE001 - the reactor would log it and run on
            self._stop(error)
            return
        self._service.whenListening.addCallback(self._announce).addErrback(self._failed)
        # What is there by now stays: looking through all of it again would stop every stream for some 10 ms.
        gc.freeze()

    def _failed(self, failure: "TwistedFailure") -> None:
        if not self._stopping:  # else it is the listening that was cancelled
            self._stop(failure.value)

    def _stop(self, error: BaseException | None) -> None:
        if not self._stopping:
            self._stopping = True
            self._error = error
            self._reactor.stop()

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        # The handler stays out of everything that a signal may have interrupted.
        signal.signal(signal.SIGINT, _end_at_once)
        signal.signal(signal.SIGTERM, _end_at_once)
        self._reactor.callFromThread(self._asked_to_stop)

    def _asked_to_stop(self) -> None:
        if not self._stopping:
            self._tell()
        self._stop(None)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    """Die of the signal, so that a shell sees 130 or 143 (https://www.cons.org/cracauer/sigint.html)."""
    if sys.platform == "win32":
        os.kill(os.getpid(), 128 + number)  # TerminateProcess with this exit code
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
