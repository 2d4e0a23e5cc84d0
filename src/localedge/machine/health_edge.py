"""Looks at the edge as its clients meet it, at the gateway, and at the names that lead here."""

import ipaddress
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from localedge.claude.health import Finding, command_line
from localedge.claude.health_edge import (
    Door,
    EdgeFacts,
    Facts,
    GatewayFacts,
    Handshake,
    Met,
    NameFacts,
    NamesFacts,
    judge,
)
from localedge.config import Config
from localedge.errors import Failure
from localedge.http.framing import ProtocolError
from localedge.names import LOOPBACK_NAME
from localedge.settings.layers import clean

from . import health_asking as asking
from . import health_here, installed, ports, processes
from .health import Scene
from .health_asking import Clock
from .hosts_lookup import is_loopback, look_up

if TYPE_CHECKING:
    from .hosts_text import HostsText
    from .vault import Vault

SECONDS = 4.5
"""For all of it."""
_HERE = "127.0.0.1"
_NEAR = 50
_SLACK = 2.0
"""Seconds: the kernel knows when it was booted to the second."""
_NO_ISSUER = {2, 18, 19, 20, 21}  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ..._SELF_SIGNED_..., and so on
_ON_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin")
_UNREAD = {
    "hosts-missing": "it does not exist",
    "hosts-not-a-file": "it is no ordinary file",
    "hosts-not-text": "it is no text",
}
_LINKS = ("hosts-link", "hosts-nix")


@dataclass(frozen=True)
class World:
    """What is asked of this machine besides its sockets."""

    owner: Callable[[int, str], ports.Owner | None] = ports.owner
    started: Callable[[int], float | None] = processes.started


def look(scene: Scene, world: World | None = None) -> Iterable[Finding]:
    """The findings of this area; none where the configuration cannot be read, which another area tells."""
    if health_here.problems(scene):
        return ()
    clock = Clock(SECONDS)
    with ThreadPoolExecutor(2) as pool:
        gateway = pool.submit(_gateway, scene, clock)
        names = pool.submit(_names, scene, clock)
        edge = _edge(scene, world or World(), clock)
    told = _through_edge(gateway.result(), scene.config, edge, clock)
    return judge(Facts(edge, told, names.result()), scene.platform)


# -- the edge


def _edge(scene: Scene, world: World, clock: Clock) -> EdgeFacts:
    config = scene.config
    own = [] if (file := health_here.named_file(scene)) is None else ["--config", file]
    words = ["localedge", "run", *(["--http-only"] if config.http_only else []), *own]
    unknown = [] if config.port else ["listen.port = 0"]
    host = _client_host(config.host)
    plain = None
    if config.port:
        plain = _door(_url("http", host, config.port), host, config.port, world, clock)
    secure, failed = None, tuple[Handshake, ...]()
    if (vault := _vault(config)) is not None:
        port = config.https.port if config.https.socket is None else 0
        if port:
            name = (*config.https.names, LOOPBACK_NAME)[0]
            secure = _door(_url("https", name, port), _HERE, port, world, clock, secure=True)
            if secure.met is Met.EDGE:
                failed = _failed(config, vault, clock)
        else:
            unknown.append(f"https.port = {config.https.socket or 0}")
    facts = EdgeFacts(
        start=command_line(scene.platform, words),
        options=f" {command_line(scene.platform, own)}" if own else "",
        plain=plain,
        secure=secure,
        unknown=tuple(unknown),
        failed=failed,
        config=str(scene.file),
    )
    return _aged(_with_localhost(facts, config, world, clock), scene, world)


def _door(url: str, host: str, port: int, world: World, clock: Clock, *, secure: bool = False) -> Door:
    met = meet(host, port, clock, secure=secure)
    if met is Met.NOBODY:
        return Door(url, port, met)
    holder = world.owner(port, host)
    free = 0 if met is Met.EDGE else _free(port)
    return Door(url, port, met, holder.name if holder else "", holder.pid if holder else None, free)


def meet(host: str, port: int, clock: Clock, *, secure: bool = False) -> Met:
    """Who listens: localedge refuses a request for a foreign host with a field that nobody else has (R20)."""
    try:
        connection = socket.create_connection((host, port), clock.wait())
    except TimeoutError:
        return Met.SILENT
    except OSError:
        return Met.NOBODY
    try:
        with connection:
            if secure:
                connection = asking.no_trust().wrap_socket(connection)
            with connection:
                found = asking.answer(connection, asking.head("/", asking.STRANGE_HOST), clock)
    except TimeoutError:
        return Met.SILENT
    except (OSError, ProtocolError):
        return Met.STRANGER
    return Met.EDGE if found is not None and asking.CODE_FIELD in found.combined else Met.STRANGER


def _vault(config: Config) -> "Vault | None":
    """The local authority, if HTTPS is served with it."""
    from .vault import Vault, authority_directory

    vault = Vault(authority_directory(config.https.directory))
    return vault if vault.exists and not config.http_only and vault.root() is not None else None


def _failed(config: Config, vault: "Vault", clock: Clock) -> tuple[Handshake, ...]:
    from cryptography.hazmat.primitives.serialization import Encoding

    root = vault.root()
    if root is None:
        return ()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=root.public_bytes(Encoding.DER))
    names = dict.fromkeys((*config.https.names, LOOPBACK_NAME))
    reasons = ((name, _reason(name, config.https.port, context, clock)) for name in names)
    return tuple(Handshake(name, reason) for name, reason in reasons if reason is not None)


def _reason(name: str, port: int, context: ssl.SSLContext, clock: Clock) -> str | None:
    """Why TLS fails under a name.  Another issuer, or no certificate for it, is the look at trust to tell."""
    try:
        with (
            socket.create_connection((_HERE, port), clock.wait()) as plain,
            context.wrap_socket(plain, server_hostname=name),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return None if error.verify_code in _NO_ISSUER else error.verify_message
    except ssl.SSLError as error:
        return None if "UNRECOGNIZED_NAME" in (error.reason or "") else asking.tls_reason(error)
    except OSError as error:
        return error.strerror or type(error).__name__


def _with_localhost(facts: EdgeFacts, config: Config, world: World, clock: Clock) -> EdgeFacts:
    """Who is at [::1], where a client that asks for `localhost` may come first."""
    if not config.port or ":" in config.host:
        return facts
    found = look_up([LOOPBACK_NAME], clock.wait())[LOOPBACK_NAME] or ()
    if not found or ":" not in found[0]:
        return facts
    door = _door(_url("http", LOOPBACK_NAME, config.port), "::1", config.port, world, clock)
    return replace(facts, v6_first=True, v6=door)


def _aged(facts: EdgeFacts, scene: Scene, world: World) -> EdgeFacts:
    """With what has changed since the edge was started."""
    doors = [door for door in (facts.plain, facts.secure) if door is not None and door.met is Met.EDGE]
    pid = next((door.pid for door in doors if door.pid is not None), None)
    started = None if pid is None else world.started(pid)
    if started is None:
        return facts
    return replace(
        facts,
        config_newer=_changed(scene.file) > started + _SLACK,
        installed_since=_changed(installed.record()) > started + _SLACK,
    )


def _changed(path: Path | None) -> float:
    """When a file was last written, 0 for one that is not there."""
    try:
        return 0.0 if path is None else path.stat().st_mtime
    except OSError:
        return 0.0


def _client_host(host: str) -> str:
    """Loopback where the edge listens on every address."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return _HERE if address.version == 4 else "::1"
    return host


def _url(scheme: str, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if (scheme, port) == ("https", 443) else f"{scheme}://{shown}:{port}"


def _free(port: int) -> int:
    """A port that nobody listens on, near to one that is taken."""
    for number in (*range(port + 1, min(port + _NEAR, 65536)), 0):
        with socket.socket() as probe:
            try:
                probe.bind((_HERE, number))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    return 0


# -- the gateway


def _gateway(scene: Scene, clock: Clock) -> GatewayFacts:
    gateway = scene.config.gateway
    proxy = gateway.proxy
    facts = GatewayFacts(gateway.url, proxy="" if proxy is None else f"{proxy.host}:{proxy.port}")
    if gateway.demo:
        return replace(facts, demo=True)
    if proxy is None and gateway.address is None and _is_own_name(scene):
        return replace(facts, own_name=True)
    towards = asking.resolve(gateway, clock)
    details = {"gateway": gateway.url, "host": towards.host, "proxy": facts.proxy}
    if not towards.addresses:
        code = "gateway-unresolved" if proxy is None else "proxy-unresolved"
        unknown = towards.addresses is not None
        return replace(facts, problem=(code if unknown else "doctor-gateway-no-dns", details))
    if proxy is None and (address := _leads_back(scene.config, towards.addresses)):
        return replace(facts, problem=("gateway-is-edge", {**details, "address": address}))
    try:
        answer = asking.gateway_answer(
            gateway, towards.addresses, lambda: asking.system_trust(gateway), clock
        )
    except asking.Unanswered as error:
        return replace(facts, problem=(error.code, error.params))
    via = answer.combined.get(b"via", b"") if proxy is None else b""
    return replace(facts, status=answer.status, via=clean(via.decode("latin-1")))


def _is_own_name(scene: Scene) -> bool:
    """Whether clients find the edge by the gateway's name: then the edge asks DNS servers for it."""
    host, config = scene.config.gateway.host, scene.config
    text, _, _ = _hosts(scene)
    if text is None or not any(map(is_loopback, text.addresses(host))):
        return False
    return host in (*config.https.names, *config.allowed_hosts) or any(one.name == host for one in text.own)


def _leads_back(config: Config, addresses: Sequence[str]) -> str:
    """The address of the gateway at which the edge itself listens."""
    from localedge.edge.resolving import points_at_itself

    listeners = [(config.host, config.port), (_HERE, config.https.port)]
    return next(
        (one for one in addresses if points_at_itself([one], config.gateway.port, listeners)),
        "",
    )


def _through_edge(facts: GatewayFacts, config: Config, edge: EdgeFacts, clock: Clock) -> GatewayFacts:
    """What the gateway says when the edge asks.  `/` alone would be answered by the edge itself (R41)."""
    door = edge.plain
    if door is None or door.met is not Met.EDGE:
        return facts
    fields = []
    if config.client_token is not None:
        fields = [f"x-localedge-token: {config.client_token.reveal()}"]
    host = _client_host(config.host)
    try:
        with socket.create_connection((host, door.port), clock.wait()) as connection:
            request = asking.head("/?doctor", urlsplit(door.url).netloc, fields)
            answer = asking.answer(connection, request, clock)
    except (OSError, ProtocolError):
        return facts
    if answer is None:
        return facts
    code = clean(answer.combined.get(asking.CODE_FIELD, b"").decode("latin-1"))
    demo = answer.combined.get(b"server", b"").startswith(b"localedge-demo")
    return replace(facts, edge_status=answer.status, edge_problem=code, edge_demo=demo)


# -- names


def _names(scene: Scene, clock: Clock) -> NamesFacts | None:
    config = scene.config
    if _vault(config) is None:
        return None
    text, trouble, reason = _hosts(scene)
    names = config.https.names
    found = look_up(names, clock.wait())
    return NamesFacts(
        str(_hosts_path(scene)),
        trouble,
        reason,
        tuple(_name(one, text, found[one]) for one in names),
        _program(scene.platform),
        v6=":" in config.host,
    )


def _name(name: str, text: "HostsText | None", found: tuple[str, ...] | None) -> NameFacts:
    mapped = [] if text is None else [(one.address, one.line) for one in text.own if one.name == name]
    if text is not None and text.elsewhere(name) is not None:
        others = [one for one in text.others() if one.name.lower().removesuffix(".") == name]
        mapped += [(clean(one.address), one.line) for one in others]
    addresses = (*(address for address, _ in mapped), *(found or ()))
    return NameFacts(name, tuple(mapped), found, frozenset(filter(is_loopback, addresses)))


def _hosts_path(scene: Scene) -> Path:
    from .hosts import system_path

    return system_path() if sys.platform == "win32" else scene.system.path("/etc/hosts")


def _hosts(scene: Scene) -> tuple["HostsText | None", str, str]:
    """What the hosts file says, the code of what is wrong with it, and why."""
    from .hosts import HostsFile
    from .hosts_text import HostsText

    path = _hosts_path(scene)
    try:
        return HostsFile(path).read(), "", ""
    except Failure as failure:
        code = failure.code
        reason = str(failure.params.get("reason") or _UNREAD.get(code, code))
    if code in _UNREAD or code == "hosts-unreadable":
        return None, "doctor-hosts-unreadable", reason
    try:
        text = HostsText.seen(path.read_bytes())
    except (OSError, Failure):
        return None, "doctor-hosts-unreadable", reason
    return text, "" if code in _LINKS else "doctor-hosts-damaged", reason


def _program(platform: str) -> str:
    """Ourselves, as root finds us."""
    script = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - links stay: a venv is found by them
    if script.stem != "localedge":
        return command_line(platform, [sys.executable, "-m", "localedge"])
    return "localedge" if str(script.parent) in _ON_PATH else command_line(platform, [script])
