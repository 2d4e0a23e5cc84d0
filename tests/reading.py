"""Readers asked for everything: what tests compare when the same bytes are cut differently."""

import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

from localedge.config import Limits
from localedge.http.framing import ProtocolError
from localedge.http.head import Fields, RequestHead, ResponseHead
from localedge.http.heads import Heads
from localedge.http.parser import End, RequestReader, ResponseReader


class Asked(NamedTuple):
    """A request head, to be compared by its value."""

    method: bytes
    target: bytes
    version: bytes
    fields: Fields
    combined: dict[bytes, bytes]


Seen = Asked | ResponseHead | bytes | Fields


class Outcome(NamedTuple):
    """Heads, bodies (adjacent pieces as one) and, for each end, its trailers; then the error's code."""

    events: tuple[Seen, ...]
    code: str | None


def _read(
    reader: RequestReader | ResponseReader, pieces: Iterable[bytes], at_end: Callable[[], object]
) -> Outcome:
    seen: list[Seen] = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (event := reader.next_event()) is not None:
                if type(event) is End:
                    seen.append(event.trailers)
                    at_end()
                elif type(event) is bytes and seen and type(seen[-1]) is bytes:
                    seen[-1] += event
                elif type(event) is RequestHead:
                    seen.append(
                        Asked(event.method, event.target, event.version, event.fields, dict(event.combined))
                    )
                else:
                    assert type(event) in (bytes, ResponseHead)
                    seen.append(event)  # type: ignore[arg-type]
    except ProtocolError as error:
        return Outcome(tuple(seen), error.code)
    return Outcome(tuple(seen), None)


def read_requests(
    pieces: Iterable[bytes], limits: Limits | None = None, heads: Heads[RequestHead] | None = None
) -> Outcome:
    """Everything a `RequestReader` makes of these pieces, asked after each of them."""
    return _read(RequestReader(limits or Limits(), heads), pieces, lambda: None)


def first_head(data: bytes) -> RequestHead | None:
    """The first request head in `data`, None where there is none."""
    reader = RequestReader(Limits())
    reader.feed(data)
    try:
        head = reader.next_event()
    except ProtocolError:
        return None
    assert head is None or type(head) is RequestHead
    return head


def read_responses(
    pieces: Iterable[bytes],
    *methods: bytes,
    limits: Limits | None = None,
    heads: Heads[ResponseHead] | None = None,
) -> Outcome:
    """Everything a `ResponseReader` makes of these pieces, answers to these methods in turn."""
    reader, asked = ResponseReader(limits or Limits(), heads), itertools.cycle(methods)
    reader.expect(next(asked))
    return _read(reader, pieces, lambda: reader.expect(next(asked)))
