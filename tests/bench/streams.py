"""Many event streams at once: collected with next to no work in the loop, examined afterwards."""

import gc
import re
import select
import time
from contextlib import ExitStack
from pathlib import Path

from .client import Answer, Wrong, connect, small_request
from .gateway import FIRST_EVENT, FLOOD_CYCLE, FLOOD_EVENT, LAST_CHUNK, TIMED_EVENT
from .secured import Secured

_STAMP = re.compile(rb'"sent":(\d{20}),"n":(\d{8})')
_COUNT = re.compile(rb'event: done\ndata: \{"count":(\d+)\}\n\n$')

_END = b"\r\n" + LAST_CHUNK
"""The end of a chunk, or of a head that no event follows, and of the answer."""

Pieces = list[tuple[int, bytes]]
"""What arrived on one stream, each piece with the monotonic nanoseconds of its arrival."""


def collect(port: int, targets: list[str], seconds: float, trust: Path | None = None) -> list[Pieces]:
    """Open one stream per target and take everything up to the end of all.

    `seconds` is how long they should take; ten more are granted before `Wrong` is raised.
    Over TLS a piece has arrived when its ciphertext has: decryption is the client's own affair.
    """
    with ExitStack() as stack:
        poller = stack.enter_context(select.epoll())
        streams: dict[int, Pieces] = {}
        tails: dict[int, bytes] = {}
        plain: dict[int, Answer] = {}
        """Answers without chunks, from proxies that buffer: only following them shows the end."""
        receive, decrypt = {}, {}
        for target in targets:
            sock = stack.enter_context(connect(port, trust))
            sock.sendall(small_request(target, port))
            sock.setblocking(False)
            number = sock.fileno()
            streams[number], tails[number] = [], b""
            receive[number] = sock.recv
            if isinstance(sock, Secured):
                receive[number], decrypt[number] = sock.socket.recv, sock.decrypt
            poller.register(number, select.EPOLLIN)
        deadline = time.monotonic() + seconds + 10
        gc.collect()
        gc.disable()
        stack.callback(gc.enable)
        clock = time.monotonic_ns
        while receive:
            ready = poller.poll(1.0)
            if time.monotonic() > deadline:
                raise Wrong(f"{len(receive)} of {len(targets)} streams did not end in time")
            for number, _ in ready:
                data = receive[number](262144)
                moment = clock()
                if decrypt and data:
                    text = decrypt[number](data)
                    if text is None:
                        continue
                    data = text
                pieces = streams[number]
                pieces.append((moment, data))
                tails[number] = (tails[number] + data)[-len(_END) :]
                if len(pieces) == 1 and b"chunked" not in data.lower():
                    plain[number] = Answer()
                if number in plain:
                    plain[number].feed(data)
                if not data or tails[number] == _END or (number in plain and plain[number].done):
                    poller.unregister(number)
                    del receive[number]
        return list(streams.values())


def bodies(pieces: Pieces) -> list[tuple[int, bytes]]:
    """Body bytes with the time of their arrival; raises `Wrong` unless it is a complete 200."""
    answer, taken = Answer(), []
    for moment, data in pieces:
        if data:
            taken.append((moment, answer.feed(data)))
        else:
            answer.ended()
    if not answer.done:
        answer.ended()
    if answer.status != 200:
        raise Wrong(f"status {answer.status}: {taken[-1][1][:200].decode(errors='replace')}")
    return taken


def delays(pieces: Pieces, count: int) -> list[float]:
    """Microseconds from writing to arrival of each event of a timed stream, all `count` of them checked.

    `pieces` are those of the body alone.
    """
    found: list[float] = []
    waiting = b""
    for moment, body in pieces:
        waiting += body
        *events, waiting = waiting.split(b"\n\n")
        for event in events:
            stamp = _STAMP.search(event)
            if stamp is None or event + b"\n\n" != TIMED_EVENT % (int(stamp[1]), len(found)):
                raise Wrong(f"event {len(found)} arrived as {event[:120]!r}")
            found.append((moment - int(stamp[1])) / 1000)
    if len(found) != count or waiting:
        raise Wrong(f"{len(found)} of {count} events arrived")
    return found


def timetable(streams: int, count: int, every: float) -> list[str]:
    """Targets of streams with `count` events each, spread evenly over the interval `every` (seconds)."""
    interval, start = round(every * 1e9), time.monotonic_ns() + 500_000_000
    return [
        f"/sse?count={count}&every={interval}&start={start}&phase={index * interval // streams}"
        for index in range(streams)
    ]


def timed(port: int, streams: int, every: float, seconds: float, trust: Path | None = None) -> list[float]:
    """Delays in microseconds over all streams, whose events are spread evenly over the interval `every`."""
    count = round(seconds / every)
    collected = collect(port, timetable(streams, count, every), seconds + 0.5, trust)
    return [delay for pieces in collected for delay in delays(bodies(pieces), count)]


def flood(port: int, streams: int, burst: int, seconds: float) -> tuple[int, float]:
    """Events over all streams at full speed, each compared, and the seconds from asking to the last byte."""
    begin = time.monotonic_ns()
    collected = collect(port, [f"/flood?ms={round(seconds * 1000)}&burst={burst}"] * streams, seconds)
    took = (max(pieces[-1][0] for pieces in collected) - begin) / 1e9
    return sum(flood_events(pieces) for pieces in collected), took


def flood_events(pieces: Pieces) -> int:
    """The events of one flood; raises `Wrong` unless every one is there, as it was sent and in order."""
    body = b"".join(body for _, body in bodies([(0, b"".join(data for _, data in pieces))]))
    end = _COUNT.search(body)
    if end is None:
        raise Wrong(f"the flood ends with {body[-80:]!r}")
    count, size = int(end[1]), len(FLOOD_EVENT % 0)
    cycle = b"".join(FLOOD_EVENT % number for number in range(FLOOD_CYCLE))
    whole, part = divmod(count, FLOOD_CYCLE)
    if body[: end.start()] != cycle * whole + cycle[: part * size]:
        raise Wrong(f"{count} events were sent, something else arrived")
    return count


def open_idle(
    stack: ExitStack, port: int, streams: int, patience: float = 4.0, trust: Path | None = None
) -> None:
    """Open streams that stay until `stack` closes; each has delivered its first event."""
    for first in range(0, streams, 50):
        batch = []
        for _ in range(first, min(first + 50, streams)):
            sock = stack.enter_context(connect(port, trust))
            sock.settimeout(patience)
            sock.sendall(small_request("/idle", port))
            batch.append(sock)
        for sock in batch:
            answer, body = Answer(), b""
            while FIRST_EVENT not in body:
                try:
                    data = sock.recv(65536)
                except TimeoutError:
                    raise Wrong(
                        f"the first event of an open stream did not arrive in {patience:.0f} s"
                    ) from None
                if not data:
                    raise Wrong("an open stream was closed")
                body += answer.feed(data)
            if answer.status != 200:
                raise Wrong(f"status {answer.status}")
