"""All that are compared, in the order of the tables."""

import importlib.metadata
import platform
import sys
from collections.abc import Callable

from .proxies import SOURCES, Proxy, start_caddy, start_direct, start_haproxy, start_nginx, version_of
from .python_proxies import (
    start_agent_relay,
    start_bare,
    start_hypercorn,
    start_localedge,
    start_thread_relay,
)


def _python_version(*packages: str) -> str:
    versions = [f"{package} {_package_version(package)}" for package in packages]
    return " ".join([*versions, "on", platform.python_implementation(), platform.python_version()])


def _package_version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


def _localedge_version() -> str:
    code = f"import sys; sys.path.insert(0, {str(SOURCES)!r}); import localedge; print(localedge.__version__)"
    return f"localedge {version_of(sys.executable, '-c', code)}, {_python_version('twisted', 'httptools')}"


def _version(program: str, *arguments: str) -> Callable[[], str]:
    return lambda: version_of(program, *arguments).removeprefix("nginx version: ").partition(" - ")[0]


PROXIES = (
    Proxy("direct", "direct", start_direct, lambda: "no proxy", tls=True),
    Proxy("nginx", "nginx", start_nginx, _version("nginx", "-v"), tls=True),
    Proxy("haproxy", "HAProxy", start_haproxy, _version("haproxy", "-v"), tls=True),
    Proxy("caddy", "Caddy", start_caddy, lambda: f"Caddy {version_of('caddy', 'version')}", tls=True),
    Proxy("localedge", "localedge", start_localedge, _localedge_version, tls=True),
    Proxy(
        "hypercorn",
        "hypercorn + httpx2",
        start_hypercorn,
        lambda: _python_version("hypercorn", "httpx2", "h2"),
        plain=False,
        tls=True,
    ),
    Proxy("agent", "Resource + Agent", start_agent_relay, lambda: _python_version("twisted")),
    Proxy("threads", "http.server + urllib", start_thread_relay, _python_version),
    Proxy("bare", "bare Twisted", start_bare, lambda: _python_version("twisted")),
)
"""In the order of the tables.  `direct` stays plain HTTP; `bare` takes part in the start lane alone."""
