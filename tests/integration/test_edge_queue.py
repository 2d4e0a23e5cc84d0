"""Whoever waits for a connection gets one that is fit, or a fresh one (R33, R34)."""

import pytest
import pytest_twisted

from localedge.config import Pool
from tests.phrases import OK, post
from tests.playbook import read_reply
from tests.wire_peers import listening, running

ONE = Pool(connections=1, ceiling=1)
FULL_READ = 65536
"""What one read brings at most: the bytes behind it are still unread when the answer is complete."""


def answer_of(size: int) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    body = size - len(head % 10000)
    return head % body + b"x" * body


STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"


@pytest.mark.parametrize("behind", [b"", STRAY], ids=["fin", "stray"])
@pytest_twisted.ensureDeferred
async def test_R33_who_waits_is_not_given_a_connection_that_has_ended(behind: bytes) -> None:
    """A request in the queue is spared a connection that has ended or spoken out of turn (R33)."""
    async with listening() as gateway, running(gateway.port, pool=ONE) as edge:
        first, second = await edge.client(), await edge.client()
        first.send(post(b"one"))
        wire = await gateway.accepted()
        await wire.until(b"one")
        second.send(post(b"two"))
        await edge.running(2)
        wire.send(answer_of(FULL_READ) + behind)
        if not behind:
            wire.close()
        fresh = await gateway.accepted()
        await fresh.until(b"two")
        fresh.send(OK)
        await second.until(b"ok")
        assert read_reply(bytes(second.received), None)[0].body == b"ok"
        assert b"bad" not in bytes(first.received)
