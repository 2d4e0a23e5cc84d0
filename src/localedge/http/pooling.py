"""Which connection serves which request: decides, does no I/O (R33).

Generic over what a connection and a waiting request are, so that tests use
strings.  Newest idle connection first (the oldest ones get to expire), a cap on
all connections, a bounded FIFO of those that wait.
"""

import enum
from collections import deque
from typing import Generic, TypeVar

from localedge import config

C = TypeVar("C")
W = TypeVar("W")


class Decision(enum.Enum):
    """What to do with a request for which no idle connection was found."""

    OPEN = "open"
    WAIT = "wait"
    REFUSE = "refuse"


class After(enum.Enum):
    """What becomes of a connection when its exchange is over."""

    REUSE = "reuse"
    CLOSE = "close"
    """Both messages are complete, but the connection cannot serve another."""
    ABORT = "abort"


class Pool(Generic[C, W]):
    """The books of the pool.  `now` is in seconds, any epoch."""

    __slots__ = ("_idle", "_limits", "_open", "_waiting")

    def __init__(self, limits: config.Pool) -> None:
        self._limits = limits
        self._open = 0
        self._idle: list[tuple[C, float]] = []
        self._waiting: deque[W] = deque()

    def __repr__(self) -> str:
        return (
            f"<Pool: {self._open} connections, {len(self._idle)} idle, {len(self._waiting)} requests waiting>"
        )

    @property
    def connections(self) -> int:
        """Connections that count against the cap: opening, busy and idle."""
        return self._open

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    @property
    def idle(self) -> list[C]:
        """The idle connections, oldest first."""
        return [connection for connection, _ in self._idle]

    def take_idle(self) -> C | None:
        """The newest idle connection, no longer idle: look at it once more, and say `closed` if it is not."""
        return self._idle.pop()[0] if self._idle else None

    def decide(self) -> Decision:
        """Open a connection (then it counts), let the request wait, or refuse it."""
        if self._open < self._limits.connections:
            self._open += 1
            return Decision.OPEN
        return Decision.WAIT if len(self._waiting) < self._limits.queue_length else Decision.REFUSE

    def overflow(self) -> W | None:
        """Patience is lost: the first in the queue, who may open a connection beyond the cap, or None."""
        if self._open >= self._limits.ceiling or not self._waiting:
            return None
        self._open += 1
        return self._waiting.popleft()

    def wait(self, request: W) -> None:
        """Queue a request, last."""
        self._waiting.append(request)

    def leave(self, request: W) -> bool:
        """A waiting request gives up; false if it was not waiting."""
        try:
            self._waiting.remove(request)
        except ValueError:
            return False
        return True

    def released(self, connection: C, now: float) -> W | None:
        """A connection ended its exchange cleanly: who gets it, or None and it is idle now."""
        if self._waiting:
            return self._waiting.popleft()
        self._idle.append((connection, now))
        return None

    def closed(self) -> W | None:
        """A connection that was not idle is gone: the request that may open one in its place (it counts)."""
        self._open -= 1
        if self._waiting and self._open < self._limits.connections:
            self._open += 1
            return self._waiting.popleft()
        return None

    def idle_closed(self, connection: C) -> bool:
        """An idle connection is gone (nobody waits while one is idle); false if it was not idle."""
        for index, (candidate, _) in enumerate(self._idle):
            if candidate is connection:
                del self._idle[index]
                self._open -= 1
                return True
        return False

    def expired(self, now: float) -> list[C]:
        """Idle connections past their lifetime, oldest first; close them and say `idle_closed`."""
        return [connection for connection, since in self._idle if now - since >= self._limits.idle]
