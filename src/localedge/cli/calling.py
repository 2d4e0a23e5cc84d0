"""From words to an exit status: every failure becomes a line with its code.

With --json it is a value on standard output besides: a program need not read the talk.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from types import TracebackType

import click

from localedge.errors import Failure, Problems

from . import usage
from .group import localedge
from .options import choose_language
from .output import Printer

_JSON = "--json"
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
        printer.hint_program()
        return status if isinstance(status, int) else 0
    except Problems as problems:
        return _tell(printer, words, *problems.failures)
    except Failure as failure:
        return _tell(printer, words, failure)
    except click.ClickException as error:
        return _tell(printer, words, usage.failure(error, words))
    except click.Abort:
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort; its text may hold a key or a prompt (R23)
        internal = Failure("internal-error", kind=type(error).__name__, place=place_of(error.__traceback__))
        return _tell(printer, words, internal)


def _tell(printer: Printer, words: Sequence[str], *failures: Failure) -> int:
    """Why a command failed as a whole: one line each, and for programs an object, or a list of several."""
    for failure in failures:
        printer.failure(failure)
    printer.hint_program()
    status = max(failure.exit_status for failure in failures)
    if _wants_json(words) and not printer.printed:  # else the command has said it in its own words
        rows = [
            {"exit_status": status, "code": failure.code, "message": failure.sentence(printer.lang)}
            for failure in failures
        ]
        with suppress(Failure):  # the output cannot be written: told already, or nothing to tell it to
            printer.json(rows if len(rows) > 1 else rows[0])
    return status


def _wants_json(words: Sequence[str]) -> bool:
    """Whether these words name a command that has --json, and ask for it."""
    options = list(takewhile(lambda word: word != "--", words))
    if _JSON not in options:
        return False
    command: click.Command | None = localedge
    for word in options:
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word)
    return command is not None and any(_JSON in option.opts for option in command.params)


def place_of(traceback: TracebackType | None) -> str:
    """`module.py:line` of the innermost frame that is ours."""
    place = "?"
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if _OURS in name:
            place = f"{name.rpartition(_OURS)[2]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
