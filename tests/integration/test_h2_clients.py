"""curl, nghttp, h2load and Node speak HTTP/2 with the edge, as people will (R13, R17, R31, R35)."""

import hashlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import anthropic
import pytest
import pytest_twisted
from h2.errors import ErrorCodes
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import deferToThread

from localedge.config import Https
from localedge.machine.vault import Vault
from tests import commands, peers
from tests.demo_edge import demonstrating
from tests.h2_wire import NAME, H2Client, authority, connect_to, digest_line, echoing, https_port, root_of
from tests.phrases import streamed
from tests.wire_peers import Edge, listening, running, turns

PATIENCE = 60.0
"""Seconds until a test gives up on a program."""
ASK = {
    "model": "claude-demo-opus",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello there"}],
}

Done = subprocess.CompletedProcess[bytes]


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Https:
    """An authority, and HTTPS with it."""
    return authority(tmp_path_factory.mktemp("ca"))


def run(*words: str, data: bytes = b"", **environ: str) -> Done:
    """What a program says and how it ends."""
    environment = {**os.environ, **environ}
    return subprocess.run(words, input=data, capture_output=True, timeout=PATIENCE, env=environment)


def curl_words(edge: Edge, *words: str, target: str = "/v1/messages") -> list[str]:
    """curl, which believes in the edge's root and nothing else."""
    port = https_port(edge)
    there = ("--resolve", f"{NAME}:{port}:127.0.0.1", "--cacert", str(root_of(edge)))
    return [str(peers.need("curl")), "-sS", "-m", "50", *there, *words, f"https://{NAME}:{port}{target}"]


async def curl(edge: Edge, *words: str, target: str = "/v1/messages", data: bytes = b"") -> Done:
    """What curl says and how it ends."""
    return await deferToThread(run, *curl_words(edge, *words, target=target), data=data)


@pytest.mark.parametrize(
    ("words", "version"),
    [((), b"2"), (("--http2",), b"2"), (("--http1.1",), b"1.1"), (("--no-alpn",), b"1.1")],
)
@pytest_twisted.ensureDeferred
async def test_curl_speaks_what_it_asks_for(https: Https, words: tuple[str, ...], version: bytes) -> None:
    """h2 unless curl is told otherwise; the certificate is good and the body arrives."""
    async with demonstrating(https=https) as (_, edge):
        data = json.dumps(ASK).encode()
        done = await curl(edge, *words, "-d", "@-", "-w", "\n%{http_version} %{ssl_verify_result}", data=data)
        body, _, said = done.stdout.rpartition(b"\n")
        assert json.loads(body)["type"] == "message", done
        assert said == version + b" 0"


@pytest_twisted.ensureDeferred
async def test_curl_without_tls_has_no_http2(https: Https) -> None:
    """`--http2-prior-knowledge` on the plain port is not offered, and reaches no gateway."""
    async with demonstrating(https=https) as (demo, edge):
        url = f"http://127.0.0.1:{edge.port}/v1/models"
        done = await deferToThread(
            run, str(peers.need("curl")), "-sS", "-m", "20", "--http2-prior-knowledge", url
        )
        assert done.returncode != 0
        assert demo.requests == 0


@pytest_twisted.ensureDeferred
async def test_R13_curl_shows_events_one_by_one(https: Https) -> None:
    """`curl -N` over h2 prints each event when it is made, not all at the end (R13)."""

    def work(words: list[str]) -> list[float]:
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**ASK, "stream": True}).encode())
            process.stdin.close()
            return [time.monotonic() for line in process.stdout if line.startswith(b"event: ")]

    async with demonstrating(gap=0.03, https=https) as (demo, edge):
        times = await deferToThread(work, curl_words(edge, "--http2", "-N", "-d", "@-"))
        assert len(times) > 5
        assert times[-1] - times[0] > 0.1
        assert sum(later - sooner > 0.01 for sooner, later in pairwise(times)) >= 3
        assert demo.answered == 1


@pytest_twisted.ensureDeferred
async def test_R14_curl_uploads_32_megabytes(https: Https, tmp_path: Path) -> None:
    """A big upload over h2 arrives whole (R14)."""
    file = tmp_path / "body"
    body = hashlib.shake_128(b"body").digest(32 * 1024 * 1024)
    file.write_bytes(body)
    async with echoing(https) as edge:
        done = await curl(
            edge, "--http2", "-T", str(file), "-w", " %{http_version} %{size_upload}", target="/up?digest"
        )
        said = digest_line(len(body), hashlib.sha256(body).hexdigest())
        assert done.stdout == said + b" 2 %d" % len(body), done
        assert (await edge.logged())[0]["bytes_in"] == len(body)


@pytest_twisted.ensureDeferred
async def test_R31_killing_curl_cancels(https: Https) -> None:
    """Ctrl-C in the terminal stops the tokens, over h2 too (R31)."""

    def work(words: list[str]) -> None:
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**ASK, "stream": True}).encode())
            process.stdin.close()
            process.stdout.readline()
            process.kill()

    async with demonstrating(https=https) as (demo, edge):
        await deferToThread(work, curl_words(edge, "-N", "-d", "@-", "-H", "x-demo: hang=3"))
        while not demo.aborted:
            await turns(1)
        assert (await edge.logged())[0]["ending"] == "client-gone"


@pytest_twisted.ensureDeferred
async def test_R06_curl_notices_a_cut(https: Https) -> None:
    """curl ends with its error for a stream that was reset (92) when the gateway cut the answer (R06)."""
    async with demonstrating("cut=3", "cut=200B", https=https) as (_, edge):
        for body in ({**ASK, "stream": True}, ASK):
            done = await curl(edge, "--http2", "-d", "@-", data=json.dumps(body).encode())
            assert done.returncode == 92, done


@pytest_twisted.ensureDeferred
async def test_nghttp_asks_and_uploads(https: Https, tmp_path: Path) -> None:
    """nghttp: ten requests on one connection, then an upload of 8 MB with padding."""
    nghttp = str(peers.need("nghttp"))
    file = tmp_path / "body"
    file.write_bytes(b"y" * 8_000_000)
    async with echoing(https) as edge:
        base = f"https://localhost:{https_port(edge)}"
        asked = [f"{base}/{number}" for number in range(10)]
        done = await deferToThread(run, nghttp, "-y", "-s", "-n", *asked)
        assert done.returncode == 0, done
        assert len(re.findall(rb" 200 +0 /\d", done.stdout)) == 10, done.stdout
        done = await deferToThread(run, nghttp, "-y", "-b", "200", "-d", str(file), f"{base}/up?digest")
        digest = hashlib.sha256(b"y" * 8_000_000).hexdigest()
        assert done.stdout == digest_line(8_000_000, digest), done


@pytest_twisted.ensureDeferred
async def test_h2load_finds_no_failure(https: Https) -> None:
    """Two thousand requests on four connections with sixteen streams each: all of them succeed."""
    h2load = str(peers.need("h2load"))
    async with demonstrating(https=https) as (demo, edge):
        url = f"https://localhost:{https_port(edge)}/v1/models"
        done = await deferToThread(run, h2load, "-n", "2000", "-c", "4", "-m", "16", url)
        assert b"Application protocol: h2\n" in done.stdout
        assert b" 2000 done, 2000 succeeded, 0 failed, 0 errored, 0 timeout" in done.stdout, done
        assert b"status codes: 2000 2xx," in done.stdout
        assert demo.answered == 2000


@pytest_twisted.ensureDeferred
async def test_R13_the_python_sdk_streams_over_h2(https: Https) -> None:
    """The Anthropic SDK with `http2=True`: an answer, then a stream whose events come one by one (R13)."""

    def work(port: int, root: str) -> tuple[list[str], list[float]]:
        trust = ssl.create_default_context(cafile=root)
        with anthropic.Anthropic(
            base_url=f"https://localhost:{port}",
            api_key="demo",
            max_retries=0,
            http_client=anthropic.DefaultHttpxClient(http2=True, verify=trust),
        ) as client:
            raw = client.messages.with_raw_response.create(**cast(Any, ASK))
            versions = [raw.http_response.http_version]
            with client.messages.stream(**cast(Any, ASK)) as stream:
                versions.append(stream.response.http_version)
                times = [time.monotonic() for event in stream if event.type == "content_block_delta"]
            return versions, times

    async with demonstrating(gap=0.03, https=https) as (_, edge):
        versions, times = await deferToThread(work, https_port(edge), str(root_of(edge)))
        assert versions == ["HTTP/2", "HTTP/2"]
        assert sum(later - sooner > 0.01 for sooner, later in pairwise(times)) >= 3
        assert [record["ending"] for record in await edge.logged(2)] == ["ok", "ok"]


NODE = """
const http2 = require("node:http2");
const ca = require("node:fs").readFileSync(process.env.ROOT);
const session = http2.connect(process.env.BASE, { ca });
const [what] = process.argv.slice(1);
session.on("error", (error) => { console.log(JSON.stringify({ error: error.code })); });
const stream = session.request({
  ":method": "POST", ":path": "/v1/messages", te: "trailers", "content-type": "application/json",
});
const seen = { alpn: session.alpnProtocol, interim: [], body: "", trailers: {} };
stream.on("headers", (headers) => seen.interim.push(headers[":status"]));
stream.on("response", (headers) => Object.assign(seen, {
  status: headers[":status"], kind: headers["content-type"],
}));
stream.on("trailers", (headers) => { seen.trailers = { ...headers }; });
stream.on("data", (data) => {
  seen.body += data;
  if (what === "cancel") stream.close(http2.constants.NGHTTP2_CANCEL);
});
stream.on("error", (error) => { seen.error = error.code; });
stream.on("close", () => {
  seen.alpn = session.alpnProtocol;
  seen.reset = stream.rstCode;
  console.log(JSON.stringify(seen));
  session.close();
});
stream.end(JSON.stringify({ hello: "world" }));
"""


async def node(edge: Edge, what: str) -> dict[str, object]:
    """What Node's http2 module saw."""
    words = (str(peers.need("node")), "-e", NODE, what)
    base = f"https://localhost:{https_port(edge)}"
    done = await deferToThread(run, *words, BASE=base, ROOT=str(root_of(edge)))
    seen: dict[str, object] = json.loads(done.stdout)
    return seen


@pytest_twisted.ensureDeferred
async def test_R15_R17_node_reads_interim_answers_bodies_and_trailers(https: Https) -> None:
    """A request, 103, a streamed answer and its trailers, in Node's own words (R15, R17)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        asking = ensureDeferred(node(edge, "whole"))
        wire = await gateway.accepted()
        assert b'{"hello":"world"}' in await wire.until(b"0\r\n\r\n")
        wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n")
        wire.send(
            streamed(b"one ", b"two", fields=(b"Content-Type: text/plain",), end=b"0\r\nX-Sum: 7\r\n\r\n")
        )
        assert await asking == {
            "alpn": "h2",
            "interim": [103],
            "body": "one two",
            "trailers": {"x-sum": "7"},
            "status": 200,
            "kind": "text/plain",
            "reset": 0,
        }


@pytest_twisted.ensureDeferred
async def test_R31_node_cancels(https: Https) -> None:
    """`stream.close(NGHTTP2_CANCEL)` resets the gateway's connection (R31)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        asking = ensureDeferred(node(edge, "cancel"))
        wire = await gateway.accepted()
        await wire.until(b"0\r\n\r\n")
        wire.send(streamed(b"one", end=b""))
        assert await wire.ended() == "reset"
        seen = await asking
        assert (seen["body"], seen["reset"]) == ("one", 8)
        assert (await edge.logged())[0]["ending"] == "client-gone"


@pytest_twisted.ensureDeferred
async def test_R06_node_sees_a_cut(https: Https) -> None:
    """A cut answer is an error for Node, not an end (R06)."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        asking = ensureDeferred(node(edge, "whole"))
        wire = await gateway.accepted()
        await wire.until(b"0\r\n\r\n")
        wire.send(streamed(b"half", end=b""))
        wire.close()
        seen = await asking
        assert (seen["body"], seen["reset"], seen["error"]) == ("half", 2, "ERR_HTTP2_STREAM_ERROR")


def told_port(process: "subprocess.Popen[str]") -> int:
    """The port in the second line that `run` prints."""
    commands.first_line(process)
    return int(commands.first_line(process).partition(f"https://{NAME}:")[2].partition(" ")[0])


def wait_until_it_drains(process: "subprocess.Popen[str]", port: int) -> None:
    """Until nobody new is let in."""
    assert process.stderr is not None
    next(line for line in process.stderr if line.startswith("Stopping"))
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except (ConnectionRefusedError, ConnectionResetError):  # gone, or going while we came
            return
        assert process.poll() is None


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest_twisted.ensureDeferred
async def test_R35_after_sigterm_a_running_stream_ends_whole(https: Https) -> None:
    """GOAWAY at once, the stream ends whole, the connection and then the process end, with status 0 (R35)."""
    words = ("run", "--port", "0", "--https-port", "0", "--upstream")
    place = str(https.directory)
    async with listening() as gateway:
        url = f"http://127.0.0.1:{gateway.port}"
        with commands.running(*words, url, LOCALEDGE_CA_DIR=place) as process:
            port = await deferToThread(told_port, process)
            client = H2Client()
            assert await connect_to(client, port, Vault(Path(place)).root_file) == "h2"
            stream = client.ask(body=b"x")
            wire = await gateway.accepted()
            await wire.until(b"\r\n\r\n")
            wire.send(streamed(b"one", end=b""))
            await client.until(lambda: client.answers[stream].body == b"one")
            process.send_signal(signal.SIGTERM)
            await client.until(lambda: client.goaway == ErrorCodes.NO_ERROR)
            await deferToThread(wait_until_it_drains, process, port)
            assert client.end is None
            wire.send(b"3\r\ntwo\r\n0\r\n\r\n")
            answered = await client.ended_on(stream)
            assert (answered.body, answered.ended) == (b"onetwo", True)
            assert await client.ended() == "fin"
            assert await deferToThread(process.wait, PATIENCE) == 0
