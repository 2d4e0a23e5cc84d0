"""The step of `localedge setup` that asks the gateway: what `localedge check` does, told in short."""

from typing import TYPE_CHECKING, NamedTuple

from localedge.claude.models import Model
from localedge.claude.probing import Finding, Level, Outcome
from localedge.claude.profile import model_problems
from localedge.config import Config, Gateway, Secret

from .check_told import Told
from .output import Printer

if TYPE_CHECKING:
    from localedge.claude.probing import Credential

PATIENCE = 60.0
"""Longest silence of a model, in seconds."""
_CORRECTIONS = ("check-other-path", "check-redirect-https", "check-redirect-moved")


class Checked(NamedTuple):
    """What came of it."""

    outcome: Outcome
    models: tuple[str, ...]
    """Those that Claude Desktop must be told, because it cannot find them out."""
    notes: int
    better: str | None
    """Where the API is, if it is not quite where it was asked for."""
    key_refused: bool


class Brief(Told):
    """Says what is wrong and leaves out the rest."""

    def __init__(self, printer: Printer) -> None:
        super().__init__(printer, as_json=False, upstream=None)
        self.findings: list[Finding] = []

    def finding(self, finding: Finding) -> None:
        """A line for what Claude Desktop cannot work with."""
        self.findings.append(finding)
        if finding.verdict.level is Level.BAD or finding.verdict.code == "check-models-refused":
            super().finding(finding)


class Whole(Told):
    """Says everything that is found at the edge."""

    def __init__(self, printer: Printer, at: Gateway) -> None:
        super().__init__(printer, as_json=False, upstream=None)
        self._gateway = at
        self.lists = False
        """Whether Claude Desktop finds a model there that it shows."""

    def finding(self, finding: Finding) -> None:
        """Every one."""
        self.lists |= finding.check == "models" and finding.verdict.level is Level.OK
        super().finding(finding)


def carry_out(
    printer: Printer, config: Config, wished: tuple[str, ...], key: Secret | None, credential: "Credential"
) -> Checked:
    """Ask the gateway.  Raises what kept it from beginning, and KeyboardInterrupt."""
    from .check import asked
    from .setup_reactor import until

    told = Brief(printer)
    outcome = until(
        lambda reactor: asked(reactor, config, wished, key, credential, patience=PATIENCE, told=told)
    )
    notes = sum(one.verdict.level is Level.NOTE for one in told.findings)
    refused = outcome.mend is not None and outcome.mend.verdict.code == "check-key-refused"
    return Checked(outcome, _needed(told.findings, outcome, wished), notes, _better(outcome), refused)


def _needed(findings: list[Finding], outcome: Outcome, wished: tuple[str, ...]) -> tuple[str, ...]:
    if wished or not outcome.model:
        return wished
    listed = any(one.check == "models" and one.verdict.level is Level.OK for one in findings)
    shown = not model_problems((Model.of(outcome.model),))
    return (outcome.model,) if shown and not listed else ()


def _better(outcome: Outcome) -> str | None:
    verdict = outcome.mend.verdict if outcome.mend is not None else None
    if verdict is None or verdict.code not in _CORRECTIONS:
        return None
    return str(verdict.params["url"])
