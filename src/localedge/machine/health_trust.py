"""What `localedge doctor` looks at of the local CA: its files, the trust stores, what clients are shown."""

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from localedge.claude.health import Finding, command_line
from localedge.claude.health_edge import Met
from localedge.claude.health_trust import (
    RENEW,
    Dated,
    Facts,
    Kind,
    Shown,
    Store,
    issuer_names,
    judge,
)
from localedge.claude.inspectors import inspector
from localedge.errors import Failure
from localedge.names import LOOPBACK_NAME
from localedge.pki.plan import Root, State

from . import health_edge, health_here, health_issuers, health_variables, private_files
from .health import Scene
from .health_asking import Clock
from .journal import NAME, Journal
from .run import Ended
from .side_by_side import SideBySide
from .stores import Store as TrustStore
from .stores import detect, named
from .stores.system import System
from .vault import Vault, authority_directory

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from localedge.pki.authority import Authority, Leaf

_PROGRAMS = 4.0
"""Seconds for all that trust stores ask of programs; Java alone takes one of them to start."""
_NAMES = 8
"""Names that are asked for at most."""
_FOLLOWS = timedelta(minutes=2)
"""Within which a running edge shows a new leaf: it looks every minute."""
_SYSTEMS = {"debian", "fedora", "arch", "suse", "macos-system", "windows-user", "windows-machine"}
_HASHED = "/etc/ssl/certs"
"""Where OpenSSL looks on most Linux systems, by the hashes of subjects."""
_REHASH = {
    "debian": ("sudo", "update-ca-certificates", "--fresh"),
    "suse": ("sudo", "update-ca-certificates"),
    "arch": ("sudo", "update-ca-trust"),
    "fedora": ("sudo", "update-ca-trust", "extract"),
}


def look(scene: Scene) -> Iterable[Finding]:
    """The findings about trust."""
    return judge(_gather(scene), scene.platform)


def _renew(scene: Scene, _finding: Finding) -> None:
    """A new leaf for the configured names that the root may speak for.  Raises `Failure`."""
    vault = _vault(scene)
    authority = vault.load(scene.now)
    outside = authority.missing(scene.config.https.names)
    vault.renew(authority, scene.now, [name for name in scene.config.https.names if name not in outside])


FIXES: Mapping[str, Callable[[Scene, Finding], None]] = {RENEW: _renew}


@dataclass(frozen=True)
class _Hurried(System):
    """The machine, whose programs get what is left of a few seconds."""

    inner: System | None = None
    until: float = 0.0

    @classmethod
    def of(cls, system: System, seconds: float) -> "_Hurried":
        """All of `system`'s programs together get these seconds."""
        own = {one.name: getattr(system, one.name) for one in fields(System)}
        return cls(**own, inner=system, until=time.monotonic() + seconds)

    def run(self, argv: Sequence[str], *, seconds: float = 15.0, **how: Any) -> Ended:
        """As it does, or hung."""
        left = min(seconds, self.until - time.monotonic())
        if left <= 0:
            return Ended(None, hung=True)
        assert self.inner is not None
        return self.inner.run(argv, seconds=left, **how)


def _vault(scene: Scene) -> Vault:
    return Vault(authority_directory(scene.config.https.directory))


def _gather(scene: Scene) -> Facts:
    vault = _vault(scene)
    problem = authority = root = leaf = None
    if vault.exists:
        try:
            authority = vault.load(scene.now)
            leaf = vault.kept_leaf(authority)
        except Failure as failure:
            problem, authority = failure, None
        if (certificate := vault.root()) is not None:
            from localedge.pki.authority import as_root

            root = as_root(certificate)
    in_force = root if authority is not None else None
    pool = SideBySide()
    issuer = pool.submit(_gateway_issuer, scene)
    asked = _Stores(scene, pool, in_force)
    shown = [] if authority is None else list(_shown(scene, authority, leaf))
    earlier = asked.earlier(vault, root)
    stores = asked.own()
    return Facts(
        now=scene.now,
        set_up=vault.exists,
        problem=problem,
        options=health_here.options(scene),
        root_file="" if authority is None else _root_file(vault, authority),
        dated=None if authority is None else _dated(scene, authority, leaf),
        stores=stores,
        earlier=earlier,
        shown=shown,
        rejected=_rejected(scene, vault, leaf, stores),
        gateway=scene.config.gateway.authority,
        gateway_issuer=issuer.result(),
        variables=list(health_variables.variables(scene, vault, in_force)),
        unverified=scene.environ.get("NODE_TLS_REJECT_UNAUTHORIZED", "").strip() == "0",
    )


# -- the files


def _root_file(vault: Vault, authority: "Authority") -> str:
    """The copy of the root, if it is none."""
    from localedge.pki.authority import pem

    try:
        same = vault.root_file.is_file() and vault.root_file.read_bytes() == pem(authority.root)
    except OSError:
        return ""  # the look at our own files tells of that
    return "" if same else private_files.shown(vault.root_file)


def _dated(scene: Scene, authority: "Authority", leaf: "Leaf | None") -> Dated:
    from localedge.pki.authority import days_left, fits, renewal_due, root_due

    outside = authority.missing(scene.config.https.names)
    wanted = [name for name in scene.config.https.names if name not in outside]
    due = leaf is not None and renewal_due(leaf.certificate, scene.now)
    return Dated(
        authority.root.not_valid_after_utc,
        days_left(authority.root, scene.now),
        root_due(authority.root, scene.now),
        leaf.certificate.not_valid_after_utc if leaf is not None else None,
        # One that ends with its authority is as good as can be.
        due and leaf is not None and not fits(authority, leaf, leaf.names, scene.now),
        outside,
        tuple(name for name in wanted if leaf is not None and name not in leaf.names),
    )


# -- the stores


class _Stores:
    """The trust stores, asked side by side."""

    def __init__(self, scene: Scene, pool: Executor, root: Root | None) -> None:
        self._pool = pool
        self._system = _Hurried.of(scene.system, _PROGRAMS)
        self._found = detect(self._system)
        self._root = root
        # begun here, waited for in `own`
        self._asked = [
            (store, pool.submit(store.state, root))
            for store in self._found
            if root is not None and not store.only_if_named
        ]

    def own(self) -> list[Store]:
        """How the root in force stands."""
        return [
            Store(store.name, status.state, status.detail, status.problem, store.name in _SYSTEMS)
            for store, asked in self._asked
            for status in [asked.result()]
        ]

    def earlier(self, vault: Vault, root: Root | None) -> list[str]:
        """The stores that still have another root of ours.  A journal that is damaged is told elsewhere."""
        try:
            entries = Journal(vault.directory.parent / NAME).entries()
        except Failure:
            return []
        asked = [
            (entry.store, self._pool.submit(store.state, entry.root))
            for entry in entries
            if root is None or entry.root.der != root.der
            if (store := self._named(entry.store)) is not None
        ]
        found = [name for name, status in asked if status.result().state.present]
        return list(dict.fromkeys(found))

    def _named(self, name: str) -> TrustStore | None:
        return named(self._system, name, self._found)


def _rejected(
    scene: Scene, vault: Vault, leaf: "Leaf | None", stores: Sequence[Store]
) -> tuple[list[str], str, str] | None:
    """What OpenSSL makes of the edge's certificate with the directory that it looks into by itself.

    Its links are made apart from the bundle that other clients read: the two can differ.
    """
    directory = scene.system.path(_HASHED)
    trusting = [one.name for one in stores if one.name in _REHASH and one.state is State.TRUSTED]
    if leaf is None or not trusting or not any(directory.glob("*.0")):
        return None
    if not leaf.certificate.not_valid_before_utc <= scene.now < leaf.certificate.not_valid_after_utc:
        return None
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        client.load_verify_locations(capath=str(directory))
        server.load_cert_chain(vault.leaf_file)
    except (OSError, Failure):
        return None
    reasons = {name: _refusal(client, server, name) for name in leaf.names}
    names = [name for name, reason in reasons.items() if reason]
    command = command_line(scene.platform, _REHASH[trusting[0]])
    return (names, reasons[names[0]], command) if names else None


def _refusal(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> str:
    """Why a client does not accept a server, in OpenSSL's words; nothing where it does."""
    here, there = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(here, there, server_hostname=name)
    answering = server.wrap_bio(there, here, server_side=True)
    for _ in range(4):
        try:
            asking.do_handshake()
            return ""
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        try:
            answering.do_handshake()
        except ssl.SSLWantReadError:
            pass
    raise AssertionError("a handshake has fewer turns")


# -- what clients are shown


def _shown(scene: Scene, authority: "Authority", leaf: "Leaf | None") -> Iterator[Shown]:
    https = scene.config.https
    if https.port == 0 or https.socket is not None:
        return  # nobody knows where it listens
    until = time.monotonic() + health_issuers.LIMIT
    for name in [*https.names[:_NAMES], LOOPBACK_NAME]:
        try:
            seen = health_issuers.shown("127.0.0.1", https.port, name, until - time.monotonic())
        except health_issuers.NameRefused:
            yield Shown(name, Kind.REFUSED)
            continue
        if seen is None:
            return
        issuer = issuer_names(seen)
        kind = _kind(scene, authority, leaf, seen, issuer)
        if kind is Kind.FOREIGN and inspector(issuer) is None and not _is_edge(https.port, until):
            return  # a server of somebody else's
        yield Shown(name, kind, issuer)


def _is_edge(port: int, until: float) -> bool:
    """Whether localedge answers there, whoever else is on the way."""
    clock = Clock(until - time.monotonic())
    return health_edge.meet("127.0.0.1", port, clock, secure=True) is Met.EDGE


def _kind(
    scene: Scene,
    authority: "Authority",
    leaf: "Leaf | None",
    seen: "Certificate",
    issuer: Sequence[str],
) -> Kind:
    from localedge.pki.authority import BACKDATE, is_issued_by

    if leaf is not None and seen == leaf.certificate:
        return Kind.OURS
    if is_issued_by(seen, authority.intermediate):
        written = leaf.certificate.not_valid_before_utc + BACKDATE if leaf is not None else scene.now
        return Kind.OURS if scene.now - written < _FOLLOWS else Kind.OLD_LEAF
    ours = any(name.startswith("localedge edge ") for name in issuer)
    return Kind.FORMER if ours else Kind.FOREIGN


def _gateway_issuer(scene: Scene) -> Sequence[str]:
    gateway = scene.config.gateway
    if gateway.scheme != "https" or gateway.demo:
        return ()
    seen = health_issuers.of_gateway(gateway)
    return issuer_names(seen) if seen is not None else ()
