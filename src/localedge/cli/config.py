"""`localedge config`: show what is in force, say where the file is, write one."""

import os
from typing import Any

import click

from localedge.settings import DEFAULT, DEMO, NO_PROXY, Effective

from .group import EXIT_CODES, Group, help_option
from .options import choose_language, config_option, lang_option, load_settings
from .output import Printer


@click.group("config", cls=Group, invoke_without_command=True, epilog=EXIT_CODES)
@help_option
@click.pass_context
def config(context: click.Context) -> None:
    """Show, find or make the configuration.

    \b
    Example:
      localedge config init && localedge config show
    """
    if context.invoked_subcommand is None:
        context.obj.data(context.get_help())


@config.command("show", epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs; failures too.")
@config_option
@lang_option
@help_option
@click.pass_obj
def show(printer: Printer, as_json: bool, file: str | None, lang: str | None) -> None:
    """Print every value in force and where it came from.  Secrets stay hidden.

    \b
    Example:
      LOCALEDGE_PORT=18081 localedge config show
    """
    settings = load_settings(printer, {"lang": lang}, file)
    for notice in settings.notices:
        printer.failure(notice)
    if as_json:
        printer.json([_row(effective) for effective in settings.effective])
        return
    import json

    for effective in settings.effective:
        shown = effective.shown
        value = printer.text("no-value") if shown is None else json.dumps(shown, ensure_ascii=False)
        printer.data(f"{effective.setting.key} = {value}  # {_where(printer, effective)}")


def _row(effective: Effective) -> dict[str, Any]:
    codes = {DEFAULT: "default", DEMO: "demo gateway", NO_PROXY: "default"}
    return {
        "key": effective.setting.key,
        "value": effective.shown,
        "source": codes.get(effective.where, effective.where),
        "secret": effective.setting.secret,
    }


def _where(printer: Printer, effective: Effective) -> str:
    where = effective.where
    return printer.text(where) if where in (DEFAULT, DEMO, NO_PROXY) else where


@config.command("path", epilog=EXIT_CODES)
@config_option
@lang_option
@help_option
@click.pass_obj
def path(printer: Printer, file: str | None, lang: str | None) -> None:
    """Print where the configuration file is, or would be.

    \b
    Example:
      $EDITOR "$(localedge config path)"
    """
    from localedge.machine.files import config_path

    choose_language(printer, lang)
    place = config_path(file, os.environ)
    printer.data(str(place))
    if not place.exists():
        printer.talk("config-none")


@config.command("init", epilog=EXIT_CODES)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@config_option
@lang_option
@help_option
@click.pass_obj
def init(printer: Printer, force: bool, file: str | None, lang: str | None) -> None:
    """Write a configuration file in which every setting is explained and commented out.

    \b
    Example:
      localedge config init
    """
    from localedge.machine.files import config_path, write_new
    from localedge.settings import sample

    choose_language(printer, lang)
    place = config_path(file, os.environ)
    write_new(place, sample.text(printer.lang), replace=force)
    printer.data(str(place))
    printer.talk("config-written")
