"""Bytes to requests and responses: what is let in, and what is told of the rest."""

import pytest

from localedge.config import Limits
from localedge.http.framing import Body, ProtocolError
from localedge.http.head import RequestHead, ResponseHead
from localedge.http.parser import End, RequestReader, ResponseReader
from tests import malformed
from tests.reading import Outcome, first_head, read_requests, read_responses

NOT_PARSING = {"bad-host"}  # told by the guard


@pytest.mark.parametrize(
    ("data", "code"),
    [pytest.param(data, code, id=malformed.short(name)) for name, data, _, code in malformed.REFUSED],
)
def test_R01_malformed_request_is_refused_whole_and_byte_by_byte(data: bytes, code: str) -> None:
    """A malformed request gets the same error however its bytes arrive."""
    whole = read_requests([data])
    bytewise = read_requests([data[i : i + 1] for i in range(len(data))])
    assert bytewise == whole
    if code not in NOT_PARSING:
        assert whole == Outcome((), code)


@pytest.mark.parametrize(
    "data", [pytest.param(data, id=malformed.short(name)) for name, data in malformed.WELL_FORMED]
)
def test_R01_well_formed_request_is_read_whole_and_byte_by_byte(data: bytes) -> None:
    """A request that is merely unusual is read, however its bytes arrive."""
    whole = read_requests([data])
    assert whole.code is None
    assert [type(event) for event in whole.events][-1] is tuple
    assert read_requests([data[i : i + 1] for i in range(len(data))]) == whole


def test_R11_fields_keep_order_case_and_duplicates() -> None:
    """Fields come out as they came in, without the white space around their values."""
    reader = RequestReader(Limits())
    reader.feed(b"GET /a HTTP/1.1\r\nhOsT:localhost\r\nX-B: 1\r\nx-a: \t2 3\t \r\nX-B:\r\nx-b: 4\r\n\r\n")
    head = reader.next_event()
    assert type(head) is RequestHead
    assert (head.method, head.target, head.version) == (b"GET", b"/a", b"1.1")
    assert head.fields == (
        (b"hOsT", b"localhost"),
        (b"X-B", b"1"),
        (b"x-a", b"2 3"),
        (b"X-B", b""),
        (b"x-b", b"4"),
    )
    assert head.combined == {b"host": b"localhost", b"x-b": b"1,,4", b"x-a": b"2 3"}


@pytest.mark.parametrize("method", [b"GET", b"QUERY", b"M-SEARCH", b"x", b"PATCH", b"get"])
def test_R11_unknown_methods_are_read(method: bytes) -> None:
    """Any token is a method, known to the parser beneath or not."""
    head = first_head(method + b" / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert head is not None and head.method == method


def _padded(size: int) -> bytes:
    head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Pad: "
    return head + b"p" * (size - len(head) - 4) + b"\r\n\r\n"


@pytest.mark.parametrize("pieces", [1, 7, 4096])
@pytest.mark.parametrize(
    ("size", "code"), [(65536, None), (65537, "head-too-large"), (200_000, "head-too-large")]
)
def test_R03_header_block_of_64_kib_is_the_most(size: int, code: str | None, pieces: int) -> None:
    """The limit counts every byte of the head, cut as they may be."""
    data = _padded(size)
    step = -(-len(data) // pieces)
    outcome = read_requests([data[i : i + step] for i in range(0, len(data), step)])
    assert outcome.code == code
    assert len(outcome.events) == (2 if code is None else 0)


def test_R03_blank_lines_in_front_do_not_count() -> None:
    """Empty lines before the request line are no part of the head."""
    assert read_requests([b"\r\n" * 10 + _padded(65536)]).code is None


@pytest.mark.parametrize(("count", "code"), [(256, None), (257, "head-too-large")])
def test_R03_256_fields_are_the_most(count: int, code: str | None) -> None:
    """Fields are counted, not only their bytes."""
    fields = b"Host: localhost\r\n" + b"A: b\r\n" * (count - 1)
    assert read_requests([b"GET / HTTP/1.1\r\n" + fields + b"\r\n"]).code == code


@pytest.mark.parametrize(
    ("size", "code"), [(16384, None), (16385, "target-too-long"), (60_000, "target-too-long")]
)
def test_R03_target_of_16_kib_is_the_longest(size: int, code: str | None) -> None:
    """A target one byte too long is told apart from a head too large."""
    data = b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"t" * (size - 1))
    assert read_requests([data]).code == code
    assert read_requests([data[:20_000], data[20_000:]]).code == code


def test_R03_first_line_without_end_is_a_target_too_long() -> None:
    """A request line that never ends is refused at the limit of the head."""
    assert read_requests([b"GET /" + b"t" * 65531]).code is None
    assert read_requests([b"GET /" + b"t" * 65532]).code == "target-too-long"


def test_R03_limits_are_configurable() -> None:
    """Each limit on a head can be set."""
    limits = Limits(head_bytes=100, head_fields=2, target_bytes=10)
    request = b"GET %b HTTP/1.1\r\nHost: localhost\r\n%b\r\n"
    assert read_requests([request % (b"/234567890", b"A: b\r\n")], limits).code is None
    assert read_requests([request % (b"/2345678901", b"A: b\r\n")], limits).code == "target-too-long"
    assert read_requests([request % (b"/", b"A: b\r\nC: d\r\n")], limits).code == "head-too-large"
    assert read_requests([request % (b"/", b"A: " + b"b" * 62 + b"\r\n")], limits).code == "head-too-large"


def test_R04_pipelined_requests_come_out_one_after_the_other() -> None:
    """The bytes behind a message wait until somebody asks for the next."""
    reader = RequestReader(Limits())
    first = b"POST /1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
    second = b"GET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    reader.feed(first + second)
    head = reader.next_event()
    assert type(head) is RequestHead and head.target == b"/1"
    assert (reader.body, reader.length) == (Body.LENGTH, 2)
    assert reader.next_event() == b"hi"
    assert type(reader.next_event()) is End
    assert reader.buffered == len(second)
    head = reader.next_event()
    assert type(head) is RequestHead and head.target == b"/2"
    assert type(reader.next_event()) is End
    assert reader.next_event() is None
    assert reader.buffered == 0 and not reader.mid_message


HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(190)


@pytest.mark.parametrize("data", [HELLO, HELLO[:1], b"\x16\x03\x03\x00\x05"])
def test_R44_client_hello_is_recognised_from_its_first_byte(data: bytes) -> None:
    """TLS on the plain port is told from its first byte."""
    assert read_requests([data]).code == "tls-on-plain-port"


# -- responses

STATUS_LINES = [
    b"HTTP/1.1  200 OK",
    b"HTTP/1.1 200OK",
    b"HTTP/1.1 20 OK",
    b"HTTP/1.1 2000 OK",
    b"HTTP/1.1 099 Low",
    b"HTTP/1.1 099 Low",
    b"HTTP/1.1 abc OK",
    b"HTTP/1.1 -20 OK",
    b"HTTP/1.1\t200 OK",
    b"HTTP/1.1",
    b"HTTP/1.2 200 OK",
    b"HTTP/2.0 200 OK",
    b"HTTP/0.9 200 OK",
    b"HTTP/1.10 200 OK",
    b"http/1.1 200 OK",
    b"ICY 200 OK",
    b"RTSP/1.0 200 OK",
    b"SSH-2.0-OpenSSH_9.6",
    b"<html>",
    b"",
    b"\x00",
    b"HTTP/1.1 200 O\x00K",
    b"HTTP/1.1 200 O\rK",
    b"GET / HTTP/1.1",
]


@pytest.mark.parametrize("line", STATUS_LINES)
def test_R05_status_line_that_is_not_http_1_is_refused(line: bytes) -> None:
    """A first line that is no HTTP/1 status line is garbage."""
    data = line + b"\r\nContent-Length: 0\r\n\r\n"
    outcome = read_responses([data], b"GET")
    assert outcome == Outcome((), "bad-status-line")
    assert read_responses([data[i : i + 1] for i in range(len(data))], b"GET") == outcome


RESPONSES = [
    ("both framings", b"Content-Length: 0\r\nTransfer-Encoding: chunked", "bad-framing"),
    ("two lengths", b"Content-Length: 0\r\nContent-Length: 0", "bad-framing"),
    ("bad length", b"Content-Length: x", "bad-framing"),
    ("negative length", b"Content-Length: -1", "bad-framing"),
    ("gzip", b"Transfer-Encoding: gzip", "bad-framing"),
    ("chunked twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "bad-framing"),
    ("bare LF", b"A: b\nC: d", "bad-header"),
    ("bare CR", b"A: b\rC: d", "bad-header"),
    ("fold", b"A: b\r\n c", "bad-header"),
    ("space before the colon", b"A : b", "bad-header"),
    ("NUL", b"A: \x00", "bad-header"),
    ("no colon", b"A", "bad-header"),
    ("too large", b"A: " + b"b" * 65536, "head-too-large"),
    ("too many fields", b"\r\n".join([b"A: b"] * 257), "head-too-large"),
]


@pytest.mark.parametrize(("fields", "code"), [pytest.param(f, c, id=n) for n, f, c in RESPONSES])
def test_R05_response_head_that_breaks_framing_is_refused(fields: bytes, code: str) -> None:
    """A head that two readers could understand differently is refused, however it is cut."""
    data = b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n\r\n"
    assert read_responses([data], b"GET") == Outcome((), code)
    step = 1 if len(data) < 9999 else 997
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    assert read_responses(pieces, b"GET") == Outcome((), code)


def test_R05_chunked_on_http_1_0_is_refused() -> None:
    """HTTP/1.0 knows no chunks."""
    data = b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert read_responses([data], b"GET") == Outcome((), "bad-framing")


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 599 \xe9t\xe9", b"HTTP/1.1 404 a  b"]
)
def test_R05_reason_may_be_anything_or_nothing(line: bytes) -> None:
    """The reason phrase is nobody's business."""
    outcome = read_responses([line + b"\r\nContent-Length: 0\r\n\r\n"], b"GET")
    assert outcome.code is None and len(outcome.events) == 2


def test_R05_tls_alert_from_the_gateway_is_told_apart() -> None:
    """A gateway that answers with a TLS alert wants https."""
    assert read_responses([b"\x15\x03\x01\x00\x02\x02\x28"], b"GET").code == "gateway-speaks-tls"


@pytest.mark.parametrize(
    ("method", "start"),
    [
        (b"HEAD", b"HTTP/1.1 200 OK"),
        (b"GET", b"HTTP/1.1 204 No Content"),
        (b"GET", b"HTTP/1.1 304 Not Modified"),
    ],
)
@pytest.mark.parametrize("field", [b"Content-Length: 5", b"Transfer-Encoding: chunked", b"A: b"])
def test_R07_no_body_whatever_the_fields_say(method: bytes, start: bytes, field: bytes) -> None:
    """HEAD, 204 and 304 end with their head; the next response is read behind it."""
    one = start + b"\r\n" + field + b"\r\n\r\n"
    outcome = read_responses([one + one], method)
    assert outcome.code is None
    assert [type(event) for event in outcome.events] == [ResponseHead, tuple] * 2


def test_R07_interim_responses_come_before_the_final_one() -> None:
    """1xx heads carry no body, and the final response follows."""
    data = (
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 3\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    )
    events = read_responses([data], b"POST").events
    assert [event.status for event in events if type(event) is ResponseHead] == [100, 103, 200]
    assert events[-2:] == (b"hi", ())


def test_R18_bytes_behind_101_are_no_http() -> None:
    """What follows a 101 comes out raw."""
    reader = ResponseReader(Limits())
    reader.expect(b"GET")
    reader.feed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi")
    head = reader.next_event()
    assert type(head) is ResponseHead and head.status == 101
    assert reader.next_event() is None
    assert reader.raw() == b"\x81\x02hi"


CUTS = [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "gateway-cut"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "gateway-cut"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "gateway-cut"),
    (b"HTTP/1.1 200 OK\r\nContent-Le", "gateway-cut"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", None),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", ()),
    (b"", None),
]


@pytest.mark.parametrize(("data", "result"), CUTS)
def test_R06_end_of_the_connection_ends_a_body_only_where_nothing_else_does(
    data: bytes, result: object
) -> None:
    """EOF completes a body without a length and cuts every other one."""
    reader = ResponseReader(Limits())
    reader.expect(b"GET")
    reader.feed(data)
    while reader.next_event() is not None:
        pass
    if result == "gateway-cut":
        with pytest.raises(ProtocolError) as caught:
            reader.eof()
        assert caught.value.code == "gateway-cut"
    else:
        end = reader.eof()
        assert (end if end is None else end.trailers) == result
