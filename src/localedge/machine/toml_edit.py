"""One key of a TOML text, changed without touching anything else.

Where the key stands is not parsed but tried: of all the places that look like it, the one counts after
whose change the whole text means what it meant before, but for that key.  So comments, strings of many
lines, inline tables and dotted keys stay what they are, and a text that defies this is left alone.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

_VALUE = r'"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[^\s,}#]+'


def with_key(text: str, section: str, key: str, value: str | None) -> str | None:
    """The text with `section.key` set to a string, or without that key; None where no way was found.

    Raises `tomllib.TOMLDecodeError` for a text that is no TOML.
    """
    tree = tomllib.loads(text)
    if not isinstance(tree.get(section, {}), dict):
        return text if value is None else None
    wanted = _changed(tree, section, key, value)
    if _bare(tree, section) == wanted:
        return text
    for candidate in _candidates(text, section, key, value):
        try:
            if _bare(tomllib.loads(candidate), section) == wanted:
                return candidate
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
    return None


def _changed(tree: dict[str, Any], section: str, key: str, value: str | None) -> dict[str, Any]:
    members = {name: one for name, one in tree.get(section, {}).items() if name != key}
    if value is not None:
        members[key] = value
    return _bare({**tree, section: members}, section)


def _bare(tree: dict[str, Any], section: str) -> dict[str, Any]:
    """A section with nothing in it is as good as none."""
    return {name: one for name, one in tree.items() if name != section or one != {}}


def _candidates(text: str, section: str, key: str, value: str | None) -> Iterator[str]:
    there = re.compile(rf"(?:{_name(section)}\s*\.\s*)?{_name(key)}\s*=\s*(?P<value>{_VALUE})")
    for match in there.finditer(text):
        if value is None:
            # As a comment, so that whoever wrote it finds it again.
            yield f"{text[: match.start()]}# {text[match.start() :]}"
            rest = text[match.end() :]
            yield text[: match.start()] + re.sub(r"^[ \t]*,?[ \t]*", "", rest)
            yield re.sub(r",[ \t]*$", "", text[: match.start()]) + rest
        else:
            yield text[: match.start("value")] + json.dumps(value) + text[match.end("value") :]
    if value is None:
        return
    end = "\r\n" if "\r\n" in text else "\n"
    line = f"{key} = {json.dumps(value)}{end}"
    for match in re.finditer(rf"^[ \t]*\[[ \t]*{_name(section)}[ \t]*\][^\n]*(\n?)", text, re.MULTILINE):
        yield text[: match.end()] + ("" if match[1] else end) + line + text[match.end() :]
    for match in re.finditer(rf"{_name(section)}\s*=\s*\{{\s*", text):
        for comma in (", ", ""):
            yield f"{text[: match.end()]}{key} = {json.dumps(value)}{comma}{text[match.end() :]}"
    gap = "" if not text else end if text.endswith("\n") else 2 * end
    yield f"{text}{gap}[{section}]{end}{line}"
    yield f"{section}.{line}{text}"


def _name(word: str) -> str:
    """A bare key, or one in quotes."""
    return rf"(?:{word}|\"{word}\"|'{word}')"
