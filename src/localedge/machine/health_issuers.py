"""Which certificate somebody is really shown: a handshake that verifies nothing, and nothing after it.

Whoever opens TLS on the way shows another certificate than the server has: only a look from outside tells.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import hosts_lookup
from .health_asking import tunnel_head

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from localedge.config import Gateway, Proxy

LIMIT = 2.0
"""Seconds for one certificate."""
_LONGEST_ANSWER = 16 * 1024
_UNRECOGNIZED = "UNRECOGNIZED_NAME"


class NameRefused(Exception):
    """The server has no certificate for this name, and says so (RFC 6066 3)."""


def shown(address: str, port: int, name: str, limit: float = LIMIT) -> "Certificate | None":
    """The certificate that a TLS server shows for a name; None where nobody answers, or not with TLS.

    Raises `NameRefused`.
    """
    until = time.monotonic() + limit
    with _connected(address, port, until) as plain:
        return None if plain is None else _handshake(plain, name, until)


def of_gateway(gateway: "Gateway", limit: float = LIMIT) -> "Certificate | None":
    """The certificate that the gateway, or whoever is on the way, shows the edge."""
    until = time.monotonic() + limit
    proxy = gateway.proxy
    host, port = (proxy.host, proxy.port) if proxy else (gateway.address or gateway.host, gateway.port)
    addresses = hosts_lookup.look_up([host], limit / 2)[host]
    if not addresses:
        return None
    with _connected(addresses[0], port, until) as plain:
        if plain is None or (proxy is not None and not _tunnel(plain, gateway, proxy, until)):
            return None
        try:
            return _handshake(plain, gateway.host, until)
        except NameRefused:
            return None


@contextmanager
def _connected(address: str, port: int, until: float) -> "Iterator[socket.socket | None]":
    try:
        plain = socket.create_connection((address, port), _left(until))
    except OSError:
        yield None
        return
    with plain:
        yield plain


def _handshake(plain: socket.socket, name: str, until: float) -> "Certificate | None":
    from cryptography import x509

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        plain.settimeout(_left(until))
        with context.wrap_socket(plain, server_hostname=name) as secure:
            der = secure.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(der) if der else None
    except ssl.SSLError as error:
        if _UNRECOGNIZED in (error.reason or ""):
            raise NameRefused(name) from None
        return None
    except (OSError, ValueError):  # a certificate that a strict parser refuses
        return None


def _tunnel(plain: socket.socket, gateway: "Gateway", proxy: "Proxy", until: float) -> bool:
    """Ask the proxy for a way to the gateway; whether it gave one."""
    answer = b""
    try:
        plain.settimeout(_left(until))
        plain.sendall(tunnel_head(gateway, proxy))
        while b"\r\n\r\n" not in answer and len(answer) < _LONGEST_ANSWER:
            plain.settimeout(_left(until))
            if not (piece := plain.recv(1)):  # no byte of what follows: that is TLS
                return False
            answer += piece
    except OSError:
        return False
    return answer.partition(b"\r\n")[0].split()[1:2] == [b"200"]


def _left(until: float) -> float:
    """Seconds, never none: zero would mean not to wait, and then not to connect."""
    return max(0.05, until - time.monotonic())
