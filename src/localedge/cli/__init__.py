"""The command line.  One module per command, loaded only when it is the one that is called."""

import os
from collections.abc import Sequence
from types import TracebackType

from localedge.errors import Failure, Problems

from .output import Printer

_OURS = os.sep + "localedge" + os.sep


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 done, 1 the user can mend it, 2 usage, 3 internal error; every failure is one
    line on standard error per problem, with its code.
    """
    import click

    from .group import localedge

    printer = Printer()
    try:
        status = localedge.main(
            args=None if argv is None else list(argv),
            prog_name="localedge",
            standalone_mode=False,
            obj=printer,
        )
        return status if isinstance(status, int) else 0
    except Problems as problems:
        for failure in problems.failures:
            printer.failure(failure)
        return problems.exit_status
    except Failure as failure:
        printer.failure(failure)
        return failure.exit_status
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "localedge"
        usage = Failure("usage", detail=error.format_message().replace("\n", " "), command=command)
        _choose_language(printer)
        printer.failure(usage)
        return usage.exit_status
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        return 0  # click's own help text, nobody reads on
    except Exception as error:  # noqa: BLE001 - the last resort; its text may hold a key or a prompt (R23)
        internal = Failure("internal-error", kind=type(error).__name__, place=place_of(error.__traceback__))
        printer.failure(internal)
        return internal.exit_status


def _choose_language(printer: Printer) -> None:
    """For a mistake that click found before any command could look at `--lang`."""
    from localedge.machine.files import system_language
    from localedge.settings.language import early

    printer.lang = early(None, os.environ, system_language())


def place_of(traceback: TracebackType | None) -> str:
    """`module.py:line` of the innermost frame that is ours."""
    place = "?"
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if _OURS in name:
            place = f"{name.rpartition(_OURS)[2]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
