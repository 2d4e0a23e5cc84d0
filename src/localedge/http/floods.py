"""How much a client may ask of us without getting anything done: the counters against h2 floods.

Rapid Reset (CVE-2023-44487), MadeYouReset (CVE-2025-8671), ping, settings, priority and
empty-frame floods (CVE-2019-9511 to 9518) have one thing in common: frames that cost us
more than the client, and move nothing.  Each is paid from an allowance that refills
slowly; what moves something is free.
"""


class Allowance:
    """A token bucket: `burst` at once, `refill` a second from then on.  Times in seconds."""

    __slots__ = ("_burst", "_left", "_refill", "_since")

    def __init__(self, burst: float, refill: float, now: float) -> None:
        self._burst = burst
        self._refill = refill
        self._left = burst
        self._since = now

    def spend(self, now: float, cost: float = 1.0) -> bool:
        """Take `cost`; False when there is no more."""
        self._left = min(self._burst, self._left + (now - self._since) * self._refill) - cost
        self._since = now
        return self._left >= 0


class FrameLengths:
    """Follows HTTP/2 frames through the bytes of a connection: is one longer than it may be?

    The h2 library looks only when it has collected the whole frame, up to 16 MiB of it.
    """

    __slots__ = ("_head", "_left", "_most")

    def __init__(self, preface: int, most: int) -> None:
        self._left = preface
        self._most = most
        self._head = b""

    def follow(self, data: bytes) -> bool:
        """Take the next bytes; False when a frame announces too much."""
        position, end = self._left, len(data)
        if self._head:
            data = self._head + data
            end = len(data)
            position = 0
            self._head = b""
        while position < end:
            if end - position < 9:
                self._head = data[position:]
                position = end
                break
            length = int.from_bytes(data[position : position + 3], "big")
            if length > self._most:
                return False
            position += 9 + length
        self._left = position - end
        return True
