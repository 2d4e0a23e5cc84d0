"""`localedge demo-gateway`: the built-in gateway alone, for trying other clients and proxies on it."""

import click

from .group import EXIT_CODES, help_option
from .options import choose_language, lang_option
from .output import Printer

DEFAULT_PORT = "8000"


@click.command("demo-gateway", epilog=EXIT_CODES)
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Address to listen on [127.0.0.1].")
@click.option("--port", metavar="PORT", default=DEFAULT_PORT, help="Port, 0 for any free one [8000].")
@lang_option
@help_option
@click.pass_obj
def demo_gateway(printer: Printer, host: str, port: str, lang: str | None) -> None:
    """Serve the demo gateway alone.

    It speaks the Messages API with canned answers; no model is behind it.  A request
    may ask it to misbehave with a field such as "x-demo: first=2s; cut=5".

    \b
    Example:
      localedge demo-gateway --port 8000
    """
    from .demo_service import parse_address
    from .serving import choose_reactor, serve

    choose_language(printer, lang)
    address = parse_address(host, port)
    choose_reactor()
    from twisted.internet import reactor

    from .demo_service import DemoService

    service = DemoService(reactor, *address)

    def announce(bound: int) -> None:
        from . import paste

        printer.data(f"Demo gateway listening on {paste.url(address[0], bound)}")
        printer.talk("demo-listening")

    serve(reactor, service, announce)  # nothing is drained: busy answers are cut
