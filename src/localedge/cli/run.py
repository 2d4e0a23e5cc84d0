"""`localedge run`: the edge itself."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from localedge.config import Config, LogFormat
from localedge.errors import Failure
from localedge.settings import Settings
from localedge.settings.upstream import is_loopback

from . import paste
from .group import EXIT_CODES, help_option
from .options import config_option, lang_option, load_settings
from .output import Printer

if TYPE_CHECKING:
    from localedge.edge.service import EdgeService


@click.command("run", epilog=EXIT_CODES)
@click.option("--http-only", is_flag=True, help="Serve plain HTTP on this machine, no HTTPS.")
@click.option("--upstream", metavar="URL", help="The gateway, like http://gateway.example:8000.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on [127.0.0.1].")
@click.option("--port", metavar="PORT", help="Port to listen on, 0 for any free one [18080].")
@click.option(
    "--https-port",
    metavar="PORT",
    help="Port for HTTPS; systemd or fd:3 for a socket that was passed on [18443].",
)
@config_option
@click.option("--log-format", metavar="text|json", help="Form of the access log on standard error.")
@click.option(
    "--log-level",
    metavar="LEVEL",
    help="debug (connections too), info, warning (failures only), error (none).",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing to paste; warnings and the log go on.")
@click.option("--insecure-upstream", is_flag=True, help="Do not check an https gateway's certificate.")
@lang_option
@help_option
@click.pass_obj
def run(
    printer: Printer,
    *,
    http_only: bool,
    upstream: str | None,
    host: str | None,
    port: str | None,
    https_port: str | None,
    file: str | None,
    log_format: str | None,
    log_level: str | None,
    quiet: bool,
    insecure_upstream: bool,
    lang: str | None,
) -> None:
    """Forward Claude clients to your gateway.

    Plain HTTP on loopback, and HTTPS beside it once "localedge trust-ca" has made a
    local CA.  Without a gateway it serves the built-in demo gateway.  Ctrl-C stops it
    after the answers in flight, a second Ctrl-C at once.

    \b
    Example:
      localedge run --upstream http://gateway.example:8000
    """
    flags = {
        "gateway.url": upstream,
        "listen.host": host,
        "listen.port": port,
        "https.port": https_port,
        "log.format": log_format,
        "log.level": log_level,
        "gateway.insecure": insecure_upstream or None,
        "lang": lang,
    }
    settings = load_settings(printer, flags, file, http_only=http_only, quiet=quiet, serve=True)
    serve_edge(settings, printer)


def serve_edge(
    settings: Settings, printer: Printer, announced: "Callable[[EdgeService, int], None] | None" = None
) -> None:
    """Serve until a signal, or somebody who stops the reactor.  Raises what kept it from listening.

    `announced` is called, with the port for plain HTTP, in place of the usual first lines.
    """
    from .serving import choose_reactor, serve

    choose_reactor()
    from twisted.internet import reactor as installed

    from localedge.edge.lines import LineWriter
    from localedge.edge.observe import spoken
    from localedge.edge.service import EdgeService
    from localedge.machine.running_edges import withdraw

    reactor: Any = installed
    config = settings.config
    json = config.log_format is LogFormat.JSON

    def dropped(text: str) -> str:
        return spoken(LogFormat.JSON, "lines-dropped", text) if json else text

    log = LineWriter(reactor, printer.log_line(), dropped)
    note: Path | None = None

    def say(notice: Failure, line: str | None = None) -> None:
        """By way of the log: who reads standard error may be stalled while streams run."""
        sentence = notice.sentence(printer.lang)
        log.write(spoken(LogFormat.JSON, notice.code, sentence) if json else line or sentence)

    def stopping() -> None:
        if not config.quiet:
            say(Failure("stopping"))

    def listening(port: int) -> None:
        nonlocal note
        note = leave_note(config, service, port)
        if announced is not None:
            announced(service, port)
            return
        announce(config, service, port, printer, say)
        if service.https_names and not config.quiet:
            look_for_names(service.https_names, reactor.callFromThread, say)

    for warning in warnings(settings):
        say(warning, printer.line(warning))
    service = EdgeService(config, reactor=reactor, emit=log.write)
    try:
        serve(reactor, service, listening, stopping)
    finally:
        withdraw(note)
        log.close()


def leave_note(config: Config, service: "EdgeService", port: int) -> "Path | None":
    """Tell other commands that this edge runs, see `machine.running_edges`."""
    from localedge.machine.running_edges import RunningEdge, announce

    urls = (paste.base_url(config.host, port), secure_url(service))
    gateway = "" if config.gateway.demo else service.gateway_url
    return announce(RunningEdge(os.getpid(), tuple(filter(None, urls)), gateway), os.environ)


def warnings(settings: Settings) -> list[Failure]:
    """What must be said before anything is served, quiet or not."""
    gateway = settings.config.gateway
    unchecked = gateway.insecure and gateway.scheme == "https"
    insecure = [Failure("insecure-upstream", gateway=gateway.url)] if unchecked else []
    return [*settings.notices, *insecure]


def announce(
    config: Config, service: "EdgeService", port: int, printer: Printer, say: Callable[[Failure], None]
) -> None:
    """The first lines of standard output, and what to paste where."""
    demo = config.gateway.demo
    for line in listening_lines(config, service, port):
        printer.data(line)
    for notice in service.notices:
        if not (config.quiet and notice.code == "no-ca"):
            say(notice)
    if config.quiet:
        return
    lines = [printer.text("demo-announcement")] if demo else []
    base, secure = paste.base_url(config.host, port), secure_url(service)
    token = config.client_token is not None
    windows = sys.platform == "win32"
    lines += paste.block(printer.text, base, demo=demo, windows=windows, token=token, secure=secure)
    printer.data("\n".join(lines))
    if not is_loopback(config.host):
        say(Failure("beyond-loopback", port=port))
    from localedge.claude.rules import accepts_base_url

    if not accepts_base_url(base).accepted:
        say(Failure("desktop-needs-loopback", host=config.host))
    if secure is not None and not accepts_base_url(secure).accepted:
        say(Failure("desktop-refuses", url=secure))


def listening_lines(config: Config, service: "EdgeService", port: int) -> list[str]:
    """A line for each base URL, plain HTTP first.  In English whatever the language: scripts wait for it."""
    end = f" -> {service.gateway_url}" + (" (demo gateway)" if config.gateway.demo else "")
    secure = secure_url(service)
    return [f"Listening on {url}{end}" for url in (paste.url(config.host, port), secure) if url is not None]


def secure_url(service: "EdgeService") -> str | None:
    """The base URL with https, by the first of the mapped names; None where HTTPS is not served."""
    if service.https_port is None:
        return None
    return paste.url((*service.https_names, "localhost")[0], service.https_port, "https")


def look_for_names(
    names: tuple[str, ...], call: Callable[..., object], say: Callable[[Failure], None]
) -> Thread:
    """Tell of mapped names that do not lead here yet.

    Resolvers may take their time, so a thread asks, and `call` (`callFromThread`) brings the answer.
    It is none of the reactor's own threads: those it waits for when it stops.
    """

    def look() -> None:
        from localedge.machine.hosts_lookup import look_up

        for name, addresses in look_up(names).items():
            if addresses is not None and not any(is_loopback(address) for address in addresses):
                call(say, Failure("name-not-mapped", name=name))

    thread = Thread(target=look, daemon=True)
    thread.start()
    return thread
