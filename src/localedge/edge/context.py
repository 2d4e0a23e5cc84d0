"""What all connections of one running edge share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from localedge.config import Config
from localedge.edge.deadlines import Deadlines, tick_for
from localedge.edge.hangup import HangupWatch
from localedge.edge.observe import Observer
from localedge.edge.resolving import NextHop, next_hop
from localedge.http.forwarding import Route
from localedge.http.head import RequestHead, ResponseHead
from localedge.http.heads import Heads
from localedge.http.preparing import Prepare, make_prepare

if TYPE_CHECKING:
    from localedge.edge.agent import Agent
    from localedge.edge.legs import ClientConnection


class Context:
    """One per edge.  `reactor` provides time, TCP and descriptors; nobody below asks for the global one."""

    def __init__(self, config: Config, reactor: Any, observer: Observer, route: Route) -> None:
        limits = config.limits
        self.config = config
        self.limits = limits
        self.reactor = reactor
        self.now: Callable[[], float] = reactor.seconds
        self.observer = observer
        self.route = route
        self.next_hop: NextHop = next_hop(config.gateway)
        """Where TCP to the gateway goes."""
        self.request_heads: Heads[RequestHead] = Heads()
        self.response_heads: Heads[ResponseHead] = Heads()
        self.prepare: Prepare = make_prepare(config, route)
        self.deadlines = Deadlines(
            reactor,
            tick_for(
                limits.request_head,
                limits.request_body,
                limits.keep_alive,
                limits.first_byte,
                limits.connect,
                limits.silence,
                limits.tls_handshake,
                limits.queue,
                limits.linger,
                config.pool.idle,
            ),
        )
        self.hangups = HangupWatch(reactor)
        self.frontends: set[ClientConnection] = set()
        self.draining = False
        self.when_empty: Callable[[], None] | None = None
        """Called once, when the last client has left."""
        self.when_room: Callable[[], None] | None = None
        """Called once, when the next client has left."""
        self.agent: Agent
        """Set once by `localedge.edge.service`: it needs this context in turn."""

    def left(self, frontend: "ClientConnection") -> None:
        """A client's connection is gone."""
        self.frontends.discard(frontend)
        if self.when_room is not None:
            call, self.when_room = self.when_room, None
            call()
        if not self.frontends and self.when_empty is not None:
            call, self.when_empty = self.when_empty, None
            call()

    def stop(self) -> None:
        """Nothing of this edge is left in the reactor."""
        self.deadlines.stop()
        self.hangups.stop()
