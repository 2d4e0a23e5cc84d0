"""What is wrong with the edge, its gateway, and the names that lead to it: facts in, findings out."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from localedge.names import LOOPBACK_NAME

from .health import Finding, Rule, Severity
from .rules import accepts_base_url

_GOOD, _NOTE, _WARNING, _ERROR = Severity.GOOD, Severity.NOTE, Severity.WARNING, Severity.ERROR
_CHECK = "localedge check{options}"
_HOSTS = "localedge hosts show"

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
    "doctor-edge-not-running": Rule(_ERROR, "{start}"),
    "doctor-edge-port-taken-by": Rule(_ERROR, "{start} --port {free}"),
    "doctor-edge-port-taken": Rule(_ERROR, "{start} --port {free}"),
    "doctor-edge-silent": Rule(_ERROR, "{start}"),
    "doctor-edge-http-only": Rule(_WARNING, "{start}"),
    "doctor-edge-https-taken-by": Rule(_ERROR, "{start} --https-port {free}"),
    "doctor-edge-https-taken": Rule(_ERROR, "{start} --https-port {free}"),
    "doctor-edge-handshake": Rule(_ERROR, "localedge ca show{options}"),
    "doctor-edge-desktop-refuses": Rule(_WARNING, "{start} --host 127.0.0.1"),
    "doctor-edge-config-newer": Rule(_WARNING, "{start}"),
    "doctor-edge-installed-since": Rule(_WARNING, "{start}"),
    "doctor-localhost-taken-by": Rule(_ERROR),
    "doctor-localhost-taken": Rule(_ERROR),
    "doctor-localhost-v6": Rule(_NOTE),
    "doctor-gateway-answers": Rule(_GOOD),
    "doctor-gateway-by-proxy": Rule(_GOOD),
    "doctor-gateway-demo": Rule(_NOTE, "{start} --upstream http://gateway.example:8000"),
    "doctor-gateway-by-options": Rule(_NOTE),
    "doctor-gateway-by-edge": Rule(_ERROR, "{start}"),
    "doctor-gateway-not-as-configured": Rule(_WARNING, _CHECK),
    "doctor-gateway-own-name": Rule(_NOTE, "{start}"),
    "doctor-gateway-no-dns": Rule(_ERROR, _CHECK),
    "doctor-gateway-status": Rule(_WARNING, _CHECK),
    "doctor-gateway-via": Rule(_NOTE, _CHECK),
    **dict.fromkeys(GATEWAY_CODES, Rule(_ERROR, _CHECK)),
    "doctor-names-lead-here": Rule(_GOOD),
    "doctor-names-unmapped": Rule(
        _WARNING, "sudo {program} hosts add {words}", "{program} hosts add {words}"
    ),
    "doctor-name-elsewhere": Rule(_ERROR, "sudo {program} hosts add {words}", "{program} hosts add {words}"),
    "doctor-name-mapped-elsewhere": Rule(_ERROR, _HOSTS),
    "doctor-name-conflict": Rule(_ERROR, _HOSTS),
    "doctor-name-no-effect": Rule(_WARNING, _HOSTS),
    "doctor-name-v6-only": Rule(_WARNING, _HOSTS),
    "doctor-hosts-unreadable": Rule(_WARNING, _HOSTS),
    "doctor-hosts-damaged": Rule(_WARNING, _HOSTS),
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
    """None: its port is not known from here."""
    secure: Door | None = None
    """None: HTTPS is not set up, or its port is not known."""
    unknown: tuple[str, ...] = ()
    """Settings that leave a port open."""
    failed: tuple[Handshake, ...] = ()
    config: str = ""
    """The configuration file's name."""
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
    demo: bool = False
    """None is configured."""
    own_name: bool = False
    """Its name leads to this machine on purpose, so that only the edge can ask it."""
    proxy: str = ""
    problem: tuple[str, Mapping[str, object]] | None = None
    """Why it did not answer."""
    status: int = 0
    via: str = ""
    """The proxy that the answer came through, though none is configured."""
    edge_status: int = 0
    """Of what came through the edge; 0: nobody was asked, or no answer in time."""
    edge_problem: str = ""
    """The code of the edge's own error."""
    edge_demo: bool = False
    """The demo gateway answered the edge."""


@dataclass(frozen=True, slots=True)
class NameFacts:
    """One name of the HTTPS way in, and where it leads."""

    name: str
    mapped: tuple[tuple[str, int], ...] = ()
    """Addresses and line numbers in the hosts file."""
    found: tuple[str, ...] | None = ()
    """What the system makes of it; None: nobody answered in time."""
    here: frozenset[str] = frozenset()
    """Those of all these addresses that are this machine's loopback."""


@dataclass(frozen=True, slots=True)
class NamesFacts:
    """The hosts file and the names in it."""

    path: str
    trouble: str = ""
    """The code of what is wrong with the file itself."""
    reason: str = ""
    names: tuple[NameFacts, ...] = ()
    program: str = "localedge"
    """How localedge is called with sudo."""
    v6: bool = False
    """HTTPS listens at ::1 too."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything of this area."""

    edge: EdgeFacts
    gateway: GatewayFacts | None = None
    """None: not looked at."""
    names: NamesFacts | None = None
    """None: HTTPS is not set up."""


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings, the edge's first."""
    common = {"start": facts.edge.start, "options": facts.edge.options}

    def found(code: str, **params: object) -> Finding:
        return RULES[code].finding(code, platform, **common, **params)

    for code, params in (
        *_edge(facts.edge),
        *_gateway(facts.gateway, facts.edge),
        *_names(facts.names),
    ):
        yield found(code, **params)


_Found = Iterator[tuple[str, Mapping[str, object]]]


def _edge(edge: EdgeFacts) -> _Found:
    for setting in edge.unknown:
        yield "doctor-edge-port-unknown", {"setting": setting}
    plain, secure = edge.plain, edge.secure
    doors = [door for door in (plain, secure) if door is not None]
    if plain is not None:
        yield from _plain(plain, doors)
    if secure is not None:
        yield from _secure(secure, edge)
    if met := [door.url for door in doors if door.met is Met.EDGE]:
        yield "doctor-edge-runs", {"urls": ", ".join(met)}
    yield from _localhost(edge)
    if edge.runs:
        pid = next((door.pid for door in doors if door.met is Met.EDGE), None)
        if edge.config_newer:
            yield "doctor-edge-config-newer", {"path": edge.config, "pid": pid}
        elif edge.installed_since:
            yield "doctor-edge-installed-since", {"pid": pid}


def _plain(door: Door, doors: list[Door]) -> _Found:
    details = {"port": door.port, "owner": door.owner, "pid": door.pid, "free": door.free}
    if door.met is Met.NOBODY:
        yield "doctor-edge-not-running", {"urls": ", ".join(one.url for one in doors)}
    elif door.met is Met.SILENT:
        yield "doctor-edge-silent", details
    elif door.met is Met.STRANGER:
        yield "doctor-edge-port-taken-by" if door.owner else "doctor-edge-port-taken", details
    elif not accepts_base_url(door.url).accepted:
        yield "doctor-edge-desktop-refuses", {"url": door.url}


def _secure(door: Door, edge: EdgeFacts) -> _Found:
    details = {"port": door.port, "owner": door.owner, "pid": door.pid, "free": door.free}
    if door.met is Met.STRANGER:
        yield "doctor-edge-https-taken-by" if door.owner else "doctor-edge-https-taken", details
    elif door.met is Met.SILENT:
        yield "doctor-edge-silent", details
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
    details: dict[str, object] = {"gateway": gateway.url, "proxy": gateway.proxy}
    through = edge.runs and gateway.edge_status
    if gateway.demo or gateway.own_name:
        if through and gateway.edge_problem:
            yield "doctor-gateway-by-edge", {**details, "problem": gateway.edge_problem}
        elif gateway.demo and through and not gateway.edge_demo:
            yield "doctor-gateway-by-options", details
        elif gateway.demo:
            yield "doctor-gateway-demo", details
        else:
            yield "doctor-gateway-answers" if through else "doctor-gateway-own-name", details
        return
    if gateway.problem is not None:
        code, params = gateway.problem
        if through and not gateway.edge_problem:
            yield "doctor-gateway-not-as-configured", {**details, "problem": code}
        else:
            yield code, params
        return
    if through and gateway.edge_problem:
        yield "doctor-gateway-by-edge", {**details, "problem": gateway.edge_problem}
    if gateway.status in (502, 503, 504):
        yield "doctor-gateway-status", {**details, "status": gateway.status}
    else:
        yield "doctor-gateway-by-proxy" if gateway.proxy else "doctor-gateway-answers", details
    if gateway.via:
        yield "doctor-gateway-via", {**details, "via": gateway.via}


def _names(facts: NamesFacts | None) -> _Found:
    if facts is None:
        return
    if facts.trouble:
        yield facts.trouble, {"path": facts.path, "reason": facts.reason}
    good, missing = [], []
    for one in facts.names:
        problem = _name(one, facts)
        if problem is not None:
            yield problem
        elif one.found and one.here.issuperset(one.found):
            good.append(one.name)
        elif not one.mapped:
            missing.append(one.name)
    if missing:
        details = {"names": ", ".join(missing), "words": " ".join(missing), "program": facts.program}
        yield "doctor-names-unmapped", details
    if good:
        yield "doctor-names-lead-here", {"names": ", ".join(good)}


def _name(one: NameFacts, facts: NamesFacts) -> tuple[str, Mapping[str, object]] | None:
    """What is wrong with where a name leads; None too for one that leads nowhere and is not in the file."""
    found = one.found or ()
    details: dict[str, object] = {"name": one.name, "path": facts.path, "found": ", ".join(found) or "-"}
    away = [(address, line) for address, line in one.mapped if address not in one.here]
    if away:
        address, line = away[0]
        code = "doctor-name-conflict" if len(away) < len(one.mapped) else "doctor-name-mapped-elsewhere"
        return code, {**details, "address": address, "line": line}
    if one.mapped and one.found is not None and not (found and one.here.issuperset(found)):
        return "doctor-name-no-effect", details
    if not one.mapped and found and not one.here.issuperset(found):
        return "doctor-name-elsewhere", {**details, "words": one.name, "program": facts.program}
    if found and not facts.v6 and all(":" in address for address in found):
        return "doctor-name-v6-only", details
    return None
