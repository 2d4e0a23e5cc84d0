"""From words to an exit status: every failure becomes a line with its code."""

import os
import sys
from collections.abc import Sequence
from types import TracebackType

import click

from localedge.errors import Failure, Problems

from . import usage
from .group import localedge
from .options import choose_language
from .output import Printer

_OURS = os.sep + "localedge" + os.sep


def call(argv: Sequence[str] | None) -> int:
    """Run a command and return its exit status.

    0 done, 1 the user can mend it, 2 usage, 3 internal error; every failure is one
    line on standard error per problem, with its code.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    printer = Printer()
    choose_language(printer, usage.value_of("--lang", words))
    try:
        status = localedge.main(args=words, prog_name="localedge", standalone_mode=False, obj=printer)
        return status if isinstance(status, int) else 0
    except Problems as problems:
        for failure in problems.failures:
            printer.failure(failure)
        return problems.exit_status
    except Failure as failure:
        printer.failure(failure)
        return failure.exit_status
    except click.ClickException as error:
        mistake = usage.failure(error, words)
        printer.failure(mistake)
        return mistake.exit_status
    except click.Abort:
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort; its text may hold a key or a prompt (R23)
        internal = Failure("internal-error", kind=type(error).__name__, place=place_of(error.__traceback__))
        printer.failure(internal)
        return internal.exit_status


def place_of(traceback: TracebackType | None) -> str:
    """`module.py:line` of the innermost frame that is ours."""
    place = "?"
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if _OURS in name:
            place = f"{name.rpartition(_OURS)[2]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
