"""A host's addresses are tried in turn, and none is waited for longer than it must be (R34, RFC 8305)."""

from typing import Any

import pytest
from twisted.internet import error
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.protocol import Protocol

from localedge.edge.dialing import STAGGER, Dialing, in_turn
from tests.memory import Connecting, MemoryReactor


class Resolver:
    """Answers with these addresses, when told to."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts
        self.receiver: Any = None

    def resolveHostName(self, receiver: Any, host: str, port: int) -> None:
        """Twisted's."""
        self.receiver = receiver

    def answer(self) -> None:
        for host in self.hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            self.receiver.addressResolved(kind("TCP", host, 0))
        self.receiver.resolutionComplete()


class Dialled:
    """A dialling and what came of it."""

    def __init__(self, *hosts: str, name: str = "localhost", preferred: str | None = None) -> None:
        self.reactor = MemoryReactor()
        self.reactor.nameResolver = Resolver(*hosts)  # type: ignore[attr-defined]
        self.built: list[str] = []
        self.failures: list[BaseException] = []
        self.dialing = Dialing(
            self.reactor,
            name,
            8000,
            10,
            build=self._build,
            failed=self.failures.append,
            preferred=preferred,
        )
        self.dialing.start()
        if hosts or name == "localhost":
            self.reactor.nameResolver.answer()  # type: ignore[attr-defined]

    def _build(self, host: str) -> Protocol:
        self.built.append(host)
        return Protocol()

    @property
    def pending(self) -> list[Connecting]:
        return [attempt for attempt in self.reactor.attempts if attempt.pending]


def test_R34_an_address_that_refuses_costs_no_time() -> None:
    """`localhost` is ::1 first: a gateway on 127.0.0.1 alone is reached at once all the same (R34)."""
    dialled = Dialled("::1", "127.0.0.1")
    assert [one.host for one in dialled.pending] == ["::1"]
    dialled.pending[0].fail(error.ConnectionRefusedError())
    assert [one.host for one in dialled.pending] == ["127.0.0.1"]
    dialled.pending[0].accept()
    assert (dialled.built, dialled.failures) == (["127.0.0.1"], [])
    assert dialled.reactor.getDelayedCalls() == []


def test_R34_an_address_that_does_not_answer_is_not_waited_for() -> None:
    """The next one is tried beside it, and the first that answers wins (R34)."""
    dialled = Dialled("2001:db8::1", "192.0.2.1")
    dialled.reactor.advance(STAGGER)
    first, second = dialled.pending
    second.accept()
    assert dialled.built == ["192.0.2.1"]
    assert first.cancelled
    assert dialled.reactor.getDelayedCalls() == []


def test_R34_all_addresses_fail() -> None:
    """Told once, when nothing is left to hope for (R34)."""
    dialled = Dialled("::1", "127.0.0.1")
    dialled.reactor.advance(STAGGER)
    first, second = dialled.pending
    first.fail(error.ConnectionRefusedError())
    assert dialled.failures == []
    second.fail(error.ConnectionRefusedError())
    assert [type(cause) for cause in dialled.failures] == [error.ConnectionRefusedError]


def test_R34_a_name_without_addresses() -> None:
    """The resolver found nothing (R34)."""
    assert [type(cause) for cause in Dialled().failures] == [error.DNSLookupError]


def test_R31_nobody_waits_any_more() -> None:
    """What is under way is given up, and what comes later is not taken (R31)."""
    dialled = Dialled("::1", "127.0.0.1")
    dialled.dialing.cancel()
    assert dialled.pending == []
    assert (dialled.built, dialled.failures) == ([], [])
    dialled.dialing.resolutionComplete()
    assert dialled.pending == []
    assert dialled.reactor.getDelayedCalls() == []


def test_R34_an_address_needs_no_resolver() -> None:
    """An IP literal is connected to as it stands (R34)."""
    dialled = Dialled(name="::1")
    assert [one.host for one in dialled.pending] == ["::1"]


@pytest.mark.parametrize(
    ("hosts", "preferred", "order"),
    [
        (["a", "b"], None, ["a", "b"]),
        ([":1", ":2", "a", "b"], None, [":1", "a", ":2", "b"]),
        (["a", ":1", "b", "c"], None, ["a", ":1", "b", "c"]),
        ([":1", "a"], "a", ["a", ":1"]),
        ([":1", "a", ":1"], "gone", [":1", "a"]),
        ([], "a", []),
    ],
)
def test_R34_the_order_of_addresses(hosts: list[str], preferred: str | None, order: list[str]) -> None:
    """The one that worked last, then the families in turn, as the resolver sorted them (RFC 8305 4)."""
    assert in_turn(hosts, preferred) == order
