"""The layers a setting can come from, and what they hold: flags, variables, the file.

Looks values up and finds names that nobody knows; `build` makes a `Config` of them.
"""

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from localedge.errors import Failure, reason_of

from .lines import line_of
from .table import ALIASES, OTHER_VARIABLES, SETTINGS, Setting

_SECTIONS = frozenset(setting.key.partition(".")[0] for setting in SETTINGS if "." in setting.key)
_KEYS = frozenset(setting.key for setting in SETTINGS)
PREFIX = "LOCALEDGE_"

MOST_STRANGERS = 20
"""More unknown keys than these are only counted: somebody named the wrong file."""
LONGEST_PATH = 1000
"""Characters of a path that are shown."""


class Sources(NamedTuple):
    """Everything the doors have gathered; `settings` itself reads nothing."""

    flags: Mapping[str, object] = {}
    """By setting key (`gateway.url`); None where the flag was not given."""
    environ: Mapping[str, str] = {}
    path: str = ""
    """Name of the configuration file."""
    directory: str = ""
    """The one that relative names are relative to."""
    text: str | None = None
    """Its content, None if there is no file."""
    unread: Failure | None = None
    """Why a file that should be there could not be read."""
    system_lang: str = "en"
    """The language the system speaks, for when nobody sets `lang`."""
    read: Callable[[str], bytes] | None = None
    """Reads a file that the configuration names.  Raises OSError."""


class Found(NamedTuple):
    """A raw value and where it stands."""

    value: object
    where: str


class Layers:
    """The sources, opened: `find` gives a setting's raw value from the strongest layer that has one."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.shown = clean(sources.path, LONGEST_PATH)
        """The file's name as it may be shown."""
        self.problems: list[Failure] = [sources.unread] if sources.unread else []
        """What is wrong with the layers themselves; values are not looked at here."""
        self._tree = self._parse_file()
        self._look_for_strangers()
        self._look_for_strange_variables()

    def find(self, setting: Setting) -> Found | None:
        """The raw value of a setting, None if no layer has it."""
        flag = self.sources.flags.get(setting.key)
        if flag is not None:
            return Found(flag, setting.flag or setting.key)
        variable = self.sources.environ.get(setting.env)
        if variable:
            return Found(variable, setting.env)
        if setting.secret and (found := self._from_secret_file(setting)):
            return found
        section, dot, name = setting.key.rpartition(".")
        table = self._tree.get(section, {}) if dot else self._tree
        if isinstance(table, dict) and name in table:
            return Found(table[name], self.place(setting.key))
        return None

    def place(self, key: str) -> str:
        """`file:line` of a key in the file."""
        line = line_of(self.sources.text or "", tuple(key.split(".")))
        return f"{self.shown}:{line}" if line else self.shown

    def order(self, failure: Failure) -> tuple[int, int]:
        """Sorts problems: those in the file first, by line."""
        where = str(failure.params.get("where"))
        path, _, line = where.rpartition(":")
        if path == self.shown and line.isdecimal():
            return 0, int(line)
        return (0, sys.maxsize) if where == self.shown else (1, 0)

    def _from_secret_file(self, setting: Setting) -> Found | None:
        name = f"{setting.env}_FILE"
        path = self.sources.environ.get(name)
        if not path or self.sources.read is None:
            return None
        shown = clean(path, LONGEST_PATH)
        try:
            return Found(self.sources.read(path).decode("utf-8-sig"), f"{name} ({shown})")
        except OSError as error:
            reason = reason_of(error)
        except UnicodeError:
            reason = "not UTF-8"
        self.problems.append(Failure("secret-file-unreadable", where=name, path=shown, reason=reason))
        return None

    def _parse_file(self) -> dict[str, Any]:
        text = self.sources.text
        if text is None:
            return {}
        import tomllib  # only where there is a file

        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.problems.append(_toml_problem(str(error), self.shown, text))
        except RecursionError:
            self.problems.append(_toml_problem("nested too deeply", self.shown, text))
        except ValueError as error:  # int() and its limit on digits; no line is told
            reason, _, _ = str(error).partition(";")
            self.problems.append(Failure("config-not-toml", where=self.shown, reason=clean(reason)))
        return {}

    def _look_for_strangers(self) -> None:
        strangers: list[str] = []
        for name, value in self._tree.items():
            if name in _SECTIONS:
                if isinstance(value, dict):
                    strangers += [key for one in value if (key := f"{name}.{one}") not in _KEYS]
                else:
                    sample = next(
                        f"{setting.key.partition('.')[2]} = {setting.sample}"
                        for setting in SETTINGS
                        if setting.key.startswith(f"{name}.")
                    )
                    where = self.place(name)
                    self.problems.append(Failure("not-a-section", where=where, key=name, sample=sample))
            elif name not in _KEYS:
                strangers.append(name)
        for key in strangers[:MOST_STRANGERS]:
            self._stranger(key)
        more = len(strangers) - MOST_STRANGERS
        if more > 0:
            self.problems.append(Failure("unknown-keys", where=self.shown, count=more))

    def _stranger(self, key: str) -> None:
        where, near = self.place(key), _near_key(key)
        shown = clean(key)
        if near:
            self.problems.append(Failure("unknown-key-near", where=where, key=shown, near=near))
        else:
            self.problems.append(Failure("unknown-key", where=where, key=shown))

    def _look_for_strange_variables(self) -> None:
        known = {setting.env for setting in SETTINGS} | OTHER_VARIABLES
        known |= {f"{setting.env}_FILE" for setting in SETTINGS if setting.secret}
        strange = [name for name in self.sources.environ if name.startswith(PREFIX) and name not in known]
        for name in sorted(strange):
            import difflib

            # the prefix that all share would make everything look alike
            endings = sorted(one.removeprefix(PREFIX) for one in known)
            near = difflib.get_close_matches(name.removeprefix(PREFIX), endings, 1)
            if near:
                guess = PREFIX + near[0]
                self.problems.append(Failure("unknown-variable-near", name=clean(name), near=guess))
            else:
                self.problems.append(Failure("unknown-variable", name=clean(name)))


def clean(value: object, longest: int = 120) -> str:
    """A value as one printable line of bounded length, for a message."""
    try:
        shown = str(value).lower() if isinstance(value, bool) else str(value)
    except ValueError:  # too many digits for decimal (sys.set_int_max_str_digits)
        shown = "..."
    if not shown.isprintable():
        shown = shown.encode("unicode_escape").decode()
    return shown if len(shown) <= longest else shown[:longest] + "..."


def _near_key(key: str) -> str | None:
    """The setting (or section) that was probably meant."""
    import difflib

    _, dot, last = key.rpartition(".")
    if last in ALIASES:
        return ALIASES[last]
    by_last = [known.key for known in SETTINGS if known.key.rpartition(".")[2] == last]
    if by_last:
        return by_last[0]
    if not dot:
        near = difflib.get_close_matches(key, sorted(_SECTIONS | {"lang"}), 1)
        if near:
            return near[0]
    near = difflib.get_close_matches(key, sorted(_KEYS), 1, 0.7)
    if near or not last:
        return near[0] if near else None
    lasts = {known.rpartition(".")[2]: known for known in sorted(_KEYS)}
    close = difflib.get_close_matches(last, sorted(lasts), 1, 0.7)
    return lasts[close[0]] if close else None


def _toml_problem(message: str, path: str, text: str) -> Failure:
    """tomllib's complaint with its line; a file that just stops is told apart (a write was cut short)."""
    reason, _, _ = message.partition(" (at ")
    match = re.search(r"at line (\d+), column", message)
    last = max(1, len(text.splitlines()))
    line = int(match[1]) if match else last
    where = f"{path}:{line}"
    if match is None and "end of document" in message:
        return Failure("config-half-written", where=where, reason=clean(reason))
    if line >= last and not text.endswith("\n"):
        return Failure("config-half-written", where=where, reason=clean(reason))
    return Failure("config-not-toml", where=where, reason=clean(reason))
