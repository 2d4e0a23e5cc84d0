"""The results as text for a terminal, and as the table of the README."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .contestants import PROXIES
from .lanes import Lane
from .stats import Goal, Measure, Summary, Values, ratio, summaries

LOG = "; its log ends: "
"""In a reason, what follows is for the one who ran the bench and not for the README."""

TITLES = {proxy.name: proxy.title for proxy in PROXIES}


@dataclass(slots=True)
class LaneResult:
    """What the rounds of one lane gave: a list of figures per proxy, and why others have none."""

    lane: Lane
    rounds: dict[str, list[Values]] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)
    """The reason of each failed round."""

    def add(self, round_values: dict[str, Values]) -> None:
        """Take in one round."""
        for proxy, values in round_values.items():
            self.rounds.setdefault(proxy, []).append(values)

    def fail(self, proxy: str, reason: str) -> None:
        """A round in which a proxy gave no right answer."""
        self.failures.setdefault(proxy, []).append(reason)

    def given_up(self, proxy: str) -> bool:
        """Whether trying once more is a waste of time: it failed twice, or at the first try."""
        failed = len(self.failures.get(proxy, []))
        return failed > 1 or (failed == 1 and proxy not in self.rounds)

    def counts(self, proxy: str) -> bool:
        """Whether figures are shown: not if half of the rounds failed; of localedge none may."""
        failed = len(self.failures.get(proxy, []))
        return not failed or (proxy != "localedge" and failed < len(self.rounds.get(proxy, [])))

    def summaries(self, measure: Measure) -> dict[str, Summary]:
        """By proxy, in the order of the tables."""
        found = summaries(measure, {name: given for name, given in self.rounds.items() if self.counts(name)})
        return {name: found[name] for name in TITLES if name in found}

    def complaints(self) -> list[str]:
        """A sentence for each proxy that failed."""
        lines = []
        for name, reasons in self.failures.items():
            tried = len(reasons) + len(self.rounds.get(name, []))
            lines.append(f"{TITLES[name]} failed in {len(reasons)} of {tried} rounds: {reasons[0]}")
        return lines

    def verdict(self, goal: Goal, middle: dict[str, float]) -> str:
        """`met`, `missed`, `failed` or `not judged`."""
        return "failed" if "localedge" in self.failures else goal.verdict(middle)


def figures(found: dict[str, Summary]) -> dict[str, float]:
    """Only what all rounds together gave."""
    return {name: each.figure for name, each in found.items()}


def terminal(results: Sequence[LaneResult]) -> str:
    """A block per lane: every proxy's figure, its range and its ratio to nginx, then the goals."""
    lines: list[str] = []
    for result in results:
        lines += ["", f"{result.lane.name}: {result.lane.title}"]
        for measure in result.lane.measures:
            lines += _block(result, measure)
        lines += [f"  {complaint}" for complaint in result.complaints()]
    return "\n".join(lines[1:])


def _block(result: LaneResult, measure: Measure) -> list[str]:
    found = result.summaries(measure)
    middle = figures(found)
    word = "median" if measure.share is None else "of all"
    lines = [
        f"  {f'{measure.title} [{measure.unit}]':<38} {word:>10} {'min':>10} {'max':>10} {'to nginx':>9}"
    ]
    for name, each in found.items():
        relation = ratio(each.figure, middle) if measure.compared else None
        shown = [measure.show(value) for value in (each.figure, each.least, each.most)]
        lines.append(
            f"    {TITLES[name]:<36} {shown[0]:>10} {shown[1]:>10} {shown[2]:>10} "
            f"{'' if relation is None else f'{relation:.2f}':>9}"
        )
    for goal in measure.goals:
        own, limit = middle.get("localedge"), goal.limit(middle)
        numbers = (
            "" if own is None or limit is None else f" ({measure.show(own)}, limit {measure.show(limit)})"
        )
        lines.append(f"    goal {goal.text(measure.unit, TITLES)}: {result.verdict(goal, middle)}{numbers}")
    return lines


def markdown(results: Sequence[LaneResult]) -> str:
    """One row per measure, one column per proxy: then localedge's ratio to nginx and its goals."""
    present = {name for result in results for name in result.rounds} - {"bare"}
    names = [name for name in TITLES if name in present]
    lines = [
        "| lane | measure | " + " | ".join(TITLES[name] for name in names) + " | localedge to nginx | goal |",
        "|---|---|" + "---:|" * len(names) + "---:|---|",
    ]
    for result in results:
        for measure in result.lane.measures:
            middle = figures(result.summaries(measure))
            cells = [measure.show(middle[name]) if name in middle else "-" for name in names]
            relation = (
                ratio(middle["localedge"], middle) if measure.compared and "localedge" in middle else None
            )
            goals = "; ".join(
                f"{goal.text(measure.unit, TITLES)}: {result.verdict(goal, middle)}" for goal in measure.goals
            )
            if "bare" in middle:
                goals += f" (bare Twisted: {measure.show(middle['bare'])} {measure.unit})"
            cells += ["-" if relation is None else f"{relation:.2f}", goals or "reported"]
            lines.append(
                f"| {result.lane.title} | {measure.title}, {measure.unit} | " + " | ".join(cells) + " |"
            )
    for result in results:
        lines += [f"\n{result.lane.title}: {each.partition(LOG)[0]}" for each in result.complaints()]
    return "\n".join(lines)
