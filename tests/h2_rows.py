"""RFC 9113 row by row: what a client may say, and what it gets for what it may not.

Each row is a conversation behind the preface and a SETTINGS frame.  What may be said is followed by a
PING that must be answered; a stream's error resets that stream and leaves the connection alone; a
connection's error ends it with GOAWAY.  Where the RFC leaves the choice, ours stands in the row.
Rows that begin with 7541 are about field compression (HPACK).
"""

from dataclasses import dataclass

from h2.errors import ErrorCodes

from tests.h2_peer import frame

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIO = 1, 1, 4, 8, 0x20
PROTOCOL = ErrorCodes.PROTOCOL_ERROR
FRAME_SIZE = ErrorCodes.FRAME_SIZE_ERROR
COMPRESSION = ErrorCodes.COMPRESSION_ERROR
CLOSED = ErrorCodes.STREAM_CLOSED
FLOW = ErrorCodes.FLOW_CONTROL_ERROR
LARGEST = 16_384


def literal(name: bytes, value: bytes) -> bytes:
    """A field, without any table (RFC 7541 6.2.2)."""
    return b"".join((b"\0", _string(name), _string(value)))


def _string(text: bytes) -> bytes:
    length = bytes([len(text)]) if len(text) < 127 else b"\x7f" + _more(len(text) - 127)
    return length + text


def _more(rest: int) -> bytes:
    return bytes([rest]) if rest < 128 else bytes([rest % 128 + 128]) + _more(rest // 128)


def block(*more: tuple[bytes, bytes], method: bytes = b"POST", leave: bytes = b"") -> bytes:
    """The field block of a request, without the pseudo-header field `leave`."""
    fields = [(b":method", method), (b":scheme", b"https"), (b":path", b"/"), (b":authority", b"localhost")]
    return b"".join(literal(*field) for field in [*(one for one in fields if one[0] != leave), *more])


def open_(stream: int = 1, *more: tuple[bytes, bytes], end: bool = False, leave: bytes = b"") -> bytes:
    """HEADERS of a request whose body is to come, unless it has ended."""
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block(*more, leave=leave))


def whole(stream: int = 1, *more: tuple[bytes, bytes]) -> bytes:
    """HEADERS of a request without a body."""
    return open_(stream, *more, end=True)


def setting(number: int, value: int) -> bytes:
    """One setting."""
    return number.to_bytes(2) + value.to_bytes(4)


def padded(data: bytes, padding: int) -> bytes:
    """A payload with padding."""
    return bytes([padding]) + data + bytes(padding)


@dataclass(frozen=True)
class Goes:
    """It is fine: the connection goes on; `answered` streams get 200, with `body` on the last of them."""

    answered: tuple[int, ...] = ()
    body: bytes | None = None


@dataclass(frozen=True)
class Resets:
    """RST_STREAM with one of these codes, and the connection goes on."""

    stream: int
    codes: tuple[ErrorCodes, ...]


@dataclass(frozen=True)
class Ends:
    """GOAWAY with one of these codes, and the connection ends."""

    codes: tuple[ErrorCodes, ...]


def fine(*answered: int, body: bytes | None = None) -> Goes:
    """See `Goes`."""
    return Goes(answered, body)


def resets(stream: int, *codes: ErrorCodes) -> Resets:
    """See `Resets`."""
    return Resets(stream, codes)


def ends(*codes: ErrorCodes) -> Ends:
    """See `Ends`."""
    return Ends(codes)


Step = bytes | int
"""Bytes to send, or a stream whose end to wait for."""
Row = tuple[str, tuple[Step, ...], Goes | Resets | Ends]

ROWS: list[Row] = [
    # 3.4 preface: the rows with other beginnings are below
    # 4.1 frame format
    ("4.1 an unknown frame on the connection", (frame(0xFE, 0xFF, 0, b"any"),), fine()),
    ("4.1 an unknown frame on a stream", (open_(), frame(0xFE, 0, 1, b"any"), frame(DATA, 1, 1)), fine(1)),
    ("4.1 an unknown frame on an idle stream", (frame(0xFE, 0, 77, b"any"),), fine()),
    (
        "4.1 undefined flags",
        (frame(PING, 0xFE, 0, b"8 bytes!"), open_(), frame(DATA, 0xF7, 1, b"x")),
        fine(1),
    ),
    (
        "4.1 a reserved bit",
        (frame(HEADERS, 5, 1 | 1 << 31, block()), frame(PING, 0, 1 << 31, b"8 bytes!")),
        fine(1),
    ),
    # 4.2 frame size
    ("4.2 the largest DATA", (open_(), frame(DATA, 1, 1, b"d" * LARGEST)), fine(1, body=b"d" * LARGEST)),
    ("4.2 DATA too large", (open_(), frame(DATA, 1, 1, b"d" * (LARGEST + 1))), ends(FRAME_SIZE)),
    ("4.2 HEADERS too large", (frame(HEADERS, 5, 1, b"h" * (LARGEST + 1)),), ends(FRAME_SIZE)),
    ("4.2 an unknown frame too large", (frame(0xFE, 0, 1, bytes(LARGEST + 1)),), ends(FRAME_SIZE)),
    # 4.3 field blocks
    ("4.3 a block that is none", (frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"),), ends(COMPRESSION)),
    (
        "4.3 PRIORITY within a block",
        (frame(HEADERS, 0, 1, block()), frame(PRIORITY, 0, 1, bytes(5))),
        ends(PROTOCOL),
    ),
    ("4.3 another stream within a block", (frame(HEADERS, 0, 1, block()), open_(3)), ends(PROTOCOL)),
    (
        "4.3 an unknown frame within a block",
        (frame(HEADERS, 0, 1, block()), frame(0xFE, 0, 1)),
        ends(PROTOCOL),
    ),
    ("7541 3.2 index 0", (frame(HEADERS, 5, 1, b"\x80"),), ends(COMPRESSION)),
    ("7541 2.3.3 an index beyond both tables", (frame(HEADERS, 5, 1, b"\xff\x7f"),), ends(COMPRESSION)),
    (
        "7541 5.1 an integer that does not end",
        (frame(HEADERS, 5, 1, b"\xff" * 40 + b"\x01"),),
        ends(COMPRESSION),
    ),
    ("7541 5.2 a string that ends early", (frame(HEADERS, 5, 1, b"\x00\x05ab"),), ends(COMPRESSION)),
    (
        "7541 5.2 padding of a whole byte",
        (frame(HEADERS, 5, 1, block() + b"\0\x82\x1f\xff\x01a"),),
        ends(COMPRESSION),
    ),
    ("7541 5.2 padding with zeros", (frame(HEADERS, 5, 1, block() + b"\0\x81\x18\x01a"),), ends(COMPRESSION)),
    (
        "7541 5.2 EOS in a string",
        (frame(HEADERS, 5, 1, block() + b"\0\x84\xff\xff\xff\xff\x01a"),),
        ends(COMPRESSION),
    ),
    (
        "7541 6.3 a table size over the limit",
        (frame(HEADERS, 5, 1, b"\x3f\xe2\x1f" + block()),),
        ends(COMPRESSION),
    ),
    ("7541 6.3 a table size in range", (frame(HEADERS, 5, 1, b"\x20\x3f\xe1\x1f" + block()),), fine(1)),
    ("7541 4.2 a table size behind a field", (frame(HEADERS, 5, 1, block() + b"\x20"),), ends(COMPRESSION)),
    # 5.1 stream states
    ("5.1 idle: DATA", (frame(DATA, 1, 1, b"x"),), ends(PROTOCOL)),
    ("5.1 idle: RST_STREAM", (frame(RST, 0, 1, b"\0\0\0\x08"),), ends(PROTOCOL)),
    ("5.1 idle: WINDOW_UPDATE", (frame(WINDOW, 0, 1, b"\0\0\0\x64"),), ends(PROTOCOL)),
    ("5.1 idle: CONTINUATION", (frame(CONTINUATION, 4, 1, block()),), ends(PROTOCOL)),
    ("5.1 idle: PRIORITY", (frame(PRIORITY, 0, 5, bytes(5)), whole(7)), fine(7)),
    ("5.1 half-closed: DATA", (whole(), frame(DATA, 1, 1, b"x")), resets(1, CLOSED)),
    ("5.1 half-closed: HEADERS", (whole(), whole()), resets(1, CLOSED)),
    ("5.1 half-closed: CONTINUATION", (whole(), frame(CONTINUATION, 4, 1, block())), ends(PROTOCOL)),
    (
        "5.1 half-closed: WINDOW_UPDATE, PRIORITY",
        (whole(), frame(WINDOW, 0, 1, b"\0\0\0\x01"), frame(PRIORITY, 0, 1, bytes(5))),
        fine(1),
    ),
    (
        "5.1 reset: DATA",
        (open_(), frame(RST, 0, 1, b"\0\0\0\x08"), frame(DATA, 1, 1, b"x")),
        resets(1, CLOSED),
    ),
    ("5.1 reset: HEADERS", (open_(), frame(RST, 0, 1, b"\0\0\0\x08"), whole()), resets(1, CLOSED)),
    (
        "5.1 reset: CONTINUATION",
        (open_(), frame(RST, 0, 1, b"\0\0\0\x08"), frame(CONTINUATION, 4, 1, block())),
        ends(PROTOCOL),
    ),
    (
        "5.1 reset: RST_STREAM, WINDOW_UPDATE, PRIORITY",
        (
            open_(),
            frame(RST, 0, 1, b"\0\0\0\x08") * 2,
            frame(WINDOW, 0, 1, b"\0\0\0\x01"),
            frame(PRIORITY, 0, 1, bytes(5)),
        ),
        fine(),
    ),
    ("5.1 closed: DATA", (whole(), 1, frame(DATA, 1, 1, b"x")), resets(1, CLOSED)),
    ("5.1 closed: HEADERS", (whole(), 1, whole()), ends(CLOSED)),
    (
        "5.1 closed: WINDOW_UPDATE, RST_STREAM, PRIORITY",
        (
            whole(),
            1,
            frame(WINDOW, 0, 1, b"\0\0\0\x01"),
            frame(RST, 0, 1, b"\0\0\0\x08"),
            frame(PRIORITY, 0, 1, bytes(5)),
        ),
        fine(1),
    ),
    # 5.1.1 identifiers
    ("5.1.1 an even number", (whole(2),), ends(PROTOCOL)),
    ("5.1.1 a smaller number", (whole(5), whole(3)), ends(PROTOCOL, CLOSED)),
    ("5.1.1 numbers left out", (whole(1), whole(9), whole(2**31 - 1)), fine(1, 9, 2**31 - 1)),
    # 5.3 priorities are deprecated, and ignored
    ("5.3 HEADERS with a priority", (frame(HEADERS, 5 | PRIO, 1, b"\x80\0\0\0\xff" + block()),), fine(1)),
    # 6.1 DATA
    ("6.1 DATA on stream 0", (frame(DATA, 0, 0, b"x"),), ends(PROTOCOL)),
    (
        "6.1 padding",
        (open_(), frame(DATA, PADDED, 1, padded(b"one", 200)), frame(DATA, PADDED | 1, 1, padded(b"two", 0))),
        fine(1, body=b"onetwo"),
    ),
    (
        "6.1 nothing but padding",
        (open_(), frame(DATA, PADDED, 1, padded(b"", 255)), frame(DATA, 1, 1, b"x")),
        fine(1, body=b"x"),
    ),
    ("6.1 padding as long as the payload", (open_(), frame(DATA, PADDED, 1, b"\x04abc")), ends(PROTOCOL)),
    ("6.1 no padding length", (open_(), frame(DATA, PADDED, 1)), ends(PROTOCOL, FRAME_SIZE)),
    # 6.2 HEADERS
    ("6.2 HEADERS on stream 0", (frame(HEADERS, 5, 0, block()),), ends(PROTOCOL)),
    ("6.2 padding", (frame(HEADERS, 5 | PADDED, 1, padded(block(), 100)),), fine(1)),
    (
        "6.2 padding and a priority",
        (frame(HEADERS, 5 | PADDED | PRIO, 1, padded(bytes(5) + block(), 9)),),
        fine(1),
    ),
    (
        "6.2 padding longer than the payload",
        (frame(HEADERS, 5 | PADDED, 1, b"\xff" + block()),),
        ends(PROTOCOL),
    ),
    ("6.2 half a priority", (frame(HEADERS, 5 | PRIO, 1, b"\0\0"),), ends(FRAME_SIZE, PROTOCOL)),
    # 6.3 PRIORITY
    ("6.3 PRIORITY on stream 0", (frame(PRIORITY, 0, 0, bytes(5)),), ends(PROTOCOL)),
    ("6.3 PRIORITY of 4 bytes", (frame(PRIORITY, 0, 1, bytes(4)),), ends(FRAME_SIZE)),
    # 6.4 RST_STREAM
    ("6.4 RST_STREAM on stream 0", (frame(RST, 0, 0, bytes(4)),), ends(PROTOCOL)),
    ("6.4 RST_STREAM of 3 bytes", (open_(), frame(RST, 0, 1, bytes(3))), ends(FRAME_SIZE)),
    ("6.4 an unknown error code", (open_(), frame(RST, 0, 1, b"\xff\xff\xff\xff"), whole(3)), fine(3)),
    # 6.5 SETTINGS
    ("6.5 ACK with a payload", (frame(SETTINGS, ACK, 0, setting(3, 1)),), ends(FRAME_SIZE)),
    ("6.5 on a stream", (frame(SETTINGS, 0, 1, setting(3, 1)),), ends(PROTOCOL)),
    ("6.5 five bytes", (frame(SETTINGS, 0, 0, bytes(5)),), ends(FRAME_SIZE)),
    ("6.5.2 ENABLE_PUSH 2", (frame(SETTINGS, 0, 0, setting(2, 2)),), ends(PROTOCOL)),
    ("6.5.2 INITIAL_WINDOW_SIZE 2^31", (frame(SETTINGS, 0, 0, setting(4, 2**31)),), ends(FLOW)),
    ("6.5.2 MAX_FRAME_SIZE 16383", (frame(SETTINGS, 0, 0, setting(5, 16_383)),), ends(PROTOCOL)),
    ("6.5.2 MAX_FRAME_SIZE 2^24", (frame(SETTINGS, 0, 0, setting(5, 2**24)),), ends(PROTOCOL)),
    (
        "6.5.2 an unknown setting",
        (frame(SETTINGS, 0, 0, setting(0xFFFF, 7) + setting(8, 1)), whole()),
        fine(1),
    ),
    ("6.5.2 no table of fields", (frame(SETTINGS, 0, 0, setting(1, 0)), whole(), whole(3)), fine(1, 3)),
    (
        "6.5.2 a client with a tiny limit for field sections",
        (frame(SETTINGS, 0, 0, setting(6, 1)), whole()),
        fine(1),
    ),
    (
        "6.5.3 the last value holds",
        (frame(SETTINGS, 0, 0, setting(4, 100) + setting(4, 1)), open_(), frame(DATA, 1, 1, b"xyz")),
        fine(),
    ),
    ("6.5.3 an ACK that nobody asked for", (frame(SETTINGS, ACK, 0) * 3,), fine()),
    # 6.6 PUSH_PROMISE
    ("6.6 a client that promises", (open_(), frame(PUSH, 4, 1, b"\0\0\0\x02" + block())), ends(PROTOCOL)),
    # 6.7 PING
    ("6.7 an ACK that nobody asked for", (frame(PING, ACK, 0, b"8 bytes!"),), fine()),
    ("6.7 on a stream", (frame(PING, 0, 1, b"8 bytes!"),), ends(PROTOCOL)),
    ("6.7 six bytes", (frame(PING, 0, 0, b"6 byte"),), ends(FRAME_SIZE)),
    # 6.8 GOAWAY
    ("6.8 on a stream", (frame(GOAWAY, 0, 1, bytes(8)),), ends(PROTOCOL)),
    ("6.8 four bytes", (frame(GOAWAY, 0, 0, bytes(4)),), ends(FRAME_SIZE)),
    # 6.9 WINDOW_UPDATE
    ("6.9 by nothing, the connection", (frame(WINDOW, 0, 0, bytes(4)),), ends(PROTOCOL)),
    ("6.9 by nothing, a stream", (open_(), frame(WINDOW, 0, 1, bytes(4))), resets(1, PROTOCOL)),
    ("6.9 three bytes", (open_(), frame(WINDOW, 0, 1, bytes(3))), ends(FRAME_SIZE)),
    ("6.9.1 over 2^31-1, the connection", (frame(WINDOW, 0, 0, b"\x7f\xff\xff\xff") * 2,), ends(FLOW)),
    ("6.9.1 over 2^31-1, a stream", (open_(), frame(WINDOW, 0, 1, b"\x7f\xff\xff\xff") * 2), resets(1, FLOW)),
    (
        "6.9.2 a setting that puts a stream over 2^31-1",
        (open_(), frame(WINDOW, 0, 1, b"\0\x01\0\0"), frame(SETTINGS, 0, 0, setting(4, 2**31 - 1))),
        ends(FLOW),
    ),
    # 6.10 CONTINUATION
    (
        "6.10 a block in many pieces",
        (
            frame(HEADERS, 1, 1, b""),
            *(frame(CONTINUATION, 0, 1, bytes([byte])) for byte in block()[:30]),
            frame(CONTINUATION, 4, 1, block()[30:]),
        ),
        fine(1),
    ),
    ("6.10 on stream 0", (frame(HEADERS, 1, 1, block()), frame(CONTINUATION, 4, 0)), ends(PROTOCOL)),
    ("6.10 on another stream", (frame(HEADERS, 1, 1, block()), frame(CONTINUATION, 4, 3)), ends(PROTOCOL)),
    ("6.10 behind END_HEADERS", (open_(), frame(CONTINUATION, 4, 1, literal(b"a", b"b"))), ends(PROTOCOL)),
    (
        "6.10 behind a CONTINUATION with END_HEADERS",
        (frame(HEADERS, 0, 1, block()), frame(CONTINUATION, 4, 1) * 2),
        ends(PROTOCOL),
    ),
    (
        "6.10 behind DATA",
        (open_(), frame(DATA, 0, 1, b"x"), frame(CONTINUATION, 4, 1, block())),
        ends(PROTOCOL),
    ),
    # 8.1 messages
    (
        "8.1 a body and trailers",
        (open_(), frame(DATA, 0, 1, b"x"), frame(HEADERS, 5, 1, literal(b"x-sum", b"1"))),
        fine(1, body=b"x"),
    ),
    (
        "8.1 a second HEADERS that does not end the stream",
        (open_(), frame(HEADERS, 4, 1, block())),
        ends(PROTOCOL),  # a stream's error, which may be made the connection's (5.4.1)
    ),
    (
        "8.1 DATA behind trailers",
        (open_(), frame(HEADERS, 5, 1, literal(b"x-sum", b"1")), frame(DATA, 1, 1, b"x")),
        resets(1, CLOSED),
    ),
    (
        "8.1.1 less than content-length",
        (open_(1, (b"content-length", b"3")), frame(DATA, 1, 1, b"x")),
        resets(1, PROTOCOL),
    ),
    (
        "8.1.1 more than content-length",
        (open_(1, (b"content-length", b"3")), frame(DATA, 0, 1, b"xx"), frame(DATA, 1, 1, b"xx")),
        resets(1, PROTOCOL),
    ),
    ("8.1.1 content-length and no body", (whole(1, (b"content-length", b"3")),), resets(1, PROTOCOL)),
    (
        "8.1.1 as much as content-length",
        (open_(1, (b"content-length", b"3")), frame(DATA, 0, 1, b"xx"), frame(DATA, 1, 1, b"x")),
        fine(1, body=b"xxx"),
    ),
    ("8.2.1 upper case", (whole(1, (b"X-A", b"1")),), resets(1, PROTOCOL)),
    ("8.2.1 a line feed in a value", (whole(1, (b"x-a", b"1\n2")),), resets(1, PROTOCOL)),
    ("8.2.1 an empty name", (whole(1, (b"", b"1")),), resets(1, PROTOCOL)),
    ("8.2.2 connection", (whole(1, (b"connection", b"keep-alive")),), resets(1, PROTOCOL)),
    ("8.2.2 te", (whole(1, (b"te", b"trailers, deflate")),), resets(1, PROTOCOL)),
    ("8.2.2 te: trailers", (whole(1, (b"te", b"trailers")),), fine(1)),
    ("8.3 an unknown pseudo-header field", (whole(1, (b":test", b"1")),), resets(1, PROTOCOL)),
    ("8.3 one of a response", (whole(1, (b":status", b"200")),), resets(1, PROTOCOL)),
    ("8.3 one behind a field", (whole(1, (b"a", b"b"), (b":path", b"/")),), resets(1, PROTOCOL)),
    (
        "8.3 one among trailers",
        (open_(), frame(HEADERS, 5, 1, literal(b":method", b"GET"))),
        resets(1, PROTOCOL),
    ),
    ("8.3.1 no :method", (open_(1, end=True, leave=b":method"),), resets(1, PROTOCOL)),
    ("8.3.1 no :scheme", (open_(1, end=True, leave=b":scheme"),), resets(1, PROTOCOL)),
    ("8.3.1 no :path", (open_(1, end=True, leave=b":path"),), resets(1, PROTOCOL)),
    ("8.3.1 an empty :path", (open_(1, (b":path", b""), end=True, leave=b":path"),), resets(1, PROTOCOL)),
    ("8.3.1 two of :path", (whole(1, (b":path", b"/")),), resets(1, PROTOCOL)),
    (
        "8.3.1 host in the place of :authority",
        (open_(1, (b"host", b"localhost"), end=True, leave=b":authority"),),
        fine(1),
    ),
    (
        "8.5 extended CONNECT",
        (frame(HEADERS, 4, 1, block((b":protocol", b"websocket"), method=b"CONNECT")),),
        resets(1, PROTOCOL),
    ),
]
