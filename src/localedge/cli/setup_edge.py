"""The edge that `localedge setup` tries: whether one runs already, and what "Test connection" finds there."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from localedge.config import Config, Gateway
from localedge.errors import Failure

from . import paste
from .desktop_wanted import TOKEN_HEADER

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from localedge.claude.probe_plan import Steps
    from localedge.claude.probing import Credential

PATIENCE = 2.0
"""Seconds that a listener on this machine has to answer."""


class Edge(NamedTuple):
    """A localedge that runs."""

    pid: int | None
    """None where the system does not tell."""
    serves: bool | None
    """Whether it has the gateway of the configuration; None where that cannot be told."""


def running(config: Config) -> Edge | None:
    """The edge that listens where this configuration says, if there is one."""
    from localedge.machine.ports import owner
    from localedge.machine.running_edges import running_edges

    url = paste.base_url(config.host, config.port)
    for note in running_edges(os.environ):
        if url in note.urls and _answer(url, "HEAD") is not None:  # it answers that itself
            return Edge(note.pid, note.gateway == ("" if config.gateway.demo else config.gateway.url))
    # One of another user.  What a page of another site asks, the edge refuses; no gateway hears of it.
    found = _answer(url, "GET", {"Sec-Fetch-Site": "cross-site"})
    if found is None or found.getheader("x-localedge-error") is None:
        return None
    holder = owner(config.port, urlsplit(url).hostname or "")
    return Edge(holder.pid if holder else None, None)


def _answer(url: str, method: str, fields: Mapping[str, str] | None = None) -> "HTTPResponse | None":
    from http.client import HTTPConnection, HTTPException

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.request(method, "/", headers=dict(fields or {}))
        return connection.getresponse()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def taken(config: Config, *, https: bool) -> Failure | None:
    """Why the edge could not listen, if it could not."""
    import socket

    from localedge.machine.ports import listen_failure

    places = [(config.host, config.port)]
    if https and not config.https.socket:
        places.append(("127.0.0.1", config.https.port))
    for host, port in places:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as trying:
            if os.name == "posix":  # as Twisted does: what was closed just now is free
                trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trying.bind((host, port))
                trying.listen(1)
            except OSError as error:
                return listen_failure(host, port, error)
    return None


def test_connection(config: Config, at: Gateway, credential: "Credential", model: str) -> "Steps":
    """What Claude Desktop's "Test connection" does at this base URL, and its look for models."""
    from localedge.claude import probe_answers, probing
    from localedge.claude.probing import Finding, Level, Outcome

    usable = True
    for question in (probing.message(model, credential), probing.models(credential)):
        if config.client_token is not None:
            token = (TOKEN_HEADER, config.client_token.reveal())
            question = question._replace(fields=(*question.fields, token))
        reply = yield question._replace(at=at)
        assert reply is not None, "a question is answered"
        if question.check == "message":
            verdict = probe_answers.message(reply, model, credential).verdict
            if verdict.code == "check-key-refused":  # `localedge check` has tried the other scheme as well
                params = {**verdict.params, "scheme": credential.value}
                verdict = verdict._replace(code="check-key-refused-as", params=params)
            usable = verdict.level is not Level.BAD
        else:
            verdict, _ = probe_answers.models(reply)
        yield Finding(question.check, question.what, verdict, reply.seconds, reply.first_byte, model=model)
    return Outcome(usable, model, credential)


def gateway_at(url: str, ca_file: str | None) -> Gateway:
    """The edge, as somebody sees it who is to use this base URL."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return Gateway(parts.scheme, parts.hostname or "", port, ca_file=ca_file)
