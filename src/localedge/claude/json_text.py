"""JSON objects changed in place: every byte that is not about the change stays, spaces and order included.

Claude Desktop's files are the user's, with keys that nobody here knows.  A member is replaced where its value
stands, or put behind the last one in the style of its neighbours.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

BOM = b"\xef\xbb\xbf"
_SPACE = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"(?:\r\n|\n|\r)([ \t]*)\Z")

_Part = TypeVar("_Part", "Member", "Item")


class NotJson(ValueError):
    """The text is no JSON.  `line` counts from 1; `empty`: there is nothing but spaces or zero bytes."""

    def __init__(self, line: int, *, empty: bool = False, utf8: bool = True) -> None:
        super().__init__(f"line {line}")
        self.line = line
        self.empty = empty
        self.utf8 = utf8


class WrongShape(ValueError):
    """JSON, but of another shape than the file has."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: where it begins, where its value stands, and the value."""

    start: int
    value_start: int
    end: int
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Item:
    """An item of an array."""

    start: int
    end: int
    value: Any


class JsonText:
    """The text of a file that holds one JSON object.  Each change makes another one."""

    def __init__(self, text: str, *, bom: bool = False) -> None:
        self._text = text
        self.bom = bom
        """A byte order mark stands before it, and stays there."""
        self._open, self.members, self._close = _object(text)

    @classmethod
    def read(cls, content: bytes) -> "JsonText":
        """Raises `NotJson` and `WrongShape`."""
        if not content.removeprefix(BOM).strip(b" \t\r\n\0"):
            raise NotJson(1, empty=True)
        try:
            text = content.removeprefix(BOM).decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotJson(content.count(b"\n", 0, error.start) + 1, utf8=False) from None
        return cls(text, bom=content.startswith(BOM))

    def content(self) -> bytes:
        """The bytes of the file."""
        return (BOM if self.bom else b"") + self._text.encode("utf-8")

    @property
    def value(self) -> dict[str, Any]:
        """What the text means: of a key that stands twice, the last one (ECMA-262, JSON.parse)."""
        return {member.key: member.value for member in self.members}

    def with_member(self, key: str, value: object) -> "JsonText":
        """With this member.  The same text where it is there already."""
        found = [member for member in self.members if member.key == key]
        if not found:
            return self._appended(key, value)
        if _same(found[-1].value, value):
            return self
        return self._spliced(found[-1].value_start, found[-1].end, self._dumped(value, found[-1].start))

    def without_member(self, key: str) -> "JsonText":
        """Without any member of this key."""
        text = self
        while found := [at for at, member in enumerate(text.members) if member.key == key]:
            start, end = _extent(text.members, found[-1], text._open, text._close)
            text = text._spliced(start, end, "")
        return text

    def with_item(self, key: str, value: object) -> "JsonText":
        """With an item behind the others in the array `key`, which is made if it is not there."""
        member = self._array(key)
        if member is None:
            return self.with_member(key, [value])
        opened, items, _ = _array(self._text, member.value_start)
        if not items:
            return self._spliced(member.value_start, member.end, self._dumped([value], member.start))
        last = items[-1]
        before = self._text[(items[-2].end if len(items) > 1 else opened) : last.start].lstrip(",")
        space = _trailing_space(before)
        return self._spliced(last.end, last.end, f",{space}{self._dumped(value, last.start)}")

    def without_items(self, key: str, gone: Callable[[Any], bool]) -> "JsonText":
        """Without the items of the array `key` that `gone` says yes to."""
        text = self
        while (member := text._array(key)) is not None:
            opened, items, closed = _array(text._text, member.value_start)
            found = [at for at, item in enumerate(items) if gone(item.value)]
            if not found:
                break
            start, end = _extent(items, found[-1], opened, closed)
            text = text._spliced(start, end, "")
        return text

    def _array(self, key: str) -> Member | None:
        found = [member for member in self.members if member.key == key]
        if not found:
            return None
        if not isinstance(found[-1].value, list):
            raise WrongShape(key)
        return found[-1]

    def _appended(self, key: str, value: object) -> "JsonText":
        name = _plain(key)
        if not self.members:
            end = self._newline
            return self._spliced(
                self._open,
                self._close,
                f"{end}  {name}: {_dumps(value, '  ', '  ', end)}{end}",
            )
        last = self.members[-1]
        before = self._text[(self.members[-2].end if len(self.members) > 1 else self._open) : last.start]
        space = _trailing_space(before)
        after_key = _value(self._text, last.start)[1]
        colon = self._text[after_key : last.value_start]
        if len(self.members) == 1 and not space:
            space = _trailing_space(colon)
        dumped = self._dumped(value, last.start)
        return self._spliced(last.end, last.end, f",{space}{name}{colon}{dumped}")

    def _dumped(self, value: object, start: int) -> str:
        """A value for a member or item that begins where one begins at `start`: in lines if that one is."""
        match = _INDENT.search(self._text, 0, start)
        if match is None:
            return _plain(value)
        return _dumps(value, match[1], self._unit, self._newline)

    @property
    def _newline(self) -> str:
        return "\r\n" if "\r\n" in self._text else "\n"

    @property
    def _unit(self) -> str:
        first = _INDENT.search(self._text, 0, self.members[0].start) if self.members else None
        return (first[1] if first else "") or "  "

    def _spliced(self, start: int, end: int, new: str) -> "JsonText":
        return JsonText(self._text[:start] + new + self._text[end:], bom=self.bom)


def fresh(value: object) -> bytes:
    """A new file, as Claude Desktop writes its own: two spaces, no line end behind it."""
    return _plain(value, "  ").encode("utf-8")


def _same(one: object, other: object) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)  # True is not 1 there


def _dumps(value: object, indent: str, unit: str, newline: str) -> str:
    return (newline + indent).join(_plain(value, unit).split("\n"))


def _plain(value: object, indent: str | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can escape
        return json.dumps(value, indent=indent)
    return text


def _trailing_space(text: str) -> str:
    return text[len(text.rstrip(" \t\r\n")) :]


def _extent(parts: "list[_Part]", at: int, opened: int, closed: int) -> tuple[int, int]:
    """What goes with a part: the comma before it, or the one behind if it is the first."""
    if len(parts) == 1:
        return opened, closed
    if at:
        return parts[at - 1].end, parts[at].end
    return parts[0].start, parts[1].start


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None
    return match.end()


def _no_constant(name: str) -> object:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise NotJson(error.lineno) from None
    except (ValueError, RecursionError):  # NaN, a number of thousands of digits, too deep
        raise _mistake(text, at) from None


def _mistake(text: str, at: int) -> NotJson:
    return NotJson(text.count("\n", 0, at) + 1)


def _object(text: str) -> tuple[int, list[Member], int]:
    """Behind the opening brace, the members, and at the closing brace."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        _, end = _value(text, at)
        if (behind := _skip(text, end)) != len(text):
            raise _mistake(text, behind)
        raise WrongShape("")
    opened = at + 1
    members: list[Member] = []
    at = _skip(text, opened)
    while text[at : at + 1] != "}" or members:
        start = at
        if text[at : at + 1] != '"':
            raise _mistake(text, at)
        key, at = _value(text, start)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise _mistake(text, at)
        value_start = _skip(text, at + 1)
        value, end = _value(text, value_start)
        members.append(Member(start, value_start, end, key, value))
        at = _skip(text, end)
        if text[at : at + 1] == "}":
            break
        if text[at : at + 1] != ",":
            raise _mistake(text, at)
        at = _skip(text, at + 1)
    if (behind := _skip(text, at + 1)) != len(text):
        raise _mistake(text, behind)
    return opened, members, at


def _array(text: str, start: int) -> tuple[int, list[Item], int]:
    """The same for an array that is known to be one."""
    opened = start + 1
    items: list[Item] = []
    at = _skip(text, opened)
    while text[at] != "]":
        value, end = _value(text, at)
        items.append(Item(at, end, value))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return opened, items, at
