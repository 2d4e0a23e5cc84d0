"""A gateway that pours out tiny pieces is read a little less often, and nothing of it is lost."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.edge import backend
from localedge.http.moderation import PIECE, POURING, READS, TINY, WINDOW, Moderation
from tests.memory import READ_SIZE
from tests.phrases import OK, answer, ask, exchanged, streamed
from tests.playbook import Peer, Playbook

EVENT = b"data: " + b"x" * 144
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
EVERY = 0.0001
"""Seconds between two events of a flood."""


@pytest.fixture(scope="module", autouse=True)
def everywhere() -> Iterator[None]:
    """On Windows, too: in memory a millisecond is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "RESTS", True)
        yield


def rests(size: int, every: float, seconds: float = 1.0, moderation: Moderation | None = None) -> int:
    """How many of the reads of a stream that brings `size` bytes `every` so often are followed by a rest."""
    moderation = moderation or Moderation()
    start = 1000.0
    return sum(moderation.rests(size, start + turn * every) for turn in range(round(seconds / every)))


def test_a_flood_of_tiny_pieces_is_worth_a_rest() -> None:
    """From the second window on every read is followed by one."""
    assert rests(150, EVERY) >= 1 / EVERY - 2 * WINDOW / EVERY - 2


@pytest.mark.parametrize(
    ("size", "every"),
    [(150, 0.02), (150, 0.001), (150, 1.5 / READS), (PIECE, 0.00001), (TINY, 0.00001), (9000, EVERY)],
    ids=["a model", "a fast model", "the fastest", "a file", "pieces that are not tiny", "a slower file"],
)
def test_nothing_else_ever_waits(size: int, every: float) -> None:
    """What a model writes, and what a file brings."""
    assert rests(size, every) == 0


def test_pieces_that_gathered_do_not_end_it() -> None:
    """A read after a rest brings many pieces at once: that is what it was for."""
    moderation = Moderation()
    rests(150, EVERY, moderation=moderation)
    assert all(moderation.rests(5_000, 1001.0 + turn * 0.001) for turn in range(100))


def test_it_ends_with_the_flood() -> None:
    """The first window that brings little is the last with a rest."""
    moderation = Moderation()
    rests(150, EVERY, moderation=moderation)
    assert not moderation.rests(150, 1002.0)
    calm = [moderation.rests(round(POURING * 0.001) // 2, 1002.0 + turn * 0.001) for turn in range(1, 100)]
    assert not any(calm)


def test_more_is_waiting_behind_a_full_read() -> None:
    """What did not fit is read at once."""
    moderation = Moderation()
    rests(150, EVERY, moderation=moderation)
    assert moderation.rests(PIECE - 1, 1000.9999)
    assert not moderation.rests(PIECE, 1000.99995)


def flooded(edge: Playbook) -> tuple[Peer, Peer, int]:
    """A client, a gateway that pours out events of which the last is not read yet, and their number."""
    client, gateway = exchanged(edge, ask(), streamed(end=b""))
    return client, gateway, flood(edge, gateway)


def flood(edge: Playbook, gateway: Peer) -> int:
    """Events until one is not read yet: how many."""
    count = 0
    while count < 200 or not gateway.transport.inbox:
        gateway >> CHUNK
        edge.wait(EVERY)
        count += 1
        assert count < 300
    return count


def test_a_flood_rests_and_everything_arrives() -> None:
    """What came during a rest is read when it is over, a millisecond later."""
    edge = Playbook()
    client, gateway, count = flooded(edge)
    gateway >> CHUNK
    assert client.received.count(EVENT) < count
    edge.wait(backend.REST)
    assert client.received.count(EVENT) == count + 1
    gateway >> CHUNK + b"0\r\n\r\n"
    edge.wait(backend.REST)
    assert client.reply().body == EVENT * (count + 2)
    assert edge.record["ending"] == "ok"
    client >> ask()
    gateway >> OK
    edge.wait(backend.REST)
    assert client.reply().body == b"ok"
    client.fin()
    edge.nothing_left()


def test_behind_a_flood_reads_are_whole_again() -> None:
    """Pieces of 8 kB are for the flood alone: neither the rest of that answer nor the next one has them."""
    edge = Playbook()
    client, gateway, _ = flooded(edge)
    edge.wait(backend.REST)
    assert gateway.transport.bufferSize == PIECE
    for _ in range(2):
        edge.wait(1)
        gateway >> CHUNK
    edge.wait(WINDOW / 2)
    gateway >> CHUNK
    assert gateway.transport.bufferSize == READ_SIZE
    flood(edge, gateway)
    assert gateway.transport.bufferSize == PIECE
    edge.wait(backend.REST)
    gateway >> b"0\r\n\r\n"
    edge.wait(backend.REST)
    client.reply()
    client >> ask()
    gateway >> answer(body=bytes(READ_SIZE))
    assert gateway.transport.bufferSize == READ_SIZE
    assert client.reply().body == bytes(READ_SIZE)


def test_where_timers_are_coarse_nothing_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a rest would take sixteen times as long."""
    monkeypatch.setattr(backend, "RESTS", False)
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), streamed(end=b""))
    for count in range(1, 300):
        gateway >> CHUNK
        edge.wait(EVERY)
        assert client.received.count(EVENT) == count


def test_short_answers_in_three_pieces_never_rest() -> None:
    """However fast one follows the other on the same connection."""
    edge = Playbook()
    client, gateway = edge.client(), None
    head, last = streamed(end=b""), b"0\r\n\r\n"
    for _ in range(300):
        client >> ask()
        gateway = gateway or edge.gateway()
        for piece in (head, CHUNK, last):
            edge.wait(EVERY / 2)
            gateway >> piece
        assert client.reply().body == EVENT


def test_R14_a_rest_does_not_wake_who_is_held_back() -> None:
    """A client that reads nothing holds the gateway back, rest or not (R14)."""
    edge = Playbook()
    client, gateway, count = flooded(edge)
    client.stall()
    gateway >> CHUNK * 20_000
    edge.wait(1)
    assert len(gateway.transport.inbox) > 2_000_000
    client.read()
    gateway >> b"0\r\n\r\n"
    edge.wait(1)
    assert client.reply().body == EVENT * (count + 20_000)


@pytest.mark.parametrize("leaves", ["client", "gateway"])
def test_R31_whoever_leaves_during_a_rest_leaves_nothing_behind(leaves: str) -> None:
    """Neither a timer nor a connection (R31)."""
    edge = Playbook()
    client, gateway, _ = flooded(edge)
    if leaves == "client":
        client.reset()
        assert gateway.end == "reset"
    else:
        gateway.reset()
        edge.wait(2 * backend.REST)
        assert client.closed and edge.record["ending"] == "gateway-cut"
    edge.nothing_left()


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0.0, 0.00005, 0.0002, 0.002])), max_size=300))
def test_whatever_the_rhythm_all_of_it_arrives(pieces: list[tuple[int, float]]) -> None:
    """In order, and no later than a rest after it came."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(), streamed(end=b""))
    for count, pause in pieces:
        gateway >> CHUNK * count
        edge.wait(pause)
    edge.wait(backend.REST)
    assert client.received.count(EVENT) == sum(count for count, _ in pieces)
    gateway >> b"0\r\n\r\n"
    edge.wait(backend.REST)
    assert client.reply().body == EVENT * sum(count for count, _ in pieces)
