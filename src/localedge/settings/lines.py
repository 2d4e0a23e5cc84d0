"""On which line of a TOML text a key stands.  tomllib does not tell."""

import re
from collections.abc import Iterator
from functools import lru_cache

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_PATH})\s*\]")
_KEY = re.compile(rf"\s*({_PATH})\s*=")
_PARTS = re.compile(_PART)
_FENCE = re.compile(r'"""|' + r"'''")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PARTS.findall(path))


@lru_cache(maxsize=1)
def _keys(text: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Scanned once, however many keys are asked for."""
    return tuple(_scan(text))


def _scan(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every header and key with its line (from 1), but not what only looks like one in a long string."""
    section: tuple[str, ...] = ()
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if fence:
            if line.count(fence) % 2:
                fence = ""
            continue
        header = _HEADER.match(line)
        if header:
            section = _parts(header[1])
            yield number, section
        elif key := _KEY.match(line):
            yield number, section + _parts(key[1])
        for opened in _FENCE.findall(line):
            fence = "" if fence == opened else fence or opened


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The line (from 1) of a key, or of the nearest that holds it or that it holds; None if there is none."""
    best: tuple[int, int] | None = None
    for number, found in _keys(text):
        common = min(len(found), len(path))
        if found[:common] == path[:common] and (best is None or common > best[0]):
            best = (common, number)
    return best[1] if best else None
