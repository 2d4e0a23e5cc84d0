"""`localedge` itself: knows the names of its commands and loads the one that is called."""

from importlib import import_module

import click

from . import usage

_COMMANDS = {
    "setup": ("setup", "setup"),
    "run": ("run", "run"),
    "trust-ca": ("trust_ca", "trust_ca"),
    "untrust-ca": ("untrust_ca", "untrust_ca"),
    "hosts": ("hosts", "hosts"),
    "ca": ("ca", "ca"),
    "doctor": ("doctor", "doctor"),
    "check": ("check", "check"),
    "desktop": ("desktop", "desktop"),
    "explain": ("explain", "explain"),
    "env": ("env", "env"),
    "demo-gateway": ("demo_gateway", "demo_gateway"),
    "config": ("config", "config"),
    "uninstall": ("uninstall", "uninstall"),
    "version": ("version", "version"),
}

EXIT_CODES = "Exit codes: 0 done, 1 something you can mend, 2 usage, 3 internal error, 130 interrupted."


def _show_help(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.obj.data(context.get_help())
        context.exit()


help_option = click.option(
    *("-h", "--help"),
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_help,
    help="Show this message and exit.",
)
"""In place of click's own, which prints past the printer."""


class Group(click.Group):
    """Tells a command that it does not have in words of our own."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """click: the command that the first of the words names."""
        if self.get_command(ctx, args[0]) is None:
            raise usage.unknown("no-such-command", args[0], self.list_commands(ctx), ctx.command_path)
        return super().resolve_command(ctx, args)


class _Lazy(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(f"localedge.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=_Lazy,
    invoke_without_command=True,
    context_settings={"max_content_width": 100},  # which its commands inherit
    epilog=EXIT_CODES.replace("130", "4 a person is needed, 130"),
)
@click.option("--version", "wants_version", is_flag=True, help="Print the version.")
@help_option
@click.pass_context
def localedge(context: click.Context, wants_version: bool) -> None:
    """The local edge between Claude Desktop or Claude Code and a plain HTTP gateway.

    \b
    Try it with the built-in demo gateway:
      localedge run --http-only
    """
    if context.invoked_subcommand is not None:
        return
    if wants_version:
        from .version import version

        context.invoke(version)
    else:
        context.obj.data(context.get_help())
