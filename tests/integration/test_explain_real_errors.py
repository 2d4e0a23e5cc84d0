"""What real clients say when something is really wrong, given to `localedge explain`."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from localedge.claude.explaining import explain
from localedge.claude.symptoms_text import decoded
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests import commands, peers
from tests.commands import PATIENCE

NAMES = ("localedge.test",)

_SDK = """
import anthropic, sys
client = anthropic.Anthropic(base_url=sys.argv[1], auth_token="demo", max_retries=0, timeout=20)
client.messages.create(model="claude-sonnet-4", max_tokens=1, messages=[{"role": "user", "content": "."}])
"""
_HTTPX = "import httpx2, sys; print(httpx2.get(sys.argv[1] + '/v1/models', timeout=20).text)"
_NODE = "fetch(process.argv[1] + '/v1/models').then(r => r.text()).then(console.log)"

CLIENTS: dict[str, list[str]] = {
    "curl": ["curl", "-sS", "--max-time", "20"],
    "httpx": [sys.executable, "-c", _HTTPX],
    "sdk": [sys.executable, "-c", _SDK],
    "node": ["node", "-e", _NODE],
}


class Edge(NamedTuple):
    """Where a running edge listens."""

    port: int
    https_port: int


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """An edge with HTTPS, a CA that nobody trusts, and a gateway that is not there."""
    data, now = tmp_path_factory.mktemp("data"), datetime.now(UTC)
    Vault(data / "localedge" / "ca").store(make_authority(NAMES, now), NAMES, now)
    words = (
        "run",
        "--quiet",
        "--port",
        "0",
        "--https-port",
        "0",
        "--upstream",
        f"http://127.0.0.1:{closed_port()}",
    )
    with commands.running(*words, XDG_DATA_HOME=str(data), HOME=str(data), SUDO_USER="root") as process:
        port = commands.port_of(commands.first_line(process))
        secure = commands.first_line(process).partition("https://localedge.test:")[2].partition(" ")[0]
        yield Edge(port, int(secure))


def closed_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def said(client: str, url: str, *more: str) -> str:
    """Everything a client prints about a URL that does not work."""
    line = CLIENTS[client]
    if line[0] != sys.executable:
        peers.need(line[0])
    if client == "curl":
        url += "/v1/models"
    # Roots of the system alone, and no way round: as on a machine that nobody has set up.
    environ = {
        name: value for name, value in os.environ.items() if "CERT" not in name and "CA_BUNDLE" not in name
    }
    done = subprocess.run([*line, url, *more], env=environ, capture_output=True, timeout=PATIENCE)
    return decoded(done.stdout + b"\n" + done.stderr)


def first_cause(text: str) -> str:
    """What `explain` says first about it."""
    findings = explain(text)
    return findings[0].code if findings else f"not known: {text}"


EVERYBODY = pytest.mark.parametrize("client", CLIENTS)


@EVERYBODY
def test_nobody_listens(client: str) -> None:
    """The edge is not running, or the port in the base URL is another."""
    assert first_cause(said(client, f"http://127.0.0.1:{closed_port()}")) == "why-refused"


@EVERYBODY
def test_https_to_the_plain_port(edge: Edge, client: str) -> None:
    """The base URL says https:// where the edge speaks HTTP."""
    assert first_cause(said(client, f"https://127.0.0.1:{edge.port}")) == "why-handshake-refused"


@EVERYBODY
def test_http_to_the_port_with_https(edge: Edge, client: str) -> None:
    """The base URL says http:// where the edge speaks HTTPS: its own answer is recognised."""
    assert first_cause(said(client, f"http://127.0.0.1:{edge.https_port}")) == "http-on-tls-port"


@EVERYBODY
def test_a_ca_that_is_not_trusted(edge: Edge, client: str) -> None:
    """`trust-ca` has not been run: each client is told its own way to trust."""
    expected = {"curl": "why-untrusted-curl", "httpx": "why-untrusted-python", "node": "why-untrusted-node"}
    code = first_cause(said(client, f"https://127.0.0.1:{edge.https_port}"))
    assert code == expected.get(client, "why-untrusted-python")


@EVERYBODY
def test_a_name_that_does_not_exist(client: str) -> None:
    """The host in the base URL is mistyped."""
    assert first_cause(said(client, "http://no-such-gateway.invalid:18080")) == "why-unresolved"


@EVERYBODY
def test_a_gateway_that_is_not_there(edge: Edge, client: str) -> None:
    """The edge runs and the gateway does not: the edge's own answer is recognised wherever it is printed."""
    assert first_cause(said(client, f"http://127.0.0.1:{edge.port}")) == "gateway-refused"


@pytest.mark.parametrize("client", ["httpx", "sdk"])
def test_a_url_without_a_scheme(edge: Edge, client: str) -> None:
    """The base URL was typed without http://."""
    assert first_cause(said(client, f"127.0.0.1:{edge.port}")) == "why-bad-url"


def test_a_name_that_the_edge_does_not_serve(edge: Edge) -> None:
    """The hosts file maps a name that is not in https.names."""
    where = f"other.test:443:127.0.0.1:{edge.https_port}"
    assert first_cause(said("curl", "https://other.test", "--connect-to", where)) == "why-sni"


def test_a_bundle_that_is_not_there(edge: Edge, tmp_path: Path) -> None:
    """A variable names a file that was moved."""
    text = said("curl", f"https://127.0.0.1:{edge.https_port}", "--cacert", str(tmp_path / "nothing.pem"))
    assert first_cause(text) == "why-bundle-missing"


def test_the_edge_as_a_proxy(edge: Edge) -> None:
    """HTTPS_PROXY names the edge, which is no proxy."""
    text = said("curl", "https://gateway.invalid", "--proxy", f"http://127.0.0.1:{edge.port}")
    assert first_cause(text) in {"why-proxy-tunnel", "connect-refused"}


def test_a_proxy_that_is_not_there(edge: Edge) -> None:
    """HTTP_PROXY names a proxy that is switched off."""
    text = said("curl", "http://gateway.invalid", "--proxy", "http://no-such-proxy.invalid:3128")
    assert first_cause(text) == "why-proxy-down"


NGINX = """
daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    server {{
        listen unix:{place}/socket;
        location /dead/ {{ proxy_pass http://127.0.0.1:{dead}/; }}
        location /small/ {{ client_max_body_size 1; proxy_pass http://127.0.0.1:{dead}/; }}
        location /moved/ {{ return 301 https://elsewhere.example/; }}
        location /page/ {{ return 404; }}
    }}
}}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a socket of POSIX systems")
def test_what_nginx_says_for_a_gateway(tmp_path: Path) -> None:
    """A web server in front of the gateway that cannot reach it, takes little, or sends elsewhere."""
    nginx = peers.need("nginx")
    peers.need("curl")
    config, listening = tmp_path / "nginx.conf", tmp_path / "socket"
    config.write_text(NGINX.format(place=tmp_path, dead=closed_port()))
    causes = {
        "dead": "why-bad-gateway",
        "small": "why-too-large",
        "moved": "why-redirect",
        "page": "why-path-unknown",
    }
    line = [
        "curl",
        "-sS",
        "--retry",
        "20",
        "--retry-connrefused",
        "--retry-all-errors",
        "--retry-max-time",
        "10",
    ]
    with subprocess.Popen([nginx, "-p", tmp_path, "-c", config, "-e", tmp_path / "error.log"]) as process:
        try:
            url = ["--unix-socket", str(listening), "http://gateway.example"]
            subprocess.run(
                [*line, "--fail", "--retry-delay", "1", *url[:2], f"{url[2]}/moved/"], timeout=PATIENCE
            )
            for path, code in causes.items():
                words = ["curl", "-sS", *url[:2], "-d", "more than one byte", f"{url[2]}/{path}/v1/messages"]
                done = subprocess.run(words, capture_output=True, timeout=PATIENCE)
                assert first_cause(decoded(done.stdout + done.stderr)) == code, done
        finally:
            process.terminate()
    assert first_cause((tmp_path / "error.log").read_text()) in {"why-bad-gateway", "why-too-large"}
