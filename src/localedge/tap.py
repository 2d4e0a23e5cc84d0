"""`twistd localedge`: the same settings and the same service tree as `localedge run`."""

import os
from typing import Any, ClassVar

from twisted.application.service import IService
from twisted.python import log, usage

from localedge.errors import Failure, Problems
from localedge.settings import SETTINGS, Settings, load
from localedge.settings.table import Setting

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
        *([flag, None, setting.en] for flag, setting in _FLAGGED.items() if setting.key in _SWITCHES),
    ]
    optParameters: ClassVar[list[list[str | None]]] = [
        ["config", None, None, "Configuration file to use."],
        *(_parameter(flag, setting) for flag, setting in _FLAGGED.items() if setting.key not in _SWITCHES),
    ]

    settings: Settings
    """Filled in once the options are parsed."""

    def postOptions(self) -> None:
        """Load the settings.  Raises `usage.UsageError` with a line for each problem."""
        from localedge.machine.files import check_ca_file, gather, system_language
        from localedge.settings.language import early

        flags = {setting.key: self[flag] or None for flag, setting in _FLAGGED.items()}
        lang = early(flags["lang"], os.environ, system_language())
        try:
            if not self["http-only"]:
                raise Failure("https-not-available")
            self.settings = load(gather(flags, self["config"], os.environ), http_only=True)
            check_ca_file(self.settings)
        except Failure as failure:
            raise usage.UsageError(_line(failure, lang)) from None
        except Problems as problems:
            raise usage.UsageError("\n".join(_line(failure, lang) for failure in problems.failures)) from None


def _line(failure: Failure, lang: str) -> str:
    return f"{failure.sentence(lang)} [{failure.code}]"


def makeService(options: Options) -> IService:
    """The service tree.  Logs where it listens, or why it cannot, and then stops the reactor."""
    from twisted.internet import reactor

    from localedge import messages
    from localedge.cli.run import listening_line
    from localedge.edge.service import EdgeService

    config = options.settings.config

    def say(line: str) -> None:
        log.msg(line, system="localedge")

    for notice in options.settings.notices:
        say(_line(notice, config.lang))
    if config.gateway.insecure and config.gateway.scheme == "https":
        say(messages.text("insecure-upstream", config.lang, gateway=config.gateway.url))
    service = EdgeService(config, reactor=reactor, emit=say)

    def listening(port: int) -> None:
        say(listening_line(config.host, port, service.gateway_url, demo=config.gateway.demo))

    def failed(failure: Any) -> None:
        if not isinstance(failure.value, Failure):
            log.err(failure, "localedge cannot start")
        else:
            say(_line(failure.value, config.lang))
        if reactor.running:
            reactor.stop()

    service.whenListening.addCallback(listening).addErrback(failed)
    return service
