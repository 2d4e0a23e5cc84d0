"""The Anthropic SDK for Python through the edge: what a program sees (R11-R13, R31)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import anthropic
import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from localedge.config import Limits
from tests.demo_edge import demonstrating
from tests.wire_peers import turns

T = TypeVar("T")

QUESTION: list[Any] = [{"role": "user", "content": "Hello there"}]
ASK: dict[str, Any] = {"model": "claude-demo-opus", "max_tokens": 200, "messages": QUESTION}
TOOL: Any = {
    "name": "read_file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
MEGABYTE = 1024 * 1024


async def with_sdk(port: int, work: Callable[[anthropic.Anthropic], T], **options: Any) -> T:
    """What `work` does with the synchronous client, in a thread."""

    def run() -> T:
        base = f"http://127.0.0.1:{port}"
        with anthropic.Anthropic(base_url=base, api_key="demo", **{"max_retries": 0, **options}) as client:
            return work(client)

    return cast(T, await deferToThread(run))


async def with_async_sdk(port: int, work: Callable[[anthropic.AsyncAnthropic], Awaitable[T]]) -> T:
    """What `work` does with the asynchronous client, on an asyncio loop in a thread."""

    async def run() -> T:
        base = f"http://127.0.0.1:{port}"
        async with anthropic.AsyncAnthropic(base_url=base, api_key="demo", max_retries=0) as client:
            return await work(client)

    return cast(T, await deferToThread(lambda: asyncio.run(run())))


@pytest_twisted.ensureDeferred
async def test_R11_messages_counts_and_models_over_one_connection() -> None:
    """A message, a token count and the models arrive; both legs keep their connections (R11, R33)."""

    def work(client: anthropic.Anthropic) -> tuple[Any, ...]:
        message = client.messages.create(**ASK)
        count = client.messages.count_tokens(model="claude-demo-opus", messages=QUESTION)
        models = list(client.models.list(limit=2))
        return message, count, models, client.models.retrieve(models[0].id)

    async with demonstrating() as (demo, edge):
        message, count, models, model = await with_sdk(edge.port, work)
        assert "localedge's demo gateway" in message.content[0].text
        assert message._request_id == "req_demo_000001"
        assert count.input_tokens > 0
        assert models[0].id == model.id
        assert len(models) == 3
        assert demo.accepted == 1
        assert [record["ending"] for record in edge.records] == ["ok"] * 5
        assert [record["reused"] for record in edge.records] == [False] + [True] * 4


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
@pytest_twisted.ensureDeferred
async def test_R11_every_way_to_write_the_base_url_works(suffix: str) -> None:
    """A base URL that ends in `/` or `/v1` is folded (R11)."""

    async with demonstrating() as (demo, edge):
        base = f"http://127.0.0.1:{edge.port}{suffix}"
        await with_sdk(edge.port, lambda client: client.with_options(base_url=base).messages.create(**ASK))
        assert demo.seen[0].target == b"/v1/messages"


@pytest_twisted.ensureDeferred
async def test_R12_the_sdks_fields_reach_the_gateway() -> None:
    """`x-api-key`, `anthropic-*` and `x-stainless-*` are passed on (R12)."""

    async with demonstrating(record=True) as (demo, edge):
        await with_sdk(edge.port, lambda client: client.messages.create(**ASK, extra_headers={"X-New": "1"}))
        head = demo.seen[0].head
        assert head is not None
        names = {name.lower() for name, _ in head.fields}
        assert {b"anthropic-version", b"x-stainless-lang", b"x-new", b"via"} <= names
        assert not names & {b"connection", b"keep-alive"}


@pytest_twisted.ensureDeferred
async def test_R13_a_stream_arrives_event_by_event() -> None:
    """Thinking, text and tool use come together again, and not all at once (R13)."""

    def work(client: anthropic.Anthropic) -> tuple[list[str], Any, float]:
        times = []
        with client.messages.stream(
            **{**ASK, "max_tokens": 2000},
            thinking={"type": "enabled", "budget_tokens": 1024},
            tools=[TOOL],
            tool_choice={"type": "any"},
        ) as stream:
            kinds: list[str] = []
            for event in stream:
                kinds.append(event.type)
                times.append(time.monotonic())
            return kinds, stream.get_final_message(), times[-1] - times[0]

    async with demonstrating(gap=0.01) as (_, edge):
        kinds, message, spread = await with_sdk(edge.port, work)
        assert kinds[-1] == "message_stop"
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        assert message.content[2].input == {"path": "demo"}
        assert spread > 0.05
        assert edge.records[0]["ending"] == "ok"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (403, anthropic.PermissionDeniedError),
        (404, anthropic.NotFoundError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
@pytest_twisted.ensureDeferred
async def test_R12_the_gateways_errors_are_the_sdks(
    status: int, kind: type[anthropic.APIStatusError]
) -> None:
    """An error of the gateway raises what it would raise without the edge, body and fields included (R12)."""

    def work(client: anthropic.Anthropic) -> anthropic.APIStatusError:
        with pytest.raises(kind) as caught:
            client.messages.create(**ASK, extra_headers={"x-demo": f"status={status}; retry-after=3"})
        return caught.value

    async with demonstrating() as (_, edge):
        error = await with_sdk(edge.port, work)
        assert type(error).__name__ == kind.__name__ or status == 529
        assert error.status_code == status
        assert error.response.headers["retry-after"] == "3"
        assert "x-localedge-error" not in error.response.headers
        assert "what the script asked for" in str(error)


@pytest_twisted.ensureDeferred
async def test_R40_the_edges_own_errors_are_the_sdks_too() -> None:
    """A silent gateway raises the SDK's error with the edge's sentence, without retries (R40)."""

    def work(client: anthropic.Anthropic) -> anthropic.APIStatusError:
        with pytest.raises(anthropic.InternalServerError) as caught:
            client.messages.create(**ASK)
        return caught.value

    async with demonstrating("hang", limits=Limits(first_byte=0.2)) as (demo, edge):
        error = await with_sdk(edge.port, work, max_retries=3)
        assert error.status_code == 504
        assert error.response.headers["x-localedge-error"] == "gateway-silent"
        assert cast(Any, error.body)["error"]["type"] == "timeout_error"
        assert demo.requests == 1


@pytest_twisted.ensureDeferred
async def test_R34_a_post_of_unknown_fate_is_not_repeated_by_the_sdk() -> None:
    """A gateway that hangs up unanswered is asked once: `x-should-retry: false` (R34, R40)."""

    def work(client: anthropic.Anthropic) -> int:
        with pytest.raises(anthropic.InternalServerError) as caught:
            client.messages.create(**ASK)
        return caught.value.status_code

    async with demonstrating("cut=start") as (demo, edge):
        assert await with_sdk(edge.port, work, max_retries=3) == 502
        assert demo.requests == 1


@pytest_twisted.ensureDeferred
async def test_R06_a_cut_stream_raises() -> None:
    """A stream that the gateway cut is an error to the SDK, not a short message (R06)."""

    def work(client: anthropic.Anthropic) -> list[str]:
        kinds: list[str] = []
        with client.messages.stream(**ASK, extra_headers={"x-demo": "cut=3"}) as stream:
            events = (event.type for event in stream)
            with pytest.raises(Exception, match="peer closed connection"):
                kinds.extend(events)
        return kinds

    async with demonstrating() as (_, edge):
        assert "message_stop" not in await with_sdk(edge.port, work)
        assert edge.records[0]["ending"] == "gateway-cut"


@pytest_twisted.ensureDeferred
async def test_R14_thirty_two_megabytes_go_up() -> None:
    """A request as big as the API allows arrives whole (R14)."""
    content = "x" * (32 * MEGABYTE - 1000)
    big: list[Any] = [{"role": "user", "content": content}]

    def work(client: anthropic.Anthropic) -> int:
        return client.messages.count_tokens(model="claude-demo-opus", messages=big).input_tokens

    async with demonstrating() as (_, edge):
        assert await with_sdk(edge.port, work) > MEGABYTE
        assert edge.records[0]["bytes_in"] > len(content)


@pytest_twisted.ensureDeferred
async def test_R31_closing_a_stream_cancels_it_at_the_gateway() -> None:
    """A program that has read enough stops the tokens (R31)."""

    def work(client: anthropic.Anthropic) -> None:
        with client.messages.stream(**ASK, extra_headers={"x-demo": "hang=4"}) as stream:
            for event in stream:
                if event.type == "content_block_start":
                    break

    async with demonstrating() as (demo, edge):
        await with_sdk(edge.port, work)
        while not demo.aborted:
            await turns(1)
        assert (await edge.logged())[0]["ending"] == "client-gone"


@pytest_twisted.ensureDeferred
async def test_R31_cancelling_an_asyncio_task_cancels_at_the_gateway() -> None:
    """The asynchronous client's cancelled task ends the gateway's request too (R31)."""

    async def work(client: anthropic.AsyncAnthropic) -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async with client.messages.stream(**ASK, extra_headers={"x-demo": "hang=4"}) as stream:
                async for _ in stream:
                    begun.set()

        task = asyncio.create_task(read())
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async with demonstrating() as (demo, edge):
        await with_async_sdk(edge.port, work)
        while not demo.aborted:
            await turns(1)
        assert (await edge.logged())[0]["status"] == 499


@pytest_twisted.ensureDeferred
async def test_R13_thirty_streams_at_once() -> None:
    """The asynchronous client reads many streams at the same time (R13, R33)."""

    async def work(client: anthropic.AsyncAnthropic) -> list[str]:
        async def one() -> str:
            async with client.messages.stream(**ASK) as stream:
                return await stream.get_final_text()

        return await asyncio.gather(*[one() for _ in range(30)])

    async with demonstrating(gap=0.005) as (demo, edge):
        texts = await with_async_sdk(edge.port, work)
        assert len(texts) == 30
        assert all("demo gateway" in text for text in texts)
        assert {record["ending"] for record in edge.records} == {"ok"}
        assert (demo.answered, demo.aborted) == (30, 0)
