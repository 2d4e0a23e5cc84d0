"""The settings of the HTTPS way in, and the pinned address of the gateway."""

import sys
from pathlib import PurePath

import pytest

from localedge.config import DEFAULT_HTTPS_PORT, Https
from localedge.settings import Sources, load
from tests.mistakes import only

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="no sockets are passed on there")


def https(**flags: str) -> Https:
    """The HTTPS part of the configuration, of settings `https.*`."""
    return load(Sources(flags={f"https.{key}": value for key, value in flags.items()})).config.https


def test_nothing_configured() -> None:
    """HTTPS is for localedge.test, on a port that needs no privilege."""
    assert https() == Https(("localedge.test",), DEFAULT_HTTPS_PORT, None, None)


def test_names_are_lower_case_and_told_once() -> None:
    """Case does not matter, nor does a name given twice; localhost is always served and needs no mention."""
    assert https(names="GW.Test, localhost, gw.test,b.example.com").names == ("gw.test", "b.example.com")
    text = '[https]\nnames = ["One.Test"]\n'
    assert load(Sources(path="c.toml", text=text)).config.https.names == ("one.test",)
    assert load(Sources(path="c.toml", text="[https]\nnames = []\n")).config.https.names == ()


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("https://gw.test:18443/v1", "gw.test"),
        ("gw.test:18443", "gw.test"),
        ("gw.test.", "gw.test"),
        ("*.gw.test", "gw.test"),
        (".gw.test", "gw.test"),
        ("gw", "gw.test"),
        ("gw.test/v1", "gw.test"),
    ],
)
def test_what_people_write_for_a_name_is_corrected(value: str, near: str) -> None:
    """A URL, a port, a final dot, a wildcard and a single word are answered with the name that was meant."""
    failure = only(environ={"LOCALEDGE_HTTPS_NAMES": value})
    assert failure.code == "bad-https-name-near" and f'"{near}"' in str(failure)
    assert str(failure).startswith("LOCALEDGE_HTTPS_NAMES: ")


@pytest.mark.parametrize("value", ["127.0.0.1", "[::1]", "a_b.test", "-a.test", "käse.test", "a..test", "*"])
def test_what_can_be_no_name(value: str) -> None:
    """Addresses and what no certificate may hold are refused."""
    assert only(environ={"LOCALEDGE_HTTPS_NAMES": value}).code == "bad-https-name"


def test_R23_a_password_in_a_name_is_not_quoted() -> None:
    """R23: who pastes a URL with a password into the names does not read it on the screen."""
    failure = only(environ={"LOCALEDGE_HTTPS_NAMES": "https://user:hunter2@gw.test/ x"})
    assert "hunter2" not in str(failure)


@pytest.mark.parametrize("port", ["0", "443", "65535"])
def test_a_port(port: str) -> None:
    """Any port, 0 for a free one."""
    assert https(port=port).port == int(port)


@POSIX
@pytest.mark.parametrize(
    ("value", "socket"),
    [("systemd", "systemd:0"), ("systemd:2", "systemd:2"), ("SYSTEMD:01", "systemd:1"), ("fd:3", "fd:3")],
)
def test_a_socket_that_is_passed_on(value: str, socket: str) -> None:
    """In place of a port, the socket of a service manager: systemd's by its index, any by its descriptor."""
    assert https(port=value).socket == socket
    assert https(port=value).port == DEFAULT_HTTPS_PORT


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("x", "bad-https-port"),
        ("fd", "bad-https-port"),
        ("fd:x", "bad-https-port"),
        ("systemd:-1", "bad-https-port"),
        ("-1", "out-of-range"),
        ("65536", "out-of-range"),
    ],
)
def test_what_is_no_port(value: str, code: str) -> None:
    """The message says what may stand there."""
    assert only(flags={"https.port": value}).code == code


def test_the_directory_is_made_whole() -> None:
    """A relative directory is relative to the file it stands in, and `~` is the home directory."""
    sources = Sources(path="/etc/le/c.toml", directory="/work", text='[https]\ndirectory = "ca"\n')
    assert load(sources).config.https.directory == str(PurePath("/etc/le/ca"))
    home = Sources(environ={"LOCALEDGE_CA_DIR": "~/ca", "HOME": "/home/u"}, directory="/work")
    assert load(home).config.https.directory == str(PurePath("/work", "/home/u/ca"))


@pytest.mark.parametrize(("value", "address"), [("192.0.2.7", "192.0.2.7"), ("[2001:DB8::7]", "2001:db8::7")])
def test_the_gateways_address(value: str, address: str) -> None:
    """The address to connect to is an IP literal, with or without brackets."""
    environ = {"LOCALEDGE_GATEWAY_ADDRESS": value, "LOCALEDGE_UPSTREAM": "https://gw.example"}
    gateway = load(Sources(environ=environ)).config.gateway
    assert (gateway.host, gateway.address) == ("gw.example", address)


def test_a_name_is_no_address() -> None:
    """A name there would be looked up again, which is what the setting is to avoid."""
    assert only(environ={"LOCALEDGE_GATEWAY_ADDRESS": "gw.example"}).code == "bad-address"


@pytest.mark.parametrize(
    "url", ["https://localhost:18443", "https://127.0.0.1:18443/v1", "https://localedge.test:18443"]
)
def test_R19_the_edges_own_https_url_is_no_gateway(url: str) -> None:
    """R19: the URL that `run` prints for clients is told from a gateway's before the first request."""
    assert only(flags={"gateway.url": url}).code == "upstream-is-edge"


@pytest.mark.parametrize(
    "url", ["https://gw.example:18443", "https://localhost:18444", "http://127.0.0.1:18443"]
)
def test_R19_another_gateway_on_the_same_port_is_one(url: str) -> None:
    """R19: only this machine's own address makes it a loop; plain HTTP to the HTTPS port fails by itself."""
    load(Sources(flags={"gateway.url": url}))
