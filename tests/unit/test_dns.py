"""The gateway's address straight from DNS servers: who is asked, and for how long the answer is good."""

from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.names import dns as wire

from localedge.edge import dns
from localedge.edge.dns import Answer, Dns
from tests.dns_peer import NAME, FakeDns, Server, serving
from tests.wire_peers import the_reactor

# -- answers are remembered


def addresses(servers: Dns) -> list[Any]:
    """What it says, in a list: an answer or an error as soon as there is one."""
    said: list[Any] = []
    Deferred.fromCoroutine(servers.addresses(NAME)).addCallbacks(
        said.append, lambda failure: said.append(str(failure.value))
    )
    return said


def test_an_answer_is_good_for_as_long_as_it_says() -> None:
    """Not every connection asks; when the time is over, and a server fails, the last answer has to do."""
    servers = FakeDns("192.0.2.5", "2001:db8::5")
    assert addresses(servers) == [("192.0.2.5", "2001:db8::5")]
    servers.clock.advance(59)
    addresses(servers)
    assert len(servers.asked) == 1
    servers.clock.advance(1)
    servers.fail("none of them answers")
    assert addresses(servers) == [("192.0.2.5", "2001:db8::5")]
    assert len(servers.asked) == 2
    servers.answer = lambda: Answer(("192.0.2.6",), 60)
    servers.clock.advance(dns.SHORTEST)
    assert addresses(servers) == [("192.0.2.6",)]
    servers.answer = lambda: Answer(("127.0.0.1",), 60)
    servers.clock.advance(60)
    assert addresses(servers) == ["their answer is this machine as well"], "loopback is never an answer"


@pytest.mark.parametrize("good", [True, False])
def test_who_waits_for_the_same_answer_asks_once(good: bool) -> None:
    """A burst of connections is one question, and all of it gets the same answer."""
    servers = FakeDns()
    pending: Deferred[Answer] = Deferred()
    questions: list[str] = []

    def ask(name: str) -> Deferred[Answer]:
        questions.append(name)
        return pending

    servers._ask = ask
    waiting = [addresses(servers) for _ in range(3)]
    assert waiting == [[], [], []]
    if good:
        pending.callback(Answer(("192.0.2.5",), 1))
    else:
        pending.errback(LookupError("they cannot find out"))
    assert waiting == [[("192.0.2.5",) if good else "they cannot find out"]] * 3
    assert questions == [NAME]


# -- real questions, to a server of the test's own


async def asked(*servers: tuple[str, int]) -> Answer:
    """What asking them gives."""
    return await dns.asker(the_reactor(), lambda: servers)(NAME)


@pytest_twisted.ensureDeferred
async def test_both_families_are_asked_for() -> None:
    """Addresses of both kinds, behind an alias too, for as long as the shortest of them is good."""
    server = Server()
    server.add(wire.Record_CNAME, "real.example")
    server.add(wire.Record_A, "192.0.2.5", name="real.example", ttl=30)
    server.add(wire.Record_AAAA, "2001:db8::5", name="real.example")
    async with serving(server) as place:
        assert await asked(place) == Answer(("192.0.2.5", "2001:db8::5"), 30)
    assert sorted(server.asked) == [(NAME, wire.A, "udp"), (NAME, wire.AAAA, "udp")]


@pytest_twisted.ensureDeferred
async def test_a_long_answer_is_fetched_by_tcp() -> None:
    """An answer that does not fit a datagram is asked for again, and no connection stays open."""
    server = Server()
    server.truncate = True
    for number in range(40):
        server.add(wire.Record_A, f"192.0.2.{number}")
    async with serving(server) as place:
        assert len((await asked(place)).addresses) == 40
    assert (NAME, wire.A, "tcp") in server.asked


@pytest_twisted.ensureDeferred
async def test_no_such_name_is_an_answer() -> None:
    """The second server is not asked for a name that the first one knows not to exist."""
    first, second = Server(), Server()
    first.code = wire.ENAME
    async with serving(first) as place, serving(second) as other:
        with pytest.raises(LookupError, match="do not know the name"):
            await asked(place, other)
    assert second.asked == []


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("code", [wire.ESERVER, wire.EREFUSED, wire.ENOTIMP])
async def test_a_server_that_fails_passes_the_question_on(code: int) -> None:
    """As with libc, the next server is asked."""
    first, second = Server(), Server()
    first.code = code
    second.add(wire.Record_A, "192.0.2.5")
    async with serving(first) as place, serving(second) as other:
        assert (await asked(place, other)).addresses == ("192.0.2.5",)
        with pytest.raises(LookupError, match="cannot find out"):
            await asked(place)


@pytest_twisted.ensureDeferred
async def test_a_silent_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is asked after a while, and in the end it is told that none of them answers."""
    monkeypatch.setattr(dns, "TIMEOUT", (0.2, 0.5))
    first, second = Server(), Server()
    first.silent = True
    second.add(wire.Record_AAAA, "2001:db8::5")
    async with serving(first) as place, serving(second) as other:
        assert (await asked(place, other)).addresses == ("2001:db8::5",)
        with pytest.raises(LookupError, match="none of them answers"):
            await asked(place)
    with pytest.raises(LookupError, match="there are none"):
        await asked()


def test_a_server_beyond_reach_is_left() -> None:
    """A network that is not there is one clear reason too."""
    problem = dns._lookup_error(OSError(101, "Network is unreachable"))
    assert str(problem) == "Network is unreachable"


def test_which_servers_there_are(tmp_path: Path) -> None:
    """Those of resolv.conf; those behind systemd's stub, which reads the hosts file; else libc's default."""
    conf, behind = tmp_path / "resolv.conf", tmp_path / "behind"

    def servers() -> list[str]:
        found = dns.system_servers(str(conf), str(behind))
        assert all(port == 53 for _, port in found)
        return [host for host, _ in found]

    assert servers() == ["127.0.0.1"]
    conf.write_bytes(
        b"# caf\xe9\nsearch lan\nnameserver 192.0.2.53 # x\nnameserver\n nameserver\t2001:db8::53\n"
    )
    assert servers() == ["192.0.2.53", "2001:db8::53"]
    conf.write_text("nameserver 127.0.0.53\noptions edns0\n")
    assert servers() == ["127.0.0.53"]
    behind.write_text("nameserver 192.0.2.54\n")
    assert servers() == ["192.0.2.54"]
    conf.write_text("nameserver 127.0.0.53\nnameserver 192.0.2.1\n")
    assert servers() == ["127.0.0.53", "192.0.2.1"]
