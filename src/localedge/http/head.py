"""Request and response heads as frozen values.

Fields are kept as they came: order, case and duplicates (R11).  `combined` is
the same list for looking things up: lower-case names, and the values of a
repeated field joined with commas (RFC 9110 5.3), so a doubled `Host` or
`Origin` is visibly not one value.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields as (name, value) in the order received; values without surrounding white space."""

_EMPTY: Mapping[bytes, bytes] = MappingProxyType({})


class RequestHead(NamedTuple):
    """Start line and header section of a request; `version` is `b"1.0"`, `b"1.1"` or `b"2.0"`."""

    method: bytes
    target: bytes
    version: bytes
    fields: Fields
    combined: Mapping[bytes, bytes] = _EMPTY

    def __hash__(self) -> int:
        """`combined` has none, and follows from `fields`."""
        return hash((self.target, self.fields))


class ResponseHead(NamedTuple):
    """Status line and header section of a response, interim or final."""

    status: int
    reason: bytes
    fields: Fields
    version: bytes = b"1.1"
    combined: Mapping[bytes, bytes] = _EMPTY


def combine(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Lower-case name to value; repeated fields become one comma-separated value (RFC 9110 5.3)."""
    fields = tuple(fields)
    combined = {name.lower(): value for name, value in fields}
    if len(combined) == len(fields):
        return combined
    combined = {}
    for name, value in fields:
        key = name.lower()
        combined[key] = combined[key] + b"," + value if key in combined else value
    return combined


def lower_names(head: RequestHead | ResponseHead) -> Iterable[bytes]:
    """The names of the fields in lower case, in order."""
    combined = head.combined
    return combined if len(combined) == len(head.fields) else [name.lower() for name, _ in head.fields]


def values(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Every value of the field called `name` (lower case), in order."""
    return [value for key, value in fields if key.lower() == name]


FEW = 16
"""Values of `Connection` that are remembered: peers use few, and a long list takes a megabyte."""


@lru_cache(maxsize=FEW)
def tokens(value: bytes) -> frozenset[bytes]:
    """The members of a comma-separated list of tokens, lower case (`Connection`, `TE` without weights)."""
    return frozenset(member.strip(b" \t").lower() for member in value.split(b",")) - {b""}


def render_response(head: ResponseHead) -> bytes:
    """The head as it goes on the wire, always as HTTP/1.1 (RFC 9110 2.5)."""
    lines = [b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason)]
    lines += [b"%b: %b\r\n" % line for line in head.fields]
    lines.append(b"\r\n")
    return b"".join(lines)
