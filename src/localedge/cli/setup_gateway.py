"""The step of `localedge setup` that settles which gateway it is, and writes it down."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from localedge.errors import Failure, Problems
from localedge.settings import DEMO, Settings
from localedge.settings.table import SETTINGS

from .options import load_settings
from .output import Printer
from .setup_asking import Person

if TYPE_CHECKING:
    from localedge.machine.setup_journal import SetupJournal

URL, BASE_URL = "gateway.url", "ANTHROPIC_BASE_URL"
_VARIABLE = next(setting.env for setting in SETTINGS if setting.key == URL)
DEMO_WORD = "demo"
_ABOUT = ("upstream-is-edge", "setup-variable-wins", "setup-missing", "setup-key-for-url")


class Wishes(NamedTuple):
    """What the command line asked for."""

    upstream: str | None
    models: tuple[str, ...]
    key_file: str | None
    way: str | None
    """`http` or `https`; None where it is to be asked."""
    desktop: bool
    yes: bool
    no_input: bool
    file: str | None
    lang: str | None


class GatewayStep:
    """The gateway's URL, by the settings' own rules."""

    def __init__(
        self, printer: Printer, person: Person, wishes: Wishes, journal: "SetupJournal", path: Path
    ) -> None:
        self._printer = printer
        self._person = person
        self._wishes = wishes
        self._journal = journal
        self._path = path

    @property
    def configured(self) -> bool:
        """Whether somebody has named one; False where what is there is no good.  Raises `Problems`."""
        settings = self.found()
        return settings is not None and _origin(settings) != DEMO

    def found(self) -> Settings | None:
        """What is configured by now; None where another URL would mend it.  Raises `Problems`."""
        try:
            return self.load()
        except Problems as problems:
            if not all(map(_is_about_it, problems.failures)):
                raise
            return None

    def load(self, typed: str | None = None) -> Settings:
        """The settings, with another gateway if one is given.  Raises `Problems`."""
        flags = {URL: typed, "lang": self._wishes.lang}
        settings = load_settings(self._printer, flags, self._wishes.file)
        if _origin(settings) == DEMO:  # at most the lines for Claude Code are in force in this shell
            os.environ.pop(BASE_URL, None)
        return settings

    def choose(self, before: Settings | None, typed: str | None) -> Settings:
        """The settings with what is given, or with what somebody types until it is good.

        Raises `Failure` and `Problems` where nobody can be asked.
        """
        while True:
            if typed is None and self._person.there:
                now = name_of(before) if before is not None else "-"
                typed = self._person.line("setup-ask-gateway", now=now)
            try:
                return self._take(before, typed or "")
            except (Failure, Problems) as problem:
                failures = problem.failures if isinstance(problem, Problems) else (problem,)
                if not self._person.there or not all(map(_is_about_it, failures)):
                    raise
                for failure in failures:
                    self._printer.failure(failure)
                typed = None

    def _take(self, before: Settings | None, typed: str) -> Settings:
        if not typed or (before is not None and typed == before.config.gateway.url):
            if before is None:
                raise Failure("setup-missing", option="--upstream URL")
            if _origin(before) == BASE_URL:  # which will be the edge's own, from now on
                self._write(before.config.gateway.url)
            return before
        if typed.lower().startswith("sk-"):
            raise Failure("setup-key-for-url")
        if typed.lower() == DEMO_WORD:
            if before is None or not before.config.gateway.demo:
                _not_by_variable(BASE_URL, _VARIABLE)
                self._write(None)
            return self.load()
        after = self.load(typed)
        _not_by_variable(_VARIABLE)
        self._write(after.config.gateway.url)
        return after

    def _write(self, url: str | None) -> None:
        from localedge.machine.private_files import shown
        from localedge.machine.setup_journal import set_gateway
        from localedge.settings.sample import text

        if set_gateway(self._journal, self._path, url, text(self._printer.lang)):
            self._printer.data(self._printer.text("setup-written", path=shown(self._path)))


def name_of(settings: Settings) -> str:
    """The gateway as it was typed, more or less."""
    gateway = settings.config.gateway
    return DEMO_WORD if gateway.demo else gateway.url


def _not_by_variable(*names: str) -> None:
    for name in names:
        if os.environ.get(name, "").strip():
            raise Failure("setup-variable-wins", name=name)


def _origin(settings: Settings) -> str:
    return next(one.where for one in settings.effective if one.setting.key == URL)


def _is_about_it(failure: Failure) -> bool:
    return failure.params.get("key") == URL or failure.code in _ABOUT
