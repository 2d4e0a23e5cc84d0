"""The end of `localedge setup`: an edge, tried as Claude Desktop's "Test connection" does it, then served."""

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localedge.config import LogLevel
from localedge.errors import Failure
from localedge.machine.desktop_edge import answers

from .options import load_settings
from .output import Printer
from .setup_asking import Person
from .setup_check import Whole
from .setup_desktop import overruled
from .setup_edge import Edge, gateway_at, running, test_connection
from .setup_gateway import Wishes, name_of
from .setup_steps import Steps

if TYPE_CHECKING:
    from localedge.config import Config
    from localedge.edge.service import EdgeService

_AGAIN = {"again": frozenset({"again", "a", "重试"})}


class Serving:
    """The edge of a setup whose other steps are done."""

    def __init__(self, printer: Printer, wishes: Wishes, person: Person, steps: Steps) -> None:
        self._printer = printer
        self._wishes = wishes
        self._person = person
        self._steps = steps
        self._url = steps.url
        self._key, self._credential = steps.credential()
        self._works: bool | None = None
        self._shown = True
        self._error: BaseException | None = None

    def run(self, *, stay: bool) -> int:
        """Try the edge, and serve if `stay`.  Raises what keeps it from listening."""
        config = self._steps.settings.config
        edge = self._edge(config)
        if edge is not None:
            from .setup_reactor import until

            self._say("setup-edge-runs", pid=edge.pid or "?")
            if edge.serves is None:
                self._say("setup-edge-unknown")
            until(lambda reactor: self._try(reactor, config))
            self._tell()
            if self._works:
                self._say("setup-start-claude")
        else:
            self._serve(stay=stay)
        if self._error is not None:
            raise self._error
        return 0 if self._works is not False and (self._shown or not self._wishes.desktop) else 1

    def _edge(self, config: "Config") -> Edge | None:
        """One that runs by now as it should.  Raises `Failure` for one with another gateway, or no HTTPS."""
        while (edge := running(config)) is not None:
            without = self._steps.https and not answers(self._url)
            if edge.serves is not False and not without:
                break
            if not self._person.there:
                raise Failure("setup-other-edge", pid=edge.pid)
            self._person.choice("setup-ask-other-edge", _AGAIN, "again", pid=edge.pid)
        return edge

    def _serve(self, *, stay: bool) -> None:
        from .serving import choose_reactor

        choose_reactor()
        from twisted.internet import reactor as installed
        from twisted.internet.defer import Deferred

        from .run import listening_lines, serve_edge

        reactor: Any = installed
        settings = load_settings(
            self._printer,
            {"lang": self._wishes.lang},
            self._wishes.file,
            http_only=not self._steps.https,
            serve=True,
        )
        if name_of(settings) != name_of(self._steps.settings):  # somebody has been at it meanwhile
            raise Failure("setup-gateway-changed", gateway=name_of(settings))

        if not stay:  # its own two requests are told already
            quieter = replace(settings.config, log_level=LogLevel.WARNING)
            settings = settings._replace(config=quieter)

        self._printer.hint_program()

        def announced(service: "EdgeService", port: int) -> None:
            for line in listening_lines(settings.config, service, port):
                self._printer.data(line)
            for notice in service.notices:
                self._printer.failure(notice)
            trying = Deferred.fromCoroutine(self._try(reactor, settings.config))
            trying.addErrback(lambda failure: setattr(self, "_error", failure.value))
            trying.addCallback(lambda _: tried())

        def tried() -> None:
            if self._error is not None:
                reactor.stop()
                return
            self._tell()
            if not stay:
                reactor.stop()
                self._say("setup-next", command=self._command())
                return
            self._say("setup-start-claude" if self._works else "setup-serves-on")
            self._say("setup-stays", command=self._command())

        serve_edge(settings, self._printer, announced)

    async def _try(self, reactor: Any, config: "Config") -> None:
        from localedge.edge.probe import Bounds, Probe

        from . import paste

        self._say("setup-testing", url=self._url)
        at = gateway_at(self._url, self._root(config))
        told = Whole(self._printer, at)
        probe = Probe(config, self._key, Bounds(), reactor=reactor)
        plan = test_connection(config, at, self._credential, self._steps.progress.model or paste.MODEL)
        outcome = await probe.run(plan, told.finding, lambda _: None)
        self._works = outcome.usable
        self._shown = told.lists or bool(self._wishes.models or self._steps.progress.models)

    def _root(self, config: "Config") -> str | None:
        """Of the local CA: that the edge has its certificate is looked at here, who trusts it was before."""
        if not self._steps.https:
            return None
        from localedge.machine.vault import Vault, authority_directory

        return str(Vault(authority_directory(config.https.directory)).root_file)

    def _tell(self) -> None:
        if not self._works:
            self._steps.not_working()
        self._say("setup-works" if self._works else "setup-fails", url=self._url)
        if not self._works or not self._wishes.desktop:
            return
        if not self._shown:
            self._say("setup-no-models")
        from localedge.machine.stores.system import System

        if where := overruled(System.here(), self._url):
            self._shown = False
            self._say("setup-overruled", where=where)

    def _command(self) -> str:
        """How the edge is started the next time."""
        from localedge.claude.health import command_line

        words = ["localedge", "run", *([] if self._steps.https else ["--http-only"])]
        if os.environ.get("LOCALEDGE_PORT", "").strip():  # which the next shell may not have
            words += ["--port", str(self._steps.settings.config.port)]
        if self._wishes.file is not None:
            words += ["--config", self._wishes.file]
        return command_line(sys.platform, words)

    def _say(self, code: str, **params: object) -> None:
        self._printer.data(self._printer.text(code, **params))
