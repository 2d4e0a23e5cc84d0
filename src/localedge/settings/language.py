"""Which language the user reads: `en` or `zh`."""

from collections.abc import Mapping

from localedge.errors import Failure

from . import values

_LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")


def from_locale(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The language of the locale variables, and the one that decides; None if none is set.

    The first one that is set decides (POSIX, Internationalization Variables).
    """
    for name in _LOCALE:
        spoken = environ.get(name)
        if spoken:
            return ("zh" if spoken.lower().startswith("zh") else "en"), name
    return None


def early(flag: object, environ: Mapping[str, str], system_lang: str) -> str:
    """The language before the configuration is read, for what may be wrong with it.  Never raises."""
    for typed in (flag, environ.get("LOCALEDGE_LANG")):
        if typed:
            try:
                return values.language(typed)
            except Failure:
                continue  # `load` reports it
    spoken = from_locale(environ)
    return spoken[0] if spoken else system_lang
