"""What `localedge check` prints: a line for each finding as it comes, or one JSON document."""

from collections.abc import Mapping
from typing import Any

from localedge.claude.probe_answers import desktop_takes
from localedge.claude.probing import Credential, Finding, Level, Outcome, Question
from localedge.config import Gateway
from localedge.messages import table

from .output import Printer


class Told:
    """Findings in words.  `upstream`: the URL as it was given on the command line."""

    def __init__(self, printer: Printer, *, as_json: bool, upstream: str | None) -> None:
        self._printer = printer
        self._json = as_json
        self._upstream = upstream
        self._gateway: Gateway | None = None
        self._rows: list[dict[str, Any]] = []
        self._by_edge = False

    def begin(self, gateway: Gateway) -> None:
        """It begins."""
        self._gateway = gateway
        if not self._json:
            title = "check-title-demo" if gateway.demo else "check-title"
            self._printer.data(self._printer.text(title, gateway=gateway.url))

    def waiting(self, question: Question, seconds: float, limit: float) -> None:
        """Nothing has come for a while."""
        what = self._what(question)
        self._printer.talk("check-waiting", what=what, seconds=f"{seconds:.0f}", limit=f"{limit:g}")

    def finding(self, finding: Finding) -> None:
        """One line."""
        if self._json:
            self._rows.append(self._row(finding))
            return
        if finding.through_edge and not self._by_edge:
            self._by_edge = True
            self._printer.data(self._printer.text("check-title-edge"))
        level = self._printer.text(f"check-level-{finding.verdict.level}")
        time = "" if finding.seconds is None else f"{finding.seconds:.3f} s"
        self._printer.data(f"{level}  {time:>9}  {self._what(finding)}: {self._sentence(finding)}")

    def end(self, outcome: Outcome) -> None:
        """The summary."""
        if self._json:
            self._printer.json(self._document(outcome))
            return
        say = self._printer.text
        counted = outcome.usage
        if counted.input or counted.output:
            self._printer.data(say("check-tokens", input=counted.input, output=counted.output))
        if outcome.usable and self._gateway is not None and self._gateway.demo:
            self._printer.data(say("check-usable-demo"))
        elif outcome.usable:
            shown = desktop_takes(outcome.model)
            self._printer.data(
                say(
                    "check-usable" if shown else "check-usable-hidden",
                    model=outcome.model,
                    scheme=self._scheme(outcome.credential),
                    upstream=f" --upstream {self._upstream}" if self._upstream else "",
                )
            )
        else:
            self._printer.data(say("check-unusable"))

    def _scheme(self, credential: Credential) -> str:
        known = credential is not Credential.NONE
        return credential.value if known else self._printer.text("check-scheme-none")

    def _what(self, one: Question | Finding) -> str:
        """The request, and what is special about it."""
        code = f"check-what-{one.check}"
        return f"{one.what}{self._printer.text(code)}" if code in table() else one.what

    def _sentence(self, finding: Finding) -> str:
        return self._text(finding.verdict.code, finding.verdict.params)

    def _text(self, code: str, params: Mapping[str, object]) -> str:
        """A message; a param that is itself a code with params becomes a sentence in it."""
        known: dict[str, object] = {}
        if self._gateway is not None:
            known = {"gateway": self._gateway.url, "host": self._gateway.host}
        for name, value in params.items():
            match value:
                case (str() as inner, dict() as inner_params):
                    known[name] = self._text(inner, inner_params)
                case _:
                    known[name] = value
        return self._printer.text(code, **known)

    def _row(self, finding: Finding) -> dict[str, Any]:
        row: dict[str, Any] = {
            "check": finding.check,
            "request": finding.what,
            "through_edge": finding.through_edge,
            "model": finding.model or None,
            "level": str(finding.verdict.level),
            "code": finding.verdict.code,
            "sentence": self._sentence(finding),
            "seconds": _rounded(finding.seconds),
            "first_byte": _rounded(finding.first_byte),
        }
        if finding.check == "stream":
            row["longest_gap"] = _rounded(finding.longest_gap)
        return row

    def _document(self, outcome: Outcome) -> dict[str, Any]:
        assert self._gateway is not None
        return {
            "gateway": self._gateway.url,
            "demo": self._gateway.demo,
            "usable": outcome.usable,
            "model": outcome.model or None,
            "scheme": None if outcome.credential is Credential.NONE else outcome.credential.value,
            "tokens": {"input": outcome.usage.input, "output": outcome.usage.output},
            "notes": sum(row["level"] == Level.NOTE for row in self._rows),
            "findings": self._rows,
        }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)
