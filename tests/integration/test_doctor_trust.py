"""Each thing that doctor says of trust, with the fault made for real: stores, listeners, files."""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from localedge.claude.health import Finding, Severity
from localedge.config import Config, Gateway, Https, Proxy, Secret
from localedge.machine.files import config_path
from localedge.machine.health import Scene
from localedge.machine.health_trust import FIXES, look
from localedge.machine.stores.system import System
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority, pem
from tests.commands import PATIENCE, running

NAME = "localedge.test"
NOW = datetime.now(UTC).replace(microsecond=0)
ELSEWHERE = Gateway("http", "gateway.example", 80)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and pipes of POSIX")


class Place:
    """A machine in a directory: no trust stores, and a local CA if a test makes one."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.vault = Vault(place / "data" / "ca")
        self.config = Config(ELSEWHERE, https=Https((NAME,), 0, str(self.vault.directory)))
        self.environ: dict[str, str] = {}
        """Besides a PATH with nothing on it."""
        (place / "home").mkdir()

    def authority(self, *names: str, age: timedelta = timedelta(), leaf: tuple[str, ...] = ()) -> None:
        """A local CA made some time ago, with a first leaf of then."""
        names = names or (NAME,)
        self.vault.store(make_authority(names, NOW - age), leaf or names, NOW - age)

    def scene(self) -> Scene:
        """As doctor sees it."""
        environ = {"PATH": str(self.place / "bin"), **self.environ}
        system = System(self.place, self.place / "home", environ, "linux", now=NOW)
        return Scene(self.config, config_path(None, environ), system)

    def found(self) -> dict[str, Finding]:
        """What is found, by its code, without what any such machine has: no store."""
        findings = {one.code: one for one in look(self.scene())}
        findings.pop("doctor-trust-no-store", None)
        return findings

    def codes(self) -> list[str]:
        """What is not good."""
        return [one.code for one in self.found().values() if one.severity is not Severity.GOOD]

    def fix(self, code: str) -> None:
        """As --fix does."""
        finding = self.found()[code]
        FIXES[finding.fix](self.scene(), finding)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A machine."""
    return Place(tmp_path)


# -- the files


def test_without_a_local_ca(place: Place) -> None:
    """A note, and nothing is made by looking."""
    assert place.codes() == ["doctor-https-off"]
    assert not place.vault.directory.parent.exists()


def test_a_machine_without_stores(place: Place) -> None:
    """The root is to be put into the system's own configuration."""
    place.authority()
    codes = [one.code for one in look(place.scene())]
    assert codes == ["doctor-certificates-good", "doctor-trust-no-store"]


def test_a_root_that_ends_soon(place: Place) -> None:
    """Announced before it is too late; the leaf of then is over, too."""
    place.authority(age=timedelta(days=800))
    found = place.found()
    assert list(found) == ["doctor-root-ends", "doctor-leaf-expired"]
    assert found["doctor-root-ends"].command == "localedge trust-ca --new"
    assert found["doctor-root-ends"].params["days"] == 24


@pytest.mark.parametrize(("days", "code"), [(20, "doctor-leaf-expired"), (11, "doctor-leaf-due")])
def test_a_leaf_that_nobody_renewed(place: Place, days: int, code: str) -> None:
    """Mended by --fix; afterwards all is fine."""
    place.authority(age=timedelta(days=days))
    assert place.codes() == [code]
    place.fix(code)
    assert place.codes() == []


def test_a_leaf_that_is_damaged(place: Place) -> None:
    """Mended by --fix."""
    place.authority()
    file = place.vault.leaf_file
    file.write_bytes(file.read_bytes()[:300])
    assert place.codes() == ["doctor-leaf-damaged"]
    place.fix("doctor-leaf-damaged")
    assert place.codes() == []


@POSIX
@pytest.mark.parametrize("damage", ["empty", "link", "other", "gone"])
def test_the_file_of_the_root_is_damaged(place: Place, damage: str) -> None:
    """What NODE_EXTRA_CA_CERTS names is no root, or somebody else's.  Mended by --fix."""
    place.authority()
    file = place.vault.root_file
    whole = file.read_bytes()
    if damage == "empty":
        file.write_bytes(b"")
    elif damage == "other":
        file.write_bytes(pem(make_authority([NAME], NOW).root))
    else:
        file.unlink()
        if damage == "link":
            file.symlink_to("nowhere.pem")
    assert place.codes() == ["doctor-root-file"]
    place.fix("doctor-root-file")
    assert place.codes() == [] and file.read_bytes() == whole


def test_a_leaf_without_a_name(place: Place) -> None:
    """The root may speak for it; a new leaf does. A name outside the root needs a new one."""
    place.authority(NAME, "gw.test", leaf=(NAME,))
    place.config = replace(
        place.config, https=replace(place.config.https, names=(NAME, "gw.test", "b.example"))
    )
    found = place.found()
    assert list(found) == ["doctor-root-names", "doctor-leaf-names"]
    assert found["doctor-root-names"].params["names"] == "b.example"
    assert found["doctor-leaf-names"].params["names"] == "gw.test"
    place.fix("doctor-leaf-names")
    assert place.codes() == ["doctor-root-names"]


def test_an_authority_that_expired(place: Place) -> None:
    """One finding, with the command."""
    place.authority(age=timedelta(days=900))
    assert place.found()["ca-expired"].command == "localedge trust-ca"


def test_an_authority_that_is_damaged(place: Place) -> None:
    """Its own sentence."""
    place.authority()
    (place.vault.leaf_file.parent / "intermediate.pem").write_bytes(b"nothing")
    assert place.codes() == ["ca-damaged"]


@POSIX
def test_an_authority_that_others_can_read(place: Place) -> None:
    """Told with the permissions of our files, and nothing that follows from it here."""
    place.authority()
    place.vault.leaf_file.chmod(0o644)
    assert list(place.found()) == []


# -- what clients are shown


@contextmanager
def edge(place: Place, *, names: str = NAME) -> Iterator[None]:
    """A running edge with this local CA, and the scene's configuration naming its port."""
    words = ("run", "--port", "0", "--https-port", "0", "--upstream", "http://gateway.example:8000")
    environ = {"LOCALEDGE_CA_DIR": str(place.vault.directory), "LOCALEDGE_HTTPS_NAMES": names}
    with running(*words, **environ) as process:
        assert process.stdout is not None
        secure = [process.stdout.readline() for _ in range(2)][1]
        port = int(secure.partition("://")[2].partition(":")[2].partition(" ")[0])
        place.config = replace(place.config, https=replace(place.config.https, port=port))
        yield


def test_an_edge_that_shows_its_own_certificate(place: Place) -> None:
    """Name and localhost."""
    place.authority()
    with edge(place):
        found = place.found()
    assert list(found) == ["doctor-certificates-good", "doctor-served-good"]
    assert found["doctor-served-good"].params["names"] == f"{NAME}, localhost"


def test_an_edge_that_did_not_follow(place: Place) -> None:
    """A new leaf on disk for ten minutes, a new root, another name: each is told."""
    place.authority(NAME, "gw.test", age=timedelta(days=1))
    with edge(place):
        authority = place.vault.load(NOW)
        place.vault.renew(authority, NOW)
        assert place.codes() == []  # it may still follow
        place.vault.renew(authority, NOW - timedelta(minutes=10))
        assert place.codes() == ["doctor-served-old-leaf"]
        https = place.config.https
        place.config = replace(place.config, https=replace(https, names=(NAME, "gw.test")))
        assert place.codes() == ["doctor-served-old-leaf", "doctor-served-refused"]
        place.config = replace(place.config, https=https)
        place.authority()
        assert place.codes() == ["doctor-served-former"]


class Server:
    """Accepts connections in threads of its own until it is closed."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """No more."""
        if sys.platform != "win32":  # wakes the thread
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guarded, args=(peer,), daemon=True).start()

    def _guarded(self, peer: socket.socket) -> None:
        with peer, suppress(OSError):  # the other side may be gone
            peer.settimeout(PATIENCE)
            self.serve(peer)

    def serve(self, peer: socket.socket) -> None:
        """Silence."""
        peer.recv(65536)
        peer.recv(1)


class Inspecting(Server):
    """TLS with a certificate of somebody else's authority; what is said goes to the TLS port `behind` it."""

    def __init__(self, organization: str, unit: str, *, behind: int | None = None) -> None:
        authority = trustme.CA(organization_name=organization, organization_unit_name=unit)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(NAME, "localhost").configure_cert(self._context)
        self._behind = behind
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        """One question and its answer."""
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        with self._context.wrap_socket(peer, server_side=True) as secure:
            asked = secure.recv(65536)
            if asked and self._behind is not None:
                with (
                    socket.create_connection(("127.0.0.1", self._behind), PATIENCE) as there,
                    anybody.wrap_socket(there, server_hostname=NAME) as onward,
                ):
                    onward.sendall(asked)
                    secure.sendall(onward.recv(65536))


class Connecting(Server):
    """A proxy for CONNECT."""

    def __init__(self) -> None:
        self.asked = b""
        super().__init__()

    def serve(self, peer: socket.socket) -> None:
        """One tunnel."""
        while b"\r\n\r\n" not in self.asked:
            self.asked += peer.recv(65536)
        host, _, port = self.asked.split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port)), PATIENCE) as there:
            peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_carry, args=(there, peer), daemon=True)
            back.start()
            _carry(peer, there)
            back.join(PATIENCE)


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


KASPERSKY = ("AO Kaspersky Lab", "Kaspersky Anti-Virus Personal Root Certificate")


@pytest.mark.parametrize(
    ("names", "code"),
    [(KASPERSKY, "doctor-served-inspected"), (("Somebody", "Else"), "doctor-served-foreign")],
)
def test_an_inspector_before_the_edge(place: Place, names: tuple[str, str], code: str) -> None:
    """It is called by its name, one that nobody knows by its issuer's."""
    place.authority()
    with edge(place):
        between = Inspecting(*names, behind=place.config.https.port)
        place.config = replace(place.config, https=replace(place.config.https, port=between.port))
        found = place.found()
    between.close()
    assert [one.code for one in found.values() if one.severity] == [code]
    assert found[code].severity is Severity.ERROR and names[0] in found[code].sentence()


def test_a_server_of_somebody_elses_on_the_edges_port(place: Place) -> None:
    """Whose port it is is another look's finding."""
    place.authority()
    server = Inspecting("Somebody", "Else")
    place.config = replace(place.config, https=replace(place.config.https, port=server.port))
    assert place.codes() == []
    server.close()


@pytest.mark.parametrize("by_proxy", [False, True])
def test_a_gateway_behind_an_inspector(place: Place, by_proxy: bool) -> None:
    """Directly and through a proxy, whose password is given to it and shown to nobody."""
    server, proxy = Inspecting(*KASPERSKY), Connecting()
    through = Proxy("127.0.0.1", proxy.port, Secret("joe:s3cret")) if by_proxy else None
    gateway = Gateway("https", "127.0.0.1" if by_proxy else "localhost", server.port, proxy=through)
    place.config = replace(place.config, gateway=gateway)
    found = place.found()
    for one in (server, proxy):
        one.close()
    assert list(found) == ["doctor-gateway-inspected", "doctor-https-off"]
    assert found["doctor-gateway-inspected"].params["product"] == "Kaspersky"
    assert (b"Proxy-Authorization: Basic am9lOnMzY3JldA==" in proxy.asked) is by_proxy
    assert "s3cret" not in repr(found)


def test_listeners_that_never_answer(place: Place) -> None:
    """Nothing is found, in bounded time: whether an edge answers is another look's finding."""
    place.authority()
    silent = Server()
    gateway = Gateway("https", "127.0.0.1", silent.port)
    https = replace(place.config.https, port=silent.port)
    place.config = replace(place.config, gateway=gateway, https=https)
    begun = time.monotonic()
    assert place.codes() == [] and time.monotonic() - begun < 5
    silent.close()
    assert place.codes() == []  # and nobody there


# -- the environment


def test_variables_that_name_what_is_not_there(place: Place) -> None:
    """With and without a local CA; two that name one file are one finding."""
    missing = str(place.place / "missing.pem")
    place.environ = {
        "SSL_CERT_FILE": missing,
        "CURL_CA_BUNDLE": missing,
        "SSL_CERT_DIR": f"{missing}:{missing}2",
    }
    place.environ["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
    findings = list(look(place.scene()))
    assert [one.params.get("names") for one in findings][:2] == [
        "SSL_CERT_FILE, CURL_CA_BUNDLE",
        "SSL_CERT_DIR",
    ]
    assert [one.code for one in findings] == [
        *["doctor-variable-missing"] * 2,
        "doctor-node-unverified",
        "doctor-https-off",
    ]


@POSIX
def test_a_variable_that_names_what_cannot_be_read(place: Place) -> None:
    """A link to itself: not even root can read that; and a pipe, which is not waited for."""
    import os

    loop, pipe = place.place / "loop.pem", place.place / "pipe"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    place.environ = {"SSL_CERT_FILE": str(loop), "NODE_EXTRA_CA_CERTS": str(pipe)}
    codes = [one.code for one in look(place.scene())]
    assert codes[:2] == ["doctor-variable-unreadable"] * 2


def test_a_variable_that_names_something_else(place: Place) -> None:
    """A file without a certificate."""
    path = place.place / "notes.txt"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    place.environ = {"REQUESTS_CA_BUNDLE": str(path)}
    assert place.codes() == ["doctor-variable-not-pem", "doctor-https-off"]


@POSIX
def test_a_bundle_without_our_root(place: Place) -> None:
    """Told only where there is a local CA; the file that the command makes is fine."""
    bundle = place.place / "their bundle.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    place.environ = {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(place.place / "home")}
    (place.place / "home/one.pem").write_bytes(bundle.read_bytes())
    assert place.codes() == ["doctor-https-off"]
    place.authority()
    findings = [one for one in look(place.scene()) if one.code == "doctor-variable-without-root"]
    assert [one.params["names"] for one in findings] == ["SSL_CERT_FILE", "SSL_CERT_DIR"]
    made = bundle.with_name("their bundle-localedge.pem")
    assert findings[0].command == f"localedge ca export --bundle --base '{bundle}' --out '{made}'"
    for path in (bundle, place.place / "home/two.pem"):
        path.write_bytes(bundle.read_bytes() + place.vault.root_file.read_bytes())
    assert place.codes() == []
