"""`localedge version`."""

import click

from .group import help_option
from .output import Printer


@click.command("version", epilog="Exit codes: 0.")
@help_option
@click.pass_obj
def version(printer: Printer) -> None:
    """Print the version.

    And what a bug report wants to know besides: Python, Twisted and the system.

    \b
    Example:
      localedge version
    """
    import platform

    import localedge
    import twisted

    printer.data(f"localedge {localedge.__version__}")
    printer.data(
        f"Python {platform.python_version()}, Twisted {twisted.__version__}, "
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
