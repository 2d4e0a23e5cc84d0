"""`localedge uninstall`: put everything back, and say what is left."""

import io
import json
from typing import Any

import click

from localedge.errors import Failure, Problems

from .group import help_option
from .options import choose_language, config_option, lang_option, not_with_sudo
from .output import Printer
from .setup_asking import YES, read_line
from .terminal import at_terminal
from .trusting import EXIT_CODES, Wishes
from .uninstall_parts import Machine, Part

_PERSON = ("hosts-needs-root", "hosts-needs-administrator")
"""Somebody with more rights has to do it, and is told the command."""


@click.command("uninstall", epilog=EXIT_CODES)
@click.option("--keep-config", is_flag=True, help="Leave the configuration file as setup wrote it.")
@click.option("--dry-run", is_flag=True, help="Print the plan, change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before changing anything.")
@click.option("--no-input", is_flag=True, help="Never ask; leave out what needs a person.")
@click.option("--json", "as_json", is_flag=True, help="The outcome as JSON, for programs.")
@click.option("--hosts-file", metavar="FILE", help="Another hosts file than the system's.")
@config_option
@lang_option
@help_option
@click.pass_obj
def uninstall(
    printer: Printer,
    *,
    keep_config: bool,
    dry_run: bool,
    yes: bool,
    no_input: bool,
    as_json: bool,
    hosts_file: str | None,
    file: str | None,
    lang: str | None,
) -> int:
    """Undo all that localedge has changed on this machine, and say what is left.

    Claude Desktop's files, trust stores, the hosts file, the local CA, and the
    configuration file as far as setup wrote it.  What cannot be undone is told, and
    the rest goes on.

    \b
    Example:
      localedge uninstall --dry-run
    """
    choose_language(printer, lang)
    not_with_sudo()
    wishes = Wishes(dry_run, (), no_input, yes, as_json)
    machine = Machine(file, lang, wishes, keep_config=keep_config, hosts=hosts_file)
    return _Uninstall(printer, wishes, machine).run()


class _Uninstall:
    def __init__(self, printer: Printer, wishes: Wishes, machine: Machine) -> None:
        self._printer = printer
        self._wishes = wishes
        self._machine = machine
        self._rows: list[dict[str, Any]] = []
        self._statuses = [0]

    def run(self) -> int:
        """Look, show, ask, undo, tell."""
        parts = self._machine.parts()
        for notice in self._machine.notices:
            self._printer.failure(notice)
        self._show(parts)
        if not self._wishes.dry_run:
            if parts:
                self._ask()
            with self._machine.held():
                for part in parts:
                    self._undo(part)
            self._tidy()
        elif parts:
            self._say("nothing-changed")
        return self._finish()

    def _show(self, parts: list[Part]) -> None:
        if not parts:
            self._say("uninstall-nothing")
            return
        say = self._printer.talk if self._wishes.as_json else self._say
        say("uninstall-plan")
        for part in parts:
            for line in part.plan:
                say(line.code, **line.params)
            if self._wishes.dry_run:
                self._rows.append({"part": part.name, "outcome": "planned"})
                if part.problem is not None:
                    self._failed(part, part.problem)

    def _ask(self) -> None:
        """Once, where somebody is at the terminal.  Raises `Failure` for anything but a yes."""
        if self._wishes.yes or self._wishes.no_input or not at_terminal():
            return
        self._printer.talk("ask-go-on")
        if read_line().strip().lower() not in YES:
            raise Failure("trust-declined")

    def _undo(self, part: Part) -> None:
        """One part.  Whatever becomes of it, the others have their turn."""
        if part.problem is not None:
            self._failed(part, part.problem)
            return
        captured = io.StringIO()
        printer = self._printer
        if self._wishes.as_json:
            printer = Printer(captured)
            printer.lang = self._printer.lang
        try:
            status = part.undo(printer)
        except Problems as problems:
            self._failed(part, *problems.failures)
            return
        except Failure as failure:
            self._failed(part, failure)
            return
        self._statuses.append(status)
        outcome = {0: "undone", 4: "person-needed"}.get(status, "failed")
        row: dict[str, Any] = {"part": part.name, "outcome": outcome}
        if captured.getvalue():
            row["details"] = json.loads(captured.getvalue())
        self._rows.append(row)

    def _failed(self, part: Part, *failures: Failure) -> None:
        for failure in failures:
            self._printer.failure(failure)
            status = 4 if failure.code in _PERSON else failure.exit_status
            self._statuses.append(status)
            outcome = "person-needed" if status == 4 else "failed"
            row = {"part": part.name, "outcome": outcome, "code": failure.code}
            self._rows.append({**row, "message": failure.sentence(self._printer.lang)})

    def _tidy(self) -> None:
        try:
            self._machine.tidy(all_done=not any(self._statuses))
        except Failure as failure:
            self._printer.failure(failure)
            self._statuses.append(1)

    def _finish(self) -> int:
        from .uninstall_left import left

        found = list(left(self._machine.config, self._machine.data, self._machine.profiles))
        others = [status for status in self._statuses if status not in (0, 4)]
        status = 1 if others else max(self._statuses)
        if self._wishes.as_json:
            lang = self._printer.lang
            document = {
                "command": "uninstall",
                "dry_run": self._wishes.dry_run,
                "parts": self._rows,
                "left": [{"code": one.code, "message": one.sentence(lang)} for one in found],
                "exit_status": status,
            }
            self._printer.json(document)
            return status
        if found:
            self._say("uninstall-left")
        for one in found:
            self._say(one.code, **one.params)
        return status

    def _say(self, code: str, **params: object) -> None:
        if not self._wishes.as_json:
            self._printer.data(self._printer.text(code, **params))
