"""Where a body ends: what a head says of it, and how one is written."""

import pytest

from localedge.http.forwarding import persistent
from localedge.http.framing import (
    CHUNK_LINES,
    Body,
    ProtocolError,
    chunk,
    last_chunk,
    request_body,
    response_body,
)
from localedge.http.head import Fields, RequestHead, ResponseHead, combine

LENGTH = ((b"Content-Length", b"5"),)
CHUNKED = ((b"Transfer-Encoding", b"chunked"),)


def _request(fields: Fields, version: bytes = b"1.1", method: bytes = b"POST") -> tuple[Body, int]:
    return request_body(RequestHead(method, b"/", version, fields, combine(fields)))


def _response(
    fields: Fields, status: int = 200, method: bytes = b"GET", version: bytes = b"1.1"
) -> tuple[Body, int]:
    return response_body(ResponseHead(status, b"", fields, version, combine(fields)), method)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ((), (Body.NONE, 0)),
        (LENGTH, (Body.LENGTH, 5)),
        (((b"content-length", b"0"),), (Body.NONE, 0)),
        (((b"CONTENT-LENGTH", b"007"),), (Body.LENGTH, 7)),
        (((b"Content-Length", b"9" * 18),), (Body.LENGTH, 10**18 - 1)),
        (CHUNKED, (Body.CHUNKED, 0)),
        (((b"transfer-encoding", b"CHUNKED"),), (Body.CHUNKED, 0)),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"OPTIONS", b"x"])
def test_R01_request_body_is_what_its_fields_say(
    fields: Fields, body: tuple[Body, int], method: bytes
) -> None:
    """The method of a request says nothing about its body."""
    assert _request(fields, method=method) == body


BROKEN = [
    LENGTH + CHUNKED,
    LENGTH + LENGTH,
    CHUNKED + CHUNKED,
    ((b"Content-Length", b"5"), (b"content-length", b"6")),
    ((b"Content-Length", b"5,5"),),
    ((b"Content-Length", b""),),
    ((b"Content-Length", b"-5"),),
    ((b"Content-Length", b"\xb2"),),
    ((b"Content-Length", b"9" * 19),),
    ((b"Content-Length", b"1" * 5000),),
    ((b"Transfer-Encoding", b"gzip"),),
    ((b"Transfer-Encoding", b"gzip, chunked"),),
    ((b"Transfer-Encoding", b"chunked;a"),),
    ((b"Transfer-Encoding", b""),),
    ((b"Transfer-Encoding", b"chun\xe7ed"),),
]


@pytest.mark.parametrize("fields", BROKEN)
def test_R01_R05_framing_that_can_be_read_twice_is_refused(fields: Fields) -> None:
    """Neither a request nor a response may leave its length in doubt."""
    with pytest.raises(ProtocolError) as request:
        _request(fields)
    with pytest.raises(ProtocolError) as response:
        _response(fields)
    assert request.value.code == response.value.code == "bad-framing"
    assert request.value.params["reason"]


def test_R01_R05_http_1_0_knows_no_chunks() -> None:
    """Transfer-Encoding is HTTP/1.1's."""
    for call in (_request, _response):
        with pytest.raises(ProtocolError):
            call(CHUNKED, version=b"1.0")
        assert call(LENGTH, version=b"1.0") == (Body.LENGTH, 5)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ((), (Body.UNTIL_CLOSE, 0)),
        (LENGTH, (Body.LENGTH, 5)),
        (((b"Content-Length", b"0"),), (Body.NONE, 0)),
        (CHUNKED, (Body.CHUNKED, 0)),
    ],
)
@pytest.mark.parametrize("status", [200, 206, 301, 404, 500, 599, 205])
def test_R05_response_body_is_what_its_fields_say(
    fields: Fields, body: tuple[Body, int], status: int
) -> None:
    """A response without a length ends with its connection."""
    assert _response(fields, status) == body


@pytest.mark.parametrize("fields", [(), LENGTH, CHUNKED, ((b"Transfer-Encoding", b"gzip"),)])
@pytest.mark.parametrize(("status", "method"), [(204, b"GET"), (304, b"GET"), (100, b"POST"), (200, b"HEAD")])
def test_R07_no_body_whatever_the_fields_say(fields: Fields, status: int, method: bytes) -> None:
    """HEAD, 204, 304 and 1xx have no body."""
    assert _response(fields, status, method) == (Body.NONE, 0)


def test_R05_both_framings_are_refused_even_without_a_body() -> None:
    """Whoever sends both cannot be believed."""
    with pytest.raises(ProtocolError):
        _response(LENGTH + CHUNKED, 304)


@pytest.mark.parametrize("data", [b"h", b"x" * 15, b"x" * 16, b"\r\n", b"0\r\n\r\n", bytes(70_000)])
def test_R07_chunks_are_written_with_their_size(data: bytes) -> None:
    """A chunk is its size in hexadecimal, the bytes, and two line ends."""
    size, _, rest = chunk(data).partition(b"\r\n")
    assert (int(size, 16), rest) == (len(data), data + b"\r\n")


def test_R17_last_chunk_carries_the_trailers() -> None:
    """The body ends with an empty chunk, the trailers and an empty line."""
    assert last_chunk(()) == b"0\r\n\r\n"
    assert last_chunk(((b"A", b"b"), (b"C", b""))) == b"0\r\nA: b\r\nC: \r\n\r\n"


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", None, True),
        (b"1.1", b"keep-alive", True),
        (b"1.1", b"close", False),
        (b"1.1", b"Close", False),
        (b"1.1", b"x-a, CLOSE ,x-b", False),
        (b"1.1", b"keep-alive, close", False),
        (b"1.1", b"closed", True),
        (b"1.1", b"", True),
        (b"1.0", None, False),
        (b"1.0", b"Keep-Alive", True),
        (b"1.0", b"x-a,keep-alive", True),
        (b"1.0", b"keep-alive, close", False),
        (b"1.0", b"", False),
    ],
)
def test_R08_who_keeps_the_connection(version: bytes, connection: bytes | None, kept: bool) -> None:
    """HTTP/1.1 stays unless told to close, HTTP/1.0 closes unless asked to stay."""
    assert persistent(version, connection) is kept


def test_R08_a_size_belongs_to_one_chunk_at_most() -> None:
    """For every size of an event: the first line of the chunk of that size, or what fits none."""
    lines = {len(chunk(bytes(size))): b"%x\r\n" % size for size in range(1, 2000)}
    of_size = dict(enumerate(CHUNK_LINES))
    assert len(of_size) == 1024
    none = {size: line for size, line in of_size.items() if line != lines.get(size)}
    assert none.keys() == {0, 1, 2, 3, 4, 5, 21, 262}
    assert all(len(line) > size for size, line in none.items())
