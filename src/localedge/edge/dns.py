"""The gateway's addresses straight from DNS servers, past the hosts file.

Which servers: those of resolv.conf.  systemd-resolved and the like answer on loopback and read the hosts
file themselves, so theirs are asked where they can be found out.  On Windows the system is asked not to
look into the hosts file, which keeps VPN and policy rules about servers in force.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.error import CannotListenError

from localedge.machine.hosts_lookup import is_loopback

TIMEOUT = (1, 2)
"""Seconds until a server is asked no more, in the first round and in the second."""
SHORTEST, LONGEST = 5.0, 300.0
"""Seconds that an answer is believed, whatever it says of itself."""

_RESOLV_CONF = "/etc/resolv.conf"
# of systemd-resolved, when resolv.conf names its stub, which answers from the hosts file (resolved.conf(5))
_BEHIND_STUB = "/run/systemd/resolve/resolv.conf"
_STUBS = {"127.0.0.53", "127.0.0.54"}

Servers = Sequence[tuple[str, int]]


class Answer(NamedTuple):
    """What DNS says about a name; no addresses: that it has none."""

    addresses: tuple[str, ...]
    ttl: float
    """Seconds."""


Ask = Callable[[str], "Deferred[Answer]"]
"""Fails with LookupError, whose text is for people."""


class Dns:
    """Looks up one name, again and again, and remembers the answer for as long as it is good.

    Loopback is never an answer: a DNS server that reads the same hosts file would lead the edge to itself.
    """

    def __init__(self, ask: Ask, reactor: Any) -> None:
        self._ask = ask
        self._reactor = reactor
        self._known: tuple[str, ...] = ()
        self._good_until = 0.0
        self._problem = "none of them answers"
        self._asking: list[Deferred[None]] | None = None

    async def addresses(self, name: str) -> tuple[str, ...]:
        """At least one.  Raises LookupError.  Where no server answers, the last good answer has to do."""
        if self._asking is not None:
            answered: Deferred[None] = Deferred()
            self._asking.append(answered)
            await answered
            if not self._known:
                raise LookupError(self._problem)
        elif not self._known or self._reactor.seconds() >= self._good_until:
            self._asking = []
            try:
                await self._refresh(name)
            finally:
                waiting, self._asking = self._asking, None
                for answered in waiting:
                    answered.callback(None)
        return self._known

    async def _refresh(self, name: str) -> None:
        try:
            answer = await self._ask(name)
        except LookupError as error:
            self._problem = str(error)
            if not self._known:
                raise
            answer = Answer(self._known, SHORTEST)
        found = tuple(address for address in answer.addresses if not is_loopback(address))
        if not found:
            self._known = ()
            here = "their answer is this machine as well"
            self._problem = here if answer.addresses else "they know no address"
            raise LookupError(self._problem)
        self._known = found
        self._good_until = self._reactor.seconds() + min(max(answer.ttl, SHORTEST), LONGEST)


def system_dns(reactor: Any) -> Dns:
    """This system's DNS servers."""
    if sys.platform == "win32":
        return Dns(ask_windows, reactor)
    else:
        return Dns(asker(reactor, system_servers), reactor)


def asker(reactor: Any, servers: Callable[[], Servers]) -> Ask:
    """Asks DNS servers in turn, by UDP, and by TCP where an answer is too long.

    `servers` is called for every question: a laptop changes its network.  As with libc, a server
    that is silent, refuses or fails passes the question on to the next; "no such name" is an answer.
    """

    async def ask(name: str) -> Answer:
        problem: LookupError = LookupError("there are none")
        for seconds in TIMEOUT:
            for server in servers():
                try:
                    return await _ask_one(reactor, server, name, seconds)
                except NoSuchName:
                    raise
                except LookupError as error:
                    problem = error
        raise problem

    return lambda name: Deferred.fromCoroutine(ask(name))


class NoSuchName(LookupError):
    """An answer too."""


async def _ask_one(reactor: Any, server: tuple[str, int], name: str, seconds: float) -> Answer:
    from twisted.names.client import Resolver

    resolver = Resolver(servers=[server], timeout=(seconds,), reactor=reactor)
    try:
        questions = [resolver.lookupAddress(name), resolver.lookupIPV6Address(name)]
        return _answer(await DeferredList(questions, consumeErrors=True))
    except (OSError, CannotListenError) as error:  # no descriptor for a socket, for example
        raise _lookup_error(error) from error
    finally:
        for connection in resolver.connections:  # by TCP; the servers keep them open
            connection.transport.loseConnection()


def _answer(both: Iterable[tuple[bool, Any]]) -> Answer:
    """Of the queries for A and for AAAA.  One that fails does not spoil the other."""
    from twisted.names import dns

    addresses: list[str] = []
    ttls = [LONGEST]
    problem: BaseException | None = None
    for good, result in both:
        if not good:
            problem = result.value
            continue
        for record in result[0]:  # behind a CNAME the records have another name than was asked for
            if record.type in (dns.A, dns.AAAA):
                addresses.append(str(ip_address(record.payload.address)))
                ttls.append(float(record.ttl))
    if not addresses and problem is not None:
        raise _lookup_error(problem) from problem
    return Answer(tuple(dict.fromkeys(addresses)), min(ttls))


def _lookup_error(problem: BaseException) -> LookupError:
    from twisted.internet import defer
    from twisted.names.error import DNSNameError, DomainError

    if isinstance(problem, DNSNameError):
        return NoSuchName("they do not know the name")
    if isinstance(problem, defer.TimeoutError | TimeoutError):
        return LookupError("none of them answers")
    if isinstance(problem, DomainError):
        return LookupError("they cannot find out")
    return LookupError(getattr(problem, "strerror", None) or type(problem).__name__)


def system_servers(resolv_conf: str = _RESOLV_CONF, behind_stub: str = _BEHIND_STUB) -> Servers:
    """The DNS servers of this system, in order; libc's default where none is named (resolv.conf(5))."""
    servers = _servers(resolv_conf)
    if servers and set(servers) <= _STUBS:
        servers = _servers(behind_stub) or servers
    return [(server, 53) for server in servers or ["127.0.0.1"]]


def _servers(path: str) -> list[str]:
    try:
        lines = Path(path).read_bytes().decode("latin-1").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    return [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]


if sys.platform == "win32":

    def ask_windows(name: str) -> "Deferred[Answer]":
        """Ask the system, past its hosts file."""
        from twisted.internet.threads import deferToThread

        from localedge.machine.windows_dns import query

        return deferToThread(lambda: Answer(*query(name)))
