"""What the `desktop` commands tell: plans, what became of them, how things stand; in lines or as JSON."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localedge.errors import Failure

from .output import Printer

if TYPE_CHECKING:
    from localedge.machine.desktop_journal import Record, Step
    from localedge.machine.desktop_status import Source, Standing

_DONE = {
    "make": "desktop-made",
    "change": "desktop-written",
    "remove": "desktop-removed",
    "keep": "desktop-kept",
}


class Told:
    """Collects lines and members, and prints the one or the other."""

    def __init__(self, printer: Printer, command: str, *, as_json: bool, dry_run: bool = False) -> None:
        self.printer = printer
        self._as_json = as_json
        self._dry_run = dry_run
        self.document: dict[str, Any] = {"command": command}
        if command.endswith(("apply", "undo")):
            self.document["dry_run"] = dry_run
        self._failed = False

    def say(self, code: str, **params: object) -> None:
        """A line for a person; none beside JSON."""
        if not self._as_json:
            self.printer.data(self.printer.text(code, **params))

    def line(self, text: str) -> None:
        """A line that is not in the table."""
        if not self._as_json:
            self.printer.data(text)

    def note(self, failure: Failure) -> None:
        """Something to know, no failure: beside the data."""
        self.document.setdefault("notes", []).append(self._member(failure))
        if not self._as_json:
            self.printer.talk(failure.code, **failure.params)

    def failure(self, failure: Failure, **members: object) -> None:
        """Something that was not done."""
        self._failed = True
        self.document.setdefault("failures", []).append({**self._member(failure), **members})
        self.printer.failure(failure)

    def finish(self) -> int:
        """The exit status."""
        status = 1 if self._failed else 0
        if self._as_json:
            self.document["exit_status"] = status
            self.printer.json(self.document)
        return status

    def plan(self, steps: "Iterable[Step]") -> None:
        """What will be done, file by file."""
        rows = []
        for step in steps:
            rows.append(_row(step))
            if step.does == "make":
                self.say("desktop-plan-make", path=rows[-1]["path"], keys=", ".join(step.keys))
            elif step.does == "remove":
                self.say("desktop-plan-remove", path=rows[-1]["path"])
            elif step.does == "change":
                self.say("desktop-plan-change", path=rows[-1]["path"], keys=", ".join(step.keys))
        self.document["files"] = rows
        if self._dry_run:
            self.say("nothing-changed")

    def applied(self, steps: "Iterable[Step]") -> None:
        """What was done."""
        rows = [_row(step) for step in steps]
        for row in rows:
            self.say(_DONE[row["does"]], path=row["path"])
        self.document["files"] = rows

    def undone(self, done: "Iterable[tuple[Record, Step]]", profile_id: str) -> None:
        """What became of each file."""
        rows = []
        for record, step in done:
            row = _row(step)
            row["exact"] = not step.changed_since and row["after"] in (record.before, None)
            rows.append(row)
            if step.kind == "meta" and profile_id.encode() in (step.after or b""):
                self.say("desktop-entry-stays", path=row["path"])
            elif not row["exact"]:
                self.say("desktop-only-ours", path=row["path"])
            elif step.before is None and record.before is not None:
                self.say("desktop-gone", path=row["path"])
            elif step.after is None:
                self.say("desktop-removed", path=row["path"])
            else:
                self.say("as-before", path=row["path"])
        self.document["files"] = rows

    def standing(self, standing: "Standing") -> None:
        """How things stand."""
        winner = standing.winner
        self._winner(winner)
        others = [one for one in standing.sources if one is not winner]
        for source in others:
            self.say("desktop-also-there", where=source.where)
        for source in standing.sources:
            for problem in source.problems:
                self._problem(problem)
        for problem in standing.problems:
            self._problem(problem)
        self._running(standing)
        self._log(standing)
        self.document |= {
            "winner": winner and self._source(winner),
            "sources": [self._source(one) for one in standing.sources],
            "running": [{"pid": one.pid, "program": one.program} for one in standing.running],
            "outdated": standing.outdated,
            "applied": standing.applied,
            "log": {
                "path": str(standing.log) if standing.log else None,
                "told": [{"code": one.code, "detail": one.detail, "when": one.when} for one in standing.told],
            },
            "problems": [self._member(one) for one in standing.problems],
        }

    def _problem(self, problem: Failure) -> None:
        self.line(f"  {problem.sentence(self.printer.lang)} [{problem.code}]")

    def _winner(self, winner: "Source | None") -> None:
        if winner is None:
            self.say("desktop-wins-account")
        elif winner.settings is None:
            self.say("desktop-wins-unknown", where=winner.where)
        else:
            from localedge.claude.profile import BASE_URL

            code = "desktop-wins-ours" if winner.ours else f"desktop-wins-{winner.kind}"
            url = winner.settings.get(BASE_URL, "-")
            self.say(code, where=winner.where, name=winner.name or "-", url=url)

    def _running(self, standing: "Standing") -> None:
        if not standing.running:
            self.say("desktop-not-running")
        elif standing.outdated:
            self.say("desktop-runs-older", pid=standing.running[0].pid)
        else:
            self.say("desktop-runs", pid=standing.running[0].pid)

    def _log(self, standing: "Standing") -> None:
        if standing.log is None or standing.log_changed is None:
            self.say("desktop-no-log")
            return
        code = "desktop-log" if standing.told else "desktop-log-silent"
        self.say(code, path=standing.log, when=_moment(standing.log_changed))
        for one in standing.told:
            said = self.printer.text(f"desktop-{one.code}", detail=one.detail or "-")
            self.line(f"  {one.when or '-'}: {said}")

    def _source(self, source: "Source") -> dict[str, Any]:
        from localedge.claude.profile import BASE_URL

        return {
            "kind": source.kind,
            "where": source.where,
            "name": source.name,
            "ours": source.ours,
            "active": source.active,
            "base_url": (source.settings or {}).get(BASE_URL),
            "keys": sorted(source.settings or {}),
            "problems": [self._member(one) for one in source.problems],
        }

    def _member(self, failure: Failure) -> dict[str, str]:
        return {"code": failure.code, "message": failure.sentence(self.printer.lang)}


def _row(step: "Step") -> dict[str, Any]:
    from localedge.machine.desktop_files import sha256
    from localedge.machine.private_files import shown

    return {
        "path": shown(step.path),
        "kind": step.kind,
        "does": step.does,
        "keys": list(step.keys),
        "before": sha256(step.before),
        "after": sha256(step.after),
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
