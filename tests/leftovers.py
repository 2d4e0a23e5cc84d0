"""What a test must not leave behind in the reactor or in Twisted's log.

pytest-twisted runs every test on one reactor and looks at nothing when a test ends: a timer that nobody
cancelled, a listening port, half of a connection or the error of a lost Deferred would go unseen, or would
fail the next test.
"""

import gc
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, cast

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from zope.interface import implementer

TURNS = 200
"""How often the reactor turns before what is still there counts as left behind."""

TURN = 0.005
"""Seconds for one such turn; only a test that left something pays for it."""


def failure_in(event: LogEvent) -> Failure | None:
    """The failure that an event of `twisted.logger`, or of the older `twisted.python.log`, carries."""
    failure = event.get("log_failure") or event.get("failure")
    return failure if isinstance(failure, Failure) else None


@implementer(ILogObserver)
@dataclass
class Logged:
    """The failures that Twisted logged while a test ran."""

    events: list[LogEvent] = field(default_factory=list)

    def __call__(self, event: LogEvent) -> None:
        """Take one event of `twisted.logger`: those with a failure or of level critical are kept."""
        if failure_in(event) is not None or event.get("log_level") is LogLevel.critical:
            self.events.append(event)

    def flush(self, *types: type[BaseException]) -> list[Failure]:
        """Take out, and so allow, the logged failures of these types (all of them if none is named)."""
        gc.collect()
        taken = []
        for event in list(self.events):
            failure = failure_in(event)
            if failure is not None and (not types or isinstance(failure.value, types)):
                taken.append(failure)
                self.events.remove(event)
        return taken

    def __enter__(self) -> Self:
        globalLogPublisher.addObserver(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        globalLogPublisher.removeObserver(self)


def selectables(reactor: Any) -> dict[int, object]:
    """Everything the reactor reads from or writes to, by identity."""
    return {id(one): one for one in [*reactor.getReaders(), *reactor.getWriters()]}


def delayed(reactor: Any) -> dict[int, object]:
    """Every timer that has not fired, by identity."""
    return {id(one): one for one in cast(list[IDelayedCall], reactor.getDelayedCalls())}


@dataclass
class Before:
    """What the reactor held when a test began; held here so that no identity is used twice."""

    reactor: Any
    selectables: dict[int, object]
    delayed: dict[int, object]

    @classmethod
    def of(cls, reactor: Any) -> Self:
        """Look at the reactor now."""
        return cls(reactor, selectables(reactor), delayed(reactor))

    def left(self) -> list[object]:
        """What has come since and is still there."""
        came = selectables(self.reactor).items() - self.selectables.items()
        timers = delayed(self.reactor).items() - self.delayed.items()
        return [one for _, one in sorted(came | timers, key=lambda pair: repr(pair[1]))]


def describe(left: list[object], logged: list[LogEvent]) -> str:
    """The sentence (lines) that a failing test shows; empty when there is nothing to say."""
    lines = [f"left in the reactor: {one!r}" for one in left]
    for event in logged:
        text = formatEvent(event)
        if (failure := failure_in(event)) is not None:
            text = f"{text}\n{failure.getTraceback()}"
        lines.append(f"logged by Twisted: {text}")
    return "\n".join(lines)
