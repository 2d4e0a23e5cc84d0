"""`Expect: 100-continue` and other interim responses (R15)."""

import pytest

from localedge.config import Limits
from tests.phrases import CONTINUE, OK, answer, ask, exchanged, post, posted, streamed
from tests.playbook import Peer, Playbook

EXPECT = b"Expect: 100-continue"
SENT_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def expecting(edge: Playbook, length: int = 6, version: bytes = b"1.1") -> tuple[Peer, Peer]:
    """A client that waits to be asked for its body; client and gateway."""
    client = edge.client()
    client >> post(b"", EXPECT, length=length, version=version)
    return client, edge.gateway()


def test_R15_expect_is_passed_on_and_the_gateways_100_relayed() -> None:
    """The gateway decides whether it wants the body (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway << posted(b"", EXPECT, length=6)
    client << b""
    gateway >> CONTINUE
    client << SENT_CONTINUE
    client >> b"prompt"
    gateway << b"prompt"
    gateway >> OK
    client << OK
    edge.wait(2)
    client << b""


def test_R15_the_gateways_100_comes_with_its_fields() -> None:
    """A 100 with fields is relayed with them (R11, R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway >> b"HTTP/1.1 100 Go on\r\nX-Note: 1\r\n\r\n"
    client << b"HTTP/1.1 100 Go on\r\nX-Note: 1\r\n\r\n"


@pytest.mark.parametrize(
    "final", [answer(b"401 Unauthorized", body=b"no"), streamed(b"no"), answer(b"200 OK")]
)
def test_R15_a_final_answer_instead_of_100_is_relayed_and_the_body_not_asked_for(final: bytes) -> None:
    """A refusal before the upload spares the upload; the connection ends behind it (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway >> final
    reply = client.reply()
    assert reply.field(b"connection") == b"close"
    assert client.end == "fin"
    assert b"100" not in client.received
    gateway.take()
    client >> b"prompt"
    gateway << b""
    assert gateway.closed
    edge.wait(31)
    edge.nothing_left()


def test_R15_a_client_that_sends_its_body_all_the_same_is_drained() -> None:
    """Bytes that nobody asked for are thrown away; the client still reads its answer (R03, R15)."""
    edge = Playbook()
    client, gateway = expecting(edge, 200_000)
    gateway >> answer(b"413 Content Too Large", body=b"no")
    client >> b"x" * 200_000
    assert client.reply().status == 413
    assert client.end == "fin"
    client.fin()
    assert client.closed
    edge.nothing_left()


def test_R15_the_edge_asks_for_the_body_when_the_gateway_stays_silent() -> None:
    """After a second without a word the edge sends the 100 itself (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    edge.wait(0.99)
    client << b""
    edge.wait(0.02)
    client << SENT_CONTINUE
    client >> b"prompt"
    gateway.take()
    gateway >> OK
    client << OK


@pytest.mark.parametrize("begun", [b"", b"pro", b"prompt"])
def test_R15_a_late_100_is_dropped(begun: bytes) -> None:
    """The client gets one 100, not two, wherever its body is by then (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    edge.wait(1.01)
    client << SENT_CONTINUE
    client >> begun
    gateway >> CONTINUE
    client << b""
    client >> b"prompt"[len(begun) :]
    gateway >> CONTINUE + OK
    client << OK


def test_R15_a_second_100_of_the_gateway_is_dropped() -> None:
    """The body is asked for once (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway >> CONTINUE + CONTINUE
    client << SENT_CONTINUE


def test_R15_R16_a_final_answer_after_the_edges_100_is_an_early_answer() -> None:
    """Once the client was told to go on, its upload goes on (R15, R16)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    edge.wait(1.01)
    client << SENT_CONTINUE
    gateway.take()
    gateway >> OK
    client << OK
    client >> b"prompt"
    gateway << b"prompt"
    assert client.end is None
    client >> ask()
    gateway >> OK
    client << OK


def test_R15_a_client_that_does_not_wait_gets_no_100_of_ours() -> None:
    """A body that came with its head needs no asking (R15)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"prompt", EXPECT))
    edge.wait(2)
    client << b""
    gateway >> OK
    client << OK


def test_R15_an_http_1_0_client_neither_sends_expect_nor_gets_interims() -> None:
    """HTTP/1.0 knows no 1xx: none is sent to it, and nothing is expected for it (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge, version=b"1.0")
    assert b"xpect" not in gateway.take()
    gateway >> CONTINUE + b"HTTP/1.1 103 Early Hints\r\n\r\n"
    edge.wait(2)
    client << b""
    client >> b"prompt"
    gateway >> OK
    assert client.reply().status == 200


def test_R15_early_hints_and_processing_are_relayed_as_they_come() -> None:
    """Other interim responses reach HTTP/1.1 clients, several of them, before the answer (R15)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask())
    gateway >> b"HTTP/1.1 102 Processing\r\n\r\n"
    client << b"HTTP/1.1 102 Processing\r\n\r\n"
    gateway >> b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: 1\r\n\r\n"
    client << b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    gateway >> OK
    client << OK


def test_R15_early_hints_do_not_replace_the_100() -> None:
    """A 103 is no permission to send the body (R15)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway >> b"HTTP/1.1 103 Early Hints\r\n\r\n"
    client << b"HTTP/1.1 103 Early Hints\r\n\r\n"
    edge.wait(1.01)
    client << SENT_CONTINUE


def test_R15_a_chunked_body_can_be_expected_too() -> None:
    """`Expect` with `Transfer-Encoding: chunked` behaves the same (R15)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(b"POST /v1/x", EXPECT, b"Transfer-Encoding: chunked"))
    gateway >> CONTINUE
    client << SENT_CONTINUE
    client >> b"3\r\nabc\r\n0\r\n\r\n"
    gateway << b"3\r\nabc\r\n0\r\n\r\n"


def test_R15_R31_a_client_that_leaves_while_it_waits_to_be_asked_is_gone() -> None:
    """No 100 is sent to nobody, and no timer is left (R15, R31)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    client.reset()
    assert gateway.end == "reset"
    assert edge.record["status"] == 499
    edge.nothing_left()


def test_R15_R42_a_gateway_that_dies_while_the_client_waits_is_502() -> None:
    """The client is told at once, and not asked for its body first (R15, R42)."""
    edge = Playbook()
    client, gateway = expecting(edge)
    gateway.fin()
    assert client.reply().code == "gateway-lost"
    assert client.end == "fin"


@pytest.mark.parametrize("asked", ["gateway", "edge"])
def test_R30_a_client_that_was_asked_and_sends_nothing_times_out(asked: str) -> None:
    """Once the body was asked for, the limit for silence in a body counts (R15, R30)."""
    edge = Playbook(limits=Limits(request_body=60.0, first_byte=600.0))
    client, gateway = expecting(edge)
    if asked == "gateway":
        gateway >> CONTINUE
    else:
        edge.wait(1.01)
    client << SENT_CONTINUE
    edge.wait(58)
    client << b""
    edge.wait(4)
    reply = client.reply()
    assert (reply.status, reply.code) == (408, "body-timeout")
