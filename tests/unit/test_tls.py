"""The certificate in force: who gets it, and how it is renewed while the edge runs."""

import datetime as dt
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from twisted.internet.task import Clock

from localedge.edge.tls import LOOK, TELL_AGAIN, Certificates
from localedge.errors import Failure
from localedge.machine.lock import locked
from localedge.machine.vault import Vault
from localedge.pki.authority import Authority, Leaf, make_authority
from tests.tls_client import NAME, Shaken, trusting

START = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME, which `ssl` has no name for


class World:
    """An authority in a directory, a clock, and certificates that live by it."""

    def __init__(self, place: Path, *names: str, wanted: tuple[str, ...] = (NAME,)) -> None:
        self.clock = Clock()
        self.vault = Vault(place / "ca")
        self.said: list[str] = []
        self.store(*(names or (NAME,)))
        self.certificates = Certificates(
            self.vault, wanted, self.clock, lambda failure: self.said.append(failure.code), self.now
        )

    def now(self) -> dt.datetime:
        """The time of day."""
        return START + dt.timedelta(seconds=self.clock.seconds())

    def store(self, *names: str) -> Authority:
        """A new authority takes the place of what was there."""
        authority = make_authority(names, self.now())
        self.vault.store(authority, names, self.now())
        return authority

    def days(self, count: float) -> None:
        """Time passes, with a look every hour."""
        for _ in range(round(count * 24)):
            self.clock.advance(3600)

    def shake(
        self, name: str | None = NAME, here: str = "127.0.0.1"
    ) -> tuple[Shaken, ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
        """A client shakes hands with the edge, as far as that goes."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = self.certificates.session(incoming, outgoing, here)
        context = trusting(self.vault.root_file)
        context.verify_flags |= NO_CHECK_TIME  # the world's clock is not OpenSSL's
        client = Shaken(context, name)
        for _ in range(4):
            client.take(outgoing.read())
            incoming.write(client.give())
            try:
                session.do_handshake()
            except ssl.SSLError:
                continue
        client.take(outgoing.read())
        return client, session, incoming, outgoing

    def serial(self) -> int:
        """The serial number that a new client sees."""
        der = self.shake()[0].tls.getpeercert(binary_form=True)
        assert der is not None
        return x509.load_der_x509_certificate(der).serial_number


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Certificates that have begun."""
    found = World(tmp_path)
    found.certificates.start()
    return found


def test_only_what_is_safe_is_offered(world: World) -> None:
    """TLS 1.2 with forward secrecy and authenticated ciphers, TLS 1.3, no renegotiation, no compression."""
    context = world.certificates._context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    for cipher in context.get_ciphers():
        assert cipher["aead"] is True
        assert cipher["protocol"] == "TLSv1.3" or cipher["name"].startswith("ECDHE-")
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize("name", [NAME, "LocalEdge.TEST", "localhost", "LOCALHOST", "127.0.0.1", None])
def test_R20_a_mapped_name_gets_the_certificate(world: World, name: str | None) -> None:
    """R20: mapped names in any case, localhost, loopback addresses, and who sends no name at all."""
    client = world.shake(name)[0]
    assert client.done, client.error


@pytest.mark.parametrize(
    "name", ["evil.test", "sub.localedge.test", "localedge.test.evil", "xlocaledge.test", "localhost.test"]
)
def test_R20_any_other_name_gets_an_alert(world: World, name: str) -> None:
    """R20: a name that is not mapped gets unrecognized_name, and nothing is made for it."""
    before = {path: path.stat().st_mtime_ns for path in world.vault.directory.rglob("*")}
    client = world.shake(name)[0]
    assert client.reason == "TLSV1_UNRECOGNIZED_NAME"
    assert {path: path.stat().st_mtime_ns for path in world.vault.directory.rglob("*")} == before


def test_R22_without_a_name_only_loopback_gets_the_certificate(world: World) -> None:
    """R22: who comes to another address of this machine must say a name."""
    assert world.shake(None, "::1")[0].done
    assert world.shake(NAME, "192.0.2.1")[0].done
    assert world.shake(None, "192.0.2.1")[0].reason == "TLSV1_UNRECOGNIZED_NAME"


def test_it_is_renewed_at_a_third_left_and_nobody_notices(world: World) -> None:
    """After two thirds of its 14 days new clients see a new certificate; open connections go on."""
    first = world.serial()
    client, session, incoming, outgoing = world.shake()
    world.days(9.2)
    assert world.serial() == first
    world.days(0.3)
    second = world.serial()
    assert second != first
    incoming.write(client.say(b"still there"))
    assert session.read(100) == b"still there"
    session.write(b"so am I")
    assert client.take(outgoing.read()) == b"so am I"
    world.days(20)
    assert world.serial() not in (first, second)
    assert world.said == []


def test_what_ca_renew_wrote_is_taken_up(world: World) -> None:
    """`localedge ca renew` beside a running edge: its certificate serves within a minute."""
    first = world.serial()
    authority = world.vault.load(world.now())
    leaf = world.vault.renew(authority, world.now(), [NAME])
    world.clock.advance(LOOK)
    assert world.serial() == leaf.certificate.serial_number != first


def test_a_new_authority_is_taken_up(tmp_path: Path) -> None:
    """`trust-ca` for another name beside a running edge: the name is served within a minute."""
    world = World(tmp_path, NAME, wanted=(NAME, "gw.test"))
    world.certificates.start()
    assert [notice.code for notice in world.certificates.notices] == ["names-not-covered"]
    assert world.shake("gw.test")[0].reason == "TLSV1_UNRECOGNIZED_NAME"
    world.store(NAME, "gw.test")
    world.clock.advance(LOOK)
    assert world.shake("gw.test")[0].done and world.shake(NAME)[0].done
    assert world.certificates.notices == []


def test_a_subdomain_of_what_the_authority_may_speak_for(tmp_path: Path) -> None:
    """A name below a permitted one needs no new authority."""
    world = World(tmp_path, "gw.test", wanted=("a.gw.test",))
    world.certificates.start()
    assert world.shake("a.gw.test")[0].done
    assert world.shake("gw.test")[0].reason == "TLSV1_UNRECOGNIZED_NAME"


class Failing:
    """A vault that fails for a while."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.patience = 5.0
        self.failure: Failure | None = None

    @property
    def leaf_file(self) -> Path:
        return self.vault.leaf_file

    def load(self, now: dt.datetime) -> Authority:
        if self.failure is not None:
            raise self.failure
        return self.vault.load(now)

    def leaf(self, authority: Authority, now: dt.datetime, names: Any = None) -> Leaf:
        return self.vault.leaf(authority, now, names)


def test_a_renewal_that_fails_is_told_once_and_tried_again(tmp_path: Path) -> None:
    """The certificate there is serves on; when the files are in order again, it is renewed."""
    world = World(tmp_path)
    files = Failing(world.vault)
    world.certificates._files = files
    world.certificates.start()
    first = world.serial()
    files.failure = Failure("ca-loose", path="x", who="-rw-r--r--", command="chmod 600 x")
    world.days(10)
    assert world.said == ["ca-loose", "renewal-failed"]
    assert world.serial() == first
    files.failure = None
    world.days(0.1)
    assert world.serial() != first
    files.failure = Failure("ca-loose", path="x", who="-rw-r--r--", command="chmod 600 x")
    world.days(0.1)
    assert world.said == ["ca-loose", "renewal-failed"] * 2


def test_a_file_that_openssl_does_not_take(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What cannot be loaded is a failure with its sentence, at the start as later."""
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    monkeypatch.setattr(Vault, "leaf_file", bad)
    with pytest.raises(Failure) as caught:
        World(tmp_path / "other").certificates.start()
    assert caught.value.code == "leaf-unusable" and str(bad) in str(caught.value)


def test_a_root_near_its_end_is_told(tmp_path: Path) -> None:
    """Two months before the root ends the user is told how to replace it."""
    world = World(tmp_path)
    world.clock.advance((825 - 59) * 86400)
    world.certificates.start()
    assert [notice.code for notice in world.certificates.notices] == ["ca-ends-soon"]
    assert world.certificates.notices[0].params["days"] == 58


def test_a_client_without_trust_is_told_once_a_minute(world: World) -> None:
    """A client that keeps trying does not fill the log."""
    for _ in range(3):
        world.certificates.distrusted("127.0.0.1")
    assert world.said == ["client-distrusts"]
    world.clock.advance(TELL_AGAIN)
    world.certificates.distrusted("127.0.0.1")
    assert world.said == ["client-distrusts"] * 2


def test_nothing_is_left_when_it_stops(world: World) -> None:
    """Nobody looks after a certificate that serves nobody."""
    world.certificates.stop()
    assert world.clock.getDelayedCalls() == []


def test_nobody_waits_for_a_vault_that_another_process_holds(tmp_path: Path) -> None:
    """Once clients are served, a lock that is taken is a renewal that fails, not a pause of all streams."""
    world = World(tmp_path)
    world.certificates.start()
    assert world.vault.patience == 0
    first = world.serial()
    with locked(world.vault.directory / ".lock"):
        world.days(10)
    assert "renewal-failed" in world.said
    assert world.serial() == first
    world.days(0.1)
    assert world.serial() != first
