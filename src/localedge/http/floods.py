"""How much a client may ask of us without getting anything done: the counters against h2 floods.

Rapid Reset (CVE-2023-44487), MadeYouReset (CVE-2025-8671), ping, settings, priority and
empty-frame floods (CVE-2019-9511 to 9518) have one thing in common: frames that cost us
more than the client, and move nothing.  Each is paid from an allowance that refills
slowly; what moves something is free.
"""

from collections.abc import Callable


class TokenBucket:
    """A token bucket: `burst` at once, `refill` a second from then on.  Times in seconds."""

    __slots__ = ("_burst", "_left", "_refill", "_since")

    def __init__(self, burst: float, refill: float, now: float) -> None:
        self._burst = burst
        self._refill = refill
        self._left = burst
        self._since = now

    def spend(self, now: float) -> bool:
        """Take one; False when there is no more."""
        self._left = min(self._burst, self._left + (now - self._since) * self._refill) - 1
        self._since = now
        return self._left >= 0


BURST, REFILL = 1000.0, 50.0
"""Frames that move nothing: so many at once, so many a second."""
UPDATES = 10
"""WINDOW_UPDATE frames that one DATA frame of ours accounts for."""


class FloodGuard:
    """What one h2 client has left; `flooded` is called, more than once, when it has asked for too much."""

    __slots__ = ("_bucket", "_flooded", "_now", "_updates")

    def __init__(self, now: Callable[[], float], flooded: Callable[[], None]) -> None:
        self._now = now
        self._flooded = flooded
        self._bucket = TokenBucket(BURST, REFILL, now())
        self._updates = 0

    def idle_frame(self) -> None:
        """A frame that moved nothing."""
        if not self._bucket.spend(self._now()):
            self._flooded()

    def window_update(self, frames: int) -> None:
        """A WINDOW_UPDATE, when `frames` DATA frames have gone out."""
        self._updates += 1
        if self._updates > BURST + UPDATES * frames:
            self.idle_frame()
