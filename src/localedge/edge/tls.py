"""The certificate that clients see: who may ask for it, and its renewal while the edge runs.

Nothing is ever made for a name that a client asks for: a name that is not mapped gets a fatal
`unrecognized_name` alert (RFC 6066 3).  Open connections keep the certificate they began with;
a new one serves the handshakes after it.
"""

import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from localedge.errors import Failure, reason_of
from localedge.names import LOOPBACK_ADDRESSES

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

    from localedge.pki.authority import Authority, Leaf

LOOK = 60.0
"""Seconds between two looks at the certificate: is it due, has `localedge ca` written another?"""
TELL_AGAIN = 60.0
"""Seconds until clients that do not trust the certificate are told of again."""

_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all of this kind
_PROTOCOLS = ["h2", "http/1.1"]
_CURVE = "prime256v1"
"""The one group that every TLS 1.3 client must have (RFC 8446 9.1).

`ssl` can name one group or keep OpenSSL's list.  That has finite fields in it: a handshake with ffdhe8192
takes 0.1 s of the one thread that serves everybody; and X448 and P-521, which Mozilla's recommendation leaves
out.  A client that bets on another group is asked again: one more turn on loopback.
"""


class Files(Protocol):
    """Where the authority and its leaf are kept: `localedge.machine.vault.Vault`."""

    patience: float
    """Seconds to wait for another process that holds the lock."""

    @property
    def leaf_file(self) -> Path:
        """The current leaf: key, certificate and intermediate in one PEM file."""

    def load(self, now: datetime) -> "Authority":
        """The authority.  Raises `Failure`."""
        ...

    def leaf(self, authority: "Authority", now: datetime, names: Sequence[str] | None = None) -> "Leaf":
        """The leaf in the file, or a new one that takes its place when it is time.  Raises `Failure`."""
        ...


def utcnow() -> datetime:
    """The time that certificates go by."""
    return datetime.now(UTC)


class _Session(ssl.SSLObject):
    """One client's TLS.  Without SNI it gets the certificate only if it came to a loopback address."""

    on_loopback = True


def server_context(leaf: Path) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only; `leaf` holds key and chain.

    Session tickets are encrypted with keys that OpenSSL draws anew for each context.
    Raises OSError, of which `ssl.SSLError` is one.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslobject_class = _Session
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.set_ecdh_curve(_CURVE)
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(_PROTOCOLS)
    context.load_cert_chain(leaf)
    return context


class Certificates:
    """The leaf in force.  `start` loads it, then looks after it until `stop`.

    `wanted` are the mapped names of the configuration; served are those among them that the
    authority may speak for.  `say` gets what goes wrong later on.
    """

    def __init__(
        self,
        files: Files,
        wanted: Iterable[str],
        clock: "IReactorTime",
        say: Callable[[Failure], None],
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self._files = files
        self._wanted = tuple(wanted)
        self._clock = clock
        self._say = say
        self._now = now
        self._call: IDelayedCall | None = None
        self._leaf: Leaf | None = None
        self._told: str | None = None  # what went wrong, as long as it does
        self._distrust_told: float | None = None
        self._context: ssl.SSLContext
        self._authority: Authority
        self.names: frozenset[str] = frozenset()
        """For these names, in lower case, there is a certificate."""

    # -- for connections

    def session(self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, here: str) -> ssl.SSLObject:
        """The server's side of one client's TLS; `here` is the address that it came to."""
        session = self._context.wrap_bio(incoming, outgoing, server_side=True)
        assert isinstance(session, _Session)
        session.on_loopback = here in LOOPBACK_ADDRESSES
        return session

    def _choose(self, session: Any, name: str | None, _context: ssl.SSLContext) -> int | None:
        """OpenSSL asks: may this client have the certificate?"""
        if name is None or name in LOOPBACK_ADDRESSES:  # no name, but some clients send it as one
            known = session.on_loopback
        else:
            known = name.lower() in self.names
        return None if known else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def distrusted(self, client: str) -> None:
        """A client does not trust the certificate: its user is told, not more often than every minute."""
        now = self._clock.seconds()
        if self._distrust_told is None or now - self._distrust_told >= TELL_AGAIN:
            self._distrust_told = now
            self._say(Failure("client-distrusts", client=client))

    # -- the leaf

    def start(self) -> None:
        """Load the leaf, and look after it from now on.  Raises `Failure`."""
        self._load()
        self._files.patience = 0.0  # from now on it would be clients who wait
        self._call = self._clock.callLater(LOOK, self._look)

    def stop(self) -> None:
        """Nothing is left in the reactor."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    @property
    def notices(self) -> list[Failure]:
        """What the user should know about the authority at the start."""
        from localedge.pki.authority import days_left, root_due

        found = []
        if missing := self._authority.missing(self._wanted):
            found.append(Failure("names-not-covered", names=", ".join(missing)))
        now = self._now()
        if root_due(self._authority.root, now):
            found.append(Failure("ca-ends-soon", days=days_left(self._authority.root, now)))
        return found

    def _load(self) -> None:
        """Take over the authority and the leaf on disk.  The vault makes a new leaf when it is time."""
        now = self._now()
        authority = self._files.load(now)
        missing = authority.missing(self._wanted)
        leaf = self._files.leaf(authority, now, [name for name in self._wanted if name not in missing])
        if self._leaf is not None and self._leaf.certificate == leaf.certificate:
            return
        path = self._files.leaf_file
        try:
            context = server_context(path)
        except OSError as error:
            raise Failure("leaf-unusable", path=str(path), reason=reason_of(error)) from None
        context.sni_callback = self._choose
        self._context, self._leaf, self._authority = context, leaf, authority
        self.names = frozenset(leaf.names)

    def _look(self) -> None:
        self._call = self._clock.callLater(LOOK, self._look)
        try:
            self._load()
        except Failure as failure:
            # Serving goes on with the leaf there is, and so does trying; the same failure is told once.
            if str(failure) != self._told:
                self._told = str(failure)
                self._say(failure)
                assert self._leaf is not None
                self._say(Failure("renewal-failed", date=f"{self._leaf.certificate.not_valid_after_utc:%F}"))
        else:
            self._told = None
