"""Each finding about the edge, the gateway and the names, with the fault made for real."""

import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
import trustme

from localedge.config import Config, Gateway, Https, Proxy, Secret
from localedge.machine import health_asking
from localedge.machine.health_edge import look
from localedge.machine.vault import Vault
from localedge.pki.authority import issue_leaf, make_authority
from tests import peers
from tests.commands import first_line, port_of, running
from tests.doctor_scene import (
    PROBED,
    Found,
    Talk,
    alone,
    as_user,
    by_code,
    http,
    mute,
    nobody,
    open_place,
    over_tls,
    peer,
    saying,
    scene,
    under_wine,
)
from tests.h2_wire import authority

DEMO = Gateway("http", "127.0.0.1", 1, demo=True)
NAME = "localedge.test"
OWNERS = pytest.mark.skipif(under_wine(), reason="Wine's netstat names no processes")
COMMAND_LINES = pytest.mark.skipif(sys.platform == "win32", reason="Windows tells of no command lines")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="all of 127.0.0.0/8, full backlogs, /proc")


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for two seconds."""
    monkeypatch.setattr(health_asking, "WAIT", 0.3)


@pytest.fixture
def no_ca(tmp_path: Path) -> Https:
    """Where no local authority is."""
    return Https(directory=str(tmp_path / "ca"))


@contextmanager
def edge(*words: str, **environ: str) -> Iterator[int]:
    """A running edge for plain HTTP, with the demo gateway unless told otherwise; its port."""
    with running("run", "--http-only", "--port", "0", "--quiet", *words, **environ) as process:
        yield port_of(first_line(process))


def unnoted(place: Path, gateway: str) -> AbstractContextManager[int]:
    """One whose gateway stands in its environment only, and whose note nobody finds."""
    return edge(LOCALEDGE_UPSTREAM=gateway, TEMP=str(place))


def find(place: Path, config: Config) -> Found:
    """What is found with this configuration."""
    return by_code(look(scene(place, config)))


def errors(found: Found) -> list[str]:
    """The codes of the worst findings."""
    return [code for code, (severity, _, _) in found.items() if severity == "ERROR"]


def other_port(told: str) -> int:
    """The port of a command that takes another for this shell."""
    found = re.match(r"(?:export |\$env:)LOCALEDGE_PORT ?= ?'?(\d+)'?; localedge run", told)
    assert found is not None, told
    return int(found[1])


# -- the edge on plain HTTP


def test_the_edge_does_not_run(tmp_path: Path, no_ca: Https) -> None:
    """Nobody listens: one error, with the command that starts the edge for this configuration."""
    with nobody() as port:
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert errors(found) == ["doctor-edge-not-running"]
    assert f"http://127.0.0.1:{port}" in found["doctor-edge-not-running"][1]
    assert found["doctor-edge-not-running"][2] == f"localedge run --config {tmp_path / 'c.toml'}"
    assert "doctor-gateway-demo" in found


def test_the_edge_runs_with_the_demo_gateway(tmp_path: Path, no_ca: Https) -> None:
    """An edge is known by how it answers a client's probe; that its gateway is a demo is worth a note."""
    with edge() as port:
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert found["doctor-edge-runs"][:2] == ("GOOD", f"The edge runs: http://127.0.0.1:{port}")
    assert found["doctor-gateway-demo"][0] == "NOTE" and errors(found) == []


def test_a_configuration_that_cannot_be_read(tmp_path: Path, no_ca: Https) -> None:
    """Nobody knows where the edge would be: its mistakes are told elsewhere, and once."""
    (tmp_path / "c.toml").write_text("[listen]\nport = 'x'\n")
    assert find(tmp_path, Config(DEMO, https=no_ca)) == {}


@OWNERS
def test_a_program_that_hangs_is_named(tmp_path: Path, no_ca: Https, hurried: None) -> None:
    """With its pid, and another port with the command, so that it works as it stands."""
    with mute() as port:
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    _, sentence, told = found["doctor-edge-silent-by"]
    assert f"(pid {os.getpid()})" in sentence
    assert other_port(told) != port


@OWNERS
def test_another_program_has_the_port(tmp_path: Path, no_ca: Https) -> None:
    """The program is named, and a free port with the command."""
    with peer(http()) as port:
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    severity, sentence, told = found["doctor-edge-port-taken-by"]
    assert severity == "ERROR" and f"(pid {os.getpid()})" in sentence
    other = other_port(told)
    assert other != port and 0 < other < 65536
    assert errors(found) == ["doctor-edge-port-taken-by"]


@pytest.mark.skipif(sys.platform == "win32", reason="users")
def test_another_users_program_has_the_port() -> None:
    """Who may not see whose program it is, is told that it is another one."""
    if os.geteuid() != 0:
        peers.skip("root, to be somebody else")
    with open_place() as place, peer(http()) as port:
        (place / "c.toml").write_text(f"[listen]\nport = {port}\n")
        found = as_user("edge", place / "c.toml", 65534)
    assert errors(found) == ["doctor-edge-port-taken"]


@pytest.mark.skipif(sys.platform == "win32", reason="users")
def test_a_port_where_nobody_answers() -> None:
    """A program that hangs is told from one that answers, also where nobody may know whose it is."""
    if os.geteuid() != 0:
        peers.skip("root, to be somebody else")
    with open_place() as place, mute() as port:
        (place / "c.toml").write_text(f"[listen]\nport = {port}\n")
        found = as_user("edge", place / "c.toml", 65534)
    assert errors(found) == ["doctor-edge-silent"]


def test_an_address_of_another_machine(tmp_path: Path, no_ca: Https) -> None:
    """A network has given this machine another address than the configured one: nobody can listen there."""
    found = find(tmp_path, Config(DEMO, host="192.0.2.77", https=no_ca))
    assert errors(found) == ["address-not-available"]
    _, sentence, command = found["address-not-available"]
    assert "192.0.2.77" in sentence and command.endswith(" --host 127.0.0.1")


def test_a_port_that_is_not_known(tmp_path: Path, no_ca: Https) -> None:
    """Port 0 is any port: that cannot be looked at."""
    found = find(tmp_path, Config(DEMO, port=0, https=no_ca))
    assert found["doctor-edge-port-unknown"][0] == "NOTE" and errors(found) == []


@LINUX
def test_a_url_that_desktop_refuses(tmp_path: Path, no_ca: Https) -> None:
    """127.0.0.2 is this machine, and no address that Claude Desktop talks plain HTTP to."""
    with running("run", "--http-only", "--host", "127.0.0.2", "--port", "0", "--quiet") as process:
        port = int(first_line(process).partition("127.0.0.2:")[2].partition(" ")[0])
        found = find(tmp_path, Config(DEMO, host="127.0.0.2", port=port, https=no_ca))
    assert found["doctor-edge-desktop-refuses"][0] == "WARNING"
    assert found["doctor-edge-desktop-refuses"][2].endswith(" --host 127.0.0.1")


@OWNERS
def test_the_configuration_has_changed_since(tmp_path: Path, no_ca: Https) -> None:
    """The edge reads its configuration when it starts."""
    file = tmp_path / "c.toml"
    file.write_text("")
    os.utime(file, (1, 1))
    with edge() as port:
        config = Config(DEMO, port=port, https=no_ca)
        assert "doctor-edge-config-newer" not in find(tmp_path, config)
        os.utime(file, (time.time() + 60, time.time() + 60))
        found = find(tmp_path, config)
    assert found["doctor-edge-config-newer"][0] == "WARNING"
    assert str(file) in found["doctor-edge-config-newer"][1]


@OWNERS
def test_an_older_version_runs_on(tmp_path: Path, no_ca: Https, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was installed since is not what runs."""
    place = tmp_path / "site" / "localedge-9.9.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: localedge\nVersion: 9.9\n")
    (place / "RECORD").write_text("localedge-9.9.dist-info/METADATA,,\nlocaledge-9.9.dist-info/RECORD,,\n")
    with edge() as port:
        os.utime(place / "RECORD", (time.time() + 60, time.time() + 60))
        monkeypatch.syspath_prepend(tmp_path / "site")
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert found["doctor-edge-installed-since"][0] == "WARNING"


# -- the edge on HTTPS


@contextmanager
def both(https: Https) -> Iterator[tuple[int, int]]:
    """An edge with both ways in, and this authority; its ports."""
    words = ["run", "--port", "0", "--https-port", "0", "--quiet"]
    environ = {
        "LOCALEDGE_CA_DIR": str(https.directory),
        "LOCALEDGE_HTTPS_NAMES": ",".join(https.names),
    }
    with running(*words, **environ) as process:
        plain = port_of(first_line(process))
        secure = first_line(process).partition("https://")[2].partition(" ")[0]
        yield plain, int(secure.rpartition(":")[2])


def test_the_edge_runs_on_both(tmp_path: Path) -> None:
    """Each name is tried with a handshake that trusts the local CA alone."""
    https = authority(tmp_path / "ca")
    with both(https) as (plain, secure):
        found = find(tmp_path, Config(DEMO, port=plain, https=replace(https, port=secure)))
    assert f"http://127.0.0.1:{plain}, https://{NAME}:{secure}" in found["doctor-edge-runs"][1]
    assert errors(found) == []


def test_the_edge_serves_no_https(tmp_path: Path) -> None:
    """There is a CA, and the edge was started without HTTPS."""
    https = authority(tmp_path / "ca")
    with edge() as plain, nobody() as secure:
        found = find(tmp_path, Config(DEMO, port=plain, https=replace(https, port=secure)))
    assert found["doctor-edge-http-only"][0] == "WARNING" and errors(found) == []


@OWNERS
def test_another_program_has_the_port_of_https(tmp_path: Path) -> None:
    """It is named; as another user it is not."""
    https = authority(tmp_path / "ca")
    with edge() as plain, peer(http()) as secure:
        found = find(tmp_path, Config(DEMO, port=plain, https=replace(https, port=secure)))
    assert errors(found) == ["doctor-edge-https-taken-by"]
    assert "LOCALEDGE_HTTPS_PORT" in found["doctor-edge-https-taken-by"][2]


@LINUX
def test_another_users_program_has_the_port_of_https() -> None:
    """Who may not see whose program it is, is told that it is another one."""
    if os.geteuid() != 0:
        peers.skip("root, to be somebody else")
    with open_place() as place, nobody() as plain, peer(http()) as secure:
        https = authority(place / "ca")
        for path in (place / "ca", *(place / "ca").rglob("*")):
            os.chown(path, 65534, 65534)
        text = f'[listen]\nport = {plain}\n[https]\nport = {secure}\ndirectory = "{https.directory}"\n'
        (place / "c.toml").write_text(text)
        found = as_user("edge", place / "c.toml", 65534)
    assert "doctor-edge-https-taken" in found


def test_a_certificate_out_of_date(tmp_path: Path) -> None:
    """Whatever else is wrong with a handshake is told in OpenSSL's words."""
    then = datetime.now(UTC) - timedelta(days=40)
    made = make_authority([NAME], then)
    Vault(tmp_path / "ca").store(made, [NAME], then)
    https = Https((NAME,), 0, str(tmp_path / "ca"))
    leaf = issue_leaf(made, [NAME], then)
    (tmp_path / "leaf.pem").write_bytes(leaf.key_pem() + leaf.chain_pem())
    with edge() as plain, peer(over_tls(tmp_path / "leaf.pem", saying(PROBED))) as secure:
        found = find(tmp_path, Config(DEMO, port=plain, https=replace(https, port=secure)))
    assert errors(found) == ["doctor-edge-handshake"]
    assert "expired" in found["doctor-edge-handshake"][1]


# -- localhost

V6_FIRST = b"::1 localhost\n127.0.0.1 localhost\n"
EDGE_AT = """
start("-m", "localedge", "run", "--http-only", "--quiet", "--port", "18080")
"""
V6_SERVER = """
import socket
server = socket.create_server(("::1", 18080), family=socket.AF_INET6)
print(flush=True)
while True:
    connection, _ = server.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""
V6_AT = f"""
start("-c", {V6_SERVER!r})
"""


def test_localhost_is_ipv6_first(tmp_path: Path) -> None:
    """Nobody is at [::1]: clients that do not try 127.0.0.1 as well are told to use that."""
    found = alone(tmp_path, "edge", "", V6_FIRST, before=EDGE_AT)
    assert found["doctor-localhost-v6"][0] == "NOTE" and errors(found) == []


def test_localhost_is_somebody_else(tmp_path: Path) -> None:
    """Another program at [::1] gets what is meant for the edge."""
    found = alone(tmp_path, "edge", "", V6_FIRST, before=EDGE_AT + V6_AT)
    assert errors(found) == ["doctor-localhost-taken-by"]


def test_localhost_is_somebody_elses() -> None:
    """The same with another user's program."""
    with open_place() as place:
        found = alone(place, "edge", "", V6_FIRST, before=EDGE_AT + V6_AT, user="65534")
    assert errors(found) == ["doctor-localhost-taken"]


# -- the gateway


def at(port: int, **more: object) -> Gateway:
    """A gateway on this machine."""
    return replace(Gateway("http", "127.0.0.1", port), **more)  # type: ignore[arg-type]


def found_with(place: Path, gateway: Gateway, no_ca: Https) -> Found:
    """What is found of a gateway while no edge runs."""
    with nobody() as port:
        found = find(place, Config(gateway, port=port, https=no_ca))
    assert found.pop("doctor-edge-not-running")
    return found


def test_the_gateway_answers_through_the_edge(tmp_path: Path, no_ca: Https) -> None:
    """Directly and through an edge that wants a client token, which doctor knows."""
    token = "a-token-of-the-test"
    seen: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with (
        peer(talk) as gateway,
        edge("--upstream", f"http://127.0.0.1:{gateway}", LOCALEDGE_CLIENT_TOKEN=token) as port,
    ):
        config = Config(at(gateway), port=port, https=no_ca, client_token=Secret(token))
        found = find(tmp_path, config)
    assert found["doctor-gateway-answers"][:2] == (
        "GOOD",
        f"The gateway answers: http://127.0.0.1:{gateway} (localedge check tells whether as Claude wants it)",
    )
    assert errors(found) == []
    assert sorted(one.split(b" ")[1] for one in seen) == [b"/", b"/?doctor"], seen
    assert not any(token.encode() in one for one in seen)


def test_the_edge_does_not_get_through(tmp_path: Path, no_ca: Https) -> None:
    """The gateway is there, but the edge was started with another."""
    with (
        nobody() as other,
        peer(http()) as gateway,
        unnoted(tmp_path, f"http://127.0.0.1:{other}") as port,
    ):
        found = find(tmp_path, Config(at(gateway), port=port, https=no_ca))
    assert errors(found) == ["doctor-gateway-by-edge"]
    assert "gateway-refused" in found["doctor-gateway-by-edge"][1]
    assert found["doctor-gateway-by-edge"][2] == "localedge explain gateway-refused"


def test_a_gateway_that_has_codes_of_its_own(tmp_path: Path, no_ca: Https) -> None:
    """The edge passes its fields on: what stands there is not for a command line."""
    with (
        peer(http("200 OK", "x-localedge-error: x; rm -r important")) as gateway,
        edge("--upstream", f"http://127.0.0.1:{gateway}") as port,
    ):
        found = find(tmp_path, Config(at(gateway), port=port, https=no_ca))
    assert errors(found) == [] and "rm -r" not in str(found)


def test_the_edge_has_another_gateway(tmp_path: Path, no_ca: Https) -> None:
    """It works now; after the next start it will not."""
    with (
        nobody() as other,
        peer(http()) as gateway,
        unnoted(tmp_path, f"http://127.0.0.1:{gateway}") as port,
    ):
        found = find(tmp_path, Config(at(other), port=port, https=no_ca))
        by_options = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert found["doctor-gateway-not-as-configured"][0] == "WARNING" and errors(found) == []
    assert by_options["doctor-gateway-by-options"][0] == "NOTE"


def test_a_base_url_is_not_what_the_edge_was_started_with(tmp_path: Path, no_ca: Https) -> None:
    """ANTHROPIC_BASE_URL names a gateway that is not there, the edge has another: it is for Claude."""
    with nobody() as other, edge() as port:
        url = f"http://127.0.0.1:{other}"
        seen = scene(tmp_path, Config(at(other), port=port, https=no_ca), ANTHROPIC_BASE_URL=url)
        found = by_code(look(seen))
    assert [one for one in found if "gateway" in one] == ["doctor-gateway-demo"] and errors(found) == []


STARTED_WITH = [
    ("gateway-refused", None),
    ("gateway-silent", lambda connection: connection.recv(65536) and connection.recv(1)),
    ("gateway-lost", saying(b"")),
    ("gateway-garbage", saying(b"SSH-2.0-OpenSSH_9.6\r\n")),
    ("doctor-gateway-status", http("502 Bad Gateway")),
    ("doctor-gateway-answers", http()),
]


@COMMAND_LINES
@pytest.mark.parametrize(("code", "talk"), STARTED_WITH, ids=lambda one: one if isinstance(one, str) else "")
def test_the_gateway_that_the_edge_was_started_with(
    tmp_path: Path, no_ca: Https, hurried: None, code: str, talk: Talk | None
) -> None:
    """`localedge run --upstream`, and nothing in the configuration: that gateway is looked at."""
    with (
        nobody() if talk is None else peer(talk) as gateway,
        edge("--upstream", f"http://127.0.0.1:{gateway}") as port,
    ):
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert [one for one in found if "gateway" in one] == [code]
    assert f"http://127.0.0.1:{gateway}" in found[code][1]
    upstream = f" --upstream http://127.0.0.1:{gateway} --config {tmp_path / 'c.toml'}"
    assert found[code][2] in ("", f"localedge check{upstream}")


BEHIND = [
    ("doctor-gateway-behind", None),
    ("doctor-gateway-behind", saying(b"")),
    ("doctor-gateway-behind-status", http("502 Bad Gateway")),
    ("doctor-gateway-behind-silent", lambda connection: connection.recv(65536) and connection.recv(1)),
]


@pytest.mark.parametrize(("code", "talk"), BEHIND, ids=lambda one: one if isinstance(one, str) else "")
def test_a_gateway_that_only_the_edge_knows(
    tmp_path: Path, no_ca: Https, hurried: None, code: str, talk: Talk | None
) -> None:
    """From the environment it was started in.  A name that leads nowhere else stands for it in commands."""
    with (
        nobody() if talk is None else peer(talk) as gateway,
        unnoted(tmp_path, f"http://127.0.0.1:{gateway}") as port,
    ):
        found = find(tmp_path, Config(DEMO, port=port, https=no_ca))
    assert [one for one in found if "gateway" in one] == [code]
    options = f" --upstream http://gateway.example:8000 --config {tmp_path / 'c.toml'}"
    assert found[code][2] == f"localedge check{options}"
    assert "http://127.0.0.1" not in found[code][1]


ANSWERS = [
    ("gateway-lost", saying(b"")),
    ("gateway-garbage", saying(b"SSH-2.0-OpenSSH_9.6\r\n")),
    ("doctor-gateway-status", http("503 Service Unavailable")),
    ("doctor-gateway-via", http("200 OK", "Via: 1.1 squid")),
    ("doctor-gateway-answers", http("301 Moved Permanently", "Location: /docs")),
    ("doctor-gateway-answers", http("401 Unauthorized")),
    ("doctor-gateway-answers", http("405 Method Not Allowed")),
]


@pytest.mark.parametrize(("code", "talk"), ANSWERS, ids=lambda one: one if isinstance(one, str) else "")
def test_what_the_gateway_says(tmp_path: Path, no_ca: Https, code: str, talk: Talk) -> None:
    """Whatever it says but HTTP is told; a refusal is an answer."""
    with peer(talk) as port:
        found = found_with(tmp_path, at(port), no_ca)
    assert code in found and found[code][2] in ("", f"localedge check --config {tmp_path / 'c.toml'}")


def test_a_gateway_that_sends_to_https(tmp_path: Path, no_ca: Https) -> None:
    """The command asks it there."""
    with peer(http("301 Moved Permanently", "Location: https://gw.test:8443/x")) as port:
        found = found_with(tmp_path, at(port), no_ca)
    severity, _, told = found["doctor-gateway-redirects"]
    assert severity == "WARNING"
    assert told == f"localedge check --upstream https://gw.test:8443 --config {tmp_path / 'c.toml'}"


def test_nobody_at_the_gateway(tmp_path: Path, no_ca: Https) -> None:
    """Refused: nobody listens there."""
    with nobody() as port:
        assert errors(found_with(tmp_path, at(port), no_ca)) == ["gateway-refused"]


@pytest.mark.parametrize(("scheme", "code"), [("http", "gateway-silent"), ("https", "gateway-tls-timeout")])
def test_a_gateway_that_says_nothing(
    tmp_path: Path, no_ca: Https, hurried: None, scheme: str, code: str
) -> None:
    """Silence ends the look, and is told."""
    with mute() as port:
        assert errors(found_with(tmp_path, at(port, scheme=scheme), no_ca)) == [code]


@LINUX
def test_a_gateway_that_takes_no_connection(tmp_path: Path, no_ca: Https, hurried: None) -> None:
    """A backlog that is full looks like a firewall: nothing comes back at all."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        found = found_with(tmp_path, at(listener.getsockname()[1]), no_ca)
    assert errors(found) == ["gateway-connect-timeout"]


def test_an_http_gateway_called_https(tmp_path: Path, no_ca: Https) -> None:
    """The wrong scheme is told as such."""
    with peer(http()) as port:
        found = found_with(tmp_path, at(port, scheme="https"), no_ca)
    assert errors(found) == ["gateway-speaks-http"]


def test_an_https_gateway_called_http(tmp_path: Path, no_ca: Https) -> None:
    """A TLS server answers plain HTTP with an alert (RFC 8446 6)."""
    alert = b"\x15\x03\x01\x00\x02\x02\x0a"
    with peer(saying(alert)) as port:
        assert errors(found_with(tmp_path, at(port), no_ca)) == ["gateway-speaks-tls"]


def test_a_handshake_that_fails(tmp_path: Path, no_ca: Https) -> None:
    """Another alert: handshake_failure."""
    with peer(saying(b"\x15\x03\x03\x00\x02\x02\x28")) as port:
        assert errors(found_with(tmp_path, at(port, scheme="https"), no_ca)) == ["gateway-tls"]


def test_the_gateways_certificate(tmp_path: Path, no_ca: Https) -> None:
    """Not trusted, for another name, out of date; and good."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "root.pem")
    past = datetime.now(UTC) - timedelta(days=1)
    leaves = {
        "good": ca.issue_cert("127.0.0.1"),
        "other": ca.issue_cert("other.test"),
        "old": ca.issue_cert("127.0.0.1", not_after=past),
    }
    seen = {}
    for kind, leaf in leaves.items():
        leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{kind}.pem")
        with peer(over_tls(tmp_path / f"{kind}.pem", http())) as port:
            gateway = at(port, scheme="https", ca_file=str(tmp_path / "root.pem"))
            seen[kind] = list(found_with(tmp_path, gateway, no_ca))
            if kind == "good":
                seen["untrusted"] = list(found_with(tmp_path, replace(gateway, ca_file=None), no_ca))
                insecure = replace(gateway, ca_file=None, insecure=True)
                seen["unchecked"] = list(found_with(tmp_path, insecure, no_ca))
    assert seen == {
        "good": ["doctor-gateway-answers"],
        "untrusted": ["gateway-certificate-untrusted"],
        "unchecked": ["doctor-gateway-answers"],
        "other": ["gateway-certificate-name"],
        "old": ["gateway-certificate-expired"],
    }


PROXIES = [
    ("http", "doctor-gateway-by-proxy", http()),
    ("http", "proxy-auth", http("407 Proxy Authentication Required")),
    ("https", "proxy-auth", http("407 Proxy Authentication Required")),
    ("https", "proxy-failed", http("403 Forbidden")),
    ("https", "proxy-failed", saying(b"")),
]


@pytest.mark.parametrize(("scheme", "code", "talk"), PROXIES)
def test_a_proxy_on_the_way(tmp_path: Path, no_ca: Https, scheme: str, code: str, talk: Talk) -> None:
    """The gateway is asked through the proxy, and what the proxy says is told as the proxy's."""
    with peer(talk) as port:
        gateway = Gateway(scheme, "gw.invalid", 443, proxy=Proxy("127.0.0.1", port, Secret("me:secret")))
        found = found_with(tmp_path, gateway, no_ca)
    assert list(found) == [code] and "secret" not in str(found)


def test_a_tunnel_through_a_proxy(tmp_path: Path, no_ca: Https) -> None:
    """With https there is a tunnel, and TLS with the gateway in it."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(tmp_path / "root.pem")
    ca.issue_cert("gw.invalid").private_key_and_cert_chain_pem.write_to_path(tmp_path / "leaf.pem")

    def talk(connection: socket.socket) -> None:
        assert connection.recv(65536).startswith(b"CONNECT gw.invalid:443 HTTP/1.1\r\n")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        over_tls(tmp_path / "leaf.pem", http())(connection)

    with peer(talk) as port:
        proxy = Proxy("127.0.0.1", port)
        gateway = Gateway("https", "gw.invalid", 443, ca_file=str(tmp_path / "root.pem"), proxy=proxy)
        assert list(found_with(tmp_path, gateway, no_ca)) == ["doctor-gateway-by-proxy"]


def test_nobody_at_the_proxy(tmp_path: Path, no_ca: Https) -> None:
    """The proxy is told, not the gateway."""
    with nobody() as port:
        gateway = Gateway("http", "gw.invalid", 80, proxy=Proxy("127.0.0.1", port))
        assert errors(found_with(tmp_path, gateway, no_ca)) == ["proxy-refused"]


def test_a_proxy_on_ipv6(tmp_path: Path, no_ca: Https, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with brackets, so that its port is told from its address."""
    there = health_asking.Resolved("::1", ("127.0.0.1",))  # for machines without IPv6
    monkeypatch.setattr(health_asking, "resolve", lambda _gateway, _clock: there)
    for place, code in ((peer(http()), "doctor-gateway-by-proxy"), (nobody(), "proxy-refused")):
        with place as port:
            gateway = Gateway("http", "gw.invalid", 80, proxy=Proxy("::1", port))
            found = found_with(tmp_path, gateway, no_ca)
        assert f"[::1]:{port}" in found[code][1]


def toml(url: str, more: str = "") -> str:
    """A configuration file with a gateway."""
    return f'[gateway]\nurl = "{url}"\n{more}\n'


AWAY = [
    ("gateway-unresolved", toml("http://gw.example.com:8000"), "files"),
    ("doctor-gateway-no-dns", toml("http://gw.example.com:8000"), "files dns"),
    ("proxy-unresolved", toml("http://gw.example.com", 'proxy = "http://proxy.example.com:3128"'), "files"),
    ("gateway-unreachable", toml("http://10.9.8.7:8000"), "files"),
]


@pytest.mark.parametrize(("code", "config", "services"), AWAY)
def test_a_gateway_that_cannot_be_reached(tmp_path: Path, code: str, config: str, services: str) -> None:
    """No such name, no name server, no network."""
    found = alone(
        tmp_path,
        "edge",
        config,
        services=services,
        resolver="nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    )
    assert sorted(errors(found)) == sorted(["doctor-edge-not-running", code])


def test_a_gateway_that_is_the_edge(tmp_path: Path) -> None:
    """Its name leads to where the edge itself listens."""
    hosts = b"127.0.0.1 localhost gw.example.com\n"
    found = alone(tmp_path, "edge", toml("http://gw.example.com:18080"), hosts)
    assert "gateway-is-edge" in errors(found)


def test_the_gateways_own_name(tmp_path: Path) -> None:
    """A name that was mapped here on purpose is for the edge to look up: it asks DNS servers itself."""
    hosts = b"127.0.0.1 localhost gw.example.com\n"
    config = toml("https://gw.example.com") + '[https]\nnames = ["gw.example.com"]\n'
    found = alone(tmp_path, "edge", config, hosts)
    assert found["doctor-gateway-own-name"][0] == "NOTE"
    assert errors(found) == ["doctor-edge-not-running"]


# -- names

DNS = """
    import socket, threading
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    def serve():
        while True:
            query, client = server.recvfrom(512)
            wants_a = query[-4:-2] == b"\\0\\1" and ANSWERS
            flags = b"\\x81\\x80" if ANSWERS else b"\\x81\\x83"
            count = b"\\0\\1" if wants_a else b"\\0\\0"
            reply = query[:2] + flags + b"\\0\\1" + count + b"\\0\\0\\0\\0" + query[12:]
            if wants_a:
                reply += b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4" + bytes([10, 1, 2, 3])
            server.sendto(reply, client)
    threading.Thread(target=serve, daemon=True).start()
"""
RESOLVER = "nameserver 127.0.0.1\n"
BLOCK = b"# localedge: begin\n127.0.0.1 localedge.test\n"
OURS = b"# localedge: begin\n%b localedge.test\n# localedge: end\n"
ADDED = {"doctor-names-unmapped", "doctor-name-elsewhere", "doctor-name-v6-only", "doctor-name-not-heard"}
BY_HAND = {"doctor-name-mapped-elsewhere", "doctor-name-conflict", "doctor-name-mapped-aside"}
HOSTS = [
    ("doctor-names-lead-here", "GOOD", b"127.0.0.1 localedge.test\n", "files", True),
    ("doctor-names-unmapped", "WARNING", b"127.0.0.1 localhost\n", "files", True),
    ("doctor-name-elsewhere", "ERROR", b"127.0.0.1 localhost\n", "files dns", True),
    ("doctor-name-mapped-elsewhere", "ERROR", b"10.0.0.9 localedge.test\n", "files", True),
    ("doctor-name-conflict", "ERROR", b"127.0.0.1 localedge.test\n10.0.0.9 localedge.test\n", "files", True),
    ("doctor-name-no-effect", "WARNING", b"127.0.0.1 localedge.test\n", "dns", False),
    ("doctor-name-mapped-aside", "ERROR", b"::1 localedge.test\n", "files", True),
    ("doctor-name-mapped-aside", "ERROR", b"127.0.0.2 localedge.test\n", "files", True),
    ("doctor-name-v6-only", "WARNING", OURS % b"::1", "files", True),
    ("doctor-name-not-heard", "ERROR", OURS % b"127.0.0.2", "files", True),
    ("doctor-hosts-damaged", "WARNING", BLOCK, "files", True),
]


@pytest.mark.parametrize(
    ("code", "severity", "hosts", "services", "known"), HOSTS, ids=lambda one: str(one)[:24]
)
def test_where_the_name_leads(
    tmp_path: Path, code: str, severity: str, hosts: bytes, services: str, known: bool
) -> None:
    """What the hosts file says, and what the system makes of it."""
    https = authority(tmp_path / "ca")
    config = f'[https]\ndirectory = "{https.directory}"\n'
    before = f"ANSWERS = {known}\n{dedent(DNS)}"
    found = alone(tmp_path, "edge", config, hosts, before=before, services=services, resolver=RESOLVER)
    assert found[code][0] == severity
    expected = (
        {"doctor-hosts-damaged", "doctor-names-lead-here"} if code == "doctor-hosts-damaged" else {code}
    )
    assert {one for one in found if "name" in one or "hosts" in one} == expected
    if code in ADDED:
        assert found[code][2].startswith("sudo ") and found[code][2].endswith(" hosts add localedge.test")
    elif code in BY_HAND:  # `hosts add` would refuse: somebody else's line maps the name
        assert found[code][2] == "sudo -e /etc/hosts"


def test_a_hosts_file_that_is_not_there(tmp_path: Path) -> None:
    """It cannot be read; where the names lead is told all the same."""
    https = authority(tmp_path / "ca")
    config = f'[https]\ndirectory = "{https.directory}"\n'
    found = alone(tmp_path, "edge", config, edit=Path.unlink)
    assert found["doctor-hosts-unreadable"][0] == "WARNING" and "doctor-names-unmapped" in found


def test_names_do_not_matter_without_https(tmp_path: Path) -> None:
    """Where no local CA was made, nobody needs the names."""
    found = alone(tmp_path, "edge", "")
    assert not any("name" in code for code in found)
