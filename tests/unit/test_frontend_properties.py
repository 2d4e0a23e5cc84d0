"""Any bytes, cut anywhere, to a client's connection: what reaches the gateway, and what the client is told.

The gateway is played by a program that answers each whole request with its number.  What is to reach it is
worked out by `tests.rules` from the bytes that the client sent.
"""

from dataclasses import dataclass, field
from itertools import zip_longest

import httptools
from hypothesis import given

from tests.playbook import Peer, Playbook, read_reply
from tests.rules import judge
from tests.wire_strategies import in_pieces, requests

ALERT = b"\x15\x03\x01\x00\x02\x02\x28"
TLS = -1
"""Stands for an alert among the statuses."""
ORIGINS = ("https://good.test",)


@dataclass
class Forwarded:
    """A request as the gateway has read it."""

    method: bytes = b""
    target: bytes = b""
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False


class Gateway:
    """Reads requests with llhttp, byte by byte, and answers those that are whole."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.seen: list[Forwarded] = []
        self._begin()

    def _begin(self) -> None:
        self._current = Forwarded()
        self._line = b""
        self._parser = httptools.HttpRequestParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._current.fields.append((name.lower(), value))

    def on_body(self, data: bytes) -> None:
        self._current.body += data

    def on_message_complete(self) -> None:
        self._current.complete = True

    def read(self) -> bool:
        """Read what has come, answer what is whole; whether anything was answered."""
        answered = False
        for byte in self._peer.take():
            one = bytes([byte])
            if not self._line.endswith(b"\r\n"):
                self._line += one
                if not self._line.endswith(b"\r\n"):
                    continue
                method, target, version = self._line[:-2].split(b" ")
                assert version == b"HTTP/1.1"
                self._current.method, self._current.target = method, target
                self.seen.append(self._current)
                one = b"POST / HTTP/1.1\r\n"  # llhttp does not know every method
            try:
                self._parser.feed_data(one)
            except httptools.HttpParserUpgrade:
                self._current.complete = True
            if self._current.complete:
                self._answer(self._current)
                self._begin()
                answered = True
        return answered

    def _answer(self, request: Forwarded) -> None:
        body = b"" if request.method == b"HEAD" else b"yes"
        self._peer >> b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body


@dataclass
class Outcome:
    """How a conversation went."""

    told: bytes
    """Everything the client was sent."""
    end: str | None
    forwarded: list[Forwarded]
    records: list[tuple[object, ...]]


def play(pieces: list[bytes]) -> Outcome:
    """A client sends these pieces, the gateway answers, and time passes until everything has ended."""
    edge = Playbook(allowed_origins=ORIGINS)
    client = edge.client()
    for piece in pieces:
        if client.closed:
            break
        client >> piece
    gateways: list[Gateway] = []
    for _ in range(20):
        while edge.attempts:
            gateways.append(Gateway(edge.gateway()))
        moved = [gateway.read() for gateway in gateways]
        if not any(moved) and not edge.attempts:
            break
    for _ in range(70):  # beyond every limit of ours; a client that is left closes its side too
        if client.end is not None:
            break
        edge.wait(2)
    told, end = client.take(), client.end
    client.fin()
    edge.nothing_left()
    assert client.closed and not client.received
    records: list[tuple[object, ...]] = [
        (r["method"], r["path"], r["status"], r["ending"], r["error"]) for r in edge.records
    ]
    return Outcome(told, end, [one for gateway in gateways for one in gateway.seen], records)


def replies(told: bytes, end: str | None, methods: list[bytes]) -> list[int]:
    """The statuses of the final responses that a client reads in `told`, none of them cut."""
    statuses: list[int] = []
    waiting = list(methods)
    while told:
        if told == ALERT:
            return [*statuses, TLS]
        head = bool(waiting) and waiting[0] == b"HEAD"
        try:
            reply, told = read_reply(told, end, head=head)
        except ValueError:  # the last one, to a HEAD that was refused
            reply, told = read_reply(told, end, head=True)
            assert reply.code is not None and not told
        if reply.status >= 200:
            statuses.append(reply.status)
            waiting = waiting[1:]
    return statuses


@given(in_pieces(requests()))
def test_R01_R02_R20_R21_only_what_the_rules_let_in_reaches_the_gateway(
    case: tuple[bytes, list[bytes]],
) -> None:
    """Each whole request that is forwarded is one the rules allow, in order, body and all."""
    data, pieces = case
    outcome = play(pieces)
    fates = judge(data, origins=tuple(origin.encode() for origin in ORIGINS))
    expected = [(one.method, one.target, one.body) for one in fates if one.fate == "forward"]
    complete = [one for one in outcome.forwarded if one.complete]
    assert [(one.method, one.target, one.body) for one in complete] == expected
    for one in outcome.forwarded:
        names = [name for name, _ in one.fields]
        assert names.count(b"host") == 1 and dict(one.fields)[b"host"] == b"gateway.test"
        assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
    statuses = replies(outcome.told, outcome.end, [one.method for one in fates])
    for fate, status in zip_longest(fates, statuses):
        match fate.fate if fate is not None else "nothing came":
            case "forward":
                assert status == 200
            case "answer":
                assert status == (204 if fate.method == b"OPTIONS" else 200)
            case "refuse":
                # an odd chunk extension is refused when its line ends, if it ever does
                unfinished = status == 408 and b"chunked" in data.lower() and b";" in data
                assert status in (400, 403, 405, 421, TLS) or unfinished
            case "wait":
                # an unfinished message may be refused already; a lone CR is no message yet
                assert status in (400, 408) or (status is None and data.endswith(b"\r"))
            case _:
                raise AssertionError("an answer to nothing")


@given(in_pieces(requests()))
def test_R01_cutting_differently_changes_nothing_for_the_client(case: tuple[bytes, list[bytes]]) -> None:
    """The same bytes get the same answers, the same close and the same records, however they arrive."""
    data, pieces = case
    whole, cut = play([data] if data else []), play(pieces)
    assert (cut.told, cut.end, cut.records) == (whole.told, whole.end, whole.records)
    assert [one for one in cut.forwarded if one.complete] == [one for one in whole.forwarded if one.complete]
