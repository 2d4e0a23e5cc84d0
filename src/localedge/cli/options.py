"""Options that several commands share, and the way from them to the settings."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from localedge.errors import Failure, Problems
from localedge.settings import Settings, load

from .output import Printer

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """`--config FILE`."""
    option = click.option("--config", "file", metavar="FILE", help="Configuration file to use.")
    return option(command)


def lang_option(command: _Command) -> _Command:
    """`--lang en|zh`."""
    return click.option("--lang", metavar="en|zh", help="Language of messages.")(command)


def load_settings(
    printer: Printer,
    flags: Mapping[str, object],
    file: str | None,
    *,
    http_only: bool = False,
    quiet: bool = False,
    serve: bool = False,
) -> Settings:
    """The settings for these flags; from here on the printer speaks the user's language.

    Raises `Problems`.
    """
    from localedge.machine.files import gather

    choose_language(printer, flags.get("lang"))
    settings = load(gather(flags, file, os.environ), http_only=http_only, quiet=quiet, serve=serve)
    printer.lang = settings.config.lang
    return settings


def refuse_flags(problems: Problems) -> None:
    """For who goes on with a broken configuration: what was typed with this command is told at once."""
    if typed := [one for one in problems.failures if str(one.params.get("where", "")).startswith("--")]:
        raise Problems(typed)


def not_with_sudo() -> None:
    """What is the user's own would become root's.  Raises `Failure`."""
    user = os.environ.get("SUDO_USER", "root")
    if sys.platform != "win32" and os.geteuid() == 0 and user != "root":
        raise Failure("not-with-sudo", user=user)


def choose_language(printer: Printer, flag: object) -> None:
    """Before the configuration is read: its mistakes must be told in some language."""
    from localedge.machine.files import system_language
    from localedge.settings.language import early

    printer.lang = early(flag, os.environ, system_language())
