"""HTTP/2 field sections to heads and back (RFC 9113 8.2, 8.3).

A request becomes the `RequestHead` that the same request would have had over HTTP/1.1, so
that everything behind it is one code: `Host` stands for `:authority`, and a body of
unknown length is announced as chunked.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from localedge.config import Limits
from localedge.http.framing import Body, ProtocolError, request_body
from localedge.http.head import Fields, RequestHead, combine

_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")  # a token without upper case (8.2.1)
_BAD_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]|\A[ \t]|[ \t]\Z")
_TARGET = re.compile(rb"[\x21\x22\x24-\x7e]+")  # as in HTTP/1.1: no fragment, nothing raw
_METHOD = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONNECTION_SPECIFIC = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade"}  # 8.2.2
)
_PSEUDO = frozenset({b":method", b":scheme", b":authority", b":path"})
_OVERHEAD = 32  # of each field, in the size of a field section (RFC 9113 6.5.2)
VERSION = b"2.0"
REMEMBERED = 32
"""Requests whose heads are kept, as those of HTTP/1.1 are (`localedge.http.heads`)."""


def _malformed(reason: str) -> ProtocolError:
    return ProtocolError("h2-malformed", reason=reason)


def _checked(section: Iterable[tuple[bytes, bytes]], limits: Limits) -> tuple[dict[bytes, bytes], Fields]:
    """Pseudo-header fields, and the others in order, each of them allowed."""
    pseudo: dict[bytes, bytes] = {}
    fields: list[tuple[bytes, bytes]] = []
    crumbs: list[bytes] = []
    size = count = 0
    for name, value in section:
        size += len(name) + len(value) + _OVERHEAD
        count += 1
        if _BAD_VALUE.search(value):
            raise _malformed("a field value with control characters, or with white space around it")
        if name[:1] == b":":
            if fields or crumbs:
                raise _malformed("a pseudo-header field behind an ordinary one")
            if name not in _PSEUDO or name in pseudo:
                raise _malformed("an unknown or repeated pseudo-header field")
            pseudo[name] = value
        elif _NAME.fullmatch(name) is None:
            raise _malformed("a field name that is not lower-case letters, digits and hyphens")
        elif name in _CONNECTION_SPECIFIC:
            raise _malformed(f"the field {name.decode()}, which HTTP/2 does not have")
        elif name == b"te" and value.lower() != b"trailers":
            raise _malformed("the field te with anything but trailers")
        elif name == b"cookie":
            crumbs.append(value)  # 8.2.3: one field for HTTP/1.1
        else:
            fields.append((bytes(name), bytes(value)))
    if size - count * _OVERHEAD > limits.head_bytes or count > limits.head_fields:
        raise ProtocolError("head-too-large", limit=limits.head_bytes)
    if crumbs:
        fields.append((b"cookie", b"; ".join(crumbs)))
    return pseudo, tuple(fields)


@lru_cache(maxsize=REMEMBERED)
def request_head(
    section: tuple[tuple[bytes, bytes], ...], limits: Limits, *, ended: bool
) -> tuple[RequestHead, Body, int]:
    """The head of a request, the framing of its body for the gateway, and its Content-Length.

    `ended`: the stream ends with this section, there is no body.  Raises `ProtocolError`:
    `h2-malformed` for what RFC 9113 8.1.1 calls malformed, else as for HTTP/1.1 (R01, R03).
    """
    pseudo, fields = _checked(section, limits)
    method = pseudo.get(b":method", b"")
    if _METHOD.fullmatch(method) is None:
        raise _malformed("no method")
    authority = pseudo.get(b":authority")
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) > 1 or (hosts and authority is not None and hosts[0].lower() != authority.lower()):
        raise _malformed("host and :authority are not the same")
    if method == b"CONNECT":
        if b":path" in pseudo or b":scheme" in pseudo or not authority:
            raise _malformed("CONNECT with a path or a scheme")
        target = authority
    else:
        target = pseudo.get(b":path", b"")
        if pseudo.get(b":scheme") not in (b"https", b"http") or not target:
            raise _malformed("no scheme or no path")
        if len(target) > limits.target_bytes:
            raise ProtocolError("target-too-long", limit=limits.target_bytes)
        if _TARGET.fullmatch(target) is None or not (target[:1] == b"/" or target == b"*"):
            raise _malformed("a path that is not one")
    if not hosts and authority is not None:
        fields = ((b"host", authority), *fields)
    head = RequestHead(method, target, VERSION, fields, combine(fields))
    body, length = request_body(head)
    if ended:
        if length:
            raise _malformed("a content-length, and no body")
        return head, Body.NONE, 0
    if b"content-length" not in head.combined:
        fields = (*fields, (b"transfer-encoding", b"chunked"))
        return head._replace(fields=fields, combined=combine(fields)), Body.CHUNKED, 0
    return head, body, length


def trailers(section: Iterable[tuple[bytes, bytes]], limits: Limits) -> Fields:
    """The trailer section of a request.  Raises `ProtocolError`."""
    pseudo, fields = _checked(section, limits)
    if pseudo:
        raise _malformed("a pseudo-header field among the trailers")
    return fields


def response_section(status: int, fields: Fields) -> list[tuple[bytes, bytes]]:
    """The field section of a response; its fields are end-to-end ones (`forwarding.to_client`)."""
    return [(b":status", b"%d" % status), *trailer_section(fields)]


def trailer_section(fields: Fields) -> list[tuple[bytes, bytes]]:
    """The field section of a response's trailers."""
    return [(name.lower(), value) for name, value in fields]
