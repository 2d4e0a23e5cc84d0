"""Requests per second over HTTP/2, from h2load (nghttp2)."""

import re
import subprocess
from pathlib import Path

from .client import Wrong, claude_fields, small_body
from .gateway import MESSAGE
from .processes import Child, stopping
from .secured import NAME

WARM_UP = 0.3
"""Seconds of load before the counting begins."""

_RATE = re.compile(r"^finished in .*, ([\d.]+) req/s", re.MULTILINE)
_COUNTS = re.compile(
    r"^requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed, "
    r"(\d+) errored, (\d+) timeout$",
    re.MULTILINE,
)
_DATA = re.compile(r"^traffic: .*\((\d+)\) data$", re.MULTILINE)
_PROTOCOL = re.compile(r"^Application protocol: (\S+)$", re.MULTILINE)


def requests(port: int, connections: int, streams: int, seconds: float, directory: Path) -> tuple[int, float]:
    """Answered requests, and the rate per second; every answer must be a 200 with the whole message."""
    body, said = directory / "body.json", directory / "h2load.out"
    body.write_bytes(small_body())
    said.unlink(missing_ok=True)
    fields = [word for name, value in claude_fields() for word in ("-H", f"{name}: {value}")]
    command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{round(seconds * 1000)}ms"]
    command += [f"--warm-up-time={round(WARM_UP * 1000)}ms", "-d", str(body), *fields]
    with stopping(Child([*command, f"https://{NAME}:{port}/v1/messages"], said)) as child:
        try:
            child.process.wait(seconds + 15)
        except subprocess.TimeoutExpired:
            raise Wrong("h2load did not end") from None
    return figures(said.read_text())


def figures(said: str) -> tuple[int, float]:
    """Answered requests, and the rate per second, from what h2load says; raises `Wrong`."""
    rate, counts, data = _RATE.search(said), _COUNTS.search(said), _DATA.search(said)
    if rate is None or counts is None or data is None:
        raise Wrong(f"h2load says {' '.join(said.split())[-200:]!r}")
    if (protocol := _PROTOCOL.search(said)) is None or protocol[1] != "h2":
        raise Wrong(f"h2load spoke {protocol[1] if protocol else 'no HTTP'}")
    _, done, succeeded, *bad = (int(number) for number in counts.groups())
    if any(bad) or succeeded != done or not done:
        raise Wrong(f"{done - succeeded} of {done} requests went wrong: {counts[0]}")
    if int(data[1]) < succeeded * len(MESSAGE):
        raise Wrong("answers are shorter than the message")
    return succeeded, float(rate[1])
