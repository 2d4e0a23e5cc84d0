"""`localedge setup`: from nothing to a Claude Desktop that works, step by step."""

import click

from localedge.errors import Failure

from .group import help_option
from .options import config_option, lang_option
from .output import Printer
from .setup_asking import Person
from .terminal import at_terminal
from .trusting import EXIT_CODES


@click.command("setup", epilog=EXIT_CODES)
@click.option("--upstream", metavar="URL", help='The gateway; "demo" for the built-in one.')
@click.option("--model", "models", metavar="ID", multiple=True, help="Model to ask for; may be repeated.")
@click.option("--key-file", metavar="FILE", help="File that holds the gateway's key.")
@click.option("--http-only", is_flag=True, help="Plain HTTP on this machine: needs no certificate.")
@click.option("--https", is_flag=True, help="HTTPS too: local CA, trust stores, hosts file.")
@click.option("--no-desktop", is_flag=True, help="Leave Claude Desktop's configuration alone.")
@click.option("--no-run", is_flag=True, help="End after the test in place of serving.")
@click.option("--again", is_flag=True, help="Begin with the first step, whatever is done.")
@click.option("--dry-run", is_flag=True, help="Print the plan of all steps, change nothing.")
@click.option("--yes", is_flag=True, help="Take the recommended answer to every question.")
@click.option("--no-input", is_flag=True, help="Never ask.")
@config_option
@lang_option
@help_option
@click.pass_obj
def setup(
    printer: Printer,
    *,
    upstream: str | None,
    models: tuple[str, ...],
    key_file: str | None,
    http_only: bool,
    https: bool,
    no_desktop: bool,
    no_run: bool,
    again: bool,
    dry_run: bool,
    yes: bool,
    no_input: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Set everything up: gateway, check, HTTP or HTTPS, trust, Claude Desktop, test.

    Asks as it goes.  "stop" or Ctrl-C ends it at any time: the next run goes on
    where it was.  "localedge uninstall" puts everything back.

    \b
    Example:
      localedge setup --upstream http://gateway.example:8000
    """
    from .setup_gateway import Wishes
    from .setup_steps import Steps

    if http_only and https:
        raise Failure("setup-both-ways")
    way = "http" if http_only else "https" if https else None
    desktop = not no_desktop
    wishes = Wishes(upstream, models, key_file, way, desktop, yes, no_input, file, lang)
    person = Person(printer, there=not (no_input or yes or dry_run) and at_terminal())
    steps = Steps(printer, wishes, person)
    if dry_run:
        return steps.plan()
    steps.demand(again=again)
    with steps.journal.held(steps.path.absolute().parent):
        steps.begin(again=again)
        steps.carry_out()
    from .setup_serving import Serving

    return Serving(printer, wishes, person, steps).run(stay=not no_run)
