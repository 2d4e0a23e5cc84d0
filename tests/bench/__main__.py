"""`python -m tests.bench`: run the lanes, print the tables.

Exit status 0 when localedge answered rightly in every lane (goals met or missed), 1 when it did not,
2 for usage, 130 when interrupted.
"""

import argparse
import contextlib
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from . import lanes, machine, proxies, table, tls_lanes, wrk
from .client import Wrong
from .contestants import PROXIES
from .lanes import QUICK, Lane, Settings, Turn, warm
from .processes import Child, Unavailable, stopping
from .proxies import Keys, Proxy, make_keys
from .stats import Values

LANES = (*lanes.LANES, *tls_lanes.LANES)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="localedge beside other proxies"
    )
    choices, names = [lane.name for lane in LANES], [proxy.name for proxy in PROXIES]
    parser.add_argument("--lane", action="append", choices=choices, help="only this lane; may be repeated")
    parser.add_argument(
        "--only", metavar="NAMES", help=f"these proxies, with commas between: {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=int, help="how often all lanes are run (default 5, with --quick 2)")
    parser.add_argument(
        "--share-cores",
        action="store_true",
        help="in the lanes of streams, too, the scheduler places everybody",
    )
    parser.add_argument("--quick", action="store_true", help="short rounds, for developing")
    parser.add_argument("--markdown", action="store_true", help="print the table of the README as well")
    options = parser.parse_args(given)
    options.only = options.only.split(",") if options.only else names
    if unknown := set(options.only) - set(names):
        parser.error(f"--only: no such proxy: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if options.rounds is None:
        options.rounds = 2 if options.quick else 5
    if options.rounds < 1:
        parser.error("--rounds: give 1 or more")
    return options


def chosen(names: Sequence[str] | None) -> list[Lane]:
    """The lanes of these names, else all; without those that lack the program they need."""
    lanes = []
    for lane in LANES:
        if names and lane.name not in names:
            continue
        if lane.needs and shutil.which(lane.needs) is None:
            print(f"{lane.name} is left out: {lane.needs} is not installed", file=sys.stderr)
        else:
            lanes.append(lane)
    return lanes


def taking_part(lane: Lane, names: Sequence[str]) -> list[Proxy]:
    """The proxies of a lane."""
    absent = {"direct": not lane.direct, "bare": not lane.bare}
    able = [proxy for proxy in PROXIES if (proxy.tls if lane.tls else proxy.plain)]
    return [proxy for proxy in able if proxy.name in names and not absent.get(proxy.name)]


def places(lane: Lane, *, shared: bool) -> tuple[list[int], list[int]]:
    """The cores for the proxy, and those for client and gateway."""
    cores = machine.cores()
    return (cores[:1], cores[1:]) if lane.own_core and not shared and len(cores) > 1 else (cores, cores)


def turn(
    lane: Lane,
    proxy: Proxy,
    gateway: int,
    settings: Settings,
    scratch: Path,
    keys: Keys | None = None,
    cores: Sequence[int] | None = None,
) -> Values:
    """Start the proxy, on these `cores` if given, measure, stop it."""
    with tempfile.TemporaryDirectory(prefix=f"{proxy.name}-", dir=scratch) as name:
        directory = Path(name)
        if lane.starts_itself:
            return lane.run(Turn(settings, directory, gateway, proxy))
        with machine.only_on(cores or machine.cores()):
            running = proxy.start(directory, gateway, keys)
        ready = Turn(settings, directory, gateway, proxy, running)
        if running.child is None:
            warm(ready)
            return lane.run(ready)
        with stopping(running.child):
            try:
                warm(ready)
                return lane.run(ready)
            except (Wrong, OSError) as error:
                if running.child.process.poll() is not None:
                    raise Unavailable(f"{proxy.title} ended: {running.child.last_words()}") from error
                raise Wrong(f"{error}{table.LOG}{running.child.last_words()}") from error


def run(options: argparse.Namespace, settings: Settings, scratch: Path) -> list[table.LaneResult]:
    """All rounds of all lanes; every round visits every proxy, each time beginning with another one.

    Raises `Unavailable` if there are no certificates for the lanes with TLS.
    """
    results = [table.LaneResult(lane) for lane in chosen(options.lane)]
    keys = make_keys(scratch / "keys") if any(result.lane.tls for result in results) else None
    for number in range(options.rounds):
        for result in results:
            begin = time.monotonic()
            for visit in range(result.lane.visits):
                visit_all(result, number * result.lane.visits + visit, options, settings, scratch, keys)
            took = time.monotonic() - begin
            print(
                f"round {number + 1} of {options.rounds}: {result.lane.name} ({took:.0f} s)",
                file=sys.stderr,
                flush=True,
            )
    return results


def visit_all(
    result: table.LaneResult,
    number: int,
    options: argparse.Namespace,
    settings: Settings,
    scratch: Path,
    keys: Keys | None,
) -> None:
    """Every proxy's turn in a lane, beginning with another one by `number`."""
    lane, contestants = result.lane, taking_part(result.lane, options.only)
    shift = number % max(1, len(contestants))
    values: dict[str, Values] = {}
    place, others = places(lane, shared=options.share_cores)
    # A gateway of its own: connections that a proxy left behind do not reach the next lane.
    with machine.only_on(others), gateway(scratch) as port:
        for proxy in contestants[shift:] + contestants[:shift]:
            if result.given_up(proxy.name):
                continue
            try:
                own = keys if lane.tls else None
                values[proxy.name] = turn(lane, proxy, port, settings, scratch, own, place)
            except (Wrong, Unavailable, OSError) as error:
                result.fail(proxy.name, str(error) or type(error).__name__)
    result.add(values)


@contextlib.contextmanager
def gateway(scratch: Path) -> Iterator[int]:
    """The fake gateway for the time of a `with`: gives its port."""
    script, log = str(proxies.HERE / "gateway.py"), scratch / "gateway.log"
    child = Child([sys.executable, script], log, environment=proxies.environment(), port_pattern=r"^(\d+)$")
    with stopping(child):
        yield child.announced_port()


def main(given: Sequence[str] | None = None) -> int:
    """The command."""
    options = arguments(given)
    if not sys.platform.startswith("linux"):
        print("the bench reads /proc: run it on Linux", file=sys.stderr)
        return 2
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    print(machine.description([proxy for proxy in PROXIES if proxy.name in options.only]))
    print(f"load from {wrk.generator()} (rps32, tls32), h2load (h2rps) and this process,")
    print("fake gateway in a process of its own;")
    print(f"{options.rounds} rounds, interleaved; access logs on; a fresh process each time")
    if not options.share_cores:
        print("in the lanes of streams the proxy has a core of its own (--share-cores: it has not)")
    sys.stdout.flush()
    try:
        with tempfile.TemporaryDirectory(prefix="localedge-bench-") as scratch:
            results = run(options, QUICK if options.quick else Settings(), Path(scratch))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except Unavailable as missing:
        print(missing, file=sys.stderr)
        return 1
    print()
    print(table.terminal(results))
    if options.markdown:
        print()
        print(table.markdown(results))
    failed = [result for result in results if "localedge" in result.failures]
    for result in failed:
        print(f"localedge FAILED in {result.lane.name}: {result.failures['localedge'][0]}", file=sys.stderr)
    return 1 if failed else 0


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
