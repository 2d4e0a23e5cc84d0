"""Runs the reactor for a while, and again later: between two questions, and then for serving."""

import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from .serving import choose_reactor

_Result = TypeVar("_Result")


def until(start: Callable[[Any], Coroutine[Any, Any, _Result]]) -> _Result:
    """What `start(reactor)` comes to.  The reactor can be run again afterwards.

    `crash` ends the loop without the events of a shutdown, which come once in a process only.
    Raises what it raises, and KeyboardInterrupt where a signal ended it.
    """
    choose_reactor()
    from twisted.internet import reactor as installed
    from twisted.internet.defer import Deferred
    from twisted.python.failure import Failure as TwistedFailure

    reactor: Any = installed
    results: list[_Result] = []
    errors: list[BaseException] = []
    going: list[Deferred[None]] = []
    ending: list[bool] = []

    def failed(failure: TwistedFailure) -> None:
        assert failure.value is not None
        errors.append(failure.value)

    def done(_: object) -> None:
        if not ending:
            reactor.crash()

    def begin() -> None:
        closed = getattr(signal, "SIGHUP", None)
        if closed is not None and signal.getsignal(closed) != signal.SIG_IGN:  # nohup
            signal.signal(closed, lambda *_: reactor.callFromThread(reactor.stop))
        going.append(Deferred.fromCoroutine(start(reactor)).addCallback(results.append))
        going[0].addErrback(failed).addBoth(done)

    def end() -> "Deferred[None] | None":
        ending.append(True)
        for one in going:
            one.cancel()
            return one
        return None

    signals = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGBREAK", "SIGHUP")]
    before = [(number, signal.getsignal(number)) for number in signals if number is not None]
    trigger = reactor.addSystemEventTrigger("before", "shutdown", end)
    reactor.callWhenRunning(begin)
    reactor.run()
    if not ending and reactor.threadpool is not None:
        # It looked names up, and would keep the process alive; the next run of the reactor has another.
        reactor.removeSystemEventTrigger(reactor.threadpoolShutdownID)
        reactor.threadpool.stop()
        reactor.threadpool = None
    for number, handler in before:
        signal.signal(number, handler)
    if ending:
        raise KeyboardInterrupt
    reactor.removeSystemEventTrigger(trigger)
    if errors:
        raise errors[0]
    return results[0]
