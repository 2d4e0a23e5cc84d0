"""curl through the edge: what people try first (R08, R13, R15, R18)."""

import json
import subprocess
import time
from itertools import pairwise
from pathlib import Path

import pytest_twisted
from twisted.internet.defer import ensureDeferred
from twisted.internet.threads import deferToThread

from tests import peers
from tests.demo_edge import demonstrating
from tests.phrases import OK
from tests.wire_peers import Edge, listening, running, turns

PATIENCE = 30.0
"""Seconds until a test gives up on curl."""

ASK = {
    "model": "claude-demo-opus",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello there"}],
}


Done = subprocess.CompletedProcess[bytes]


async def curl(edge: Edge, *words: str, target: str = "/v1/messages", data: bytes = b"") -> Done:
    """What curl says and how it ends."""
    program = str(peers.need("curl"))
    command = [program, "-sS", "-m", "20", *words, f"http://127.0.0.1:{edge.port}{target}"]
    return await deferToThread(subprocess.run, command, input=data, capture_output=True, timeout=PATIENCE)


@pytest_twisted.ensureDeferred
async def test_R13_curl_shows_events_one_by_one() -> None:
    """`curl -N` prints each event of a stream when it is made, not all at the end (R13)."""
    program = str(peers.need("curl"))

    def work(port: int) -> list[float]:
        command = [program, "-sN", f"http://127.0.0.1:{port}/v1/messages", "-d", "@-"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**ASK, "stream": True}).encode())
            process.stdin.close()
            return [time.monotonic() for line in process.stdout if line.startswith(b"event: ")]

    async with demonstrating(gap=0.03) as (demo, edge):
        times = await deferToThread(work, edge.port)
        assert len(times) > 5
        assert times[-1] - times[0] > 0.1
        assert sum(later - sooner > 0.01 for sooner, later in pairwise(times)) >= 3
        assert demo.answered == 1


@pytest_twisted.ensureDeferred
async def test_R18_curl_http2_falls_back_to_http_1_1() -> None:
    """`curl --http2` asks for h2c on its POST; the request is served as usual, body included (R18)."""
    async with demonstrating(record=True) as (demo, edge):
        done = await curl(edge, "--http2", "-d", "@-", "-w", "%{http_version}", data=json.dumps(ASK).encode())
        assert b'"type":"message"' in done.stdout.replace(b" ", b"")
        assert done.stdout.endswith(b"1.1")
        head = demo.seen[0].head
        assert head is not None
        assert not {name.lower() for name, _ in head.fields} & {b"upgrade", b"connection", b"http2-settings"}


@pytest_twisted.ensureDeferred
async def test_R15_curl_uploads_when_the_gateway_says_so(tmp_path: Path) -> None:
    """`curl -T` with `Expect: 100-continue` waits for the gateway's 100 and then sends everything (R15)."""
    file = tmp_path / "body"
    file.write_bytes(json.dumps(ASK).encode() + b" " * 2_000_000)
    async with demonstrating(record=True) as (demo, edge):
        words = (
            "-T",
            str(file),
            "-X",
            "POST",
            "-H",
            "Expect: 100-continue",
            "-D",
            "-",
            "-w",
            "%{size_upload}",
        )
        done = await curl(edge, *words)
        assert done.stdout.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
        assert done.stdout.endswith(b"%d" % file.stat().st_size)
        head = demo.seen[0].head
        assert head is not None
        assert (b"Expect", b"100-continue") in head.fields


@pytest_twisted.ensureDeferred
async def test_R15_curl_does_not_upload_what_was_refused(tmp_path: Path) -> None:
    """A final answer instead of the 100 spares the upload (R15)."""
    file = tmp_path / "body"
    file.write_bytes(b"x" * 2_000_000)
    async with listening() as gateway, running(gateway.port) as edge:
        words = ("-T", str(file), "-H", "Expect: 100-continue", "-w", "%{http_code} %{size_upload}")
        asking = curl(edge, *words, target="/v1/upload")
        done = ensureDeferred(asking)
        wire = await gateway.accepted()
        assert (await wire.until(b"\r\n\r\n")).startswith(b"PUT /v1/upload HTTP/1.1\r\n")
        wire.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
        assert (await done).stdout == b"no401 0"


@pytest_twisted.ensureDeferred
async def test_R08_curl_http_1_0_gets_bodies_that_end_with_the_connection() -> None:
    """An HTTP/1.0 client reads a stream to its end (R08)."""
    async with demonstrating() as (_, edge):
        words = ("--http1.0", "-D", "-", "-d", "@-", "-w", "%{exitcode}")
        done = await curl(edge, *words, data=json.dumps({**ASK, "stream": True}).encode())
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        assert b"chunked" not in head.lower()
        assert b"event: message_stop" in body
        assert done.returncode == 0


@pytest_twisted.ensureDeferred
async def test_R06_curl_notices_a_cut() -> None:
    """curl ends with an error when the gateway cut the answer, over HTTP/1.1 (18) and HTTP/1.0 (56) (R06)."""
    async with demonstrating("cut=3", "cut=3", "cut=200B") as (_, edge):
        stream = json.dumps({**ASK, "stream": True}).encode()
        assert (await curl(edge, "-d", "@-", data=stream)).returncode == 18
        assert (await curl(edge, "--http1.0", "-d", "@-", data=stream)).returncode == 56
        assert (await curl(edge, "-d", "@-", data=json.dumps(ASK).encode())).returncode == 18


@pytest_twisted.ensureDeferred
async def test_R31_killing_curl_cancels() -> None:
    """Ctrl-C in the terminal stops the tokens (R31)."""
    program = str(peers.need("curl"))

    def work(port: int) -> None:
        command = [program, "-sN", f"http://127.0.0.1:{port}/v1/messages", "-d", "@-", "-H", "x-demo: hang=3"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**ASK, "stream": True}).encode())
            process.stdin.close()
            process.stdout.readline()
            process.kill()

    async with demonstrating() as (demo, edge):
        await deferToThread(work, edge.port)
        while not demo.aborted:
            await turns(1)
        assert (await edge.logged())[0]["ending"] == "client-gone"


@pytest_twisted.ensureDeferred
async def test_R11_curl_path_as_is_reaches_the_gateway_as_is() -> None:
    """Dot segments and percent signs are not tidied up (R11)."""
    async with listening() as gateway, running(gateway.port) as edge:
        done = ensureDeferred(curl(edge, "--path-as-is", target="/v1/../a%2fb//c/./d?x=%20y"))
        wire = await gateway.accepted()
        assert (await wire.until(b"\r\n\r\n")).startswith(b"GET /v1/../a%2fb//c/./d?x=%20y HTTP/1.1\r\n")
        wire.send(OK)
        assert (await done).stdout == b"ok"
