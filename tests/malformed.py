"""Requests that are not to be let in, each with the status and the code of the answer (R01).

Rows are whole requests, one fault each: `(name, bytes, status, code)`.
"""

import re

Row = tuple[str, bytes, int, str]

TCHAR = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""Bytes of a method or field name (RFC 9110 5.6.2)."""


def _with(*lines: bytes, body: bytes = b"", version: bytes = b"1.1", method: bytes = b"POST") -> bytes:
    head = [b"%b /v1/messages HTTP/%b" % (method, version), b"Host: localhost", *lines]
    return b"\r\n".join([*head, b"", body])


def _line(line: bytes) -> bytes:
    return line + b"\r\nHost: localhost\r\n\r\n"


LINES = [
    ("two spaces before the target", b"GET  / HTTP/1.1"),
    ("two spaces behind the target", b"GET /  HTTP/1.1"),
    ("space at the end", b"GET / HTTP/1.1 "),
    ("space at the start", b" GET / HTTP/1.1"),
    ("tab for a space", b"GET\t/ HTTP/1.1"),
    ("tab behind the target", b"GET /\tHTTP/1.1"),
    ("another protocol", b"GET / RTSP/1.0"),
    ("ICE", b"SOURCE / ICE/1.0"),
    ("HTTP/2 preface", b"PRI * HTTP/2.0"),
    ("HTTP/0.9 version", b"GET / HTTP/0.9"),
    ("HTTP/1.2", b"GET / HTTP/1.2"),
    ("HTTP/2.0", b"GET / HTTP/2.0"),
    ("HTTP/3", b"GET / HTTP/3"),
    ("lower-case http", b"GET / http/1.1"),
    ("long version", b"GET / HTTP/1.10"),
    ("version with a zero in front", b"GET / HTTP/01.1"),
    ("version without its dot", b"GET / HTTP/11"),
    ("version with a comma", b"GET / HTTP/1,1"),
    ("no version", b"GET /"),
    ("no target", b"GET HTTP/1.1"),
    ("only a method", b"GET"),
    ("empty target", b"GET  HTTP/1.1"),
    ("space in the target", b"GET /a b HTTP/1.1"),
    ("fragment", b"GET /a#b HTTP/1.1"),
    ("empty fragment", b"GET /a# HTTP/1.1"),
    ("raw UTF-8 in the target", "GET /café HTTP/1.1".encode()),
    ("raw Latin-1 in the target", b"GET /caf\xe9 HTTP/1.1"),
    ("parenthesis in the method", b"GE(T / HTTP/1.1"),
    ("colon in the method", b"GET: / HTTP/1.1"),
    ("quoted method", b'"GET" / HTTP/1.1'),
    ("8-bit method", b"G\xc9T / HTTP/1.1"),
    ("a response", b"HTTP/1.1 200 OK"),
    ("a field", b"Host: localhost"),
]

FIELDS = [
    ("space before the colon", b"X-A : b"),
    ("tab before the colon", b"X-A\t: b"),
    ("folded with a space", b"X-A: b\r\n c"),
    ("folded with a tab", b"X-A: b\r\n\tc"),
    ("folded into nothing", b"X-A: b\r\n "),
    ("no colon", b"X-A"),
    ("no name", b": b"),
    ("space in the name", b"X A: b"),
    ("space before the name", b" X-A: b"),
    ("bare LF behind a field", b"X-A: b\nX-C: d"),
    ("bare CR behind a field", b"X-A: b\rX-C: d"),
    ("bare CR in front of CRLF", b"X-A: b\r\r\nX-C: d"),
    ("NUL in a value", b"X-A: b\x00c"),
    ("NUL in a name", b"X\x00A: b"),
    ("8-bit name", "X-É: b".encode()),
    ("a field smuggled behind LF", b"X-A: b\nContent-Length: 5"),
]

LENGTHS = [
    ("two equal lengths", b"Content-Length: 5\r\nContent-Length: 5"),
    ("two lengths", b"Content-Length: 5\r\nContent-Length: 6"),
    ("two lengths in another case", b"Content-Length: 5\r\ncontent-length: 5"),
    ("list of equal lengths", b"Content-Length: 5, 5"),
    ("list of lengths", b"Content-Length: 5,6"),
    ("comma behind the length", b"Content-Length: 5,"),
    ("plus", b"Content-Length: +5"),
    ("minus", b"Content-Length: -5"),
    ("hexadecimal", b"Content-Length: 0x5"),
    ("fraction", b"Content-Length: 5.0"),
    ("exponent", b"Content-Length: 1e3"),
    ("underscore", b"Content-Length: 1_0"),
    ("letters", b"Content-Length: five"),
    ("empty length", b"Content-Length:"),
    ("blank length", b"Content-Length: \t"),
    ("space in the length", b"Content-Length: 5 5"),
    ("quoted length", b'Content-Length: "5"'),
    ("Arabic digits", "Content-Length: ٥".encode()),
    ("superscript", b"Content-Length: \xb2"),
    ("longer than 64 bits", b"Content-Length: 18446744073709551621"),
    ("far too many digits", b"Content-Length: " + b"9" * 400),
    ("length and chunked", b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
    ("chunked and length", b"Transfer-Encoding: chunked\r\nContent-Length: 5"),
    ("chunked and length zero", b"Transfer-Encoding: chunked\r\nContent-Length: 0"),
    ("gzip", b"Transfer-Encoding: gzip"),
    ("identity", b"Transfer-Encoding: identity"),
    ("gzip, chunked", b"Transfer-Encoding: gzip, chunked"),
    ("chunked, gzip", b"Transfer-Encoding: chunked, gzip"),
    ("chunked twice", b"Transfer-Encoding: chunked, chunked"),
    ("chunked in two fields", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
    ("chunked and gzip in two fields", b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
    ("chunked with a parameter", b"Transfer-Encoding: chunked;q=1"),
    ("comma behind chunked", b"Transfer-Encoding: chunked,"),
    ("comma before chunked", b"Transfer-Encoding: ,chunked"),
    ("quoted chunked", b'Transfer-Encoding: "chunked"'),
    ("not quite chunked", b"Transfer-Encoding: xchunked"),
    ("chunked cut short", b"Transfer-Encoding: chunke"),
    ("empty coding", b"Transfer-Encoding:"),
]

HOSTS = [
    ("empty", b""),
    ("blank", b" \t"),
    ("space inside", b"local host"),
    ("user", b"me@localhost"),
    ("user and password", b"me:key@localhost"),
    ("URL", b"http://localhost"),
    ("path", b"localhost/"),
    ("query", b"localhost?a"),
    ("port that is no number", b"localhost:http"),
    ("port too large", b"localhost:65536"),
    ("port of six digits", b"localhost:018080"),
    ("signed port", b"localhost:+80"),
    ("two ports", b"localhost:80:80"),
    ("only a port", b":80"),
    ("list", b"localhost,localhost"),
    ("list with space", b"localhost, localhost"),
    ("IPv6 without brackets", b"::1"),
    ("open bracket", b"[::1"),
    ("closed bracket", b"::1]"),
    ("empty brackets", b"[]"),
    ("behind the brackets", b"[::1]x"),
    ("name in brackets", b"[localhost]"),
    ("quoted", b'"localhost"'),
    ("8-bit", b"localh\xf6st"),
    ("backslash", b"localhost\\"),
    ("angle", b"<localhost>"),
]


def _rows() -> list[Row]:
    rows: list[Row] = [(f"line: {name}", _line(line), 400, "bad-request-line") for name, line in LINES]
    rows += [(f"field: {name}", _with(lines), 400, "bad-header") for name, lines in FIELDS]
    rows += [(f"framing: {name}", _with(lines, body=b"hello"), 400, "bad-framing") for name, lines in LENGTHS]
    rows += [
        (
            f"host: {name}",
            b"GET / HTTP/%b\r\nHost: %b\r\n\r\n" % (version, host),
            400,
            "bad-host",
        )
        for name, host in HOSTS
        for version in (b"1.1",)
    ]
    rows += [
        ("chunked on HTTP/1.0", _with(b"Transfer-Encoding: chunked", version=b"1.0"), 400, "bad-framing"),
        ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400, "bad-host"),
        ("no Host, HTTP/1.0", b"GET / HTTP/1.0\r\n\r\n", 400, "bad-host"),
        ("two Hosts", _with(b"Host: localhost"), 400, "bad-host"),
        ("two Hosts, two cases", _with(b"HOST: localhost"), 400, "bad-host"),
        ("two Hosts, one foreign", _with(b"Host: example.com"), 400, "bad-host"),
        ("bare LF everywhere", b"GET / HTTP/1.1\nHost: localhost\n\n", 400, "bad-request-line"),
        ("bare CR everywhere", b"GET / HTTP/1.1\rHost: localhost\r\r", 400, "bad-request-line"),
        ("bare LF behind the line", b"GET / HTTP/1.1\nHost: localhost\r\n\r\n", 400, "bad-request-line"),
        ("LF at the start", b"\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad-request-line"),
        ("bare LF behind Host", b"GET / HTTP/1.1\r\nHost: localhost\n\r\n", 400, "bad-header"),
        ("bare LF for the last", b"GET / HTTP/1.1\r\nHost: localhost\r\n\n", 400, "bad-header"),
        ("fold behind the line", b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", 400, "bad-header"),
        ("control behind blank lines", b"\r\n\r\n\x01GET / HTTP/1.1\r\n\r\n", 400, "bad-request-line"),
    ]
    for byte in range(256):
        one = bytes([byte])
        if one not in b"\r\n" and not 0x21 <= byte <= 0x7E:
            rows.append(
                (f"target with {byte:#04x}", _line(b"GET /a%bb HTTP/1.1" % one), 400, "bad-request-line")
            )
        if byte not in TCHAR and one not in b" \r\n":
            rows.append(
                (f"method with {byte:#04x}", _line(b"G%bT / HTTP/1.1" % one), 400, "bad-request-line")
            )
        if byte not in TCHAR and one not in b":\r\n":
            rows.append((f"field name with {byte:#04x}", _with(b"X%bA: b" % one), 400, "bad-header"))
        if (byte < 0x20 or byte == 0x7F) and one not in b"\t":
            rows.append((f"field value with {byte:#04x}", _with(b"X-A: b%bc" % one), 400, "bad-header"))
    return rows


REFUSED = _rows()


def short(name: str) -> str:
    """A name for pytest."""
    return re.sub(r"[^0-9A-Za-z.]+", "-", name)


WELL_FORMED = [
    ("bare", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("HTTP/1.0", b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"),
    ("no space behind the colon", b"GET / HTTP/1.1\r\nHost:localhost\r\n\r\n"),
    ("white space around the value", b"GET / HTTP/1.1\r\nHost: \t localhost \t\r\n\r\n"),
    ("empty value", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A:\r\nX-B: \r\n\r\n"),
    ("8-bit value", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: caf\xe9\r\n\r\n"),
    ("tab in a value", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\tc\r\n\r\n"),
    ("every byte of a name", b"GET / HTTP/1.1\r\nHost: localhost\r\n%b: b\r\n\r\n" % bytes(sorted(TCHAR))),
    ("every byte of a method", b"%b / HTTP/1.1\r\nHost: localhost\r\n\r\n" % bytes(sorted(TCHAR))),
    ("odd target", b'GET /a%zz|{}"<>\\^`?x=y?z HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    ("blank lines in front", b"\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("empty port", b"GET / HTTP/1.1\r\nHost: localhost:\r\n\r\n"),
    ("any port", b"GET / HTTP/1.1\r\nHost: localhost:65535\r\n\r\n"),
    ("IPv6", b"GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\n"),
    ("length", _with(b"Content-Length: 5", body=b"hello")),
    ("length with white space", _with(b"Content-Length: \t5 \t", body=b"hello")),
    ("length with zeros", _with(b"Content-Length: 0005", body=b"hello")),
    ("length zero", _with(b"Content-Length: 0")),
    ("length on HTTP/1.0", _with(b"Content-Length: 5", body=b"hello", version=b"1.0")),
    ("chunked", _with(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n")),
    ("Chunked, in any case", _with(b"TRANSFER-encoding:\tcHuNkEd ", body=b"5\r\nhello\r\n0\r\n\r\n")),
    ("trailers", _with(b"Transfer-Encoding: chunked", body=b"1\r\nh\r\n0\r\nX-T: u\r\n\r\n")),
]
"""Requests that look odd and are nothing but right: they go to the gateway."""
