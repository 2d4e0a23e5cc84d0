"""The proxies that are compared, each configured as somebody who knows it would for streaming on loopback.

All write an access log into the lane's directory.  No port is guessed: nginx and HAProxy inherit a listening
socket, Caddy listens on port 0 and is looked up, the Python programs say where they listen.
"""

import importlib.metadata
import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .processes import Child, Unavailable, inheritable_listener

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "src"


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that was started: `child` is None for the direct connection."""

    child: Child | None
    port: int
    access_log: Path | None = None


Start = Callable[[Path, int], Running]
"""Takes a directory of its own and the gateway's port; raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of the competitors."""

    name: str
    title: str
    start: Start
    version: Callable[[], str]


def _program(name: str) -> str:
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Unavailable(f"{name} is not installed")
    return found


def environment(**more: str) -> dict[str, str]:
    """The environment for children: nothing in it that configures one of the programs by accident."""
    refused = ("LOCALEDGE_", "ANTHROPIC_", "NGINX", "PYTHONDONTWRITEBYTECODE", "PYTHONDEVMODE")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(refused) and not name.lower().endswith("_proxy")
    }
    return kept | more


def version_of(*arguments: str) -> str:
    """What a program says about its version, on one line."""
    try:
        said = subprocess.run(
            [_program(arguments[0]), *arguments[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
            check=False,
        )
    except Unavailable as missing:
        return str(missing)
    lines = said.stdout.decode(errors="replace").splitlines()
    return lines[0].strip() if lines else "unknown"


NGINX = """
daemon off;
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {directory}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
    access_log {directory}/access.log combined;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 10000000;
    keepalive_timeout 600s;
    upstream gateway {{
        server 127.0.0.1:{gateway};
        keepalive 128;
        keepalive_requests 10000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://gateway;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""

HAPROXY = """
global
    nbthread 1
    maxconn 8192
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    option http-no-delay
    http-reuse always
    timeout connect 10s
    timeout client 600s
    timeout server 600s
frontend edge
    bind fd@{listener}
    default_backend gateway
backend gateway
    server gateway 127.0.0.1:{gateway} pool-max-conn 128
"""


def caddy_config(directory: Path, gateway: int) -> str:
    """Caddy's configuration in its native form, the only one in which port 0 is not special."""
    relay = {
        "handler": "reverse_proxy",
        "flush_interval": -1,
        "transport": {"protocol": "http", "keep_alive": {"max_idle_conns_per_host": 128}},
        "upstreams": [{"dial": f"127.0.0.1:{gateway}"}],
    }
    server = {
        "listen": ["127.0.0.1:0"],
        "automatic_https": {"disable": True},
        "logs": {},
        "routes": [{"handle": [relay]}],
    }
    access = {
        "writer": {"output": "file", "filename": str(directory / "access.log"), "roll": False},
        "include": ["http.log.access"],
    }
    default = {"level": "WARN", "exclude": ["http.log.access"]}
    return json.dumps(
        {
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": default, "access": access}},
            "apps": {"http": {"servers": {"edge": server}}},
        }
    )


def start_direct(directory: Path, gateway: int) -> Running:
    """No proxy: what the client and the gateway cost by themselves."""
    return Running(None, gateway)


def start_nginx(directory: Path, gateway: int) -> Running:
    """nginx takes over listening sockets that the variable NGINX names, as in its own binary upgrade."""
    with inheritable_listener() as listener:
        port = listener.getsockname()[1]
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        config = directory / "nginx.conf"
        config.write_text(NGINX.format(directory=directory, gateway=gateway, port=port, user=user))
        child = Child(
            [_program("nginx"), "-p", str(directory), "-e", "stderr", "-c", str(config)],
            directory / "stderr.log",
            environment=environment(NGINX=f"{listener.fileno()};"),
            pass_fds=[listener.fileno()],
        )
    return Running(child, port, directory / "access.log")


def start_haproxy(directory: Path, gateway: int) -> Running:
    """HAProxy logs to standard output, which is a file here."""
    with inheritable_listener() as listener:
        config = directory / "haproxy.cfg"
        config.write_text(HAPROXY.format(listener=listener.fileno(), gateway=gateway))
        log = directory / "access.log"
        child = Child(
            [_program("haproxy"), "-db", "-f", str(config)],
            log,
            environment=environment(),
            pass_fds=[listener.fileno()],
        )
        return Running(child, listener.getsockname()[1], log)


def start_caddy(directory: Path, gateway: int) -> Running:
    """Caddy without its admin port."""
    config = directory / "caddy.json"
    config.write_text(caddy_config(directory, gateway))
    child = Child(
        [_program("caddy"), "run", "--config", str(config)],
        directory / "stderr.log",
        environment=environment(
            HOME=str(directory), XDG_CONFIG_HOME=str(directory), XDG_DATA_HOME=str(directory)
        ),
    )
    return _ready(child, child.found_port, directory / "access.log")


def _python(arguments: list[str], log: Path, pattern: str = r"^(\d+)$") -> Child:
    path = os.pathsep.join(filter(None, [str(SOURCES), os.environ.get("PYTHONPATH")]))
    return Child(
        [sys.executable, *arguments],
        log,
        environment=environment(PYTHONPATH=path),
        port_pattern=pattern,
        directory=log.parent,
    )


def _ready(child: Child, port: Callable[[], int], log: Path | None) -> Running:
    try:
        return Running(child, port(), log)
    except BaseException:
        child.stop()
        raise


def start_localedge(directory: Path, gateway: int) -> Running:
    """localedge of this checkout, its cap on gateway connections lifted, as nginx's is."""
    config = directory / "localedge.toml"
    config.write_text("[pool]\nconnections = 2048\n")
    log = directory / "stderr.log"
    arguments = ["-m", "localedge", "run", "--http-only", "--upstream", f"http://127.0.0.1:{gateway}"]
    child = _python(
        [*arguments, "--port", "0", "--config", str(config), "-q"], log, r"^Listening on http://[^ ]+:(\d+)"
    )
    return _ready(child, child.announced_port, log)


def start_agent_relay(directory: Path, gateway: int) -> Running:
    """The twisted.web relay."""
    log = directory / "access.log"
    script = str(HERE / "relay_twisted.py")
    child = _python([script, f"http://127.0.0.1:{gateway}", str(log)], directory / "stderr.log")
    return _ready(child, child.announced_port, log)


def start_thread_relay(directory: Path, gateway: int) -> Running:
    """The standard-library relay."""
    log = directory / "stderr.log"
    child = _python([str(HERE / "relay_threads.py"), f"http://127.0.0.1:{gateway}"], log)
    return _ready(child, child.announced_port, log)


def start_bare(directory: Path, gateway: int) -> Running:
    """The bare Twisted program of the start lane."""
    child = _python([str(HERE / "bare.py")], directory / "stderr.log")
    return _ready(child, child.announced_port, None)


def _python_version(*packages: str) -> str:
    versions = [f"{package} {importlib.metadata.version(package)}" for package in packages]
    return " ".join([*versions, "on", platform.python_implementation(), platform.python_version()])


def _localedge_version() -> str:
    code = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); import localedge; print(localedge.__version__)"
    return f"localedge {version_of(sys.executable, '-c', code)}, {_python_version('twisted', 'httptools')}"


PROXIES = (
    Proxy("direct", "direct", start_direct, lambda: "no proxy"),
    Proxy("nginx", "nginx", start_nginx, lambda: version_of("nginx", "-v").removeprefix("nginx version: ")),
    Proxy("haproxy", "HAProxy", start_haproxy, lambda: version_of("haproxy", "-v").partition(" - ")[0]),
    Proxy("caddy", "Caddy", start_caddy, lambda: f"Caddy {version_of('caddy', 'version')}"),
    Proxy("localedge", "localedge", start_localedge, _localedge_version),
    Proxy("agent", "Resource + Agent", start_agent_relay, lambda: _python_version("twisted")),
    Proxy("threads", "http.server + urllib", start_thread_relay, _python_version),
    Proxy("bare", "bare Twisted", start_bare, lambda: _python_version("twisted")),
)
"""In the order of the tables.  `bare` takes part in the start lane alone."""
