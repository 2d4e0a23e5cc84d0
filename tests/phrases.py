"""Requests and responses as bytes, for conversations with the edge."""

from tests.playbook import VIA, Peer, Playbook

HOST = b"Host: 127.0.0.1:18080\r\n"
FOR_GATEWAY = b"Host: gateway.test\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def lines(*fields: bytes) -> bytes:
    """Header lines."""
    return b"".join(field + b"\r\n" for field in fields)


def ask(
    start: bytes = b"GET /v1/models", *fields: bytes, body: bytes = b"", version: bytes = b"1.1"
) -> bytes:
    """A client's request; `start` is method and target."""
    return start + b" HTTP/" + version + b"\r\n" + HOST + lines(*fields) + b"\r\n" + body


def asked(start: bytes = b"GET /v1/models", *fields: bytes, body: bytes = b"") -> bytes:
    """What the gateway gets of `ask(start, *fields, body=body)`."""
    return start + b" HTTP/1.1\r\n" + FOR_GATEWAY + lines(*fields) + VIA + b"\r\n" + body


def post(body: bytes = b"", *fields: bytes, length: int | None = None, version: bytes = b"1.1") -> bytes:
    """A client's POST of `length` bytes, of which `body` is sent at once."""
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return ask(b"POST /v1/messages", size, *fields, body=body, version=version)


def posted(body: bytes = b"", *fields: bytes, length: int | None = None) -> bytes:
    """What the gateway gets of `post(body, *fields, length=length)`."""
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return asked(b"POST /v1/messages", size, *fields, body=body)


def answer(head: bytes = b"200 OK", *fields: bytes, body: bytes = b"") -> bytes:
    """A response with a Content-Length."""
    return b"HTTP/1.1 " + head + b"\r\n" + lines(*fields, b"Content-Length: %d" % len(body)) + b"\r\n" + body


def streamed(*pieces: bytes, fields: tuple[bytes, ...] = (), end: bytes = b"0\r\n\r\n") -> bytes:
    """A chunked response; `end` is what stands behind the last piece."""
    head = b"HTTP/1.1 200 OK\r\n" + lines(*fields, b"Transfer-Encoding: chunked") + b"\r\n"
    return head + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + end


def exchanged(edge: Playbook, request: bytes, response: bytes = b"") -> tuple[Peer, Peer]:
    """A client asked, the gateway was reached, has read the request and said `response`."""
    client = edge.client()
    client >> request
    gateway = edge.gateway()
    gateway.take()
    if response:
        gateway >> response
    return client, gateway


def pooled(edge: Playbook) -> tuple[Peer, Peer]:
    """A client whose first request has ended, and the gateway's connection, idle now."""
    client, gateway = exchanged(edge, ask(), OK)
    client << OK
    return client, gateway
