"""Heads that were read before."""

from typing import Generic, TypeVar

from localedge.http.framing import Body

H = TypeVar("H")


class Heads(Generic[H]):
    """What heads were, by their bytes: peers on kept-alive connections repeat themselves.

    Nothing is taken on trust: a head got in here by being read once, and reading is a
    function of its bytes.  Readers share one if they have the same limits.
    """

    __slots__ = ("_known",)

    MOST = 64
    LONGEST = 4096

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[H, Body, int]] = {}

    def get(self, raw: bytes) -> tuple[H, Body, int] | None:
        """What these bytes were when they came last."""
        return self._known.get(raw)

    def keep(self, raw: bytes, known: tuple[H, Body, int]) -> None:
        """Remember it, if it is short."""
        if len(raw) <= self.LONGEST:
            if len(self._known) >= self.MOST:
                self._known.clear()
            self._known[raw] = known
