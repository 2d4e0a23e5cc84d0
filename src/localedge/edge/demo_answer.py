"""Sends one answer of the demo gateway at the pace, and to the end, that its script says.

One loop writes part after part.  It stops for three things: a timer (the gap
between events), back-pressure (the transport has enough), and the script (a cut,
a silence).  Whatever it stopped for starts it again, so a 256 MB answer and a
stream of words are the same code, and neither is ever held in memory.
"""

from collections.abc import Callable, Iterator
from http import HTTPStatus

from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from zope.interface import implementer

from localedge.claude.demo_api import Answer
from localedge.claude.script import CutUnit, Framing, Script
from localedge.http.framing import chunk, last_chunk
from localedge.http.head import Fields, RequestHead, ResponseHead, render_response

RESET_AFTER = 0.02
"""Seconds between the last byte and a scripted reset: it would overtake what the kernel has not sent yet."""

GARBAGE = b"This is localedge's demo gateway, and this is not HTTP.\r\n\r\n"

_TRAILER = b"x-demo-trailer"
_INTERIM_FIELDS: dict[int, Fields] = {
    101: ((b"connection", b"upgrade"), (b"upgrade", b"demo")),
    103: ((b"link", b"</v1/models>; rel=preload"),),
}


class IDemoTransport(ITCPTransport, IConsumer, IPushProducer):
    """What the demo gateway writes to: a TCP connection with back-pressure both ways."""


def reason(status: int) -> bytes:
    """The reason phrase of a status; empty for one that has none."""
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b"Overloaded" if status == 529 else b""


def interim(status: int) -> bytes:
    """A 1xx head as it goes on the wire."""
    return render_response(ResponseHead(status, reason(status), _INTERIM_FIELDS.get(status, ())))


def framing(answer: Answer, follows: Script, version: bytes) -> Framing:
    """How the end of the body is marked for a client of this HTTP version (`b"1.0"` or `b"1.1"`)."""
    chosen = follows.framing
    if chosen is None:
        chosen = Framing.CHUNKED if answer.stream or follows.trailers else Framing.LENGTH
    if chosen is Framing.CHUNKED and version == b"1.0":
        return Framing.CLOSE
    return chosen


@implementer(IPushProducer)
class Sending:
    """One answer on its way.

    `done` is called when the last byte has been written, never after `stop` and never
    for an answer that the script cuts: that one ends the connection itself.
    """

    def __init__(
        self,
        transport: IDemoTransport,
        clock: IReactorTime,
        request: RequestHead,
        answer: Answer,
        follows: Script,
        *,
        gap: float,
        stay: bool,
        done: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._request = request
        self._answer = answer
        self._script = follows
        self._done = done
        self._framing = framing(answer, follows, request.version)
        self._gap = follows.gap
        if self._gap is None:
            self._gap = gap if answer.stream and follows.size is None else 0.0
        self._parts: Iterator[bytes] | None = None
        self._events = 0
        self._bytes = 0
        self._timer: IDelayedCall | None = None
        self._paused = False
        self._producing = False
        self.stays = stay and self._framing is not Framing.CLOSE
        """Whether the connection lives on after this answer."""
        self.severed = False
        """Whether the script has ended the connection."""

    def start(self) -> None:
        """Send the interim heads, and the answer when its time has come."""
        if self._request.version == b"1.1":  # RFC 9110 15.2: HTTP/1.0 knows no 1xx
            for status in self._script.interim:
                self._transport.write(interim(status))
        if self._script.hang == -1:
            return
        self._later(self._script.first, self._open)

    def stop(self) -> None:
        """The connection is gone: no timer and no producer stays behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._parts = None
        self._unregister()

    def pauseProducing(self) -> None:
        """The transport has enough for now (R14)."""
        self._paused = True

    def resumeProducing(self) -> None:
        """The transport takes more."""
        self._paused = False
        self._pump()

    def stopProducing(self) -> None:
        """The transport has lost its connection."""
        self.stop()

    # -- head

    def _open(self) -> None:
        cut = self._script.cut
        if cut is not None and cut.unit is CutUnit.NOTHING:
            self._sever()
        elif self._script.garbage:
            self._transport.write(GARBAGE)
            self._sever()
        else:
            self._transport.write(self._head())
            self._parts = self._answer.parts() if self._has_body() else iter(())
            self._producing = True
            self._transport.registerProducer(self, True)
            self._pump()

    def _has_body(self) -> bool:
        return self._request.method != b"HEAD" and self._answer.status not in (204, 304)

    def _head(self) -> bytes:
        fields = list(self._answer.fields)
        fields += [(name.encode(), value.encode()) for name, value in self._script.headers]
        if self._answer.status not in (204, 304):
            fields += self._framing_fields()
        if not self.stays:
            fields.append((b"connection", b"close"))
        elif self._request.version == b"1.0":
            fields.append((b"connection", b"keep-alive"))
        return render_response(ResponseHead(self._answer.status, reason(self._answer.status), tuple(fields)))

    def _framing_fields(self) -> Fields:
        match self._framing:
            case Framing.LENGTH:
                return ((b"content-length", b"%d" % sum(map(len, self._answer.parts()))),)
            case Framing.CHUNKED:
                announced = ((b"trailer", _TRAILER),) if self._script.trailers else ()
                return (*announced, (b"transfer-encoding", b"chunked"))
            case Framing.CLOSE:
                return ()

    # -- body

    def _pump(self) -> None:
        while self._parts is not None and self._timer is None and not self._paused:
            if self._at_its_place():
                return
            part = next(self._parts, None)
            if part is None:
                self._finish()
            elif part:
                self._send(part)

    def _at_its_place(self) -> bool:
        """Whether the script ends or silences the answer here."""
        cut = self._script.cut
        if cut is not None and self._reached(cut.unit) >= cut.after:
            self._sever()
            return True
        return self._script.hang is not None and self._events >= self._script.hang

    def _reached(self, unit: CutUnit) -> int:
        return self._events if unit is CutUnit.EVENTS else self._bytes

    def _send(self, part: bytes) -> None:
        wire = chunk(part) if self._framing is Framing.CHUNKED else part
        cut = self._script.cut
        if cut is not None and cut.unit is CutUnit.BYTES and self._bytes + len(part) >= cut.after:
            # The chunk's size still announces the whole part: the cut is in the middle of it.
            size_line = wire.index(b"\r\n") + 2 if self._framing is Framing.CHUNKED else 0
            wire = wire[: size_line + cut.after - self._bytes]
            part = part[: cut.after - self._bytes]
        self._events += 1
        self._bytes += len(part)
        if self._gap:
            self._later(self._gap, self._pump)
        self._transport.write(wire)

    def _finish(self) -> None:
        if self._script.cut is not None:
            self._sever()  # the answer was shorter than the cut: it still does not end properly
            return
        if self._script.hang is not None:
            self._parts = None
            return
        self._parts = None
        if self._framing is Framing.CHUNKED and self._has_body():
            trailers = ((_TRAILER, b"%d events" % self._events),) if self._script.trailers else ()
            self._transport.write(last_chunk(trailers))
        self._unregister()
        self._done()

    def _sever(self) -> None:
        self._parts = None
        self.severed = True
        self._unregister()
        if self._script.cut is not None and self._script.cut.reset:
            self._later(RESET_AFTER, self._transport.abortConnection)
        else:
            self._transport.loseConnection()

    # -- time

    def _later(self, delay: float, call: Callable[[], object]) -> None:
        if delay <= 0:
            call()
            return

        def fire() -> None:
            self._timer = None
            call()

        self._timer = self._clock.callLater(delay, fire)

    def _unregister(self) -> None:
        if self._producing:
            self._producing = False
            self._transport.unregisterProducer()
