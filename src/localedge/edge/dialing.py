"""TCP to a host: all its addresses in turn, staggered, the first that answers wins (RFC 8305).

Twisted's HostnameEndpoint waits out its delay even behind an address that refused at
once, which costs `localhost` 0.3 s wherever it means ::1 first and the gateway listens
on 127.0.0.1; and it wraps the protocol for good.
"""

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IResolutionReceiver,
)
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure
from zope.interface import implementer

STAGGER = 0.25
"""Seconds before the next address is tried beside one that has not answered yet (RFC 8305 5)."""


def is_address(host: str) -> bool:
    """Whether this is an IP literal (without brackets) rather than a name."""
    return ":" in host or host.replace(".", "").isdigit()


def in_turn(hosts: Sequence[str], preferred: str | None) -> list[str]:
    """The order to try addresses in: the one that worked last, then the families alternating."""
    families: dict[bool, list[str]] = {}
    for host in dict.fromkeys(hosts):
        families.setdefault(":" in host, []).append(host)
    order: list[str] = []
    while any(families.values()):
        order += [family.pop(0) for family in families.values() if family]
    if preferred in order:
        order.remove(preferred)
        order.insert(0, preferred)
    return order


class _Try(ClientFactory):
    """One address."""

    noisy = False

    def __init__(self, dialing: "Dialing", host: str) -> None:
        self.host = host
        self._dialing = dialing

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        """Twisted: TCP is there."""
        return self._dialing.won(self)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """Twisted: it is not going to be."""
        self._dialing.failed_at(self, reason)


@implementer(IResolutionReceiver)
class Dialing:
    """One attempt at TCP.  Exactly one of `build` and `failed` is called, unless it is cancelled.

    `resolver` looks the name up; None is the reactor's own, which asks the system.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        timeout: float,
        *,
        build: Callable[[str], Protocol],
        failed: Callable[[BaseException], None],
        preferred: str | None = None,
        resolver: IHostnameResolver | None = None,
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._timeout = timeout
        self._build = build
        self._failed = failed
        self._preferred = preferred
        self._resolver = resolver
        self._found: list[str] = []
        self._left: list[str] = []
        self._tries: dict[_Try, IConnector] = {}
        self._timer: IDelayedCall | None = None
        self._over = False

    def start(self) -> None:
        """Look the name up, if it is one, and connect."""
        if is_address(self._host):
            self._left = [self._host]
            self._next()
        else:
            resolver = self._resolver or self._reactor.nameResolver
            resolver.resolveHostName(self, self._host, self._port)

    def cancel(self) -> None:
        """Nobody waits any more."""
        self._over = True
        self._stop_timer()
        tries, self._tries = self._tries, {}
        for connector in tries.values():
            connector.disconnect()

    # -- the resolver

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """Twisted: it is being looked up."""

    def addressResolved(self, address: IAddress) -> None:
        """Twisted: one of its addresses."""
        self._found.append(address.host)  # type: ignore[attr-defined]  # IPv4Address, IPv6Address

    def resolutionComplete(self) -> None:
        """Twisted: that was all."""
        if self._over:
            return
        self._left = in_turn(self._found, self._preferred)
        if self._left:
            self._next()
        else:
            self._over = True
            self._failed(DNSLookupError(self._host))

    # -- one address after the other

    def _next(self) -> None:
        self._stop_timer()
        host = self._left.pop(0)
        attempt = _Try(self, host)
        self._tries[attempt] = self._reactor.connectTCP(host, self._port, attempt, timeout=self._timeout)
        if self._left:
            self._timer = self._reactor.callLater(STAGGER, self._tired)

    def _tired(self) -> None:
        self._timer = None
        self._next()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def won(self, attempt: _Try) -> Protocol | None:
        """This address answered; the others need not."""
        if self._over:
            return None
        del self._tries[attempt]
        self.cancel()
        return self._build(attempt.host)

    def failed_at(self, attempt: _Try, reason: Failure) -> None:
        """This address will not do."""
        self._tries.pop(attempt, None)
        if self._over:
            return
        if self._left:
            self._next()
        elif not self._tries:
            self._over = True
            assert reason.value is not None
            self._failed(reason.value)
