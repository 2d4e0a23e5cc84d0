"""Which proxy the environment asks for on the way to a gateway (R24).

The conventions are curl's (https://curl.se/libcurl/c/CURLOPT_NOPROXY.html,
https://everything.curl.dev/usingcurl/proxies/env.html): lower case first, and
`HTTP_PROXY` in capitals is not believed in a CGI program, where a request's
`Proxy` field would set it (https://httpoxy.org).
"""

import ipaddress
from collections.abc import Mapping

from localedge.config import Gateway, Proxy
from localedge.errors import Failure

from . import upstream, values


def from_environment(
    gateway: Gateway, environ: Mapping[str, str]
) -> tuple[Proxy | None, str | None, Failure | None]:
    """The proxy for a gateway, the variable it came from, and what there is to say about it.

    Raises `Failure` (with `where`) for a variable that holds no URL.
    """
    if gateway.demo or upstream.is_loopback(gateway.host):
        return None, None, None
    name = _variable(gateway.scheme, environ)
    typed = environ.get(name, "").strip() if name else ""
    if not name or not typed or excepted(gateway.host, gateway.port, _no_proxy(environ)):
        return None, None, None
    try:
        return values.proxy(typed if "://" in typed else f"http://{typed}"), name, None
    except Failure as failure:
        if failure.code == "proxy-scheme":
            return None, None, Failure("proxy-ignored", where=name, **failure.params)
        raise Failure(failure.code, **{**failure.params, "where": name}) from None


def _variable(scheme: str, environ: Mapping[str, str]) -> str | None:
    lower = f"{scheme}_proxy"
    if lower in environ:
        return lower
    upper = lower.upper()
    if scheme == "http" and "REQUEST_METHOD" in environ:
        return None
    return upper if upper in environ else None


def _no_proxy(environ: Mapping[str, str]) -> str:
    return environ.get("no_proxy", environ.get("NO_PROXY", ""))


def excepted(host: str, port: int, no_proxy: str) -> bool:
    """Whether a `NO_PROXY` value names the host.

    Entries: `*`, a name (with all names below it), an address, a CIDR block; any of them with `:port`.
    """
    return any(_covers(entry, host, port) for entry in no_proxy.replace(",", " ").lower().split())


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, only_port = entry, ""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        only_port = rest.removeprefix(":")
    elif entry.count(":") == 1:
        name, _, only_port = entry.partition(":")
    if only_port and only_port != str(port):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = name.removeprefix("*").lstrip(".").removesuffix(".")
        return bool(name) and (host == name or host.endswith("." + name))
    try:
        return address in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
