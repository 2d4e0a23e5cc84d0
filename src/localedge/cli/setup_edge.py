"""The edge that `localedge setup` tries: whether one runs already, and what "Test connection" finds there."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from localedge.config import Config, Gateway
from localedge.errors import Failure

from . import paste

if TYPE_CHECKING:
    from localedge.claude.probe_plan import Steps
    from localedge.claude.probing import Credential

PATIENCE = 2.0
"""Seconds that a listener on this machine has to answer."""
_TOKEN = "x-localedge-token"  # noqa: S105 - the field, not a token


class Edge(NamedTuple):
    """A localedge that runs."""

    pid: int | None
    """None where the system does not tell."""


def running(config: Config) -> Edge | None:
    """The edge that listens where this configuration says, if there is one.

    What a page of another site asks, the edge refuses in words of its own; no gateway hears of it.
    """
    from http.client import HTTPConnection, HTTPException

    host, port = urlsplit(paste.base_url(config.host, config.port)).hostname or "", config.port
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/", headers={"Sec-Fetch-Site": "cross-site"})
        found = connection.getresponse().getheader("x-localedge-error")
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
    if found is None:
        return None
    from localedge.machine.ports import owner

    holder = owner(port, host)
    return Edge(holder.pid if holder else None)


def other_gateway(edge: Edge, config: Config, file: Path) -> bool:
    """Whether an edge is known to serve another gateway: by its words, or as it is older than the file.

    False where nobody can tell: what it answers will.
    """
    words = _words(edge.pid)
    named = re.search(r"--upstream(?:=|\0)([^\0]+)", words)
    if named is not None:
        return _url(named[1]) != config.gateway.url
    if "\0run\0" in words and sys.platform == "linux":
        try:
            return Path(f"/proc/{edge.pid}").stat().st_mtime < file.stat().st_mtime
        except OSError:
            return False
    return False


def _words(pid: int | None) -> str:
    """The command line of a process, the words with a zero byte behind each, where the system tells."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _url(typed: str) -> str:
    from localedge.settings.upstream import parse

    try:
        url = parse(typed)
    except Failure:
        return ""
    return Gateway(url.scheme, url.host, url.port, url.path).url


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
            token = (_TOKEN, config.client_token.reveal())
            question = question._replace(fields=(*question.fields, token))
        reply = yield question._replace(at=at)
        assert reply is not None, "a question is answered"
        if question.check == "message":
            verdict = probe_answers.message(reply, model, credential).verdict
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
