"""`localedge env`: the variables that make Claude Code and the SDKs use the edge."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localedge.errors import Failure, reason_of

from .group import EXIT_CODES, help_option
from .options import config_option, lang_option, load_settings
from .output import Printer

if TYPE_CHECKING:
    from localedge.claude.environment import Trust, Wanted
    from localedge.config import Config
    from localedge.machine.vault import Vault


@click.command("env", epilog=EXIT_CODES)
@click.option(
    "--shell", "named", metavar="bash|fish|csh|pwsh|cmd", help="How to write them [your shell's way]."
)
@click.option("--https", is_flag=True, help="For the edge's HTTPS, with the files of the local CA.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@config_option
@lang_option
@help_option
@click.pass_obj
def env(
    printer: Printer, *, named: str | None, https: bool, as_json: bool, file: str | None, lang: str | None
) -> None:
    """Print what Claude Code and the SDKs need to use the edge of this configuration.

    Only assignments on standard output.  No key is printed: what is set in the
    environment stays as it is, and a placeholder stands for what is not.

    \b
    Example:
      eval "$(localedge env)"
    """
    from localedge.claude import environment

    windows = sys.platform == "win32"
    config = load_settings(printer, {"lang": lang}, file).config
    shell = environment.SHELLS[
        environment.shell_named(named) if named else environment.shell_of(os.environ, windows)
    ]
    notices: list[Failure] = []
    trust = _trust(config, notices) if https else None
    base = _base(config, https)
    wanted = environment.wanted(
        os.environ,
        base,
        demo=config.gateway.demo,
        token=config.client_token is not None,
        trust=trust,
        windows=windows,
    )
    lines = [shell.line(name, value) for name, value in wanted.variables.items()]
    if as_json:
        _print_json(printer, wanted)
    else:
        printer.data("\n".join(lines))
    from localedge.machine.running_edges import elsewhere

    if urls := elsewhere(base, os.environ):
        notices.append(Failure("edge-elsewhere", url=base, urls=", ".join(urls)))
    for notice in [*notices, *wanted.notices]:
        printer.talk(notice.code, **_with_command(notice, config, file))
    if printer.to_terminal and not as_json:
        words = ["localedge env", *([f"--shell {named}"] if named else []), *(["--https"] if https else [])]
        printer.talk("env-use", command=shell.use.format(command=" ".join(words)))


def _base(config: "Config", https: bool) -> str:
    """The URL of the edge for clients on this machine.  Raises `Failure` where nobody can know it."""
    from . import paste

    if not https:
        if config.port == 0:
            raise Failure("env-any-port", key="listen.port", variable="LOCALEDGE_PORT")
        return paste.base_url(config.host, config.port)
    if config.https.socket is not None:
        raise Failure("env-passed-socket")
    if config.https.port == 0:
        raise Failure("env-any-port", key="https.port", variable="LOCALEDGE_HTTPS_PORT")
    # Not localhost: that may lead to ::1 first, where HTTPS does not listen.
    return paste.url("127.0.0.1", config.https.port, "https")


def _vault(config: "Config") -> "Vault":
    from localedge.machine.vault import Vault, authority_directory

    return Vault(authority_directory(config.https.directory))


def _bundle(vault: "Vault") -> Path:
    """Where the file with all roots belongs: beside the authority, which removes what is in its own place."""
    return vault.directory.parent / "bundle.pem"


def _trust(config: "Config", notices: list[Failure]) -> "Trust":
    """The local CA's files.  Raises `Failure` where there is no local CA."""
    from localedge.claude.environment import FILES, Trust
    from localedge.machine.private_files import shown

    vault = _vault(config)
    try:
        root = vault.root_file.read_bytes()
    except FileNotFoundError:
        raise Failure("ca-missing", path=shown(vault.directory)) from None
    except OSError as error:
        raise Failure("ca-unreadable", path=shown(vault.root_file), reason=reason_of(error)) from None
    bundle = _bundle(vault)
    held = _holds(bundle, root)
    if not held:
        notices.append(
            Failure("env-no-bundle") if held is None else Failure("env-old-bundle", path=shown(bundle))
        )
    named = {os.environ.get(name) or "" for name in FILES} - {""}
    holding = frozenset(name for name in named if _holds(Path(name), root))
    if not held and all(os.environ.get(name) in holding for name in FILES[1:]):
        notices.clear()  # nobody needs the bundle
    return Trust(str(vault.root_file), str(bundle) if held else None, holding)


def _holds(path: Path, root: bytes) -> bool | None:
    """Whether the root is in a file; None for one that is not there."""
    try:
        return root.strip() in path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError:
        return False


def _with_command(notice: Failure, config: "Config", file: str | None) -> dict[str, object]:
    """The notice's params, with the command that makes the bundle it asks for."""
    if notice.code not in ("env-no-bundle", "env-old-bundle", "env-kept-file"):
        return dict(notice.params)
    words = ["localedge", "ca", "export", "--bundle"]
    if notice.code == "env-kept-file":
        path = Path(str(notice.params["path"]))
        words += ["--base", str(path), "--out", str(path.with_name(f"{path.stem}-localedge.pem"))]
    else:
        words += ["--out", str(_bundle(_vault(config)))]
    if notice.code == "env-old-bundle":
        words.append("--force")
    if file is not None:
        words += ["--config", file]
    import shlex
    import subprocess

    command = subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
    return {**notice.params, "command": command}


def _print_json(printer: Printer, wanted: "Wanted") -> None:

    from localedge.claude.environment import KEY, TOKEN

    placeholders = [name for name, value in wanted.variables.items() if KEY in value or TOKEN in value]
    document = {"variables": wanted.variables, "placeholders": placeholders}
    printer.json(document)
