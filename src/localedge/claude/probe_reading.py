"""A gateway's answer as something to judge: unpacked, parsed, its error text made fit to be shown.

Whatever a stranger sends is read with bounds: unpacking, nesting and the length of what is shown.
"""

import enum
import json
import re
import zlib
from typing import Any, NamedTuple

from localedge.claude.probing import Reply, Usage
from localedge.settings.layers import clean

MOST_UNPACKED = 8 * 1024 * 1024
"""Bytes: more is no answer to any of our questions."""
LONGEST_SAID = 200
"""Characters of the gateway's own words."""

_KEYLIKE = re.compile(
    r"(?i)\b(?:sk|key|pk|bearer)[-_ ][A-Za-z0-9_.*-]{4,}|[A-Za-z0-9_-]{0,12}\*{3,}[A-Za-z0-9_-]{0,12}"
)
_TAG = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|h1|center|script)",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_MAX_NESTED = 3
# "No available channel for model ..." is what one-api and its children say.
_ABOUT_MODEL = re.compile(r"model|channel|deployment|模型|渠道|通道", re.IGNORECASE)


class Kind(enum.Enum):
    """What a body is."""

    JSON = "json"
    HTML = "html"
    STREAM = "stream"
    EMPTY = "empty"
    PACKED = "packed"
    """Compressed in a way that cannot be undone here."""
    OTHER = "other"


class Read(NamedTuple):
    """A body, read."""

    kind: Kind
    value: Any = None
    """What the JSON says."""
    text: bytes = b""
    """Unpacked."""
    coding: str = ""
    """The `Content-Encoding`, though none was asked for."""

    def get(self, name: str) -> Any:
        """A member of a JSON object; None where there is none."""
        return self.value.get(name) if isinstance(self.value, dict) else None


def read(reply: Reply) -> Read:
    """What a reply's body is.  Raises nothing."""
    coding = reply.fields.get(b"content-encoding", b"").decode("latin-1").strip().lower()
    coding = "" if coding == "identity" else coding
    body = reply.body
    if coding:
        unpacked = _unpack(body, coding)
        if unpacked is None:
            return Read(Kind.PACKED, coding=coding)
        body = unpacked
    if not body.strip():
        return Read(Kind.EMPTY, text=body, coding=coding)
    value = parse(body)
    if value is not None:
        return Read(Kind.JSON, value, body, coding)
    content_type = reply.fields.get(b"content-type", b"").lower()
    if _TAG.match(body) or b"text/html" in content_type:
        return Read(Kind.HTML, None, body, coding)
    if b"text/event-stream" in content_type or body.startswith((b"event:", b"data:")):
        return Read(Kind.STREAM, None, body, coding)
    return Read(Kind.OTHER, None, body, coding)


def parse(text: bytes) -> Any:
    """JSON's value; None for anything else, and for JSON's own null."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _unpack(body: bytes, coding: str) -> bytes | None:
    wbits = _WBITS.get(coding)
    if wbits is None:
        return None
    try:
        return zlib.decompressobj(wbits).decompress(body, MOST_UNPACKED)
    except zlib.error:
        return None


def said(found: Read) -> str:
    """The gateway's own words about what is wrong: one short line without anything like a key (R23)."""
    if found.kind is Kind.HTML:
        title = _TITLE.search(found.text)
        text = title[1].decode("utf-8", "replace") if title else "HTML"
    elif found.kind is Kind.JSON:
        text = _words(found.value) or found.text[: 4 * LONGEST_SAID].decode("utf-8", "replace")
    else:
        text = found.text[: 4 * LONGEST_SAID].decode("utf-8", "replace")
    return shown(text)


def shown(text: str) -> str:
    """A stranger's text as it may be shown."""
    return clean(_KEYLIKE.sub("***", " ".join(text.split())).rstrip("."), LONGEST_SAID) or "-"


def _words(value: Any, depth: int = 0) -> str:
    """The message in the shapes that APIs use: Anthropic's, OpenAI's, FastAPI's, Spring's."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth < _MAX_NESTED:
        return _words(value[0], depth + 1)
    if isinstance(value, dict) and depth < _MAX_NESTED:
        for name in ("error", "message", "detail", "msg", "error_msg"):
            if name in value and (text := _words(value[name], depth + 1)):
                return text
    return ""


def error_of(found: Read) -> Any:
    """The error inside a JSON answer: its `error` member, or the whole; None: there is none."""
    if found.get("type") == "error":
        return found.get("error") or found.value
    if found.get("error"):
        return found.get("error")
    # {"code": 401, "msg": "..."}, {"success": false, ...}: with 200, and without any message
    refused = found.get("success") is False or (
        isinstance(found.get("code"), int) and found.get("code") not in (0, 200) and _words(found.value) != ""
    )
    return found.value if refused and found.get("content") is None else None


def anthropic_error(found: Read) -> bool:
    """Whether an error has the Messages API's shape: `{"type": "error", "error": {"type", "message"}}`."""
    error = found.get("error")
    return (
        found.get("type") == "error"
        and isinstance(error, dict)
        and isinstance(error.get("type"), str)
        and isinstance(error.get("message"), str)
    )


def blames_model(reply: Reply, found: Read, model: str) -> bool:
    """Whether an error is about the model's name, and another name may do."""
    if found.kind is not Kind.JSON:
        return False
    error = error_of(found)
    words = json.dumps(error if error is not None else found.value, ensure_ascii=False)
    if reply.status in (401, 403):  # a key that is good for other models
        return bool(model) and model in words
    # 200: error inside
    in_question = reply.status in (200, 400, 404, 422, 500, 503) and (
        error is not None or reply.status != 200
    )
    return in_question and bool(_ABOUT_MODEL.search(words) or (model and model in words))


def usage(found: Read) -> Usage:
    """The tokens that a message counts; zeros where it does not."""
    counts = found.get("usage")
    if not isinstance(counts, dict) and isinstance(found.get("message"), dict):
        counts = found.get("message").get("usage")
    return usage_of(counts)


def usage_of(counts: Any) -> Usage:
    """Token counts as the API writes them; what is read from and written to a cache is input too."""
    if not isinstance(counts, dict):
        return Usage()
    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return Usage(sum(_count(counts.get(name)) for name in names), _count(counts.get("output_tokens")))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else 0
