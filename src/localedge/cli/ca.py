"""`localedge ca`: look at the local CA, renew its leaf, export its root, forget it."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from localedge.errors import Failure

from .group import EXIT_CODES, Group, help_option
from .options import config_option, lang_option
from .output import Printer
from .trusting import Scene

if TYPE_CHECKING:
    from localedge.config import Https
    from localedge.pki.authority import Authority


@click.group("ca", cls=Group, invoke_without_command=True, epilog=EXIT_CODES)
@help_option
@click.pass_context
def ca(context: click.Context) -> None:
    """Look at the local CA, renew its certificate, export its root, or forget it.

    \b
    Example:
      localedge ca show
    """
    if context.invoked_subcommand is None:
        context.obj.data(context.get_help())


@ca.command("show", epilog=EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@config_option
@lang_option
@help_option
@click.pass_obj
def show(printer: Printer, as_json: bool, file: str | None, lang: str | None) -> None:
    """Print what the local CA may speak for, its dates and fingerprints, and where it is trusted.

    \b
    Example:
      localedge ca show --json
    """
    from .ca_told import as_lines, as_value

    scene, now = Scene.of(printer, file, lang), datetime.now(UTC)
    entries = scene.journal.entries()
    try:
        authority = scene.vault.load(now)
    except Failure:
        # What is still trusted without it is worth knowing all the more.
        if not as_json:
            for entry in entries:
                printer.talk("ca-still-trusted", store=entry.store, name=entry.root.nick)
        raise
    value = as_value(scene, authority, entries, now)
    if as_json:
        printer.json(value)
        return
    for line in as_lines(printer, value):
        printer.data(line)
    _notes(printer, authority, scene.config.https, now)


@ca.command("renew", epilog=EXIT_CODES)
@config_option
@lang_option
@help_option
@click.pass_obj
def renew(printer: Printer, file: str | None, lang: str | None) -> None:
    """Issue a new certificate and key for the edge now, in place of the one it has.

    That happens by itself every nine days or so.  No trust store is touched: the root stays.

    \b
    Example:
      localedge ca renew
    """
    scene, now = Scene.of(printer, file, lang), datetime.now(UTC)
    names = scene.config.https.names
    authority = scene.vault.load(now)
    missing = authority.missing(names)
    leaf = scene.vault.renew(authority, now, [name for name in names if name not in missing])
    end = leaf.certificate.not_valid_after_utc
    printer.talk("ca-renewed", names=", ".join(leaf.names), date=f"{end:%Y-%m-%d}")
    _notes(printer, authority, scene.config.https, now)


@ca.command("export", epilog=EXIT_CODES)
@click.option(
    "--format", "form", type=click.Choice(["pem", "der"]), default="pem", help="pem (default) or der."
)
@click.option("--out", metavar="FILE", help="Where to; standard output if left out.")
@click.option("--bundle", is_flag=True, help="The system's trusted roots and ours behind them.")
@click.option("--base", metavar="FILE", help="With --bundle: this file in place of the system's.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@config_option
@lang_option
@help_option
@click.pass_obj
def export(
    printer: Printer,
    *,
    form: str,
    out: str | None,
    bundle: bool,
    base: str | None,
    force: bool,
    file: str | None,
    lang: str | None,
) -> None:
    """Print the root certificate, or write it to a file.  Never a key.

    SSL_CERT_FILE, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE replace a program's own roots: give them a --bundle.
    NODE_EXTRA_CA_CERTS adds to them: the root alone will do.

    \b
    Example:
      localedge ca export --bundle --out ~/bundle.pem
    """
    from localedge.machine.bundle import combined, system_bundle, write_public
    from localedge.machine.private_files import shown
    from localedge.pki.authority import pem

    scene = Scene.of(printer, file, lang)
    if form == "der" and bundle:
        raise Failure("ca-bundle-is-pem")
    if base is not None and not bundle:
        raise Failure("ca-base-without-bundle")
    to_file = out not in (None, "-")
    if form == "der" and not to_file and printer.to_terminal:
        raise Failure("ca-der-to-file")
    root = scene.vault.load(datetime.now(UTC)).root
    content = pem(root)
    if form == "der":
        from cryptography.hazmat.primitives.serialization import Encoding

        content = root.public_bytes(Encoding.DER)
    if bundle:
        content = combined(Path(base) if base is not None else system_bundle(), content)
    if out is None or out == "-":
        printer.raw(content)
        return
    write_public(Path(out), content, replace=force)
    printer.talk("ca-bundle-written" if bundle else "ca-root-written", path=shown(Path(out)))


@ca.command("forget", epilog=EXIT_CODES)
@config_option
@lang_option
@help_option
@click.pass_obj
def forget(printer: Printer, file: str | None, lang: str | None) -> None:
    """Remove the local CA's files, keys and all, when nothing trusts it any more.

    \b
    Example:
      localedge untrust-ca && localedge ca forget
    """
    from localedge.machine.private_files import shown

    scene = Scene.of(printer, file, lang)
    with scene.journal.held():
        refuse_if_trusted(printer, scene)
        there = scene.vault.directory.exists()
        scene.vault.forget()
    if scene.config.https.directory is None:
        with suppress(OSError):
            scene.vault.directory.parent.rmdir()  # our own, if nothing else is in it
    printer.talk("ca-forgotten" if there else "ca-nothing-to-forget", path=shown(scene.vault.directory))


def refuse_if_trusted(printer: Printer, scene: Scene) -> None:
    """Ask the journal, then every store: what put the root there may not have written it down."""
    from localedge.machine.stores import detect
    from localedge.pki.plan import State

    command = "localedge untrust-ca"
    names = list(dict.fromkeys(entry.store for entry in scene.journal.entries()))
    if not names and (root := scene.root()) is not None:
        command = f"{command} --unrecorded"
        for store in detect(scene.system):
            state = store.state(root).state
            if state is State.UNKNOWN:
                printer.talk("ca-forget-unknown", store=store.name)
            elif state.present:
                names.append(store.name)
    if names:
        raise Failure("ca-still-in-stores", stores=", ".join(names), command=command)


def _notes(printer: Printer, authority: "Authority", https: "Https", now: datetime) -> None:
    """What will have to be done, if anything."""
    from localedge.pki.authority import root_due

    if missing := authority.missing(https.names):
        printer.failure(Failure("ca-names-missing", names=", ".join(missing)))
    if root_due(authority.root, now):
        printer.talk("root-ends-soon", date=f"{authority.root.not_valid_after_utc:%Y-%m-%d}")
