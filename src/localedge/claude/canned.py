"""Canned messages: what the demo gateway says where a model would think.

Every text says in plain words that no model was asked.  Bodies are made of
parts: one part for a JSON answer, one per event for a stream, and slices of
filler for the huge ones, which are never held in memory.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from localedge.claude import messages
from localedge.claude.asked import Ask, Thinking, Tool
from localedge.claude.messages import Json

ECHOED = 200
"""Characters of the user's text that an answer repeats."""

PIECE = 16 * 1024
"""Bytes of filler in one part of a huge answer."""

_SIGNATURE = "bG9jYWxlZGdlLWRlbW8tc2lnbmF0dXJl"  # base64, as opaque to clients as a real one
_THOUGHT = "The demo gateway does not think. It shows what a block of thinking looks like. "
_SAYS = (
    "This is localedge's demo gateway: a canned answer, no model was asked. "
    "Set --upstream to your gateway's URL to get real answers. "
)
_SAYS_ZH = (
    "这是 localedge 内置的演示网关：以下为预设回答，没有调用任何模型。"
    "用 --upstream 指定你的网关地址即可获得真实回答。"
)
_FILLER = b"demo " * (PIECE // 5 + 1)
_DEPTH = 4

_SAMPLES: dict[str, Any] = {
    "string": "demo",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "null": None,
}


def compose(ask: Ask, serial: int, events: int | None = None) -> Json:
    """The finished message for `ask`.

    `serial` makes its id; `events` is the exact number of pieces of text, however
    few tokens the client allowed.
    """
    content: list[Json] = []
    if ask.thinking is not Thinking.NONE:
        shown = _THOUGHT if ask.thinking is Thinking.SHOWN else ""
        content.append(messages.thinking_block(shown, _SIGNATURE))
    said, stop_reason = _limited(_words(ask), ask.max_tokens, events)
    if ask.tool is not None and events is None:
        stop_reason = "tool_use"
        said = messages.words(f"The demo gateway asks for the tool {ask.tool.name}. ")
    content.append(messages.text_block("".join(said)))
    if ask.tool is not None and events is None:
        content.append(messages.tool_use_block(f"toolu_demo_{serial:06d}", ask.tool.name, sample(ask.tool)))
    return messages.message(
        f"msg_demo_{serial:06d}",
        ask.model,
        content,
        stop_reason=stop_reason,
        input_tokens=tokens(ask),
        output_tokens=max(1, len(said)),
    )


def tokens(ask: Ask) -> int:
    """A rough count of a request's tokens: four bytes each."""
    return max(1, ask.length // 4)


def _words(ask: Ask) -> list[str]:
    chinese = any("\u4e00" <= character <= "\u9fff" for character in ask.text)
    echo = ask.text.strip()
    if len(echo) > ECHOED:
        echo = echo[:ECHOED] + "…"
    if chinese:
        text = _SAYS_ZH + ("工具的结果已经收到。" if ask.tool_result else f"你说的是：{echo}")
    elif ask.tool_result:
        text = _SAYS + "The tool's result has arrived."
    elif echo:
        text = _SAYS + f"You said: {echo}"
    else:
        text = _SAYS
    return messages.words(text.rstrip() + " ")  # the space keeps the pieces apart when they are repeated


def _limited(said: list[str], max_tokens: int, events: int | None) -> tuple[list[str], str]:
    if events is not None:
        return list(itertools.islice(itertools.cycle(said), events)), "end_turn"
    if len(said) > max_tokens:
        return said[:max_tokens], "max_tokens"
    return said, "end_turn"


# Tools


def sample(tool: Tool) -> Json:
    """An input that fits the tool's schema, as far as types, enums and required fields go."""
    value = _sample(tool.schema, 0)
    return value if isinstance(value, dict) else {}


def _sample(schema: object, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    for several in ("enum", "examples"):
        if isinstance(schema.get(several), list) and schema[several]:
            return schema[several][0]
    for either in ("anyOf", "oneOf", "allOf"):
        if isinstance(schema.get(either), list) and schema[either]:
            return _sample(schema[either][0], depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind == "object" or "properties" in schema:
        return _sample_object(schema, depth)
    return _SAMPLES.get(kind) if isinstance(kind, str) else "demo"


def _sample_object(schema: dict[str, Any], depth: int) -> Json:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return {}
    return {
        name: _sample(properties[name], depth + 1)
        for name in required
        if isinstance(name, str) and name in properties
    }


# Bodies


def whole(message: Json) -> Iterator[bytes]:
    """The message as one JSON document."""
    yield messages.encode(message)


def events(message: Json) -> Iterator[bytes]:
    """The message as a stream, an event per part."""
    return map(messages.sse, messages.stream(message))


def huge(ask: Ask, serial: int, size: int) -> Iterator[bytes]:
    """A JSON document of exactly `size` bytes (or the smallest there is), in small parts."""
    prefix, suffix = _around_filler(ask, serial)
    yield prefix
    yield from _filler(size - len(prefix) - len(suffix))
    yield suffix


def huge_stream(ask: Ask, serial: int, size: int) -> Iterator[bytes]:
    """A stream of exactly `size` bytes (or the smallest there is), a big event per part.

    What does not fill an event is filled with empty lines, which every reader of
    event streams skips (WHATWG HTML 9.2.6).
    """
    message = _huge_message(ask, serial, messages.text_block(""))
    start = [messages.sse(event) for event in messages.stream_opening(message)]
    start += [messages.sse(messages.block_start(0, messages.text_block("")))]
    end = [messages.sse(messages.block_stop(0))]
    end += [messages.sse(event) for event in messages.stream_closing(message)]
    text = _FILLER[:PIECE].decode()
    event = messages.sse(messages.block_delta(0, "text_delta", "text", text))
    yield from start
    room = max(0, size - sum(map(len, start)) - sum(map(len, end)))
    yield from itertools.repeat(event, room // len(event))
    yield end[0] + b"\n" * (room % len(event))
    yield from end[1:]


def _huge_message(ask: Ask, serial: int, block: Json) -> Json:
    return messages.message(
        f"msg_demo_{serial:06d}",
        ask.model,
        [block],
        stop_reason="end_turn",
        input_tokens=tokens(ask),
        output_tokens=1,
    )


def _around_filler(ask: Ask, serial: int) -> tuple[bytes, bytes]:
    # Behind the text stand only values of ours, so its end is the last place where the text is found.
    text = "localedge's demo gateway: filler. "
    document = messages.encode(_huge_message(ask, serial, messages.text_block(text)))
    prefix, _, suffix = document.rpartition(text.encode())
    return prefix + text.encode(), suffix


def _filler(size: int) -> Iterator[bytes]:
    for _ in range(max(0, size) // PIECE):
        yield _FILLER[:PIECE]
    if size > 0 and size % PIECE:
        yield _FILLER[: size % PIECE]
