"""One request and its response: the only meeting point of the two legs.

Theory of operation.  An exchange has two directions that end independently: the
request (`_uploading` until its last byte was handed to the gateway's side) and the
response (`_responded` once its head went out, `_answered` once its end did).  It is
over when both have ended, or when one of these happens first:

    the client leaves           -> the gateway's connection is aborted (R31, R32)
    the gateway's leg is lost   -> retried if provably safe (R34), else 502, or a cut (R06)
    a time limit is reached     -> 504 or 408 before the head, a cut after it (R30)

This module knows no wire format: the client's leg writes heads and frames bodies
(HTTP/1.1 today), the gateway's leg is told bytes.  It does no I/O of its own and reads no clock but
`Context.now`.  Which connection serves it is the agent's business.
"""

from typing import TYPE_CHECKING, Protocol

from localedge import messages
from localedge.edge.deadlines import NEVER
from localedge.edge.observe import Ending, Record, ending_of
from localedge.http.forwarding import (
    accepts_trailers,
    persistent,
    relayed_trailers,
    to_client,
    to_gateway,
    wants_websocket,
)
from localedge.http.framing import Body, ProtocolError, chunk, last_chunk
from localedge.http.head import Fields, RequestHead, ResponseHead

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from localedge.edge.backend import Backend
    from localedge.edge.context import Context

_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})  # RFC 9110 9.2.2
_HOLD = 64 * 1024
"""Bytes of a request body that are held while no connection serves it yet (R14)."""


class ClientLeg(Protocol):
    """What an exchange asks of the client's side, whatever HTTP it speaks."""

    blocked: bool

    def interim(self, status: int, reason: bytes, fields: Fields) -> None:
        """An interim response (R15)."""

    def respond(self, status: int, reason: bytes, fields: Fields, body: Body) -> None:
        """The final response's head; `body` is how the gateway framed it, NONE for none at all."""

    def write_body(self, data: bytes) -> None:
        """Bytes of the response body."""

    def finish(self, trailers: Fields) -> None:
        """The response is complete."""

    def cut(self) -> None:
        """The response will not be complete, and must not look so (R06)."""

    def error(self, code: str, params: dict[str, object]) -> None:
        """The edge's own error answer; nothing has been responded yet."""

    def flush(self) -> None:
        """Write what was collected."""

    def pause_request(self) -> None:
        """Send no more of the request body for now (R14)."""

    def resume_request(self) -> None:
        """Go on."""

    def request_refused(self) -> None:
        """Nobody wants the rest of the request: the connection ends behind the response."""

    def switch(self) -> None:
        """From here on bytes, not HTTP (R18)."""

    def half_close(self) -> None:
        """The other side of the tunnel sends no more."""

    def exchange_ended(self) -> None:
        """The exchange is over; the leg may go on to the next."""


class Exchange:
    """See the module's docstring.  Created by the client's leg, which then calls `start`."""

    __slots__ = (
        "_answered",
        "_body",
        "_client",
        "_client_done",
        "_context",
        "_continue_call",
        "_expecting",
        "_gateway_done",
        "_head",
        "_held",
        "_held_bytes",
        "_method",
        "_origin",
        "_persistent",
        "_responded",
        "_trailers",
        "_uploading",
        "_websocket",
        "backend",
        "deadline",
        "over",
        "record",
        "tunnel",
    )

    def __init__(
        self,
        context: "Context",
        client: ClientLeg,
        head: RequestHead,
        body: Body,
        target: bytes,
        origin: bytes | None,
        record: Record,
    ) -> None:
        self._context = context
        self._client = client
        self._body = body
        self._method = head.method
        self._origin = origin
        self._trailers = head.version == b"1.1" and accepts_trailers(head)
        self._websocket = wants_websocket(head, body)
        self._expecting = (
            b"expect" in head.combined
            and body is not Body.NONE
            and head.version == b"1.1"
            and head.combined[b"expect"].lower() == b"100-continue"
        )
        self._head = to_gateway(head, target, body, context.route, websocket=self._websocket)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._uploading = True
        self._responded = False
        self._answered = False
        self._persistent = False
        self._client_done = False
        self._gateway_done = False
        self._continue_call: IDelayedCall | None = None
        self.backend: Backend | None = None
        self.tunnel = False
        self.over = False
        self.deadline = NEVER
        self.record = record

    def __repr__(self) -> str:
        record = self.record
        state = "over" if self.over else "answered" if self._answered else "streaming" if self._responded else "waiting"
        return f"<Exchange {record.method.decode()} {record.path.decode()}: {state}>"

    # -- the way to the gateway

    def start(self, pieces: list[bytes], end: Fields | None) -> None:
        """Begin, with what has arrived of the body; `end` is not None when that was all (its trailers)."""
        context = self._context
        context.observer.in_flight.add(self)
        context.deadlines.add(self)
        for piece in pieces:
            self.request_data(piece)
            if self.over:
                return
        if end is not None:
            self.request_end(end)
        context.agent.serve(self)

    def queued(self) -> None:
        """The agent has no connection to give or open yet."""
        self.deadline = self._context.now() + self._context.limits.queue

    def connecting(self) -> None:
        """The agent opens a connection; it watches the time that takes."""
        self.deadline = NEVER
        self.record.queued = self._context.now()

    def connected(self, backend: "Backend", reused: bool) -> None:
        """The connection that will serve this exchange; the request goes out at once."""
        record = self.record
        now = self._context.now()
        record.connected = now
        if reused:
            record.queued = now
        record.reused = reused
        self.backend = backend
        opening = self._head + b"".join(self._held) if self._held else self._head
        backend.start(self, self._method, opening)
        if backend.untouched:
            # the kernel refused the first byte: the gateway cannot have seen this request (R34)
            if reused and not record.retried:
                self._retry()
            else:
                self.fail("gateway-lost")
            return
        self._held.clear()
        if self._held_bytes:
            self._held_bytes = 0
            if not backend.blocked:
                self._client.resume_request()
        self._set_deadline(now)
        if self._expecting:
            self._continue_call = self._context.reactor.callLater(self._context.limits.expect, self._continue)

    def request_data(self, data: bytes) -> None:
        """Bytes of the request body, as they came."""
        record = self.record
        record.bytes_in += len(data)
        self._expecting = False
        if record.bytes_in > self._context.limits.body_bytes:
            self.fail("body-too-large", limit=self._context.limits.body_bytes)
            return
        framed = chunk(data) if self._body is Body.CHUNKED else data
        backend = self.backend
        if backend is not None:
            backend.put(framed)
            self._set_deadline(self._context.now())
            return
        self._held.append(framed)
        self._held_bytes += len(framed)
        if self._held_bytes > _HOLD:
            self._client.pause_request()

    def request_end(self, trailers: Fields) -> None:
        """The request is complete."""
        self._uploading = False
        self._expecting = False
        if self._body is Body.CHUNKED:
            end = last_chunk(relayed_trailers(trailers))
            if self.backend is not None:
                self.backend.put(end)
            else:
                self._held.append(end)
        backend = self.backend
        if backend is not None:
            backend.flush()
            self._set_deadline(self._context.now())
            if self._answered:
                self._complete()

    def flush_request(self) -> None:
        """The client's leg has handed over all that one read brought."""
        if self.backend is not None:
            self.backend.flush()

    def _continue(self) -> None:
        """The gateway keeps a client waiting that waits for `100 Continue`: ask for the body ourselves (R15)."""
        self._continue_call = None
        if self._expecting and not self._responded:
            self._expecting = False
            self._client.interim(100, b"Continue", ())
            self._client.flush()

    # -- the way back

    def response_head(self, head: ResponseHead) -> None:
        """A head from the gateway, interim or final."""
        status = head.status
        if status < 200 and status != 101:
            self._interim(head)
            return
        if status == 407 and self._context.route.absolute:
            self.fail("proxy-auth", proxy=self._context.agent.proxy_name)
            return
        record = self.record
        now = self._context.now()
        record.first_byte = record.last_byte = now
        record.status = status
        backend = self.backend
        assert backend is not None
        connection = head.combined.get(b"connection")
        if status == 101:
            self._switch(head)
            return
        body = backend.body
        self._persistent = body is not Body.UNTIL_CLOSE and persistent(head.version, connection)
        if self._expecting and self._uploading:
            # The gateway answered instead of asking for the body: nobody asks for it now (R15).
            self._client.request_refused()
            self._persistent = self._uploading = self._expecting = False
        self._stop_waiting_to_continue()
        self._responded = True
        fields = to_client(
            head,
            trailers=self._trailers and body is Body.CHUNKED,
            keep_length=status != 204,
            origin=self._origin,
        )
        self._client.respond(status, head.reason, fields, body)
        if self._client.blocked:
            backend.pause_response()
        self._set_deadline(now)

    def _interim(self, head: ResponseHead) -> None:
        if head.status == 100:
            if self.record.bytes_in or not self._uploading:
                return  # nobody waits for it any more
            self._stop_waiting_to_continue()
            self._expecting = False
        self._client.interim(head.status, head.reason, to_client(head, keep_length=False))

    def _switch(self, head: ResponseHead) -> None:
        """101: the two sides become a tunnel, if that was asked for (R18)."""
        if not self._websocket or head.combined.get(b"upgrade", b"").strip().lower() != b"websocket":
            self.fail("gateway-upgrade")
            return
        assert self.backend is not None
        upgrade = (b"Connection", b"Upgrade"), (b"Upgrade", head.combined[b"upgrade"])
        self._responded = True
        self.tunnel = True
        self._client.respond(101, head.reason, to_client(head) + upgrade, Body.NONE)
        self._client.switch()
        early = self.backend.raw()
        if early:
            self.response_data(early)
        self._set_deadline(self._context.now())

    def response_data(self, data: bytes) -> None:
        """Bytes of the response body, as they came."""
        record = self.record
        now = self._context.now()
        gap = now - record.last_byte
        if gap > record.gap:
            record.gap = gap
        record.last_byte = now
        record.bytes_out += len(data)
        self._client.write_body(data)
        self.deadline = now + self._context.limits.silence

    def flush_response(self) -> None:
        """The gateway's leg has handed over all that one read brought."""
        self._client.flush()

    def response_end(self, trailers: Fields) -> None:
        """The response is complete; the upload may still be going on (R16)."""
        self._answered = True
        self._client.finish(relayed_trailers(trailers) if self._trailers and trailers else ())
        if not self._uploading:
            self._complete()
        else:
            self._set_deadline(self._context.now())

    # -- back-pressure (R14)

    def client_blocked(self) -> None:
        """The client does not read as fast as the gateway sends."""
        if self.backend is not None:
            self.backend.pause_response()

    def client_drained(self) -> None:
        """The client has caught up."""
        if self.backend is not None:
            self.backend.resume_response()
            self._set_deadline(self._context.now())

    def gateway_blocked(self) -> None:
        """The gateway does not read as fast as the client sends."""
        self._client.pause_request()
        self._set_deadline(self._context.now())

    def gateway_drained(self) -> None:
        """The gateway has caught up."""
        self._client.resume_request()
        self._set_deadline(self._context.now())

    # -- tunnels (R18)

    def tunnel_data(self, data: bytes) -> None:
        """Bytes from the client, once this is a tunnel."""
        assert self.backend is not None
        self.record.bytes_in += len(data)
        self.backend.put(data)
        self.backend.flush()
        self.deadline = self._context.now() + self._context.limits.silence

    def client_half_closed(self) -> None:
        """The client sends no more into the tunnel."""
        self._client_done = True
        assert self.backend is not None
        self.backend.half_close()
        if self._gateway_done:
            self._complete()

    def gateway_half_closed(self) -> None:
        """The gateway sends no more into the tunnel."""
        self._gateway_done = True
        self._client.half_close()
        if self._client_done:
            self._complete()

    # -- ends

    def client_gone(self) -> None:
        """The client left: nobody will read the rest, so nobody shall pay for it (R31)."""
        if self.over:
            return
        if not (self._answered or self._gateway_done):
            self.record.ending = Ending.CLIENT_GONE
            self.record.status = 499
        self._release(reusable=False)

    def gateway_lost(self) -> None:
        """The gateway's connection ended before its response did (or while the upload went on)."""
        if self.over:
            return
        if self._answered or self.tunnel:
            if self._uploading and not self.tunnel:
                self._client.request_refused()
            self._complete()
        elif self._responded:
            self._cut(Ending.GATEWAY_CUT, "gateway-cut")
        elif self.record.reused and not self.record.retried and self._repeatable():
            self._retry()
        else:
            self.fail("gateway-lost")

    def gateway_broken(self, error: ProtocolError) -> None:
        """The gateway's response breaks HTTP (R05, R06)."""
        if self._responded:
            self._cut(Ending.GATEWAY_CUT, "gateway-garbage")
        elif error.code == "gateway-speaks-tls":
            self.fail("gateway-speaks-tls")
        else:
            self.fail("gateway-garbage", reason=error.params.get("reason") or error.code)

    def request_broken(self, error: ProtocolError) -> None:
        """The request body breaks HTTP: the gateway's request is aborted (R01)."""
        if self._responded:
            self._cut(Ending.REFUSED, error.code)
        else:
            self.fail(error.code, **error.params)

    def deadline_passed(self, now: float) -> None:
        """A time limit was reached (R30)."""
        limits = self._context.limits
        if self.backend is None:
            self.fail("queue-timeout", limit=_seconds(limits.queue))
        elif self.tunnel:
            self.client_gone()
            self._client.cut()
        elif self._responded:
            if self._answered or self._client.blocked:
                self.record.ending = Ending.CLIENT_SLOW
                self._client.cut()
                self._release(reusable=False)
            else:
                self._cut(Ending.GATEWAY_SILENT, "gateway-silent")
        elif self._uploading and not self.backend.blocked:
            self.fail("body-timeout", limit=_seconds(limits.request_body))
        else:
            self.fail("gateway-silent", limit=_seconds(limits.first_byte))

    def drained(self) -> None:
        """The drain limit was reached (R35)."""
        if not self._responded:
            self.fail("draining")
        else:
            self._cut(Ending.DRAINED, "draining")

    def fail(self, code: str, **params: object) -> None:
        """Answer with the edge's own error; the head has not gone out."""
        record = self.record
        record.code = code
        record.status = messages.entry(code).status or 500
        record.ending = ending_of(code, record.status)
        params.setdefault("gateway", self._context.config.gateway.url)
        if self._uploading:
            self._client.request_refused()
        self._client.error(code, params)
        self._release(reusable=False)

    def _cut(self, ending: Ending, code: str) -> None:
        self.record.ending = ending
        self.record.code = code
        self._client.cut()
        self._release(reusable=False)

    def _complete(self) -> None:
        """Both directions have ended."""
        backend = self.backend
        clean = self._persistent and not self._uploading and backend is not None and backend.clean
        self._release(reusable=clean)

    def _release(self, *, reusable: bool) -> None:
        """Give everything back; last of all tell the client's leg."""
        self.over = True
        self._stop_waiting_to_continue()
        context = self._context
        context.deadlines.discard(self)
        context.agent.done(self, reusable)
        context.observer.in_flight.discard(self)
        context.observer.ended(self.record, context.now())
        self._client.exchange_ended()

    def _repeatable(self) -> bool:
        """Whether sending this request twice does no harm: idempotent, and without a body (R34)."""
        return self._method in _IDEMPOTENT and self._body is Body.NONE

    def _retry(self) -> None:
        """Once more, on a fresh connection."""
        self.record.retried = True
        self._context.agent.replace(self)

    def _stop_waiting_to_continue(self) -> None:
        if self._continue_call is not None:
            self._continue_call.cancel()
            self._continue_call = None

    def _set_deadline(self, now: float) -> None:
        limits = self._context.limits
        if self._responded and not self._answered:
            self.deadline = now + limits.silence
        elif self._uploading and self.backend is not None and not self.backend.blocked:
            # while the client waits to be asked for its body, the gateway is the silent one
            self.deadline = now + (limits.first_byte if self._expecting else limits.request_body)
        else:
            self.deadline = now + limits.first_byte


def _seconds(limit: float) -> str:
    return f"{limit:g}"
