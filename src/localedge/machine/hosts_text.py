"""A hosts file as text: which lines map what, and our own block among them.  Bytes in, bytes out.

Nothing but our block is ever touched.  A byte order mark, UTF-16, line ends of either kind, code pages and
whatever else stands in the other lines come out as they went in: text is looked at through a codec that
gives every byte back (Latin-1 for all that is a superset of ASCII), and only `\\n` ends a line.

The block, always at the end of the file when it is made:

    # localedge: begin
    # These names lead to localedge on this machine; "localedge hosts remove" takes them out.
    127.0.0.1 localedge.test
    # localedge: end

A last line without an end gets one, and the first marker then says so together with a hash of that line:
taking the block out takes the line end away again if, and only if, it is still the same line.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from localedge.errors import Failure
from localedge.names import is_host_name

from .hosts_lookup import is_loopback

LONGEST = 64 * 1024 * 1024
"""Bytes of a hosts file that is believed to be one: block lists have a few million."""

_BEGIN = "# localedge: begin"
_END = "# localedge: end"
_NOTE = '# These names lead to localedge on this machine; "localedge hosts remove" takes them out.'
_BEGIN_LINE = re.compile(re.escape(_BEGIN) + r"(?: \(the line above had no end: ([0-9a-f]{16})\))?")
_ALIKE = re.compile(r"\W*localedge\s*:\s*(?:begin|end)\b", re.IGNORECASE | re.ASCII)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_BLANKS = " \t\r\f\v"
_GAP = re.compile(f"[{_BLANKS}]+")
_MARKS = (("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff"))


class Mapping(NamedTuple):
    """A name and what it leads to; both as they stand in the file."""

    address: str
    name: str
    line: int = 0
    """Counted from one."""


@dataclass(frozen=True, slots=True)
class HostsText:
    """A hosts file taken apart.  `before + block + after` is its text; no `block`: none there."""

    mark: bytes
    codec: str
    before: str
    block: str
    after: str
    own: tuple[Mapping, ...]
    """The lines of our block."""

    @classmethod
    def of(cls, content: bytes, path: str = "") -> "HostsText":
        """Raises `Failure` for what is no text, and for a block of ours that is not whole.

        `path` is how the file is called in messages.
        """
        mark, codec, text = _decoded(content, path)
        lines = lines_of(text)
        found = _block(lines, path)
        if found is None:
            return cls(mark, codec, text, "", "", ())
        begin, end = found
        parts = (lines[:begin], lines[begin : end + 1], lines[end + 1 :])
        before, block, after = ("".join(part) for part in parts)
        return cls(mark, codec, before, block, after, tuple(_own(lines, begin, end, path)))

    @classmethod
    def seen(cls, content: bytes) -> "HostsText":
        """As a resolver sees it, whatever became of our markers.  Raises `Failure` for what is no text."""
        try:
            return cls.of(content)
        except Failure as failure:
            if failure.code == "hosts-not-text":
                raise
            return cls(*_decoded(content, ""), "", "", ())

    def content(self) -> bytes:
        """The bytes of the file."""
        return self.mark + (self.before + self.block + self.after).encode(self.codec, "surrogatepass")

    def others(self) -> Iterator[Mapping]:
        """What the lines outside our block map."""
        number = 1
        for part, counts in ((self.before, True), (self.block, False), (self.after, True)):
            for line in lines_of(part):
                if counts:
                    address, *names = _GAP.split(line.partition("#")[0].strip(_BLANKS + "\n"))
                    for name in names:
                        yield Mapping(address, name, number)
                number += 1

    def elsewhere(self, name: str) -> Mapping | None:
        """The first line outside our block that maps `name` (lower case): whole words, no comments."""
        if name not in (self.before + self.after).lower():
            return None  # a block list has a hundred thousand lines
        return next((one for one in self.others() if _same(one.name, name)), None)

    def addresses(self, name: str) -> list[str]:
        """What the file maps `name` (lower case) to, by whichever line."""
        if self.elsewhere(name) is None:
            return [one.address for one in self.own if _same(one.name, name)]
        return [one.address for one in (*self.own, *self.others()) if _same(one.name, name)]

    def with_own(self, own: Iterable[Mapping], line_end: str = "\n") -> "HostsText":
        """The same file with these lines in our block; without the block if there are none.

        `line_end` is for a file that has no line end yet.
        """
        entries = [f"{one.address} {one.name}" for one in own]
        if not entries:
            return self._without()
        before, begin, end = self.before, _BEGIN, _END
        new_line = self._line_end(line_end)
        if self.block:
            begin, *_, end = lines_of(self.block)
            begin = begin.rstrip("\r\n")
        else:
            end += new_line
            if before and not before.endswith("\n"):
                begin += f" (the line above had no end: {self._hash(lines_of(before)[-1])})"
                before += new_line
        block = new_line.join([begin, _NOTE, *entries, end])
        return HostsText.of(HostsText(self.mark, self.codec, before, block, self.after, ()).content())

    def padding(self, size: int) -> bytes:
        """Empty lines of that many bytes: what may stand for a moment where a longer file was."""
        return "\n".encode(self.codec) * (size // len("\n".encode(self.codec)))

    def _without(self) -> "HostsText":
        begin = _BEGIN_LINE.match(self.block)
        before = self.before
        if begin is not None and begin[1] and not self.after:
            for added in ("\r\n", "\n"):
                kept = before.removesuffix(added)
                if kept and kept != before and self._hash(lines_of(kept)[-1]) == begin[1]:
                    before = kept
                    break
        return HostsText(self.mark, self.codec, before + self.after, "", "", ())

    def _hash(self, line: str) -> str:
        return hashlib.sha256(line.encode(self.codec, "surrogatepass")).hexdigest()[:16]

    def _line_end(self, default: str) -> str:
        """That of most lines; between as many of either kind, that of the last one."""
        text = self.before + self.block + self.after
        both = text.count("\n")
        windows = text.count("\r\n")
        if not both:
            return default
        if 2 * windows == both:
            return "\r\n" if text[: text.rindex("\n") + 1].endswith("\r\n") else "\n"
        return "\r\n" if 2 * windows > both else "\n"


def lines_of(text: str) -> list[str]:
    """With their ends; only `\\n` ends a line."""
    found: list[str] = _LINE.findall(text)
    return found


def _decoded(content: bytes, path: str) -> tuple[bytes, str, str]:
    """Byte order mark, codec, text."""
    if len(content) > LONGEST:
        raise Failure("hosts-not-text", path=path)
    codec, mark = next(((codec, mark) for codec, mark in _MARKS if content.startswith(mark)), ("", b""))
    if codec in ("", "utf-8"):
        codec = "latin-1"  # every byte is a character and comes back as it was
    try:
        text = content[len(mark) :].decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        raise Failure("hosts-not-text", path=path) from None
    if "\0" in text:  # UTF-16 without its mark, UTF-32, or a disk's leftovers
        raise Failure("hosts-not-text", path=path)
    return mark, codec, text


def _block(lines: list[str], path: str) -> tuple[int, int] | None:
    """Which lines hold our markers.  Raises `Failure` unless there are both, once, in order, or none."""
    marks = [number for number, line in enumerate(lines) if _ALIKE.match(line)]
    if not marks:
        return None
    kinds = [_kind(lines[number]) for number in marks]
    for number, kind, wanted in zip_longest(marks, kinds, ("begin", "end")):
        if kind != wanted:
            raise Failure("hosts-block-damaged", path=path, line=(marks[0] if number is None else number) + 1)
    return marks[0], marks[1]


def _kind(line: str) -> str:
    stripped = line.rstrip(_BLANKS + "\n")
    return "end" if stripped == _END else "begin" if _BEGIN_LINE.fullmatch(stripped) else ""


def _own(lines: list[str], begin: int, end: int, path: str) -> Iterator[Mapping]:
    """The mappings of our block.  Raises `Failure` for a line that we did not write: it would be lost."""
    for number in range(begin + 1, end):
        line = lines[number].rstrip(_BLANKS + "\n")
        address, _, name = line.partition(" ")
        if is_loopback(address) and is_host_name(name):
            yield Mapping(address, name, number + 1)
        elif line != _NOTE:
            raise Failure("hosts-block-edited", path=path, line=number + 1)


def _same(written: str, name: str) -> bool:
    return written.lower().removesuffix(".") == name
