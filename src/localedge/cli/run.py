"""`localedge run`: the edge itself."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from localedge.config import Config, LogFormat
from localedge.errors import Failure
from localedge.settings import Settings
from localedge.settings.upstream import is_loopback

from . import paste
from .group import CONTEXT, EXIT_CODES, help_option
from .options import config_option, lang_option, load_settings
from .output import Printer

if TYPE_CHECKING:
    from localedge.edge.service import EdgeService


@click.command("run", context_settings=CONTEXT, epilog=EXIT_CODES)
@click.option("--http-only", is_flag=True, help="Serve plain HTTP on this machine, no HTTPS.")
@click.option("--upstream", metavar="URL", help="The gateway, like http://gateway.example:8000.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on [127.0.0.1].")
@click.option("--port", metavar="PORT", help="Port to listen on, 0 for any free one [18080].")
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
    file: str | None,
    log_format: str | None,
    log_level: str | None,
    quiet: bool,
    insecure_upstream: bool,
    lang: str | None,
) -> None:
    """Forward Claude clients to your gateway.

    Without a gateway it serves the built-in demo gateway.  Ctrl-C stops it after the
    answers in flight, a second Ctrl-C at once.

    \b
    Example:
      localedge run --http-only --upstream http://gateway.example:8000
    """
    flags = {
        "gateway.url": upstream,
        "listen.host": host,
        "listen.port": port,
        "log.format": log_format,
        "log.level": log_level,
        "gateway.insecure": insecure_upstream or None,
        "lang": lang,
    }
    settings = load_settings(printer, flags, file, http_only=http_only, quiet=quiet, serve=True)
    _serve(settings, printer)


def _serve(settings: Settings, printer: Printer) -> None:
    from .serving import choose_reactor, serve

    choose_reactor()
    from twisted.internet import reactor

    from localedge.edge.lines import LineWriter
    from localedge.edge.observe import spoken
    from localedge.edge.service import EdgeService

    config = settings.config
    json = config.log_format is LogFormat.JSON

    def dropped(text: str) -> str:
        return spoken(LogFormat.JSON, "lines-dropped", text) if json else text

    log = LineWriter(reactor, printer.log_line(), dropped)

    def say(notice: Failure, line: str | None = None) -> None:
        """By way of the log: who reads standard error may be stalled while streams run."""
        sentence = notice.sentence(printer.lang)
        log.write(spoken(LogFormat.JSON, notice.code, sentence) if json else line or sentence)

    def stopping() -> None:
        if not config.quiet:
            say(Failure("stopping"))

    for warning in warnings(settings):
        say(warning, printer.line(warning))
    service = EdgeService(config, reactor=reactor, emit=log.write)
    try:
        serve(reactor, service, lambda port: announce(config, service, port, printer, say), stopping)
    finally:
        log.close()


def warnings(settings: Settings) -> list[Failure]:
    """What must be said before anything is served, quiet or not."""
    gateway = settings.config.gateway
    unchecked = gateway.insecure and gateway.scheme == "https"
    insecure = [Failure("insecure-upstream", gateway=gateway.url)] if unchecked else []
    return [*settings.notices, *insecure]


def announce(
    config: Config, service: "EdgeService", port: int, printer: Printer, say: Callable[[Failure], None]
) -> None:
    """The first line of standard output, and what to paste where."""
    demo = config.gateway.demo
    printer.data(listening_line(config.host, port, service.gateway_url, demo=demo))
    if config.quiet:
        return
    lines = [printer.text("demo-announcement")] if demo else []
    base = paste.base_url(config.host, port)
    token = config.client_token is not None
    lines += paste.block(printer.text, base, demo=demo, windows=sys.platform == "win32", token=token)
    printer.data("\n".join(lines))
    if not is_loopback(config.host):
        say(Failure("beyond-loopback", port=port))
    if not paste.desktop_takes(config.host):
        say(Failure("desktop-needs-loopback", host=config.host))


def listening_line(host: str, port: int, gateway_url: str, *, demo: bool) -> str:
    """In English whatever the language: scripts wait for it."""
    return f"Listening on {paste.url(host, port)} -> {gateway_url}" + (" (demo gateway)" if demo else "")
