"""The results as text for a terminal, and as the table of the README."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .lanes import Lane
from .proxies import PROXIES
from .stats import Measure, Summary, Values, figures, ratio, summary

TITLES = {proxy.name: proxy.title for proxy in PROXIES}


@dataclass(slots=True)
class LaneResult:
    """What the rounds of one lane gave: a list of figures per proxy, and why others have none."""

    lane: Lane
    rounds: dict[str, list[Values]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, round_values: dict[str, Values]) -> None:
        """Take in one round."""
        for proxy, values in round_values.items():
            self.rounds.setdefault(proxy, []).append(values)

    def fail(self, proxy: str, reason: str) -> None:
        """A proxy that failed once has no figures in the lane."""
        self.failures[proxy] = reason
        self.rounds.pop(proxy, None)

    def summaries(self, measure: Measure) -> dict[str, Summary]:
        """By proxy, in the order of the tables."""
        found = figures(measure, self.rounds)
        return {name: summary(found[name]) for name in TITLES if name in found}


def medians(summaries: dict[str, Summary]) -> dict[str, float]:
    """Only the medians."""
    return {name: each.median for name, each in summaries.items()}


def terminal(results: Sequence[LaneResult]) -> str:
    """A block per lane: every proxy's median, range and ratio to nginx, then the goals."""
    lines: list[str] = []
    for result in results:
        lines += ["", f"{result.lane.name}: {result.lane.title}"]
        for measure in result.lane.measures:
            lines += _block(measure, result.summaries(measure))
        lines += [f"  {TITLES[name]:<22} n/a: {reason}" for name, reason in result.failures.items()]
    return "\n".join(lines[1:])


def _block(measure: Measure, summaries: dict[str, Summary]) -> list[str]:
    middle = medians(summaries)
    lines = [
        f"  {f'{measure.title} [{measure.unit}]':<38} {'median':>10} {'min':>10} {'max':>10} {'to nginx':>9}"
    ]
    for name, each in summaries.items():
        relation = ratio(each.median, middle) if measure.compared else None
        numbers = [measure.show(value) for value in (each.median, each.least, each.most)]
        lines.append(
            f"    {TITLES[name]:<36} {numbers[0]:>10} {numbers[1]:>10} {numbers[2]:>10} "
            f"{'' if relation is None else f'{relation:.2f}':>9}"
        )
    for goal in measure.goals:
        own, limit = middle.get("localedge"), goal.limit(middle)
        figures = (
            "" if own is None or limit is None else f" ({measure.show(own)}, limit {measure.show(limit)})"
        )
        lines.append(f"    goal {goal.text(measure.unit, TITLES)}: {goal.verdict(middle)}{figures}")
    return lines


def markdown(results: Sequence[LaneResult]) -> str:
    """One row per measure, one column per proxy: medians; then localedge's ratio to nginx and its goals."""
    present = {name for result in results for name in result.rounds} - {"bare"}
    names = [name for name in TITLES if name in present]
    lines = [
        "| lane | measure | " + " | ".join(TITLES[name] for name in names) + " | localedge to nginx | goal |",
        "|---|---|" + "---:|" * len(names) + "---:|---|",
    ]
    for result in results:
        for measure in result.lane.measures:
            middle = medians(result.summaries(measure))
            cells = [measure.show(middle[name]) if name in middle else "-" for name in names]
            relation = (
                ratio(middle["localedge"], middle) if measure.compared and "localedge" in middle else None
            )
            goals = "; ".join(
                f"{goal.text(measure.unit, TITLES)}: {goal.verdict(middle)}" for goal in measure.goals
            )
            if "bare" in middle:
                goals += f" (bare Twisted: {measure.show(middle['bare'])} {measure.unit})"
            cells += ["-" if relation is None else f"{relation:.2f}", goals or "reported"]
            lines.append(
                f"| {result.lane.title} | {measure.title}, {measure.unit} | " + " | ".join(cells) + " |"
            )
    return "\n".join(lines)
