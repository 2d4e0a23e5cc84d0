"""Judges a streamed answer: is it a stream of the Messages API, and did it come as it was made?

The order of events: https://docs.anthropic.com/en/api/messages-streaming
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from localedge.claude.probe_reading import parse, shown, usage_of
from localedge.claude.probing import Level, Reply, Usage, Verdict

TOGETHER = 0.02
"""Seconds: what comes closer than this came at once."""
TOO_QUICK = 0.2
"""Seconds until the first byte below which nobody can tell a buffered answer from a quick one."""
FEW = 4
"""Events of which it means nothing that they came at once."""
LONG_GAP = 20.0
"""Seconds without a byte after which Claude Desktop shows a banner."""


class Event(NamedTuple):
    """A server-sent event."""

    name: str
    data: str
    at: float
    """When its last byte was here."""


def events(text: bytes, arrivals: Sequence[tuple[float, int]] = ()) -> list[Event]:
    """The events of a stream (WHATWG HTML 9.2.6); one that its empty line does not end does not count."""
    found: list[Event] = []
    name, data, position, piece = "", [], 0, 0
    text = text.removeprefix(b"\xef\xbb\xbf")
    for raw in text.splitlines(keepends=True):
        position += len(raw)
        line = raw.rstrip(b"\r\n")
        if line:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"event":
                name = value.decode("utf-8", "replace")
            elif field == b"data":
                data.append(value.decode("utf-8", "replace"))
            continue
        if data and raw.endswith((b"\r", b"\n")):
            while piece < len(arrivals) - 1 and arrivals[piece][1] < position:
                piece += 1
            found.append(Event(name, "\n".join(data), arrivals[piece][0] if arrivals else 0.0))
        name, data = "", []
    return found


def gaps(reply: Reply) -> list[float]:
    """Seconds between the pieces of a body."""
    return [later - earlier for (earlier, _), (later, _) in pairwise(reply.arrivals)]


def longest_gap(reply: Reply) -> float | None:
    """The longest of them; None where there was one piece or none."""
    return max(gaps(reply), default=None)


def judge(reply: Reply, text: bytes) -> tuple[Verdict, Usage]:
    """The verdict on an event stream that came with 200, and the tokens it counted."""
    found = events(text, reply.arrivals)
    wrong, counted = _sequence(found)
    if wrong is not None:
        return wrong, counted
    return _delivery(reply, found), counted


def _sequence(found: list[Event]) -> tuple[Verdict | None, Usage]:
    counted = Usage()
    state = _State()
    for number, event in enumerate(found):
        if event.data.strip() == "[DONE]" and state.over:
            continue  # OpenAI's habit; the clients stop at message_stop
        value = parse(event.data.encode())
        if not isinstance(value, dict):
            return Verdict(Level.BAD, "check-stream-not-json", {"said": shown(event.data)}), counted
        if "choices" in value:
            return Verdict(Level.BAD, "check-stream-openai"), counted
        kind = value.get("type")
        if kind == "error" or (kind is None and value.get("error")):
            error = value.get("error")
            words = error.get("message") if isinstance(error, dict) else error
            return Verdict(Level.BAD, "check-stream-error", {"said": shown(str(words))}), counted
        if event.name != kind:
            # The SDKs go by the event's name, and skip an event that has none.
            unnamed = {"name": shown(event.name), "type": shown(str(kind))}
            return Verdict(Level.BAD, "check-stream-unnamed", unnamed), counted
        counted = _count(counted, value)
        wanted = state.step(str(kind), value)
        if wanted is not None:
            params: dict[str, object] = {"got": shown(str(kind)), "wanted": wanted, "number": number + 1}
            return Verdict(Level.BAD, "check-stream-order", params), counted
    if not state.over:
        last = found[-1].name if found else "-"
        return Verdict(Level.BAD, "check-stream-cut", {"last": shown(last)}), counted
    return None, counted


def _count(counted: Usage, value: dict[str, Any]) -> Usage:
    """`message_start` counts the input, the last `message_delta` the output."""
    if value.get("type") == "message_start" and isinstance(value.get("message"), dict):
        return usage_of(value["message"].get("usage"))
    if value.get("type") == "message_delta":
        now = usage_of(value.get("usage"))
        return Usage(now.input or counted.input, max(now.output, counted.output))
    return counted


class _State:
    """Where in its order of events a stream is."""

    def __init__(self) -> None:
        self._started = False
        self._open: int | None = None
        self._next = 0
        self._closing = False
        self.over = False

    def step(self, kind: str, value: dict[str, Any]) -> str | None:
        """The next event; what should have come, where it is not that.  Unknown kinds may come anywhere."""
        index = value.get("index")
        match kind:
            case "ping":
                return None
            case "message_start":
                if self._started or not isinstance(value.get("message"), dict):
                    return self._wanted()
                self._started = True
            case "content_block_start":
                if self._wanted() != "content_block_start" or index != self._next:
                    return self._wanted()
                self._open, self._next = self._next, self._next + 1
            case "content_block_delta":
                if self._open is None or index != self._open:
                    return self._wanted()
            case "content_block_stop":
                if self._open is None or index != self._open:
                    return self._wanted()
                self._open = None
            case "message_delta":
                if not self._started or self._open is not None or self.over:
                    return self._wanted()
                self._closing = True
            case "message_stop":
                if not self._closing or self.over:
                    return self._wanted()
                self.over = True
        return None

    def _wanted(self) -> str:
        if not self._started:
            return "message_start"
        if self._open is not None:
            return "content_block_delta"
        if self.over:
            return "-"
        return "message_stop" if self._closing else "content_block_start"


def _delivery(reply: Reply, found: list[Event]) -> Verdict:
    """Whether the events came one by one, or all at once behind somebody's buffer."""
    first = reply.first_byte or 0.0
    gap = longest_gap(reply) or 0.0
    params = {"events": len(found), "first": f"{first:.2f}", "gap": f"{gap:.2f}"}
    # Some gateways say message_start at once, and all the rest when it is complete.
    deltas = [event for event in found if event.name == "content_block_delta"]
    told = deltas if len(deltas) >= FEW else found
    one_by_one = any(later.at - earlier.at > TOGETHER for earlier, later in pairwise(told))
    if gap > LONG_GAP:
        return Verdict(Level.NOTE, "check-stream-gap", params)
    if one_by_one or len(told) < FEW:
        return Verdict(Level.OK, "check-stream-ok", params)
    if told[0].at < TOO_QUICK:
        return Verdict(Level.OK, "check-stream-quick", params)
    return Verdict(Level.NOTE, "check-stream-buffered", params)
