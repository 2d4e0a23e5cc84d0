"""`localedge check` and the way to the gateway: certificates, schemes, redirects to https, proxies, nginx."""

import datetime as dt
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_twisted
import trustme
from twisted.internet.defer import Deferred

from localedge.config import Gateway, Proxy, Secret
from localedge.edge.probe import Bounds
from localedge.messages import text
from tests import peers
from tests.certificates import ca_file, context
from tests.check_peers import Report, answer, checked, demo, good, serving
from tests.proxy_peer import proxying
from tests.wire_peers import PATIENCE, listening, turns


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A private CA."""
    return trustme.CA()


def https(port: int, file: str | None = None) -> Gateway:
    """A gateway behind https by its address."""
    return Gateway("https", "127.0.0.1", port, ca_file=file)


def only(report: Report) -> str:
    """The code of a check that ended with its first question."""
    assert len(report.findings) == 1 and not report.outcome.usable
    finding = report.findings[0]
    assert text(finding.verdict.code, "en", **finding.verdict.params).count("?") == 0
    return finding.verdict.code


@pytest_twisted.ensureDeferred
async def test_https_with_a_private_ca(authority: trustme.CA, tmp_path: Path) -> None:
    """A gateway behind https whose CA is named in gateway.ca_file is as good as any."""
    async with serving(good, context(authority.issue_cert("127.0.0.1"))) as server:
        report = await checked(https(server.port, ca_file(authority, tmp_path)))
        assert report.outcome.usable and report.by_edge("message").verdict.code == "check-message-ok"


@pytest_twisted.ensureDeferred
async def test_a_certificate_that_nobody_trusts(authority: trustme.CA) -> None:
    """A self-signed gateway: its CA belongs into gateway.ca_file.  Nothing was sent to it."""
    async with serving(good, context(authority.issue_cert("127.0.0.1"))) as server:
        assert only(await checked(https(server.port))) == "gateway-certificate-untrusted"
        assert server.seen == []


@pytest_twisted.ensureDeferred
async def test_a_certificate_for_another_name(authority: trustme.CA, tmp_path: Path) -> None:
    """A certificate for somebody else is told apart from one that nobody trusts."""
    async with serving(good, context(authority.issue_cert("other.test"))) as server:
        report = await checked(https(server.port, ca_file(authority, tmp_path)))
        assert only(report) == "gateway-certificate-name" and server.seen == []


@pytest_twisted.ensureDeferred
async def test_an_expired_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    """An expired certificate is named as such."""
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    leaf = authority.issue_cert("127.0.0.1", not_before=past, not_after=past + dt.timedelta(days=9))
    async with serving(good, context(leaf)) as server:
        report = await checked(https(server.port, ca_file(authority, tmp_path)))
        assert only(report) == "gateway-certificate-expired" and server.seen == []


@pytest_twisted.ensureDeferred
async def test_https_where_the_gateway_speaks_http_and_the_other_way_round(authority: trustme.CA) -> None:
    """The wrong scheme in the URL is told with the right one, where the other side shows it."""
    async with serving(lambda _: b"") as server:
        assert only(await checked(https(server.port))) in ("gateway-speaks-http", "gateway-tls")

    def nginx_like(_: object) -> bytes:
        page = b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>"
        return answer(400, page, "text/html")

    async with serving(nginx_like) as server:
        report = await checked(server.port)
        assert report.code("message") == "gateway-speaks-tls"
        assert "Write https://" in report.sentence("message")


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_redirects_to_https(authority: trustme.CA, tmp_path: Path) -> None:
    """The https URL to use is named, and it was looked at without the key."""
    async with serving(good, context(authority.issue_cert("127.0.0.1"))) as secure:

        def redirect(asked: object) -> bytes:
            path = asked.head.target.decode()  # type: ignore[attr-defined]
            return answer(301, b"", location=f"https://127.0.0.1:{secure.port}{path}")

        async with serving(redirect) as server:
            gateway = Gateway("http", "127.0.0.1", server.port, ca_file=ca_file(authority, tmp_path))
            report = await checked(gateway)
            assert report.code("message") == "check-redirect-https"
            url = f"https://127.0.0.1:{secure.port}"
            assert report.sentence("message").endswith(f"use {url} as gateway.url (--upstream).")
            assert len(secure.seen) == 1 and not secure.seen[0].field(b"authorization")


@pytest_twisted.ensureDeferred
async def test_R24_by_way_of_a_proxy(authority: trustme.CA, tmp_path: Path) -> None:
    """The proxy of the settings is used as the edge uses it (R24)."""
    file = ca_file(authority, tmp_path)
    async with (
        serving(good, context(authority.issue_cert("gateway.test"))) as server,
        proxying(server.port, credentials="user:word") as proxy,
    ):
        way = Proxy("127.0.0.1", proxy.port, Secret("user:word"))
        report = await checked(Gateway("https", "gateway.test", 443, ca_file=file, proxy=way))
        assert report.outcome.usable
        way = Proxy("127.0.0.1", proxy.port)
        report = await checked(Gateway("https", "gateway.test", 443, ca_file=file, proxy=way))
        assert only(report) == "proxy-auth"


@pytest_twisted.ensureDeferred
async def test_R24_plain_http_by_way_of_a_proxy() -> None:
    """A plain proxy is asked in absolute form, with its credentials; its refusals are told (R24)."""
    refused = answer(503, b"<html><title>No such host here</title></html>", "text/html")
    async with proxying(answer=refused) as proxy:
        way = Proxy("127.0.0.1", proxy.port, Secret("user:word"))
        report = await checked(Gateway("http", "gateway.test", 80, proxy=way))
        assert report.code("message") == "check-html" and "No such host here" in report.sentence("message")
        assert all(b" http://gateway.test/" in one for one in proxy.seen)
        assert all(b"Proxy-Authorization: Basic " in one for one in proxy.seen)


# -- nginx

CONFIGURATION = """
daemon off; {user} worker_processes 1; pid {place}/pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/f;
  uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
  default_type text/html;
  server {{ listen {listen}; {server} }}
}}
"""


@contextmanager
def nginx(place: Path, server: str, *, tls: bool = False) -> Iterator[int]:
    """A real nginx on a socket that it inherits (as in its own upgrades), so that no port is guessed."""
    program = peers.need("nginx")
    with socket.create_server(("127.0.0.1", 0), backlog=64) as inherited:
        inherited.set_inheritable(True)
        port, number = inherited.getsockname()[1], inherited.fileno()
        listen = f"127.0.0.1:{port}" + (" ssl" if tls else "")
        user = "user root;" if os.geteuid() == 0 else ""
        file = place / "nginx.conf"
        file.write_text(CONFIGURATION.format(place=place, listen=listen, server=server, user=user))
        process = subprocess.Popen(
            [str(program), "-p", str(place), "-c", str(file), "-e", "stderr"],
            pass_fds=[number],
            env={"NGINX": f"{number};"},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest_twisted.ensureDeferred
async def test_nginx_that_serves_a_web_site(tmp_path: Path) -> None:
    """A web server in place of a gateway: the URL leads to a site."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<!doctype html><title>Hello</title>")
    site = f"root {tmp_path}/site; location / {{ try_files $uri /index.html; }}"
    with nginx(tmp_path, site) as port:
        report = await checked(port)
        assert report.codes == ["check-hello-ok", "check-models-html", "check-html"]
        assert report.sentence("message").startswith("A web page came in place of an answer (HTML, HTTP 405,")


@pytest_twisted.ensureDeferred
async def test_nginx_that_buffers_and_allows_one_megabyte(tmp_path: Path) -> None:
    """nginx with its defaults before a good gateway: it buffers streams and refuses 2 MB."""
    async with demo() as gateway:
        inner = gateway.port  # type: ignore[attr-defined]
        with nginx(tmp_path, f"location / {{ proxy_pass http://127.0.0.1:{inner}; }}") as port:
            report = await checked(port)
    assert report.outcome.usable
    assert report.code("stream") == report.by_edge("stream").verdict.code == "check-stream-buffered"
    assert report.code("big-body") == report.by_edge("big-body").verdict.code == "check-big-refused"
    assert "client_max_body_size 32m" in report.sentence("big-body")


@pytest_twisted.ensureDeferred
async def test_nginx_that_passes_streams_on(tmp_path: Path) -> None:
    """With proxy_buffering off the stream of the same gateway is really one."""
    async with demo() as gateway:
        inner = gateway.port  # type: ignore[attr-defined]
        site = f"location / {{ proxy_pass http://127.0.0.1:{inner}; proxy_buffering off; }}"
        with nginx(tmp_path, site) as port:
            report = await checked(port)
    assert report.code("stream") == report.by_edge("stream").verdict.code == "check-stream-ok"


@pytest_twisted.ensureDeferred
async def test_nginx_that_redirects_to_https(tmp_path: Path) -> None:
    """The usual "return 301 https://$host$request_uri" is told with the URL to use."""
    with nginx(tmp_path, "return 301 https://$host$request_uri;") as port:
        report = await checked(port)
    assert report.code("message") == "check-redirect-https"
    assert "use https://127.0.0.1 as gateway.url" in report.sentence("message")


@pytest_twisted.ensureDeferred
async def test_plain_http_to_an_nginx_that_speaks_https(authority: trustme.CA, tmp_path: Path) -> None:
    """nginx answers plain HTTP on its https port with a page: the scheme is named, not the page."""
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_and_cert_chain_pem.write_to_path(tmp_path / "leaf.pem")
    pem = f"ssl_certificate {tmp_path}/leaf.pem; ssl_certificate_key {tmp_path}/leaf.pem;"
    with nginx(tmp_path, pem, tls=True) as port:
        report = await checked(port)
        assert report.code("message") == "gateway-speaks-tls"


@pytest_twisted.ensureDeferred
async def test_nothing_is_left_of_a_check_that_is_given_up(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a question closes its connection."""
    async with listening() as silent:
        running: Deferred[Report] = Deferred.fromCoroutine(checked(silent.port, bounds=Bounds()))
        wire = await silent.accepted()
        await wire.until(b"\r\n\r\n")
        running.cancel()
        running.addErrback(lambda _: None)
        assert await wire.ended()
        await turns()
