"""Chunked bodies: what is taken apart, what is refused, and what llhttp makes of the same bytes."""

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localedge.config import Limits
from localedge.http.chunked import MANY, MAX_LINE, ChunkedDecoder
from localedge.http.framing import CHUNK_LINES, ProtocolError, chunk
from localedge.http.parser import End, ResponseReader
from tests.reading import Asked, Outcome, read_requests
from tests.wire_strategies import chunked_bodies, in_pieces

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


def _read(*pieces: bytes) -> Outcome:
    """Payload, trailers and code for a chunked body."""
    outcome = read_requests([HEAD, *pieces])
    return Outcome(outcome.events[1:], outcome.code)


def _bytewise(data: bytes) -> Outcome:
    return _read(*[data[i : i + 1] for i in range(len(data))])


GOOD = [
    (b"0\r\n\r\n", b"", ()),
    (b"5\r\nhello\r\n0\r\n\r\n", b"hello", ()),
    (b"1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", b"hello", ()),
    (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789", ()),
    (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", ()),
    (b"000000000000000a\r\n0123456789\r\n0000\r\n\r\n", b"0123456789", ()),
    (b"2\r\n\r\n\r\n0\r\n\r\n", b"\r\n", ()),
    (b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n", ()),
    (b"5;name\r\nhello\r\n0;last\r\n\r\n", b"hello", ()),
    (b'5;name="quo ted";b=c\r\nhello\r\n0\r\n\r\n', b"hello", ()),
    (b"0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n", b"", ((b"X-Sum", b"1"), (b"x-sum", b"2"))),
    (b"1\r\nh\r\n0\r\nEmpty:\r\n\r\n", b"h", ((b"Empty", b""),)),
]


@pytest.mark.parametrize(("data", "payload", "trailers"), GOOD)
def test_R01_chunks_are_taken_apart(data: bytes, payload: bytes, trailers: tuple[object, ...]) -> None:
    """The payload comes out without its frame, and the trailers behind it."""
    expected = (payload, trailers) if payload else (trailers,)
    assert _read(data) == Outcome(expected, None)  # type: ignore[arg-type]
    assert _bytewise(data) == Outcome(expected, None)  # type: ignore[arg-type]


BAD = [
    b"\r\n",
    b"\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\r\n0\r\n\r\n",
    b"5\rhello\r\n0\r\n\r\n",
    b"5\r\r\nhello\r\n",
    b" 5\r\nhello\r\n",
    b"5 \r\nhello\r\n",
    b"\t5\r\nhello\r\n",
    b"5\t\r\nhello\r\n",
    b"5 ;x\r\nhello\r\n",
    b"+5\r\nhello\r\n",
    b"-5\r\nhello\r\n",
    b"0x5\r\nhello\r\n",
    b"5h\r\nhello\r\n",
    b"5.0\r\nhello\r\n",
    b"5,5\r\nhello\r\n",
    b"5_0\r\nhello\r\n",
    b"g\r\nhello\r\n",
    b";x\r\nhello\r\n",
    b"\xb5\r\nhello\r\n",
    b"00000000000000005\r\nhello\r\n",
    b"10000000000000005\r\nhello\r\n",
    b"5;\x00\r\nhello\r\n",
    b"5;a\nb\r\nhello\r\n",
    b"5;a\rb\r\nhello\r\n",
    b"5;\x7f\r\nhello\r\n",
    b"0\r\n A: b\r\n\r\n",
    b"0\r\nA : b\r\n\r\n",
    b"0\r\nA\r\n\r\n",
    b"0\r\nA: b\nC: d\r\n\r\n",
    b"0\r\nA: b\rC: d\r\n\r\n",
    b"0\r\nA: \x00\r\n\r\n",
    b"0\r\nA: b\r\n c\r\n\r\n",
    b"0\r\n\n",
    b"0\n\r\n",
    b"0\n\n",
]


@pytest.mark.parametrize("data", BAD)
def test_R01_bad_chunk_is_refused(data: bytes) -> None:
    """A chunk size, an extension or a trailer that two readers could understand differently is refused."""
    assert _read(data) == Outcome((), "bad-chunk")
    assert _bytewise(data) == Outcome((), "bad-chunk")


@pytest.mark.parametrize(
    "line",
    [b"h", b"hello", b"-", b"+5", b" ", b"\t", b";", b"5 ", b"5h", b"0x", b"0" * 17, b"5;\x00", b"\x80"],
)
def test_R01_line_that_cannot_become_a_size_is_refused_at_once(line: bytes) -> None:
    """Nobody waits for the end of a line that is wrong already."""
    assert _read(b"2\r\nhi\r\n" + line) == Outcome((b"hi",), "bad-chunk")
    assert _bytewise(b"2\r\nhi\r\n" + line) == Outcome((b"hi",), "bad-chunk")


@pytest.mark.parametrize("behind", [b"X\r\n", b"\n", b"\rX", b"\r\r\n", b"0\r\n\r\n", b"\x00\r\n", b" \r\n"])
def test_R01_chunk_must_end_where_its_size_says(behind: bytes) -> None:
    """The payload before the fault comes out first, then the fault is told."""
    data = b"5\r\nhello" + behind
    assert _read(data) == Outcome((b"hello",), "bad-chunk")
    assert _bytewise(data) == Outcome((b"hello",), "bad-chunk")


def test_R01_line_of_a_chunk_has_a_limit() -> None:
    """A size with its extensions may be 4096 bytes, with its end."""
    line = b"5;" + b"x" * (MAX_LINE - 4) + b"\r\n"
    assert len(line) == MAX_LINE
    assert _read(line + b"hello\r\n0\r\n\r\n") == Outcome((b"hello", ()), None)
    longer = b"5;x" + line[2:]
    assert _read(longer + b"hello") == Outcome((), "bad-chunk")
    assert _read(b"5;" + b"x" * MAX_LINE) == Outcome((), "bad-chunk")


def test_R03_trailer_section_has_the_limits_of_a_head() -> None:
    """Trailers may be 64 KiB and 256 fields, no more."""
    one = b"A: " + b"b" * (65536 - 7) + b"\r\n\r\n"
    assert _read(b"0\r\n" + one).code is None
    assert _read(b"0\r\nA" + one).code == "bad-chunk"
    assert _read(b"0\r\n" + b"A: b\r\n" * 256 + b"\r\n").code is None
    assert _read(b"0\r\n" + b"A: b\r\n" * 257 + b"\r\n").code == "bad-chunk"


def test_R04_bytes_behind_the_last_chunk_are_left() -> None:
    """The next request begins right behind the last chunk."""
    following = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = read_requests([HEAD + b"0\r\n\r\n" + following]).events[2]
    assert type(second) is Asked and second.method == b"GET"


@given(in_pieces(chunked_bodies()))
def test_R01_cutting_chunks_differently_changes_nothing(case: tuple[bytes, list[bytes]]) -> None:
    """Payload, trailers and fault of a chunked body do not hang on how it was cut."""
    data, pieces = case
    assert _read(*pieces) == _read(data)


@given(chunked_bodies())
def test_R01_many_chunks_at_once_are_what_they_are_one_by_one(data: bytes) -> None:
    """Right or wrong, in the middle of many that are right."""
    many = b"3\r\nabc\r\n" * (MANY // 8 + 1)
    assert _read(many + data + many) == _bytewise(many + data + many)


@pytest.mark.parametrize(
    "odd",
    [b"2\r\n\r\n\r\n", b"3;x\r\nabc\r\n", b"003\r\nabc\r\n", b"6\r\na\r\nb\r\n\r\n"],
)
def test_R01_odd_chunks_among_many_even_ones_are_taken_apart(odd: bytes) -> None:
    """CRLF in a payload, an extension and leading zeros are no less right there."""
    even = b"3\r\nabc\r\n" * MANY
    payload = odd.partition(b"\r\n")[2][:-2]
    expected = Outcome((b"abc" * MANY + payload + b"abc" * MANY, ()), None)
    assert _read(even + odd + even + b"0\r\n\r\n") == expected
    assert _read(even, odd + even, b"0\r\n\r\n") == expected


def test_R01_one_cut_among_many_chunks_changes_nothing() -> None:
    """Wherever it is."""
    data = b"10\r\n0123456789abcdef\r\n" * (2 * MANY // 16) + b"0\r\n\r\n"
    whole = Outcome((b"0123456789abcdef" * (2 * MANY // 16), ()), None)
    assert all(_read(data[:place], data[place:]) == whole for place in range(MANY, MANY + 50))


class _Llhttp:
    """What llhttp makes of a body."""

    def __init__(self) -> None:
        self.payload = b""
        self.complete = False

    def on_body(self, data: bytes) -> None:
        self.payload += data

    def on_message_complete(self) -> None:
        self.complete = True


def _llhttp(data: bytes) -> tuple[bytes, bool, bool]:
    """Payload, whether the message was complete, and whether llhttp found a fault."""
    seen = _Llhttp()
    parser = httptools.HttpRequestParser(seen)
    try:
        parser.feed_data(HEAD)
        parser.feed_data(data)
    except httptools.HttpParserError:
        return seen.payload, seen.complete, True
    return seen.payload, seen.complete, False


def _ours(data: bytes) -> tuple[bytes, bool, bool]:
    """The same of ours: only the first message is looked at."""
    outcome = _read(data)
    payload = outcome.events[0] if outcome.events and type(outcome.events[0]) is bytes else b""
    complete = any(type(event) is tuple for event in outcome.events[:2])
    assert type(payload) is bytes
    return payload, complete, outcome.code is not None and not complete


@given(chunked_bodies())
def test_R01_llhttp_reads_the_same_payload(data: bytes) -> None:
    """What we take for a whole chunked body llhttp takes for the same, and never refuses one we wait for."""
    payload, complete, refused = _ours(data)
    theirs, complete_there, refused_there = _llhttp(data)
    if complete:
        assert complete_there and theirs == payload
    elif not refused and refused_there:
        # it may see a fault sooner, in a line that has not ended; with its end we see it too
        assert _ours(data + b"\r\n\r\n")[2]


EXTENSIONS = [
    b";",
    b"; a",
    b"; a=b",
    b";a =b",
    b";a= b",
    b";\xff",
    b";a=\xff",
    b';a="b',
    b';a="b"c',
    b';a="b" ;c',
    b';"a"',
    b";;",
    b";a;",
    b";a=b;",
    b";\t",
    b";a@b",
]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_R01_extension_that_llhttp_refuses_is_refused(extension: bytes) -> None:
    """A chunk extension is `;name` or `;name=value`, as llhttp has it."""
    data = b"5" + extension + b"\r\nhello\r\n0\r\n\r\n"
    assert _llhttp(data)[2]
    assert _ours(data)[2]


@pytest.mark.parametrize(
    "trailer", [b"Content-Length: 5", b"content-length: 0", b"Transfer-Encoding: chunked"]
)
def test_R01_trailer_that_frames_is_refused(trailer: bytes) -> None:
    """A trailer that speaks of the body's length comes too late to be believed."""
    assert _read(b"5\r\nhello\r\n0\r\n" + trailer + b"\r\n\r\n") == Outcome((b"hello",), "bad-chunk")


STRICTER = [
    b"00000000000000005\r\nhello\r\n0\r\n\r\n",  # more than 16 digits
    b"5;" + b"x" * 4096 + b"\r\nhello\r\n0\r\n\r\n",  # a line longer than 4096 bytes
]
"""What llhttp lets through and we refuse on purpose."""


@pytest.mark.parametrize("data", STRICTER)
def test_R01_stricter_than_llhttp(data: bytes) -> None:
    """Where parsers are known to disagree, what llhttp accepts is refused here."""
    assert _llhttp(data)[1:] == (True, False)
    assert _ours(data)[2]


def test_R01_decoder_tells_the_end_and_what_is_left() -> None:
    """The decoder alone: payload, then the trailer section as it stands."""
    decoder = ChunkedDecoder()
    assert decoder.decode(b"5\r\nhel") == (b"hel", b"")
    assert decoder.decode(b"lo\r") == (b"lo", b"\r")
    assert decoder.decode(b"\r\n0\r\nA: b") == (b"", b"A: b")
    assert decoder.done
    fresh = ChunkedDecoder()
    assert fresh.decode(b"1\r\nhX") == (b"h", b"X")
    with pytest.raises(ProtocolError):
        fresh.decode(b"X")


@pytest.mark.parametrize(
    "line", [b"5", b"5 ", b"5;", b"5; a=b", b"5 ;a=b", b"5;a = b", b'5;a="x y"', b"05\t"]
)
def test_R05_white_space_in_a_gateways_chunk_line_is_read(line: bytes) -> None:
    """It is bad, but to be parsed (RFC 9110 5.6.3), as nginx does: no answer is cut for it (R05)."""
    decoder = ChunkedDecoder(lenient=True)
    payload, rest = decoder.decode(line + b"\r\nhello\r\n0\r\n\r\n")
    assert (payload, rest, decoder.done) == (b"hello", b"\r\n", True)


@pytest.mark.parametrize("line", [b" 5", b"-5", b"0x5", b"5x", b"5,", b"5 x", b"", b"5;\x00", b"5\n"])
def test_R05_what_is_no_chunk_line_is_none_from_a_gateway_either(line: bytes) -> None:
    """White space is all that is forgiven."""
    with pytest.raises(ProtocolError):
        ChunkedDecoder(lenient=True).decode(line + b"\r\nhello\r\n")


@given(
    chunked_bodies(),
    st.one_of(
        chunked_bodies(),
        st.binary(min_size=1, max_size=40).map(chunk),
        st.builds(bytes.__add__, st.sampled_from([b"0", b"A", b"a", b"\n", b" "]), chunked_bodies()),
    ),
)
@example(b"", b"a\r\n0123456789\r\n")
@example(b"", b"A\r\n0123456789\r\n")
@example(b"", b"0a\r\n012345678\r\n")
@example(b"", b"5\r\n0\r\n\r\n\r\n")
@example(b"", b"0\r\n\r\n")
@example(b"3\r\nabc", b"a\r\n0123456789\r\n")
@example(b"3\r\nabc\r", b"a\r\n0123456789\r\n")
@example(b"b\r\n", b"a\r\n0123456789\r\n")
@example(b"0\r\n", b"a\r\n0123456789\r\n")
def test_R08_a_chunk_that_is_passed_as_it_came_is_what_we_would_write(before: bytes, data: bytes) -> None:
    """Where the reader says that a chunk begins, and nowhere else, such a chunk is all that it would read."""
    reader = ResponseReader(Limits())
    reader.feed(RESPONSE + before)
    if drained(reader) is None:
        return
    line = CHUNK_LINES[len(data)]
    passed = reader.at_chunk and data.startswith(line) and data.endswith(b"\r\n")
    if passed:
        again = ResponseReader(Limits())
        again.feed(RESPONSE + before + data)
        assert drained(again) is not None and again.at_chunk
    begins = reader.mid_message and not reader.buffered and begins_a_chunk(before)
    reader.feed(data)
    assert not reader.at_chunk
    payloads = drained(reader)
    ours = payloads is not None and len(payloads) == 1 and chunk(payloads[0]) == data
    assert passed == (begins and ours)


RESPONSE = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def drained(reader: ResponseReader) -> list[bytes] | None:
    """The payloads that a reader has; None where it finds a fault, or the end."""
    payloads = []
    try:
        while (event := reader.next_event()) is not None:
            if isinstance(event, End):
                return None
            if isinstance(event, bytes):
                payloads.append(event)
    except ProtocolError:
        return None
    return payloads


def begins_a_chunk(before: bytes) -> bool:
    """Whether behind these bytes of a body another chunk, of an odd look, is read as one."""
    reader = ResponseReader(Limits())
    reader.feed(RESPONSE + before)
    drained(reader)
    reader.feed(b"002;x\r\nxy\r\n")
    return drained(reader) == [b"xy"]
