"""Which proxies would take what is meant for the edge, judged from the settings.

A proxy on another machine asks itself, not this one, for 127.0.0.1.  Programs differ in what they except:
Go and Chromium leave loopback alone by themselves; Node's undici, Python and curl do only what NO_PROXY says.
A mapped name is loopback to nobody: it is a name like any other until it is resolved.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localedge.errors import Failure

from .environment import SHELLS
from .health import Finding, Rule, Severity
from .health_trust import unset_words
from .system_proxies import MINUS_LOOPBACK, Server, SystemProxy

_UNSET = Rule(Severity.WARNING, "unset {words}", windows="Remove-Item {words}")

RULES: Mapping[str, Rule] = {
    "doctor-proxies-none": Rule(Severity.GOOD),
    "doctor-proxies-good": Rule(Severity.GOOD),
    "doctor-proxy-loopback": Rule(Severity.WARNING, "{command}"),
    "doctor-proxy-dead": _UNSET,
    "doctor-system-proxy-dead": Rule(Severity.WARNING, "{command}"),
    "doctor-system-proxy-loopback": Rule(Severity.ERROR, "{command}"),
    "doctor-system-proxy-names": Rule(Severity.WARNING, "{command}"),
    "doctor-pac-missing": Rule(Severity.WARNING, "{command}"),
    "doctor-pac": Rule(Severity.NOTE),
    "doctor-pac-detected": Rule(Severity.NOTE),
}


@dataclass(frozen=True)
class Variables:
    """The variables of the environment that name proxies, and the exceptions in force."""

    named: tuple[tuple[str, Server | None], ...] = ()
    """Each with the proxy that it names, None for what cannot be read."""
    no_proxy: str = ""
    problems: tuple[Failure, ...] = ()
    """Of their values."""

    @property
    def names(self) -> list[str]:
        """The variables."""
        return [name for name, _ in self.named]

    @property
    def servers(self) -> list[Server]:
        """The proxies."""
        return list(dict.fromkeys(server for _, server in self.named if server is not None))


@dataclass(frozen=True)
class Script:
    """What is known of a script that decides on proxies, without asking the network."""

    missing: bool = False
    """It is a file, and not there."""
    text: str = ""


@dataclass(frozen=True)
class Facts:
    """What was seen."""

    host: str
    """The edge's own address in its base URL."""
    port: int
    mapped: tuple[str, ...] = ()
    """The names of the HTTPS way in, where it is set up."""
    https_port: int = 0
    variables: Variables = Variables()
    systems: Sequence[tuple[SystemProxy, Script]] = ()
    dead: frozenset[Server] = frozenset()
    """Loopback addresses among all servers where nobody listens."""
    local: frozenset[Server] = frozenset()
    """Loopback addresses among all servers."""
    shell: str = "bash"
    gateway_proxy: Server | None = None
    """On the edge's own way to the gateway: that it is gone is told with the gateway."""


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings."""
    findings = [*_of_variables(facts, platform), *_of_systems(facts, platform)]
    yield from findings
    if any(one.severity >= Severity.WARNING for one in findings):
        return
    active = [*facts.variables.names, *(proxy.where for proxy, _ in facts.systems if proxy.active)]
    if active:
        yield _finding("doctor-proxies-good", platform, where=_listed(active))
    else:
        yield _finding("doctor-proxies-none", platform)


# -- the environment


def _of_variables(facts: Facts, platform: str) -> Iterator[Finding]:
    variables = facts.variables
    for problem in variables.problems:
        severity = Severity.NOTE if problem.code == "proxy-ignored" else Severity.WARNING
        yield Finding(problem.code, severity, problem.params)
    caught = {host: sent for host in _hosts(facts) if (sent := _who_sends(host, facts, platform))}
    catching = {name for sent in caught.values() for name in sent.values()}
    dead = [(name, server) for name, server in variables.named if server in facts.dead]
    gone = [name for name, _ in dead]
    if catching.intersection(gone) or any(server != facts.gateway_proxy for _, server in dead):
        yield _finding(
            "doctor-proxy-dead",
            platform,
            severity=Severity.ERROR if catching.intersection(gone) else Severity.WARNING,
            names=_listed(gone),
            proxy=_listed([str(server) for _, server in dict.fromkeys(dead)]),
            words=unset_words(platform, gone),
        )
    # Who is rid of the dead ones still has these.
    caught = {
        host: left
        for host, sent in caught.items()
        if (left := {program: name for program, name in sent.items() if name not in gone})
    }
    if caught:
        catching = {name for sent in caught.values() for name in sent.values()}
        used = {server for name, server in variables.named if name in catching and server is not None}
        own = "Claude Code" in caught.get(facts.host, ())
        yield _finding(
            "doctor-proxy-loopback",
            platform,
            severity=Severity.ERROR if own and not used <= facts.local else Severity.WARNING,
            hosts=_listed(list(caught)),
            programs=_listed([one for one in PROGRAMS if any(one in sent for sent in caught.values())]),
            names=_listed([name for name in variables.names if name in catching]),
            command=no_proxy_line(facts, platform),
        )


def _hosts(facts: Facts) -> list[str]:
    return list(dict.fromkeys([facts.host, "localhost", *facts.mapped]))


def _who_sends(host: str, facts: Facts, platform: str) -> dict[str, str]:
    """The programs that would send what is meant for a host to a proxy, and by which variable."""
    secure = host in facts.mapped
    port = facts.https_port if secure else facts.port
    sent = {}
    for program, excepts in PROGRAMS.items():
        name = read_by(program, facts.variables.names, secure=secure, platform=platform)
        if name and not excepts(facts.variables.no_proxy, host, port):
            sent[program] = name
    return sent


def read_by(program: str, names: Sequence[str], *, secure: bool, platform: str) -> str:
    """The variable that a program goes by for http or https; empty for none of them.

    Claude Code takes either for all (https://code.claude.com/docs/en/network-config).  curl does not heed
    HTTP_PROXY in capitals (https://curl.se/docs/manpage.html, Environment); to Windows case is the same.
    """
    own = ("https_proxy", "HTTPS_PROXY") if secure else ("http_proxy", "HTTP_PROXY")
    wanted: tuple[str, ...] = (*own, "all_proxy", "ALL_PROXY")
    if program == "Claude Code":
        wanted = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY")
    elif program == "curl" and platform != "win32":
        wanted = tuple(name for name in wanted if name != "HTTP_PROXY")
    return next((name for name in wanted if name in names), "")


def no_proxy_line(facts: Facts, platform: str) -> str:
    """What to type so that loopback and the mapped names are kept out, with what is kept out already."""
    there = [
        entry for entry in re.split(r"[,\s]+", facts.variables.no_proxy) if entry and entry.isprintable()
    ]
    wanted = [*_hosts(facts), *(["[::1]"] if facts.host == "::1" else [])]
    value = ",".join(dict.fromkeys([*there, *wanted]))
    # Programs differ in which spelling they read first; Windows knows only one.
    names = ("NO_PROXY",) if platform == "win32" else ("NO_PROXY", "no_proxy")
    return "; ".join(SHELLS[facts.shell].line(name, value) for name in names)


def excepted_by_node(no_proxy: str, host: str, port: int) -> bool:
    """As undici, and Claude Code with it: a bare name means itself alone, `.x` and `*.x` what ends with it.

    https://github.com/nodejs/undici/blob/main/lib/dispatcher/env-http-proxy-agent.js
    """
    if no_proxy == "*":
        return True
    for entry in re.split(r"[,\s]", no_proxy.lower()):
        name, only = _with_port(entry)
        if only and only != port:
            continue
        if name[:1] in (".", "*") and name:
            if host.endswith(name.removeprefix("*")):
                return True
        elif name.strip("[]") == host:
            return True
    return False


def excepted_by_python(no_proxy: str, host: str, port: int) -> bool:
    """As urllib, which requests and httpx follow: a name means what is below it, too.

    https://github.com/python/cpython/blob/main/Lib/urllib/request.py (proxy_bypass_environment)
    """
    if no_proxy == "*":
        return True
    for entry in no_proxy.lower().split(","):
        name = entry.strip().lstrip(".")
        if name and name.strip("[]") in (host, f"{host}:{port}"):
            return True
        if name and host.endswith("." + name):
            return True
    return False


def excepted_by_curl(no_proxy: str, host: str, _port: int) -> bool:
    """As curl: names and all below them, addresses, networks; no ports, no patterns.

    https://curl.se/libcurl/c/CURLOPT_NOPROXY.html
    """
    if no_proxy.strip() == "*":
        return True
    for entry in re.split(r"[,\s]+", no_proxy.lower()):
        name = entry.strip("[]").removeprefix(".").removesuffix(".")
        if name and (host == name or host.endswith("." + name)):
            return True
        try:
            if ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False):
                return True
        except ValueError:
            continue
    return False


PROGRAMS: Mapping[str, Callable[[str, str, int], bool]] = {
    "Claude Code": excepted_by_node,
    "Python": excepted_by_python,
    "curl": excepted_by_curl,
}


def _with_port(entry: str) -> tuple[str, int]:
    """An entry's name and its port, 0 without one; `::1` has none."""
    match = re.fullmatch(r"(.*[^:]):(\d{1,5})", entry)
    if match is None or (":" in match[1] and not match[1].endswith("]")):
        return entry, 0
    return match[1], int(match[2])


# -- the system


def _of_systems(facts: Facts, platform: str) -> Iterator[Finding]:
    for proxy, script in facts.systems:
        dead = [str(one) for one in proxy.servers if one in facts.dead]
        where: dict[str, Any] = {"where": proxy.where, "proxy": _listed([str(one) for one in proxy.servers])}
        if proxy.active and any(one.lower() == MINUS_LOOPBACK for one in proxy.exceptions):
            yield _finding("doctor-system-proxy-loopback", platform, **where, command=proxy.with_loopback())
        if dead:
            yield _finding(
                "doctor-system-proxy-dead",
                platform,
                where=proxy.where,
                proxy=_listed(dead),
                command=proxy.switched_off(),
            )
        elif proxy.servers and (names := [one for one in facts.mapped if not proxy.excepts(one)]):
            yield _finding(
                "doctor-system-proxy-names",
                platform,
                **where,
                names=_listed(names),
                port=facts.https_port,
                command=proxy.with_exceptions(names),
            )
        yield from _of_script(proxy, script, facts, platform)


def _of_script(proxy: SystemProxy, script: Script, facts: Facts, platform: str) -> Iterator[Finding]:
    names = [one for one in facts.mapped if not proxy.excepts(one) and not _mentions(script.text, one)]
    if script.missing or proxy.script_server in facts.dead:
        yield _finding(
            "doctor-pac-missing",
            platform,
            where=proxy.where,
            pac=proxy.pac_shown,
            command=proxy.without_script(),
        )
    elif proxy.pac and names:
        yield _finding(
            "doctor-pac",
            platform,
            where=proxy.where,
            pac=proxy.pac_shown,
            names=_listed(names),
            port=facts.https_port,
        )
    elif proxy.detects and names:
        yield _finding(
            "doctor-pac-detected",
            platform,
            where=proxy.where,
            names=_listed(names),
            port=facts.https_port,
        )


def _mentions(script: str, name: str) -> bool:
    """Whether a script has a rule of its own for a name: then somebody has thought of it."""
    text = script.lower()
    return name in text or "." + name.partition(".")[2] in text


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _finding(code: str, platform: str, severity: Severity | None = None, **params: object) -> Finding:
    rule = RULES[code]
    return (rule if severity is None else rule._replace(severity=severity)).finding(code, platform, **params)
