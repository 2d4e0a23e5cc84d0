"""Clients and gateways repeat themselves: what was remembered of one message never colours another (R11)."""

import gc

from hypothesis import given, settings
from hypothesis import strategies as st

from localedge.edge.exchange import Exchange
from localedge.edge.observe import Record
from localedge.edge.upload import Upload
from tests.phrases import OK, ask, asked, pooled, post, streamed
from tests.playbook import Playbook

NONE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Same: 1\r\n\r\n"


def test_R07_the_same_head_answers_head_and_get_differently() -> None:
    """One head, byte for byte, has no body behind a HEAD and three bytes behind a GET (R07)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    for method in (b"HEAD", b"GET", b"HEAD", b"HEAD", b"GET", b"GET"):
        client >> ask(method + b" /v1/x")
        gateway << asked(method + b" /v1/x")
        body = b"" if method == b"HEAD" else b"abc"
        gateway >> NONE + body
        client << NONE + body
    assert edge.attempts == []


FIELDS = [
    (b"authorization: Bearer one",),
    (b"authorization: Bearer two",),
    (b"Authorization: Bearer one",),
    (b"x-api-key: one", b"authorization: Bearer one"),
    (b"authorization: Bearer one", b"x-api-key: one"),
    (b"TE: trailers",),
    (),
]
TARGETS = [b"/v1/messages", b"/v1/messages?beta=true", b"//v1/messages", b"/v1/models", b"/v1/Messages"]
requests = st.tuples(
    st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT"]),
    st.sampled_from(TARGETS),
    st.sampled_from(FIELDS),
    st.one_of(st.none(), st.sampled_from([b"", b"a", b"abc"])),
    st.sampled_from([b"one", b"two", None]),
)


@settings(max_examples=40)
@given(st.lists(requests, min_size=1, max_size=40))
def test_R11_R12_requests_in_any_order_are_each_forwarded_as_sent(
    conversation: list[tuple[bytes, bytes, tuple[bytes, ...], bytes | None, bytes | None]],
) -> None:
    """Whoever asked before, with whatever key: each request and each answer is its own (R11, R12)."""
    edge = Playbook()
    client, gateway = pooled(edge)
    for method, target, fields, body, said in conversation:
        framed = fields if body is None else (*fields, b"Content-Length: %d" % len(body))
        client >> ask(method + b" " + target, *framed, body=body or b"")
        folded = target.removeprefix(b"/") if target.startswith(b"//") else target
        te = b"TE: trailers" in fields
        expected = [field for field in framed if field != b"TE: trailers"]
        expected += [b"TE: trailers", b"Connection: TE"] if te else []
        gateway << asked(method + b" " + folded, *expected, body=body or b"")
        end = b"0\r\nX-T: 1\r\n\r\n"
        wire = NONE + b"abc" if said is None else streamed(said, end=end)
        gateway >> (wire if method != b"HEAD" else wire.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
        reply = client.reply(head=method == b"HEAD")
        assert reply.body == (b"" if method == b"HEAD" else said or b"abc")
        has_trailers = te and said is not None and method != b"HEAD"
        assert reply.trailers == (((b"X-T", b"1"),) if has_trailers else ())
        assert client.received == b""
    assert edge.attempts == []


@given(st.lists(st.sampled_from([b"1.1", b"1.0"]), min_size=1, max_size=12))
def test_R08_versions_are_not_confused(versions: list[bytes]) -> None:
    """The same fields in HTTP/1.0 and HTTP/1.1 mean different things, each time (R08)."""
    edge = Playbook()
    _, gateway = pooled(edge)
    for version in versions:
        client = edge.client()
        client >> ask(b"GET /v1/x", b"A: 1", version=version)
        gateway.take()
        gateway >> streamed(b"abc")
        reply = client.reply()
        assert reply.body == b"abc"
        assert (reply.field(b"transfer-encoding") is None) is (version == b"1.0")
        assert (client.end == "fin") is (version == b"1.0")


def _parts() -> int:
    return sum(type(one) in (Exchange, Upload, Record) for one in gc.get_objects())


def test_an_exchange_leaves_nothing_for_the_garbage_collector() -> None:
    """Its parts do not hold each other: thousands of them never make the collector stop a stream."""
    edge = Playbook()
    client, gateway = pooled(edge)
    gc.collect()
    gc.disable()
    try:
        before = _parts()
        client >> post(b"prompt")
        gateway >> OK
        assert edge.records[-1]["ending"] == "ok"
        assert _parts() == before
    finally:
        gc.enable()
