"""Where the gateway is when its own name leads here.

A user may map the gateway's own public name to this machine, so that clients find the edge under it.  The
edge must not look the gateway up in the same hosts file: it would call itself.

- `gateway.address` is taken as it is: TCP goes there, the name stays in TLS and in Host.
- A proxy on the way (R24) looks the name up itself, by its own hosts file: nothing to do.
- A name that the hosts file maps to loopback is asked of the DNS servers directly, past the hosts file.
  Where they know no other address, a name that clients use for the edge is a failure, at the start or of
  the request.  Any other is left to the hosts file: somebody's tunnel, or a name of this machine.
- What comes out of it at the start must not be where the edge itself listens.

The hosts file is looked at for every new connection, as the system does: `localedge hosts add` may come
while the edge runs.  A loop that does not show here (DNS leads the name to this machine) is caught with the
first request, by Via (R19).
"""

import enum
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.python.failure import Failure as TwistedFailure
from zope.interface import implementer

from localedge.config import Gateway
from localedge.edge.dialing import is_address
from localedge.errors import Failure
from localedge.machine.hosts_lookup import is_loopback, is_private

if TYPE_CHECKING:
    from localedge.edge.context import Context
    from localedge.edge.dns import Dns

PATIENCE = 5.0
"""Seconds that the start waits for DNS servers."""

Listeners = Sequence[tuple[str, int]]
"""Addresses and ports that the edge listens on."""


class NextHop(NamedTuple):
    """Where TCP goes: to the gateway, or to the proxy before it."""

    host: str
    """A name, or an IP literal without brackets."""
    port: int
    resolver: IHostnameResolver | None = None
    """Who looks the name up; None: the system."""


def next_hop(gateway: Gateway) -> NextHop:
    """The proxy, the pinned address, or the gateway by its name."""
    if gateway.proxy is not None:
        return NextHop(gateway.proxy.host, gateway.proxy.port)
    return NextHop(gateway.address or gateway.host, gateway.port)


async def settle(
    context: "Context",
    listeners: Listeners,
    *,
    hosts: Path | None = None,
    dns: "Callable[[Any], Dns] | None" = None,
) -> list[Failure]:
    """Complete `context.next_hop`, and make sure that the gateway is not the edge.  What a user should know.

    Waits for nothing unless the hosts file maps the gateway's name to this machine.
    Raises `Failure`: the edge would call itself, or the gateway's address cannot be found.
    """
    gateway = context.config.gateway
    if gateway.demo or gateway.proxy is not None:
        return []
    host = context.next_hop.host
    if is_address(host) or _is_localhost(host):
        _must_not_be_us(gateway, [host] if is_address(host) else ["127.0.0.1", "::1"], listeners)
        return []
    resolving = Resolving(context, listeners, _HostsFile(host, hosts), dns or _system_dns)
    context.next_hop = context.next_hop._replace(resolver=resolving)
    return await resolving.check()


class _Way(enum.Enum):
    """Whom to ask for the gateway's name."""

    SYSTEM = enum.auto()
    DNS = enum.auto()
    DNS_FIRST = enum.auto()


@implementer(IHostnameResolver)
class Resolving:
    """Looks the gateway's name up: by the system, or past its hosts file where that leads here."""

    def __init__(
        self, context: "Context", listeners: Listeners, hosts: "_HostsFile", dns: "Callable[[Any], Dns]"
    ) -> None:
        config = context.config
        self._gateway = config.gateway
        self._client_names = {*config.https.names, *config.allowed_hosts}
        self._listeners = listeners
        self._hosts = hosts
        self._reactor = context.reactor
        self._make_dns = dns
        self._dns: Dns | None = None

    async def check(self) -> list[Failure]:
        """At the start; see `settle`."""
        gateway, way = self._gateway, self._way()
        if way is _Way.SYSTEM:
            _must_not_be_us(gateway, self._hosts.look().addresses, self._listeners)
            return []
        lookup = Deferred.fromCoroutine(self._ask())
        lookup.addTimeout(PATIENCE, self._reactor, onTimeoutCancel=_late)
        try:
            found = await lookup
        except LookupError as error:
            if way is _Way.DNS:
                raise Failure("gateway-own-name", host=gateway.host, reason=str(error)) from None
            self._hosts.believed = True
            return []
        _must_not_be_us(gateway, found, self._listeners)
        return [Failure("gateway-by-dns", host=gateway.host, addresses=", ".join(found))]

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Twisted: tell the receiver all addresses; none is a failure to it."""
        way = self._way()
        system = self._reactor.nameResolver

        def by_system() -> IHostResolution:
            found: IHostResolution = system.resolveHostName(
                resolutionReceiver, hostName, portNumber, addressTypes, transportSemantics
            )
            return found

        if way is _Way.SYSTEM:
            return by_system()
        resolution = _Resolution(hostName)

        async def tell() -> None:
            try:
                found = await self._ask()
            except LookupError:
                if way is _Way.DNS_FIRST:
                    self._hosts.believed = True
                    by_system()
                    return
                found = ()
            resolutionReceiver.resolutionBegan(resolution)
            for address in found:
                kind = IPv6Address if ":" in address else IPv4Address
                resolutionReceiver.addressResolved(kind("TCP", address, portNumber))
            resolutionReceiver.resolutionComplete()

        Deferred.fromCoroutine(tell())
        return resolution

    def _way(self) -> _Way:
        mapped, host = self._hosts.look(), self._gateway.host
        if not any(map(is_loopback, mapped.addresses)):
            return _Way.SYSTEM
        # No other name gets a client past R20 and TLS.
        if mapped.by_us or host in self._client_names:
            return _Way.DNS
        if points_at_itself(mapped.addresses, self._gateway.port, self._listeners):
            return _Way.DNS
        return _Way.SYSTEM if self._hosts.believed or _is_this_machine_s(host) else _Way.DNS_FIRST

    async def _ask(self) -> tuple[str, ...]:
        if self._dns is None:
            self._dns = self._make_dns(self._reactor)
        return await self._dns.addresses(self._gateway.host)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Twisted: nobody waits any more.  The answer may serve the next one."""


class _Mapped(NamedTuple):
    """What the hosts file says of the gateway's name."""

    addresses: tuple[str, ...] = ()
    by_us: bool = False
    """By `localedge hosts add`."""


class _HostsFile:
    """The system's hosts file, read again when it has changed; behind a link too, unlike `HostsFile`."""

    def __init__(self, name: str, path: Path | None) -> None:
        if path is None:
            from localedge.machine.hosts import system_path

            path = system_path()
        self._path = path
        self._name = name
        self._version: tuple[int, ...] = ()
        self._mapped = _Mapped()
        self.believed = False
        """DNS servers know nothing else: until the file changes they are not asked again."""

    def look(self) -> _Mapped:
        """Nothing for a file that nobody could read: the system could not either."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - once per connection
        except OSError:
            return _Mapped()
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        if version != self._version:
            self._version, self._mapped, self.believed = version, self._read(), False
        return self._mapped

    def _read(self) -> _Mapped:
        from localedge.machine.hosts_text import HostsText

        try:
            text = HostsText.seen(self._path.read_bytes())
        except (OSError, Failure):
            return _Mapped()
        found = tuple(address for address in text.addresses(self._name) if is_address(address))
        return _Mapped(found, any(one.name == self._name for one in text.own))


def points_at_itself(
    addresses: Iterable[str],
    port: int,
    listeners: Listeners,
    is_ours: "Callable[[str], bool] | None" = None,
) -> bool:
    """Whether TCP to one of these addresses, at `port`, would end at one of the edge's own listeners.

    Anything loopback is taken for any other loopback: 127.0.0.2, ::1, 0.0.0.0, ::ffff:127.0.0.1.
    `is_ours` tells whether an address is one of this machine's interfaces.
    """
    is_ours = is_ours or is_interface
    hosts = [host for host, number in listeners if number == port and number]
    return any(
        address == host
        or (is_loopback(address) and is_loopback(host))
        or (host in ("0.0.0.0", "::") and is_ours(address))  # noqa: S104 - compared
        for address in addresses
        for host in hosts
    )


def is_interface(address: str) -> bool:
    """Whether an address is one of this machine's: a socket can be bound to it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _must_not_be_us(gateway: Gateway, addresses: Iterable[str], listeners: Listeners) -> None:
    for address in addresses:
        if points_at_itself([address], gateway.port, listeners):
            raise Failure("gateway-is-edge", gateway=gateway.url, address=address)


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def _is_this_machine_s(host: str) -> bool:
    """Whether a name is this machine's own, or of a kind that DNS servers do not know."""
    first, dot, _ = host.partition(".")
    return not dot or is_private(host) or first == socket.gethostname().partition(".")[0].lower()


def _late(_cancelled: object, seconds: float) -> TwistedFailure:
    return TwistedFailure(LookupError(f"no answer within {seconds:g} seconds"))


def _system_dns(reactor: Any) -> "Dns":
    from localedge.edge.dns import system_dns

    return system_dns(reactor)
