"""Heads that were read before."""

from typing import Generic, NamedTuple, TypeVar

from localedge.http.framing import Body

H = TypeVar("H")


class Known(NamedTuple, Generic[H]):
    """A head that was read: its bytes, what it says, and the framing of the body behind it."""

    raw: bytes
    head: H
    body: Body
    length: int


class Heads(Generic[H]):
    """What heads were, by their bytes: peers on kept-alive connections repeat themselves.

    Nothing is taken on trust: a head got in here by being read once, and reading is a
    function of its bytes.  Readers share one if they have the same limits.
    """

    __slots__ = ("_known",)

    MOST = 64
    LONGEST = 4096

    def __init__(self) -> None:
        self._known: dict[bytes, Known[H]] = {}

    def get(self, raw: bytes) -> Known[H] | None:
        """What these bytes were when they came last."""
        return self._known.get(raw)

    def keep(self, known: Known[H]) -> None:
        """Remember it, if it is short."""
        if len(known.raw) <= self.LONGEST:
            if len(self._known) >= self.MOST:
                self._known.clear()
            self._known[known.raw] = known
