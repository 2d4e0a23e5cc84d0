"""`localedge desktop`: Claude Desktop's configuration for the edge."""

import os
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from localedge.errors import Failure, Problems

from . import desktop_wanted, trusting
from .desktop_told import Told
from .desktop_wanted import Wanted
from .group import EXIT_CODES, Group, help_option
from .options import choose_language, config_option, lang_option, load_settings, not_with_sudo
from .output import Printer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localedge.claude.profile import Scheme
    from localedge.config import Config, Secret
    from localedge.machine.desktop import Desktop

_json = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
_dry_run = click.option("--dry-run", is_flag=True, help="Print the plan, change nothing.")
_wait = click.option("--wait", is_flag=True, help="Wait until Claude Desktop has been quit.")


@click.group("desktop", cls=Group, invoke_without_command=True, epilog=EXIT_CODES)
@help_option
@click.pass_context
def desktop(context: click.Context) -> None:
    """Set Claude Desktop up for this edge, and put everything back.

    \b
    Example:
      localedge desktop apply --dry-run
    """
    if context.invoked_subcommand is None:
        context.obj.data(context.get_help())


@desktop.command("show", epilog=EXIT_CODES)
@desktop_wanted.target_options[2]
@desktop_wanted.target_options[1]
@desktop_wanted.target_options[0]
@_json
@config_option
@lang_option
@help_option
@click.pass_obj
def show(
    printer: Printer,
    *,
    https: bool,
    base_url: str | None,
    models: tuple[str, ...],
    as_json: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Print the values for the window "Configure third-party inference".

    \b
    Example:
      localedge desktop show
    """
    from localedge.claude.models import Model
    from localedge.claude.profile import base_url_problems, model_problems

    config = load_settings(printer, {"lang": lang}, file).config
    url = desktop_wanted.base_url(config, Wanted(https, base_url))
    told = Told(printer, "desktop show", as_json=as_json)
    demo = config.gateway.demo and base_url is None
    found = tuple(Model.of(name) for name in models)
    token = config.client_token is not None and base_url is None
    rows = [
        ("paste-connection", "Gateway"),
        ("paste-base-url", url),
        ("paste-key", printer.text("any-key" if demo else "your-key")),
        ("paste-scheme", "bearer"),
    ]
    if token:
        rows.append(("paste-header", f"{desktop_wanted.TOKEN_HEADER}: {printer.text('your-token')}"))
    shown = desktop_wanted.shown_models(found) or printer.text("desktop-models-asked")
    rows.append(("paste-model", shown))
    told.say("paste-desktop")
    for code, value in rows:
        told.line(f"  {printer.text(code)}: {value}")
    told.document |= {
        "connection": "gateway",
        "base_url": url,
        "auth_scheme": "bearer",
        "demo": demo,
        "client_token": token,
        "models": list(models),
    }
    for problem in [*base_url_problems(url), *model_problems(found)]:
        told.failure(problem)
    return told.finish()


@desktop.command("apply", epilog=trusting.EXIT_CODES)
@desktop_wanted.options
@click.option("--dev-tools", is_flag=True, help="Show the Developer menu as well.")
@_wait
@_dry_run
@_json
@help_option
@click.pass_obj
def apply(
    printer: Printer,
    *,
    https: bool,
    base_url: str | None,
    models: tuple[str, ...],
    key_file: str | None,
    auth_scheme: str | None,
    no_input: bool,
    dev_tools: bool,
    wait: bool,
    dry_run: bool,
    as_json: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Write the configuration into Claude Desktop's local library.

    The key comes from --key-file, ANTHROPIC_AUTH_TOKEN, ANTHROPIC_API_KEY or a prompt.
    Claude Desktop keeps it in that file.  "localedge desktop undo" puts everything back.

    \b
    Example:
      localedge desktop apply --dry-run
    """
    wanted = Wanted(https, base_url, models, key_file, auth_scheme, no_input)
    scene = DesktopScene.of(printer, file, lang)
    told = Told(printer, "desktop apply", as_json=as_json, dry_run=dry_run)
    with nullcontext() if dry_run else scene.desktop.journal.held():
        return put_in(scene, told, wanted, dev_tools=dev_tools, wait=wait, dry_run=dry_run)


def put_in(
    scene: "DesktopScene",
    told: Told,
    wanted: Wanted,
    *,
    key: "tuple[Secret, Scheme] | None" = None,
    dev_tools: bool = False,
    wait: bool = False,
    dry_run: bool = False,
    edge_comes: bool = False,
) -> int:
    """Write what is wanted into the local library; the exit status.  Raises `Failure` and `Problems`.

    The journal is held by the caller.  `key` goes before every other; `edge_comes`: it is started next.
    """
    from localedge.claude.profile import IDLE_TIMEOUT
    from localedge.machine import desktop_status

    before = desktop_status.standing(scene.desktop, list)
    seen = any(place.used for place in scene.desktop.places)
    profile = desktop_wanted.profile(
        scene.printer,
        scene.config,
        wanted,
        known=scene.known(),
        knows_timeout=IDLE_TIMEOUT not in desktop_status.unknown_keys(before),
        example=dry_run or key is not None,
    )
    if key is not None:
        profile = replace(profile, api_key=key[0], scheme=key[1])
        if problems := profile.problems():
            raise Problems(problems)
    plan = scene.desktop.plan(profile.settings(), dev_tools=dev_tools)
    if dry_run:
        if plan.changes:
            told.plan(plan.changes)
        else:
            told.say("desktop-already", url=profile.base_url)
    elif not plan.changes:
        told.document["files"] = []
        told.say("desktop-already", url=profile.base_url)
    else:
        if scene.quiet_or_wait(told, wait=wait):
            plan = scene.desktop.plan(profile.settings(), dev_tools=dev_tools)
        scene.desktop.apply(plan)
        told.applied(plan.changes)
        told.say("desktop-applied", url=profile.base_url)
        told.note(Failure("desktop-key-kept", path=plan.steps[0].path))
        told.note(Failure("desktop-other-history"))
    for path in plan.bom:
        told.note(Failure("desktop-bom", path=path))
    if not seen:
        told.note(Failure("desktop-not-seen"))
    for source in before.sources:
        if source.kind == desktop_status.MANAGED and source.counts:
            told.note(Failure("desktop-managed-wins", where=source.where))
            break
    if not edge_comes and (note := _about_edge(profile.base_url)) is not None:
        told.note(note)
    told.document["base_url"] = profile.base_url
    return told.finish()


def _about_edge(url: str) -> Failure | None:
    """What to know of the edge at this URL: another program may be the one that answers."""
    from localedge.machine.desktop_edge import answers
    from localedge.machine.running_edges import elsewhere

    if urls := elsewhere(url, os.environ):
        return Failure("edge-elsewhere", url=url, urls=", ".join(urls))
    return None if answers(url) else Failure("desktop-edge-silent", url=url)


@desktop.command("undo", epilog=EXIT_CODES)
@_wait
@_dry_run
@_json
@lang_option
@help_option
@click.pass_obj
def undo(printer: Printer, *, wait: bool, dry_run: bool, as_json: bool, lang: str | None) -> int:
    """Put Claude Desktop's files back, byte for byte.

    Where Claude or you have written to one since, only what localedge put in goes.

    \b
    Example:
      localedge desktop undo
    """
    choose_language(printer, lang)
    return take_out(printer, wait=wait, dry_run=dry_run, as_json=as_json)


def take_out(printer: Printer, *, wait: bool = False, dry_run: bool = False, as_json: bool = False) -> int:
    """Put everything back; the exit status.  Raises `Failure`."""
    from localedge.machine import desktop_undo

    scene = DesktopScene.without_settings(printer)
    told = Told(printer, "desktop undo", as_json=as_json, dry_run=dry_run)
    there = os.path.lexists(scene.desktop.journal.path)
    with scene.desktop.journal.held() if there and not dry_run else nullcontext():
        undoing = desktop_undo.plan(scene.desktop)
        if undoing is None:
            told.document["files"] = []
            told.say("desktop-nothing-to-undo")
            return told.finish()
        if dry_run:
            told.plan(step for _, step in undoing.steps)
            for record, failure in undoing.failures:
                told.failure(failure, path=record.path)
            return told.finish()
        if any(step.does != "keep" for _, step in undoing.steps) and scene.quiet_or_wait(told, wait=wait):
            undoing = desktop_undo.plan(scene.desktop) or undoing
        failures = desktop_undo.carry_out(scene.desktop, undoing)
        failed = {record.path for record, _ in failures}
        restored = [one for one in undoing.steps if one[0].path not in failed]
        told.undone(restored, undoing.state.profile_id)
        for record, failure in failures:
            told.failure(failure, path=record.path)
        if failures:
            told.say("desktop-undone-partly")
    return told.finish()


@desktop.command("status", epilog=EXIT_CODES)
@_json
@lang_option
@help_option
@click.pass_obj
def status(printer: Printer, *, as_json: bool, lang: str | None) -> int:
    """Which configuration Claude Desktop goes by, whether it runs, what its log says.

    \b
    Example:
      localedge desktop status
    """
    choose_language(printer, lang)
    from localedge.machine import desktop_status
    from localedge.machine.desktop_running import running

    told = Told(printer, "desktop status", as_json=as_json)
    told.standing(desktop_status.standing(_desktop(), running))
    return told.finish()


@desktop.command("export", epilog=trusting.EXIT_CODES)
@click.option("--format", "form", metavar="FORM", help="reg, mobileconfig, managed-settings or json.")
@click.option("--scope", metavar="user|machine", help="For one user, or for the whole machine.")
@click.option("--output", "target", metavar="FILE", help="Write to a new file, readable by you only.")
@desktop_wanted.options
@help_option
@click.pass_obj
def export(
    printer: Printer,
    *,
    form: str | None,
    scope: str | None,
    target: str | None,
    https: bool,
    base_url: str | None,
    models: tuple[str, ...],
    key_file: str | None,
    auth_scheme: str | None,
    no_input: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Print the configuration in a form for many machines.  The key stands in it.

    PowerShell's ">" changes bytes: use --output there.

    \b
    Example:
      localedge desktop export --format reg --output claude.reg
    """
    wanted = Wanted(https, base_url, models, key_file, auth_scheme, no_input)
    config = load_settings(printer, {"lang": lang}, file).config
    from .desktop_export import write

    return write(printer, config, wanted, form=form, scope=scope, target=target)


@dataclass(frozen=True)
class DesktopScene:
    """The machine, and what is configured."""

    printer: Printer
    desktop: "Desktop"
    config: "Config"

    @classmethod
    def of(cls, printer: Printer, file: str | None, lang: str | None) -> "DesktopScene":
        """As configured.  Raises `Failure` under sudo and `Problems` for the configuration."""
        return cls.with_config(printer, load_settings(printer, {"lang": lang}, file).config)

    @classmethod
    def with_config(cls, printer: Printer, config: "Config") -> "DesktopScene":
        """With a configuration that is known already.  Raises `Failure` under sudo."""
        not_with_sudo()
        return cls(printer, _desktop(), config)

    @classmethod
    def without_settings(cls, printer: Printer) -> "DesktopScene":
        """Undoing must work whatever is wrong with the configuration."""
        from localedge.config import Config, Gateway

        not_with_sudo()
        return cls(printer, _desktop(), Config(Gateway("http", "127.0.0.1", 1)))

    def known(self) -> "Mapping[str, object]":
        """The settings in our own profile, if there is one by now."""
        from localedge.machine import desktop_files as files

        state = self.desktop.journal.load()
        if state is None:
            return {}
        path = self.desktop.places[0].profile(state.profile_id)
        content = files.read(path)
        return {} if content is None else files.parsed(path, content).value

    def quiet_or_wait(self, told: Told, *, wait: bool) -> bool:
        """Claude Desktop must not run.  Whether there was a wait.  Raises `Failure`."""
        from localedge.machine.desktop_running import running, wait_until_ended

        found = running()
        if not found:
            return False
        if not wait:
            raise Failure("desktop-running", pid=found[0].pid)
        told.printer.talk("desktop-waiting", pid=found[0].pid)
        wait_until_ended(running)
        return True


def _desktop() -> "Desktop":
    from localedge.machine.desktop import Desktop
    from localedge.machine.stores.system import System

    return Desktop(System.here())
