"""`localedge run` for a gateway whose own name the hosts file maps to this machine (R19).

Each run has a network and an /etc of its own: DNS servers, gateway and edge are all inside it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
import trustme

from localedge import messages
from localedge.config import Gateway
from tests import hosts_namespace
from tests.certificates import ca_file, context
from tests.commands import PATIENCE, codes
from tests.phrases import post, streamed
from tests.playbook import read_reply
from tests.wire_peers import listening, running

NAME = "gw.company.com"
MAPPED = f"127.0.0.1 localhost\n# localedge: begin\n127.0.0.1 {NAME}\n# localedge: end\n".encode()
BY_HAND = f"127.0.0.1 localhost {NAME}\n".encode()

# Inside: a gateway on an address that is not loopback, a DNS server, the edge, and one request through it.
SCENE = """
import http.server, json, os, subprocess, sys, threading, urllib.request, urllib.error
scene = json.loads(sys.argv[1])

class Gateway(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"gateway": self.headers["Host"], "via": self.headers["Via"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

subprocess.run(["ip", "addr", "add", "192.0.2.10/32", "dev", "lo"], check=True)
gateway = http.server.ThreadingHTTPServer(("192.0.2.10", 0), Gateway)
port = gateway.server_address[1]
threading.Thread(target=gateway.serve_forever, daemon=True).start()

dns = None
if scene["dns"] is not None:
    dns = subprocess.Popen([sys.executable, "-c", scene["dns_server"], json.dumps(scene["dns"])],
        stdout=subprocess.PIPE)
    dns.stdout.readline()
words = [word.replace("PORT", str(port)) for word in scene["run"]]
edge = subprocess.Popen([sys.executable, "-m", "localedge", "run", "--port", "0", *words],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
line = edge.stdout.readline()
told = {"line": line.strip()}
if line:
    url = "http://127.0.0.1:" + line.partition("http://127.0.0.1:")[2].partition(" ")[0]
    try:
        with urllib.request.urlopen(url + "/v1/models", timeout=20) as answer:
            told["status"], told["body"] = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        told["status"], told["body"] = error.code, json.load(error)
    edge.terminate()
_, told["stderr"] = edge.communicate(timeout=20)
told["exit"] = edge.returncode
if dns:
    dns.kill()
    dns.wait()
print(json.dumps(told))
"""

DNS_SERVER = """
import json, sys
from twisted.internet import reactor
from twisted.names import dns, server, common, error
from twisted.internet.defer import fail, succeed

class Known(common.ResolverBase):
    def _lookup(self, name, cls, kind, timeout):
        found = json.loads(sys.argv[1]).get(name.decode().lower())
        if found is None:
            return fail(error.DNSNameError())
        records = {dns.A: dns.Record_A, dns.AAAA: dns.Record_AAAA}
        family = dns.AAAA if kind == dns.AAAA else dns.A
        mine = [one for one in found if (":" in one) == (family == dns.AAAA)] if kind in records else []
        answers = [dns.RRHeader(name, kind, ttl=60, payload=records[kind](one)) for one in mine]
        return succeed((answers, [], []))

factory = server.DNSServerFactory(clients=[Known()])
reactor.listenUDP(53, dns.DNSDatagramProtocol(factory), interface="127.0.0.1")
reactor.callWhenRunning(lambda: print("listening", flush=True))
reactor.run()
"""


def scene(
    tmp_path: Path,
    hosts: bytes,
    *words: str,
    dns: dict[str, list[str]] | None = None,
    http_only: bool = True,
    **environ: str,
) -> dict[str, Any]:
    """What came of it: the first line, the answer to one request, standard error, the exit status."""
    resolver = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
    etc = hosts_namespace.make_etc(tmp_path / "etc", hosts, resolver=resolver).parent
    what = {"dns": dns, "dns_server": DNS_SERVER, "run": [*(["--http-only"] if http_only else []), *words]}
    done = subprocess.run(
        hosts_namespace.inside(etc, sys.executable, "-c", SCENE, json.dumps(what)),
        env={**os.environ, "LC_ALL": "C.UTF-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("hosts", [MAPPED, BY_HAND])
def test_R19_the_gateway_is_found_past_the_hosts_file(tmp_path: Path, hosts: bytes) -> None:
    """R19: the name leads clients here and the edge to the gateway, which sees its own name in Host."""
    told = scene(tmp_path, hosts, "--upstream", f"http://{NAME}:PORT", dns={NAME: ["192.0.2.10"]})
    assert told["status"] == 200, told
    assert told["body"]["gateway"].startswith(f"{NAME}:")
    assert messages.text("gateway-by-dns", host=NAME, addresses="192.0.2.10") in told["stderr"]


def test_R19_a_pinned_address_needs_no_dns(tmp_path: Path) -> None:
    """R19: with gateway.address nobody is asked, and the name stays in Host."""
    told = scene(
        tmp_path, MAPPED, "--upstream", f"http://{NAME}:PORT", LOCALEDGE_GATEWAY_ADDRESS="192.0.2.10"
    )
    assert told["status"] == 200 and told["body"]["gateway"].startswith(f"{NAME}:"), told
    assert "gateway-by-dns" not in told["stderr"]


@pytest.mark.parametrize(
    ("dns", "reason"),
    [
        ({}, "they do not know the name"),
        ({NAME: ["127.0.0.1", "::1"]}, "their answer is this machine as well"),
        (None, "none of them answers"),
    ],
)
def test_R19_a_gateway_that_cannot_be_found_is_told_at_the_start(
    tmp_path: Path, dns: dict[str, list[str]] | None, reason: str
) -> None:
    """R19: no such name, an answer that leads here too, or no server: one clear line and exit 1."""
    told = scene(tmp_path, MAPPED, "--upstream", f"http://{NAME}:PORT", dns=dns)
    assert (told["line"], told["exit"]) == ("", 1), told
    [line] = told["stderr"].splitlines()
    assert line.endswith(" [gateway-own-name]") and reason in line and "gateway.address" in line


def test_R19_a_line_of_the_user_s_own_is_believed(tmp_path: Path) -> None:
    """R19: a name that DNS does not know and no client may use leads where the hosts file says."""
    told = scene(tmp_path, BY_HAND, "--upstream", f"http://{NAME}:1", dns={})
    assert told["status"] == 502 and "gateway-own-name" not in told["stderr"], told
    assert "refused" in told["body"]["error"]["message"]


def test_R19_an_address_where_the_edge_listens(tmp_path: Path) -> None:
    """R19: a pinned address that is the edge's own is told at the start."""
    words = ["--upstream", f"http://{NAME}:18079", "--port", "18079"]
    told = scene(tmp_path, MAPPED, *words, LOCALEDGE_GATEWAY_ADDRESS="127.0.0.1")
    assert (told["line"], told["exit"]) == ("", 1), told
    assert "[gateway-is-edge]" in told["stderr"]


def test_R19_a_loop_that_no_hosts_file_shows(tmp_path: Path) -> None:
    """R19: DNS itself leads the gateway's name to the edge: the first request is answered 508."""
    told = scene(
        tmp_path,
        b"127.0.0.1 localhost\n",
        *("--upstream", f"http://{NAME}:18079", "--port", "18079"),
        dns={NAME: ["127.0.0.1"]},
        LOCALEDGE_ALLOWED_HOSTS=NAME,
    )
    assert told["status"] == 508, told


def test_R19_what_others_map_is_no_matter(tmp_path: Path) -> None:
    """R19: the hosts file may well say where the gateway is, as long as that is not here."""
    hosts = f"127.0.0.1 localhost localedge.test\n192.0.2.10 {NAME}\n".encode()
    told = scene(tmp_path, hosts, "--upstream", f"http://{NAME}:PORT")
    assert told["status"] == 200 and codes_of(told) == [], told


def codes_of(told: dict[str, Any]) -> list[str]:
    """The codes of what was complained about."""
    done = subprocess.CompletedProcess[str]([], told["exit"], "", told["stderr"])
    return [code for code in codes(done) if code.startswith(("gateway-own", "gateway-by", "gateway-is"))]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(("certified", "trusted"), [(NAME, True), ("127.0.0.1", False)])
async def test_R19_a_pinned_address_leaves_tls_with_the_name(
    tmp_path: Path, certified: str, trusted: bool
) -> None:
    """R19: behind gateway.address the certificate and Host are still those of the name."""
    authority = trustme.CA()
    seen: list[str | None] = []
    tls = context(authority.issue_cert(certified))
    tls.getContext().set_tlsext_servername_callback(
        lambda connection: seen.append((connection.get_servername() or b"").decode())
    )
    async with listening(tls) as gateway:
        https = Gateway(
            "https", NAME, gateway.port, ca_file=ca_file(authority, tmp_path), address="127.0.0.1"
        )
        async with running(https) as edge:
            client = await edge.client()
            client.send(post(b"prompt"))
            if trusted:
                wire = await gateway.accepted()
                head = await wire.until(b"prompt")
                assert f"\r\nHost: {NAME}:{gateway.port}\r\n".encode() in head
                wire.send(streamed(b"token"))
                assert b"token" in await client.until(b"0\r\n\r\n")
            else:
                await client.until(b"}")
                reply = read_reply(bytes(client.received), None)[0]
                assert (reply.status, reply.code) == (502, "gateway-certificate-name")
    assert seen == [NAME]
