"""Requests per second over some connections: with wrk where it is installed, else with a loop of our own."""

import json
import math
import select
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from .client import Wrong, connect, small_request
from .gateway import MESSAGE
from .processes import Child, stopping
from .secured import NAME

SCRIPT = """
local request_bytes = %s
request = function() return request_bytes end
done = function(summary, latency, requests)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  local form = '\\n{"requests":%%d,"microseconds":%%d,"bytes":%%d,"errors":%%d}\\n'
  io.write(string.format(form, summary.requests, summary.duration, summary.bytes, failed))
end
"""


def generator() -> str:
    """Which of the two makes the load."""
    return "wrk" if shutil.which("wrk") else "a Python client (wrk is not installed)"


def requests(
    port: int, connections: int, seconds: float, directory: Path, trust: Path | None = None
) -> tuple[int, float]:
    """Answered requests and the seconds they took; every answer must be a 200 with the whole message."""
    program = shutil.which("wrk")
    if program is None:
        return _own_loop(port, connections, seconds, trust)
    script, said = directory / "wrk.lua", directory / "wrk.out"
    script.write_text(SCRIPT % _lua_string(small_request("/v1/messages", port)))
    said.unlink(missing_ok=True)
    command = [program, "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", "-s", str(script)]
    # wrk puts the host of the URL into SNI, where no address may stand.
    url = f"http://127.0.0.1:{port}" if trust is None else f"https://{NAME}:{port}"
    with stopping(Child([*command, url], said)) as child:
        try:
            child.process.wait(seconds + 15)
        except subprocess.TimeoutExpired:
            raise Wrong("wrk did not end") from None
    for line in said.read_text().splitlines():
        if line.startswith("{"):
            figures = json.loads(line)
            if figures["errors"]:
                raise Wrong(f"{figures['errors']} of {figures['requests']} requests went wrong")
            if figures["bytes"] < figures["requests"] * len(MESSAGE):
                raise Wrong("answers are shorter than the message")
            return figures["requests"], figures["microseconds"] / 1e6
    raise Wrong(f"wrk failed: {child.last_words()}")


def _lua_string(data: bytes) -> str:
    return '"' + "".join(f"\\{byte:03d}" for byte in data) + '"'


def _own_loop(port: int, connections: int, seconds: float, trust: Path | None) -> tuple[int, float]:
    request, done = small_request("/v1/messages", port), 0
    with ExitStack() as stack:
        poller = stack.enter_context(select.epoll())
        socks, received = {}, {}
        for _ in range(connections):
            sock = stack.enter_context(connect(port, trust))
            socks[sock.fileno()], received[sock.fileno()] = sock, b""
            poller.register(sock.fileno(), select.EPOLLIN)
            sock.sendall(request)
        begin = time.monotonic()
        while (now := time.monotonic()) < begin + seconds:
            for number, _ in poller.poll(1.0):
                data = socks[number].recv(65536)
                if not data:
                    raise Wrong("a connection was closed")
                answer = received[number] + data
                if answer.endswith(MESSAGE):
                    if not answer.startswith(b"HTTP/1.1 200"):
                        raise Wrong(f"an answer begins with {answer[:40]!r}")
                    done, answer = done + 1, b""
                    socks[number].sendall(request)
                received[number] = answer
        return done, now - begin
