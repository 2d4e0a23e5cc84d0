"""`localedge check`: is the gateway one that Claude Desktop can work with?"""

import os
import re
from typing import TYPE_CHECKING, Any

import click

from localedge.config import Config, Secret
from localedge.errors import Failure, reason_of
from localedge.settings import values

from .group import EXIT_CODES, help_option
from .options import config_option, lang_option, load_settings
from .output import Printer
from .run import warnings
from .terminal import at_terminal

if TYPE_CHECKING:
    from localedge.claude.probing import Credential, Outcome, Question

    from .check_told import Told

FIRST_WORD, NEXT_WORD = 2.0, 10.0
"""Seconds until it is told that we wait, and between such words."""
_MODEL = re.compile(r"[!-~]{1,200}")
_MOST_KEY = 64 * 1024


@click.command("check", epilog=EXIT_CODES)
@click.option("--upstream", metavar="URL", help="The gateway, like http://gateway.example:8000.")
@click.option("--model", "models", metavar="ID", multiple=True, help="Model to ask for; may be given again.")
@click.option("--key-file", metavar="FILE", help="File that holds the gateway's key.")
@click.option("--timeout", metavar="TIME", default="60s", help="Longest silence of a model [60s].")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@config_option
@lang_option
@help_option
@click.pass_obj
def check(
    printer: Printer,
    *,
    upstream: str | None,
    models: tuple[str, ...],
    key_file: str | None,
    timeout: str,
    as_json: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Ask the gateway what Claude Desktop will ask, and say what that means.

    Asks directly and through localedge, for a few tokens.  The key comes from
    ANTHROPIC_AUTH_TOKEN or ANTHROPIC_API_KEY, from --key-file, or is asked for; it
    never stands in the arguments, and is never shown.  Exits with 0 if the gateway
    is usable.

    \b
    Example:
      localedge check --upstream http://gateway.example:8000
    """
    flags = {"gateway.url": upstream, "lang": lang}
    settings = load_settings(printer, flags, file, http_only=True, serve=True)
    patience = _duration(timeout)
    for model in models:
        if not _MODEL.fullmatch(model):
            raise Failure("check-model-bad", model=values.show(model))
    for notice in warnings(settings):
        printer.failure(notice)
    key, credential = find_key(printer, key_file, demo=settings.config.gateway.demo)

    from .check_told import Told

    told = Told(printer, as_json=as_json, upstream=upstream)
    outcome = _run(settings.config, models, key, credential, patience=patience, told=told)
    if outcome is None:
        return 130
    told.end(outcome)
    return 0 if outcome.usable else 1


def _duration(typed: str) -> float:
    try:
        seconds = values.duration(0.1, 3600.0)(typed)
        assert isinstance(seconds, float)
        return seconds
    except Failure as failure:
        params = {"where": "--timeout", "value": typed, "key": "--timeout", **failure.params}
        raise Failure(failure.code, **params) from None


def find_key(
    printer: Printer, key_file: str | None, *, demo: bool, ask: bool = True
) -> "tuple[Secret | None, Credential]":
    """The key, and the scheme to begin with: each variable has its own, as in Claude Code."""
    from localedge.claude.environment import CREDENTIALS, key_in
    from localedge.claude.probing import Credential

    if key_file is not None:
        return secret(_read(key_file), "--key-file"), Credential.BEARER
    for name, scheme in CREDENTIALS.items():
        if given := key_in(os.environ, name):
            return secret(given, name), Credential(scheme)
    if not demo and ask and at_terminal():
        line = typed(printer.text("check-key-prompt"))
        if line.strip():
            return secret(line, printer.text("check-key-typed")), Credential.BEARER
    if not demo:
        printer.talk("check-no-key")
    return None, Credential.NONE


def typed(prompt: str) -> str:
    """What a person types, unseen; nothing where the terminal would show it."""
    import getpass
    from warnings import catch_warnings, simplefilter

    with catch_warnings():
        simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning:
            return ""
        except UnicodeDecodeError:
            return "\ufffd"  # which is in no key


def _read(path: str) -> str:
    """The first bytes of a file: somebody may have named the wrong one."""
    try:
        with open(os.path.expanduser(path), "rb") as file:  # noqa: PTH111, PTH123 - as files.py does
            return file.read(_MOST_KEY).decode("utf-8-sig")
    except OSError as error:
        raise Failure(
            "secret-file-unreadable", where="--key-file", path=path, reason=reason_of(error)
        ) from None
    except (UnicodeDecodeError, ValueError):
        raise Failure("check-key-bad", where="--key-file") from None


def secret(text: str, where: str) -> Secret:
    """A key in a text from there.  Raises `Failure`, without the text."""
    try:
        return values.token(text)
    except Failure:
        raise Failure("check-key-bad", where=where) from None


def _run(
    config: Config,
    models: tuple[str, ...],
    key: Secret | None,
    credential: "Credential",
    *,
    patience: float,
    told: "Told",
) -> "Outcome | None":
    """Carry the check out; None if the user ended it.  Raises what kept it from beginning."""
    from .serving import choose_reactor

    choose_reactor()
    from twisted.internet import reactor as installed
    from twisted.internet.defer import CancelledError, Deferred
    from twisted.python.failure import Failure as TwistedFailure

    reactor: Any = installed
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    async def ask() -> None:
        outcomes.append(await asked(reactor, config, models, key, credential, patience=patience, told=told))

    def failed(failure: TwistedFailure) -> None:
        assert failure.value is not None
        errors.append(failure.value)

    def done(_: object) -> None:
        if not ending:
            reactor.stop()

    def begin() -> None:
        asking.append(Deferred.fromCoroutine(ask()))
        asking[0].addErrback(failed).addBoth(done)

    def end() -> "Deferred[None] | None":
        ending.append(True)
        for one in asking:
            one.cancel()
            return one
        return None

    asking: list[Deferred[None]] = []
    ending: list[bool] = []
    reactor.addSystemEventTrigger("before", "shutdown", end)
    reactor.callWhenRunning(begin)
    reactor.run()
    if outcomes or not errors or isinstance(errors[0], CancelledError):
        return outcomes[0] if outcomes else None
    raise errors[0]


async def asked(
    reactor: Any,
    config: Config,
    models: tuple[str, ...],
    key: Secret | None,
    credential: "Credential",
    *,
    patience: float,
    told: "Told",
) -> "Outcome":
    """Ask everything, and tell it as it comes.  Raises what kept it from beginning."""
    from localedge.claude.probe_plan import check as plan
    from localedge.edge.probe import Bounds, Probe

    bounds = Bounds(short=min(Bounds().short, patience), answer=patience, whole=3 * patience)
    probe = Probe(config, key, bounds, reactor=reactor)
    waiting = _Waiting(reactor, told, bounds)
    try:
        await probe.start()
        told.begin(probe.gateway)
        return await probe.run(plan(probe.gateway, models, credential), told.finding, waiting.asking)
    finally:
        waiting.stop()
        await probe.stop()


class _Waiting:
    """Says now and then on standard error that somebody is being waited for."""

    def __init__(self, reactor: Any, told: "Told", bounds: Any) -> None:
        self._reactor = reactor
        self._told = told
        self._bounds = bounds
        self._question: Question | None = None
        self._since = 0.0
        self._call: Any = None

    def asking(self, question: "Question") -> None:
        """A question is being asked."""
        self.stop()
        self._question = question
        self._since = self._reactor.seconds()
        self._call = self._reactor.callLater(FIRST_WORD, self._say)

    def _say(self) -> None:
        assert self._question is not None
        seconds = self._reactor.seconds() - self._since
        self._told.waiting(self._question, seconds, self._bounds.of(self._question.wait))
        self._call = self._reactor.callLater(NEXT_WORD, self._say)

    def stop(self) -> None:
        """Nobody is."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None
