"""What `localedge doctor` prints: one line per finding, or one JSON document."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localedge.claude.health import Finding, Severity

from .output import Printer

if TYPE_CHECKING:
    from .doctor_looks import Mended

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EXIT = {Severity.ERROR: 1, Severity.WARNING: 5}


class Told:
    """Prints for a person or collects for a program."""

    def __init__(self, printer: Printer, *, as_json: bool) -> None:
        self._printer = printer
        self._as_json = as_json
        self._document: dict[str, Any] = {"command": "doctor"}
        self._failed = False

    def mended(self, mended: "Sequence[Mended]") -> None:
        """What `--fix` has done."""
        rows = []
        for finding, failure in mended:
            rows.append({"code": finding.code, "fix": finding.fix, "failure": failure and failure.code})
            if failure is not None:
                self._printer.failure(failure)
            elif not self._as_json:
                self._printer.data(
                    self._printer.text("doctor-mended", what=finding.sentence(self._printer.lang))
                )
        self._document["mended"] = rows

    def findings(self, findings: Sequence[Finding], *, fixed: bool) -> None:
        """All of them, worst first."""
        lang = self._printer.lang
        self._document["findings"] = [row(finding, lang) for finding in findings]
        if self._as_json:
            return
        for finding in findings:
            self._printer.data(line(self._printer, finding))
        self._printer.data(summary(self._printer, findings))
        if not fixed and any(finding.fix for finding in findings):
            self._printer.talk("doctor-fix-hint")

    def bundle(self, written: "tuple[Path, Sequence[str]]") -> None:
        """Where the archive is and what is in it."""
        path, names = written
        self._document["bundle"] = {"path": str(path), "files": list(names)}
        if not self._as_json:
            self._printer.data(self._printer.text("doctor-bundle", path=path, names=", ".join(names)))

    def finish(self, findings: Sequence[Finding]) -> int:
        """The exit status."""
        status = exit_status(findings)
        if self._as_json:
            self._document["exit_status"] = status
            self._printer.json(self._document)
        return status


def exit_status(findings: Sequence[Finding]) -> int:
    """By the worst of them."""
    return _EXIT.get(max((finding.severity for finding in findings), default=Severity.GOOD), 0)


def line(printer: Printer, finding: Finding) -> str:
    """One finding as a line."""
    word = printer.text(f"doctor-{finding.severity.name.lower()}")
    sentence = finding.sentence(printer.lang)
    if finding.severity is Severity.GOOD:
        return f"{word} {sentence}"
    # A file's name may hold what a terminal obeys; then no command can be typed as it stands.
    typed = "" if _CONTROL.search(finding.command) else finding.command
    command = f"  ->  {typed}" if typed else ""
    return f"{word} {sentence} [{finding.code}]{command}"


def summary(printer: Printer, findings: Sequence[Finding]) -> str:
    """The last line: how many of what."""
    count = dict.fromkeys(Severity, 0)
    for finding in findings:
        count[finding.severity] += 1
    if not count[Severity.ERROR] and not count[Severity.WARNING]:
        return printer.text("doctor-well", looked=len(findings))
    return printer.text("doctor-summary", errors=count[Severity.ERROR], warnings=count[Severity.WARNING])


def row(finding: Finding, lang: str) -> dict[str, Any]:
    """One finding for programs."""
    return {
        "code": finding.code,
        "severity": finding.severity.name.lower(),
        "message": finding.sentence(lang),
        "command": finding.command or None,
        "fix": finding.fix or None,
    }
