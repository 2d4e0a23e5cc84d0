"""What `localedge check` asks a gateway, as values: questions, what came back, and what follows from it.

Theory of operation.  `probe_plan.check` is a generator that yields questions and findings and is
sent replies; it decides what to ask next, and holds no key, no socket and no clock.
`probe_answers` and `probe_stream` judge one reply each.  `edge/probe.py` carries the questions out.

The requests are those that Claude's clients send, cut down to a few tokens: the shapes are those of
https://docs.anthropic.com/en/api/messages, "Test connection" is `max_tokens: 1` with the text `.`.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from localedge.claude.messages import Json, encode
from localedge.config import Gateway

VERSION = "2023-06-01"
"""`anthropic-version`: the one that every implementation knows."""
WRONG_KEY = "localedge-check-wrong-key"
UNKNOWN_BETA = "localedge-check-unknown-2026-01-01"
BIG_BODY = 2 * 1024 * 1024
STREAM_TOKENS = 16
TOOL = "localedge_check"


class Level(enum.StrEnum):
    """How good a finding is."""

    OK = "ok"
    NOTE = "note"
    """Usable, but the user should know."""
    BAD = "bad"
    """Claude Desktop cannot work with it."""


class Credential(enum.Enum):
    """Which credential goes along; the key itself is only known where the question is carried out (R23)."""

    NONE = "none"
    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    WRONG_BEARER = "wrong bearer"
    WRONG_X_API_KEY = "wrong x-api-key"

    @property
    def other(self) -> "Credential":
        """The same key by the other scheme."""
        return Credential.X_API_KEY if self is Credential.BEARER else Credential.BEARER

    @property
    def wrong(self) -> "Credential":
        """The same scheme with a key that nobody has."""
        return Credential.WRONG_X_API_KEY if self is Credential.X_API_KEY else Credential.WRONG_BEARER


class Wait(enum.Enum):
    """How long a question may take: the clients' own limits, or a model's time."""

    SHORT = "short"
    ANSWER = "answer"


class Question(NamedTuple):
    """One request."""

    check: str
    """Stable name of what it finds out, for `--json`."""
    what: str
    """Method and path as the user reads them; what is special about it says the code `check-what-<check>`."""
    method: str
    target: str
    """In origin form, as a client sends it: the gateway's base path is put in front."""
    body: bytes = b""
    credential: Credential = Credential.NONE
    fields: tuple[tuple[str, str], ...] = ()
    wait: Wait = Wait.ANSWER
    through_edge: bool = False
    at: Gateway | None = None
    """Somewhere else on the same host, in place of the gateway as it is configured."""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.  Times are seconds since the question was asked, connecting included."""

    status: int = 0
    """0 where no head came."""
    fields: Mapping[bytes, bytes] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = field(default=b"", repr=False)
    """As received, up to a limit, the key blotted out."""
    arrivals: tuple[tuple[float, int], ...] = ()
    """When a piece of the body came, and how long the body was then."""
    seconds: float = 0.0
    first_byte: float | None = None
    problem: tuple[str, Mapping[str, object]] | None = None
    """What kept the reply from being whole: a code of the message table and its params."""
    connected: bool = True
    """False where HTTP never began: no address, no TCP, no tunnel, no TLS."""


class Verdict(NamedTuple):
    """What one reply, or several, come to."""

    level: Level
    code: str
    params: Mapping[str, object] = {}


class Usage(NamedTuple):
    """Tokens that the gateway counted."""

    input: int = 0
    output: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(self.input + other.input, self.output + other.output)


class Finding(NamedTuple):
    """One line of the report."""

    check: str
    what: str
    verdict: Verdict
    seconds: float | None = None
    first_byte: float | None = None
    longest_gap: float | None = None
    through_edge: bool = False
    model: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all of it comes to."""

    usable: bool
    model: str = ""
    """The model that answered."""
    credential: Credential = Credential.NONE
    usage: Usage = field(default_factory=Usage)
    mend: Finding | None = None
    """The first finding that makes it unusable."""


# What is asked


def hello(*, through_edge: bool = False) -> Question:
    """The start-up probe."""
    return Question("hello", "HEAD /", "HEAD", "/", wait=Wait.SHORT, through_edge=through_edge)


def models(credential: Credential, *, through_edge: bool = False) -> Question:
    """Model discovery.  Claude Desktop gives it 10 s."""
    return Question(
        "models",
        "GET /v1/models",
        "GET",
        "/v1/models?limit=1000",
        credential=credential,
        wait=Wait.SHORT,
        through_edge=through_edge,
    )


def message(model: str, credential: Credential, *, check: str = "message") -> Question:
    """ "Test connection"."""
    return _post(check, "POST /v1/messages", _ask(model), credential, model)


def streamed(model: str, credential: Credential) -> Question:
    """A turn, as short as it can be to tell streaming from buffering."""
    ask = _ask(model, "Count from 1 to 9, digits and spaces only.", STREAM_TOKENS) | {"stream": True}
    return _post("stream", "POST /v1/messages", ask, credential, model)


def counted(model: str, credential: Credential) -> Question:
    """How many tokens would it be?"""
    ask = _ask(model)
    del ask["max_tokens"]
    question = _post("count-tokens", "POST /v1/messages/count_tokens", ask, credential, model)
    return question._replace(target="/v1/messages/count_tokens?beta=true", wait=Wait.SHORT)


def tool_use(model: str, credential: Credential) -> Question:
    """The model must call a tool that takes nothing."""
    ask = _ask(model, "Call the tool.", STREAM_TOKENS) | {
        "tools": [
            {
                "name": TOOL,
                "description": "Call it once, without any input.",
                "input_schema": {"type": "object", "properties": {}},
            }
        ],
        "tool_choice": {"type": "tool", "name": TOOL},
    }
    return _post("tools", "POST /v1/messages", ask, credential, model)


def beta(model: str, credential: Credential) -> Question:
    """A beta that nobody knows: tomorrow's client brings one."""
    question = _post("beta", "POST /v1/messages", _ask(model), credential, model)
    return question._replace(fields=(*question.fields, ("anthropic-beta", UNKNOWN_BETA)))


def big(model: str, credential: Credential) -> Question:
    """2 MB that cost no token: white space around JSON means nothing (RFC 8259 2)."""
    question = _post("big-body", "POST /v1/messages", _ask(model), credential, model)
    return question._replace(body=question.body.ljust(BIG_BODY))


def openai(credential: Credential) -> Question:
    """Is there OpenAI's API?  An empty request is refused where there is, and costs nothing."""
    question = _post("openai", "POST /v1/chat/completions", {}, credential, "")
    return question._replace(target="/v1/chat/completions", wait=Wait.SHORT)


def _ask(model: str, text: str = ".", most: int = 1) -> Json:
    return {"model": model, "max_tokens": most, "messages": [{"role": "user", "content": text}]}


def _post(check: str, what: str, ask: Json, credential: Credential, model: str) -> Question:
    fields = (("content-type", "application/json"), ("anthropic-version", VERSION))
    return Question(
        check, what, "POST", "/v1/messages?beta=true", encode(ask), credential, fields, model=model
    )
