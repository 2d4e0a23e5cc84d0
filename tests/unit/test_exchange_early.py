"""The gateway answers before the upload ends (R16), and trailers on both sides (R17)."""

import pytest

from tests.phrases import OK, answer, ask, asked, exchanged, post, posted, streamed
from tests.playbook import Playbook


def test_R16_an_early_answer_is_relayed_while_the_upload_goes_on() -> None:
    """The client reads the answer at once and finishes its upload; both connections live on (R16)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), OK)
    client << OK
    client >> b"done"
    gateway << b"done"
    client >> ask()
    gateway << asked()
    gateway >> OK
    client << OK
    assert [record["ending"] for record in edge.records] == ["ok", "ok"]
    assert edge.records[0]["bytes_in"] == 8


def test_R16_answer_and_upload_stream_at_the_same_time() -> None:
    """Bytes of both directions pass each other (R13, R16)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"a", length=3), streamed(b"1", end=b""))
    assert client.take().endswith(b"1\r\n1\r\n")
    client >> b"b"
    gateway << b"b"
    gateway >> b"1\r\n2\r\n"
    client << b"1\r\n2\r\n"
    client >> b"c"
    gateway << b"c"
    gateway >> b"0\r\n\r\n"
    client << b"0\r\n\r\n"
    assert client.end is None


@pytest.mark.parametrize("death", ["fin", "reset"])
def test_R16_the_upload_ends_when_the_gateway_closes_behind_its_answer(death: str) -> None:
    """A gateway that has said its word and closes ends the upload; the client keeps its answer (R16)."""
    edge = Playbook()
    refusal = answer(b"413 Content Too Large", b"Connection: close", body=b"no")
    client, gateway = exchanged(edge, post(b"half", length=800_000), refusal)
    getattr(gateway, death)()
    client >> b"x" * 300_000
    reply = client.reply()
    assert (reply.status, reply.body) == (413, b"no")
    assert client.end == "fin"
    assert edge.record["ending"] == "ok"
    client.fin()
    edge.nothing_left()


def test_R16_an_early_answer_that_ends_with_the_connection_ends_the_upload() -> None:
    """A body until close and the FIN behind it: the answer is whole, the upload is over (R07, R16)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), b"HTTP/1.1 400 Bad Request\r\n\r\nno")
    gateway.fin()
    assert client.reply().body == b"no"
    client >> b"done"
    assert client.end == "fin"


def test_R05_R16_a_second_answer_to_one_request_reaches_nobody() -> None:
    """While the upload goes on a gateway that answers twice is heard once (R05, R16, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), OK)
    client << OK
    gateway >> answer(body=b"for somebody else")
    client << b""
    client >> b"done"
    client << b""
    assert gateway.closed
    client >> ask()
    assert b"for somebody else" not in client.received


def test_R05_R16_two_answers_in_one_packet_are_one() -> None:
    """Bytes behind an early answer are no answer to the next request (R05, R16, R33)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), OK + answer(body=b"for somebody else"))
    client << OK
    gateway >> b"more"
    client >> b"done" + ask()
    assert gateway.closed
    edge.gateway() >> answer(body=b"mine")
    assert client.reply().body == b"mine"


def test_R06_R16_an_early_answer_cut_short_ends_both() -> None:
    """The cut counts although the upload was still going on (R06, R16)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), streamed(b"1", end=b""))
    gateway.reset()
    assert client.end == "fin"
    assert not client.received.endswith(b"0\r\n\r\n")
    assert edge.record["ending"] == "gateway-cut"


def test_R31_a_client_that_leaves_in_mid_upload_after_the_answer_got_what_it_wanted() -> None:
    """Its connection to the gateway is closed, since the request never ended (R16, R31)."""
    edge = Playbook()
    client, gateway = exchanged(edge, post(b"half", length=8), OK)
    client << OK
    client.reset()
    assert gateway.end == "reset"
    edge.nothing_left()


# -- trailers


TRAILED = streamed(b"body", fields=(b"Trailer: X-Sum",), end=b"0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n")


def test_R17_trailers_reach_a_client_that_takes_them() -> None:
    """Trailers come behind the body, in order, announced by `Trailer` (R17)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(b"GET /", b"TE: trailers", b"Connection: TE"), TRAILED)
    reply = client.reply()
    assert reply.field(b"trailer") == b"X-Sum"
    assert reply.trailers == ((b"X-Sum", b"1"), (b"x-sum", b"2"))
    assert reply.field(b"x-sum") is None
    assert gateway.end is None


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_R17_trailers_are_dropped_for_a_client_that_did_not_ask(version: bytes) -> None:
    """Who did not say `TE: trailers` gets neither trailers nor their announcement (R17)."""
    edge = Playbook()
    client, gateway = exchanged(edge, ask(version=version), TRAILED)
    gateway.fin()
    reply = client.reply()
    assert (reply.body, reply.trailers) == (b"body", ())
    assert reply.field(b"trailer") is None
    assert reply.field(b"x-sum") is None


def test_R17_an_http_1_0_client_gets_no_trailers_even_if_it_asks() -> None:
    """Without chunks there is no place for trailers (R08, R17)."""
    edge = Playbook()
    client, _ = exchanged(edge, ask(b"GET /", b"TE: trailers", version=b"1.0"), TRAILED)
    reply = client.reply()
    assert reply.body == b"body"
    assert b"X-Sum" not in client.received


def test_R17_forbidden_trailers_are_left_out() -> None:
    """Nothing that frames, routes or authenticates comes in behind the body (R17)."""
    edge = Playbook()
    trailers = b"Set-Cookie: a\r\nX-Sum: 1\r\nWWW-Authenticate: b\r\nHost: c\r\nContent-Type: d\r\n"
    wire = streamed(b"body", end=b"0\r\n" + trailers + b"\r\n")
    client, _ = exchanged(edge, ask(b"GET /", b"TE: trailers"), wire)
    assert client.reply().trailers == ((b"X-Sum", b"1"),)


def test_R17_the_clients_trailers_reach_the_gateway() -> None:
    """A chunked upload keeps its trailers (R11, R17)."""
    edge = Playbook()
    fields = (b"Transfer-Encoding: chunked", b"Trailer: X-Sum")
    body = b"4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n"
    client = edge.client()
    client >> ask(b"POST /", *fields, body=body)
    gateway = edge.gateway()
    gateway << asked(b"POST /", *fields, body=body)
    gateway >> OK
    client << OK


def test_R11_R13_a_chunked_upload_is_passed_on_as_it_comes() -> None:
    """Payload goes on at once, also half a chunk; extensions do not (R11, R13)."""
    edge = Playbook()
    client = edge.client()
    client >> ask(b"POST /", b"transfer-encoding: Chunked", body=b"8;name=x\r\nhalf")
    gateway = edge.gateway()
    gateway << asked(b"POST /", b"transfer-encoding: chunked", body=b"4\r\nhalf\r\n")
    client >> b"done\r\n0\r\n\r\n"
    gateway << b"4\r\ndone\r\n0\r\n\r\n"


def test_R16_posted_bytes_are_the_prompts_bytes() -> None:
    """A body with a length goes out unframed, byte for byte (R11)."""
    edge = Playbook()
    client = edge.client()
    body = bytes(range(256)) * 3
    client >> post(body)
    edge.gateway() << posted(body)
