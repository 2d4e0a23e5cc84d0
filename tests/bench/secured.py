"""TLS for the bench's clients, over memory: what arrives is stamped before it is decrypted."""

import socket
import ssl
from functools import cache
from pathlib import Path
from typing import Self

NAME = "localhost"
"""The name in SNI: in every leaf that localedge's authority signs."""


@cache
def client_context(trust: Path | None, protocol: str) -> ssl.SSLContext:
    """TLS 1.3 with one protocol in ALPN; `trust` None verifies nothing, for load alone."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    else:
        context.load_verify_locations(trust)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols([protocol])
    return context


class Secured:
    """One TLS connection.  `socket` is what lies below it, for whoever reads with a poller."""

    def __init__(self, sock: socket.socket, trust: Path | None, protocol: str = "http/1.1") -> None:
        self.socket = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = client_context(trust, protocol)
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=NAME)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def shake(self, received: bytes = b"") -> bool:
        """Take a piece of the handshake and answer it; True once it is done."""
        if received:
            self._incoming.write(received)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            done = False
        else:
            done = True
        if self._outgoing.pending:
            self.socket.sendall(self._outgoing.read())
        return done

    def shake_all(self) -> None:
        """The whole handshake on a blocking socket."""
        done = self.shake()
        while not done:
            received = self.socket.recv(65536)
            if not received:
                raise ConnectionError("the connection ended in the TLS handshake")
            done = self.shake(received)

    @property
    def protocol(self) -> str | None:
        """What ALPN chose."""
        return self._tls.selected_alpn_protocol()

    @property
    def resumed(self) -> bool:
        """Whether the handshake was an abbreviated one."""
        return bool(self._tls.session_reused)

    def decrypt(self, received: bytes) -> bytes | None:
        """The text in what arrived; None: nothing whole yet; empty: the peer says it is over."""
        self._incoming.write(received)
        pieces = []
        try:
            while piece := self._tls.read(262144):
                pieces.append(piece)
                if not (self._incoming.pending or self._tls.pending()):
                    break
            else:
                return b"".join(pieces)
        except ssl.SSLWantReadError:
            pass
        return b"".join(pieces) or None

    def encrypt(self, data: bytes) -> bytes:
        """What to send for this text."""
        self._tls.write(data)
        return self._outgoing.read()

    def sendall(self, data: bytes) -> None:
        """As a socket does."""
        self.socket.sendall(self.encrypt(data))

    def recv(self, size: int) -> bytes:
        """As a socket does, but may give more than `size`."""
        while True:
            received = self.socket.recv(size)
            if not received:
                return b""
            text = self.decrypt(received)
            if text is not None:
                return text

    def fileno(self) -> int:
        """As a socket does."""
        return self.socket.fileno()

    def settimeout(self, seconds: float) -> None:
        """As a socket does."""
        self.socket.settimeout(seconds)

    def setblocking(self, flag: bool) -> None:
        """As a socket does."""
        self.socket.setblocking(flag)

    def close(self) -> None:
        """End the connection without ceremony."""
        self.socket.close()
