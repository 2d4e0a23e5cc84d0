"""The demo gateway's answers as values: what is asked, what comes back."""

import json
from typing import Any

import pytest
from anthropic.types import Message, ModelInfo
from anthropic.types.shared import ErrorResponse
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude import demo_api, script
from localedge.claude.demo_api import Answer
from localedge.claude.script import Script

ASK: dict[str, Any] = {
    "model": "claude-demo-opus",
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": "Hello there"}],
}
TOOLS = [
    {"type": "web_search_20250305", "name": "web_search"},
    {"name": "first_tool", "input_schema": {"type": "object", "properties": {}}},
    {
        "name": "second_tool",
        "input_schema": {
            "type": "object",
            "properties": {
                "path": {"type": "string"},
                "mode": {"enum": ["fast", "slow"]},
                "count": {"type": "integer"},
                "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
                "either": {"anyOf": [{"type": ["number", "null"]}, {"type": "string"}]},
                "fixed": {"const": "c"},
                "unasked": {"type": "string"},
            },
            "required": ["path", "mode", "count", "deep", "either", "fixed"],
        },
    },
]


def ask(
    value: object = ASK, path: bytes = b"/v1/messages", method: bytes = b"POST", given: str | None = None
) -> Answer:
    """The answer to one request; `value` is its body."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    parsed = None if given is None else script.parse(given)
    return demo_api.answer(method, path, body, parsed, 1)[0]


def get(path: bytes) -> Answer:
    """The answer to a GET."""
    return ask(b"", path, b"GET")


def body_of(answer: Answer) -> bytes:
    """The whole body."""
    return b"".join(answer.parts())


def message_of(answer: Answer) -> Message:
    """The message in an answer."""
    assert answer.status == 200
    return Message.model_validate_json(body_of(answer))


def events_of(answer: Answer) -> list[dict[str, Any]]:
    """The events of a streamed answer, checked to be one part each."""
    events = []
    for part in answer.parts():
        name, data, rest = part.decode().split("\n", 2)
        assert rest == "\n"
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def text_of(message: Message) -> str:
    """The text of a message."""
    return "".join(block.text for block in message.content if block.type == "text")


def test_every_answer_announces_the_demo_gateway() -> None:
    """Header fields of every answer, and the words of the model, say that this is the demo gateway."""
    for answer in (
        ask(),
        ask(b"{"),
        get(b"/"),
        get(b"/nowhere"),
        ask(given="status=500"),
        ask(given="status=204"),
    ):
        assert (b"server", b"localedge-demo") in answer.fields
        assert (b"x-localedge-demo", b"1") in answer.fields
    said = text_of(message_of(ask()))
    assert "localedge's demo gateway" in said
    assert "no model was asked" in said
    assert "Hello there" in said


def test_chinese_is_answered_in_chinese() -> None:
    """A question in Chinese gets the canned answer in Chinese, streamed two characters at a time."""
    asked = {**ASK, "messages": [{"role": "user", "content": "你好"}], "stream": True}
    events = events_of(ask(asked))
    pieces = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert "演示网关" in "".join(pieces)
    assert len(pieces) > 20


def test_a_long_text_is_repeated_in_part_only() -> None:
    """A long question is not echoed back whole."""
    asked = {**ASK, "messages": [{"role": "user", "content": "x" * 10_000}]}
    assert len(text_of(message_of(ask(asked)))) < 500


def test_a_stream_says_what_the_json_says() -> None:
    """Streamed or not, the same request gets the same text."""
    events = events_of(ask({**ASK, "stream": True}))
    text = "".join(event["delta"]["text"] for event in events if event["type"] == "content_block_delta")
    assert text == text_of(message_of(ask()))


def test_max_tokens_is_kept() -> None:
    """Claude Desktop's connection test asks for one token and gets one."""
    message = message_of(ask({**ASK, "max_tokens": 1}))
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"tool_choice": {"type": "any"}}, "first_tool"),
        ({"tool_choice": {"type": "tool", "name": "second_tool"}}, "second_tool"),
        ({"tool_choice": {"type": "tool", "name": "missing"}}, None),
        ({"messages": [{"role": "user", "content": "Please use a tool."}]}, "first_tool"),
        ({"messages": [{"role": "user", "content": "Use the tool second_tool"}]}, "second_tool"),
        (
            {
                "messages": [{"role": "user", "content": "Please use a tool."}],
                "tool_choice": {"type": "none"},
            },
            None,
        ),
        ({}, None),
    ],
)
def test_a_tool_is_used_when_one_is_asked_for(change: dict[str, Any], expected: str | None) -> None:
    """A tool is used when the request forces one or the user's text asks for one, and only then."""
    message = message_of(ask({**ASK, "tools": TOOLS, **change}))
    used = [block.name for block in message.content if block.type == "tool_use"]
    assert used == ([expected] if expected else [])
    assert message.stop_reason == ("tool_use" if expected else "end_turn")


def test_a_tools_input_fits_its_schema() -> None:
    """The input has every required field with a value of its type."""
    message = message_of(ask({**ASK, "tools": TOOLS, "tool_choice": {"type": "tool", "name": "second_tool"}}))
    block = message.content[-1]
    assert block.type == "tool_use"
    assert block.input == {
        "path": "demo",
        "mode": "fast",
        "count": 1,
        "deep": {"on": True},
        "either": 1.5,
        "fixed": "c",
    }


def test_the_result_of_a_tool_ends_the_turn() -> None:
    """When the tool's result comes back, the answer is text, so that an agent's loop ends."""
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "42"}
    reminder = {"type": "text", "text": "use a tool"}
    message = message_of(
        ask({**ASK, "tools": TOOLS, "messages": [{"role": "user", "content": [result, reminder]}]})
    )
    assert message.stop_reason == "end_turn"
    assert "tool's result has arrived" in text_of(message)


@pytest.mark.parametrize(
    ("thinking", "shown"),
    [
        ({"type": "enabled", "budget_tokens": 1024}, True),
        ({"type": "adaptive"}, True),
        ({"type": "adaptive", "display": "omitted"}, False),
    ],
)
def test_thinking_comes_first_when_it_is_on(thinking: dict[str, Any], shown: bool) -> None:
    """With thinking on, the answer begins with a signed block, empty where the client wants it omitted."""
    message = message_of(ask({**ASK, "thinking": thinking}))
    block = message.content[0]
    assert block.type == "thinking"
    assert bool(block.thinking) is shown
    assert block.signature
    events = events_of(ask({**ASK, "thinking": thinking, "stream": True}))
    kinds = [event["delta"]["type"] for event in events if event["type"] == "content_block_delta"]
    assert ("thinking_delta" in kinds) is shown
    assert "signature_delta" in kinds


def test_no_thinking_when_it_is_off() -> None:
    """With thinking disabled the answer is text alone."""
    assert [block.type for block in message_of(ask({**ASK, "thinking": {"type": "disabled"}})).content] == [
        "text"
    ]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (b"{", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"\xff\xfe\xff", "not valid JSON"),
        (b'{"max_tokens": NaN}', "not valid JSON"),
        (b'{"max_tokens": 1e999}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        ([], "must be a JSON object"),
        ({**ASK, "model": None}, "model: Field required"),
        ({**ASK, "max_tokens": None}, "max_tokens: Field required"),
        ({**ASK, "max_tokens": 0}, "max_tokens: Input should be greater"),
        ({**ASK, "max_tokens": True}, "max_tokens: Input should be a valid integer"),
        ({**ASK, "messages": None}, "messages: Field required"),
        ({**ASK, "messages": []}, "messages: at least one"),
        ({**ASK, "messages": "hi"}, "messages: Input should be a valid list"),
        ({**ASK, "messages": ["hi"]}, "messages.0: Input"),
        ({**ASK, "messages": [{"role": "robot", "content": ""}]}, "messages.0.role"),
        ({**ASK, "messages": [{"role": "user"}]}, "messages.0.content"),
        ({**ASK, "stream": "yes"}, "stream: Input"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(value: object, sentence: str) -> None:
    """A body that is not JSON, or lacks a field, gets 400 in the API's shape with the field's name."""
    answer = ask(value)
    assert answer.status == 400
    error = ErrorResponse.model_validate_json(body_of(answer))
    assert error.error.type == "invalid_request_error"
    assert sentence in error.error.message


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["tools", "tool_choice", "thinking", "stream", "system", "max_tokens"]), _JSON
    )
)
def test_no_value_of_a_field_is_too_strange(fields: dict[str, Any]) -> None:
    """Whatever stands in the optional fields, there is a message or a 400."""
    assert ask({**ASK, **fields}).status in (200, 400)


@given(_JSON)
def test_no_schema_is_too_strange(schema: Any) -> None:
    """Whatever a tool calls its schema, its use is a valid message."""
    tool = {"name": "t", "input_schema": {"type": "object", "properties": {"a": schema}, "required": ["a"]}}
    message_of(ask({**ASK, "tools": [tool], "tool_choice": {"type": "any"}}))


def test_tokens_are_counted_roughly() -> None:
    """`count_tokens` answers with a number that grows with the request; `max_tokens` is not needed."""
    small = {key: value for key, value in ASK.items() if key != "max_tokens"}
    large = {**small, "system": "x" * 4000}
    counts = [
        json.loads(body_of(ask(body, b"/v1/messages/count_tokens")))["input_tokens"]
        for body in (small, large)
    ]
    assert counts[1] - counts[0] > 900


def test_models_are_listed_for_claude_desktop() -> None:
    """The list is one page of models with tiers, each of which can be asked for by itself."""
    page = json.loads(body_of(get(b"/v1/models?limit=1000")))
    assert page["has_more"] is False
    assert {model["anthropic_family_tier"] for model in page["data"]} == {"opus", "sonnet", "haiku"}
    for model in page["data"]:
        ModelInfo.model_validate(model)
        assert "demo" in model["display_name"].lower()
        assert json.loads(body_of(get(b"/v1/models/" + model["id"].encode()))) == model
    assert get(b"/v1/models/" + page["first_id"].encode() + b"%5B1m%5D").status == 200
    assert get(b"/v1/models/gpt").status == 404


def test_models_come_in_pages_when_asked_to() -> None:
    """A small limit gives pages that follow each other; a limit that is none is a 400."""
    first = json.loads(body_of(get(b"/v1/models?limit=2")))
    rest = json.loads(body_of(get(b"/v1/models?limit=2&after_id=" + first["last_id"].encode())))
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert len(first["data"]) + len(rest["data"]) == len(demo_api.MODELS)
    for limit in (b"0", b"-1", b"many", b"1001", b"%D9%A4"):
        assert get(b"/v1/models?limit=" + limit).status == 400


@pytest.mark.parametrize("target", [b"/", b"/api/hello", b"/?x=y", b"http://localhost/"])
def test_probes_are_answered(target: bytes) -> None:
    """The start-up probes of Claude clients get a 200."""
    assert ask(b"", target, b"HEAD").status == 200


@pytest.mark.parametrize(
    ("method", "target", "status", "allow"),
    [
        (b"GET", b"/v1/messages", 405, b"POST"),
        (b"DELETE", b"/v1/models", 405, b"GET, HEAD"),
        (b"POST", b"/v1/complete", 404, None),
        (b"GET", b"/v1/models/a/b", 404, None),
    ],
)
def test_what_is_not_there_gets_an_error_of_the_api(
    method: bytes, target: bytes, status: int, allow: bytes | None
) -> None:
    """An unknown path is 404, a wrong method 405 with `Allow`, both in the API's error shape."""
    answer = ask(b"", target, method)
    assert answer.status == status
    assert dict(answer.fields).get(b"allow") == allow
    ErrorResponse.model_validate_json(body_of(answer))


@pytest.mark.parametrize("status", [400, 401, 429, 500, 529])
def test_a_scripted_status_is_an_error_of_the_api(status: int) -> None:
    """`status=` answers any request with that status in the API's error shape."""
    answer = ask(b"", b"/v1/models", b"GET", given=f"status={status}; retry-after=7")
    assert answer.status == status
    assert (b"retry-after", b"7") in answer.fields
    ErrorResponse.model_validate_json(body_of(answer))


def test_a_script_comes_in_the_users_text_too() -> None:
    """In a chat a line `demo: ...` scripts the answer, and a mistake in it is explained in a 400."""
    asked = {**ASK, "messages": [{"role": "user", "content": [{"type": "text", "text": "demo: status=529"}]}]}
    assert ask(asked).status == 529
    asked["messages"] = [{"role": "user", "content": "demo: stauts=529"}]
    answer = ask(asked)
    assert answer.status == 400
    assert "Did you mean 'status'" in json.loads(body_of(answer))["error"]["message"]
    assert ask(asked, given="").status == 200, "a script in the head goes before one in the text"


def test_events_are_counted_exactly() -> None:
    """`events=N` streams N pieces of text, whatever the token limit says."""
    for count in (0, 1, 7, 500):
        events = events_of(ask({**ASK, "stream": True, "max_tokens": 3}, given=f"events={count}"))
        assert sum(event["type"] == "content_block_delta" for event in events) == count


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("size", [1, 50_000, 1_000_003])
def test_a_huge_answer_has_the_size_it_was_asked_to_have(size: int, stream: bool) -> None:
    """`size=` gives a valid answer of exactly that many bytes, in parts small enough to hold."""
    answer = ask({**ASK, "stream": stream}, given=f"size={size}B")
    parts = list(answer.parts())
    assert max(map(len, parts)) < 40_000
    if size > 1000:
        assert sum(map(len, parts)) == size
    assert b"".join(answer.parts()) == b"".join(parts), "the parts are the same when they are asked for again"
    if not stream:
        message_of(answer)
    else:
        lines = b"".join(parts).decode().splitlines()
        assert json.loads(lines[-2].removeprefix("data: ")) == {"type": "message_stop"}


def test_the_body_is_kept_only_where_it_matters() -> None:
    """Uploads whose answer does not depend on them are not held in memory."""
    assert demo_api.reads_body(b"POST", b"/v1/messages?beta=true", None)
    assert demo_api.reads_body(b"POST", b"/v1/messages", Script(gap=1.0))
    for given_script in ("early", "status=500", "redirect=/x"):
        assert not demo_api.reads_body(b"POST", b"/v1/messages", script.parse(given_script))
    assert not demo_api.reads_body(b"POST", b"/nowhere", None)
