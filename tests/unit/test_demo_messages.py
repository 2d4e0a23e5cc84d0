"""The demo gateway's shapes against the types of the Python SDK: what it sends, clients can read."""

import json

import pytest
from anthropic.types import (
    Message,
    MessageTokensCount,
    ModelInfo,
    RawMessageStreamEvent,
)
from anthropic.types.shared import ErrorResponse
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from localedge.claude import messages

EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)

WHOLE = messages.message(
    "msg_demo_1",
    "claude-demo-opus",
    [
        messages.thinking_block("Let me see. ", "c2lnbg=="),
        messages.text_block("All is well, 一切正常。"),
        messages.tool_use_block("toolu_demo_1", "read_file", {"path": "a b.txt", "lines": [1, 2]}),
    ],
    stop_reason="tool_use",
    input_tokens=12,
    output_tokens=7,
)


def test_a_message_is_one_of_the_sdk() -> None:
    """A message has every field that the SDK's type requires, and no block of another kind."""
    message = Message.model_validate(WHOLE, strict=True)
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    assert message.usage.input_tokens == 12


def test_every_event_of_a_stream_is_one_of_the_sdk() -> None:
    """Each event of a stream is valid by itself, in the order that the API documents."""
    events = list(messages.stream(WHOLE))
    kinds = [event["type"] for event in events]
    for event in events:
        if event["type"] != "ping":
            EVENT.validate_python(event)
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 3


def test_a_stream_adds_up_to_its_message() -> None:
    """The deltas of each block, put together, are the block of the JSON answer."""
    blocks: list[dict[str, object]] = []
    inputs = ""
    for event in messages.stream(WHOLE):
        match event:
            case {"type": "content_block_start", "content_block": block}:
                blocks.append(dict(block))
            case {
                "type": "content_block_delta",
                "delta": {"type": "input_json_delta", "partial_json": piece},
            }:
                inputs += piece
            case {"type": "content_block_delta", "delta": delta}:
                field = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}[
                    delta["type"]
                ]
                blocks[-1][field] = f"{blocks[-1][field]}{delta[field]}"
    blocks[-1]["input"] = json.loads(inputs)
    assert blocks == WHOLE["content"]


def test_an_event_is_named_by_its_type() -> None:
    """An event on the wire is its name, its data on one line, and an empty line."""
    assert messages.sse(messages.ping()) == b'event: ping\ndata: {"type":"ping"}\n\n'


@given(st.text())
def test_no_text_breaks_an_event(text: str) -> None:
    """Whatever the text, an event is two lines and an empty one for every reader, and the text survives."""
    wire = messages.sse(messages.block_delta(0, "text_delta", "text", text))
    lines = wire.decode().splitlines()
    assert len(lines) == 3
    assert json.loads(lines[1].removeprefix("data: "))["delta"]["text"] == text


@given(st.text())
def test_words_lose_nothing(text: str) -> None:
    """Text that is streamed word by word is the same text."""
    assert "".join(messages.words(text)) == text


def test_text_that_utf8_cannot_carry_goes_out_escaped() -> None:
    """Half of a surrogate pair, sent by a client as an escape, comes back as one and stops nothing."""
    assert messages.encode("\ud800") == b'"\\ud800"'


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_has_the_type_of_its_status(status: int, kind: str) -> None:
    """An error body is the SDK's, and its type is the one that belongs to the status."""
    body = ErrorResponse.model_validate(messages.error(status, "Try again.", "req_1"), strict=True)
    assert body.error.type == kind
    assert body.error.message == "Try again."
    assert body.request_id == "req_1"


def test_too_large_has_a_type_of_its_own() -> None:
    """413 is `request_too_large`, as the API documents it."""
    assert messages.error(413, "Too large.")["error"]["type"] == "request_too_large"


def test_counts_and_models_are_those_of_the_sdk() -> None:
    """A token count and a page of models have the fields that SDKs and Claude Desktop read."""
    assert MessageTokensCount.model_validate(messages.token_count(3), strict=True).input_tokens == 3
    model = messages.model("claude-x", "X", tier="opus", max_input_tokens=1_000_000)
    assert ModelInfo.model_validate_json(json.dumps(model)).line == "opus"
    assert model["anthropic_family_tier"] == "opus"
    assert model["is_family_default"] is True
    assert model["supports_1m"] is True
    page = messages.model_page([model])
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("claude-x", "claude-x", False)
    assert messages.model_page([])["first_id"] is None
