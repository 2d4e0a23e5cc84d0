"""Medians, percentiles, goals: numbers in, numbers and sentences out."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Summary:
    """One proxy in one measure: the figure of all rounds, and the range of those of each."""

    figure: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Goal:
    """What localedge should reach: `bound` times the figure of `against`, or `bound` itself without one."""

    at_most: bool
    bound: float
    against: str | None = None

    def limit(self, figures: dict[str, float]) -> float | None:
        """The figure to reach in the measure's unit; None when there is nothing usable to compare with."""
        if self.against is None:
            return self.bound
        other = figures.get(self.against)
        return None if other is None or other <= 0 else self.bound * other

    def verdict(self, figures: dict[str, float]) -> str:
        """`met`, `missed`, or `not judged` when one of the two has no figure."""
        own, limit = figures.get("localedge"), self.limit(figures)
        if own is None or limit is None:
            return "not judged"
        return "met" if (own <= limit if self.at_most else own >= limit) else "missed"

    def text(self, unit: str, titles: dict[str, str]) -> str:
        """As a table says it: `at most 1.6 x nginx`."""
        word = "at most" if self.at_most else "at least"
        versus = unit if self.against is None else f"x {titles.get(self.against, self.against)}"
        return f"{word} {self.bound:g} {versus}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a lane: the median of the rounds, or with `share` a percentile of what they all saw.

    With `less_direct` that of the direct connection is taken off.
    `compared` is False where a ratio to nginx says nothing, as with figures around zero.
    """

    key: str
    title: str
    unit: str
    digits: int = 0
    goals: tuple[Goal, ...] = ()
    share: float | None = None
    less_direct: bool = False
    compared: bool = True

    def show(self, value: float) -> str:
        """The value as a table has it, without its unit."""
        return f"{value:,.{self.digits}f}"


Values = dict[str, float | list[float]]
"""Figures of one proxy in one round, by measure key; a list where every single value counts."""


def summaries(measure: Measure, rounds: dict[str, list[Values]]) -> dict[str, Summary]:
    """What a measure has for each proxy that has something."""
    found: dict[str, Summary] = {}
    for name, given in rounds.items():
        visits = [values[measure.key] for values in given if measure.key in values]
        if visits:
            found[name] = _summary(visits, measure.share)
    if measure.less_direct:
        direct = found.pop("direct", None)
        return {} if direct is None else {name: _less(each, direct.figure) for name, each in found.items()}
    return found


def _summary(visits: Sequence[float | list[float]], share: float | None) -> Summary:
    if share is None:
        numbers = [each for each in visits if not isinstance(each, list)]
        return Summary(statistics.median(numbers), min(numbers), max(numbers))
    samples = [each for each in visits if isinstance(each, list)]
    each_round = [percentile(each, share) for each in samples]
    return Summary(percentile([*chain(*samples)], share), min(each_round), max(each_round))


def _less(summary: Summary, other: float) -> Summary:
    return Summary(summary.figure - other, summary.least - other, summary.most - other)


def ratio(value: float, figures: dict[str, float], to: str = "nginx") -> float | None:
    """`value` over the figure of another proxy; None when that is missing or not positive."""
    other = figures.get(to)
    return None if other is None or other <= 0 else value / other
