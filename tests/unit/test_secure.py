"""The record layer of TLS towards clients, played in memory: what goes up, what goes down, how it ends."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from localedge.config import Config, Gateway, LogFormat, LogLevel
from localedge.edge.context import Context
from localedge.edge.handshake import SecureEntry, wrong_port
from localedge.edge.observe import Observer
from localedge.edge.secure import FAREWELL, UNREAD, SecureTransport
from localedge.edge.service import make_route
from localedge.edge.tls import Certificates
from localedge.edge.wire import Wire
from localedge.http.framing import Body
from localedge.http.head import RequestHead, combine
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests.memory import MemoryReactor, MemoryTransport
from tests.tls_client import NAME, Shaken, trusting

GATEWAY = Gateway("http", "gateway.test", 80)
PLACES = IPv4Address("TCP", "127.0.0.1", 18443), IPv4Address("TCP", "127.0.0.1", 50000)


@implementer(IHalfCloseableProtocol)
class Above(Protocol):
    """The protocol above: takes note of everything."""

    transport: Any

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.events: list[str] = []
        self.wire: Wire

    def connectionMade(self) -> None:
        self.wire = Wire(self.transport, self)

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)

    def readConnectionLost(self) -> None:
        self.events.append("fin")

    def writeConnectionLost(self) -> None:
        raise AssertionError("not asked for")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert reason.value is not None
        self.events.append(type(reason.value).__name__)

    def wire_blocked(self) -> None:
        self.events.append("blocked")

    def wire_drained(self) -> None:
        self.events.append("drained")


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """An authority."""
    vault = Vault(tmp_path_factory.mktemp("place") / "ca")  # it makes its own directory
    now = dt.datetime.now(dt.UTC)
    vault.store(make_authority([NAME], now), [NAME], now)
    return vault


class Table:
    """The edge's end in memory, and a client's TLS whose bytes the test carries."""

    def __init__(self, vault: Vault, **client: Any) -> None:
        self.reactor = MemoryReactor()
        self.said: list[str] = []
        observer = Observer(self.said.append, LogFormat.TEXT, LogLevel.DEBUG)
        self.context = Context(Config(gateway=GATEWAY), self.reactor, observer, make_route(GATEWAY, b"i"))
        self.certificates = Certificates(vault, [NAME], self.reactor, lambda _: None)
        self.certificates.start()
        self.transport = MemoryTransport(self.reactor, *PLACES)
        self.entry = SecureEntry(self.context, self.certificates)
        self.transport.protocol = self.entry
        self.entry.makeConnection(self.transport)  # type: ignore[no-untyped-call]
        self.client = Shaken(trusting(vault.root_file), **client)
        self.heard = b""
        self.above = Above()
        self._seen = 0

    def arrives(self, data: bytes) -> None:
        """Bytes come in, and everything moves as far as it can."""
        self.transport.inbox += data
        self.settle()

    def settle(self) -> None:
        """Until nothing moves."""
        while True:
            moved = self.transport.turn()
            self.reactor.advance(0)
            fresh = bytes(self.transport.sent[self._seen :])
            self._seen += len(fresh)
            if fresh:
                self.heard += self.client.take(fresh)
            if not (moved or fresh):
                return

    def shake(self) -> "Table":
        """The handshake, with `above` as the protocol that it leads to."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("localedge.edge.handshake._protocol_for", lambda *_: self.above)
            self.client.take()
            while not self.client.done and self.client.error is None:
                self.arrives(self.client.give())
            self.arrives(self.client.give())
        return self

    @property
    def secure(self) -> SecureTransport:
        """The layer."""
        found = self.transport.protocol
        assert isinstance(found, SecureTransport)
        return found

    def stop(self) -> None:
        """No timer stays."""
        self.certificates.stop()
        self.context.stop()


@pytest.fixture
def table(vault: Vault) -> Iterator[Table]:
    """A connection whose handshake is done."""
    found = Table(vault).shake()
    yield found
    found.stop()


@pytest.fixture
def fresh(vault: Vault) -> Iterator[Table]:
    """A connection that has just come."""
    found = Table(vault)
    yield found
    found.stop()


def test_R14_many_records_in_one_read_are_one_piece(table: Table) -> None:
    """R14: what one read brings is handed over in one piece, however many records it is."""
    table.arrives(b"".join(table.client.say(b"%d," % number) for number in range(100)))
    assert table.above.pieces == [b"".join(b"%d," % number for number in range(100))]


def test_R14_bytes_one_by_one(table: Table) -> None:
    """R14: a record that comes byte by byte is handed over when it is there."""
    for byte in table.client.say(b"hello"):
        table.arrives(bytes([byte]))
    assert table.above.pieces == [b"hello"]


def test_data_with_the_end_of_the_handshake(fresh: Table) -> None:
    """A client that sends its request along with its last message of the handshake is not made to wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("localedge.edge.handshake._protocol_for", lambda *_: fresh.above)
        fresh.client.take()
        while not fresh.client.done:
            fresh.arrives(fresh.client.give())
        fresh.arrives(fresh.client.give() + fresh.client.say(b"at once"))
    assert fresh.above.pieces == [b"at once"]


@given(
    sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 70_000), min_size=1, max_size=8),
)
def test_R11_any_bytes_arrive_whatever_the_cuts(vault: Vault, sizes: list[int], cuts: list[int]) -> None:
    """R11: both ways, any amount in any pieces, cut anywhere, is the same bytes at the other end."""
    table = Table(vault).shake()
    said = [bytes([number % 251]) * size for number, size in enumerate(sizes)]
    stream = b"".join(table.client.say(piece) for piece in said)
    while stream:
        for cut in cuts:
            table.arrives(stream[:cut])
            stream = stream[cut:]
    assert b"".join(table.above.pieces) == b"".join(said)
    for piece in said:
        table.above.wire.put(piece)
        table.above.wire.flush()
    table.settle()
    assert table.heard == b"".join(said)
    table.stop()


def test_R32_close_notify_is_the_clients_fin(table: Table) -> None:
    """R32: whoever says close_notify sends no more; the FIN behind it is no second end."""
    table.arrives(table.client.say(b"last") + table.client.bye())
    assert (table.above.pieces, table.above.events) == ([b"last"], ["fin"])
    table.transport.fin_by_peer()
    table.settle()
    assert table.above.events == ["fin"]
    table.above.wire.put(b"answer")
    table.above.wire.flush()
    table.settle()
    assert table.heard == b"answer"


def test_R32_a_fin_without_close_notify_is_one_too(table: Table) -> None:
    """R32: many clients just hang up."""
    table.transport.fin_by_peer()
    table.settle()
    assert table.above.events == ["fin"]
    assert table.secure.wire.deaf


def test_R14_who_does_not_read_is_told_nothing(table: Table) -> None:
    """R14: while reading is paused nothing is handed over, not even the end; then all of it is."""
    table.above.transport.pauseProducing()
    table.arrives(table.client.say(b"later") + table.client.bye())
    assert (table.above.pieces, table.above.events) == ([], [])
    table.above.transport.resumeProducing()
    table.settle()
    assert (table.above.pieces, table.above.events) == ([b"later"], ["fin"])


def test_the_end_waits_for_a_reader_that_paused_meanwhile(table: Table) -> None:
    """Who pauses on the last bytes learns of the end behind them when it reads on."""
    pausing = table.above.transport.pauseProducing
    table.above.dataReceived = lambda data: (table.above.pieces.append(data), pausing())[0]  # type: ignore[method-assign, func-returns-value]
    table.arrives(table.client.say(b"last") + table.client.bye())
    assert (table.above.pieces, table.above.events) == ([b"last"], [])
    table.above.transport.resumeProducing()
    table.settle()
    assert table.above.events == ["fin"]


def test_R14_a_client_that_does_not_read_stops_the_writer(table: Table) -> None:
    """R14: back-pressure comes from ciphertext that the kernel does not take, and goes with it."""
    table.transport.room = 1000
    table.above.wire.put(b"x" * 300_000)
    table.above.wire.flush()
    table.settle()
    assert table.above.events == ["blocked"]
    assert table.above.wire.unsent > 299_000
    table.transport.room = None
    table.settle()
    assert table.above.events == ["blocked", "drained"]
    assert table.above.wire.unsent == 0
    assert table.heard == b"x" * 300_000


def test_R06_closing_flushes_and_says_goodbye(table: Table) -> None:
    """R06: a connection that ends in order ends with close_notify, so that a cut can be told from it."""
    table.above.wire.put(b"bye")
    table.above.wire.close()
    assert table.above.transport.disconnecting
    table.settle()
    assert (table.heard, table.client.closed, table.transport.end) == (b"bye", True, "fin")
    assert table.above.events == ["ConnectionDone"]
    table.above.wire.put(b"into the void")
    table.above.wire.flush()
    table.above.wire.close()
    table.above.wire.abort()


def test_R03_half_closed_the_client_is_still_heard(table: Table) -> None:
    """R03: after close_notify and FIN the rest of what the client sends is read; nothing more is written."""
    table.above.wire.put(b"refused")
    table.above.wire.half_close()
    table.settle()
    assert (table.heard, table.client.closed, table.transport.end) == (b"refused", True, "fin")
    table.above.wire.put(b"more")
    table.above.wire.flush()
    table.arrives(table.client.say(b"the rest") + table.client.say(b" of it"))
    assert table.above.pieces == [b"the rest of it"]
    table.arrives(table.client.bye())
    assert table.above.events == ["fin"]
    table.above.wire.close()
    table.settle()
    assert not table.transport.connected


def test_an_abort_is_a_reset(table: Table) -> None:
    """What is cut off looks cut off: no close_notify."""
    table.above.wire.abort()
    table.settle()
    assert (table.client.closed, table.transport.end) == (False, "reset")
    assert table.above.events == ["ConnectionAborted"]


def test_R01_a_broken_record_ends_it_with_an_alert(table: Table) -> None:
    """R01: a record that was tampered with gets an alert, and the protocol above has lost its client."""
    before = table.client.say(b"before")
    record = bytearray(table.client.say(b"hello"))
    record[-1] ^= 1
    table.arrives(before + bytes(record))
    assert table.above.pieces == [b"before"]
    assert table.above.events == ["ConnectionLost"]
    assert table.client.reason == "SSLV3_ALERT_BAD_RECORD_MAC"
    assert any("[tls-broken]" in line for line in table.said)
    table.arrives(b"whatever comes")
    assert table.transport.connected
    table.reactor.pump([FAREWELL / 4] * 6)
    table.settle()
    assert (table.transport.connected, table.context.frontends) == (False, set())


def test_bytes_that_are_no_record(table: Table) -> None:
    """Plain text in the middle of TLS is no data."""
    table.arrives(b"GET / HTTP/1.1\r\n\r\n")
    assert (table.above.pieces, table.above.events) == ([], ["ConnectionLost"])
    assert table.client.error is not None


def test_R14_changes_of_keys_do_not_pile_up(table: Table) -> None:
    """R14: a client that asks for new keys again and again and reads nothing is dropped."""
    table.transport.room = 0
    table.above.wire.put(b"x" * UNREAD)
    table.above.wire.flush()
    table.arrives(table.client.say(b"one"))
    assert table.above.pieces == [b"one"]  # a slow reader may well send
    table.secure._outgoing.write(b"the record that OpenSSL answers a KeyUpdate with")
    table.arrives(table.client.say(b"two"))
    assert (table.above.pieces, table.transport.end) == ([b"one"], "reset")


def test_R23_nothing_secret_is_shown(table: Table) -> None:
    """R23: what a client says stands in no repr and no line of the log."""
    table.arrives(table.client.say(b"the secret prompt"))
    shown = f"{table.secure!r} {table.entry!r} {table.secure.wire!r} {table.certificates!r} {table.said}"
    assert "secret" not in shown and "PRIVATE" not in shown


def test_memory_is_given_back_at_once(table: Table) -> None:
    """A connection that is gone holds nothing of OpenSSL's, whether garbage was collected or not."""
    secure = table.secure
    table.transport.reset_by_peer()
    table.settle()
    assert table.above.events == ["ConnectionLost"]
    assert not hasattr(secure, "_session") and not hasattr(secure, "_incoming")
    assert not secure.connected
    producer = Wire(secure, table.above)  # too late
    assert producer is not None


class TestHandshakes:
    """Before there is anything to hand over."""

    def test_R30_a_client_that_stalls(self, fresh: Table) -> None:
        """R30: who does not finish the handshake in time is dropped."""
        fresh.client.take()
        fresh.arrives(fresh.client.give()[:50])
        fresh.reactor.pump([1] * 12)
        fresh.settle()
        assert not fresh.transport.connected and fresh.context.frontends == set()
        assert any("[tls-handshake-timeout]" in line for line in fresh.said)

    def test_R30_a_client_that_says_nothing(self, fresh: Table) -> None:
        """R30: nor may a silent one stay."""
        fresh.reactor.pump([1] * 12)
        fresh.settle()
        assert not fresh.transport.connected and fresh.context.frontends == set()

    def test_a_client_that_leaves(self, fresh: Table) -> None:
        """Half a handshake and a FIN: gone."""
        fresh.client.take()
        fresh.arrives(fresh.client.give()[:50])
        fresh.transport.fin_by_peer()
        fresh.settle()
        assert not fresh.transport.connected and fresh.context.frontends == set()

    def test_R35_a_shutdown_does_not_wait_for_it(self, fresh: Table) -> None:
        """R35: nothing is in flight before the handshake."""
        fresh.entry.drain()
        fresh.settle()
        assert not fresh.transport.connected and fresh.context.frontends == set()

    @pytest.mark.parametrize(
        ("garbage", "alert"),
        [
            (b"\x16\x03\x01\x00\x05hello", True),
            (b"\x16\x03\x00\x00\x05\x01\x00\x00\x01x", True),
            (b"\x17\x03\x03\x00\x05hello", True),
            (b"\x80\x2e\x01\x00\x02" + b"x" * 50, True),
            (b"\x00" * 300, False),
            (b"\xff" * 5, False),
        ],
    )
    def test_garbage_ends_at_once(self, fresh: Table, garbage: bytes, alert: bool) -> None:
        """What looks like TLS and is not gets an alert and a moment to read it; anything else just ends."""
        fresh.arrives(garbage)
        assert bytes(fresh.transport.sent[:1]) == (b"\x15" if alert else b"")
        assert (fresh.transport.connected, fresh.transport.end) == (True, "fin")
        fresh.transport.fin_by_peer()
        fresh.settle()
        assert not fresh.transport.connected and fresh.context.frontends == set()

    @pytest.mark.parametrize("name", [b"\xff\xfe.test", b"a\x00b.test", b"evil.test"])
    def test_names_of_any_bytes(self, fresh: Table, name: bytes, capsys: pytest.CaptureFixture[str]) -> None:
        """A name that is no text gets an alert like any other, and nothing on standard error."""
        fresh.client = Shaken(trusting(None), "xyzabc.test"[-len(name) :].rjust(len(name), "x"))
        fresh.client.take()
        hello = fresh.client.give()
        fresh.arrives(hello.replace(fresh.client.tls.server_hostname.encode(), name))  # type: ignore[union-attr]
        assert bytes(fresh.transport.sent[:1]) == b"\x15"
        assert capsys.readouterr().err == ""

    def test_a_client_that_does_not_trust_us(self, vault: Vault) -> None:
        """Its alert is understood: the user is told what to do."""
        table = Table(vault)
        told: list[str] = []
        table.certificates._say = lambda failure: told.append(failure.code)
        table.client = Shaken(trusting(None))
        table.shake()
        assert table.client.reason == "CERTIFICATE_VERIFY_FAILED"
        assert told == ["client-distrusts"]
        table.stop()

    def test_R35_a_farewell_does_not_outlive_the_edge(self, fresh: Table) -> None:
        """R35: nobody waits for a client that got an alert."""
        fresh.arrives(b"\x00" * 10)
        (farewell,) = fresh.context.frontends
        farewell.drain()
        farewell.drained()
        fresh.reactor.pump([0.5] * 4)
        fresh.settle()
        assert not fresh.transport.connected


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        (b"localedge.test:18443", 18443, "https://localedge.test:18443"),
        (b"LOCALEDGE.TEST", 18443, "https://localedge.test:18443"),
        (b"localhost:80", 443, "https://localhost"),
        (b"[::1]:1", 18443, "https://[::1]:18443"),
        (b"evil.example", 18443, "https://127.0.0.1:18443"),
        (b"a b", 18443, "https://127.0.0.1:18443"),
        (None, 18443, "https://127.0.0.1:18443"),
    ],
)
def test_R44_plain_http_is_told_the_right_url(host: bytes | None, port: int, url: str) -> None:
    """R44: the client's own host if there is a certificate for it, and the port it came to."""
    fields = ((b"Host", host),) if host is not None else ()
    refuse = wrong_port(frozenset({NAME, "localhost"}), port)(
        RequestHead(b"GET", b"/", b"1.1", fields, combine(fields)), Body.NONE
    )
    assert (refuse.code, refuse.params) == ("http-on-tls-port", (("url", url),))
