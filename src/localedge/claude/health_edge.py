"""What is wrong with the edge, its gateway, and the names that lead to it: facts in, findings out."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from localedge.names import LOOPBACK_NAME

from . import health_names
from .health import Finding, Rule, Severity
from .rules import accepts_base_url

_GOOD, _NOTE, _WARNING, _ERROR = Severity.GOOD, Severity.NOTE, Severity.WARNING, Severity.ERROR
_CHECK = "localedge check{options}"
SOME_GATEWAY = "http://gateway.example:8000"
"""For a gateway that nobody here knows."""
_OTHER_PORT = Rule(_ERROR, "export {variable}={free}; {start}", windows="$env:{variable} = '{free}'; {start}")
"""A flag of `run` would be nothing that other commands know of."""
_GONE = (502, 503, 504)

GATEWAY_CODES = (
    "gateway-refused",
    "gateway-unreachable",
    "gateway-unresolved",
    "gateway-lost",
    "gateway-garbage",
    "gateway-speaks-tls",
    "gateway-speaks-http",
    "gateway-tls",
    "gateway-certificate-untrusted",
    "gateway-certificate-name",
    "gateway-certificate-expired",
    "gateway-connect-timeout",
    "gateway-tls-timeout",
    "gateway-silent",
    "gateway-is-edge",
    "proxy-refused",
    "proxy-unresolved",
    "proxy-auth",
    "proxy-failed",
)
"""What keeps the gateway from answering; the sentences are those of the edge's own answers."""

RULES: Mapping[str, Rule] = {
    "doctor-edge-runs": Rule(_GOOD),
    "doctor-edge-port-unknown": Rule(_NOTE),
    "doctor-edge-other-port": Rule(
        _NOTE, "export LOCALEDGE_PORT={port}", windows="$env:LOCALEDGE_PORT = '{port}'"
    ),
    "doctor-edge-not-running": Rule(_ERROR, "{start}"),
    "address-not-available": Rule(_ERROR, "{start} --host 127.0.0.1"),
    "doctor-edge-port-taken-by": _OTHER_PORT,
    "doctor-edge-port-taken": _OTHER_PORT,
    "doctor-edge-silent-by": _OTHER_PORT,
    "doctor-edge-silent": _OTHER_PORT,
    "doctor-edge-http-only": Rule(_WARNING, "{start}"),
    "doctor-edge-https-taken-by": _OTHER_PORT,
    "doctor-edge-https-taken": _OTHER_PORT,
    "doctor-edge-handshake": Rule(_ERROR, "localedge ca show{options}"),
    "doctor-edge-desktop-refuses": Rule(_WARNING, "{start} --host 127.0.0.1"),
    "doctor-edge-config-newer": Rule(_WARNING, "{start}"),
    "doctor-edge-installed-since": Rule(_WARNING, "{start}"),
    "doctor-localhost-taken-by": Rule(_ERROR),
    "doctor-localhost-taken": Rule(_ERROR),
    "doctor-localhost-v6": Rule(_NOTE),
    "doctor-gateway-answers": Rule(_GOOD),
    "doctor-gateway-by-proxy": Rule(_GOOD),
    "doctor-gateway-demo": Rule(_NOTE, f"localedge run --upstream {SOME_GATEWAY}{{options}}"),
    "doctor-gateway-by-options": Rule(_NOTE),
    "doctor-gateway-by-edge": Rule(_ERROR, "localedge explain {problem}"),
    "doctor-gateway-behind": Rule(_ERROR, _CHECK),
    "doctor-gateway-behind-status": Rule(_WARNING, _CHECK),
    "doctor-gateway-behind-silent": Rule(_ERROR, _CHECK),
    "doctor-gateway-not-as-configured": Rule(_WARNING, _CHECK),
    "doctor-gateway-own-name": Rule(_NOTE, "{start}"),
    "doctor-gateway-no-dns": Rule(_ERROR, _CHECK),
    "doctor-gateway-status": Rule(_WARNING, _CHECK),
    "doctor-gateway-redirects": Rule(_WARNING, "localedge check --upstream {secure}{shortly}"),
    "doctor-gateway-via": Rule(_NOTE, _CHECK),
    **dict.fromkeys(GATEWAY_CODES, Rule(_ERROR, _CHECK)),
    **health_names.RULES,
}


class Met(enum.Enum):
    """Who was met at a port."""

    EDGE = enum.auto()
    NOBODY = enum.auto()
    STRANGER = enum.auto()
    SILENT = enum.auto()
    """Takes connections and says nothing."""


@dataclass(frozen=True, slots=True)
class Door:
    """A base URL that `localedge run` prints, and who is there."""

    url: str
    port: int
    met: Met
    owner: str = ""
    """The program that listens; empty where the system does not tell."""
    pid: int | None = None
    free: int = 0
    """Another port that nobody listens on."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A name of the HTTPS way in under which TLS fails, for another reason than who vouches for it."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """The edge, as its clients meet it."""

    start: str
    """The command that starts it."""
    options: str = ""
    """What other commands want behind them: ` --config FILE`, or nothing."""
    plain: Door | None = None
    """None: its port is not known from here, or its address is not this machine's."""
    foreign_host: str = ""
    """The configured address, if it is not this machine's."""
    secure: Door | None = None
    """None: HTTPS is not set up, or its port is not known."""
    unknown: tuple[str, ...] = ()
    """Settings that leave a port open."""
    failed: tuple[Handshake, ...] = ()
    config: str = ""
    """The configuration file's name."""
    configured_port: int = 0
    """Where the edge would be by the configuration, if that is not where it was met."""
    config_newer: bool = False
    """It has changed since the edge was started."""
    installed_since: bool = False
    """localedge has been installed anew since the edge was started."""
    v6_first: bool = False
    """`localhost` means ::1 before 127.0.0.1, where alone the edge listens."""
    v6: Door | None = None
    """Who is at [::1] then, at the same port."""

    @property
    def runs(self) -> bool:
        """Whether it was met at all."""
        return any(door is not None and door.met is Met.EDGE for door in (self.plain, self.secure))


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """The gateway, asked directly and through the edge."""

    url: str
    options: str = ""
    """What commands want behind them that ask it, where it is not the configured one."""
    demo: bool = False
    """None is configured."""
    of_shell: bool = False
    """It stands in this shell's ANTHROPIC_BASE_URL only, which need not be that of the edge's."""
    own_name: bool = False
    """Its name leads to this machine on purpose, so that only the edge can ask it."""
    proxy: str = ""
    problem: tuple[str, Mapping[str, object]] | None = None
    """Why it did not answer."""
    status: int = 0
    moved: str = ""
    """The https URL that it redirects to."""
    via: str = ""
    """The proxy that the answer came through, though none is configured."""
    edge_status: int = 0
    """Of what came through the edge; 0: nobody was asked, or nothing came."""
    edge_silent: bool = False
    """Nothing came through the edge in time."""
    edge_problem: str = ""
    """The code of the edge's own error."""
    edge_demo: bool = False
    """The demo gateway answered the edge."""

    @property
    def unseen(self) -> bool:
        """The edge has a gateway, and nobody here knows which."""
        return self.demo and bool(self.edge_status or self.edge_silent) and not self.edge_demo


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of this area."""

    edge: EdgeFacts
    gateway: GatewayFacts | None = None
    """None: not looked at."""
    names: health_names.Facts | None = None
    """None: HTTPS is not set up."""


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings, the edge's first."""
    common = {"start": facts.edge.start, "options": facts.edge.options}

    def found(code: str, **params: object) -> Finding:
        return RULES[code].finding(code, platform, **{**common, **params})

    for code, params in (
        *_edge(facts.edge),
        *_gateway(facts.gateway, facts.edge),
        *health_names.judge(facts.names),
    ):
        yield found(code, **params)


_Found = Iterator[tuple[str, Mapping[str, object]]]


def _edge(edge: EdgeFacts) -> _Found:
    for setting in edge.unknown:
        yield "doctor-edge-port-unknown", {"setting": setting}
    if edge.foreign_host:
        yield "address-not-available", {"host": edge.foreign_host}
    plain, secure = edge.plain, edge.secure
    doors = [door for door in (plain, secure) if door is not None]
    if plain is not None:
        yield from _plain(plain, doors)
    if secure is not None:
        yield from _secure(secure, edge)
    if met := [door.url for door in doors if door.met is Met.EDGE]:
        yield "doctor-edge-runs", {"urls": ", ".join(met)}
    if plain is not None and edge.configured_port:
        params = {"url": plain.url, "port": plain.port, "configured": edge.configured_port}
        yield "doctor-edge-other-port", params
    yield from _localhost(edge)
    if edge.runs:
        pid = next((door.pid for door in doors if door.met is Met.EDGE), None)
        if edge.config_newer:
            yield "doctor-edge-config-newer", {"path": edge.config, "pid": pid}
        elif edge.installed_since:
            yield "doctor-edge-installed-since", {"pid": pid}


def _plain(door: Door, doors: list[Door]) -> _Found:
    details = _holder(door, "LOCALEDGE_PORT")
    if door.met is Met.NOBODY:
        yield "doctor-edge-not-running", {"urls": ", ".join(one.url for one in doors)}
    elif door.met is Met.SILENT:
        yield "doctor-edge-silent-by" if door.owner else "doctor-edge-silent", details
    elif door.met is Met.STRANGER:
        yield "doctor-edge-port-taken-by" if door.owner else "doctor-edge-port-taken", details
    elif not accepts_base_url(door.url).accepted:
        yield "doctor-edge-desktop-refuses", {"url": door.url}


def _holder(door: Door, variable: str) -> Mapping[str, object]:
    return {"port": door.port, "owner": door.owner, "pid": door.pid, "free": door.free, "variable": variable}


def _secure(door: Door, edge: EdgeFacts) -> _Found:
    details = _holder(door, "LOCALEDGE_HTTPS_PORT")
    if door.met is Met.STRANGER:
        yield "doctor-edge-https-taken-by" if door.owner else "doctor-edge-https-taken", details
    elif door.met is Met.SILENT:
        yield "doctor-edge-silent-by" if door.owner else "doctor-edge-silent", details
    elif door.met is Met.NOBODY and edge.plain is not None and edge.plain.met is Met.EDGE:
        yield "doctor-edge-http-only", details
    elif door.met is Met.NOBODY and edge.plain is None:
        yield "doctor-edge-not-running", {"urls": door.url}
    if edge.failed:
        yield "doctor-edge-handshake", {"name": edge.failed[0].name, "reason": edge.failed[0].reason}


def _localhost(edge: EdgeFacts) -> _Found:
    door = edge.v6
    if not edge.v6_first or door is None:
        return
    details = {"name": LOOPBACK_NAME, "port": door.port, "owner": door.owner, "pid": door.pid}
    if door.met in (Met.STRANGER, Met.SILENT):
        yield "doctor-localhost-taken-by" if door.owner else "doctor-localhost-taken", details
    elif door.met is Met.NOBODY and edge.runs:
        yield "doctor-localhost-v6", details


def _gateway(gateway: GatewayFacts | None, edge: EdgeFacts) -> _Found:
    if gateway is None:
        return
    options = gateway.options or (f" --upstream {SOME_GATEWAY}" if gateway.unseen else "")
    details: dict[str, object] = {
        "gateway": gateway.url,
        "proxy": gateway.proxy,
        "options": options + edge.options,
        "problem": gateway.edge_problem,
    }
    if gateway.unseen:
        yield _behind(gateway), {**details, "status": gateway.edge_status}
    elif gateway.demo:
        yield "doctor-gateway-demo", details
    elif gateway.own_name:
        yield from _own_name(gateway, details)
    elif gateway.problem is not None:
        code, params = gateway.problem
        if not gateway.edge_status or gateway.edge_problem:
            yield code, {**params, "options": details["options"]}
        elif gateway.options:  # doctor is no measure for what the edge can
            yield "doctor-gateway-answers", details
        else:
            yield _reached(gateway), {**details, "problem": code}
    else:
        yield from _answers(gateway, edge, details)


def _behind(gateway: GatewayFacts) -> str:
    """What is known of a gateway that only the edge can ask."""
    if gateway.edge_silent:
        return "doctor-gateway-behind-silent"
    if gateway.edge_problem:
        return "doctor-gateway-behind"
    return "doctor-gateway-behind-status" if gateway.edge_status in _GONE else "doctor-gateway-by-options"


def _reached(gateway: GatewayFacts) -> str:
    """The edge has another gateway, and gets through to it."""
    if not gateway.of_shell:
        return "doctor-gateway-not-as-configured"
    return "doctor-gateway-demo" if gateway.edge_demo else "doctor-gateway-by-options"


def _own_name(gateway: GatewayFacts, details: Mapping[str, object]) -> _Found:
    if gateway.edge_problem:
        yield "doctor-gateway-by-edge", details
    elif gateway.edge_silent:
        yield "doctor-gateway-behind-silent", details
    elif gateway.edge_status in _GONE:
        yield "doctor-gateway-status", {**details, "status": gateway.edge_status}
    else:
        yield "doctor-gateway-answers" if gateway.edge_status else "doctor-gateway-own-name", details


def _answers(gateway: GatewayFacts, edge: EdgeFacts, details: Mapping[str, object]) -> _Found:
    """It answers here; whether it answers the edge, too."""
    if gateway.edge_problem:
        yield "doctor-gateway-by-edge", details
    elif gateway.edge_silent:
        yield "doctor-gateway-behind-silent", details
    if gateway.status in _GONE:
        yield "doctor-gateway-status", {**details, "status": gateway.status}
    elif gateway.moved:
        yield "doctor-gateway-redirects", {**details, "secure": gateway.moved, "shortly": edge.options}
    else:
        yield "doctor-gateway-by-proxy" if gateway.proxy else "doctor-gateway-answers", details
    if gateway.via:
        yield "doctor-gateway-via", {**details, "via": gateway.via}
