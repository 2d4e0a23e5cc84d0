"""Where a base URL that a client has leads to: to this edge, or why not."""

import enum
import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from localedge.config import Config
from localedge.names import in_url
from localedge.settings.layers import clean
from localedge.settings.upstream import is_loopback, masked

LONGEST = 300
"""Characters of a URL that are shown."""


class Aim(enum.StrEnum):
    """What a base URL hits."""

    HERE = "here"
    TLS_TO_PLAIN = "tls-to-plain"
    """https to the port of plain HTTP: ERR_SSL_PROTOCOL_ERROR."""
    PLAIN_TO_TLS = "plain-to-tls"
    PORT = "port"
    """This machine, but not where the edge listens."""
    GATEWAY = "gateway"
    """The gateway itself, past the edge."""
    ELSEWHERE = "elsewhere"


class Edge(NamedTuple):
    """Where the edge listens.  Hosts as in `Gateway.host`; a port of None is not known beforehand."""

    hosts: tuple[str, ...]
    port: int | None
    secure_hosts: tuple[str, ...] = ()
    """Empty where HTTPS is not set up."""
    secure_port: int | None = None
    gateway: tuple[str, str, int] = ("", "", 0)
    others: tuple[tuple[str, str, int], ...] = ()
    """Where edges listen that were started with other ports."""

    @classmethod
    def of(cls, config: Config, *, secure: bool, running: Iterable[str] = ()) -> "Edge":
        """As configured; `secure` says whether HTTPS is set up, `running` are base URLs of edges that run."""
        gateway = config.gateway
        names: tuple[str, ...] = ()
        if secure:
            names = ("127.0.0.1", "localhost", *(("::1",) if config.host == "::1" else ()))
            names += config.https.names
        return cls(
            (*_loopbacks(config.host), *config.allowed_hosts),
            config.port or None,
            names,
            config.https.port or None if secure and not config.https.socket else None,
            (gateway.scheme, gateway.host, gateway.port),
            tuple(_origin(urlsplit(url)) for url in running),
        )

    @property
    def url(self) -> str:
        """The first URL for clients on this machine."""
        return _url("http", self.hosts[0], self.port)

    @property
    def secure_url(self) -> str:
        """The same over HTTPS; empty where that is not set up."""
        return _url("https", self.secure_hosts[0], self.secure_port) if self.secure_hosts else ""

    def instead_of(self, there: "Target") -> str:
        """The URL to use: that of HTTPS for somebody who meant it."""
        return self.secure_url if there.secure and there.aim is Aim.PORT and self.secure_url else self.url


class Target(NamedTuple):
    """A base URL, looked at."""

    shown: str
    """Without a password."""
    aim: Aim
    host: str
    secure: bool
    versioned: bool
    """It ends in /v1, which clients put there themselves."""
    query: bool = False
    """It has a ? or a #, behind which the path that clients add is none."""


def shown(url: str) -> str:
    """A URL, or what stands in its place, as a line of output may have it: without a password."""
    return clean(masked(url.strip()), LONGEST)


def target(url: str, edge: Edge) -> Target | None:
    """What an absolute URL hits; None for what is no http or https URL, and for what `fetch` refuses.

    That is credentials (fetch.spec.whatwg.org, the Request constructor) and a blank in the host.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[@\s]", parts.netloc):
        return None
    secure = parts.scheme == "https"
    _, host, port = _origin(parts)
    versioned = parts.path.rstrip("/").endswith("/v1")
    query = bool(parts.query or parts.fragment)
    return Target(shown(url), _aim(edge, host, port, secure=secure), host, secure, versioned, query)


def _aim(edge: Edge, host: str, port: int, *, secure: bool) -> Aim:
    plain = port == edge.port and host in (*edge.hosts, *edge.secure_hosts)
    tls = port == edge.secure_port and host in (*edge.hosts, *edge.secure_hosts)
    if ("https" if secure else "http", host, port) in edge.others:
        return Aim.HERE
    unknown = edge.secure_port if secure else edge.port
    if (tls if secure else plain) or (
        unknown is None and host in (edge.secure_hosts if secure else edge.hosts)
    ):
        return Aim.HERE
    if plain:
        return Aim.TLS_TO_PLAIN
    if tls and edge.secure_hosts:
        return Aim.PLAIN_TO_TLS
    if ("https" if secure else "http", host, port) == edge.gateway:
        return Aim.GATEWAY
    return Aim.PORT if is_loopback(host) or host in edge.secure_hosts else Aim.ELSEWHERE


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    """Scheme, host and port; as they are compared."""
    host = (parts.hostname or "").removesuffix(".")
    return parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80)


def _loopbacks(host: str) -> tuple[str, ...]:
    if host == "0.0.0.0":  # noqa: S104 - what is configured
        return ("127.0.0.1", "localhost")
    if host == "::":
        return ("::1", "localhost", "127.0.0.1")
    return (host, "localhost") if is_loopback(host) else (host,)


def _url(scheme: str, host: str, port: int | None) -> str:
    return f"{scheme}://{in_url(host)}" + ("" if port is None else f":{port}")
