"""One request and its response: the only meeting point of the two legs.

Theory of operation.  An exchange has two directions that end independently: the
request (`Upload`, `done` when its last byte was handed to the gateway's side) and the
response (`_responded` once its head went out, `_answered` once its end did).  It is
over when both have ended, or when one of these happens first:

    the client leaves           -> the gateway's connection is aborted (R31, R32)
    the gateway's leg is lost   -> retried if provably safe (R34), else 502, or a cut (R06)
    a time limit is reached     -> 504 or 408 before the head, a cut after it (R30)

This module knows no wire format: the client's leg (`ClientLeg`) writes heads and frames
bodies, the gateway's leg reads them.  It does no I/O of its own and reads no clock but
`Context.now`.  Which connection serves it is the agent's business.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from localedge.edge.deadlines import NEVER
from localedge.edge.observe import Ending, Record
from localedge.edge.tunnel import Tunnel
from localedge.edge.upload import Upload
from localedge.http.forwarding import persistent, relayed_trailers, to_client
from localedge.http.framing import Body, ProtocolError
from localedge.http.head import Fields, ResponseHead
from localedge.http.pooling import After
from localedge.http.preparing import Ready

if TYPE_CHECKING:
    from localedge.edge.backend import Backend
    from localedge.edge.context import Context
    from localedge.edge.legs import ClientLeg


class Exchange:
    """See the module's docstring.  Created by the client's leg, which then calls `start`."""

    __slots__ = (
        "_answered",
        "_client",
        "_context",
        "_persistent",
        "_request",
        "_responded",
        "_upload",
        "backend",
        "deadline",
        "over",
        "pass_on",
        "record",
        "tunnel",
    )

    def __init__(self, context: "Context", client: "ClientLeg", request: Ready, record: Record) -> None:
        self._context = context
        self._client = client
        self._request = request
        self._upload = Upload(context, client, request, self._asked)
        self._responded = False
        self._answered = False
        self._persistent = False
        self.backend: Backend | None = None
        self.tunnel: Tunnel | None = None
        self.pass_on: Callable[[bytes], None] | None = None
        """Writes to the client whole chunks just as they are, where it gets chunks."""
        self.over = False
        self.deadline = NEVER
        self.record = record

    def __repr__(self) -> str:
        record = self.record
        state = "over" if self.over else "streaming" if self._responded else "waiting"
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

    def queued(self, patience: float) -> None:
        """No connection to give or open yet; the agent is asked again after `patience` seconds."""
        self.deadline = self._context.now() + patience

    def connecting(self) -> None:
        """The agent opens a connection; it watches the time that takes."""
        self.deadline = NEVER
        self.record.queued = self._context.now()

    def connected(self, backend: "Backend", *, reused: bool) -> None:
        """The connection that will serve this exchange; the request goes out at once."""
        record = self.record
        now = self._context.now()
        record.connected = now
        if reused:
            record.queued = now
        record.reused = reused
        self.backend = backend
        backend.start(self, self._request.method, self._upload.opening())
        if backend.untouched:
            # the kernel refused the first byte: the gateway cannot have seen this request (R34)
            if reused and not record.retried:
                self._context.agent.replace(self)
            else:
                self.fail("gateway-lost")
            return
        self._upload.opened(backend)
        self._set_deadline(now)

    def request_data(self, data: bytes) -> None:
        """Bytes of the request body, as they came."""
        record = self.record
        record.bytes_in += len(data)
        limit = self._context.limits.body_bytes
        if record.bytes_in > limit:
            self.fail_or_cut("body-too-large", limit=limit)
            return
        self._upload.data(data)
        if self.backend is not None:
            self._set_deadline(self._context.now())

    def request_end(self, trailers: Fields) -> None:
        """The request is complete."""
        self._upload.end(trailers)
        if self.backend is not None:
            self._set_deadline(self._context.now())
            if self._answered:
                self._complete()

    def flush_request(self) -> None:
        """The client's leg has handed over all that one read brought."""
        self._upload.flush()

    # -- the way back

    def response_head(self, head: ResponseHead) -> None:
        """A head from the gateway, interim or final."""
        status = head.status
        if status < 200 and status != 101:
            self._interim(head)
            return
        if status == 407 and self._context.route.absolute:
            proxy = self._context.config.gateway.proxy
            assert proxy is not None
            self.fail("proxy-auth", proxy=proxy.authority)
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
        if self._upload.expecting:
            # The gateway answered instead of asking for the body: nobody asks for it now (R15).
            self._client.request_refused()
            self._upload.done = True
            self._persistent = False
        self._upload.continued()
        self._responded = True
        fields = to_client(
            head,
            trailers=self._request.trailers and body is Body.CHUNKED,
            keep_length=status != 204,
            origin=self._request.origin,
        )
        self.pass_on = self._client.respond(status, head.reason, fields, body)
        if self._client.blocked:
            backend.pause_response()
        self.deadline = now + self._context.limits.silence

    def _interim(self, head: ResponseHead) -> None:
        if head.status == 100:
            if not self._upload.expecting:
                return  # nobody waits for it, or not any more
            self._upload.continued()
            self._asked()
        self._client.interim(head.status, head.reason, to_client(head, keep_length=False))

    def _asked(self) -> None:
        """The client was told to send the body: it is its turn."""
        self._set_deadline(self._context.now())

    def _switch(self, head: ResponseHead) -> None:
        """101: the two sides become a tunnel, if that was asked for (R18)."""
        upgrade = head.combined.get(b"upgrade", b"")
        if not self._request.websocket or upgrade.strip().lower() != b"websocket":
            self.fail("gateway-upgrade")
            return
        assert self.backend is not None
        self._responded = True
        fields = (*to_client(head, keep_length=False), (b"Connection", b"Upgrade"), (b"Upgrade", upgrade))
        self._client.respond(101, head.reason, fields, Body.NONE)
        self.tunnel = Tunnel(self, self._client, self.backend)
        self.tunnel.gateway_data(self.backend.raw())
        self._client.switch(self.tunnel)

    def response_data(self, data: bytes) -> None:
        """Bytes of the response body, as they came."""
        self.moved(len(data))
        self._client.write_body(data)

    def moved(self, size: int) -> float:
        """So many bytes of the response body are there; returns how many seconds after those before."""
        record, context = self.record, self._context
        now = context.now()
        gap = now - record.last_byte
        record.gap = max(record.gap, gap)
        record.last_byte = now
        record.bytes_out += size
        self.deadline = now + context.limits.silence
        return gap

    def alive(self) -> None:
        """Something moved, in either direction of a tunnel."""
        self.deadline = self._context.now() + self._context.limits.silence

    def tunnel_ended(self) -> None:
        """Both directions of the tunnel have ended; what is still on its way arrives."""
        self._release(After.CLOSE)

    def flush_response(self) -> None:
        """The gateway's leg has handed over all that one read brought."""
        self._client.flush()

    def response_end(self, trailers: Fields) -> None:
        """The response is complete; the upload may still be going on (R16)."""
        self._answered = True
        self._client.finish(relayed_trailers(trailers) if self._request.trailers and trailers else ())
        if self._upload.done:
            self._complete()
        else:
            self._set_deadline(self._context.now())

    # -- when one side is slower than the other (R14)

    def client_blocked(self) -> None:
        """The client does not read as fast as the gateway sends."""
        if self.backend is not None and not self._answered:
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

    # -- ends

    def client_gone(self) -> None:
        """The client left: nobody will read the rest, so nobody shall pay for it (R31)."""
        if self.over:
            return
        if not self._answered and not (self.tunnel is not None and self.tunnel.half_done):
            self.record.ending = Ending.CLIENT_GONE
            self.record.status = 499
        self._release(After.ABORT)

    def gateway_lost(self, *, heard: bool) -> None:
        """The gateway's connection ended before the exchange did; `heard`: not without a byte of answer."""
        if self.over:
            return
        if self._answered:
            self._client.request_refused()
            self._complete()
        elif self.tunnel is not None:
            if not self.tunnel.half_done:
                self.record.ending = Ending.GATEWAY_CUT
            self._release(After.ABORT)
        elif self._responded:
            self._cut(Ending.GATEWAY_CUT, "gateway-cut")
        elif self.record.reused and self._request.repeatable and not self.record.retried and not heard:
            self._context.agent.replace(self)
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

    def deadline_passed(self, now: float) -> None:
        """A time limit was reached (R30)."""
        limits = self._context.limits
        if self.backend is None:
            self._context.agent.impatient(self, now)
        elif self._responded:
            if self._client_is_due:
                self._cut(Ending.CLIENT_SLOW, "body-timeout")
            elif self._client.blocked:
                self._cut(Ending.CLIENT_SLOW, "")
            else:
                self._cut(Ending.GATEWAY_SILENT, "gateway-silent")
        elif self._client_is_due:
            self.fail("body-timeout", limit=f"{limits.request_body:g}")
        else:
            self.fail("gateway-silent", limit=f"{limits.first_byte:g}")

    def drained(self) -> None:
        """The drain limit was reached (R35)."""
        if self._responded:
            self._cut(Ending.DRAINED, "draining")
        elif self.backend is None or self._request.repeatable:
            self.fail("draining")
        else:
            self.fail("stopped-in-flight")  # the gateway may be at work: a retry would pay twice

    def fail_or_cut(self, code: str, **params: object) -> None:
        """The request turned out wrong while it was on its way (R01, R03)."""
        if self._responded:
            self._cut(Ending.REFUSED, code)
        else:
            self.fail(code, **params)

    def fail(self, code: str, **params: object) -> None:
        """Answer with the edge's own error; the head has not gone out."""
        self.record.failed(code)
        params.setdefault("gateway", self._context.config.gateway.url)
        if not self._upload.done:
            self._client.request_refused()
        self.record.bytes_out = self._client.error(code, params)
        self._release(After.ABORT)

    def _cut(self, ending: Ending, code: str) -> None:
        """End the response where it stands; the head has gone out."""
        self.record.ending = ending
        self.record.code = code
        if not self._upload.done:
            self._client.request_refused()
        self._client.cut()
        self._release(After.ABORT)

    def _complete(self) -> None:
        """Both directions have ended."""
        backend = self.backend
        if not self._upload.done or backend is None:
            self._release(After.ABORT)
        else:
            self._release(After.REUSE if self._persistent and backend.clean else After.CLOSE)

    def _release(self, after: After) -> None:
        """Give everything back; last of all tell the client's leg."""
        self.over = True
        self._upload.over()
        context = self._context
        context.deadlines.discard(self)
        context.agent.done(self, after)
        context.observer.in_flight.discard(self)
        context.observer.ended(self.record, context.now())
        self._client.exchange_ended()

    @property
    def _client_is_due(self) -> bool:
        """The next byte should come from the client: it is neither held back nor waiting to be asked."""
        upload, backend = self._upload, self.backend
        return not (upload.done or upload.expecting or backend is None or backend.blocked)

    def _set_deadline(self, now: float) -> None:
        limits = self._context.limits
        if self._responded and not self._answered:
            self.deadline = now + limits.silence
        elif self._answered or self._client_is_due:
            # a gateway that has answered and stops reading is not waited for longer than a client
            self.deadline = now + limits.request_body
        else:
            self.deadline = now + limits.first_byte
