"""Log lines, written from a thread of their own.

A terminal that is paused (Ctrl-S, or a selection in a Windows console) blocks
whoever writes to it; that must never be the reactor, which carries everybody's
streams.  Lines are handed over in batches, and when the stream stalls for too long
they are dropped and counted: a log may lose lines, an answer may not stall.
"""

import queue
import threading
from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

INTERVAL = 0.1
"""Seconds between two batches; a line after a quiet time goes out at once."""
MAX_BATCHES = 64
MAX_LINES = 20_000


class LineWriter:
    """`write(line)` never blocks; `emit` gets one or more lines at a time, in the thread.

    `emit` raises nothing.  `note` makes a line of what the writer itself has to say.  Call `close` once
    at the end.
    """

    def __init__(
        self, clock: IReactorTime, emit: Callable[[str], None], note: Callable[[str], str] = str
    ) -> None:
        self._clock = clock
        self._emit = emit
        self._note = note
        self._lines: list[str] = []
        self._last = 0.0
        self._call: IDelayedCall | None = None
        self._batches: queue.Queue[str | None] = queue.Queue(MAX_BATCHES)
        self._thread: threading.Thread | None = None
        self._dropped = 0

    def write(self, line: str) -> None:
        """One line, without its newline."""
        if len(self._lines) >= MAX_LINES:
            self._dropped += 1
            return
        self._lines.append(line)
        if self._call is None:
            wait = self._last + INTERVAL - self._clock.seconds()
            if wait <= 0:
                self._flush()
            else:
                self._call = self._clock.callLater(min(wait, INTERVAL), self._flush)

    def close(self, timeout: float = 1.0) -> None:
        """Write what is left; a stalled stream is waited for no longer than `timeout` seconds."""
        if self._call is not None:
            self._call.cancel()
        self._flush()
        if self._thread is not None:
            try:
                self._batches.put(None, timeout=timeout)
            except queue.Full:
                return
            self._thread.join(timeout)
            self._thread = None

    def _flush(self) -> None:
        self._call = None
        self._last = self._clock.seconds()
        if not self._lines:
            return
        if self._thread is None:
            # not before the first line: twistd forks after the service was made
            self._thread = threading.Thread(target=self._run, name="localedge-log", daemon=True)
            self._thread.start()
        if self._dropped:
            dropped = f"({self._dropped} log lines dropped: the log's reader is too slow)"
            self._lines.append(self._note(dropped))
            self._dropped = 0
        try:
            self._batches.put_nowait("\n".join(self._lines))
            self._lines = []
        except queue.Full:
            self._call = self._clock.callLater(INTERVAL, self._flush)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            self._emit(batch)
