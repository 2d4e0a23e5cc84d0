"""The proxies in Python: localedge of this checkout, and what people write themselves.

They say where they listen; hypercorn inherits a listening socket.
"""

import importlib.util
import json
import sys
from pathlib import Path

from .processes import Child, Unavailable, inheritable_listener
from .proxies import HERE, Keys, Running, environment, python_path, ready


def _python(arguments: list[str], log: Path) -> Child:
    return Child(
        [sys.executable, *arguments],
        log,
        environment=environment(PYTHONPATH=python_path()),
        port_pattern=r"^(\d+)$",
        directory=log.parent,
    )


def start_localedge(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """localedge of this checkout, its cap on gateway connections lifted, as nginx's is.

    With `keys` it listens twice, as it does for its users; the load goes to HTTPS.
    """
    config = directory / "localedge.toml"
    https = f"[https]\nport = 0\ndirectory = {json.dumps(str(keys.authority))}\n" if keys else ""
    config.write_text(f"[pool]\nconnections = 2048\n{https}")
    log = directory / "stderr.log"
    child = Child(
        [
            *(sys.executable, "-m", "localedge", "run", "-q", "--upstream", f"http://127.0.0.1:{gateway}"),
            *("--port", "0", "--config", str(config), *([] if keys else ["--http-only"])),
        ],
        log,
        environment=environment(PYTHONPATH=python_path()),
        port_pattern=rf"^Listening on {'https' if keys else 'http'}://[^ ]+:(\d+) ",
        port_line=2 if keys else 1,
        directory=directory,
    )
    return ready(child, child.announced_port, log, keys)


def start_hypercorn(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """hypercorn in one process, with the forwarder on httpx2."""
    assert keys is not None
    if missing := [name for name in ("hypercorn", "httpx2") if importlib.util.find_spec(name) is None]:
        raise Unavailable(f"{missing[0]} is not installed")
    config, log = directory / "hypercorn.toml", directory / "access.log"
    with inheritable_listener() as listener:
        settings: dict[str, str | int] = {
            "bind": f"fd://{listener.fileno()}",
            "workers": 0,
            "backlog": 1024,
            "certfile": str(keys.leaf),
            "keyfile": str(keys.leaf),
            "accesslog": str(log),
            "keep_alive_timeout": 600,
            "keep_alive_max_requests": 10_000_000,
            "h2_max_concurrent_streams": 256,
        }
        # A TOML string or number is a JSON one.
        config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items()))
        child = Child(
            [sys.executable, "-m", "hypercorn", "-c", str(config), "tests.bench.forwarder:app"],
            directory / "stderr.log",
            environment=environment(
                PYTHONPATH=python_path(HERE.parent.parent), BENCH_GATEWAY=f"http://127.0.0.1:{gateway}"
            ),
            pass_fds=[listener.fileno()],
            directory=directory,
        )
        return Running(child, listener.getsockname()[1], log, keys.root)


def start_agent_relay(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """The twisted.web relay."""
    log = directory / "access.log"
    script = str(HERE / "relay_twisted.py")
    child = _python([script, f"http://127.0.0.1:{gateway}", str(log)], directory / "stderr.log")
    return ready(child, child.announced_port, log)


def start_thread_relay(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """The standard-library relay."""
    log = directory / "stderr.log"
    child = _python([str(HERE / "relay_threads.py"), f"http://127.0.0.1:{gateway}"], log)
    return ready(child, child.announced_port, log)


def start_bare(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """The bare Twisted program of the start lane."""
    child = _python([str(HERE / "bare.py")], directory / "stderr.log")
    return ready(child, child.announced_port, None)
