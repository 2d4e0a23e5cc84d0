"""Medians, percentiles, goals: numbers in, numbers and sentences out."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Summary:
    """The rounds of one proxy in one measure."""

    median: float
    least: float
    most: float


def summary(values: Sequence[float]) -> Summary:
    """Median and range of at least one value."""
    return Summary(statistics.median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Goal:
    """What localedge should reach: `bound` times the median of `against`, or `bound` itself without one."""

    at_most: bool
    bound: float
    against: str | None = None

    def limit(self, medians: dict[str, float]) -> float | None:
        """The figure to reach in the measure's unit; None when there is nothing usable to compare with."""
        if self.against is None:
            return self.bound
        other = medians.get(self.against)
        return None if other is None or other <= 0 else self.bound * other

    def verdict(self, medians: dict[str, float]) -> str:
        """`met`, `missed`, or `not judged` when one of the two has no figure."""
        own, limit = medians.get("localedge"), self.limit(medians)
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
    """One figure of a lane.

    `less_direct` names another figure of the lane: this one is that less the direct connection's in the
    same round.
    `compared` is False where a ratio to nginx says nothing, as with figures around zero.
    """

    key: str
    title: str
    unit: str
    digits: int = 0
    goals: tuple[Goal, ...] = ()
    less_direct: str | None = None
    compared: bool = True

    def show(self, value: float) -> str:
        """The value as a table has it, without its unit."""
        return f"{value:,.{self.digits}f}"


Values = dict[str, float]
"""Figures of one proxy in one round, by measure key."""


def figures(measure: Measure, rounds: dict[str, list[Values]]) -> dict[str, list[float]]:
    """What a measure has for each proxy, round by round."""
    key = measure.key
    found = {name: [values[key] for values in given if key in values] for name, given in rounds.items()}
    return {name: values for name, values in found.items() if values}


def less_direct(measure: Measure, values: dict[str, Values]) -> None:
    """Add to one round's figures, by proxy, what `measure` has there: figures less the direct connection's.

    Pairs of one round, since what else the machine does in it touches both.
    """
    other = measure.less_direct
    if other is not None and "direct" in values:
        direct = values["direct"][other]
        for name, own in values.items():
            if name != "direct":
                own[measure.key] = own[other] - direct


def ratio(value: float, medians: dict[str, float], to: str = "nginx") -> float | None:
    """`value` over the median of another proxy; None when that is missing or not positive."""
    other = medians.get(to)
    return None if other is None or other <= 0 else value / other
