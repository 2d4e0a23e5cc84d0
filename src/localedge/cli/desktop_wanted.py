"""What Claude Desktop is to use: base URL, key, models, from the settings, the options and the environment.

The key never stands among the arguments, where every program on the machine could read it.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from localedge.claude.models import Model
from localedge.claude.profile import (
    API_KEY,
    LONGEST_SILENCE,
    SCHEME_KEY,
    Profile,
    Scheme,
    base_url_problems,
    model_problems,
)
from localedge.config import Gateway, Secret
from localedge.errors import Failure, Problems, reason_of
from localedge.http.guard import TOKEN_FIELD

from . import paste
from .options import config_option, lang_option

if TYPE_CHECKING:
    from localedge.config import Config

    from .output import Printer
from .terminal import at_terminal

_Command = TypeVar("_Command", bound=Callable[..., Any])

TOKEN_HEADER = TOKEN_FIELD.decode()
DEMO_KEY = "demo"
_LONGEST_KEY_FILE = 64 * 1024


class Wanted(NamedTuple):
    """The options about what is to be used."""

    https: bool = False
    base_url: str | None = None
    models: tuple[str, ...] = ()
    key_file: str | None = None
    auth_scheme: str | None = None
    no_input: bool = False


def options(command: _Command) -> _Command:
    """The options of `apply` and `export`."""
    for option in (
        lang_option,
        config_option,
        click.option("--no-input", is_flag=True, help="Never ask for the key."),
        click.option("--auth-scheme", metavar="bearer|x-api-key", help="How the key is sent [bearer]."),
        click.option("--key-file", metavar="FILE", help="File with the gateway's key."),
        *target_options,
    ):
        command = option(command)
    return command


target_options: tuple[Callable[[Any], Any], ...] = (
    click.option("--model", "models", metavar="ID", multiple=True, help="A model; may be repeated."),
    click.option("--base-url", metavar="URL", help="Another base URL than the configured edge's."),
    click.option("--https", is_flag=True, help="Over HTTPS."),
)


def base_url(config: "Config", wanted: Wanted) -> str:
    """The base URL, by Claude's own rule.  Raises `Failure`."""
    if wanted.base_url is not None:
        return _given(wanted.base_url)
    if wanted.https:
        return _secure(config)
    if config.port == 0:
        raise Failure("desktop-port-free", key="listen.port")
    return paste.base_url(config.host, config.port)


def _given(typed: str) -> str:
    from localedge.settings.upstream import check_base_path, parse

    try:
        url = parse(typed)
        check_base_path(url)
    except Failure as failure:
        raise Failure(failure.code, **{**failure.params, "where": "--base-url"}) from None
    return Gateway(url.scheme, url.host, url.port, url.path).url


def _secure(config: "Config") -> str:
    from localedge.machine.vault import Vault, authority_directory

    if config.http_only or not Vault(authority_directory(config.https.directory)).exists:
        raise Failure("desktop-no-https")
    if config.https.port == 0 or config.https.socket:
        raise Failure("desktop-port-free", key="https.port")
    return paste.url((*config.https.names, "localhost")[0], config.https.port, "https")


def profile(
    printer: "Printer",
    config: "Config",
    wanted: Wanted,
    *,
    known: Mapping[str, object],
    knows_timeout: bool = True,
    example: bool = False,
) -> Profile:
    """The profile.  `known` are the settings that our profile has by now, whose key goes on to be used.

    With `example` nobody is asked for a key.  Raises `Failure` and `Problems`.
    """
    url = base_url(config, wanted)
    if wanted.auth_scheme is not None and wanted.auth_scheme not in set(Scheme):
        raise Failure("desktop-auth-scheme", value=wanted.auth_scheme)
    models = tuple(Model.of(name) for name in wanted.models)
    if problems := [*base_url_problems(url), *model_problems(models)]:
        raise Problems(problems)  # before anybody is asked for a key
    key, scheme = _key(printer, config, wanted, known, example=example)
    found = Profile(
        url,
        key,
        Scheme(wanted.auth_scheme) if wanted.auth_scheme else scheme,
        models,
        {TOKEN_HEADER: config.client_token} if config.client_token and wanted.base_url is None else {},
        LONGEST_SILENCE if knows_timeout else None,
    )
    if problems := found.problems():
        raise Problems(problems)
    return found


def _key(
    printer: "Printer", config: "Config", wanted: Wanted, known: Mapping[str, object], *, example: bool
) -> tuple[Secret, Scheme]:
    from localedge.claude.environment import CREDENTIALS, key_in

    if wanted.key_file is not None:
        return _from_file(wanted.key_file), _scheme(known)
    if config.gateway.demo and wanted.base_url is None:
        return Secret(DEMO_KEY), Scheme.BEARER
    for name, scheme in CREDENTIALS.items():
        if value := key_in(os.environ, name):
            return Secret(value), Scheme(scheme)
    if isinstance(kept := known.get(API_KEY), str) and kept:
        return Secret(kept), _scheme(known)
    if example:
        return Secret("your-key"), Scheme.BEARER
    if wanted.no_input or not at_terminal():
        raise Failure("desktop-no-key")
    import getpass

    try:
        # It asks when the terminal shows no more what is typed, not before.
        typed = getpass.getpass(printer.text("desktop-ask-key") + " ")
        return Secret(typed.strip()), Scheme.BEARER
    except EOFError:
        raise Failure("desktop-no-key") from None


def _scheme(known: Mapping[str, object]) -> Scheme:
    value = known.get(SCHEME_KEY)
    return Scheme(value) if isinstance(value, str) and value in set(Scheme) else Scheme.BEARER


def _from_file(name: str) -> Secret:
    from localedge.machine.private_files import shown

    path = Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises where nobody has a home
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST_KEY_FILE)
        return Secret(content.decode("utf-8-sig").strip())
    except OSError as error:
        reason = reason_of(error)
    except UnicodeError:
        reason = "not UTF-8"
    raise Failure("desktop-key-file", path=shown(path), reason=reason)


def shown_models(models: Sequence[Model]) -> str:
    """The models as they may be typed."""
    return ", ".join(f"{model.id}[1m]" if model.long_context else model.id for model in models)
