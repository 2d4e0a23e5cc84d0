"""What to ask a gateway next: the whole of `localedge check` as a generator, without any I/O.

    hello -> models -> message, model after model and with either scheme
      refused: where else may the API be?  (a redirect, another path, OpenAI's API)
      answered: streamed, other scheme, wrong key, count_tokens, tool, unknown beta, 2 MB, then by the edge

It yields `Question`s and is sent a `Reply` for each; it yields `Finding`s, to be shown as they come; it
returns the `Outcome`.
"""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias
from urllib.parse import urljoin, urlsplit

from localedge.claude import probe_answers as answers
from localedge.claude import probe_stream, probing
from localedge.claude.probe_answers import Judged, Listed, desktop_takes
from localedge.claude.probe_reading import Kind, anthropic_error, read, shown
from localedge.claude.probing import (
    Credential,
    Finding,
    Level,
    Outcome,
    Question,
    Reply,
    Usage,
    Verdict,
)
from localedge.config import Gateway

Steps: TypeAlias = Generator[Question | Finding, Reply | None, Outcome]
_Asking: TypeAlias = Generator[Question | Finding, Reply | None, Reply]
_Judging: TypeAlias = Generator[Question | Finding, Reply | None, Verdict]
_Doing: TypeAlias = Generator[Question | Finding, Reply | None, None]

DEFAULT_MODELS = ("claude-opus-4", "claude-sonnet-4")
MOST_TRIED = 8
"""Models that are asked for before it is given up."""
MOST_HOPS = 5
"""Redirects that are followed to see where they lead."""
ELSEWHERE = ("", "/anthropic", "/api/anthropic", "/api", "/apps/anthropic", "/claude")
"""Base paths at which gateways are known to serve the Messages API."""
_ENDPOINT = "/v1/messages"
_ASKED_FOR_MORE = (200, 400, 401, 403, 422, 429)
"""What an endpoint answers to an empty request, or to a stranger's."""


def check(gateway: Gateway, wanted: Sequence[str], credential: Credential) -> Steps:
    """All of it.  `wanted`: models that the user named; `credential`: NONE, or the scheme to begin with."""
    return _Check(gateway, wanted, credential).run()


class _Try(NamedTuple):
    """A model that was asked for."""

    question: Question
    reply: Reply
    judged: Judged


class _Check:
    def __init__(self, gateway: Gateway, wanted: Sequence[str], credential: Credential) -> None:
        self._gateway = gateway
        self._wanted = tuple(wanted)
        self._credential = credential
        self._usage = Usage()
        self._mend: Finding | None = None
        self._listed = Listed()
        self._model = ""

    def run(self) -> Steps:
        reply = yield from self._ask(question := probing.hello())
        yield self._found(question, reply, answers.hello(reply))
        if reply.connected and self._mend is None:
            reply = yield from self._ask(question := probing.models(self._credential))
            verdict, self._listed = answers.models(reply)
            yield self._found(question, reply, verdict)
            yield from self._message()
        if self._model:
            yield from self._stream()
            yield from self._rest()
            yield from self._by_the_edge()
        usable = bool(self._model) and self._mend is None
        return Outcome(usable, self._model, self._credential, self._usage, self._mend)

    def _ask(self, question: Question) -> _Asking:
        reply = yield question
        assert reply is not None, "a question is answered"
        return reply

    def _found(self, question: Question, reply: Reply | None, verdict: Verdict) -> Finding:
        finding = Finding(
            question.check,
            question.what,
            verdict,
            reply.seconds if reply is not None else None,
            reply.first_byte if reply is not None else None,
            probe_stream.longest_gap(reply) if reply is not None and question.check == "stream" else None,
            question.through_edge,
            question.model,
        )
        if verdict.level is Level.BAD and self._mend is None:
            self._mend = finding
        return finding

    def _judged(self, question: Question, reply: Reply, judged: Judged) -> Finding:
        self._usage = self._usage.plus(judged.usage)
        return self._found(question, reply, judged.verdict)

    # -- the first message: which model, which scheme, or why not

    def _message(self) -> _Doing:
        tried: list[_Try] = []
        for model in self._candidates():
            tried.append((yield from self._try(model)))
            judged = tried[-1].judged
            # Models that the user named matter each; of the default ones the first that will do.
            if not judged.blames_model and (judged.verdict.level is Level.BAD or not self._wanted):
                break
        served = next((one for one in tried if one.judged.verdict.level is not Level.BAD), None)
        for one in tried if self._wanted or served is None else [served]:
            verdict = one.judged.verdict
            if one.judged.blames_model:
                verdict = self._model_unknown(verdict, one.question.model, answered=served is not None)
            elif one.judged.no_endpoint or verdict.code == "check-redirect":
                verdict = yield from self._elsewhere(one)
            yield self._judged(one.question, one.reply, one.judged._replace(verdict=verdict))
        if served is not None:
            self._model = served.question.model
            yield from self._about_model()

    def _try(self, model: str) -> Generator[Question | Finding, Reply | None, "_Try"]:
        """One model, with the other scheme where the key is refused by the first."""
        question = probing.message(model, self._credential)
        reply = yield from self._ask(question)
        first = _Try(question, reply, answers.message(reply, model, self._credential))
        if not first.judged.refused_key or self._credential is Credential.NONE:
            return first
        other = self._credential.other
        question = probing.message(model, other)
        reply = yield from self._ask(question)
        second = _Try(question, reply, answers.message(reply, model, other))
        if second.judged.refused_key:
            return first
        self._credential = other
        return second

    def _candidates(self) -> list[str]:
        plain = filter(answers.is_model_id, self._listed.ids)
        listed = sorted(plain, key=lambda name: not desktop_takes(name))
        candidates = self._wanted or (*DEFAULT_MODELS, *listed)
        return list(dict.fromkeys(candidates))[: max(MOST_TRIED, len(self._wanted))]

    def _model_unknown(self, verdict: Verdict, model: str, *, answered: bool) -> Verdict:
        params = {**verdict.params, "model": shown(model), "listed": answers.names(self._listed.ids) or "-"}
        code = "check-model-unknown" if verdict.code != "check-error-inside" else "check-model-unknown-inside"
        return Verdict(Level.NOTE if answered else Level.BAD, code, params)

    def _about_model(self) -> _Doing:
        """A model that works may still be one that Claude Desktop does not show."""
        question = probing.message(self._model, self._credential)._replace(check="model")
        if not desktop_takes(self._model):
            verdict = Verdict(Level.NOTE, "check-model-hidden", {"model": shown(self._model)})
            yield self._found(question, None, verdict)
        elif not self._wanted and self._model not in DEFAULT_MODELS:
            params = {"model": shown(self._model), "defaults": ", ".join(DEFAULT_MODELS)}
            yield self._found(question, None, Verdict(Level.NOTE, "check-model-other", params))

    # -- where else the API may be

    def _elsewhere(self, tried: "_Try") -> _Judging:
        question, reply, judged = tried
        if judged.verdict.code == "check-redirect":
            return (yield from self._redirected(question, reply))
        own = self._gateway.base_path
        for path in dict.fromkeys((*ELSEWHERE, f"{own.removesuffix('/v1')}/anthropic")):
            if path.removesuffix("/v1") == own.removesuffix("/v1"):
                continue
            at = replace(self._gateway, base_path=path)
            other = question._replace(at=at, wait=probing.Wait.SHORT)
            found = yield from self._ask(other)
            if found.problem is not None:
                break
            if _is_messages_api(found, question):
                self._usage = self._usage.plus(answers.message(found, "", question.credential).usage)
                return Verdict(Level.BAD, "check-other-path", {"url": at.url})
        found = yield from self._ask(probing.openai(self._credential))
        speaks_openai = read(found).kind is Kind.JSON and found.status in _ASKED_FOR_MORE
        if speaks_openai or self._listed.openai:
            return Verdict(Level.BAD, "check-openai-only", {"status": reply.status})
        return judged.verdict

    def _redirected(self, question: Question, reply: Reply) -> _Judging:
        """Follow it, without the key, as far as it stays on the host."""
        start = f"{self._gateway.scheme}://{self._gateway.authority}{self._gateway.base_path}{_ENDPOINT}"
        url, seen = start, {start}
        for _ in range(MOST_HOPS):
            url = _target(url, reply)
            at = _place(self._gateway, url)
            if at is None:
                return Verdict(Level.BAD, "check-redirect-elsewhere", {"to": shown(url)})
            if url in seen:
                break
            seen.add(url)
            # The path is whole already: nothing is put in front.
            hop = question._replace(
                at=replace(at, base_path=""),
                target=urlsplit(url).path or "/",
                credential=Credential.NONE,
                wait=probing.Wait.SHORT,
            )
            reply = yield from self._ask(hop)
            if not (300 <= reply.status < 400 and b"location" in reply.fields):
                return _moved(self._gateway, at, url)
        return Verdict(Level.BAD, "check-redirect-loop", {"to": shown(url)})

    # -- once a message was answered

    def _stream(self, *, through_edge: bool = False) -> _Doing:
        question = probing.streamed(self._model, self._credential)._replace(through_edge=through_edge)
        reply = yield from self._ask(question)
        yield self._judged(question, reply, answers.streamed(reply, self._model, self._credential))

    def _rest(self) -> _Doing:
        model, used = self._model, self._credential
        if used is not Credential.NONE:
            question = probing.message(model, used.other, check="scheme")
            reply = yield from self._ask(question)
            yield self._judged(question, reply, answers.other_scheme(reply, used))
        yield from self._wrong_key()
        reply = yield from self._ask(question := probing.counted(model, used))
        yield self._found(question, reply, answers.counted(reply))
        reply = yield from self._ask(question := probing.tool_use(model, used))
        yield self._judged(question, reply, answers.tool_use(reply, used))
        reply = yield from self._ask(question := probing.beta(model, used))
        yield self._judged(question, reply, answers.beta(reply, used))
        yield from self._big()

    def _wrong_key(self, *, through_edge: bool = False) -> _Doing:
        question = probing.message(self._model, self._credential.wrong, check="wrong-key")
        question = question._replace(through_edge=through_edge)
        reply = yield from self._ask(question)
        yield self._judged(question, reply, answers.wrong_key(reply))

    def _big(self, *, through_edge: bool = False) -> _Doing:
        question = probing.big(self._model, self._credential)._replace(through_edge=through_edge)
        reply = yield from self._ask(question)
        yield self._judged(question, reply, answers.big(reply, self._credential))

    def _by_the_edge(self) -> _Doing:
        """The same through localedge: what Claude Desktop will see."""
        reply = yield from self._ask(question := probing.hello(through_edge=True))
        yield self._found(question, reply, answers.hello(reply))
        reply = yield from self._ask(question := probing.models(self._credential, through_edge=True))
        yield self._found(question, reply, answers.models(reply)[0])
        question = probing.message(self._model, self._credential)._replace(through_edge=True)
        reply = yield from self._ask(question)
        yield self._judged(question, reply, answers.message(reply, self._model, self._credential))
        yield from self._stream(through_edge=True)
        yield from self._wrong_key(through_edge=True)
        yield from self._big(through_edge=True)


def _is_messages_api(reply: Reply, question: Question) -> bool:
    """Whether an answer could only have come from the Messages API, be it an error about key or model."""
    found = read(reply)
    if reply.problem is not None or found.kind is not Kind.JSON or reply.status in (404, 405, 501):
        return False
    judged = answers.message(reply, question.model, question.credential)
    # An error in another shape may be any API's: half the web says 401 to whatever is below /api.
    return judged.verdict.level is not Level.BAD or judged.blames_model or anthropic_error(found)


def _target(url: str, reply: Reply) -> str:
    """Where a redirect leads; a `Location` that is no URL stands for itself."""
    location = reply.fields.get(b"location", b"").decode("latin-1").partition("#")[0].partition("?")[0]
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _place(gateway: Gateway, url: str) -> Gateway | None:
    """The gateway under this URL, if it is on the same host."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    host = (parts.hostname or "").rstrip(".").lower()
    if host != gateway.host or parts.username is not None or not parts.path.isascii():
        return None
    if not parts.path.isprintable() or " " in parts.path:
        return None
    base = parts.path.removesuffix("/").removesuffix(_ENDPOINT)
    base = gateway.base_path if base == parts.path.removesuffix("/") else base
    return replace(gateway, scheme=parts.scheme, port=port, base_path=base)


def _moved(gateway: Gateway, at: Gateway, url: str) -> Verdict:
    if at.url == gateway.url:  # to a page for logging in, perhaps
        return Verdict(Level.BAD, "check-redirect-elsewhere", {"to": shown(url)})
    code = (
        "check-redirect-https" if (gateway.scheme, at.scheme) == ("http", "https") else "check-redirect-moved"
    )
    return Verdict(Level.BAD, code, {"url": at.url})
