"""Shapes of the Messages API: what a client's SDK expects to parse.

Objects are plain dictionaries in the API's own field order.  A stream is derived
from the finished message by `stream`, so that the JSON answer and the event
stream of one message can never tell different stories.

Source: https://docs.anthropic.com/en/api/messages and .../messages-streaming;
`tests/unit/test_demo_messages.py` checks every shape against the types of the
Python SDK.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from localedge.messages import error_type

Json: TypeAlias = dict[str, Any]

# Words with the space that follows them; CJK has no spaces, so two characters at a time.
_CJK = "\u3000-\u9fff\uac00-\ud7af\uff00-\uffef"
_WORD = re.compile(rf"[{_CJK}]{{1,2}}|[^\s{_CJK}]+\s*|\s+")

_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}

_JSON_PIECE = 12
"""Characters of a tool's input in one `input_json_delta`."""


def encode(value: object) -> bytes:
    """`value` as compact JSON in UTF-8.

    Readable as it is with `curl`.  What some readers of event streams take for the
    end of a line goes out as an escape, and so does all the rest when UTF-8 cannot
    carry it (a lone surrogate that came in as an escape).
    """
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def words(text: str) -> list[str]:
    """`text` cut as a model would stream it; joined again it is `text`."""
    return _WORD.findall(text)


# Content blocks


def text_block(text: str) -> Json:
    """A block of plain text."""
    return {"type": "text", "text": text}


def thinking_block(thinking: str, signature: str) -> Json:
    """A block of thinking; `thinking` is empty where the client asked to omit it."""
    return {"type": "thinking", "thinking": thinking, "signature": signature}


def tool_use_block(block_id: str, name: str, tool_input: Json) -> Json:
    """The model asks the client to run the tool `name`."""
    return {"type": "tool_use", "id": block_id, "name": name, "input": tool_input}


# Messages


def message(
    message_id: str,
    model: str,
    content: Sequence[Json],
    *,
    stop_reason: str | None,
    input_tokens: int,
    output_tokens: int,
) -> Json:
    """The answer to `POST /v1/messages`."""
    return {
        "model": model,
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "content": list(content),
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": usage(input_tokens, output_tokens),
    }


def usage(input_tokens: int, output_tokens: int) -> Json:
    """Token counts of a message."""
    return {
        "input_tokens": input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
        "service_tier": "standard",
    }


# Streams


def sse(event: Json) -> bytes:
    """One server-sent event: its `type` is also the event's name."""
    return b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), encode(event))


def ping() -> Json:
    """The event that keeps a silent stream alive."""
    return {"type": "ping"}


def block_start(index: int, block: Json) -> Json:
    """A content block opens, empty."""
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, delta_type: str, field: str, value: str) -> Json:
    """A piece of the block that is open."""
    return {"type": "content_block_delta", "index": index, "delta": {"type": delta_type, field: value}}


def block_stop(index: int) -> Json:
    """The block is complete."""
    return {"type": "content_block_stop", "index": index}


def stream_opening(whole: Json) -> list[Json]:
    """`message_start` with the empty message, and the first `ping`."""
    started = {**whole["usage"], "output_tokens": 1}
    empty = {**whole, "content": [], "stop_reason": None, "usage": started}
    return [{"type": "message_start", "message": empty}, ping()]


def stream_closing(whole: Json) -> list[Json]:
    """`message_delta` with the reason and the final counts, and `message_stop`."""
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": whole["stop_sequence"]}
    final = {"output_tokens": whole["usage"]["output_tokens"]}
    return [{"type": "message_delta", "delta": delta, "usage": final}, {"type": "message_stop"}]


def stream(whole: Json) -> Iterator[Json]:
    """Every event of the stream that adds up to the message `whole`."""
    yield from stream_opening(whole)
    for index, block in enumerate(whole["content"]):
        yield from _block_events(index, block)
    yield from stream_closing(whole)


def _block_events(index: int, block: Json) -> Iterator[Json]:
    match block["type"]:
        case "text":
            empty, deltas = text_block(""), _deltas("text_delta", "text", words(block["text"]))
        case "thinking":
            empty = thinking_block("", "")
            deltas = _deltas("thinking_delta", "thinking", words(block["thinking"]))
            deltas += [("signature_delta", "signature", block["signature"])]
        case "tool_use":
            empty = tool_use_block(block["id"], block["name"], {})
            text = encode(block["input"]).decode()
            pieces = [text[at : at + _JSON_PIECE] for at in range(0, len(text), _JSON_PIECE)]
            deltas = _deltas("input_json_delta", "partial_json", ["", *pieces])
        case kind:
            raise AssertionError(f"no stream for a block of type {kind!r}")
    yield block_start(index, empty)
    for delta_type, field, value in deltas:
        yield block_delta(index, delta_type, field, value)
    yield block_stop(index)


def _deltas(delta_type: str, field: str, pieces: Iterable[str]) -> list[tuple[str, str, str]]:
    return [(delta_type, field, piece) for piece in pieces]


# Everything else


def error(status: int, text: str, request_id: str | None = None) -> Json:
    """An error body.  Also an event: `sse(error(...))` ends a stream that fails midway."""
    body: Json = {"type": "error", "error": {"type": error_type(status), "message": text}}
    return body if request_id is None else {**body, "request_id": request_id}


def token_count(input_tokens: int) -> Json:
    """The answer to `POST /v1/messages/count_tokens`."""
    return {"input_tokens": input_tokens}


def model(
    model_id: str,
    display_name: str,
    *,
    tier: str,
    max_input_tokens: int = 200_000,
) -> Json:
    """An entry of `GET /v1/models`, with the fields that Claude Desktop reads besides the API's own.

    `tier` is `opus`, `sonnet`, `haiku` and so on, of which it is the default model.
    """
    return {
        "type": "model",
        "id": model_id,
        "display_name": display_name,
        "created_at": "2026-01-01T00:00:00Z",
        "lifecycle": "active",
        "line": tier,
        "max_input_tokens": max_input_tokens,
        "max_tokens": 64_000,
        "anthropic_family_tier": tier,
        "is_family_default": True,
        "supports_1m": max_input_tokens >= 1_000_000,
    }


def model_page(models: Sequence[Json], *, has_more: bool = False) -> Json:
    """One page of models, as `GET /v1/models` answers."""
    return {
        "data": list(models),
        "has_more": has_more,
        "first_id": models[0]["id"] if models else None,
        "last_id": models[-1]["id"] if models else None,
    }
