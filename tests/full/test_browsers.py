"""Chromium and Firefox believe the edge after `trust-ca`, and never a thief of the intermediate's key."""

import contextlib
import os
import re
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.machine.vault import Vault
from localedge.pki.authority import Authority
from tests import commands, forgeries, peers
from tests.forgeries import Shown
from tests.full.browsers import Browser, Chromium, Firefox

BROWSERS: list[type[Chromium | Firefox]] = [Chromium, Firefox]
UNKNOWN_AUTHORITY = {"net::ERR_CERT_AUTHORITY_INVALID", "SEC_ERROR_UNKNOWN_ISSUER"}
OUTSIDE = {"net::ERR_CERT_INVALID", "SEC_ERROR_CERT_NOT_IN_NAME_SPACE"}
"""What each of them says of a name that is not in the constraint."""
ELSE_WRONG = {
    ("in the common name only", "net::ERR_CERT_COMMON_NAME_INVALID"),  # nobody reads that any more
    ("a wildcard over ours", "SEC_ERROR_BAD_DER"),  # NSS reads no wildcard of a whole top-level domain
}
"""Forgeries that are refused for another reason."""

both = pytest.mark.parametrize("kind", BROWSERS, ids=lambda kind: kind.__name__)


class Home:
    """A home directory with a browser's profile in it, and localedge's data."""

    def __init__(self, place: Path) -> None:
        self.environ = {**os.environ, "HOME": str(place), "LANG": "C.UTF-8"}
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            self.environ.pop(f"XDG_{name}_HOME", None)
        self.directory = place
        self.ca = place / "authority"
        self.environ["LOCALEDGE_CA_DIR"] = str(self.ca)
        self.environ["TMPDIR"] = str(place)
        Firefox.make_profile(place)

    def localedge(self, *words: str) -> str:
        """What a command that went well says."""
        done = commands.run(*words, **self.environ)
        assert done.returncode == 0, done
        return done.stdout

    def authority(self) -> Authority:
        """The one that `trust-ca` made, as a thief reads it."""
        return Vault(self.ca).load(datetime.now(UTC))


@pytest.fixture
def home() -> Iterator[Home]:
    """Nothing of the machine's user is touched.  A short path: Chromium's socket has 108 bytes for it."""
    peers.need("certutil")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        yield Home(Path(place))


@contextmanager
def edge(environ: Mapping[str, str]) -> Iterator[str]:
    """`localedge run` with the demo gateway: the URL that it prints for HTTPS."""
    with commands.running("run", "--port", "0", "--https-port", "0", **environ) as process:
        commands.first_line(process)
        found = re.search(r"https://localedge\.test:\d+", commands.first_line(process))
        assert found is not None
        yield found[0]


@contextmanager
def serving(shown: Shown, place: Path) -> Iterator[tuple[int, list[str]]]:
    """A server with this certificate: its port, and what came of each client."""
    file = place / "shown.pem"
    file.write_bytes(shown.key_pem() + shown.chain_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return  # the test is over
                client.settimeout(10)
                try:
                    with context.wrap_socket(client, server_side=True) as wire:
                        if asked := wire.recv(65_536):
                            seen.append(asked.partition(b"\r\n")[0].decode())
                            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
                except OSError as error:
                    seen.append(getattr(error, "reason", None) or str(error))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], seen
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    thread.join(20)


def url_of(shown: Shown, port: int) -> str:
    """Where the client thinks it goes."""
    host = f"[{shown.name}]" if ":" in shown.name else shown.name
    return f"https://{host}:{port}/"


@both
def test_a_browser_believes_the_edge_from_trust_ca_to_untrust_ca(
    kind: type[Chromium | Firefox], home: Home
) -> None:
    """The mapped name opens after `trust-ca`, is refused after `untrust-ca`, and opens again."""
    with kind.running(home.environ) as browser:
        browser.visit("about:blank")  # Firefox makes its database
    home.localedge("trust-ca", "--store", "nss", "--no-input", "--yes")
    with edge(home.environ) as url:
        with kind.running(home.environ) as browser:
            visit = browser.visit(f"{url}/v1/models")
            assert visit.error is None
            assert "claude-demo-opus" in visit.text
        home.localedge("untrust-ca", "--no-input", "--yes")
        with kind.running(home.environ) as browser:
            assert browser.visit(f"{url}/v1/models").error in UNKNOWN_AUTHORITY
        home.localedge("trust-ca", "--store", "nss", "--no-input", "--yes")
        with kind.running(home.environ) as browser:
            assert browser.visit(f"{url}/v1/models").error is None


@both
def test_a_browser_refuses_what_a_thief_signs(kind: type[Chromium | Firefox], home: Home) -> None:
    """With the intermediate's own key: every name and address outside of the constraint is refused."""
    with kind.running(home.environ) as browser:
        browser.visit("about:blank")
    home.localedge("trust-ca", "--store", "nss", "--no-input", "--yes")
    authority, now = home.authority(), datetime.now(UTC)
    with kind.running(home.environ) as browser:
        for shown in forgeries.honest(authority, now):
            assert opened(browser, shown, home.directory), shown
        for shown in [*forgeries.plain_forgeries(authority, now), *forgeries.sly_forgeries(authority, now)]:
            assert not opened(browser, shown, home.directory), shown


def opened(browser: Browser, shown: Shown, place: Path) -> bool:
    """Whether the browser shows the page of this server; if not, it was for the right reason."""
    with serving(shown, place) as (port, seen):
        visit = browser.visit(url_of(shown, port))
    if visit.error is None:
        assert visit.text == "hello"
        assert "GET / HTTP/1.1" in seen
        return True
    assert visit.error in OUTSIDE or (shown.label, visit.error) in ELSE_WRONG, (shown, visit)
    assert seen, "it did not come here"
    assert not any(one.startswith("GET") for one in seen)
    return False
