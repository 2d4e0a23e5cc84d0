"""Time limits without a timer for every byte.

Whoever has a limit sets `deadline`, in the clock's seconds, as often as it likes:
that is one attribute.  One ticking call looks at all of them, and stops ticking when
nobody is left.  A limit therefore fires up to one tick late, never early.
"""

import math
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

NEVER = math.inf


class Timed(Protocol):
    """Something with a time limit."""

    deadline: float

    def deadline_passed(self, now: float) -> None:
        """The limit was reached; called once a tick until `deadline` is moved or the owner leaves."""


LATE = 1.0
"""A tick that comes so many seconds late has been asleep: the process was suspended, or the machine."""


class Deadlines:
    """The set of everything that has a time limit."""

    def __init__(self, clock: IReactorTime, tick: float) -> None:
        self._clock = clock
        self._tick = tick
        self._members: set[Timed] = set()
        self._call: IDelayedCall | None = None
        self._due = 0.0

    def add(self, member: Timed) -> None:
        """Watch `member` until `discard`."""
        self._members.add(member)
        if self._call is None:
            self._schedule()

    def discard(self, member: Timed) -> None:
        """Watch it no longer."""
        self._members.discard(member)

    def stop(self) -> None:
        """Watch nobody."""
        self._members.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _schedule(self) -> None:
        self._due = self._clock.seconds() + self._tick
        self._call = self._clock.callLater(self._tick, self._look)

    def _look(self) -> None:
        self._call = None
        now = self._clock.seconds()
        if now - self._due < LATE:
            for member in [member for member in self._members if member.deadline <= now]:
                if member.deadline <= now and member in self._members:  # the one before may have helped it
                    member.deadline_passed(now)
        # else what came in while we slept is read first: it may move deadlines
        if self._members and self._call is None:
            self._schedule()


def tick_for(*limits: float) -> float:
    """A tick fine enough for these limits, in seconds: a quarter of the shortest, 20 ms to 1 s."""
    return min(1.0, max(0.02, min(limits) / 4))
