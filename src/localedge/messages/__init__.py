"""The one table of everything localedge says, by stable code, in English and Simplified Chinese.

`http` and `gateway` hold the answers the edge gives itself, `settings` and `urls` what can be wrong with
the configuration, `commands` what commands fail with and what they tell, `https` the same for the HTTPS
way in: what `run` needs.  The modules of `_COMMANDS` hold those of the commands that they are called
after, and are read when one of their codes is asked for.  Plain data: importing it must cost next to
nothing.
"""

from functools import cache
from importlib import import_module

from . import commands, gateway, http, https, settings, urls
from .entry import Entry, Words

__all__ = ["LANGUAGES", "Entry", "Words", "entry", "error_type", "table", "text"]

LANGUAGES = ("en", "zh")

_COMMANDS = ("ca", "trust", "hosts", "check", "desktop", "explain", "doctor", "setup", "uninstall")

_RUN: dict[str, Entry] = {
    **http.TABLE,
    **https.TABLE,
    **gateway.TABLE,
    **settings.TABLE,
    **urls.TABLE,
    **commands.TABLE,
}


@cache
def table() -> dict[str, Entry]:
    """All of it."""
    whole = dict(_RUN)
    for name in _COMMANDS:
        whole |= import_module(f"localedge.messages.{name}").TABLE
    return whole


# https://docs.anthropic.com/en/api/errors
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class _Params(dict[str, object]):
    """Named fields of a template; one that nobody gave shows as `?`.

    A message is mostly made while something else has already gone wrong: a
    missing detail must not replace the error by another one.
    """

    def __missing__(self, name: str) -> str:
        return "?"


def entry(code: str) -> Entry:
    """The row of a code.  Raises KeyError for a code that is not in the table."""
    return _RUN[code] if code in _RUN else table()[code]


def text(code: str, lang: str = "en", **params: object) -> str:
    """The whole message: what is the case and what to do next.

    Any `lang` but `zh` is English.  Raises KeyError for an unknown code.
    """
    row = entry(code)
    fields = _Params(params)
    if lang == "zh":
        return row.zh.fact.format_map(fields) + row.zh.next.format_map(fields)
    fact = row.en.fact.format_map(fields)
    return f"{fact} {row.en.next.format_map(fields)}" if row.en.next else fact


def error_type(status: int) -> str:
    """`error.type` of the Messages API for an HTTP status (R40)."""
    return _ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
