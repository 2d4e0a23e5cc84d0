"""Text of any origin made fit for looking at: decoded, without escapes, its secrets blanked out."""

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_]|[ -/]+[0-~])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u2060\ufeff]")
_LOOKALIKES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\xa0": " "})
_LOWER = str.maketrans({chr(upper): chr(upper + 32) for upper in range(ord("A"), ord("Z") + 1)})

_STARS = "***"
_SECRETS = (
    (re.compile(r"sk-[A-Za-z0-9_\-.]+"), "sk-" + _STARS),
    (re.compile(r"(?i)\b(bearer|basic|digest)([ \t]+|%20)[^\s\"'\\,;<>]+"), r"\1 " + _STARS),
    (
        re.compile(
            r"(?i)((?:[\w-]{0,40}(?:key|token|secret|passwd|password|credentials?|authorization)|(?:set-)?cookie)"
            r"[\"'\\]{0,4}\s*[:=]\s*[\"'\\]{0,4})(?!\s)[^\s\"'\\,;}<>&]+"
        ),
        r"\1" + _STARS,
    ),
    (re.compile(r"://[^/\s@\"'<>]+@"), "://" + _STARS + "@"),
    (re.compile(r"\beyJ[\w-]{8,}[\w.-]*"), _STARS),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|AKIA|ASIA|AIza|xox[abp]-|hf_)[A-Za-z0-9_-]+"), _STARS),
    (re.compile(r"(?<![A-Za-z0-9_-])(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{32,}"), _STARS),
)


def decoded(data: bytes, first: bytes = b"") -> str:
    """The text in `data`, whatever its encoding.  `first`: how its file begins, if `data` is only the end.

    PowerShell and Notepad write UTF-16 with a byte order mark; bytes that are no UTF-8 become marks.
    """
    mark = (first or data)[:2]
    even = data[: len(data) // 2 * 2]
    first_half, second_half = data[0:2048:2], data[1:2048:2]
    if mark == b"\xff\xfe" or (mark != b"\xfe\xff" and _sparse(second_half) and not _sparse(first_half)):
        return even.decode("utf-16-le", "replace")
    if mark == b"\xfe\xff" or (_sparse(first_half) and not _sparse(second_half)):
        return even.decode("utf-16-be", "replace")
    return data.decode("utf-8", "replace")


def _sparse(half: bytes) -> bool:
    """Whether nearly all is zero, as every other byte of English in UTF-16 is."""
    return len(half) > 4 and half.count(0) > len(half) * 0.8


def plain(text: str) -> str:
    """Without terminal escapes, control characters and typographic quotes; line ends are newlines."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_LOOKALIKES)
    return _CONTROLS.sub("", text)


def lower(text: str) -> str:
    """In lower case with every character at its place: `str.lower` makes two of some letters."""
    small = text.lower()
    return small if len(small) == len(text) else text.translate(_LOWER)


def redacted(text: str) -> str:
    """Without keys, tokens, passwords and anything that looks like one (R23)."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class Sought:
    """A pattern of the table, ready to be looked for.

    It is written in lower case.  A space stands for any white space, hyphens, underscores and quotes,
    ` ... ` for whatever comes between on the line, `#` for a number, `*` at a word's end for the rest of it,
    `{one|other}` for a choice.  It begins and ends at the border of a word.
    """

    def __init__(self, pattern: str) -> None:
        words = re.split(r" \.\.\. |\{[^}]*\}|[ #*]", pattern)
        self.word = max(words, key=len)
        """The longest word that must be there: looking for that alone is fast."""
        self._head = _in_word(pattern[0])
        tail = r"(?![a-z0-9_])" if _in_word(pattern[-1]) else ""
        self._regex = re.compile(_regex(pattern) + tail)

    def places(self, low: str) -> list[tuple[int, int]]:
        """Where it stands in a text in lower case, as pairs of start and end."""
        if self.word not in low:
            return []
        return [
            match.span()
            for match in self._regex.finditer(low)
            if not (self._head and _in_word(low[max(0, match.start() - 1) : match.start()]))
        ]


def _in_word(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character == "_")


_PIECE = re.compile(r" \.\.\. |\{([^}]*)\}|[ #*]")


def _regex(pattern: str) -> str:
    made, end = "", 0
    for piece in _PIECE.finditer(pattern):
        made += re.escape(pattern[end : piece.start()])
        end = piece.end()
        match piece[0]:
            case " ... ":
                made += r"[^\n]{0,200}?"
            case " ":
                made += r"[\s\-_\"'`\\]{1,40}"
            case "#":
                made += r"[0-9]+"
            case "*":
                made += r"[a-z0-9_]*"
            case _:
                choices = "|".join(_regex(choice) for choice in piece[1].split("|"))
                made += f"(?:{choices})"
    return made + re.escape(pattern[end:])
