"""What a client asks of `POST /v1/messages`, read as far as a canned answer depends on it.

Checks what the API itself would refuse about the fields it reads, in the API's
own words, and looks away from all others: clients add fields every month.
"""

import enum
import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn


class AskError(Exception):
    """The request is not one of the Messages API; `str()` is the sentence for the error body."""


class Thinking(enum.Enum):
    """Whether the answer begins with a block of thinking."""

    NONE = "none"
    SHOWN = "shown"
    OMITTED = "omitted"
    """The block is there, its text is not (`display: "omitted"`)."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that the client itself runs."""

    name: str
    schema: dict[str, Any]
    """Its `input_schema`, unchecked."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a message."""

    model: str
    max_tokens: int
    stream: bool = False
    text: str = ""
    """The last text of the last turn; empty where that turn has none."""
    tool: Tool | None = None
    """The tool that the answer shall use."""
    tool_result: bool = False
    """Whether the last turn brings the result of a tool."""
    thinking: Thinking = Thinking.NONE
    length: int = 0
    """Bytes of the request's body."""


def read(body: bytes, *, counting: bool = False) -> Ask:
    """The request in `body`.  Raises `AskError`.

    `counting`: a `count_tokens` request, which has no `max_tokens`.
    """
    asked = _object(body)
    model = asked.get("model")
    if not isinstance(model, str) or not model:
        _refuse("model: Field required")
    text, tool_result = _last_turn(_messages(asked))
    return Ask(
        model=model,
        max_tokens=1 if counting else _max_tokens(asked),
        stream=_stream(asked),
        text=text,
        tool=None if tool_result and not _forced(asked) else _tool(asked, text),
        tool_result=tool_result,
        thinking=_thinking(asked.get("thinking")),
        length=len(body.strip()),
    )


def _refuse(sentence: str) -> NoReturn:
    raise AskError(sentence)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are Python's, not JSON's


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)  # it could not be written as JSON again
    return number


def _object(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        _refuse("The request body is not valid JSON.")
    if not isinstance(asked, dict):
        _refuse("The request body must be a JSON object.")
    return asked


def _max_tokens(asked: dict[str, Any]) -> int:
    value = asked.get("max_tokens")
    if value is None:
        _refuse("max_tokens: Field required")
    if type(value) is not int:
        _refuse("max_tokens: Input should be a valid integer")
    if value < 1:
        _refuse("max_tokens: Input should be greater than or equal to 1")
    return value


def _stream(asked: dict[str, Any]) -> bool:
    value = asked.get("stream", False)
    if value is None:
        return False
    if not isinstance(value, bool):
        _refuse("stream: Input should be a valid boolean")
    return value


def _messages(asked: dict[str, Any]) -> list[dict[str, Any]]:
    turns = asked.get("messages")
    if turns is None:
        _refuse("messages: Field required")
    if not isinstance(turns, list):
        _refuse("messages: Input should be a valid list")
    if not turns:
        _refuse("messages: at least one message is required")
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict):
            _refuse(f"messages.{number}: Input should be an object")
        # Newer clients also put `system` between the turns.
        if turn.get("role") not in ("user", "assistant", "system"):
            _refuse(f"messages.{number}.role: Input should be 'user' or 'assistant'")
        if not isinstance(turn.get("content"), str | list):
            _refuse(f"messages.{number}.content: Input should be a string or a list of content blocks")
    return turns


def _last_turn(turns: list[dict[str, Any]]) -> tuple[str, bool]:
    """The last text of the last user turn, and whether that turn brings a tool's result."""
    content: str | list[Any] = next(
        (turn["content"] for turn in reversed(turns) if turn["role"] == "user"), ""
    )
    if isinstance(content, str):
        return content, False
    blocks = [block for block in content if isinstance(block, dict)]
    # The last one: Claude Code puts reminders of its own in front of what the user typed.
    texts = [block["text"] for block in blocks if block.get("type") == "text" and _is_text(block)]
    return (texts[-1] if texts else ""), any(block.get("type") == "tool_result" for block in blocks)


def _is_text(block: dict[str, Any]) -> bool:
    return isinstance(block.get("text"), str)


def _choice(asked: dict[str, Any]) -> dict[str, Any]:
    choice = asked.get("tool_choice")
    return choice if isinstance(choice, dict) else {}


def _forced(asked: dict[str, Any]) -> bool:
    return _choice(asked).get("type") in ("any", "tool")


def _tool(asked: dict[str, Any], text: str) -> Tool | None:
    """The tool that the answer uses: the one chosen, or the one the text asks for.

    `use a tool` in the text takes the first one; a tool called by its name, that one.
    """
    listed = asked.get("tools")
    tools = [
        Tool(tool["name"], tool["input_schema"])
        for tool in (listed if isinstance(listed, list) else [])
        if isinstance(tool, dict)
        and isinstance(tool.get("name"), str)
        and isinstance(tool.get("input_schema"), dict)
    ]
    choice = _choice(asked)
    match choice.get("type"):
        case "none":
            return None
        case "tool":
            return next((tool for tool in tools if tool.name == choice.get("name")), None)
        case "any":
            return tools[0] if tools else None
    said = text.lower()
    if "use a tool" not in said and "use the tool" not in said and "使用工具" not in said:
        return None
    named = [tool for tool in tools if f"use the tool {tool.name.lower()}" in said]
    return next(iter(named or tools), None)


def _thinking(value: object) -> Thinking:
    if not isinstance(value, dict) or value.get("type") not in ("enabled", "adaptive"):
        return Thinking.NONE
    return Thinking.OMITTED if value.get("display") == "omitted" else Thinking.SHOWN
