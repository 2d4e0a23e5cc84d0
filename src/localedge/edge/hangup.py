"""Notices that a peer hung up while nobody reads from it (R32).

A connection paused by back-pressure is not in the reactor's poller, which then
reports neither FIN nor RST.  Linux tells it apart (`EPOLLRDHUP`), and so do the
BSDs and macOS (`EV_EOF`), so paused sockets go into a poller of our own, and that
poller's descriptor into the reactor.  Windows has nothing like it: there a hang-up
is noticed when reading goes on.
"""

import select
import sys
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer


class Gone(Protocol):
    """Called once when the peer hung up; `reset` when nothing can be written to it either."""

    def __call__(self, *, reset: bool) -> None: ...


@implementer(IReadDescriptor)
class HangupWatch:
    """A poller inside the reactor's: watches paused sockets for the peer's FIN or RST."""

    def __init__(self, reactor: IReactorFDSet) -> None:
        self._reactor = reactor
        self._watched: dict[int, tuple[Gone, bool]] = {}
        self._poller: Any = None

    def watch(self, transport: Any, gone: Gone, *, fin: bool = True) -> Callable[[], None]:
        """Call `gone` when the peer of this plain TCP transport hangs up; the result ends the watch.

        Without `fin` only a reset counts: the FIN has come already.
        """
        handle = transport.getHandle()
        if not hasattr(handle, "fileno") or not self._start():
            return lambda: None
        number: int = handle.fileno()
        if number < 0 or number in self._watched:
            return lambda: None
        self._watched[number] = watched = (gone, fin)
        self._register(number, fin)
        return lambda: self._forget(number, watched)

    def stop(self) -> None:
        """Watch nobody and give the descriptor back."""
        self._watched.clear()
        if self._poller is not None:
            self._reactor.removeReader(self)
            self._poller.close()
            self._poller = None

    def _start(self) -> bool:
        if self._poller is None:
            make = getattr(select, "epoll", None) or getattr(select, "kqueue", None)
            try:
                self._poller = make() if make is not None else None  # Windows has neither
            except OSError:
                return False  # no descriptor left: then a hang-up is noticed when reading goes on
            if self._poller is None:
                return False
            self._reactor.addReader(self)
        return True

    def _forget(self, number: int, watched: tuple[Gone, bool]) -> None:
        if self._watched.get(number) is watched and self._poller is not None:
            del self._watched[number]
            self._unregister(number)

    # -- IReadDescriptor

    def fileno(self) -> int:
        """The poller's own descriptor."""
        return int(self._poller.fileno()) if self._poller is not None else -1

    def doRead(self) -> None:
        """Somebody hung up."""
        for number, reset in self._hung_up():
            gone, fin = self._watched.get(number, (None, False))
            if gone is not None and (fin or reset):
                del self._watched[number]
                self._unregister(number)
                gone(reset=reset)

    def connectionLost(self, reason: Failure) -> None:
        """Twisted: the reactor lets go of us."""
        self._watched.clear()

    def logPrefix(self) -> str:
        """Twisted: who this is."""
        return "HangupWatch"

    # -- the two pollers

    if sys.platform == "linux":

        def _register(self, number: int, fin: bool) -> None:
            # EPOLLHUP and EPOLLERR are always told
            self._poller.register(number, select.EPOLLRDHUP if fin else 0)

        def _unregister(self, number: int) -> None:
            try:
                self._poller.unregister(number)
            except OSError:
                return  # closed meanwhile: the kernel forgot it by itself

        def _hung_up(self) -> list[tuple[int, bool]]:
            both = select.EPOLLHUP | select.EPOLLERR
            return [(number, bool(events & both)) for number, events in self._poller.poll(0)]

    else:  # pragma: no cover - macOS and the BSDs

        def _register(self, number: int, fin: bool) -> None:
            # EV_CLEAR: tell of a change once, since unread data would tell of itself for ever
            flags = select.KQ_EV_ADD | select.KQ_EV_CLEAR
            self._poller.control([select.kevent(number, select.KQ_FILTER_READ, flags)], 0, 0)

        def _unregister(self, number: int) -> None:
            try:
                event = select.kevent(number, select.KQ_FILTER_READ, select.KQ_EV_DELETE)
                self._poller.control([event], 0, 0)
            except OSError:
                return

        def _hung_up(self) -> list[tuple[int, bool]]:
            events = self._poller.control([], 64, 0)
            # EV_EOF carries the socket's error in fflags: ECONNRESET and the like
            return [(event.ident, bool(event.fflags)) for event in events if event.flags & select.KQ_EV_EOF]


class Reading:
    """Whether a connection is read.  While it is not, it is watched for the peer's hang-up."""

    __slots__ = ("_hung_up", "_transport", "_unwatch", "_watch", "paused")

    def __init__(self, transport: Any, watch: HangupWatch, hung_up: Gone) -> None:
        self._transport = transport
        self._watch = watch
        self._hung_up = hung_up
        self._unwatch: Callable[[], None] | None = None
        self.paused = False

    def pause(self) -> None:
        """Read no more for now."""
        if not self.paused:
            self.paused = True
            self._transport.pauseProducing()
            self._unwatch = self._watch.watch(self._transport, self._hung_up)

    def resume(self) -> None:
        """Read on."""
        if self.paused:
            self.stop()
            self.paused = False
            self._transport.resumeProducing()

    def over(self) -> None:
        """The peer has sent its FIN: there is nothing left to read, but a reset to notice."""
        self.stop()
        self._unwatch = self._watch.watch(self._transport, self._hung_up, fin=False)

    def stop(self) -> None:
        """The connection is gone: watch it no longer."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
