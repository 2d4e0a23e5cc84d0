"""What an answer of a gateway means for Claude Desktop: judged by tables, without a gateway."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude import messages, probe_answers, probe_reading
from localedge.claude.probe_reading import Kind
from localedge.claude.probing import TOOL, Credential, Level, Reply, Usage
from localedge.messages import table, text

GOOD: dict[str, Any] = messages.message(
    "msg_1", "claude-x", [messages.text_block(".")], stop_reason="max_tokens", input_tokens=8, output_tokens=1
)
NAMES = ["error", "message", "type", "data", "id", "content", "usage", "code", "choices"]
HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"


def reply(status: int, body: object = b"", kind: str = "application/json", **fields: str) -> Reply:
    """An answer; `body` is bytes, or something for JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Reply(status, {b"content-type": kind.encode(), **names}, raw, ((0.1, len(raw)),), 0.1, 0.1)


def broken(code: str, status: int = 0, **params: object) -> Reply:
    """An answer that did not come, or not whole."""
    return Reply(status, {}, b"", (), 1.0, None, (code, params))


MESSAGES: list[tuple[str, Reply, Level, str]] = [
    ("a message", reply(200, GOOD), Level.OK, "check-message-ok"),
    ("with thinking only", reply(200, GOOD | {"content": []}), Level.OK, "check-message-ok"),
    ("no stop_reason", reply(200, GOOD | {"stop_reason": None}), Level.BAD, "check-message-shape"),
    ("content as text", reply(200, GOOD | {"content": "Hi"}), Level.BAD, "check-message-shape"),
    ("an empty object", reply(200, {}), Level.BAD, "check-message-shape"),
    ("a list", reply(200, [GOOD]), Level.BAD, "check-not-json"),
    ("a number", reply(200, 7), Level.BAD, "check-not-json"),
    ("nothing", reply(200), Level.BAD, "check-empty"),
    ("white space", reply(200, b" \n"), Level.BAD, "check-empty"),
    ("some text", reply(200, b"Hello", "text/plain"), Level.BAD, "check-not-json"),
    ("a page", reply(200, HTML, "text/html"), Level.BAD, "check-html"),
    ("a page that claims to be JSON", reply(200, HTML), Level.BAD, "check-html"),
    ("a page behind white space", reply(200, b"\n\n <html>", "text/plain"), Level.BAD, "check-html"),
    ("a page with 404", reply(404, HTML, "text/html"), Level.BAD, "check-html"),
    ("a page with 403", reply(403, HTML, "text/html"), Level.BAD, "check-html"),
    ("a page with 502", reply(502, HTML, "text/html"), Level.BAD, "check-html"),
    (
        "OpenAI's shape",
        reply(200, {"object": "chat.completion", "choices": []}),
        Level.BAD,
        "check-openai-answer",
    ),
    ("an error inside", reply(200, messages.error(500, "no")), Level.BAD, "check-error-inside"),
    ("an error as text", reply(200, {"error": "no"}), Level.BAD, "check-error-inside"),
    ("a code inside", reply(200, {"code": 1001, "msg": "no quota"}), Level.BAD, "check-error-inside"),
    ("success: false", reply(200, {"success": False}), Level.BAD, "check-error-inside"),
    (
        "gzip",
        reply(200, gzip.compress(json.dumps(GOOD).encode()), content_encoding="gzip"),
        Level.NOTE,
        "check-packed",
    ),
    ("identity", reply(200, GOOD, content_encoding="identity"), Level.OK, "check-message-ok"),
    ("broken gzip", reply(200, b"no gzip", content_encoding="gzip"), Level.BAD, "check-packed-unreadable"),
    ("zstd", reply(200, b"(\xb5/\xfd", content_encoding="zstd"), Level.BAD, "check-packed-unreadable"),
    (
        "a stream",
        reply(200, b"event: ping\ndata: {}\n\n", "text/event-stream"),
        Level.BAD,
        "check-stream-unasked",
    ),
    ("401", reply(401, messages.error(401, "no")), Level.BAD, "check-key-refused"),
    ("403", reply(403, {"message": "Forbidden"}), Level.BAD, "check-key-refused"),
    ("404", reply(404, {"detail": "Not Found"}), Level.BAD, "check-no-messages-api"),
    ("405", reply(405, b"Method Not Allowed", "text/plain"), Level.BAD, "check-no-messages-api"),
    ("413", reply(413, HTML, "text/html"), Level.BAD, "check-too-large"),
    ("429", reply(429, messages.error(429, "slow")), Level.BAD, "check-busy"),
    ("529", reply(529, messages.error(529, "busy")), Level.BAD, "check-busy"),
    ("500", reply(500, b"oops", "text/plain"), Level.BAD, "check-error"),
    ("400", reply(400, messages.error(400, "max_tokens: too small")), Level.BAD, "check-error"),
    ("302", reply(302, location="https://a.example/x?token=1"), Level.BAD, "check-redirect"),
    (
        "nginx's 400",
        reply(400, b"<title>400 The plain HTTP request was sent to HTTPS port</title>"),
        Level.BAD,
        "gateway-speaks-tls",
    ),
    (
        "Go's 400",
        reply(400, b"Client sent an HTTP request to an HTTPS server."),
        Level.BAD,
        "gateway-speaks-tls",
    ),
    (
        "wrong model, Anthropic",
        reply(404, messages.error(404, "model: claude-x")),
        Level.BAD,
        "check-model-unknown",
    ),
    (
        "wrong model, OpenAI",
        reply(404, {"error": {"message": "The model `x` does not exist"}}),
        Level.BAD,
        "check-model-unknown",
    ),
    (
        "wrong model, one-api",
        reply(503, {"error": {"message": "无可用渠道"}}),
        Level.BAD,
        "check-model-unknown",
    ),
    (
        "wrong model, LiteLLM",
        reply(400, {"error": {"message": "Invalid model name passed in model=x"}}),
        Level.BAD,
        "check-model-unknown",
    ),
    (
        "a key for other models",
        reply(403, {"error": {"message": "no access to claude-x"}}),
        Level.BAD,
        "check-model-unknown",
    ),
    (
        "an edge's answer",
        reply(502, messages.error(502, "no"), x_localedge_error="gateway-lost"),
        Level.BAD,
        "check-edge-refused",
    ),
    ("no answer", broken("gateway-silent", limit="60", gateway="g"), Level.BAD, "gateway-silent"),
    ("no end", broken("check-endless", 200, size="2"), Level.BAD, "check-endless"),
]


@pytest.mark.parametrize(
    ("given", "level", "code"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_what_comes_in_place_of_a_message(given: Reply, level: Level, code: str) -> None:
    """Each answer to "Test connection" has one verdict, and its sentence lacks nothing."""
    judged = probe_answers.message(given, "claude-x", Credential.BEARER)
    assert (judged.verdict.level, judged.verdict.code) == (level, code)
    params = {"gateway": "http://g", "listed": "-", **judged.verdict.params}
    for lang in ("en", "zh"):
        assert "?" not in text(code, lang, **params)
    assert judged.blames_model == (code == "check-model-unknown")


def test_a_message_is_counted() -> None:
    """The tokens of a check are the gateway's own count; nonsense counts as nothing."""
    assert probe_answers.message(reply(200, GOOD), "m", Credential.NONE).usage == Usage(8, 1)
    odd = GOOD | {"usage": {"input_tokens": "8", "output_tokens": -1, "cache_read_input_tokens": 5}}
    assert probe_answers.message(reply(200, odd), "m", Credential.NONE).usage == Usage(5, 0)
    assert probe_answers.message(reply(200, GOOD | {"usage": 3}), "m", Credential.NONE).usage == Usage()


@pytest.mark.parametrize(
    ("body", "code", "ids"),
    [
        ({"data": [{"id": "claude-a"}], "has_more": False}, "check-models-ok", ("claude-a",)),
        ({"object": "list", "data": [{"id": "claude-a"}]}, "check-models-openai", ("claude-a",)),
        ({"data": [{"id": "claude-a", "object": "model"}]}, "check-models-openai", ("claude-a",)),
        ({"data": [{"id": "gpt-5"}, {"id": 3}, "x", {}]}, "check-models-refused", ("gpt-5",)),
        ({"data": []}, "check-models-empty", ()),
        ({"data": {}}, "check-models-error", ()),
        (["claude-a"], "check-models-error", ()),
        (HTML, "check-models-html", ()),
        (b"", "check-models-error", ()),
    ],
)
def test_lists_of_models(body: object, code: str, ids: tuple[str, ...]) -> None:
    """Anthropic's and OpenAI's lists are read; anything else is told and does not stop the check."""
    verdict, listed = probe_answers.models(reply(200, body))
    assert (verdict.code, listed.ids) == (code, ids)
    assert "?" not in text(code, "en", **verdict.params)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (reply(404, {}), "check-models-none"),
        (reply(401, messages.error(401, "key")), "check-models-error"),
        (reply(302, location="/login"), "check-models-redirect"),
        (broken("gateway-silent", limit="10"), "check-models-failed"),
    ],
)
def test_no_list_of_models(given: Reply, code: str) -> None:
    """Claude Desktop can do without: never more than a note."""
    verdict, listed = probe_answers.models(given)
    assert (verdict.level, verdict.code, listed.ids) == (Level.NOTE, code, ())


@pytest.mark.parametrize(
    ("given", "level", "code"),
    [
        (reply(200), Level.OK, "check-hello-ok"),
        (reply(404), Level.OK, "check-hello-ok"),
        (reply(301, location="/x"), Level.OK, "check-hello-ok"),
        (reply(502), Level.NOTE, "check-hello-error"),
        (broken("gateway-silent"), Level.NOTE, "gateway-silent"),
        (broken("gateway-speaks-tls"), Level.BAD, "gateway-speaks-tls"),
        (Reply(problem=("gateway-refused", {}), connected=False), Level.BAD, "gateway-refused"),
    ],
)
def test_the_start_up_probe(given: Reply, level: Level, code: str) -> None:
    """Any HTTP answer will do; where HTTP never begins there is no use in going on."""
    verdict = probe_answers.hello(given)
    assert (verdict.level, verdict.code) == (level, code)


@pytest.mark.parametrize(
    ("given", "level", "code"),
    [
        (reply(401, messages.error(401, "no")), Level.OK, "check-wrong-key-ok"),
        (reply(401, {"error": {"message": "no", "code": 401}}), Level.NOTE, "check-wrong-key-shape"),
        (reply(401, HTML, "text/html"), Level.NOTE, "check-wrong-key-shape"),
        (reply(403, {}), Level.NOTE, "check-wrong-key-status"),
        (reply(500, {}), Level.NOTE, "check-wrong-key-status"),
        (reply(200, messages.error(401, "no")), Level.NOTE, "check-wrong-key-status"),
        (reply(200, GOOD), Level.NOTE, "check-wrong-key-taken"),
        (broken("gateway-lost"), Level.NOTE, "check-wrong-key-failed"),
    ],
)
def test_a_wrong_key(given: Reply, level: Level, code: str) -> None:
    """Only 401 in the API's shape lets Claude Desktop say that it is the key."""
    judged = probe_answers.wrong_key(given)
    assert (judged.verdict.level, judged.verdict.code) == (level, code)


@pytest.mark.parametrize(
    ("given", "level", "code"),
    [
        (reply(200, {"input_tokens": 3}), Level.OK, "check-count-ok"),
        (reply(404, HTML, "text/html"), Level.OK, "check-count-none"),
        (reply(200, {}), Level.NOTE, "check-count-error"),
        (reply(500, {}), Level.NOTE, "check-count-error"),
        (broken("gateway-silent"), Level.NOTE, "check-count-failed"),
    ],
)
def test_counting_tokens(given: Reply, level: Level, code: str) -> None:
    """404 is fine: the clients estimate, then."""
    verdict = probe_answers.counted(given)
    assert (verdict.level, verdict.code) == (level, code)


def test_tools_betas_and_big_bodies() -> None:
    """What a turn brings along: a refused tool is bad, a refused beta or body is a note."""
    used = Credential.BEARER
    call = GOOD | {"content": [messages.tool_use_block("t", TOOL, {})]}
    refused = reply(400, messages.error(400, "no"))
    assert probe_answers.tool_use(reply(200, call), used).verdict.code == "check-tools-ok"
    assert probe_answers.tool_use(reply(200, GOOD), used).verdict.code == "check-tools-not-called"
    assert probe_answers.tool_use(refused, used).verdict[:2] == (Level.BAD, "check-tools-refused")
    assert probe_answers.tool_use(reply(429, {}), used).verdict[:2] == (Level.NOTE, "check-busy")
    assert probe_answers.beta(reply(200, GOOD), used).verdict.code == "check-beta-ok"
    assert probe_answers.beta(refused, used).verdict[:2] == (Level.NOTE, "check-beta-refused")
    assert probe_answers.beta(broken("gateway-lost"), used).verdict[:2] == (Level.NOTE, "gateway-lost")
    assert probe_answers.big(reply(200, GOOD), used).verdict.code == "check-big-ok"
    for lost in (reply(413), broken("gateway-lost")):
        assert probe_answers.big(lost, used).verdict[:2] == (Level.NOTE, "check-big-refused")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"type": "x", "message": "No such\n model."}}, "No such model"),
        ({"error": "plain"}, "plain"),
        ({"detail": [{"msg": "field required"}]}, "field required"),
        ({"message": "Forbidden"}, "Forbidden"),
        ({"odd": 1}, '{"odd": 1}'),
        (HTML, "Sign in"),
        (b"x" * 10_000, "x" * 200 + "..."),
        (b"", "-"),
        (
            {"error": {"message": "Incorrect API key: sk-ant-abc123. See sk-****wxyz"}},
            "Incorrect API key: *** See ***",
        ),
        ({"error": "bad Bearer abcdef123"}, "bad ***"),
    ],
)
def test_R23_the_gateways_own_words(body: object, words: str) -> None:
    """They are one short line, and nothing like a key stands in them (R23)."""
    assert probe_reading.said(probe_reading.read(reply(400, body))) == words


@given(
    st.binary(max_size=300), st.sampled_from([200, 400, 401, 404, 500]), st.sampled_from(["", "gzip", "br"])
)
def test_no_answer_is_too_strange(body: bytes, status: int, coding: str) -> None:
    """Whatever bytes come, there is a verdict with a sentence, and no traceback."""
    given = reply(status, body, content_encoding=coding)
    for verdict in (
        probe_answers.message(given, "m", Credential.BEARER).verdict,
        probe_answers.streamed(given, "m", Credential.BEARER).verdict,
        probe_answers.models(given)[0],
        probe_answers.wrong_key(given).verdict,
        probe_answers.counted(given),
        probe_answers.tool_use(given, Credential.BEARER).verdict,
    ):
        assert verdict.code in table()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_no_json_is_too_strange(value: object) -> None:
    """Members of the wrong kind are no reason to fall over."""
    given = reply(200, value)
    assert probe_answers.message(given, "m", Credential.BEARER).verdict.code in table()
    assert probe_answers.models(given)[0].code in table()
    assert probe_answers.wrong_key(given).verdict.code in table()
    assert probe_answers.big(given, Credential.NONE).verdict.code in table()


def test_bombs_are_bounded() -> None:
    """A small answer that unpacks to a huge one, or nests without end, costs little."""
    bomb = gzip.compress(b"[" * 20_000_000)
    found = probe_reading.read(reply(200, bomb, content_encoding="gzip"))
    assert found.kind is Kind.OTHER and len(found.text) == probe_reading.MOST_UNPACKED
