"""Taking clients in: as many as there is room for, over all listeners together."""

import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import Protocol, ServerFactory

from localedge.config import Config
from localedge.errors import Failure
from localedge.settings.upstream import is_loopback

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress

    from localedge.edge.context import Context

LISTEN_FDS_START = 3
"""The first descriptor that systemd passes on: sd_listen_fds(3)."""
ACCEPTS = 100
"""Clients that one listener takes in one turn of the reactor at most."""


class Admission:
    """Counts clients against `max_clients`; beyond that they wait in the kernel's queues."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._ports: list[Any] = []
        self._narrow = False

    def add(self, port: Any) -> None:
        """Another listener."""
        self._ports.append(port)
        port.numberAccepts = self._room()

    def entering(self) -> None:
        """A client comes in, by whichever listener."""
        context = self._context
        room = context.config.max_clients - len(context.frontends) - 1
        if room >= ACCEPTS:
            return
        if room <= 0 and context.when_room is None:
            for port in self._ports:
                port.stopReading()
            context.when_room = self._somebody_left
        # The other listeners may be about to accept in this very turn, and Twisted lets
        # this one take more in the next: no more than there is room for.
        for port in self._ports:
            port.numberAccepts = min(port.numberAccepts, max(0, room))
        if not self._narrow:
            self._narrow = True
            context.reactor.callLater(0, self._next_turn)

    def _next_turn(self) -> None:
        self._narrow = False
        for port in self._ports:
            port.numberAccepts = self._room()

    def _room(self) -> int:
        """How many clients a listener may take in one turn."""
        return max(1, min(ACCEPTS, self._context.config.max_clients - len(self._context.frontends)))

    def _somebody_left(self) -> None:
        if not self._context.draining:
            for port in self._ports:
                port.numberAccepts = self._room()
                port.startReading()


class Listener(ServerFactory):
    """Makes a protocol for each client of one port."""

    noisy = False

    def __init__(self, admission: Admission, make: Callable[[], Protocol]) -> None:
        self._admission = admission
        self._make = make

    def buildProtocol(self, addr: "IAddress | None") -> Protocol:
        """Twisted: a client connects."""
        self._admission.entering()
        return self._make()


def adopt(reactor: Any, config: Config, factory: ServerFactory) -> Any:
    """Listen on the socket that `https.port` names: one that this process was started with.

    A service manager may bind port 443 where we may not: systemd (sd_listen_fds(3)), or launchd
    with `inetdCompatibility`, which passes the socket as standard input.  Raises `Failure`.
    """
    word = config.https.socket or ""
    kind, _, number = word.partition(":")
    descriptor = int(number)
    if kind == "systemd":
        passed = os.environ.get("LISTEN_FDS", "")
        ours = os.environ.get("LISTEN_PID") == str(os.getpid()) and passed.isdecimal()
        if not ours or descriptor >= int(passed):
            raise Failure("no-socket-passed", value=word)
        descriptor += LISTEN_FDS_START
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            family, listens = found.family, found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            host = found.getsockname()[0] if family in (socket.AF_INET, socket.AF_INET6) else ""
    except OSError:
        raise Failure("no-socket-passed", value=word) from None
    if not listens or not host:
        raise Failure("no-listening-socket", value=word)
    if not is_loopback(host) and config.client_token is None:
        raise Failure("bind-not-loopback", where="https.port", host=host)
    os.set_blocking(descriptor, False)
    os.set_inheritable(descriptor, False)
    return reactor.adoptStreamPort(descriptor, family, factory)
