"""`localedge hosts`: names that lead to this machine, in the system's hosts file."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from localedge.errors import Failure, Problems
from localedge.names import is_host_name

from .group import EXIT_CODES, Group, help_option
from .hosts_told import Told, by_name, next_step
from .options import choose_language, config_option, lang_option, load_settings
from .output import Printer

if TYPE_CHECKING:
    from localedge.config import Config
    from localedge.machine.hosts import Change, HostsFile
    from localedge.machine.hosts_text import HostsText, Mapping

_GENERATED = ("generatehosts", "manage_etc_hosts")
"""What WSL and cloud-init write into the file about themselves."""


@click.group("hosts", cls=Group, invoke_without_command=True, epilog=EXIT_CODES)
@help_option
@click.pass_context
def hosts(context: click.Context) -> None:
    """Make names lead to this machine, for HTTPS under a name.

    \b
    Example:
      sudo localedge hosts add localedge.test
    """
    if context.invoked_subcommand is None:
        context.obj.data(context.get_help())


_place = click.option("--file", "path", metavar="FILE", hidden=True, help="Another hosts file.")
_dry_run = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
_json = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs; failures too.")
_names = click.argument("names", nargs=-1, metavar="[NAME...]")


@hosts.command("add", epilog=EXIT_CODES)
@_names
@_dry_run
@_json
@_place
@config_option
@lang_option
@help_option
@click.pass_obj
def add(
    printer: Printer,
    *,
    names: Sequence[str],
    dry_run: bool,
    as_json: bool,
    path: str | None,
    file: str | None,
    lang: str | None,
) -> None:
    """Let names lead to this machine; without a NAME those of https.names.

    Every other line of the hosts file stays as it is, byte for byte.

    \b
    Example:
      localedge hosts add --dry-run localedge.test
    """
    from localedge.machine.hosts_text import Mapping

    config = load_settings(printer, {"lang": lang}, file).config
    wanted = _checked(names or config.https.names)
    addresses = _listened(config)
    place = hosts_file(path)

    def edit(text: "HostsText") -> "HostsText":
        if problems := [
            _at("hosts-name-mapped", other, name, place)
            for name in wanted
            if (other := text.elsewhere(name)) is not None
        ]:
            raise Problems(problems)
        mine = by_name(text) | dict.fromkeys(wanted, addresses)
        return text.with_own(
            [Mapping(address, name) for name, found in mine.items() for address in found], os.linesep
        )

    told = Told(printer, place, as_json=as_json, dry_run=dry_run)
    with next_step("add", wanted, path, file):
        planned = place.plan(edit)
        fresh = [name for name in wanted if name not in by_name(planned.before)]
        told.notes += _warnings(config, fresh, planned, place)
        change = planned if dry_run else place.change(edit)
    for name in wanted:
        code = "hosts-added" if name in fresh else "hosts-there"
        told.say(code, name=name, addresses=", ".join(addresses), path=place.shown)
    if not dry_run:
        told.notes += _effect(wanted, place)
    told.notes += _coverage(config, wanted, told)
    told.finish(change, added=fresh)


@hosts.command("remove", epilog=EXIT_CODES)
@_names
@_dry_run
@_json
@_place
@lang_option
@help_option
@click.pass_obj
def remove(
    printer: Printer,
    *,
    names: Sequence[str],
    dry_run: bool,
    as_json: bool,
    path: str | None,
    lang: str | None,
) -> None:
    """Take names out again; without a NAME all that localedge has put in.

    With the last one the file is again what it was, byte for byte.

    \b
    Example:
      sudo localedge hosts remove
    """
    choose_language(printer, lang)
    take_out(printer, names, path, dry_run=dry_run, as_json=as_json)


def take_out(
    printer: Printer,
    names: Sequence[str] = (),
    path: str | None = None,
    *,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Take names out of the hosts file, all of ours if none is given.  Raises `Failure` and `Problems`."""
    wanted = _checked(names)
    place = hosts_file(path)

    def edit(text: "HostsText") -> "HostsText":
        if problems := [
            _at("hosts-name-not-ours", other, name, place)
            for name in wanted
            if name not in by_name(text) and (other := text.elsewhere(name)) is not None
        ]:
            raise Problems(problems)
        return text.with_own([one for one in text.own if wanted and one.name not in wanted])

    told = Told(printer, place, as_json=as_json, dry_run=dry_run)
    with next_step("remove", wanted, path, None):
        change = place.plan(edit) if dry_run else place.change(edit)
    gone = [name for name in by_name(change.before) if name not in by_name(change.after)]
    for name in gone:
        told.say("hosts-removed", name=name, path=place.shown)
    for name in wanted:
        if name not in gone:
            told.say("hosts-absent", name=name, path=place.shown)
    if not wanted and not gone:
        told.say("hosts-none", path=place.shown)
    told.finish(change, removed=gone)


@hosts.command("show", epilog=EXIT_CODES)
@_json
@_place
@config_option
@lang_option
@help_option
@click.pass_obj
def show(printer: Printer, *, as_json: bool, path: str | None, file: str | None, lang: str | None) -> None:
    """Print localedge's names: whether they are in the hosts file, and what they resolve to.

    \b
    Example:
      localedge hosts show
    """
    from localedge.machine.hosts_lookup import look_up

    config = load_settings(printer, {"lang": lang}, file).config
    place = hosts_file(path)
    with next_step("add", config.https.names, path, file):
        text = place.read()
    mine = by_name(text)
    names = list(dict.fromkeys((*mine, *config.https.names)))
    found = look_up(names)
    rows = [_row(text, name, found[name]) for name in names]
    if as_json:
        printer.json({"file": str(place.path), "names": rows})
        return
    for row in rows:
        resolved = _found(printer, found[row["name"]])
        shown = {**row, "addresses": ", ".join(row["addresses"]), "found": resolved}
        printer.data(printer.text(_SHOWN[row["in_file"]], **shown))


_SHOWN = {"localedge": "hosts-show-ours", "other": "hosts-show-other", None: "hosts-show-absent"}


def _row(text: "HostsText", name: str, found: tuple[str, ...] | None) -> dict[str, Any]:
    ours = by_name(text).get(name)
    other = None if ours else text.elsewhere(name)
    return {
        "name": name,
        "in_file": "localedge" if ours else "other" if other else None,
        "line": other.line if other else None,
        "addresses": [other.address] if other else list(ours or ()),
        "resolves_to": None if found is None else list(found),
    }


def _at(code: str, line: "Mapping", name: str, place: "HostsFile") -> Failure:
    """What somebody else's line says of a name."""
    return Failure(code, name=name, line=line.line, address=_shown(line.address), path=place.shown)


def hosts_file(path: str | None = None) -> "HostsFile":
    """The system's hosts file, or the one that was named."""
    from localedge.machine.hosts import HostsFile, system_path

    return HostsFile(system_path() if path is None else Path(path))


def _checked(names: Iterable[str]) -> list[str]:
    """The names in lower case, once each.  Raises `Problems`."""
    lowered = list(dict.fromkeys(name.lower() for name in names))
    wrong = [(code, name) for name in lowered if (code := _wrong(name)) is not None]
    if wrong:
        raise Problems(Failure(code, name=_shown(name)) for code, name in wrong)
    return lowered


def _wrong(name: str) -> str | None:
    import ipaddress

    if name in ("localhost", "localhost.localdomain", "broadcasthost") or name.endswith(".localhost"):
        return "hosts-name-loopback"
    if name.startswith(("ip6-", "ip6.")) and "." not in name:
        return "hosts-name-loopback"
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return None if is_host_name(name) else "hosts-name-bad"
    return "hosts-name-address"


def _shown(name: str) -> str:
    from localedge.settings.layers import clean

    return clean(name)


def _listened(config: "Config") -> tuple[str, ...]:
    """Where the edge listens for HTTPS: 127.0.0.1 in any case, ::1 where it was told to."""
    return ("127.0.0.1", "::1") if config.host == "::1" else ("127.0.0.1",)


def _warnings(
    config: "Config", names: Sequence[str], planned: "Change", place: "HostsFile"
) -> Iterator[Failure]:
    """What somebody may not have thought of.  Asks DNS only about names that could be public."""
    from localedge.machine.hosts_lookup import is_claudes, is_private, look_up

    gateway = "" if config.gateway.demo else config.gateway.host
    found = look_up([name for name in names if not is_private(name)])
    for name in names:
        addresses = found.get(name)
        if is_claudes(name):
            yield Failure("hosts-name-claude", name=name)
        elif name == gateway:
            yield Failure("hosts-name-gateway", name=name)
        elif addresses:
            yield Failure("hosts-name-public", name=name, addresses=", ".join(addresses[:3]))
    text = (planned.before.before + planned.before.after).lower()
    if planned.made and any(word in text for word in _GENERATED):
        yield Failure("hosts-generated", path=place.shown)


def _effect(names: Sequence[str], place: "HostsFile") -> Iterator[Failure]:
    """Whether the system goes by what was written, if it is the system's own file."""
    from localedge.machine.hosts import system_path
    from localedge.machine.hosts_lookup import is_loopback, look_up

    if place.path != system_path():
        return
    for name, addresses in look_up(names).items():
        if addresses is not None and not (addresses and all(map(is_loopback, addresses))):
            yield Failure("hosts-no-effect", name=name, found=", ".join(addresses) or "?")


def _coverage(config: "Config", names: Sequence[str], told: Told) -> Iterator[Failure]:
    """Whether the edge and its certificates know the names."""
    missing = [name for name in names if name not in config.https.names]
    if missing:
        yield Failure("hosts-not-configured", names=", ".join(missing))
        return
    import datetime as dt

    from localedge.machine.vault import Vault, authority_directory

    try:
        vault = Vault(authority_directory(config.https.directory))
        if not vault.exists:
            told.say("hosts-next")
            return
        missing = list(vault.load(dt.datetime.now(dt.UTC)).missing(names))
    except Failure:
        return  # `localedge ca show` tells what is wrong with it
    if missing:
        yield Failure("hosts-not-covered", names=", ".join(missing))


def _found(printer: Printer, addresses: tuple[str, ...] | None) -> str:
    if addresses is None:
        return printer.text("hosts-found-late")
    return ", ".join(addresses) or printer.text("hosts-found-nothing")
