"""Which machine this is and which versions run on it: figures mean nothing without."""

import contextlib
import os
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .proxies import Proxy, version_of


def cpu_model() -> str:
    """The processor's name as the kernel has it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model"):
            return value.strip()
    return platform.machine()


def cores() -> list[int]:
    """The processor's cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


@contextlib.contextmanager
def only_on(those: Sequence[int]) -> Iterator[None]:
    """For the time of a `with` this process, and what it starts, runs on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, those)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def busy(seconds: float = 1.0) -> float:
    """The share of all cores' time (0 to 1) that others use now, or that the host withholds."""
    before = _ticks()
    time.sleep(seconds)
    spent = [after - begin for begin, after in zip(before, _ticks(), strict=True)]
    return 1 - (spent[3] + spent[4]) / max(1, sum(spent))


def _ticks() -> list[int]:
    # user nice system idle iowait irq softirq steal; guest time is part of user.
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def description(proxies: Sequence[Proxy]) -> str:
    """Lines for the head of a report."""
    count = len(cores())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    shared = "; client, proxy and gateway share them" if count < 4 else ""
    lines = [
        f"CPU: {cpu_model()}, {count} cores{shared}; {memory:.0f} GiB memory",
        f"kernel: {platform.system()} {platform.release()}",
        f"wrk: {version_of('wrk', '-v').partition(' Copyright')[0].removeprefix('wrk ')}",
        f"h2load: {version_of('h2load', '--version').removeprefix('h2load ')}",
    ]
    if (others := busy()) > 0.05:
        lines.append(f"WARNING: other work takes {others:.0%} of the machine: stop it and run again")
    lines += [f"{proxy.title}: {proxy.version()}" for proxy in proxies if proxy.name != "direct"]
    return "\n".join(lines)
