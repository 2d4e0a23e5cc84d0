"""Hypothesis strategies: messages that are right, messages that are nearly right, and ways to cut bytes.

Noise alone finds little in a parser that refuses it at the first byte.  So a message is built from parts of
which most are right, and some are swapped for wrong ones; then, sometimes, a byte is flipped, dropped or
doubled.
"""

import itertools

from hypothesis import strategies as st

METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"CONNECT", b"PRI", b"x-y"]
TARGETS = [
    b"/",
    b"/v1/messages",
    b"/v1/messages?beta=true",
    b"//v1/messages",
    b"/a/../b;c=%2F",
    b"*",
    b"http://localhost/v1/models",
    b"http://localhost:18080",
    b"https://localhost/?q",
    b"http://example.com/",
    b"http://me:key@localhost/",
    b"localhost:443",
    b"/a#b",
    b"/\xff",
    b"a",
    b"",
]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b""]
HOSTS = [
    b"localhost",
    b"localhost:18080",
    b"127.0.0.1:18080",
    b"[::1]:1",
    b"LOCALHOST",
    b"localhost.",
    b"example.com",
    b"me@localhost",
    b"",
    b"a,b",
    b"[::1",
]
FRAMES = [
    [],
    [],
    [b"Content-Length: 5"],
    [b"Content-Length: 0"],
    [b"Transfer-Encoding: chunked"],
    [b"transfer-encoding:\tChunked "],
    [b"Content-Length: 5", b"Content-Length: 5"],
    [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    [b"Content-Length: 5, 5"],
    [b"Content-Length: +5"],
    [b"Content-Length : 5"],
    [b"Content-Length: 5\x01"],
    [b"Content-Length: 5\n"],
    [b"Transfer-Encoding: gzip, chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked\x0b"],
    [b"Transfer-Encoding:\r\n chunked"],
]
FIELDS = [
    b"Accept: */*",
    b"X-Empty:",
    b"X-Many: a, b",
    b"X-Latin: \xe9",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: Upgrade, x-many",
    b"Upgrade: websocket",
    b"Upgrade: h2c",
    b"Expect: 100-continue",
    b"TE: trailers",
    b"Origin: https://evil.test",
    b"Origin: https://good.test",
    b"Origin: null",
    b"Origin:",
    b"Sec-Fetch-Site: none",
    b"Sec-Fetch-Site: same-origin",
    b"Sec-Fetch-Site: cross-site",
    b"sec-fetch-site:\tSame-Site ",
    b"Access-Control-Request-Method: POST",
    b"Via: 1.1 other",
    b"X Bad: 1",
    b"NoColon",
    b" folded",
    b": empty",
    b"X-Nul: \x00",
    b"X-Cr: a\rb",
    b"X-Lf: a\nb",
]
SAFE_FIELDS = [*FIELDS[:11], b"Origin: https://good.test", b"Sec-Fetch-Site: none", b"Via: 1.1 other"]
"""Fields that keep nobody out (if that origin is allowed)."""
BODIES = [
    b"",
    b"hello",
    b"hel",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;ext=1\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    b"1\r\nh\r\n4\r\nello\r\n000\r\n\r\n",
    b"5\r\nhello\r\n",
    b"5\nhello\r\n0\r\n\r\n",
    b"5\r\nhelloX\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"0\r\n\n",
    b"0\r\nX T: 1\r\n\r\n",
]


def _mostly(right: list[bytes], every: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.one_of(st.sampled_from(right), st.sampled_from(right), st.sampled_from(every))


_SOUND = [
    ([], [b""]),
    ([b"Content-Length: 5"], [b"hello", b"a\r\n\r\n", b"GET /"]),
    ([b"Content-Length: 0"], [b""]),
    ([b"Transfer-Encoding: chunked"], BODIES[3:6]),
    ([b"transfer-encoding:\tChunked "], BODIES[3:6]),
]
"""Framing fields, each with bodies that fit."""


@st.composite
def _request(draw: st.DrawFn) -> bytes:
    """A request; what is wrong with it, if anything, is at most two of its parts."""
    wrong = draw(
        st.sampled_from(["", "", "", "method", "target", "version", "host", "frame", "field", "body"])
    )
    wrongs = {wrong, draw(st.sampled_from(["", "", "", "blank", "hosts", "field", "body"]))}

    def part(name: str, right: list[bytes], every: list[bytes]) -> bytes:
        return draw(st.sampled_from(every if name in wrongs else right))

    frame, bodies = draw(st.sampled_from(_SOUND))
    line = b" ".join(
        [
            part("method", METHODS[:4], METHODS),
            part("target", TARGETS[:5], TARGETS),
            part("version", VERSIONS[:4], VERSIONS),
        ]
    )
    space = draw(st.sampled_from([b" ", b"", b"\t"]))
    lines = [b"Host:" + space + part("host", HOSTS[:5], HOSTS)]
    lines += draw(st.sampled_from(FRAMES)) if "frame" in wrongs else frame
    lines += draw(st.lists(st.sampled_from(FIELDS if "field" in wrongs else SAFE_FIELDS), max_size=3))
    lines = draw(st.permutations(lines))
    if "hosts" in wrongs:
        lines = [one for one in lines if not one.startswith(b"Host:")]
    blank = draw(st.sampled_from([b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" "])) if "blank" in wrongs else b""
    body = part("body", bodies, BODIES)
    return blank + b"\r\n".join([line, *lines, b"", body])


@st.composite
def _response(draw: st.DrawFn) -> bytes:
    status = draw(
        st.sampled_from(
            [b"200", b"200", b"204", b"304", b"100", b"103", b"101", b"404", b"599", b"600", b"20"]
        )
    )
    version = draw(_mostly(VERSIONS[:4], VERSIONS))
    line = version + b" " + status + draw(st.sampled_from([b" OK", b" ", b"", b" \xe9 x", b" a\rb"]))
    lines = [line, *draw(st.one_of(st.sampled_from(FRAMES[:6]), st.sampled_from(FRAMES)))]
    lines += draw(st.lists(_mostly(FIELDS[:11], FIELDS), max_size=2))
    return b"\r\n".join([*lines, b"", draw(st.sampled_from(BODIES))])


@st.composite
def _damaged(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> bytes:
    data = bytearray(b"".join(draw(st.lists(messages, min_size=1, max_size=3))))
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 2]))):
        if not data:
            break
        place = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                data[place] = draw(st.integers(0, 255))
            case 1:
                del data[place : place + draw(st.integers(1, 4))]
            case 2:
                data[place:place] = draw(
                    st.sampled_from([b"\n", b"\r", b"\r\n", b" ", b"\x00", b":", b"\x16", b"0"])
                )
            case _:
                del data[place:]
    return bytes(data)


def requests() -> st.SearchStrategy[bytes]:
    """One to three pipelined requests, right or nearly right; now and then noise."""
    return st.one_of(
        _damaged(_request()), _damaged(_request()), _damaged(_request()), st.binary(max_size=200)
    )


def responses() -> st.SearchStrategy[bytes]:
    """One to three responses, right or nearly right; now and then noise."""
    return st.one_of(
        _damaged(_response()), _damaged(_response()), _damaged(_response()), st.binary(max_size=200)
    )


def chunked_bodies() -> st.SearchStrategy[bytes]:
    """Chunked bodies, right or nearly right; now and then noise."""
    size = st.sampled_from(
        [
            b"1",
            b"01",
            b"a",
            b"A",
            b"5",
            b"0",
            b"00",
            b"f" * 16,
            b"1" * 17,
            b"",
            b"g",
            b"0x1",
            b"+1",
            b"-1",
            b"1 ",
        ]
    )
    extension = st.sampled_from(
        [
            b"",
            b"",
            b"",
            b";a",
            b";a=b",
            b';a="b"',
            b";",
            b"; a=b",
            b";a =b",
            b";\xff",
            b";a;b=c",
            b'; a="\n"',
            b" ;a",
            b";a\x00",
        ]
    )
    line = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b""])
    data = st.sampled_from([b"h", b"hello", b"0123456789", b"", b"\r\n", b"0\r\n\r\n"])
    right = st.binary(min_size=1, max_size=20).map(lambda data: b"%x\r\n%b\r\n" % (len(data), data))
    wrong = st.tuples(size, extension, line, data, line).map(b"".join)
    end = st.sampled_from(
        [b"0\r\n\r\n", b"0\r\n\r\n", b"000;x\r\nA: b\r\n\r\n", b"0\r\n", b"0\n\n", b"0\r\n A: b\r\n\r\n", b""]
    )
    body = st.tuples(st.lists(st.one_of(right, right, right, wrong), max_size=4).map(b"".join), end).map(
        b"".join
    )
    return st.one_of(body, body, _damaged(body), st.binary(max_size=60))


@st.composite
def cuts(draw: st.DrawFn, size: int) -> list[int]:
    """Places at which to cut `size` bytes, few or (for all) every one."""
    if draw(st.integers(0, 3)) == 0:
        return list(range(1, size))
    return sorted(draw(st.sets(st.integers(1, max(1, size - 1)), max_size=8))) if size > 1 else []


@st.composite
def in_pieces(draw: st.DrawFn, messages: st.SearchStrategy[bytes]) -> tuple[bytes, list[bytes]]:
    """The bytes of a message, and the same cut into pieces."""
    data = draw(messages)
    places = [0, *draw(cuts(len(data))), len(data)]
    return data, [data[start:end] for start, end in itertools.pairwise(places)]
