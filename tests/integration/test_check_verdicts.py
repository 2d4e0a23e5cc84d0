"""`localedge check` against real gateways, good and bad: the right sentence for each."""

import gzip

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from localedge.claude import messages, probe_stream
from localedge.claude.probing import Credential, Level
from localedge.config import Gateway, Limits
from localedge.edge.probe import Bounds
from tests.check_peers import (
    Asked,
    answer,
    checked,
    demo,
    document,
    error,
    good,
    html,
    later,
    openai,
    serving,
    the_message,
)
from tests.wire_peers import listening

KEY = "sk-secret-key"


@pytest_twisted.ensureDeferred
async def test_a_good_gateway_is_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but "ok" for a gateway that has everything, directly and through the edge."""
    monkeypatch.setattr(probe_stream, "TOO_QUICK", 30.0)  # a busy machine buffers nothing
    async with serving(good) as server:
        report = await checked(server.port)
        assert [one.verdict.code for one in report.findings if one.verdict.level is not Level.OK] == []
        assert report.codes == [
            "check-hello-ok",
            "check-models-ok",
            "check-message-ok",
            "check-stream-quick",
            "check-scheme-both",
            "check-wrong-key-ok",
            "check-count-ok",
            "check-tools-ok",
            "check-beta-ok",
            "check-big-ok",
            *("check-hello-ok", "check-models-ok", "check-message-ok", "check-stream-quick"),
            *("check-wrong-key-ok", "check-big-ok"),
        ]
        outcome = report.outcome
        assert (outcome.usable, outcome.model, outcome.credential) == (
            True,
            "claude-opus-4",
            Credential.BEARER,
        )
        assert outcome.usage.input == 9 * 9 and outcome.usage.output == 2 * 9
        asked = [one.json for one in server.seen if one.line == "POST /v1/messages"]
        assert all(one["max_tokens"] <= 16 for one in asked)


@pytest_twisted.ensureDeferred
async def test_the_demo_gateway_streams() -> None:
    """The demo gateway is usable, and its stream is seen to be one: directly and through the edge."""
    async with demo() as gateway:
        report = await checked(gateway.port)  # type: ignore[attr-defined]
        assert report.outcome.usable
        for stream in (report["stream"], report.by_edge("stream")):
            assert stream.verdict.code == "check-stream-ok"
            assert stream.longest_gap is not None and stream.longest_gap < 1
        assert report.code("wrong-key") == "check-wrong-key-taken"


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_speaks_openai_only() -> None:
    """OpenAI's API alone is of no use, and the sentence says which API is missing."""
    async with serving(openai) as server:
        report = await checked(server.port)
        assert not report.outcome.usable
        assert report.code("models") == "check-models-refused"
        assert report.code("message") == "check-openai-only"
        assert report.sentence("message").startswith(
            "The gateway speaks OpenAI's API only, not the Messages API"
        )


@pytest_twisted.ensureDeferred
async def test_the_messages_api_at_another_path() -> None:
    """Where /v1/messages is missing but /anthropic/v1/messages is there, that base URL is named."""

    def elsewhere(asked: Asked) -> bytes:
        if asked.path.startswith("/anthropic/"):
            return good(
                asked._replace(head=asked.head._replace(target=asked.head.target.removeprefix(b"/anthropic")))
            )
        return openai(asked)

    async with serving(elsewhere) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-other-path"
        assert report.sentence("message").endswith(
            f"Use http://127.0.0.1:{server.port}/anthropic as gateway.url (--upstream)."
        )


@pytest_twisted.ensureDeferred
async def test_a_wrong_model_name() -> None:
    """Each name that the user gave is told apart: served, or not, with those that there are."""

    def picky(asked: Asked) -> bytes:
        if asked.line == "POST /v1/messages" and asked.json["model"] != "claude-opus-4":
            return error(404, f"model: {asked.json['model']}")
        return good(asked)

    async with serving(picky) as server:
        report = await checked(server.port, "claude-typo", "claude-opus-4")
        verdicts = [one.verdict for one in report.findings if one.check == "message" and not one.through_edge]
        assert [verdict.code for verdict in verdicts] == ["check-model-unknown", "check-message-ok"]
        assert report.outcome.usable and verdicts[0].level is Level.NOTE
        report = await checked(server.port, "claude-typo")
        assert not report.outcome.usable
        assert "Wrong model name: the gateway does not serve claude-typo" in report.sentence("message")
        assert "(claude-opus-4)" in report.sentence("message")


@pytest_twisted.ensureDeferred
async def test_models_are_tried_in_order() -> None:
    """claude-opus-4, then claude-sonnet-4, then those that the gateway lists."""

    def own(asked: Asked) -> bytes:
        if asked.line == "GET /v1/models":
            return document({"data": [{"id": "gpt-5.5"}, {"id": "my-opus"}], "has_more": False})
        if asked.line == "POST /v1/messages" and asked.json["model"] != "my-opus":
            return document({"error": {"message": "No available channel for this model"}}, 503)
        return good(asked)

    async with serving(own) as server:
        report = await checked(server.port)
        asked = [one.json["model"] for one in server.seen if one.line == "POST /v1/messages"]
        assert asked[:3] == ["claude-opus-4", "claude-sonnet-4", "my-opus"]
        assert report.code("model") == "check-model-other"
        assert report.outcome.usable and report.outcome.model == "my-opus"


@pytest_twisted.ensureDeferred
async def test_a_model_that_desktop_does_not_show() -> None:
    """A model may work and still be missing in Claude Desktop's picker."""
    async with serving(good) as server:
        report = await checked(server.port, "gpt-5.5")
        assert report.code("model") == "check-model-hidden"
        assert report.outcome.usable


@pytest_twisted.ensureDeferred
async def test_a_gateway_behind_a_buffering_proxy() -> None:
    """A stream that comes all at once is told as buffered, with the remedy."""

    def buffered(asked: Asked) -> "object":
        whole = good(asked)
        return later(0.4, whole) if b"text/event-stream" in whole else whole

    async with serving(buffered) as server:  # type: ignore[arg-type]
        report = await checked(server.port)
        assert report.code("stream") == report.by_edge("stream").verdict.code == "check-stream-buffered"
        assert "proxy_buffering off" in report.sentence("stream")
        assert report.outcome.usable


@pytest.mark.parametrize(
    ("scheme", "host", "path", "code"),
    [
        ("https", "127.0.0.1", "/v1/messages", "check-redirect-elsewhere"),
        ("http", "login.example", "/login", "check-redirect-elsewhere"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_gateway_that_redirects_to_another_host(scheme: str, host: str, path: str, code: str) -> None:
    """The key is sent nowhere but to the gateway."""
    target = f"{scheme}://{host.replace('127.0.0.1', 'other.example')}{path}?next=secret"

    async with serving(lambda _: answer(302, b"", location=target)) as server:
        report = await checked(server.port)
        assert report.code("message") == code
        assert "other.example" in report.sentence("message") or host in report.sentence("message")
        assert "secret" not in report.sentence("message")
        assert len(report.asked) == 3


@pytest_twisted.ensureDeferred
async def test_a_redirect_loop() -> None:
    """A gateway that redirects to itself is told so, after a bounded number of hops."""

    def circle(asked: Asked) -> bytes:
        return answer(308, b"", location="/b" if asked.path != "/b" else "/v1/messages")

    async with serving(circle) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-redirect-loop"
        hops = [one for one in server.seen if one.head.method == b"POST"][1:]
        assert 0 < len(hops) <= 5
        assert all(KEY not in str(one.head.fields) for one in hops)


@pytest_twisted.ensureDeferred
async def test_a_redirect_to_another_path() -> None:
    """The final URL is named, since Claude does not follow."""

    def moved(asked: Asked) -> bytes:
        if asked.path.startswith("/new/"):
            return error(401, "no key")
        return answer(301, b"", location=f"/new{asked.path}")

    async with serving(moved) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-redirect-moved"
        assert f"http://127.0.0.1:{server.port}/new as" in report.sentence("message")


@pytest_twisted.ensureDeferred
async def test_a_web_site() -> None:
    """Web pages in place of answers: this is not an API."""
    async with serving(lambda asked: html("Welcome to nginx!", 405 if asked.body else 200)) as server:
        report = await checked(server.port)
        assert report.codes == ["check-hello-ok", "check-models-html", "check-html"]
        assert report.sentence("message").startswith(
            'A web page came in place of an answer (HTML, HTTP 405, "Welcome to nginx!").'
        )


@pytest_twisted.ensureDeferred
async def test_200_with_an_error_inside() -> None:
    """Success on the outside, an error inside: Claude Desktop would show an empty answer."""

    def inside(asked: Asked) -> bytes:
        whole = good(asked)
        return (
            document({"error": {"message": "quota used up", "type": "x"}}) if b'"msg_1"' in whole else whole
        )

    async with serving(inside) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-error-inside"
        assert '"quota used up"' in report.sentence("message")


@pytest_twisted.ensureDeferred
async def test_gzip_that_nobody_asked_for() -> None:
    """A compressed answer is read all the same, and told."""

    def packed(asked: Asked) -> bytes:
        if asked.line == "POST /v1/messages" and not asked.json.get("stream"):
            body = gzip.compress(messages.encode(the_message(asked)))
            return answer(200, body, content_encoding="gzip")
        return good(asked)

    async with serving(packed) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-packed" and report.outcome.usable
    bomb = gzip.compress(b"[" * 50_000_000)
    async with serving(lambda _: answer(200, bomb, content_encoding="gzip")) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-not-json"
    async with serving(lambda _: answer(200, b"\x1b\x00", content_encoding="br")) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-packed-unreadable"


@pytest_twisted.ensureDeferred
async def test_an_endless_body() -> None:
    """An answer without an end is given up after so many bytes."""
    async with demo(scripts=[None, "size=1gb", "size=1gb"]) as gateway:
        bounds = Bounds(short=5, answer=5, whole=10, body=100_000)
        report = await checked(gateway.port, bounds=bounds)  # type: ignore[attr-defined]
        assert report.code("message") == "check-endless"
        assert not report.outcome.usable


@pytest_twisted.ensureDeferred
async def test_a_silent_gateway() -> None:
    """A gateway that accepts and says nothing costs a bounded time."""
    async with listening() as silent:
        report = await checked(silent.port, bounds=Bounds(short=0.1, answer=0.2, whole=1))
        assert report.codes == ["gateway-silent", "check-models-failed", "gateway-silent"]
        assert "has sent nothing for 0.2 s" in report.sentence("message")
        assert not report.outcome.usable


@pytest_twisted.ensureDeferred
async def test_an_answer_that_stops_in_the_middle_or_trickles_for_ever() -> None:
    """A stall and a trickle have limits of their own."""
    async with demo(scripts=[None, None, None, "hang=3"]) as gateway:
        report = await checked(gateway.port, bounds=Bounds(short=1, answer=0.3, whole=5))  # type: ignore[attr-defined]
        assert report.code("stream") == "check-stalled"
    async with demo(scripts=[None, None, None, "gap=20ms; events=5000"]) as gateway:
        report = await checked(gateway.port, bounds=Bounds(short=1, answer=1, whole=0.5))  # type: ignore[attr-defined]
        assert report.code("stream") == "check-too-long"


@pytest_twisted.ensureDeferred
async def test_a_head_that_trickles() -> None:
    """Whoever sends a byte now and then is not silent, and is given up all the same."""
    async with listening() as slow:
        bounds = Bounds(short=0.15, answer=0.15, whole=1)
        running = Deferred.fromCoroutine(checked(slow.port, bounds=bounds))

        def drop() -> None:
            for wire in slow.wires:
                if not wire.lost:
                    wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")

        trickle = LoopingCall(drop)
        trickle.start(0.05)
        report = await running
        trickle.stop()
        assert report.codes == ["check-too-long", "check-models-failed", "check-too-long"]


@pytest_twisted.ensureDeferred
async def test_a_cut_stream() -> None:
    """A stream without message_stop is a dropped connection to Claude Desktop."""
    async with demo(scripts=[None, None, None, "cut=4"]) as gateway:
        report = await checked(gateway.port)  # type: ignore[attr-defined]
        assert report.code("stream") in ("check-cut", "check-stream-cut")
        assert not report.outcome.usable


@pytest_twisted.ensureDeferred
async def test_nobody_there() -> None:
    """A refused connection and an unknown name end the check at once."""
    async with listening() as gone:
        port = gone.port
    report = await checked(port)
    assert report.codes == ["gateway-refused"] and len(report.asked) == 1


@pytest_twisted.ensureDeferred
async def test_a_refused_key_is_tried_by_the_other_scheme() -> None:
    """A gateway that knows x-api-key only is usable, and the scheme to choose is named."""

    def x_api_key_only(asked: Asked) -> bytes:
        if asked.line == "POST /v1/messages" and asked.field(b"x-api-key") != KEY:
            return error(401, f"bad key {asked.field(b'authorization')}")
        return good(asked)

    async with serving(x_api_key_only) as server:
        report = await checked(server.port)
        assert report.outcome.usable and report.outcome.credential is Credential.X_API_KEY
        assert report.code("scheme") == "check-scheme-one"
        assert "Choose the scheme x-api-key" in report.sentence("scheme")


@pytest_twisted.ensureDeferred
async def test_R23_a_key_that_the_gateway_quotes_is_not_shown() -> None:
    """Some gateways quote the key back: it is blotted out before anybody looks (R23)."""
    async with serving(lambda asked: error(401, f"no such key: {KEY} {asked.field(b'x-api-key')}")) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-key-refused"
        assert KEY not in repr(report.findings) and "secret" not in report.sentence("message")
        assert any(KEY in one.field(b"authorization") for one in server.seen)


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_wants_a_key() -> None:
    """Without a key it is said where to put one."""
    async with serving(lambda _: error(401, "x-api-key header is required")) as server:
        report = await checked(server.port, key=None)
        assert report.code("message") == "check-key-missing"


@pytest_twisted.ensureDeferred
async def test_bodies_over_a_limit_and_betas_and_tools_refused() -> None:
    """What a gateway refuses of a real turn is found without sending one."""

    def narrow(asked: Asked) -> bytes:
        if len(asked.body) > 1_000_000:
            return html("413 Request Entity Too Large", 413)
        if asked.field(b"anthropic-beta"):
            return error(400, "Unexpected value(s) for the anthropic-beta header")
        if b'"tools"' in asked.body:
            return error(400, "tools are not supported")
        if asked.path.endswith("count_tokens"):
            return error(404, "Not found")
        return good(asked)

    async with serving(narrow) as server:
        report = await checked(server.port)
        assert report.code("big-body") == report.by_edge("big-body").verdict.code == "check-big-refused"
        assert report.code("beta") == "check-beta-refused"
        assert report.code("tools") == "check-tools-refused"
        assert report.code("count-tokens") == "check-count-none"
        assert not report.outcome.usable and report.outcome.mend == report["tools"]


@pytest.mark.parametrize("key", ["x", "text", "message", "0", "a-key-of-16-chars"])
@pytest_twisted.ensureDeferred
async def test_R23_a_key_that_is_a_word_does_no_harm(key: str) -> None:
    """People type anything where a key is wanted but not looked at: answers are still understood (R23)."""
    async with serving(good) as server:
        report = await checked(server.port, key=key)
        assert report.outcome.usable
    async with serving(lambda _: error(401, f"<{key}> is wrong")) as server:
        report = await checked(server.port, key=key)
        said = report["message"].verdict.params["said"]
        assert isinstance(said, str) and f"<{key}>" not in said


@pytest_twisted.ensureDeferred
async def test_a_site_that_says_401_to_whatever_is_below_api() -> None:
    """Another API's 401 is not taken for the Messages API."""

    def site(asked: Asked) -> bytes:
        if asked.path.startswith("/api"):
            return document({"message": "Unauthorized"}, 401)
        return html("Not Found", 404)

    async with serving(site) as server:
        report = await checked(server.port)
        assert report.code("message") == "check-html"


@pytest_twisted.ensureDeferred
async def test_a_limit_of_the_edge_s_own() -> None:
    """What the edge itself refuses is told as the edge's."""
    async with serving(good) as server:
        gateway = Gateway("http", "127.0.0.1", server.port)
        report = await checked(gateway, limits=Limits(body_bytes=1_000_000))
        assert report.code("big-body") == "check-big-ok"
        assert report.by_edge("big-body").verdict.code == "check-edge-refused"
        assert report.outcome.usable


@pytest_twisted.ensureDeferred
async def test_a_gateway_that_hangs_up_on_big_bodies() -> None:
    """A gateway that closes in the middle of an upload has a limit too."""
    async with demo(scripts=[None] * 9 + ["early=close; status=413"]) as gateway:
        report = await checked(gateway.port)  # type: ignore[attr-defined]
        assert report.code("big-body") == "check-big-refused"
