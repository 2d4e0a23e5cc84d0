"""A reused connection that turns out dead: what is sent again, and what never (R34)."""

import pytest
from twisted.internet import error

from localedge.config import Pool
from tests.phrases import OK, ask, asked, exchanged, pooled, post, posted
from tests.playbook import Playbook


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"PUT"])
@pytest.mark.parametrize("death", ["fin", "reset"])
def test_R34_a_safe_request_on_a_dead_connection_is_retried_once(method: bytes, death: str) -> None:
    """A bodyless idempotent request whose pooled connection dies unanswered succeeds on a fresh one (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> ask(method + b" /v1/x")
    old << asked(method + b" /v1/x")
    getattr(old, death)()
    fresh = edge.gateway()
    fresh << asked(method + b" /v1/x")
    fresh >> b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    client << b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert edge.records[1]["retried"] is True
    assert edge.records[1]["ending"] == "ok"


def test_R34_the_second_attempt_is_the_last() -> None:
    """When the fresh connection dies as well the client is told, and nothing is sent a third time (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> ask()
    old.fin()
    edge.gateway().fin()
    assert edge.attempts == []
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-lost")
    assert reply.field(b"x-should-retry") == b"false"


def test_R34_the_second_attempt_may_fail_to_connect() -> None:
    """When the gateway is gone for good the client learns that it refuses connections (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> ask()
    old.fin()
    edge.refuse()
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-refused")
    assert reply.field(b"x-should-retry") == b"true"


def test_R34_a_post_that_may_have_arrived_is_never_sent_twice() -> None:
    """A prompt that the gateway may have seen is not paid for twice: 502, not to be retried (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> post(b"prompt")
    old << posted(b"prompt")
    old.reset()
    assert edge.attempts == []
    reply = client.reply()
    assert (reply.status, reply.code) == (502, "gateway-lost")
    assert reply.field(b"x-should-retry") == b"false"


def test_R34_a_post_whose_head_alone_was_taken_is_not_sent_twice() -> None:
    """One byte of a POST in the kernel's hands is enough: it is not repeated (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> post(length=10)
    old.reset()
    assert edge.attempts == []
    assert client.reply().code == "gateway-lost"


@pytest.mark.parametrize("request_", [post(), ask(b"PUT /x", b"Content-Length: 1", body=b"x")])
def test_R34_neither_post_without_body_nor_put_with_one_is_retried(request_: bytes) -> None:
    """Both conditions count: idempotent, and without a body (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> request_
    old.reset()
    assert edge.attempts == []
    assert client.reply().status == 502


def test_R34_nothing_is_retried_on_a_fresh_connection() -> None:
    """A gateway that closes a new connection unanswered is broken, not merely impatient (R34)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask())
    gateway.fin()
    assert edge.attempts == []
    assert client.reply().code == "gateway-lost"


@pytest.mark.parametrize(
    "beginning", [b"H", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 103 Early Hints\r\n\r\n"]
)
def test_R34_a_request_is_not_retried_once_a_byte_of_an_answer_came(beginning: bytes) -> None:
    """A gateway that began to answer has seen the request: no second one, even for a GET (R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> ask()
    old >> beginning
    old.fin()
    assert edge.attempts == []
    assert b"x-localedge-error: gateway-lost" in client.take()
    assert edge.records[1]["status"] == 502


def test_R33_R34_a_connection_closed_before_reuse_costs_nothing() -> None:
    """A POST finds the pooled connection closed while idle and simply takes another (R33, R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    with edge.quietly():
        old.fin()
        client >> post(b"prompt")
    fresh = edge.gateway()
    fresh << posted(b"prompt")
    fresh >> OK
    client << OK
    assert edge.records[1]["retried"] is False


def test_R34_a_retry_leaves_no_gap_in_the_pool() -> None:
    """The dead connection's place is free: with a cap of one the retry does not wait for itself (R34)."""
    edge = Playbook(pool=Pool(connections=1))
    client, old = pooled(edge)
    client >> ask()
    old.reset()
    edge.gateway() >> OK
    client << OK
    client.fin()
    edge.nothing_left()


def test_R34_a_retry_that_had_to_queue_is_still_the_last() -> None:
    """A retry that waits its turn and then meets a dead connection again is told so (R33, R34)."""
    edge = Playbook(pool=Pool(connections=1, ceiling=1))
    client, old = pooled(edge)
    client >> ask(b"GET /retried")
    other = edge.client()
    other >> ask(b"GET /waiting")
    old.reset()
    gateway = edge.gateway()
    assert gateway.take().startswith(b"GET /waiting ")
    gateway >> OK
    other << OK
    if edge.attempts:
        gateway = edge.gateway()
    assert gateway.take().startswith(b"GET /retried ")
    gateway.reset()
    assert edge.attempts == []
    assert client.reply().code == "gateway-lost"


def test_R34_a_retried_exchange_can_still_be_cancelled() -> None:
    """A client that leaves during the second attempt ends it (R31, R34)."""
    edge = Playbook()
    client, old = pooled(edge)
    client >> ask()
    old.fin()
    (attempt,) = edge.attempts
    client.reset()
    assert attempt.cancelled
    assert edge.records[1]["status"] == 499
    edge.nothing_left()


@pytest.mark.parametrize(
    ("cause", "status", "code", "retry"),
    [
        (error.ConnectionRefusedError(), 502, "gateway-refused", b"true"),
        (error.NoRouteError(), 502, "gateway-unreachable", b"true"),
        (error.DNSLookupError("no such name"), 502, "gateway-unresolved", b"false"),
        (error.TimeoutError(), 504, "gateway-connect-timeout", b"true"),
    ],
)
def test_R42_every_connect_failure_has_its_code(
    cause: Exception, status: int, code: str, retry: bytes
) -> None:
    """The client learns why there is no connection, and whether trying again can help (R40, R42)."""
    edge = Playbook()
    client = edge.client()
    client >> post(b"prompt")
    edge.refuse(cause)
    reply = client.reply()
    assert (reply.status, reply.code, reply.field(b"x-should-retry")) == (status, code, retry)
    assert reply.message
    client >> ask()
    edge.gateway() >> OK
    client << OK
