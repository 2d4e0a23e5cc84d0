"""What a proxy is to the bench; nginx, HAProxy and Caddy.

Each is configured as somebody who knows it would for streaming on loopback.  All write an access log into
the lane's directory.  No port is guessed: nginx and HAProxy inherit a listening socket, Caddy listens on
port 0 and is looked up.  With `Keys` they speak TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2, as localedge does.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .processes import Child, Unavailable, inheritable_listener

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "src"


@dataclass(frozen=True, slots=True)
class Keys:
    """The certificates of a run."""

    authority: Path
    """localedge's directory."""
    leaf: Path
    """Key, leaf and intermediate in one file: what every proxy serves."""

    @property
    def root(self) -> Path:
        """What clients trust."""
        return self.authority / "root.pem"


def make_keys(directory: Path) -> Keys:
    """New ones; raises `Unavailable`."""
    made = subprocess.run(
        [sys.executable, str(HERE / "authority.py"), str(directory)],
        env=environment(PYTHONPATH=python_path()),
        capture_output=True,
        check=False,
        text=True,
    )
    if made.returncode:
        raise Unavailable(f"no certificates: {made.stderr.strip().splitlines()[-1]}")
    return Keys(directory, Path(made.stdout.strip()))


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that was started: `child` is None for the direct connection.

    `trust` is the root of its certificate's chain, None if it speaks plain HTTP.
    """

    child: Child | None
    port: int
    access_log: Path | None = None
    trust: Path | None = None


Start = Callable[[Path, int, Keys | None], Running]
"""Takes a directory of its own, the gateway's port and, to speak TLS, certificates; raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of the competitors."""

    name: str
    title: str
    start: Start
    version: Callable[[], str]
    plain: bool = True
    """Whether it takes part where no TLS is spoken."""
    tls: bool = False
    """Whether it takes part where TLS is spoken."""


def program(name: str) -> str:
    """The path of an installed program; raises `Unavailable`."""
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


def python_path(*more: Path) -> str:
    """For a child in Python: this checkout comes first."""
    return os.pathsep.join(filter(None, [str(SOURCES), *map(str, more), os.environ.get("PYTHONPATH")]))


def version_of(*arguments: str) -> str:
    """What a program says about its version, on one line."""
    try:
        said = subprocess.run(
            [program(arguments[0]), *arguments[1:]],
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
        listen 127.0.0.1:{port}{tls};
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
    bind fd@{listener}{tls}
    default_backend gateway
backend gateway
    server gateway 127.0.0.1:{gateway} pool-max-conn 128
"""


# localedge allows 256 streams at a time, nginx 128 unless told otherwise.
NGINX_TLS = """ ssl http2;
        http2_max_concurrent_streams 256;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {leaf};
        ssl_certificate_key {leaf}"""


def caddy_config(directory: Path, gateway: int, keys: Keys | None = None) -> str:
    """Caddy's configuration in its native form, the only one in which port 0 is not special."""
    relay = {
        "handler": "reverse_proxy",
        "flush_interval": -1,
        "transport": {"protocol": "http", "keep_alive": {"max_idle_conns_per_host": 128}},
        "upstreams": [{"dial": f"127.0.0.1:{gateway}"}],
    }
    server: dict[str, Any] = {
        "listen": ["127.0.0.1:0"],
        "automatic_https": {"disable": True},
        "logs": {},
        "routes": [{"handle": [relay]}],
    }
    apps: dict[str, Any] = {"http": {"servers": {"edge": server}}}
    if keys is not None:
        server |= {"protocols": ["h1", "h2"], "tls_connection_policies": [{"alpn": ["h2", "http/1.1"]}]}
        files = [{"certificate": str(keys.leaf), "key": str(keys.leaf)}]
        apps["tls"] = {"certificates": {"load_files": files}}
    access = {
        "writer": {"output": "file", "filename": str(directory / "access.log"), "roll": False},
        "include": ["http.log.access"],
    }
    default = {"level": "WARN", "exclude": ["http.log.access"]}
    return json.dumps(
        {
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": default, "access": access}},
            "apps": apps,
        }
    )


def start_direct(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """No proxy: what the client and the gateway cost by themselves."""
    return Running(None, gateway)


def start_nginx(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """nginx takes over listening sockets that the variable NGINX names, as in its own binary upgrade."""
    with inheritable_listener() as listener:
        port = listener.getsockname()[1]
        user = f"user {pwd.getpwuid(0).pw_name};" if os.geteuid() == 0 else ""
        config = directory / "nginx.conf"
        tls = NGINX_TLS.format(leaf=keys.leaf) if keys else ""
        config.write_text(NGINX.format(directory=directory, gateway=gateway, port=port, user=user, tls=tls))
        child = Child(
            [program("nginx"), "-p", str(directory), "-e", "stderr", "-c", str(config)],
            directory / "stderr.log",
            environment=environment(NGINX=f"{listener.fileno()};"),
            pass_fds=[listener.fileno()],
        )
    return Running(child, port, directory / "access.log", keys.root if keys else None)


def start_haproxy(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """HAProxy logs to standard output, which is a file here."""
    with inheritable_listener() as listener:
        config = directory / "haproxy.cfg"
        tls = f" ssl crt {keys.leaf} alpn h2,http/1.1" if keys else ""
        config.write_text(HAPROXY.format(listener=listener.fileno(), gateway=gateway, tls=tls))
        log = directory / "access.log"
        child = Child(
            [program("haproxy"), "-db", "-f", str(config)],
            log,
            environment=environment(),
            pass_fds=[listener.fileno()],
        )
        return Running(child, listener.getsockname()[1], log, keys.root if keys else None)


def start_caddy(directory: Path, gateway: int, keys: Keys | None = None) -> Running:
    """Caddy without its admin port."""
    config = directory / "caddy.json"
    config.write_text(caddy_config(directory, gateway, keys))
    child = Child(
        [program("caddy"), "run", "--config", str(config)],
        directory / "stderr.log",
        environment=environment(
            HOME=str(directory), XDG_CONFIG_HOME=str(directory), XDG_DATA_HOME=str(directory)
        ),
    )
    return ready(child, child.found_port, directory / "access.log", keys)


def ready(child: Child, port: Callable[[], int], log: Path | None, keys: Keys | None = None) -> Running:
    """What was started, once its port is known."""
    try:
        return Running(child, port(), log, keys.root if keys else None)
    except BaseException:
        child.stop()
        raise
