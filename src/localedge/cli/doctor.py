"""`localedge doctor`: what is wrong on this machine, and what mends it."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localedge.config import Config, Gateway
from localedge.errors import Failure, Problems

from .group import help_option
from .options import choose_language, config_option, lang_option, load_settings, refuse_flags
from .output import Printer

if TYPE_CHECKING:
    from localedge.machine.health import Scene

_EXIT_CODES = (
    "Exit codes: 0 nothing to mend, 1 an error, 5 warnings only, 2 usage, 3 internal error, 130 interrupted."
)


@click.command("doctor", epilog=_EXIT_CODES)
@click.option("--fix", is_flag=True, help="Mend what can be mended without any risk.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option("--bundle", is_flag=True, help="Also write what a bug report needs into a ZIP file.")
@click.option("--output", "target", metavar="FILE", help="Name of that file [localedge-doctor-DATE.zip].")
@config_option
@lang_option
@help_option
@click.pass_obj
def doctor(
    printer: Printer,
    *,
    fix: bool,
    as_json: bool,
    bundle: bool,
    target: str | None,
    file: str | None,
    lang: str | None,
) -> int:
    """Look for what keeps Claude from working here: worst first, with what mends it.

    The edge and its ports, the gateway, names, trust stores, proxies, Claude Desktop,
    Claude Code, Windows, our own files.  Nothing is changed without --fix.  With
    --bundle everything is also written, without keys and tokens, into an archive that
    you can read before you send it.

    \b
    Example:
      localedge doctor
    """
    from .doctor_looks import examine, mend
    from .doctor_told import Told

    if target is not None and not bundle:
        raise Failure("doctor-output-alone")
    scene = _scene(printer, file, lang)
    told = Told(printer, as_json=as_json)
    findings = examine(scene)
    if fix and any(finding.fix for finding in findings):
        told.mended(mend(scene, findings))
        findings = examine(_scene(printer, file, lang))
    told.findings(findings, fixed=fix)
    if bundle:
        from .doctor_bundle import write

        told.bundle(write(printer, scene, findings, target))
    return told.finish(findings)


def _scene(printer: Printer, file: str | None, lang: str | None) -> "Scene":
    """As configured; with the defaults where that cannot be read, which is a finding."""
    from localedge.machine.files import config_path, gather
    from localedge.machine.health import Scene
    from localedge.machine.health_here import is_of_claude
    from localedge.machine.health_running import as_running
    from localedge.machine.stores.system import System
    from localedge.settings import load
    from localedge.settings.build import BASE_URL

    choose_language(printer, lang)
    path = config_path(file, os.environ)
    try:
        config = load_settings(printer, {"lang": lang}, file).config
    except Problems as problems:
        refuse_flags(problems)
        config = Config(Gateway("http", "127.0.0.1", 1, demo=True), lang=printer.lang)
        if all(map(is_of_claude, problems.failures)):
            without = {name: value for name, value in os.environ.items() if name != BASE_URL}
            config = load(gather({"lang": lang}, file, without)).config
            printer.lang = config.lang
    return as_running(Scene(config, Path(path), System.here()))
