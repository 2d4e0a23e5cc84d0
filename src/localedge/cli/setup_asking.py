"""The questions of `localedge setup`, one line each, and the word that stops it."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from localedge.errors import Failure

from .output import Printer

if TYPE_CHECKING:
    from localedge.config import Secret

STOP = frozenset({"stop", "quit", "q", "exit", "停止"})
YES = frozenset({"y", "yes", "j", "ja", "是"})
NO = frozenset({"n", "no", "nein", "否"})
SKIP = frozenset({"skip", "s", "跳过"})


def read_line() -> str:
    """What somebody types.  A line that is no text in the terminal's encoding is none of the answers."""
    try:
        return sys.stdin.readline()
    except UnicodeDecodeError:
        return "\ufffd\n"


class Person:
    """Whoever answers.  `there`: somebody can be asked."""

    def __init__(self, printer: Printer, *, there: bool) -> None:
        self._printer = printer
        self.there = there

    def line(self, code: str, **params: object) -> str:
        """An answer, without white space around it.  Raises `Failure` for the word that stops it."""
        self._printer.talk(code, **params)
        line = read_line()
        if not line or line.strip().lower() in STOP:
            raise Failure("setup-stopped")
        return line.strip()

    def key(self) -> "Secret | None":
        """A key that nobody sees, asked for until it can be one; None for Enter.  Raises as `line` does."""
        from .check import secret, typed

        while True:
            try:
                line = typed(self._printer.text("check-key-prompt"))
            except EOFError:
                raise Failure("setup-stopped") from None
            if not line.strip():
                return None
            if line.strip().lower() in STOP:
                raise Failure("setup-stopped")
            try:
                return secret(line, self._printer.text("check-key-typed"))
            except Failure as failure:
                self._printer.failure(failure)

    def choice(
        self, code: str, choices: "Mapping[str, frozenset[str]]", default: str, **params: object
    ) -> str:
        """One of `choices`, by the words that mean it; `default` for Enter.  Asked again until it is one."""
        while True:
            answer = self.line(code, **params).lower()
            if not answer:
                return default
            for name, words in choices.items():
                if answer in words:
                    return name
            self._printer.talk("setup-not-understood")

    def yes(self, code: str, **params: object) -> bool:
        """Yes or no; Enter is yes."""
        return self.choice(code, {"yes": YES, "no": NO}, "yes", **params) == "yes"
