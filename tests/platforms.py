"""Machines of other kinds than this one, as trust stores see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localedge.machine.run import Ended
from localedge.machine.stores.system import System

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Scripted(System):
    """A machine whose programs are played: `play` gets the words and tells how the program ended."""

    play: Callable[[Sequence[str]], Ended] = field(default=lambda _: Ended(None, missing=True))
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, argv: Sequence[str], **_how: Any) -> Ended:
        """Write down what was asked for, and play it."""
        self.ran.append(tuple(argv))
        return self.play(argv)


def system_at(
    place: Path | None,
    play: Callable[[Sequence[str]], Ended] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    elevated: bool = False,
) -> Scripted:
    """A machine below a directory, at the turn of 2026; None for one that asks nothing of its files."""
    place = place or Path("nowhere")
    system = Scripted(place, place / "home", environ or {}, elevated=elevated, now=NOW)
    return (
        system
        if play is None
        else Scripted(place, place / "home", environ or {}, elevated=elevated, now=NOW, play=play)
    )
