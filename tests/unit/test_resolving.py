"""The gateway's own name may lead to this machine: the edge must not call itself (R19)."""

import dataclasses
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from localedge.config import Config, Gateway, Https, Proxy
from localedge.edge import dns, resolving
from localedge.edge.resolving import NextHop, next_hop, points_at_itself, settle
from localedge.errors import Failure
from tests.dns_peer import NAME, FakeDns

HTTP = Gateway("http", NAME, 8000)
EDGE = [("127.0.0.1", 18080), ("127.0.0.1", 18443)]


def test_R24_a_proxy_looks_the_name_up_itself() -> None:
    """R24: behind a proxy neither the hosts file nor gateway.address has a say."""
    gateway = dataclasses.replace(HTTP, proxy=Proxy("proxy.example", 3128), address="192.0.2.1")
    assert next_hop(gateway) == NextHop("proxy.example", 3128)


def test_a_pinned_address_is_dialled() -> None:
    """gateway.address takes the place of the name for TCP; the name stays for Host and TLS."""
    pinned = dataclasses.replace(HTTP, address="2001:db8::1")
    assert next_hop(pinned) == NextHop("2001:db8::1", 8000)
    assert pinned.authority == f"{NAME}:8000"
    assert next_hop(HTTP) == NextHop(NAME, 8000)


@pytest.mark.parametrize(
    ("address", "port", "listener", "itself"),
    [
        ("127.0.0.1", 18080, "127.0.0.1", True),
        ("127.0.0.1", 8000, "127.0.0.1", False),
        ("127.0.0.2", 18080, "127.0.0.1", True),
        ("0.0.0.0", 18080, "127.0.0.1", True),
        ("::", 18080, "127.0.0.1", True),
        ("::1", 18080, "127.0.0.1", True),
        ("::ffff:127.0.0.1", 18080, "127.0.0.1", True),
        ("127.0.0.1", 18080, "::1", True),
        ("127.0.0.1", 18080, "0.0.0.0", True),
        ("127.0.0.1", 18080, "::", True),
        ("10.0.0.7", 18080, "0.0.0.0", True),
        ("10.0.0.7", 18080, "::", True),
        ("10.0.0.7", 18080, "127.0.0.1", False),
        ("10.0.0.7", 18080, "10.0.0.7", True),
        ("10.0.0.8", 18080, "0.0.0.0", False),
        ("10.0.0.8", 18080, "10.0.0.7", False),
        ("127.0.0.1", 18080, "10.0.0.7", False),
        ("127.0.0.1", 0, "127.0.0.1", False),
    ],
)
def test_R19_what_is_the_edge_itself(address: str, port: int, listener: str, itself: bool) -> None:
    """R19: loopback in any clothes, any address of this machine where the edge listens on all."""
    listeners = [("127.0.0.1", 1), (listener, 18080 if port else 0)]
    assert points_at_itself([address], port, listeners, lambda one: one == "10.0.0.7") is itself


@pytest.mark.skipif(sys.platform == "win32", reason="Wine binds a socket to any address")
def test_which_addresses_are_this_machine_s() -> None:
    """A socket can be bound to them, and to no other."""
    assert resolving.is_interface("127.0.0.1")
    assert not resolving.is_interface("192.0.2.77") and not resolving.is_interface("no address")


# -- the decision at the start


def context_of(config: Config, clock: Clock) -> Any:
    """What `settle` needs of a context."""
    return SimpleNamespace(config=config, reactor=clock, next_hop=next_hop(config.gateway))


class System:
    """The reactor's own resolver: says what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, name: str, port: int, *_: object) -> object:
        """Twisted's."""
        self.asked.append(name)
        receiver.resolutionBegan(SimpleNamespace(name=name, cancel=lambda: None))
        receiver.addressResolved(SimpleNamespace(host="by the system", port=port))
        receiver.resolutionComplete()
        return self


class Started:
    """What became of the start, and a way to dial afterwards."""

    def __init__(
        self,
        hosts: Path,
        servers: FakeDns | None = None,
        gateway: Gateway = HTTP,
        *,
        listeners: Sequence[tuple[str, int]] = EDGE,
        **config: Any,
    ) -> None:
        self.clock = servers.clock if servers else Clock()
        self.system = self.clock.nameResolver = System()  # type: ignore[attr-defined]
        self.context = context_of(Config(gateway, **config), self.clock)

        def dns(reactor: object) -> FakeDns:
            assert servers is not None, "DNS was asked"
            return servers

        outcome: list[Any] = []
        started = settle(self.context, listeners, hosts=hosts, dns=dns)
        Deferred.fromCoroutine(started).addBoth(outcome.append)
        if outcome and not isinstance(outcome[0], list):
            outcome[0].raiseException()
        self.told = [notice.code for notice in outcome[0]] if outcome else None

    def dial(self) -> "Receiver":
        receiver = Receiver()
        next_hop = self.context.next_hop
        (next_hop.resolver or self.system).resolveHostName(receiver, next_hop.host, next_hop.port)
        return receiver


class Receiver:
    """What a dialling hears of its name."""

    def __init__(self) -> None:
        self.heard: list[str] | None = None
        self._hearing: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:
        """Twisted's."""
        assert self._hearing == []
        resolution.cancel()

    def addressResolved(self, address: Any) -> None:
        """Twisted's."""
        assert address.port == 8000
        self._hearing.append(address.host)

    def resolutionComplete(self) -> None:
        """Twisted's."""
        assert self.heard is None
        self.heard = self._hearing


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """A hosts file; none yet."""
    return tmp_path / "hosts"


OURS = f"127.0.0.1 localhost\n# localedge: begin\n127.0.0.1 {NAME}\n# localedge: end\n".encode()
BY_HAND = f"127.0.0.1 localhost\n127.0.0.1 {NAME} # mine\n".encode()


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"127.0.0.1 localhost\n# 127.0.0.1 gw.company.com\n",
        b"10.0.0.7 gw.company.com\n127.0.0.1 other.gw.company.com\n",
        b"127.0.0.1 gw.company.com\0",
    ],
)
def test_R19_a_name_that_leads_elsewhere(hosts: Path, content: bytes | None) -> None:
    """R19: the system is asked, and nothing waited for, while the hosts file does not lead here."""
    if content is not None:
        hosts.write_bytes(content)
    started = Started(hosts)
    assert started.told == [] and started.dial().heard == ["by the system"]


@pytest.mark.parametrize(
    "content",
    [
        OURS,
        BY_HAND,
        BY_HAND.replace(b"127.0.0.1 gw", b"127.0.0.2 x GW"),
        BY_HAND.replace(b"127.0.0.1 gw", b"::1\tgw"),
        BY_HAND.replace(b"127.0.0.1 gw", b"0.0.0.0 gw"),
        b"10.0.0.7 gw.company.com\n" + BY_HAND,
        b"# localedge: begin\n" + BY_HAND,
        b"\xff\xfe" + BY_HAND.decode().encode("utf-16-le"),
    ],
)
def test_R19_a_name_that_the_hosts_file_maps_here_is_asked_of_dns(hosts: Path, content: bytes) -> None:
    """R19: however loopback is written, the gateway is looked for where DNS servers say it is."""
    hosts.write_bytes(content)
    servers = FakeDns("127.0.0.1", "192.0.2.5", "2001:db8::5")
    started = Started(hosts, servers)
    assert started.told == ["gateway-by-dns"] and servers.asked == [NAME]
    assert started.dial().heard == ["192.0.2.5", "2001:db8::5"]
    assert started.system.asked == []


@pytest.mark.parametrize(
    ("content", "config"),
    [
        (OURS, {}),
        (BY_HAND, {"https": Https(names=("localedge.test", NAME))}),
        (BY_HAND, {"allowed_hosts": (NAME,)}),
        (BY_HAND, {"listeners": [("127.0.0.1", 8000)]}),
    ],
)
@pytest.mark.parametrize(
    ("servers", "reason"),
    [
        (lambda: FakeDns(problem="none of them answers"), "none of them answers"),
        (lambda: FakeDns("127.0.0.1", "::1"), "this machine as well"),
        (FakeDns, "no address"),
    ],
)
def test_R19_nobody_knows_where_the_gateway_is(
    hosts: Path, content: bytes, config: dict[str, Any], servers: Callable[[], FakeDns], reason: str
) -> None:
    """R19: a name under which clients find the edge, and DNS gives no other address: told at the start."""
    hosts.write_bytes(content)
    with pytest.raises(Failure, match=r"Set gateway\.address") as caught:
        Started(hosts, servers(), **config)
    assert caught.value.code == "gateway-own-name" and reason in str(caught.value)


def test_R19_somebody_s_tunnel_stays(hosts: Path) -> None:
    """R19: a line of the user's own for a name that no client may use, unknown to DNS: it is believed."""
    hosts.write_bytes(BY_HAND)
    servers = FakeDns(problem="they do not know the name")
    started = Started(hosts, servers)
    assert started.told == [] and started.dial().heard == ["by the system"]
    assert len(servers.asked) == 1, "a dead server does not hold up every connection"
    hosts.write_bytes(BY_HAND + b"\n")
    assert started.dial().heard == ["by the system"] and len(servers.asked) == 2


@pytest.mark.parametrize("name", ["box", "gateway.test", "gateway.internal", f"{socket.gethostname()}.lan"])
def test_R19_this_machine_s_own_name_is_not_asked_of_dns(hosts: Path, name: str) -> None:
    """R19: Debian maps the machine's name to 127.0.1.1, and a gateway may well run there."""
    name = name.lower()
    hosts.write_text(f"127.0.1.1 {name}\n")
    started = Started(hosts, None, dataclasses.replace(HTTP, host=name))
    assert started.told == [] and started.dial().heard == ["by the system"]


def test_R19_a_name_that_is_mapped_while_the_edge_runs(hosts: Path) -> None:
    """R19: `hosts add` and `hosts remove` count from the next connection on, without a restart."""
    hosts.write_bytes(b"127.0.0.1 localhost\n")
    servers = FakeDns("192.0.2.5")
    started = Started(hosts, servers)
    assert started.dial().heard == ["by the system"] and servers.asked == []
    hosts.write_bytes(OURS)
    assert started.dial().heard == ["192.0.2.5"]
    servers.fail("none of them answers")
    servers.clock.advance(dns.LONGEST)
    assert started.dial().heard == ["192.0.2.5"], "the last answer has to do"
    hosts.write_bytes(b"127.0.0.1 localhost\n")
    assert started.dial().heard == ["by the system"]
    hosts.unlink()
    assert started.dial().heard == ["by the system"]


def test_R19_a_name_that_nobody_knows_while_the_edge_runs(hosts: Path) -> None:
    """R19: rather no address, and an error for the client, than a call to itself."""
    started = Started(hosts, FakeDns(problem="they do not know the name"))
    hosts.write_bytes(OURS)
    assert started.dial().heard == [] and started.system.asked == []


@pytest.mark.parametrize(
    ("gateway", "content", "address"),
    [
        (dataclasses.replace(HTTP, port=18443, address="127.0.0.1"), OURS, "127.0.0.1"),
        (Gateway("http", "127.0.0.2", 18080), b"", "127.0.0.2"),
        (Gateway("http", "localhost", 18443), b"", "127.0.0.1"),
        (dataclasses.replace(HTTP, port=18080), OURS, "192.0.2.5"),
        (dataclasses.replace(HTTP, port=18080), b"192.0.2.5 gw.company.com\n", "192.0.2.5"),
    ],
)
def test_R19_the_edge_would_call_itself(hosts: Path, gateway: Gateway, content: bytes, address: str) -> None:
    """R19: by a pinned address, by its form, by DNS or by the hosts file: told at the start."""
    hosts.write_bytes(content)
    listeners = [*EDGE, ("192.0.2.5", 18080)]
    with pytest.raises(Failure, match="it would forward to itself") as caught:
        Started(hosts, FakeDns("192.0.2.5"), gateway, listeners=listeners)
    assert caught.value.code == "gateway-is-edge" and f" {address}," in str(caught.value)


@pytest.mark.parametrize(
    "gateway",
    [
        Gateway("http", "127.0.0.1", 18080, demo=True),
        dataclasses.replace(HTTP, proxy=Proxy("127.0.0.1", 18080)),
        dataclasses.replace(HTTP, address="192.0.2.9"),
    ],
)
def test_what_needs_no_decision(hosts: Path, gateway: Gateway) -> None:
    """The demo gateway, a proxy, and a pinned address elsewhere are taken as they are."""
    hosts.write_bytes(OURS)
    started = Started(hosts, None, gateway)
    assert started.told == [] and started.context.next_hop == next_hop(gateway)


def test_the_start_does_not_wait_for_long(hosts: Path) -> None:
    """DNS servers that never answer hold the start up for a few seconds, not for good."""
    hosts.write_bytes(OURS)
    servers = FakeDns()
    servers._ask = lambda name: Deferred()
    context = context_of(Config(HTTP), servers.clock)
    failures: list[Any] = []
    started = settle(context, EDGE, hosts=hosts, dns=lambda _: servers)
    Deferred.fromCoroutine(started).addErrback(failures.append)
    servers.clock.advance(resolving.PATIENCE)
    assert [failure.value.code for failure in failures] == ["gateway-own-name"]
    assert servers.clock.getDelayedCalls() == []
