"""What a text full of errors is about: text in, causes out, the plainest first.

The causes are codes of the message table.  Two kinds of text are known: what other programs say (the table
in `symptoms`), and what localedge itself says, by the code in brackets that ends each of its lines, by the
field `x-localedge-error`, or by the sentence that a client shows of an answer of the edge.
"""

import re
import string
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from localedge import messages
from localedge.messages import Entry, Words

from .symptoms import Symptom, table
from .symptoms_text import Sought, lower, plain, redacted

OWN = "localedge"
"""The source of what localedge itself says."""
_OWN_RANK = 100
_NEAR, _BESIDE = 2000, 300
"""Characters within which a plainer error speaks for a general one, and within which they are one message."""
_BEFORE, _LONGEST_SEEN, _LONGEST_HIT = 1500, 120, 2000

_sought = cache(Sought)


class Finding(NamedTuple):
    """One cause.  Nothing in it is a secret of the text's."""

    code: str
    params: Mapping[str, str]
    """What the text says in place of the message's fields."""
    rank: int
    source: str
    times: int
    seen: str
    """The last text that shows it; empty where it might give a secret away."""

    def cause(self, lang: str, **known: str) -> str:
        """What is the case, in `en` or `zh`.  `known` fills in what the text cannot say: URLs of the edge."""
        return _filled(_words(self.code, lang).fact, {**known, **self.params})

    def step(self, lang: str, **known: str) -> str:
        """What to do next; empty for a line that is mere news."""
        return _filled(_words(self.code, lang).next, {**known, **self.params})


class _Hit(NamedTuple):
    start: int
    end: int
    source: str


class _Found(NamedTuple):
    code: str
    rank: int
    general: bool
    part_of: tuple[str, ...]
    hits: list[_Hit]


def explain(text: str) -> list[Finding]:
    """Every known cause in a text, each once, the plainest first and among equals the latest."""
    text = plain(text)
    low = lower(text)
    found = [*_own(low), *(_look(symptom, low) for symptom in table())]
    left = [_without_the_spoken_for(one, found) for one in found if one.hits]
    told = [_finding(one, text) for one in left if one.hits]
    ends = {one.code: one.hits[-1].end for one in left if one.hits}
    return sorted(told, key=lambda finding: (-finding.rank, -ends[finding.code]))


def _look(symptom: Symptom, low: str) -> _Found:
    hits = [_Hit(*place, source) for sign, source in symptom.signs for place in _sought(sign).places(low)]
    return _Found(symptom.code, symptom.rank, symptom.general, symptom.part_of, _apart(hits))


def _apart(hits: list[_Hit]) -> list[_Hit]:
    """In order, without those that stand within another."""
    apart: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if not apart or hit.end > apart[-1].end:
            apart.append(hit)
    return apart


def _without_the_spoken_for(one: _Found, found: list[_Found]) -> _Found:
    """Without the places where something plainer says the same."""
    hits = one.hits
    for other in found:
        if other.rank > one.rank and other.hits:
            reach = _NEAR if (one.general and not other.general) or other.code.startswith(one.code) else 0
            if other.code in one.part_of:
                reach = _BESIDE
            starts = [near.start for near in other.hits]
            hits = [hit for hit in hits if not _near(hit, other.hits, starts, reach)]
    return one._replace(hits=hits)


def _near(hit: _Hit, others: list[_Hit], starts: list[int], reach: int) -> bool:
    """Whether one of them is within `reach` characters."""
    first = bisect_left(starts, hit.start - reach - _LONGEST_HIT)
    last = bisect_left(starts, hit.end + reach)
    return any(hit.start < near.end + reach for near in others[first:last])


def _finding(one: _Found, text: str) -> Finding:
    last = one.hits[-1]
    params = _params(one.code, text[max(0, last.start - _BEFORE) : last.end]) if last.source == OWN else {}
    times = _lines(text, one.hits)
    return Finding(one.code, params, one.rank, last.source, times, _seen(text, last))


def _lines(text: str, hits: list[_Hit]) -> int:
    """On how many lines they stand."""
    lines, number, here = set(), 0, 0
    for hit in hits:
        number += text.count("\n", here, hit.start)
        here = hit.start
        lines.add(number)
    return len(lines)


def _seen(text: str, hit: _Hit) -> str:
    """The place as it stands, if it is as harmless in its line as it looks."""
    start = text.rfind("\n", 0, hit.start) + 1
    end = text.find("\n", hit.end)
    line = text[max(start, hit.start - _BEFORE) : min(end if end >= 0 else len(text), hit.end + _BEFORE)]
    place = text[hit.start : hit.end]
    if place not in redacted(line) or redacted(place) != place:
        return ""
    return " ".join(place.split())[:_LONGEST_SEEN]


_MARKS = re.compile(
    r"\[([a-z][a-z0-9]*(?:-[a-z0-9]+)+)\]"
    r"|\[(usage|loop|draining|stopping)\](?=[ \t]*(?:\n|$))"
    r"|x-localedge-error[\"'\\]{0,4}[\s:=]{1,4}[\"'\\]{0,4}([a-z][a-z0-9-]+)"
    r"|\A\s*([a-z][a-z0-9]*(?:-[a-z0-9]+)+|loop|draining)\s*\Z"  # as doctor names them
    r"|\"(?:error|event|code)\": ?\"((?:[a-z][a-z0-9]*(?:-[a-z0-9]+)+)|loop|draining)\""
)


def _own(low: str) -> Iterator[_Found]:
    """What localedge itself says here."""
    hits: dict[str, list[_Hit]] = {}
    for mark in _MARKS.finditer(low):
        code = mark[mark.lastindex or 0]
        if code in messages.table() and messages.entry(code).en.next and not code.startswith("why-"):
            hits.setdefault(code, []).append(_Hit(*mark.span(), OWN))
    for code, row in messages.table().items():
        if row.status is not None and code not in hits and (found := _sentences(row, low)):
            hits[code] = found
    for code, places in hits.items():
        yield _Found(code, _OWN_RANK, False, (), places)


def _sentences(row: Entry, low: str) -> list[_Hit]:
    """Where the fact of a row stands, in either language: clients show the sentence without its code."""
    found: list[_Hit] = []
    for words in (row.en, row.zh):
        literals = re.split(r"\{[^}]*\}|\"", lower(plain(words.fact)))
        if max(literals, key=len) in low:
            found += [_Hit(*match.span(), OWN) for match in _pattern(words.fact).finditer(low)]
    return _apart(found)


def _pattern(template: str) -> re.Pattern[str]:
    """A template as a pattern with a group for each field, the first time it stands there."""
    made, names = "", set()
    for literal, name, *_ in string.Formatter().parse(plain(template)):
        made += re.escape(literal).replace('"', r'\\?"').replace(r"\ ", r"\s+")
        if name is not None:
            made += r"[^\n]{0,300}?" if name in names else rf"(?P<{name}>[^\n]{{0,300}}?)"
            names.add(name)
    return re.compile(made, re.IGNORECASE)


def _params(code: str, text: str) -> dict[str, str]:
    """What stands in the fields of the message, in either language.  Secrets are blanked out before."""
    clean = redacted(text)
    row = messages.entry(code)
    for template in (f"{row.en.fact} {row.en.next}", row.zh.fact + row.zh.next, row.en.fact, row.zh.fact):
        matches = list(_pattern(template).finditer(clean))
        if matches:
            return {name: value.lstrip() for name, value in matches[-1].groupdict().items()}
    return {}


def _words(code: str, lang: str) -> Words:
    row = messages.entry(code)
    return row.zh if lang == "zh" else row.en


class _Fields(dict[str, str]):
    """What nobody knows shows as its name: `<gateway>`."""

    def __missing__(self, name: str) -> str:
        return f"<{name}>"


def _filled(template: str, params: Mapping[str, str]) -> str:
    """A sentence of its own: the messages of failures begin small, behind `localedge:`."""
    text = template.format_map(_Fields(params))
    first = re.match("[a-z]+ ", template)
    small = first is not None and first[0] not in ("localedge ", "curl ")
    return text[0].upper() + text[1:] if small else text
