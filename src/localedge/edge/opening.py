"""What happens between TCP and HTTP on the way to the gateway: a proxy's tunnel, and TLS (R24).

The gateway's certificate is verified against the system's trust, a private CA can
be added (`gateway.ca_file`), and only `--insecure-upstream` turns it off.
"""

import datetime as dt
import os
import ssl as stdlib_ssl
from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from twisted.internet import ssl
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from localedge.config import Gateway, Limits
from localedge.edge.dialing import is_address
from localedge.errors import Failure
from localedge.http.framing import ProtocolError
from localedge.http.head import ResponseHead
from localedge.http.parser import ResponseReader
from localedge.names import in_url

_MACOS_BUNDLE = "/etc/ssl/cert.pem"  # kept by Apple; OpenSSL builds for macOS do not know of it


def system_roots() -> list[bytes]:
    """The roots this system trusts, as DER: OpenSSL's file and directory, Windows' stores, else certifi's.

    OpenSSL looks into a directory only when it needs to, and lists nothing of it: its
    files are loaded here one by one.  `SSL_CERT_FILE` and `SSL_CERT_DIR` count.
    """
    context = stdlib_ssl.create_default_context()
    for directory in (stdlib_ssl.get_default_verify_paths().capath or "").split(os.pathsep):
        for path in sorted(Path(directory).iterdir()) if directory and Path(directory).is_dir() else ():
            _load(context, str(path))
    roots = context.get_ca_certs(binary_form=True)
    if not roots and not _load(context, _MACOS_BUNDLE):
        import certifi

        _load(context, certifi.where())
    return roots or context.get_ca_certs(binary_form=True)


def _load(context: stdlib_ssl.SSLContext, path: str) -> bool:
    try:
        context.load_verify_locations(path)
    except (OSError, stdlib_ssl.SSLError):
        return False  # a stray file among the certificates, or none at all
    return True


def _private_roots(path: str) -> list[bytes]:
    """The certificates of a PEM file, as DER.  Raises `Failure`."""
    try:
        context = stdlib_ssl.SSLContext(stdlib_ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(path)
        roots = context.get_ca_certs(binary_form=True)
    except stdlib_ssl.SSLError:
        raise Failure("ca-file-not-pem", where="gateway.ca_file", path=path) from None
    except (OSError, ValueError) as error:
        raise Failure("ca-file-unreadable", where="gateway.ca_file", path=path, reason=str(error)) from None
    if not roots:
        raise Failure("ca-file-not-pem", where="gateway.ca_file", path=path)
    return roots


@implementer(IOpenSSLClientConnectionCreator)
class _Unverified:
    """TLS without looking at the certificate, for `--insecure-upstream`."""

    def __init__(self, host: str) -> None:
        self._host = host
        options = ssl.CertificateOptions(
            verify=False, raiseMinimumTo=ssl.TLSVersion.TLSv1_2, acceptableProtocols=[b"http/1.1"]
        )
        self._context = options.getContext()

    def clientConnectionForTLS(self, tlsProtocol: Any) -> SSL.Connection:
        """Twisted: a connection object for one client connection."""
        connection = SSL.Connection(self._context, None)
        if not is_address(self._host):
            connection.set_tlsext_host_name(self._host.encode())
        return connection


def client_tls(gateway: Gateway) -> IOpenSSLClientConnectionCreator:
    """How TLS to this gateway is made.  Raises `Failure` for a CA file that cannot be used."""
    if gateway.insecure:
        return _Unverified(gateway.host)
    roots = system_roots()
    if gateway.ca_file is not None:
        roots += _private_roots(gateway.ca_file)
    trust = ssl.trustRootFromCertificates(
        [ssl.Certificate.load(root, crypto.FILETYPE_ASN1) for root in roots]
    )
    options: IOpenSSLClientConnectionCreator = ssl.optionsForClientTLS(
        gateway.host, trustRoot=trust, acceptableProtocols=[b"http/1.1"]
    )
    return options


def certificate_expired(transport: Any, now: dt.datetime) -> bool:
    """Whether the peer of a failed TLS connection showed a certificate that is out of date.

    OpenSSL's error says only "certificate verify failed", and pyOpenSSL has no
    SSL_get_verify_result.
    """
    handle = transport.getHandle()
    chain = handle.get_peer_cert_chain(as_cryptography=True) if isinstance(handle, SSL.Connection) else None
    return any(certificate.not_valid_after_utc < now for certificate in chain or ())


class Opening:
    """The steps of one connection to a gateway that speaks TLS."""

    def __init__(self, gateway: Gateway, limits: Limits, tls: IOpenSSLClientConnectionCreator) -> None:
        self._gateway = gateway
        self._tls = tls
        self._reader = ResponseReader(limits)
        self._tls_begun = False

    def begin(self, transport: Any) -> None:
        """TCP is there: ask the proxy for a tunnel (RFC 9110 9.3.6), or start TLS."""
        proxy = self._gateway.proxy
        if proxy is None:
            self._start_tls(transport)
            return
        authority = f"{in_url(self._gateway.host)}:{self._gateway.port}".encode()
        request = b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n" % (authority, authority)
        if (authorization := proxy.authorization) is not None:
            request += b"Proxy-Authorization: %b\r\n" % authorization
        self._reader.expect(b"CONNECT")
        transport.write(request + b"\r\n")

    @property
    def at_proxy(self) -> bool:
        """The proxy has not made its tunnel yet: what fails now is its failure."""
        return not self._tls_begun and self._gateway.proxy is not None

    def expired(self, transport: Any) -> bool:
        """Whether the gateway's certificate is out of date, after a handshake that failed."""
        return self._tls_begun and certificate_expired(transport, dt.datetime.now(dt.UTC))

    def data(self, transport: Any, data: bytes) -> tuple[str, dict[str, object]] | None:
        """The proxy's answer; a problem as code and params, or None."""
        proxy = self._gateway.proxy
        assert proxy is not None
        params: dict[str, object] = {"proxy": proxy.authority, "gateway": self._gateway.url}
        self._reader.feed(data)
        try:
            head = self._reader.next_event()
        except ProtocolError:
            return "proxy-failed", params | {"status": "no HTTP answer"}
        if not isinstance(head, ResponseHead) or head.status < 200:
            return None
        if head.status == 407:
            return "proxy-auth", params
        if head.status >= 300 or self._reader.buffered:
            return "proxy-failed", params | {"status": head.status}
        self._start_tls(transport)
        return None

    def _start_tls(self, transport: Any) -> None:
        self._tls_begun = True
        transport.startTLS(self._tls)
