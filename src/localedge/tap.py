"""`twistd localedge`: the same settings and the same service tree as `localedge run`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from twisted.application.service import IService, MultiService
from twisted.python import log, usage
from twisted.python.failure import Failure as TwistedFailure

from localedge.config import LogFormat
from localedge.errors import Failure, Problems
from localedge.settings import SETTINGS, Settings, load
from localedge.settings.table import Setting

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

_SWITCHES = ("gateway.insecure",)
_FLAGGED = {setting.flag.removeprefix("--"): setting for setting in SETTINGS if setting.flag}


def _parameter(flag: str, setting: Setting) -> list[str | None]:
    return [flag, None, None, setting.en]


class Options(usage.Options):
    """The flags of `localedge run`, from the same table."""

    synopsis = "[options]"
    longdesc = "Forward Claude clients on this machine to a gateway, as `localedge run` does."
    optFlags: ClassVar[list[list[str | None]]] = [
        ["http-only", None, "Serve plain HTTP on this machine, no HTTPS."],
        ["insecure-upstream", None, "Do not check an https gateway's certificate."],
    ]
    optParameters: ClassVar[list[list[str | None]]] = [
        ["config", None, None, "Configuration file to use."],
        *(_parameter(flag, setting) for flag, setting in _FLAGGED.items() if setting.key not in _SWITCHES),
    ]

    settings: Settings
    """Filled in once the options are parsed."""

    def postOptions(self) -> None:
        """Load the settings.  Raises `SystemExit` with a line for each problem, without twistd's usage."""
        from localedge.machine.files import gather, system_language
        from localedge.settings.language import early

        flags = {setting.key: self[flag] for flag, setting in _FLAGGED.items()}
        flags.update({key: bool(flags[key]) or None for key in _SWITCHES})
        lang = early(flags["lang"], os.environ, system_language())
        try:
            sources = gather(flags, self["config"], os.environ)
            self.settings = load(sources, http_only=bool(self["http-only"]), serve=True)
        except Failure as failure:
            raise SystemExit(_line(failure, lang)) from None
        except Problems as problems:
            raise SystemExit("\n".join(_line(failure, lang) for failure in problems.failures)) from None


def _line(failure: Failure, lang: str) -> str:
    return f"{failure.sentence(lang)} [{failure.code}]"


class CannotStartError(SystemExit, Exception):
    """Ends twistd with status 1.

    An `Exception` too: only then does twistd take its pid file away and tell the process
    that waits for the daemon (`twisted.scripts._twistd_unix`, `postApplication`).
    """

    def __init__(self, failure: Failure | None) -> None:
        super().__init__(1)
        self._failure = failure

    def __str__(self) -> str:
        return f"[{self._failure.code}]" if self._failure else "internal error"


class _Daemon(MultiService):
    """The edge inside twistd: says where it listens, and ends twistd when it cannot."""

    def __init__(self, settings: Settings) -> None:
        MultiService.__init__(self)
        from twisted.internet import reactor

        from localedge.edge.service import EdgeService

        self._settings = settings
        self._starting = True
        self._cannot_start: CannotStartError | None = None
        self._note: Path | None = None
        self._reactor = reactor
        stamped = settings.config.log_format is LogFormat.TEXT
        self._edge = EdgeService(settings.config, reactor=reactor, emit=_say_unstamped if stamped else _say)
        self._edge.setServiceParent(self)  # type: ignore[no-untyped-call]

    def startService(self) -> None:
        """Twisted: before the reactor runs, so that a failure can still be twistd's exit status."""
        from localedge.cli.run import warnings

        for warning in warnings(self._settings):
            _say(_line(warning, self._settings.config.lang))
        self._edge.whenListening.addCallback(self._listening).addErrback(self._failed)
        MultiService.startService(self)
        self._starting = False
        if self._cannot_start is not None:
            raise self._cannot_start

    def stopService(self) -> "Deferred[None]":
        """Twisted: the end."""
        from localedge.machine.running_edges import withdraw

        withdraw(self._note)
        stopped: Deferred[None] = MultiService.stopService(self)
        return stopped

    def _listening(self, port: int) -> None:
        from localedge.cli.run import leave_note, listening_lines

        config = self._settings.config
        self._note = leave_note(config, self._edge, port)
        for line in listening_lines(config, self._edge, port):
            _say(line)
        for notice in self._edge.notices:
            _say(_line(notice, config.lang))

    def _failed(self, failure: TwistedFailure) -> None:
        known = failure.value if isinstance(failure.value, Failure) else None
        self._cannot_start = CannotStartError(known)
        if known is not None:
            _say(_line(known, self._settings.config.lang))
        else:
            log.err(failure, "localedge cannot start")
        if not self._starting:  # twistd has let go: only the reactor can be stopped
            self._reactor.stop()


def _say(line: str) -> None:
    log.msg(line, system="localedge")


def _say_unstamped(line: str) -> None:
    """twistd puts the time in front itself."""
    _say(line.partition(" ")[2])


def makeService(options: Options) -> IService:
    """The service tree for parsed options."""
    service: IService = _Daemon(options.settings)
    return service
