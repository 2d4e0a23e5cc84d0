"""Any bytes of a gateway, cut anywhere, ended in any way: the client reads what it said, or sees the cut."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from localedge.http.forwarding import to_client
from localedge.http.framing import Body, chunk, response_body
from localedge.http.head import ResponseHead
from tests.phrases import ask, exchanged
from tests.playbook import Playbook, Reply, read_reply
from tests.reading import read_responses
from tests.wire_strategies import in_pieces, responses

OURS = {b"transfer-encoding", b"connection"}


def direct(data: bytes, method: bytes, death: str) -> tuple[ResponseHead | None, bytes, bool]:
    """The first final response in `data` as its reader understands it, its body, and whether it is whole."""
    events, code = read_responses([data], method)
    for place, head in enumerate(events):
        if isinstance(head, ResponseHead) and head.status >= 200:
            body, behind = b"", list(events[place + 1 : place + 3])
            if behind and isinstance(behind[0], bytes):
                body = behind[0]
                del behind[0]
            whole = bool(behind) and not isinstance(behind[0], ResponseHead)
            endless = response_body(head, method)[0] is Body.UNTIL_CLOSE
            return head, body, whole or (endless and code is None and death == "fin")
    return None, b"", False


def through(pieces: list[bytes], method: bytes, version: bytes, death: str) -> Reply | None:
    """The final response that a client of the edge reads; None if that is cut."""
    edge = Playbook()
    client = edge.client()
    client >> ask(method + b" /v1/models", version=version)
    gateway = edge.gateway()
    for piece in pieces:
        gateway >> piece
    if not gateway.closed:
        gateway.fin() if death == "fin" else gateway.reset()
    told, end, reply = client.take(), client.end, None
    try:
        while reply is None or reply.status < 200:
            reply, told = read_reply(told, end, head=method == b"HEAD")
    except ValueError:
        assert end is not None
        reply = None
    assert not (reply and told)
    client.fin()
    edge.nothing_left()
    return reply


@given(
    in_pieces(responses()),
    st.sampled_from([b"GET", b"HEAD", b"POST"]),
    st.sampled_from([b"1.1", b"1.1", b"1.0"]),
    st.sampled_from(["fin", "reset"]),
)
@example((b"HTTP/1.1 200 OK\r\n\r\nhalf", [b"HTTP/1.1 200 OK\r\n\r\n", b"half"]), b"GET", b"1.0", "reset")
@example((b"HTTP/1.1 200 OK\r\n\r\nall", [b"HTTP/1.1 200 OK\r\n\r\nall"]), b"GET", b"1.1", "fin")
def test_R05_R06_R07_R11_a_client_reads_what_the_gateway_said_or_that_it_was_cut(
    case: tuple[bytes, list[bytes]], method: bytes, version: bytes, death: str
) -> None:
    """Status, fields and body as they came; what is not whole never looks whole; garbage is our own 502."""
    data, pieces = case
    head, body, whole = direct(data, method, death)
    assume(head is None or head.status < 600)  # fit for our reader
    reply = through(pieces, method, version, death)
    if head is None:
        assert reply is not None and reply.status == 502 and reply.code is not None
    elif whole:
        assert reply is not None
        assert (reply.status, reply.reason, reply.body) == (head.status, head.reason, body)
        said = to_client(head, keep_length=head.status != 204)
        assert [one for one in reply.fields if one[0].lower() not in OURS] == list(said)
    else:
        assert reply is None


STREAM = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SIZES = st.sampled_from([1, 2, 9, 15, 16, 17, 255, 256, 257, 1016, 1017, 4095, 4096, 65_530, 65_536])
READS = st.sampled_from(["whole", "whole", "halves", "odd", "with the next", "a chunk in a chunk"])


@given(st.lists(st.tuples(SIZES, READS), max_size=6), st.sampled_from([b"1.1", b"1.0"]), st.booleans())
@example([(9, "a chunk in a chunk")], b"1.1", True)
@example([(9, "whole"), (9, "a chunk in a chunk"), (9, "whole")], b"1.1", True)
def test_R06_R08_streams_pass_chunk_by_chunk(
    chunks: list[tuple[int, str]], version: bytes, whole: bool
) -> None:
    """However chunks and reads fall together: the same body, framed rightly, counted rightly, cut or not."""
    pieces, waiting, body = [], STREAM, b""
    for number, (size, how) in enumerate(chunks):
        payload = bytes([number]) * size
        if how == "a chunk in a chunk":
            payload = chunk(payload)
            size = len(payload)
        body += payload
        data = waiting + (b"0%x;odd=1\r\n%b\r\n" if how == "odd" else b"%x\r\n%b\r\n") % (size, payload)
        waiting = b""
        if how == "with the next":
            waiting = data
        elif how == "a chunk in a chunk":
            line, rest = data.split(payload)
            pieces += [line, payload, rest]
        elif how == "halves":
            pieces += [data[: len(data) // 2], data[len(data) // 2 :]]
        else:
            pieces.append(data)
    pieces.append(waiting + b"0\r\n\r\n" if whole else waiting)
    edge = Playbook()
    client, gateway = exchanged(edge, ask(version=version))
    for piece in pieces:
        gateway >> piece
    if not whole:
        gateway.fin()
    told, end = client.take(), client.end
    try:
        reply, rest = read_reply(told, end)
        assert whole and (reply.body, rest) == (body, b"")
    except ValueError:
        assert not whole
        assert unframed(told.partition(b"\r\n\r\n")[2], version) == body
    client.fin()
    edge.nothing_left()
    (record,) = edge.records
    assert record["bytes_out"] == len(body)


def unframed(data: bytes, version: bytes) -> bytes:
    """The payload of a body that was cut behind a whole chunk."""
    if version == b"1.0":
        return data
    return read_reply(STREAM + data + b"0\r\n\r\n", None)[0].body
