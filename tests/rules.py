"""The rules for who and what may come in, written down a second time: an oracle for the tests.

Independent of `localedge.http`: plain splitting of bytes, and llhttp for chunks.  `judge` takes what a client
sent on one connection and says what is to become of each request in it (R01, R02, R20, R21, R41).  Limits on
sizes are not its business.
"""

from dataclasses import dataclass

import httptools

from tests.malformed import TCHAR

OUR_HOSTS = (b"localhost", b"127.0.0.1", b"[::1]")


@dataclass(frozen=True)
class Judged:
    """What is to become of one request: "forward", "answer", "refuse" or "wait" for more of it."""

    fate: str
    method: bytes = b""
    target: bytes = b""
    """As the gateway is to see it."""
    body: bytes = b""
    last: bool = False
    """Nothing behind it counts."""


REFUSE = Judged("refuse", last=True)
WAIT = Judged("wait", last=True)


class _Refused(Exception):
    """The rules refuse it."""


def _check(condition: object) -> None:
    if not condition:
        raise _Refused


def _token(text: bytes) -> bool:
    return bool(text) and TCHAR.issuperset(text)


def judge(
    stream: bytes, hosts: tuple[bytes, ...] = OUR_HOSTS, origins: tuple[bytes, ...] = ()
) -> list[Judged]:
    """Each request of the stream in turn, up to the last that counts."""
    found: list[Judged] = []
    while not found or not found[-1].last:
        while stream.startswith(b"\r\n"):
            stream = stream[2:]
        if not stream:
            break
        try:
            one, stream = _one(stream, hosts, origins)
        except _Refused:
            one = REFUSE
        found.append(one)
    return found


def _one(stream: bytes, hosts: tuple[bytes, ...], origins: tuple[bytes, ...]) -> tuple[Judged, bytes]:
    block, whole, rest = stream.partition(b"\r\n\r\n")
    if not whole:
        _check(stream[0] != 0x16)
        return WAIT, b""
    first, *lines = block.split(b"\r\n")
    words = first.split(b" ")
    _check(len(words) == 3)
    method, target, protocol = words
    _check(_token(method) and protocol in (b"HTTP/1.0", b"HTTP/1.1"))
    _check(target and all(0x21 <= byte <= 0x7E for byte in target) and b"#" not in target)
    fields: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        _check(colon and _token(name))
        _check(all(byte == 9 or (byte >= 0x20 and byte != 0x7F) for byte in value))
        fields.setdefault(name.lower(), []).append(value.strip(b" \t"))

    modern = protocol == b"HTTP/1.1"
    body, after, chunked = _body(fields, rest, modern=modern)
    host = _host(fields)
    _check(method != b"CONNECT")
    target = _target(method, target, host)
    _check(host.lower().rpartition(b":")[0] in hosts or host.lower() in hosts)
    options = {
        option.strip(b" \t").lower()
        for value in fields.get(b"connection", [])
        for option in value.split(b",")
    }
    last = b"close" in options or (not modern and b"keep-alive" not in options)

    if _page(fields, origins) and method == b"OPTIONS" and b"access-control-request-method" in fields:
        fate = "answer"
    else:
        answered = target == b"*" or (method == b"HEAD" and target in (b"/", b"/api/hello"))
        fate = "answer" if answered else "forward"
    if fate == "answer":
        has_body = chunked or fields.get(b"content-length", [b"0"])[0].strip(b"0")
        return Judged("answer", method, target, last=last or bool(has_body)), rest
    _check(body is not None or after is not None)
    if after is None:
        return WAIT, b""
    for doubled, single in ((b"//v1/", b"/v1/"), (b"/v1/v1/", b"/v1/")):
        if target.startswith(doubled):
            target = single + target[len(doubled) :]
    return Judged("forward", method, target, body or b"", last), after


def _body(
    fields: dict[bytes, list[bytes]], rest: bytes, *, modern: bool
) -> tuple[bytes | None, bytes | None, bool]:
    """Payload, what stands behind the body, and whether it is chunked.

    What is behind is None where the body is not complete, and so is the payload where it is broken.
    """
    lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
    _check(len(lengths) + len(codings) <= 1)
    if codings:
        _check(modern and codings[0].lower() == b"chunked")
        payload, after = unchunk(rest)
        return payload, after, True
    if not lengths:
        return b"", rest, False
    _check(lengths[0] and set(lengths[0]) <= set(b"0123456789"))
    size = int(lengths[0])
    return rest[:size], (rest[size:] if len(rest) >= size else None), False


def _host(fields: dict[bytes, list[bytes]]) -> bytes:
    _check(len(fields.get(b"host", [])) == 1)
    host = fields[b"host"][0]
    name, colon, port = host.rpartition(b":")
    if not colon or host.endswith(b"]"):
        name, port = host, b""
    _check(not port or (port.isdigit() and int(port) < 65536))
    if name.startswith(b"["):
        _check(name.endswith(b"]") and len(name) > 2 and set(name[1:-1]) <= set(b"0123456789abcdefABCDEF:."))
    else:
        _check(
            name
            and not set(name) & set(b':/?#[]@\\,"<>{}|^` \t')
            and all(0x21 <= byte < 0x7F for byte in name)
        )
    return host


def _target(method: bytes, target: bytes, host: bytes) -> bytes:
    if target.startswith(b"/"):
        return target
    if target == b"*":
        _check(method == b"OPTIONS")
        return target
    scheme, sign, rest = target.partition(b"://")
    _check(sign and scheme.lower() in (b"http", b"https"))
    end = min([place for place in (rest.find(b"/"), rest.find(b"?")) if place >= 0], default=len(rest))
    authority, path = rest[:end], rest[end:]
    _check(authority.lower() == host.lower())
    if not path:
        return b"*" if method == b"OPTIONS" else b"/"
    return path if path.startswith(b"/") else b"/" + path


def _page(fields: dict[bytes, list[bytes]], origins: tuple[bytes, ...]) -> bool:
    """Whether an allowed page asks; refuses the others."""
    if b"origin" in fields:
        _check(len(fields[b"origin"]) == 1 and fields[b"origin"][0] in origins)
        return True
    sites = {
        part.strip(b" \t").lower()
        for value in fields.get(b"sec-fetch-site", [])
        for part in value.split(b",")
    }
    _check(not sites & {b"cross-site", b"same-site"})
    return False


class _Seen:
    def __init__(self) -> None:
        self.payload = b""
        self.complete = False

    def on_body(self, data: bytes) -> None:
        self.payload += data

    def on_message_complete(self) -> None:
        self.complete = True


def unchunk(data: bytes) -> tuple[bytes | None, bytes | None]:
    """Payload of a chunked body (None: broken) and what stands behind it (None: not complete), by llhttp."""
    seen = _Seen()
    parser = httptools.HttpRequestParser(seen)
    parser.feed_data(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for place in range(len(data)):
        try:
            parser.feed_data(data[place : place + 1])
        except httptools.HttpParserError:
            return None, None
        if seen.complete:
            return seen.payload, data[place + 1 :]
    return seen.payload, None
