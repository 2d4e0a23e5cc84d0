"""Each thing that doctor says of proxies, with the fault made for real: sockets, curl, settings."""

import json
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localedge.claude.health import Severity
from localedge.claude.health_proxies import excepted_by_curl
from tests import peers
from tests.doctor_proxies import NAME, Place, Proxy

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that runs."""
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture
def dead() -> int:
    """A port where nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A machine."""
    return Place(tmp_path)


# -- the environment


def test_no_proxy_at_all(place: Place) -> None:
    """One line that is good."""
    assert list(place.found()) == ["doctor-proxies-none"]


@POSIX
def test_a_proxy_that_catches_loopback(place: Place, proxy: Proxy) -> None:
    """As curl does it; with the command of the finding it goes directly, and doctor is content."""
    peers.need("curl")
    place.environ["http_proxy"] = proxy.url
    with socket.create_server(("127.0.0.1", 0)) as edge:
        url = f"http://127.0.0.1:{edge.getsockname()[1]}/"
        curl = f"curl -s --max-time 1 -o /dev/null {url}"
        place.do(curl)
        assert proxy.asked == [f"GET {url} HTTP/1.1"]
        one = place.found()["doctor-proxy-loopback"]
        assert one.severity is Severity.WARNING and one.params["hosts"] == "127.0.0.1, localhost"
        shown = place.do(f"{one.command}; {curl}; echo $NO_PROXY")
    assert len(proxy.asked) == 1
    place.environ["NO_PROXY"] = shown.stdout.strip()
    assert place.environ["NO_PROXY"] == "127.0.0.1,localhost" and place.codes() == []
    place.secure()
    one = place.found()["doctor-proxy-loopback"]
    assert one.params["hosts"] == NAME and one.command.startswith(
        f"export NO_PROXY=127.0.0.1,localhost,{NAME};"
    )


def test_a_proxy_on_another_machine(place: Place) -> None:
    """An error: it would look for 127.0.0.1 on its own machine.  It is not asked."""
    place.environ["HTTPS_PROXY"] = "http://joe:s3cret@proxy.corp.example:3128"
    assert place.found()["doctor-proxy-loopback"].severity is Severity.ERROR


@POSIX
def test_a_variable_that_curl_does_not_heed(place: Place, proxy: Proxy) -> None:
    """Not HTTP_PROXY in capitals, and HTTPS_PROXY not for http: curl is asked, and told of accordingly."""
    peers.need("curl")
    place.environ |= {"HTTP_PROXY": proxy.url, "HTTPS_PROXY": proxy.url}
    with socket.create_server(("127.0.0.1", 0)) as edge:
        place.do(f"curl -s --max-time 1 -o /dev/null http://127.0.0.1:{edge.getsockname()[1]}/")
    assert proxy.asked == []
    assert place.found()["doctor-proxy-loopback"].params["programs"] == "Claude Code, Python"
    del place.environ["HTTP_PROXY"]
    assert place.found()["doctor-proxy-loopback"].params["programs"] == "Claude Code"


def test_a_proxy_that_is_gone(place: Place, dead: int) -> None:
    """Also one that speaks SOCKS, in a variable that localedge does not heed."""
    place.environ["all_proxy"] = f"socks5h://joe:s3cret@localhost:{dead}"
    one = place.found()["doctor-proxy-dead"]
    assert one.severity is Severity.ERROR and one.params["proxy"] == f"localhost:{dead}"
    assert one.command == "unset all_proxy"
    place.environ["no_proxy"] = "localhost,127.0.0.1"
    assert place.found()["doctor-proxy-dead"].severity is Severity.WARNING


def test_values_that_are_no_http_proxies(place: Place, proxy: Proxy) -> None:
    """The sentences that localedge has for them."""
    place.environ |= {"no_proxy": "*", "HTTPS_PROXY": f"socks5://127.0.0.1:{proxy.port}"}
    assert place.codes() == ["proxy-ignored"]
    place.environ["https_proxy"] = place.environ["HTTPS_PROXY"]
    assert place.found()["proxy-ignored"].params["where"] == "HTTPS_PROXY, https_proxy"
    place.environ["https_proxy"] = f"{proxy.url}/path"
    assert place.codes() == ["proxy-ignored", "proxy-path"]
    # Where it keeps the configuration from being read it is told with that.
    place.environ |= {"LOCALEDGE_UPSTREAM": "https://gateway.example", "no_proxy": ""}
    assert "proxy-path" not in place.codes()


@POSIX
@pytest.mark.parametrize(
    "no_proxy",
    [
        "",
        "*",
        "127.0.0.1",
        "localhost",
        "a,127.0.0.1",
        "a 127.0.0.1",
        "127.*",
        "127.0.0.10",
        "127.0.0.1:PORT",
    ],
)
def test_curl_reads_no_proxy_as_it_does(place: Place, proxy: Proxy, no_proxy: str) -> None:
    """Curl itself is asked.  It has no networks and other ports in its older versions: those are left out."""
    peers.need("curl")
    place.environ |= {"http_proxy": proxy.url, "no_proxy": no_proxy}
    with socket.create_server(("127.0.0.1", 0)) as edge:
        port = edge.getsockname()[1]
        place.do(f"curl -s --max-time 0.5 -o /dev/null http://127.0.0.1:{port}/")
    assert excepted_by_curl(no_proxy, "127.0.0.1", port) is (proxy.asked == [])


# -- GNOME, through its own program


@pytest.fixture
def gnome(place: Place) -> Place:
    """A home with GNOME's settings in a file."""
    peers.need("gsettings")
    place.environ |= {
        "HOME": str(place.home),
        "XDG_CONFIG_HOME": str(place.home / ".config"),
        "XDG_CURRENT_DESKTOP": "ubuntu:GNOME",
        "GSETTINGS_BACKEND": "keyfile",
    }
    if place.do("gsettings get org.gnome.system.proxy mode").returncode:
        peers.skip("GNOME's schemas (gsettings-desktop-schemas)")
    return place


def by_hand(gnome: Place, port: int) -> None:
    """A proxy set in the system's settings."""
    key = "gsettings set org.gnome.system.proxy"
    done = gnome.do(f"{key} mode manual && {key}.http host 127.0.0.1 && {key}.http port {port}")
    assert done.returncode == 0, done.stderr


def test_nothing_is_written_by_asking_gnome(gnome: Place) -> None:
    """Its program makes files in the user's cache, unless it is sent elsewhere."""
    del gnome.environ["GSETTINGS_BACKEND"]
    list(gnome.found())
    assert not (gnome.home / ".cache").exists()


def test_gnome_without_a_proxy(gnome: Place) -> None:
    """As it comes."""
    assert list(gnome.found()) == ["doctor-proxies-none"]


def test_gnomes_proxy_takes_the_mapped_name(gnome: Place, proxy: Proxy) -> None:
    """Where HTTPS is set up; the command of the finding mends it."""
    by_hand(gnome, proxy.port)
    assert list(gnome.found()) == ["doctor-proxies-good"]
    gnome.secure()
    one = gnome.found()["doctor-system-proxy-names"]
    assert (one.params["names"], one.params["proxy"]) == (NAME, f"127.0.0.1:{proxy.port}")
    assert gnome.do(one.command).returncode == 0
    assert gnome.codes() == []
    hosts = gnome.do("gsettings get org.gnome.system.proxy ignore-hosts").stdout.strip()
    assert hosts == f"['localhost', '127.0.0.0/8', '::1', '{NAME}']"


def test_gnomes_proxy_is_gone(gnome: Place, dead: int) -> None:
    """The command of the finding turns it off."""
    by_hand(gnome, dead)
    one = gnome.found()["doctor-system-proxy-dead"]
    assert gnome.do(one.command).returncode == 0
    assert list(gnome.found()) == ["doctor-proxies-none"]


def test_gnomes_proxy_takes_loopback_too(gnome: Place, proxy: Proxy) -> None:
    """An exception that takes exceptions away; the command of the finding takes it out."""
    by_hand(gnome, proxy.port)
    gnome.do("""gsettings set org.gnome.system.proxy ignore-hosts "['a.example', '<-loopback>']" """)
    one = gnome.found()["doctor-system-proxy-loopback"]
    assert one.severity is Severity.ERROR and gnome.do(one.command).returncode == 0
    assert gnome.codes() == []


def test_gnomes_script(gnome: Place) -> None:
    """One that is not there, one that says nothing of the name, one that does, one that is looked for."""
    script = gnome.home / "my proxy.pac"

    def name(url: str) -> None:
        key = "gsettings set org.gnome.system.proxy"
        assert gnome.do(f"{key} mode auto && {key} autoconfig-url '{url}'").returncode == 0

    name(script.as_uri())
    one = gnome.found()["doctor-pac-missing"]
    assert "my%20proxy.pac" in one.sentence()
    gnome.secure()
    script.write_text('function FindProxyForURL(url, host) { return "PROXY proxy.corp.example:3128"; }')
    assert gnome.codes() == ["doctor-pac"]
    script.write_text(f'function FindProxyForURL(url, host) {{ if (host == "{NAME}") return "DIRECT"; }}')
    assert gnome.codes() == []
    name("data:application/x-ns-proxy-autoconfig;base64,eA==")
    assert gnome.codes() == ["doctor-pac"]
    name("")
    assert gnome.codes() == ["doctor-pac-detected"]


def test_the_server_of_a_script_is_gone(gnome: Place, dead: int) -> None:
    """On this machine that can be seen without asking it for anything."""
    key = "gsettings set org.gnome.system.proxy"
    gnome.do(f"{key} mode auto && {key} autoconfig-url 'http://127.0.0.1:{dead}/proxy.pac'")
    one = gnome.found()["doctor-pac-missing"]
    assert gnome.do(one.command).returncode == 0 and list(gnome.found()) == ["doctor-proxies-none"]


# -- KDE, whose file is written as it does; its kwriteconfig is untried


def test_kdes_proxy(place: Place, proxy: Proxy, dead: int) -> None:
    """The same findings."""
    place.environ["XDG_CURRENT_DESKTOP"] = "KDE"
    path = place.home / ".config/kioslaverc"
    path.parent.mkdir()

    def write(**values: object) -> None:
        lines = [f"{key}={value}" for key, value in values.items()]
        path.write_text("\n".join(["[Proxy Settings]", *lines, ""]))

    place.secure()
    write(ProxyType=1, httpProxy=f"http://127.0.0.1 {proxy.port}")
    assert place.codes() == ["doctor-system-proxy-names"]
    write(ProxyType=1, httpProxy=f"http://127.0.0.1 {proxy.port}", NoProxyFor=".test")
    assert place.codes() == []
    write(ProxyType=1, httpProxy=f"http://127.0.0.1 {dead}")
    assert place.codes() == ["doctor-system-proxy-dead"]
    path.unlink()
    path.mkdir()
    assert place.codes() == []


# -- macOS, whose program is played with the text that it is documented to print; untried on a real Mac


@POSIX
def test_the_proxy_of_macos(place: Place, proxy: Proxy) -> None:
    """The same findings; no command, for nobody knows which network service is meant."""
    place.platform = "darwin"
    scutil = place.root / "usr/sbin/scutil"
    scutil.parent.mkdir(parents=True)

    def says(text: str) -> None:
        scutil.write_text(f"#!/bin/sh\ncat <<'END'\n<dictionary> {{\n{text}\n}}\nEND\n")
        scutil.chmod(0o755)

    place.secure()
    assert place.codes() == []
    says(f"  HTTPSEnable : 1\n  HTTPSPort : {proxy.port}\n  HTTPSProxy : 127.0.0.1")
    one = place.found()["doctor-system-proxy-names"]
    assert one.params["where"] == "macOS" and one.command == ""
    says(f"  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : {(place.root / 'no.pac').as_uri()}")
    assert place.codes() == ["doctor-pac-missing"]


def test_findings_can_be_written_as_json(place: Place, dead: int) -> None:
    """Every detail is text or a number."""
    place.environ["HTTP_PROXY"] = f"http://127.0.0.1:{dead}"
    place.config = replace(place.config, host="::1")
    for one in place.found().values():
        assert json.loads(json.dumps(dict(one.params))) == one.params
