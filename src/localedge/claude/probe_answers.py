"""Judges one answer of a gateway each: what it means for Claude Desktop, as a code of the message table.

Where Claude Desktop's behaviour is known from outside only, an answer that one reading allows and
another does not is a note, never a verdict of unusable.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from localedge.claude import models as ids
from localedge.claude import probe_stream
from localedge.claude.probe_reading import (
    Kind,
    Read,
    anthropic_error,
    blames_model,
    error_of,
    read,
    said,
    shown,
    usage,
)
from localedge.claude.probing import TOOL, Credential, Level, Reply, Usage, Verdict

MOST_LISTED = 1000
MOST_SHOWN = 5
# nginx, Go's net/http, Apache: plain HTTP on a port for HTTPS
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server|speaking plain HTTP to an SSL"
)


class Listed(NamedTuple):
    """What a gateway says of its models."""

    ids: tuple[str, ...] = ()
    openai: bool = False
    """In OpenAI's shape."""


class Judged(NamedTuple):
    """A verdict, and what else the answer told."""

    verdict: Verdict
    usage: Usage = Usage()
    blames_model: bool = False
    """Another model's name may do."""
    no_endpoint: bool = False
    """There is no such path here, or no API at all."""
    refused_key: bool = False


# -- HEAD /


def hello(reply: Reply) -> Verdict:
    """The start-up probe.  The edge answers it by itself, so nothing but a dead host is bad."""
    if reply.problem is not None:
        hopeless = not reply.connected or reply.problem[0] == "gateway-speaks-tls"
        return Verdict(Level.BAD if hopeless else Level.NOTE, *reply.problem)
    if reply.status >= 500:
        return Verdict(Level.NOTE, "check-hello-error", {"status": reply.status})
    return Verdict(Level.OK, "check-hello-ok", {"status": reply.status})


# -- GET /v1/models


def models(reply: Reply) -> tuple[Verdict, Listed]:
    """Model discovery.  It is optional: models can be named in Claude Desktop by hand."""
    found = read(reply)
    listed = _listed(found) if reply.status == 200 and reply.problem is None else None
    if listed is not None:
        return _about(listed), listed
    if reply.problem is not None:
        return Verdict(Level.NOTE, "check-models-failed", {"problem": reply.problem}), Listed()
    if reply.status in (404, 405, 501):
        return Verdict(Level.NOTE, "check-models-none", {"status": reply.status}), Listed()
    if 300 <= reply.status < 400:
        return Verdict(Level.NOTE, "check-models-redirect", {"to": location(reply)}), Listed()
    if found.kind is Kind.HTML:
        return Verdict(
            Level.NOTE, "check-models-html", {"status": reply.status, "title": said(found)}
        ), Listed()
    return Verdict(Level.NOTE, "check-models-error", {"status": reply.status, "said": said(found)}), Listed()


def _listed(found: Read) -> Listed | None:
    data = found.get("data")
    if not isinstance(data, list):
        return None
    entries = [one for one in data[:MOST_LISTED] if isinstance(one, dict) and isinstance(one.get("id"), str)]
    openai = found.get("object") == "list" or any(one.get("object") == "model" for one in entries)
    return Listed(tuple(dict.fromkeys(one["id"] for one in entries if one["id"])), openai)


def _about(listed: Listed) -> Verdict:
    taken = [name for name in listed.ids if desktop_takes(name)]
    params: dict[str, object] = {
        "count": len(listed.ids),
        "taken": len(taken),
        "names": names(taken or listed.ids),
    }
    if not listed.ids:
        return Verdict(Level.NOTE, "check-models-empty")
    if not taken:
        return Verdict(Level.NOTE, "check-models-refused", params)
    return Verdict(Level.OK, "check-models-openai" if listed.openai else "check-models-ok", params)


def desktop_takes(model_id: str) -> bool:
    """Whether Claude Desktop's picker shows this id."""
    return ids.judge(ids.Model.of(model_id).id).verdict is ids.Verdict.SHOWN


def is_model_id(name: str) -> bool:
    """Whether this can be a model's id: visible ASCII, not too long."""
    return ids.judge(name).verdict is not ids.Verdict.NO_ID


def names(some: tuple[str, ...] | list[str]) -> str:
    """A few of them, as they may be shown."""
    text = ", ".join(shown(one) for one in some[:MOST_SHOWN])
    return text + (", ..." if len(some) > MOST_SHOWN else "")


# -- POST /v1/messages


def message(reply: Reply, model: str, credential: Credential) -> Judged:
    """A whole message."""
    found = read(reply)
    wrong = _refusal(reply, found, model, credential) or _not_a_message(reply, found, model)
    if wrong is not None:
        return wrong
    missing = [name for name, right in _members(found.value).items() if not right]
    if missing:
        params = {"missing": ", ".join(missing)}
        return Judged(Verdict(Level.BAD, "check-message-shape", params), usage(found))
    if found.coding:
        return Judged(Verdict(Level.NOTE, "check-packed", {"coding": shown(found.coding)}), usage(found))
    return Judged(Verdict(Level.OK, "check-message-ok", {"model": shown(model)}), usage(found))


def _members(value: Mapping[str, Any]) -> dict[str, bool]:
    content = value.get("content")
    return {
        "type": value.get("type") == "message",
        "role": value.get("role") == "assistant",
        "content": isinstance(content, list)
        and all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in content),
        "stop_reason": isinstance(value.get("stop_reason"), str),
    }


def _refusal(reply: Reply, found: Read, model: str, credential: Credential) -> Judged | None:
    """Anything but 200; None for that."""
    if reply.problem is not None:
        return Judged(Verdict(Level.BAD, *reply.problem))
    status = reply.status
    params: dict[str, object] = {"status": status, "said": said(found), "model": shown(model)}
    if b"x-localedge-error" in reply.fields:
        return Judged(Verdict(Level.BAD, "check-edge-refused", params))
    if 300 <= status < 400:
        return Judged(Verdict(Level.BAD, "check-redirect", {"to": location(reply)}))
    if status == 200:
        return None
    if status == 400 and _WANTS_TLS.search(found.text):
        return Judged(Verdict(Level.BAD, "gateway-speaks-tls"))
    if blames_model(reply, found, model):
        return Judged(Verdict(Level.BAD, "check-model-unknown", params), blames_model=True)
    if status in (404, 405, 501):
        html = found.kind is Kind.HTML
        verdict = Verdict(Level.BAD, "check-html" if html else "check-no-messages-api", params)
        return Judged(verdict, no_endpoint=True)
    if status == 401 or (status == 403 and found.kind is not Kind.HTML):
        code = "check-key-missing" if credential is Credential.NONE else "check-key-refused"
        return Judged(Verdict(Level.BAD, code, params), refused_key=True)
    if status == 413:
        return Judged(Verdict(Level.BAD, "check-too-large", params))
    if status in (429, 529) or (status == 503 and found.kind is not Kind.HTML):
        return Judged(Verdict(Level.BAD, "check-busy", params))
    return Judged(Verdict(Level.BAD, "check-html" if found.kind is Kind.HTML else "check-error", params))


def _not_a_message(reply: Reply, found: Read, model: str) -> Judged | None:
    """200 with something else in it; None for a JSON object that may be a message."""
    params: dict[str, object] = {"status": reply.status, "said": said(found), "model": shown(model)}
    match found.kind:
        case Kind.HTML:
            return Judged(Verdict(Level.BAD, "check-html", params), no_endpoint=True)
        case Kind.STREAM:
            return Judged(Verdict(Level.BAD, "check-stream-unasked"))
        case Kind.PACKED:
            return Judged(Verdict(Level.BAD, "check-packed-unreadable", {"coding": shown(found.coding)}))
        case Kind.EMPTY:
            return Judged(Verdict(Level.BAD, "check-empty"), no_endpoint=True)
        case Kind.OTHER:
            return Judged(Verdict(Level.BAD, "check-not-json", params), no_endpoint=True)
    if error_of(found) is not None:
        blamed = blames_model(reply, found, model)
        return Judged(Verdict(Level.BAD, "check-error-inside", params), blames_model=blamed)
    if found.get("choices") is not None or str(found.get("object")).startswith(("chat.", "text_")):
        return Judged(Verdict(Level.BAD, "check-openai-answer"))
    if not isinstance(found.value, dict):
        return Judged(Verdict(Level.BAD, "check-not-json", params), no_endpoint=True)
    return None


def streamed(reply: Reply, model: str, credential: Credential) -> Judged:
    """A streamed message: every turn in Claude Desktop is one."""
    if reply.problem is not None and reply.status == 200:
        return Judged(Verdict(Level.BAD, *reply.problem))
    found = read(reply)
    refused = _refusal(reply, found, model, credential)
    if refused is not None:
        return refused
    if found.kind is Kind.JSON and found.get("type") == "message":
        return Judged(Verdict(Level.BAD, "check-not-streamed"), usage(found))
    if found.kind is not Kind.STREAM:
        wrong = _not_a_message(reply, found, model)
        return wrong or Judged(Verdict(Level.BAD, "check-not-streamed"))
    verdict, counted = probe_stream.judge(reply, found.text)
    if found.coding and verdict.level is Level.OK:
        verdict = Verdict(Level.NOTE, "check-packed", {"coding": shown(found.coding)})
    elif (
        verdict.level is Level.OK
        and b"text/event-stream" not in reply.fields.get(b"content-type", b"").lower()
    ):
        kind = shown(reply.fields.get(b"content-type", b"-").decode("latin-1"))
        verdict = Verdict(Level.NOTE, "check-stream-type", {"kind": kind})
    return Judged(verdict, counted)


# -- the rest


def wrong_key(reply: Reply) -> Judged:
    """A key that nobody has: 401, in the API's shape, so that Claude Desktop can say that it is the key."""
    found = read(reply)
    params = {"status": reply.status, "said": said(found)}
    if reply.problem is not None:
        return Judged(Verdict(Level.NOTE, "check-wrong-key-failed", {"problem": reply.problem}))
    if reply.status == 200 and error_of(found) is None:
        return Judged(Verdict(Level.NOTE, "check-wrong-key-taken"), usage(found))
    if reply.status == 401:
        good = anthropic_error(found)
        code = "check-wrong-key-ok" if good else "check-wrong-key-shape"
        return Judged(Verdict(Level.OK if good else Level.NOTE, code, params))
    return Judged(Verdict(Level.NOTE, "check-wrong-key-status", params))


def other_scheme(reply: Reply, used: Credential) -> Judged:
    """The same key by the other scheme."""
    judged = message(reply, "", used.other)
    params = {"used": used.value, "other": used.other.value, "status": reply.status}
    if judged.verdict.level is Level.BAD:
        return Judged(Verdict(Level.NOTE, "check-scheme-one", params), judged.usage)
    return Judged(Verdict(Level.OK, "check-scheme-both", params), judged.usage)


def counted(reply: Reply) -> Verdict:
    """`count_tokens`.  404 is fine: the clients guess, then."""
    found = read(reply)
    tokens = found.get("input_tokens")
    if reply.problem is not None:
        return Verdict(Level.NOTE, "check-count-failed", {"problem": reply.problem})
    if reply.status == 200 and isinstance(tokens, int):
        return Verdict(Level.OK, "check-count-ok", {"tokens": tokens})
    if reply.status in (404, 405, 501):
        return Verdict(Level.OK, "check-count-none", {"status": reply.status})
    return Verdict(Level.NOTE, "check-count-error", {"status": reply.status, "said": said(found)})


def tool_use(reply: Reply, credential: Credential) -> Judged:
    """A tool that the model was told to call.  Every turn of Claude Desktop brings tools along."""
    judged = message(reply, "", credential)
    if judged.verdict.level is Level.BAD:
        params = {"status": reply.status, "said": said(read(reply))}
        if reply.problem is None and not judged.verdict.code.startswith("check-busy"):
            return judged._replace(verdict=Verdict(Level.BAD, "check-tools-refused", params))
        return judged._replace(verdict=judged.verdict._replace(level=Level.NOTE))
    content = read(reply).get("content")
    called = any(one.get("type") == "tool_use" and one.get("name") == TOOL for one in content)
    if called:
        return judged._replace(verdict=Verdict(Level.OK, "check-tools-ok"))
    return judged._replace(verdict=Verdict(Level.NOTE, "check-tools-not-called"))


def beta(reply: Reply, credential: Credential) -> Judged:
    """An `anthropic-beta` that the gateway cannot know."""
    judged = message(reply, "", credential)
    if judged.verdict.level is not Level.BAD:
        return judged._replace(verdict=Verdict(Level.OK, "check-beta-ok"))
    params = {"status": reply.status, "said": said(read(reply))}
    if reply.problem is None and reply.status == 400:
        return judged._replace(verdict=Verdict(Level.NOTE, "check-beta-refused", params))
    return judged._replace(verdict=judged.verdict._replace(level=Level.NOTE))


def big(reply: Reply, credential: Credential) -> Judged:
    """2 MB: the size of a turn with a picture or a file in it."""
    judged = message(reply, "", credential)
    if judged.verdict.level is not Level.BAD:
        return judged._replace(verdict=Verdict(Level.OK, "check-big-ok"))
    own = b"x-localedge-error" in reply.fields
    if (reply.status == 413 and not own) or (
        reply.problem is not None and reply.problem[0] == "gateway-lost"
    ):
        return judged._replace(
            verdict=Verdict(Level.NOTE, "check-big-refused", {"status": reply.status or "-"})
        )
    return judged._replace(verdict=judged.verdict._replace(level=Level.NOTE))


def location(reply: Reply) -> str:
    """Where a redirect leads, as it may be shown: without a query, which may hold a secret."""
    raw = reply.fields.get(b"location", b"").decode("latin-1").partition("?")[0].partition("#")[0]
    return shown(raw)
