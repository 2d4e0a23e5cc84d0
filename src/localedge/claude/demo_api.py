"""The demo gateway's API: from method, target and body to a whole answer, without any I/O.

An `Answer` says what to send; how its end is framed, how fast it goes and where it
is cut is the business of `localedge.edge.demo_answer`.
"""

import enum
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, unquote

from localedge.claude import asked, canned, messages, script
from localedge.claude.asked import Ask, AskError
from localedge.claude.messages import Json
from localedge.claude.script import Script, ScriptError
from localedge.http.head import Fields

NAME = b"localedge-demo"
"""What the `server` field says."""

MODELS: tuple[Json, ...] = (
    messages.model(
        "claude-demo-opus", "Demo Opus (localedge, canned answers)", tier="opus", max_input_tokens=1_000_000
    ),
    messages.model("claude-demo-sonnet", "Demo Sonnet (localedge, canned answers)", tier="sonnet"),
    messages.model("claude-demo-haiku", "Demo Haiku (localedge, canned answers)", tier="haiku"),
)

_MOST_MODELS = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, fields without those that frame the body, and the body's parts.

    `parts` may be called more than once and gives the same bytes each time; a part is
    what goes out at once, in a stream an event.
    """

    status: int
    fields: Fields
    parts: Callable[[], Iterator[bytes]]
    stream: bool = False


class Endpoint(enum.Enum):
    """What a target stands for."""

    HELLO = enum.auto()
    """`/`, and the start-up probe of newer clients."""
    MESSAGES = enum.auto()
    COUNT_TOKENS = enum.auto()
    MODELS = enum.auto()
    MODEL = enum.auto()
    UNKNOWN = enum.auto()

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are answered."""
        posted = self in (Endpoint.MESSAGES, Endpoint.COUNT_TOKENS)
        return ("POST",) if posted else ("GET", "HEAD")


def endpoint(target: bytes) -> Endpoint:
    """Which endpoint a request target names; its query does not matter."""
    match path(target):
        case "/" | "/api/hello":
            return Endpoint.HELLO
        case "/v1/messages":
            return Endpoint.MESSAGES
        case "/v1/messages/count_tokens":
            return Endpoint.COUNT_TOKENS
        case "/v1/models":
            return Endpoint.MODELS
        case other if other.startswith("/v1/models/") and other.count("/") == 3:
            return Endpoint.MODEL
    return Endpoint.UNKNOWN


def path(target: bytes) -> str:
    """The path of a request target in origin or absolute form."""
    text = target.decode("latin-1").partition("?")[0]
    if "://" in text and not text.startswith("/"):
        text = "/" + text.partition("://")[2].partition("/")[2]
    return text


def query(target: bytes) -> dict[str, list[str]]:
    """The query's names and values, percent-decoded."""
    text = target.decode("latin-1").partition("?")[2]
    try:
        return parse_qs(text, keep_blank_values=True)
    except ValueError:
        return {}


def reads_body(method: bytes, target: bytes, given: Script | None) -> bool:
    """Whether the answer depends on the request's body."""
    posted = method == b"POST" and endpoint(target) in (Endpoint.MESSAGES, Endpoint.COUNT_TOKENS)
    return posted and (given is None or (given.early is None and _scripted(given, 0) is None))


def answer(
    method: bytes, target: bytes, body: bytes, given: Script | None, serial: int
) -> tuple[Answer, Script]:
    """The answer to one request, and the script that it follows.

    `given` is the script that came with the head; where there is none, the user's
    text may bring one.  `serial` makes the ids.  Raises nothing.
    """
    try:
        return _answer(method, target, body, given, serial)
    except (AskError, ScriptError) as mistake:
        return failure(400, str(mistake), serial), given or script.PLAIN


def _answer(
    method: bytes, target: bytes, body: bytes, given: Script | None, serial: int
) -> tuple[Answer, Script]:
    known = endpoint(target)
    if given is not None and (scripted := _scripted(given, serial)) is not None:
        return scripted, given
    if known is Endpoint.UNKNOWN:
        text = f"The demo gateway has no {path(target)}. It answers /v1/messages and /v1/models."
        return failure(404, text, serial), given or script.PLAIN
    if method.decode("latin-1") not in known.methods:
        text = f"The demo gateway answers {path(target)} to {' and '.join(known.methods)} only."
        allow = (b"allow", ", ".join(known.methods).encode())
        return failure(405, text, serial, (allow,)), given or script.PLAIN
    match known:
        case Endpoint.MESSAGES if given is not None and given.early is not None:
            # Nobody knows yet what is asked: the script says whether it is a stream.
            ask = Ask(str(MODELS[0]["id"]), max_tokens=1024, stream=given.events is not None)
            return message(ask, given, serial), given
        case Endpoint.MESSAGES:
            ask = asked.read(body)
            written = script.in_text(ask.text) if given is None else None
            follows = script.parse(written) if written is not None else given or script.PLAIN
            return _scripted(follows, serial) or message(ask, follows, serial), follows
        case Endpoint.COUNT_TOKENS:
            early = given is not None and given.early is not None
            count = 1 if early else canned.tokens(asked.read(body, counting=True))
            return document(200, messages.token_count(count), serial), given or script.PLAIN
        case Endpoint.MODELS:
            return _models(target, serial), given or script.PLAIN
        case Endpoint.MODEL:
            return _model(unquote(path(target).rpartition("/")[2]), serial), given or script.PLAIN
    hello: Json = {"name": "localedge demo gateway", "message": "Canned answers; no model is asked."}
    return document(200, hello, serial), given or script.PLAIN


def message(ask: Ask, follows: Script, serial: int) -> Answer:
    """A canned message, whole or as a stream, small or huge."""
    parts: Callable[[], Iterator[bytes]]
    if follows.size is not None:
        parts = partial(canned.huge_stream if ask.stream else canned.huge, ask, serial, follows.size)
    else:
        finished = canned.compose(ask, serial, follows.events)
        parts = partial(canned.events if ask.stream else canned.whole, finished)
    kind = (
        ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
        if ask.stream
        else ((b"content-type", b"application/json"),)
    )
    return Answer(200, (*kind, *_named(serial)), parts, stream=ask.stream)


def document(status: int, value: Json, serial: int, extra: Fields = ()) -> Answer:
    """A JSON answer."""
    body = messages.encode(value)
    fields = ((b"content-type", b"application/json"), *_named(serial), *extra)
    return Answer(status, fields, lambda: iter((body,)))


def failure(status: int, text: str, serial: int, extra: Fields = ()) -> Answer:
    """An error in the API's shape."""
    request_id = f"req_demo_{serial:06d}"
    return document(
        status, messages.error(status, f"localedge demo gateway: {text}", request_id), serial, extra
    )


def _named(serial: int) -> Fields:
    return (
        (b"server", NAME),
        (b"x-localedge-demo", b"1"),
        (b"request-id", b"req_demo_%06d" % serial),
    )


def _scripted(follows: Script, serial: int) -> Answer | None:
    """The answer that a script fixes whatever was asked; None where it leaves that open."""
    extra: Fields = ()
    if follows.retry_after is not None:
        extra = ((b"retry-after", b"%d" % follows.retry_after),)
    if follows.redirect is not None:
        return Answer(307, ((b"location", follows.redirect.encode()), *_named(serial), *extra), _nothing)
    status = follows.status or (429 if extra else None)
    if status is None:
        return None
    if status < 400:
        return Answer(status, (*_named(serial), *extra), _nothing)
    return failure(status, f"this {status} is what the script asked for.", serial, extra)


def _nothing() -> Iterator[bytes]:
    return iter(())


def _models(target: bytes, serial: int) -> Answer:
    asked_for = query(target)
    limit = asked_for.get("limit", ["20"])[-1]
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= _MOST_MODELS):
        return failure(400, f"limit: Input should be an integer from 1 to {_MOST_MODELS}", serial)
    models = MODELS
    if "after_id" in asked_for:
        after = asked_for["after_id"][-1]
        models = tuple(itertools.dropwhile(lambda model: model["id"] != after, models))[1:]
    page = models[: int(limit)]
    return document(200, messages.model_page(page, has_more=len(page) < len(models)), serial)


def _model(model_id: str, serial: int) -> Answer:
    wanted = model_id.removesuffix("[1m]")
    found = next((model for model in MODELS if model["id"] == wanted), None)
    return document(200, found, serial) if found else failure(404, f"model: {model_id}", serial)
