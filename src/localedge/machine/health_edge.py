"""Looks at the edge as its clients meet it, at the gateway, and at the names that lead here."""

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from localedge import messages
from localedge.claude.health import Finding, command_line
from localedge.claude.health_edge import (
    SOME_GATEWAY,
    Door,
    EdgeFacts,
    Facts,
    GatewayFacts,
    Handshake,
    Met,
    judge,
)
from localedge.config import Config, Gateway
from localedge.errors import Failure, Problems, reason_of
from localedge.http.framing import ProtocolError
from localedge.http.guard import SERVER
from localedge.http.head import ResponseHead
from localedge.names import LOOPBACK_NAME, in_url
from localedge.settings import load
from localedge.settings.build import BASE_URL
from localedge.settings.layers import clean
from localedge.settings.upstream import parse

from . import files, health_here, health_names, installed, ports, processes
from . import health_asking as asking
from .health import Scene
from .health_asking import Clock
from .hosts_lookup import is_loopback, look_up
from .running_edges import running_edges
from .side_by_side import SideBySide

if TYPE_CHECKING:
    from .vault import Vault

SECONDS = 4.5
"""For all of it."""
_HERE = "127.0.0.1"
_NEAR = 50
_SLACK = 2.0
"""Seconds: the kernel knows when it was booted to the second."""
_NO_ISSUER = {2, 18, 19, 20, 21}  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, ..._SELF_SIGNED_..., and so on


@dataclass(frozen=True)
class World:
    """What is asked of this machine besides its sockets."""

    owner: Callable[[int, str], ports.Owner | None] = ports.owner
    started: Callable[[int], float | None] = processes.started
    words: Callable[[int], Sequence[str]] = processes.words


def look(scene: Scene, world: World | None = None) -> Iterable[Finding]:
    """The findings of this area; none where the configuration cannot be read, which another area tells."""
    if health_here.problems(scene):
        return ()
    clock, world = Clock(SECONDS), world or World()
    pool = SideBySide()
    gateway = pool.submit(_gateway, scene, clock)
    names = pool.submit(health_names.look, scene, clock)
    edge = _edge(scene, world, clock, pool)
    if (given := _given(scene, edge, world)) is not None:
        gateway = pool.submit(_gateway, replace(scene, config=given), clock)
    through = _through_edge(scene.config, edge, clock)
    told = replace(gateway.result(), **through)
    if given is not None:
        told = replace(told, options=f" {command_line(scene.platform, ['--upstream', told.url])}")
    edge = replace(edge, start=edge.start + (told.options or _unnamed(told, scene)))
    return judge(Facts(edge, told, names.result()), scene.platform)


# -- the edge


def _edge(scene: Scene, world: World, clock: Clock, pool: Executor) -> EdgeFacts:
    config = scene.config
    options = health_here.options(scene)
    other = f" --port {config.port}" if scene.configured is not None else ""
    unknown = [] if config.port else ["listen.port = 0"]
    host = client_host(config.host)
    plain, foreign = None, not _is_of_this_machine(host)
    if config.port and not foreign:  # side by side with the other one: an edge that hangs does so at both
        plain = pool.submit(_door, url_of("http", host, config.port), host, config.port, world, clock)
    secure, failed = None, tuple[Handshake, ...]()
    if (vault := health_names.authority(config)) is not None:
        port = config.https.port if config.https.socket is None else 0
        if port:
            name = (*config.https.names, LOOPBACK_NAME)[0]
            secure = _door(url_of("https", name, port), _HERE, port, world, clock, secure=True)
            if secure.met is Met.EDGE:
                failed = _failed(config, vault, clock)
        else:
            unknown.append(f"https.port = {config.https.socket or 0}")
    facts = EdgeFacts(
        start=f"localedge run{' --http-only' if config.http_only else ''}{other}{options}",
        options=options,
        plain=None if plain is None else plain.result(),
        foreign_host=host if foreign else "",
        secure=secure,
        unknown=tuple(unknown),
        failed=failed,
        config=str(scene.file),
        configured_port=0 if scene.configured is None else scene.configured.port,
    )
    return _aged(_with_localhost(facts, config, world, clock), scene, world)


def _is_of_this_machine(host: str) -> bool:
    """Whether one can listen there: networks give other addresses as they like."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
    except OSError as error:
        return error.errno not in ports.NO_ADDRESS
    return True


def _unnamed(told: GatewayFacts, scene: Scene) -> str:
    """For the command that starts the edge, where it would have no gateway, or would refuse to start."""
    own = told.demo and bool(scene.environ.get(BASE_URL))  # it is this edge's, as nothing else has a gateway
    return f" --upstream {SOME_GATEWAY}" if told.unseen or own else ""


def _pid(edge: EdgeFacts) -> int | None:
    """The running edge's."""
    doors = [door for door in (edge.plain, edge.secure) if door is not None and door.met is Met.EDGE]
    return next((door.pid for door in doors if door.pid is not None), None)


def _given(scene: Scene, edge: EdgeFacts, world: World) -> Config | None:
    """With the running edge's own gateway, if that is known and not the configured one."""
    pid = _pid(edge)
    words = () if pid is None else world.words(pid)
    url = _noted(scene, edge) or processes.option(words, "--upstream")
    if not url:
        return None
    flags = {"gateway.url": url, "gateway.insecure": "--insecure-upstream" in words or None}
    try:
        config = load(files.gather(flags, health_here.named_file(scene), scene.environ)).config
    except (Failure, Problems):
        return None
    return None if config.gateway == scene.config.gateway else config


def _noted(scene: Scene, edge: EdgeFacts) -> str:
    """What the edge says of its gateway; empty for the demo, and where it has left no note."""
    urls = {door.url for door in (edge.plain, edge.secure) if door is not None and door.met is Met.EDGE}
    notes = running_edges(scene.environ, scene.platform, scene.system.root)
    return next((one.gateway for one in notes if urls.intersection(one.urls)), "")


def _door(url: str, host: str, port: int, world: World, clock: Clock, *, secure: bool = False) -> Door:
    met = meet(host, port, clock, secure=secure)
    if met is Met.NOBODY:
        return Door(url, port, met)
    holder = world.owner(port, host)
    free = 0 if met is Met.EDGE else _free(port)
    return Door(url, port, met, holder.name if holder else "", holder.pid if holder else None, free)


def meet(host: str, port: int, clock: Clock, *, secure: bool = False) -> Met:
    """Who listens: localedge answers a client's start-up probe itself, and says that it is it (R41).

    That is no more than what any client asks, and looks so in its log.  One that wants a token refuses:
    nobody who may be somebody else is told that.
    """
    try:
        connection = socket.create_connection((host, port), clock.wait())
    except TimeoutError:
        return Met.SILENT
    except (OSError, UnicodeError):  # of a damaged note: what can be no name
        return Met.NOBODY
    try:
        with connection:
            if secure:
                connection = asking.no_trust().wrap_socket(connection)
            with connection:
                found = asking.answer(connection, asking.head("/", f"{in_url(host)}:{port}"), clock)
    except TimeoutError:
        return Met.SILENT
    except (OSError, ProtocolError):
        return Met.STRANGER
    if found is None:
        return Met.STRANGER
    ours = asking.CODE_FIELD in found.combined or found.combined.get(SERVER[0]) == SERVER[1]
    return Met.EDGE if ours else Met.STRANGER


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
        return reason_of(error)


def _with_localhost(facts: EdgeFacts, config: Config, world: World, clock: Clock) -> EdgeFacts:
    """Who is at [::1], where a client that asks for `localhost` may come first."""
    if not config.port or ":" in config.host:
        return facts
    found = look_up([LOOPBACK_NAME], clock.wait())[LOOPBACK_NAME] or ()
    if not found or ":" not in found[0]:
        return facts
    door = _door(url_of("http", LOOPBACK_NAME, config.port), "::1", config.port, world, clock)
    return replace(facts, v6_first=True, v6=door)


def _aged(facts: EdgeFacts, scene: Scene, world: World) -> EdgeFacts:
    """With what has changed since the edge was started."""
    pid = _pid(facts)
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


def client_host(host: str) -> str:
    """Loopback where the edge listens on every address."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return _HERE if address.version == 4 else "::1"
    return host


def url_of(scheme: str, host: str, port: int) -> str:
    """The base URL of who listens there."""
    authority = f"{in_url(host)}:{port}"
    return f"{scheme}://{authority.removesuffix(':443') if scheme == 'https' else authority}"


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
    shown = "" if proxy is None else proxy.authority
    facts = GatewayFacts(gateway.url, proxy=shown, of_shell=_is_of_shell(scene))
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
    moved = _moved(gateway, answer) if 300 <= answer.status < 400 else ""
    via = answer.combined.get(b"via", b"") if proxy is None else b""
    return replace(facts, status=answer.status, moved=moved, via=clean(via.decode("latin-1")))


def _moved(gateway: Gateway, answer: ResponseHead) -> str:
    """The https URL that a gateway on plain HTTP redirects to."""
    location = answer.combined.get(b"location", b"").decode("latin-1")
    if gateway.scheme != "http" or not location.lower().startswith("https://"):
        return ""
    try:
        there = parse(f"https://{location[8:].partition('/')[0]}")
    except Failure:
        return ""
    return Gateway("https", there.host, there.port, gateway.base_path).url


def _is_of_shell(scene: Scene) -> bool:
    """Whether the gateway is what ANTHROPIC_BASE_URL says in the shell that has started doctor."""
    try:
        settings = load(files.gather({}, health_here.named_file(scene), scene.environ))
    except (Failure, Problems):
        return False
    return any(one.setting.key == "gateway.url" and one.where == BASE_URL for one in settings.effective)


def _is_own_name(scene: Scene) -> bool:
    """Whether clients find the edge by the gateway's name: then the edge asks DNS servers for it."""
    host, config = scene.config.gateway.host, scene.config
    text, _, _ = health_names.hosts(scene)
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


def _through_edge(config: Config, edge: EdgeFacts, clock: Clock) -> dict[str, Any]:
    """What the gateway says when the edge asks.  `/` alone would be answered by the edge itself (R41)."""
    door = edge.plain
    if door is None or door.met is not Met.EDGE:
        return {}
    fields = []
    if config.client_token is not None:
        fields = [f"x-localedge-token: {config.client_token.reveal()}"]
    host = client_host(config.host)
    try:
        with socket.create_connection((host, door.port), clock.wait()) as connection:
            request = asking.head("/?doctor", urlsplit(door.url).netloc, fields)
            answer = asking.answer(connection, request, clock)
    except TimeoutError:
        return {"edge_silent": True}
    except (OSError, ProtocolError):
        return {}
    if answer is None:
        return {}
    code = answer.combined.get(asking.CODE_FIELD, b"").decode("latin-1")
    if code not in messages.table():  # a gateway may say anything there, and this one becomes a command
        code = ""
    demo = answer.combined.get(b"server", b"").startswith(b"localedge-demo")
    return {"edge_status": answer.status, "edge_problem": code, "edge_demo": demo}
