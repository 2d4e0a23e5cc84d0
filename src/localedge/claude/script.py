"""The demo gateway's script: how one answer shall behave, in words a person can type.

    first=2s; gap=50ms; cut=3

Directives are separated by semicolons.  A script comes in the header `x-demo`, in
the query (`?demo=...`), or on a line of the user's text that begins with `demo:`
(so that it can be driven from a chat window).  `parse` turns the text into a frozen
value and raises nothing but `ScriptError`, whose sentence names the directive and
says what is allowed.
"""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

LONGEST = 4096
"""Characters of a script; a longer text is a mistake, not a script."""


class ScriptError(Exception):
    """A script that cannot be understood; `str()` is a sentence for the user."""


class Framing(enum.Enum):
    """How the end of the answer's body is marked."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Early(enum.Enum):
    """An answer that does not wait for the request's body."""

    READ_ON = "read"
    """The rest of the body is read and thrown away; the connection lives on."""
    CLOSE = "close"
    """The connection closes after the answer, unread bytes or not."""


class CutUnit(enum.Enum):
    """What a cut counts."""

    NOTHING = "start"
    """Before the first byte of the answer."""
    EVENTS = "events"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends `after` so many events, or bytes of the body."""

    unit: CutUnit
    after: int = 0
    reset: bool = False
    """A TCP reset rather than a FIN."""


LATE = 2.0
"""Seconds until the `100 Continue` of `continue=late`: later than the edge's own patience (R15)."""


@dataclass(frozen=True, slots=True)
class Script:
    """The behaviour of one answer.  Durations are seconds; the default is a plain answer."""

    first: float = 0.0
    gap: float | None = None
    events: int | None = None
    cut: Cut | None = None
    status: int | None = None
    retry_after: int | None = None
    size: int | None = None
    early: Early | None = None
    trailers: bool = False
    interim: tuple[int, ...] = ()
    """Statuses of 1xx heads sent before the answer."""
    send_continue: float | None = 0.0
    """Seconds until `100 Continue`; None: never."""
    framing: Framing | None = None
    garbage: bool = False
    redirect: str | None = None
    hang: int | None = None
    """Silence for ever after so many events; -1: instead of an answer."""
    headers: tuple[tuple[str, str], ...] = ()


PLAIN = Script()

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s|m)?", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, None: 1.0}
_SIZE = re.compile(r"(\d{1,9})(b|kb|mb|gb|kib|mib|gib)", re.ASCII | re.IGNORECASE)
_BYTES = {
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
}
_MOST_BYTES = 1024**4
MOST_EVENTS = 100_000
_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_STATUS = re.compile(r"\d{3}", re.ASCII)
_HEADER = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*:\s*([\x20-\x7e]*)", re.ASCII)
_FRAMING_FIELDS = ("connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade")
_VISIBLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_LINE = re.compile(r"^[ \t]*demo:(.*)$", re.MULTILINE | re.IGNORECASE)


def parse(text: str) -> Script:
    """The script that `text` spells.  Raises `ScriptError` and nothing else."""
    if len(text) > LONGEST:
        raise ScriptError(f"A demo script has at most {LONGEST} characters; this one has {len(text)}.")
    script = PLAIN
    seen: set[str] = set()
    for directive in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, value = (part.strip() for part in directive.partition("="))
        read = _DIRECTIVES.get(name.lower())
        if read is None:
            raise ScriptError(_unknown(name))
        slot = _SLOTS.get(name.lower(), name.lower())
        if slot in seen and slot not in _REPEATABLE:
            raise ScriptError(f"The demo directive {name!r} contradicts or repeats another one: keep one.")
        seen.add(slot)
        try:
            script = read(script, value if equals else None)
        except ValueError:
            form = _FORMS[name.lower()]
            raise ScriptError(
                f"The demo directive {_shown(directive)} is not understood: write {form}."
            ) from None
    return script


def in_text(text: str) -> str | None:
    """The script on the first line of a user's text that begins with `demo:`; None where there is none."""
    found = _LINE.search(text)
    return None if found is None else found[1].strip()


def allowed() -> str:
    """All directives in one line, as error messages and `--help` show them."""
    return "; ".join(_FORMS.values())


# Values.  Each raises ValueError for what it does not understand.


def _flag(value: str | None) -> bool:
    if value is not None:
        raise ValueError
    return True


def _framing(value: str | None, framing: Framing) -> Framing:
    _flag(value)
    return framing


def _match(pattern: re.Pattern[str], value: str | None) -> re.Match[str]:
    found = None if value is None else pattern.fullmatch(value)
    if found is None:
        raise ValueError
    return found


def _seconds(value: str | None) -> float:
    found = _match(_DURATION, value)
    return float(found[1]) * _SECONDS[found[2]]


def _count(value: str | None) -> int:
    return int(_match(_COUNT, value)[0])


def _events(value: str | None) -> int:
    events = _count(value)
    if events > MOST_EVENTS:
        raise ValueError
    return events


def _bytes(value: str | None) -> int:
    found = _match(_SIZE, value)
    size = int(found[1]) * _BYTES[found[2].lower()]
    if size > _MOST_BYTES:
        raise ValueError
    return size


def _cut(value: str | None) -> Cut:
    place, _, end = (value or "").partition(":")
    if end not in ("", "fin", "rst"):
        raise ValueError
    reset = end == "rst"
    if place == "start":
        return Cut(CutUnit.NOTHING, reset=reset)
    if _COUNT.fullmatch(place):
        return Cut(CutUnit.EVENTS, int(place), reset)
    return Cut(CutUnit.BYTES, _bytes(place), reset)


def _status(value: str | None) -> int:
    status = int(_match(_STATUS, value)[0])
    if status not in (204, 304) and not 400 <= status <= 599:
        raise ValueError
    return status


def _interim(value: str | None) -> int:
    status = int(_match(_STATUS, value)[0])
    if not 100 <= status <= 199:
        raise ValueError
    return status


def _continue(value: str | None) -> float | None:
    match value:
        case "now":
            return 0.0
        case "late":
            return LATE
        case "never":
            return None
    return _seconds(value)


def _header(value: str | None) -> tuple[str, str]:
    found = _match(_HEADER, value)
    if found[1].lower() in _FRAMING_FIELDS:
        raise ValueError  # these say how the body is framed: the directives do that
    return found[1], found[2].strip()


def _early(value: str | None) -> Early:
    return Early.READ_ON if value is None else Early(value)


_DIRECTIVES: dict[str, Callable[[Script, str | None], Script]] = {
    "first": lambda script, value: replace(script, first=_seconds(value)),
    "gap": lambda script, value: replace(script, gap=_seconds(value)),
    "events": lambda script, value: replace(script, events=_events(value)),
    "cut": lambda script, value: replace(script, cut=_cut(value)),
    "status": lambda script, value: replace(script, status=_status(value)),
    "retry-after": lambda script, value: replace(script, retry_after=_count(value)),
    "size": lambda script, value: replace(script, size=_bytes(value)),
    "early": lambda script, value: replace(script, early=_early(value)),
    "trailers": lambda script, value: replace(script, trailers=_flag(value)),
    "1xx": lambda script, value: replace(script, interim=(*script.interim, _interim(value))),
    "continue": lambda script, value: replace(script, send_continue=_continue(value)),
    "length": lambda script, value: replace(script, framing=_framing(value, Framing.LENGTH)),
    "chunked": lambda script, value: replace(script, framing=_framing(value, Framing.CHUNKED)),
    "close": lambda script, value: replace(script, framing=_framing(value, Framing.CLOSE)),
    "garbage": lambda script, value: replace(script, garbage=_flag(value)),
    "redirect": lambda script, value: replace(script, redirect=_match(_VISIBLE, value)[0]),
    "hang": lambda script, value: replace(script, hang=-1 if value is None else _count(value)),
    "header": lambda script, value: replace(script, headers=(*script.headers, _header(value))),
}

_SLOTS = {"length": "framing", "chunked": "framing", "close": "framing"}
_REPEATABLE = ("1xx", "header")

_FORMS = {
    "first": "first=2s",
    "gap": "gap=50ms",
    "events": f"events=20 (at most {MOST_EVENTS})",
    "cut": "cut=start, cut=3 (events) or cut=100B (body bytes), each also as cut=3:rst",
    "status": "status=429 (400 to 599, 204 or 304)",
    "retry-after": "retry-after=5 (seconds; with status=429 unless you say another)",
    "size": "size=256MB (B, kB, MB, GB, KiB, MiB, GiB)",
    "early": "early or early=close",
    "trailers": "trailers",
    "1xx": "1xx=103 (100 to 199)",
    "continue": "continue=now, continue=late, continue=never or continue=500ms",
    "length": "length",
    "chunked": "chunked",
    "close": "close",
    "garbage": "garbage",
    "redirect": "redirect=https://example.com/",
    "hang": "hang or hang=3 (events)",
    "header": "header=X-Name: value (not a framing field)",
}


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _unknown(name: str) -> str:
    import difflib  # only a mistake pays for it

    near = difflib.get_close_matches(name.lower()[:40], _DIRECTIVES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no demo directive {_shown(name)}.{hint} Allowed are: {allowed()}."
