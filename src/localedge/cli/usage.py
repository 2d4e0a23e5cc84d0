"""Mistakes in the command line in words of our own: click's are English only."""

from collections.abc import Iterable, Sequence
from itertools import pairwise, takewhile

import click

from localedge.errors import Failure


def failure(error: click.ClickException, words: Sequence[str]) -> Failure:
    """What click found wrong with these words."""
    context = getattr(error, "ctx", None)
    leading = takewhile(lambda word: not word.startswith("-"), words)  # click loses it for a missing value
    command = context.command_path if context else " ".join(["localedge", *leading])
    if isinstance(error, click.NoSuchOption):
        return unknown("no-such-option", error.option_name, error.possibilities or (), command)
    if isinstance(error, click.BadOptionUsage) and words[-1:] == [error.option_name]:
        return Failure("option-without-value", name=error.option_name, command=command)
    if type(error) is click.UsageError and context and not isinstance(context.command, click.Group):
        return Failure("extra-words", command=command)
    detail = error.format_message().replace("\n", " ").removesuffix(".")
    return Failure("usage", detail=detail, command=command)


def unknown(code: str, name: str, known: Iterable[str], command: str) -> Failure:
    """A name that `command` does not know, with the nearest one that it does."""
    import difflib  # only for mistakes

    near = difflib.get_close_matches(name, known, 1)
    if near:
        return Failure(f"{code}-near", name=name, near=near[0], command=command)
    return Failure(code, name=name, command=command)


def value_of(option: str, words: Sequence[str]) -> str | None:
    """What an option would be, in words that nobody could parse."""
    for word, following in pairwise([*words, ""]):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
