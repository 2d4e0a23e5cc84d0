"""The demo gateway over real sockets: the Python SDK, curl, and a client that reads byte by byte."""

import json
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import anthropic
import pytest
import pytest_twisted
from twisted.internet.address import IPv4Address
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.threads import deferToThread

from localedge.edge.demo import DemoGateway
from tests import peers

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds until a test gives up on a socket."""

QUESTION: list[Any] = [{"role": "user", "content": "Hello there"}]
ASK = {"model": "claude-demo-opus", "max_tokens": 100, "messages": QUESTION}
TOOL: Any = {
    "name": "read_file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}


def the_reactor() -> Any:
    """The reactor that pytest-twisted runs."""
    from twisted.internet import reactor

    return reactor


def port_of(listening: IListeningPort) -> int:
    """The port that the system chose."""
    return cast(IPv4Address, listening.getHost()).port


@asynccontextmanager
async def running(*scripts: str | None, gap: float = 0.0) -> AsyncIterator[tuple[DemoGateway, int]]:
    """A demo gateway on a free port, stopped at the end; no connection survives it."""
    demo = DemoGateway(the_reactor(), gap=gap, scripts=scripts)
    port = port_of(demo.listen(the_reactor()))
    try:
        yield demo, port
    finally:
        await demo.stop()
        assert demo.connections == set()


async def with_sdk(port: int, work: Callable[[anthropic.Anthropic], T]) -> T:
    """What `work` does with a client of the SDK, in a thread."""

    def run() -> T:
        base = f"http://127.0.0.1:{port}"
        with anthropic.Anthropic(base_url=base, auth_token="demo", max_retries=0) as client:
            return work(client)

    return cast(T, await deferToThread(run))


async def with_socket(port: int, work: Callable[[socket.socket], T]) -> T:
    """What `work` does with a plain connection, in a thread."""

    def run() -> T:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            return work(connection)

    return cast(T, await deferToThread(run))


def request(*lines: str, stream: bool = False) -> bytes:
    """A request for a message, as bytes."""
    body = json.dumps({**ASK, "stream": stream}).encode()
    fields = "".join(f"{line}\r\n" for line in ("Host: x", f"Content-Length: {len(body)}", *lines))
    return f"POST /v1/messages HTTP/1.1\r\n{fields}\r\n".encode() + body


def read_all(connection: socket.socket) -> bytes:
    """Everything until the end of the connection."""
    received = bytearray()
    while data := connection.recv(65536):
        received += data
    return bytes(received)


@pytest_twisted.ensureDeferred
async def test_the_sdk_gets_messages_counts_and_models() -> None:
    """The Python SDK reads a message, a token count, the list of models and one model."""

    def work(client: anthropic.Anthropic) -> tuple[Any, ...]:
        message = client.messages.create(model="claude-demo-opus", max_tokens=200, messages=QUESTION)
        count = client.messages.count_tokens(model="claude-demo-opus", messages=QUESTION)
        models = list(client.models.list(limit=2))
        return message, count, models, client.models.retrieve(models[0].id)

    async with running() as (demo, port):
        message, count, models, model = await with_sdk(port, work)
        assert "localedge's demo gateway" in message.content[0].text
        assert message._request_id == "req_demo_000001"
        assert count.input_tokens > 0
        assert models[0].id == model.id == "claude-demo-opus"
        assert len(models) == 3, "the SDK turns the page"
        assert (demo.answered, demo.aborted, demo.accepted) == (5, 0, 1)
        assert demo.seen[0].target.startswith(b"/v1/messages")


@pytest_twisted.ensureDeferred
async def test_the_sdk_reads_a_stream_with_thinking_and_a_tool() -> None:
    """The Python SDK puts a stream of thinking, text and tool use together again."""

    def work(client: anthropic.Anthropic) -> tuple[Any, Any]:
        with client.messages.stream(
            model="claude-demo-opus",
            max_tokens=2000,
            messages=QUESTION,
            thinking={"type": "enabled", "budget_tokens": 1024},
            tools=[TOOL],
            tool_choice={"type": "any"},
        ) as stream:
            kinds = [event.type for event in stream]
            return kinds, stream.get_final_message()

    async with running() as (_, port):
        kinds, message = await with_sdk(port, work)
        assert kinds[-1] == "message_stop"
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        assert message.content[2].input == {"path": "demo"}
        assert message.stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, anthropic.BadRequestError),
        (401, anthropic.AuthenticationError),
        (429, anthropic.RateLimitError),
        (500, anthropic.InternalServerError),
        (529, anthropic.InternalServerError),
    ],
)
@pytest_twisted.ensureDeferred
async def test_the_sdk_raises_its_own_errors(status: int, kind: type[anthropic.APIStatusError]) -> None:
    """A scripted status is the SDK's exception for it, with the message and `retry-after` in reach."""

    def work(client: anthropic.Anthropic) -> anthropic.APIStatusError:
        with pytest.raises(kind) as caught:
            client.messages.create(
                model="claude-demo-opus",
                max_tokens=200,
                messages=QUESTION,
                extra_headers={"x-demo": f"status={status}; retry-after=3"},
            )
        return caught.value

    async with running() as (_, port):
        error = await with_sdk(port, work)
        assert error.status_code == status
        assert error.response.headers["retry-after"] == "3"
        assert "what the script asked for" in str(error)


@pytest_twisted.ensureDeferred
async def test_curl_shows_a_stream_event_by_event() -> None:
    """`curl -N` prints events while the stream is open; when curl is gone, so is the request."""
    curl = str(peers.need("curl"))

    def work(port: int) -> list[bytes]:
        command = [curl, "-sN", f"http://127.0.0.1:{port}/v1/messages", "-d", "@-", "-H", "x-demo: hang=3"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**ASK, "stream": True}).encode())
            process.stdin.close()
            lines = [process.stdout.readline() for _ in range(8)]
            process.kill()
            return lines

    async with running(gap=0.001) as (demo, port):
        lines = await deferToThread(work, port)
        names = [line.strip() for line in lines if line.startswith(b"event: ")]
        assert names == [b"event: message_start", b"event: ping", b"event: content_block_start"]
        await demo.emptied()
        assert (demo.aborted, demo.answered) == (1, 0)


@pytest_twisted.ensureDeferred
async def test_a_cut_is_a_fin_or_a_reset_as_scripted() -> None:
    """`cut=3` ends the connection with a FIN, `cut=3:rst` with a reset, both behind the third event (R06)."""

    def fin(connection: socket.socket) -> bytes:
        connection.sendall(request("x-demo: cut=3", stream=True))
        return read_all(connection)

    def reset(connection: socket.socket) -> bytes:
        connection.sendall(request("x-demo: cut=3:rst", stream=True))
        received = b""
        try:
            while data := connection.recv(65536):
                received += data
        except ConnectionResetError:
            return received
        raise AssertionError("a FIN, not a reset")

    async with running() as (demo, port):
        for work in (fin, reset):
            received = await with_socket(port, work)
            assert received.count(b"event: ") == 3
            assert b"message_stop" not in received
        await demo.emptied()
        assert (demo.aborted, demo.answered) == (0, 0)


@pytest_twisted.ensureDeferred
async def test_a_huge_answer_arrives_whole() -> None:
    """`size=24MB` arrives to the last byte, and the gateway holds only a buffer of it meanwhile (R14)."""

    def work(connection: socket.socket) -> tuple[int, int]:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(request("x-demo: size=24MB", "Connection: close"))
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
        assert json.loads(body)["type"] == "message"
        return len(body), int(head.lower().partition(b"content-length: ")[2].split()[0])

    async with running() as (demo, port):
        assert await with_socket(port, work) == (24_000_000, 24_000_000)
        assert demo.answered == 1


@pytest_twisted.ensureDeferred
async def test_an_upload_is_answered_before_it_ends() -> None:
    """`early`: the client reads the whole answer before it sends its body, then goes on (R16)."""

    def work(connection: socket.socket) -> tuple[bytes, bytes]:
        connection.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
        connection.sendall(b"x" * 9 + request("Connection: close"))
        return received, read_all(connection)

    async with running("early; status=400") as (_, port):
        first, second = await with_socket(port, work)
        assert first.startswith(b"HTTP/1.1 400 ")
        assert second.startswith(b"HTTP/1.1 200 ")


@pytest_twisted.ensureDeferred
async def test_small_events_are_not_held_back() -> None:
    """The gateway's connections have TCP_NODELAY, so that no event waits for another (R36)."""

    def work(connection: socket.socket) -> bytes:
        connection.sendall(request("x-demo: hang=1", stream=True))
        received = b""
        while not received.endswith(b"\n\n\r\n"):
            received += connection.recv(65536)
        states.extend(one.wire.getTcpNoDelay() for one in demo.connections)
        return received

    states: list[Any] = []
    async with running() as (demo, port):
        assert b"message_start" in await with_socket(port, work)
        await demo.emptied()
    assert states == [True]


@pytest_twisted.ensureDeferred
async def test_stopping_frees_the_port() -> None:
    """While it runs nobody else gets its port; then idle clients see the end, and the port is free."""

    def ask(port: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        while not connection.recv(65536).endswith(b"\r\n\r\n"):
            pass
        return connection

    first, second = DemoGateway(the_reactor()), DemoGateway(the_reactor())
    port = port_of(first.listen(the_reactor()))
    with pytest.raises(CannotListenError):
        second.listen(the_reactor(), port=port)
    connection = cast(socket.socket, await deferToThread(ask, port))
    await first.stop()
    with connection:
        assert await deferToThread(read_all, connection) == b""
    second.listen(the_reactor(), port=port)
    await second.stop()
