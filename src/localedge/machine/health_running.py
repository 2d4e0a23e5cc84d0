"""The edges that run, whatever the configuration says: `localedge run` may have been given other ports."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from localedge.claude.health_edge import Met

from . import health_asking as asking
from .health import Scene
from .health_edge import client_host, meet, url_of
from .running_edges import RunningEdge, running_edges
from .side_by_side import SideBySide

_MOST = 8
_WAIT = 1.0
"""Seconds for all of them: one that hangs is looked at again where it is the configured one."""


def as_running(scene: Scene) -> Scene:
    """With the base URLs of all edges; where none is at the configured port, with those of the last one."""
    clock, config = asking.Clock(min(_WAIT, asking.WAIT)), scene.config
    noted = running_edges(scene.environ, scene.platform, scene.system.root)[:_MOST]
    answered = SideBySide(_MOST).map(lambda edge: _answers(edge, clock), noted)
    found = [edge for edge, runs in zip(noted, answered, strict=True) if runs]
    scene = replace(scene, running=tuple(url for edge in found for url in edge.urls))
    if not found or _is_there(config.host, config.port, scene.running, clock):
        return scene
    plain, *rest = map(urlsplit, found[0].urls)
    https = replace(config.https, port=rest[0].port or 443, socket=None) if rest else config.https
    here = replace(config, host=plain.hostname or config.host, port=plain.port or 80, https=https)
    return replace(scene, config=here, configured=config)


def _is_there(host: str, port: int, known: Sequence[str], clock: asking.Clock) -> bool:
    """Whether an edge is at the configured port; one that has answered is not asked again."""
    host = client_host(host)
    return port > 0 and (url_of("http", host, port) in known or meet(host, port, clock) is Met.EDGE)


def _answers(edge: RunningEdge, clock: asking.Clock) -> bool:
    """Pids are given again, so the port is asked: that of plain HTTP, which is always there."""
    plain = urlsplit(edge.urls[0])
    return meet(plain.hostname or "", plain.port or 80, clock) is Met.EDGE
