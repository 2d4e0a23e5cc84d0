"""The steps of `localedge setup`: the machine says what is done, and the journal only where it cannot."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from localedge.claude.models import Model
from localedge.claude.profile import Scheme, model_problems
from localedge.config import Secret
from localedge.errors import Failure, Problems
from localedge.settings import Settings

from . import desktop_wanted
from .desktop_wanted import DEMO_KEY, Wanted
from .options import choose_language, not_with_sudo
from .output import Printer
from .setup_asking import Person
from .setup_desktop import DesktopStep, Target
from .setup_gateway import DEMO_WORD, GatewayStep, Wishes, name_of
from .setup_https import Https

if TYPE_CHECKING:
    from localedge.claude.probing import Credential
    from localedge.machine.setup_journal import Progress

    from .setup_check import Checked

_WAYS = {"http": frozenset({"1", "http"}), "https": frozenset({"2", "https"})}
_AFTER_CHECK = {
    "again": frozenset({"again", "a", "重试"}),
    "go-on": frozenset({"go", "g", "go on", "继续"}),
}


class Steps:
    """All that comes before the edge is started."""

    def __init__(self, printer: Printer, wishes: Wishes, person: Person) -> None:
        from localedge.machine.desktop_places import data_directory
        from localedge.machine.files import config_path
        from localedge.machine.setup_journal import NAME, Progress, SetupJournal
        from localedge.machine.stores.system import System

        choose_language(printer, wishes.lang)
        not_with_sudo()
        if wishes.desktop and (problems := model_problems(tuple(map(Model.of, wishes.models)))):
            raise Problems(problems)
        self._printer = printer
        self._wishes = wishes
        self._person = person
        self.path = config_path(wishes.file, os.environ)
        self.journal = SetupJournal(data_directory(System.here()) / NAME)
        self.progress = Progress()
        self._key: tuple[Secret | None, Credential] | None = None
        self._refused = False
        """The gateway does not take the key that is given: another one is asked for."""
        self._https = Https(printer, person, wishes)
        self._gateways = GatewayStep(printer, person, wishes, self.journal, self.path)
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """With the gateway that was chosen."""
        assert self._settings is not None, "the gateway comes first"
        return self._settings

    @property
    def https(self) -> bool:
        """The way that was chosen."""
        return self.progress.way == "https"

    @property
    def url(self) -> str:
        """The base URL for Claude Desktop.  Raises `Failure`."""
        return desktop_wanted.base_url(self.settings.config, Wanted(self.https))

    def begin(self, *, again: bool) -> None:
        """See how far it had come."""
        self.progress = self.journal.load()
        if again:
            self._go(self.progress.begun_anew())
        elif self.progress.done:
            self._say("setup-resumed")

    def carry_out(self) -> None:
        """Everything up to Claude Desktop.  Raises `Failure` and `Problems` where it cannot go on."""
        self._gateway()
        self._check()
        self._way()
        if self.https:
            self.trust()
        self._desktop()
        self._code()

    # -- 1. the gateway

    def demand(self, *, again: bool) -> None:
        """Nobody can be asked: what is not given must be known.  Raises `Problems`."""
        progress = self.journal.load()
        if again:
            progress = progress.begun_anew()
        if self._person.there or self._wishes.yes:
            return
        missing = []
        if self._wishes.upstream is None and not progress.gateway and not self._gateways.configured:
            missing.append("--upstream URL")
        if self._wishes.way is None and not progress.way:
            missing.append("--http-only / --https")
        if missing:
            raise Problems([Failure("setup-missing", option=option) for option in missing])

    def _gateway(self, typed: str | None = None, *, anew: bool = False) -> None:
        wished = typed if typed is not None or anew else self._wishes.upstream
        before = self._gateways.found()
        done = "gateway" in self.progress.done and not anew and wished is None
        if before is not None and done and name_of(before) == self.progress.gateway:
            self._settings = before
            self._say("setup-done-gateway", gateway=name_of(before))
            return
        self._settings = settings = self._gateways.choose(before, wished)
        written = self.journal.load()
        self.progress = replace(self.progress, edited=written.edited, directories=written.directories)
        gateway = name_of(settings)
        same = self.progress.gateway == gateway
        progress = self.progress if same else self.progress.begun_anew(gateway)
        self._go(progress.with_done("gateway"))
        self._say("setup-gateway", gateway=gateway)

    # -- 2. is it usable?

    def _check(self) -> None:
        wished = self._wishes.models
        answered = "check" in self.progress.done and (not wished or self.progress.model in wished)
        if answered and self._key_kept():
            self._say("setup-done-check", model=self.progress.model or "-")
            return
        tried: set[str] = set()
        while True:
            checked = self._ask_gateway()
            outcome = checked.outcome
            if outcome.usable:
                scheme = outcome.credential.value
                self._say("setup-usable", model=outcome.model, notes=checked.notes)
                self._go(
                    self.progress.with_done(
                        "check", model=outcome.model, models=checked.models, scheme=scheme
                    )
                )
                return
            if checked.better is not None and checked.better not in tried and self._agreed(checked.better):
                tried.add(checked.better)
                self._gateway(checked.better)
                continue
            if not self._person.there:
                raise Failure("setup-unusable", gateway=name_of(self.settings))
            if self._person.choice("setup-ask-unusable", _AFTER_CHECK, "again") == "go-on":
                self._go(replace(self.progress.without("check"), models=wished, model=outcome.model))
                return
            self._refused |= checked.key_refused
            if not self._key_given:
                self._key = None
                self._go(self.progress.without("desktop"))  # with a key that is as good as none
            self._gateway(anew=True)

    def _agreed(self, url: str) -> bool:
        """Whether the API is to be used where it was found."""
        return self._person.yes("setup-ask-better", url=url) if self._person.there else self._wishes.yes

    def _ask_gateway(self) -> "Checked":
        from .setup_check import carry_out

        config = self.settings.config
        if self._key is None and not self._key_given and "desktop" in self.progress.done:
            self._key = self._claudes_key()  # of this gateway: another one begins anew
        if self._key is None:
            self._key = self._find_key()
        checked = carry_out(self._printer, config, self._wishes.models, *self._key)
        if checked.outcome.model:
            self._key = (self._key[0], checked.outcome.credential)
        return checked

    def _find_key(self) -> "tuple[Secret | None, Credential]":
        from localedge.claude.probing import Credential

        from .check import find_key

        demo = self.settings.config.gateway.demo
        if demo or self._key_given or not self._person.there:
            return find_key(self._printer, self._wishes.key_file, demo=demo, ask=not self._wishes.no_input)
        key = self._person.key()
        return key, Credential.NONE if key is None else Credential.BEARER

    def _key_kept(self) -> bool:
        """Whether the key is known with which the gateway answered: setup itself writes none down."""
        if self._known_key() is None:
            self._key = self._claudes_key()
        return self.settings.config.gateway.demo or self._known_key() is not None

    def _claudes_key(self) -> "tuple[Secret | None, Credential] | None":
        try:
            step, target = self._desktop_step()
        except Failure:
            return None  # HTTPS was chosen, and there is no CA yet
        return step.credential(target.url)

    def not_working(self) -> None:
        """The edge answered otherwise than the gateway did: the next run asks that one again."""
        self._go(self.progress.without("check"))

    # -- 3. HTTP or HTTPS

    def _way(self) -> None:
        from .setup_edge import running, taken

        way = self._wishes.way
        if way is None and "way" in self.progress.done:
            way = self.progress.way
        elif way is None and self._person.there:
            way = self._person.choice("setup-ask-way", _WAYS, "http")
        way = way or "http"
        if way != self.progress.way:
            self.progress = self.progress.without("way", "trust", "desktop")
        config = self.settings.config
        if running(config) is None and (failure := taken(config, https=way == "https")):
            raise failure
        self._go(self.progress.with_done("way", way=way))
        self._say(f"setup-way-{way}")

    # -- 4. trust and names

    def trust(self) -> None:
        """The local CA and its names; plain HTTP for who wants none.  Raises `Failure` and `Problems`."""
        if self._https.trusted():
            self._say("setup-done-trust")
        else:
            self._https.trust()
            if not self._https.authority:  # and somebody goes on without it
                self._say("setup-http-instead")
                self._go(self.progress.without("desktop").with_done("way", way="http"))
                return
        self._go(self.progress.with_done("trust"))
        config = self.settings.config
        if self._https.mapped(config):
            self._say("setup-done-hosts", names=", ".join(config.https.names))
        else:
            self._https.map(config)
        self._go(self.progress.with_done("hosts"))

    # -- 5. Claude Desktop and Claude Code

    def _desktop(self) -> None:
        if not self._wishes.desktop:
            self._say("setup-no-desktop")
            return
        step, target = self._desktop_step()
        key = self._known_key()
        if step.done(target, key):
            self._say("setup-done-desktop", url=target.url)
            return
        self._say("setup-plan-desktop")
        if not step.carry_out(target, key):
            self._say("setup-no-desktop")
            return
        self._go(self.progress.with_done("desktop"))

    def _desktop_step(self) -> tuple[DesktopStep, Target]:
        step = DesktopStep(self._printer, self._person, self.settings.config)
        models = self._wishes.models or self.progress.models
        return step, Target(self.https, self.url, models, no_input=self._wishes.no_input)

    @property
    def _key_given(self) -> bool:
        """Whether nobody need be asked for the key."""
        from localedge.claude.environment import CREDENTIALS, key_in

        return not self._refused and bool(
            self._wishes.key_file or any(key_in(os.environ, name) for name in CREDENTIALS)
        )

    def _known_key(self) -> "tuple[Secret | None, Credential] | None":
        """The key, by the scheme in which the gateway took it; none of it where it took any."""
        from localedge.claude.probing import Credential

        from .check import find_key

        scheme = self.progress.scheme
        if self._key is None and self._key_given and not self.settings.config.gateway.demo:
            key, credential = find_key(self._printer, self._wishes.key_file, demo=False, ask=False)
            self._key = key, Credential(scheme) if scheme in set(Scheme) else credential
        keyless = None, Credential.NONE
        if self._key is None or self._key[0] is None:
            return keyless if scheme == Credential.NONE.value else None
        return self._key

    def _code(self) -> None:
        """The lines for Claude Code."""
        from localedge.claude.environment import SHELLS, shell_of, wanted

        try:
            line = SHELLS[shell_of(os.environ, os.name == "nt")].line
        except Failure:
            line = SHELLS["bash"].line  # a shell that nobody knows
        config = self.settings.config
        token = config.client_token is not None
        self._say("setup-code", command="localedge env --https" if self.https else "localedge env")
        for name, value in wanted({}, self.url, demo=config.gateway.demo, token=token).variables.items():
            self._printer.data(f"  {line(name, value)}")

    def credential(self) -> "tuple[Secret | None, Credential]":
        """What the edge is tried with: what Claude Desktop got, else what the gateway was asked with."""
        from localedge.claude.probing import Credential

        if self.settings.config.gateway.demo:
            return Secret(DEMO_KEY), Credential.BEARER
        return self._claudes_key() or self._known_key() or self._key or (None, Credential.NONE)

    # -- the plan

    def plan(self) -> int:
        """All steps, and what they would change.  Nothing is."""
        wishes = self._wishes
        self.progress = self.journal.load()
        typed = wishes.upstream if wishes.upstream and wishes.upstream.lower() != DEMO_WORD else None
        self._settings = settings = self._gateways.load(typed)
        way = wishes.way or self.progress.way or "http"
        self.progress = replace(self.progress, way=way)
        self._say("setup-plan-gateway", gateway=name_of(settings), path=self.path)
        self._say("setup-plan-check")
        self._say(f"setup-way-{way}")
        if self.https:
            self._say("setup-plan-trust")
            self._https.trust(dry_run=True)
            self._https.map(settings.config, dry_run=True)
        if wishes.desktop:
            if not self.https or self._https.authority:
                self._say("setup-plan-desktop")
                step, target = self._desktop_step()
                step.plan(target)
            else:
                self._say("setup-plan-desktop-later")
        self._say("setup-plan-test")
        self._say("nothing-changed")
        return 0

    # -- the journal

    def _go(self, progress: "Progress") -> None:
        self.progress = progress
        self.journal.store(progress)

    def _say(self, code: str, **params: object) -> None:
        self._printer.data(self._printer.text(code, **params))
