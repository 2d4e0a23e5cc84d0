"""When it is better to read less often: a gateway that pours out thousands of tiny pieces a second.

Each of them costs a turn of the loop here, a wake-up of the client, and a packet of its own: more time
in the gateway's write than the write itself.  A short rest after each read lets them gather, here and,
as nothing is acknowledged meanwhile, in the gateway's own queue.  Network cards do the same with their
interrupts and call it interrupt moderation.

No model writes that fast: some hundred events a second is what a fast one does.
"""

WINDOW = 0.002
"""Seconds over which rates are taken."""

READS = 6400
"""Reads a second from which on a stream is worth a rest: no two apart by more than 0.16 ms on average."""

TINY = 2048
"""Bytes of a read, on average, from which on it is not."""

POURING = 800_000
"""Bytes a second below which it rests no longer."""

PIECE = 8192
"""Bytes of a read between two rests.  What has gathered is acknowledged piece by piece: acknowledged
all at once it would teach a sender (BBR) to keep as much on its way, in packets as tiny as before."""


class Moderation:
    """How often one connection is read.  `now` is in seconds, any epoch that begins at 0 or later."""

    __slots__ = ("_bytes", "_reads", "_since", "resting")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another stream: short answers, one behind the other, are no flood, however fast they come."""
        self._since = 0.0
        self._reads = self._bytes = 0
        self.resting = False
        """It pours: reads bring a `PIECE` at most, and those that bring less are followed by a rest."""

    def rests(self, size: int, now: float) -> bool:
        """Whether the connection shall rest after it has brought `size` bytes."""
        self._reads += 1
        self._bytes += size
        elapsed = now - self._since
        if elapsed >= WINDOW:
            self.resting = self._bytes >= POURING * elapsed and (
                self.resting or (READS * elapsed <= self._reads and self._bytes < TINY * self._reads)
            )
            self._since = now
            self._reads = self._bytes = 0
        return self.resting and size < PIECE
