"""URLs of gateways and proxies as people type them: one clear problem each, or the parts.

Strict on purpose: urllib would take `gateway.example:8000` for a scheme and
`http://[::1` for a host.  Nothing of a user name, key or query is ever quoted back (R23).
"""

import ipaddress
import re
import unicodedata
from typing import NamedTuple

from localedge.config import Gateway
from localedge.errors import Failure

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
# RFC 3986 3.3 path characters, and those that WHATWG URLs let stand as they are
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/|\[\]^-]*")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# what the clients put behind the base URL themselves
_ENDPOINT = re.compile(r"/v1/(messages(/count_tokens)?|chat/completions|models)$")
_PORTS = {"http": 80, "https": 443}


class Url(NamedTuple):
    """The parts of an absolute http or https URL; `host` and `path` as in `config.Gateway`."""

    scheme: str
    host: str
    port: int
    path: str
    userinfo: str | None


def masked(url: str) -> str:
    """The URL as it may be shown: without what stands before an `@` and after a `?`."""
    head, mark, _ = url.partition("?")
    if "@" in head:
        start = head.find("//") + 2 if "//" in head else 0
        head = head[:start] + "***@" + head.rpartition("@")[2]
    return head + ("?***" if mark else "")


def is_loopback(host: str) -> bool:
    """Whether a host (no brackets) is this machine by its form alone, without asking DNS."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def parse_host(host: str) -> str:
    """A host name as A-labels in lower case, or an IP literal without brackets.

    Raises `Failure` url-bad-host, without its `where`.
    """
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(_without_zone(host[1:-1])))
        except ValueError:
            raise Failure("url-bad-host", host=host) from None
    name = host
    if not name.isascii():
        import idna  # only for the rare name that needs it

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise Failure("url-bad-host", host=host) from None
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Failure("url-bad-host", host=host)
    # A name that ends in a number is an address to every resolver (WHATWG URL, "ends in a number").
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise Failure("url-bad-host", host=host) from None
    return name


def parse(typed: str, *, userinfo: bool = False) -> Url:
    """The parts of a URL.  `userinfo` allows `user:password@`, as proxies have it.

    Raises `Failure` with a url-* code, without its `where`.
    """
    value = typed.strip()
    if not value:
        raise Failure("url-empty")
    if _DRIVE.match(value) or value[0] in "/.\\~":
        raise Failure("url-path-not-host", value=masked(value))
    if any(character <= " " or character in "\x7f\\" for character in value):
        raise Failure("url-space")
    scheme, rest = _split_scheme(value)
    end = min((found for mark in "/?#" if (found := rest.find(mark)) >= 0), default=len(rest))
    authority, tail = rest[:end], rest[end:]
    # an `@` further on: in `user:pass/word@host` what looks like a port is half of a password
    if "@" in tail or ("@" in authority and not userinfo):
        raise Failure("proxy-userinfo" if userinfo else "url-userinfo")
    credentials, at, hostport = authority.rpartition("@")
    host, port = _split_port(hostport, scheme, masked(value))
    for mark in "?#":
        if mark in tail:
            raise Failure("url-query", mark=mark)
    if host.lower() == "v1":
        raise Failure("url-path-not-host", value=masked(value))
    if not _PATH.fullmatch(tail):
        raise Failure("url-bad-path", path=tail)
    return Url(scheme, parse_host(host), port, tail.rstrip("/"), credentials if at else None)


def check_base_path(url: Url) -> None:
    """Whether request targets can stand behind the path.  Raises `Failure` without its `where`."""
    segments = url.path.replace("%2e", ".").replace("%2E", ".").split("/")
    # a dot segment would be taken away by some recipients, not by all (RFC 3986 5.2.4)
    if _ESCAPE.search(url.path) or "." in segments or ".." in segments:
        raise Failure("url-bad-path", path=url.path)
    endpoint = _ENDPOINT.search(url.path)
    if endpoint:
        base = Gateway(url.scheme, url.host, url.port, url.path[: endpoint.start()])
        raise Failure("url-endpoint", endpoint=endpoint[0], near=base.url)


def _without_zone(literal: str) -> str:
    if "%" in literal:  # a zone has no place in a Host field (RFC 9110 4.2)
        raise ValueError(literal)
    return literal


def _split_scheme(value: str) -> tuple[str, str]:
    """Scheme in lower case and what follows its `//`."""
    match = _SCHEME.match(value)
    after = value[match.end() :] if match else ""
    if match is None or not (after.startswith("//") or match[1].lower() in ("http", "https", "ftp", "file")):
        raise _no_scheme(value)
    scheme = match[1].lower()
    if scheme not in _PORTS:
        raise Failure("url-scheme", scheme=match[1])
    if not after.startswith("//"):
        if not after.strip("/"):
            raise Failure("url-no-host", value=value)
        raise Failure("url-no-scheme", value=masked(value), near=masked(f"{scheme}://{after.lstrip('/')}"))
    return scheme, after[2:]


def _no_scheme(value: str) -> Failure:
    """What a value without `http://` was probably meant to be: quotes, full-width signs and all."""
    near = unicodedata.normalize("NFKC", value).replace("。", ".").strip("\"'<>“”‘’` ")
    near = re.sub(r"^(https?):?/*(?=[^/:]+[:.])", r"\1://", near, flags=re.IGNORECASE)
    if "://" not in near:
        near = "http://" + near.lstrip(":/")
    return Failure("url-no-scheme", value=masked(value), near=masked(near))


def _split_port(hostport: str, scheme: str, shown: str) -> tuple[str, int]:
    if hostport.startswith("["):
        host, bracket, after = hostport.partition("]")
        host += bracket
        if not bracket or (after and after[0] != ":"):
            raise Failure("url-bad-host", host=hostport)
        colon, port = after[:1], after[1:]
    else:
        host, colon, port = hostport.partition(":")
        if ":" in port:  # an IPv6 address without its brackets
            raise Failure("url-bad-host", host=hostport)
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) <= 65535):
        raise Failure("url-bad-port", port=port)
    if not host:
        raise Failure("url-no-host", value=shown)
    return host, int(port) if colon else _PORTS[scheme]
