"""The Anthropic SDK for JavaScript, in node, through the edge (R11-R13, R31)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest_twisted
from twisted.internet.threads import deferToThread

from tests import peers
from tests.demo_edge import demonstrating
from tests.wire_peers import Edge, turns

PATIENCE = 60.0
"""Seconds until a test gives up on node."""

PRELUDE = """
import Anthropic from '@anthropic-ai/sdk';
const client = new Anthropic({ baseURL: process.argv[1], apiKey: 'demo', maxRetries: 0 });
const messages = [{ role: 'user', content: 'Hello there' }];
const ask = { model: 'claude-demo-opus', max_tokens: 200, messages };
const script = (text) => ({ headers: { 'x-demo': text } });
const say = (value) => console.log(JSON.stringify(value));
"""


async def node(edge: Edge, script: str, place: Path, suffix: str = "") -> Any:
    """What a script in node says, as JSON."""
    base = f"http://127.0.0.1:{edge.port}{suffix}"

    def run() -> Any:
        done = subprocess.run(
            ["node", "--input-type=module", "-e", PRELUDE + script, "--", base],
            cwd=place,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return await deferToThread(run)


@pytest_twisted.ensureDeferred
async def test_R11_messages_counts_and_models() -> None:
    """A message, a token count and the models arrive (R11)."""
    place = peers.javascript_sdk()
    script = """
    const message = await client.messages.create(ask);
    const count = await client.messages.countTokens({ model: ask.model, messages: ask.messages });
    const models = await client.models.list();
    const ids = models.data.map((one) => one.id);
    say([message.content[0].text, count.input_tokens, ids, message._request_id]);
    """
    async with demonstrating() as (demo, edge):
        text, count, models, request_id = await node(edge, script, place, "/")
        assert "demo gateway" in text
        assert count > 0
        assert "claude-demo-opus" in models
        assert request_id == "req_demo_000001"
        assert [record["ending"] for record in edge.records] == ["ok"] * 3
        assert demo.accepted == 1


@pytest_twisted.ensureDeferred
async def test_R13_a_stream_with_a_tool_is_put_together() -> None:
    """Events arrive one by one, and make a message with a tool's input (R13)."""
    place = peers.javascript_sdk()
    script = """
    const input_schema = { type: 'object', properties: { path: { type: 'string' } } };
    const tools = [{ name: 'read_file', input_schema }];
    const stream = client.messages.stream({ ...ask, tools, tool_choice: { type: 'any' } });
    const kinds = [], times = [];
    for await (const event of stream) { kinds.push(event.type); times.push(performance.now()); }
    const message = await stream.finalMessage();
    say([kinds, times.at(-1) - times[0], message.content.map((block) => block.type), message.stop_reason]);
    """
    async with demonstrating(gap=0.01) as (_, edge):
        kinds, spread, blocks, reason = await node(edge, script, place)
        assert kinds[0] == "message_start"
        assert kinds[-1] == "message_stop"
        assert spread > 50
        assert blocks[-1] == "tool_use"
        assert reason == "tool_use"


@pytest_twisted.ensureDeferred
async def test_R12_the_gateways_errors_are_the_sdks() -> None:
    """Each status raises the SDK's class for it, with the gateway's wording (R12)."""
    place = peers.javascript_sdk()
    script = """
    const seen = [];
    const kinds = {
      400: Anthropic.BadRequestError, 401: Anthropic.AuthenticationError,
      429: Anthropic.RateLimitError, 529: Anthropic.InternalServerError,
    };
    for (const status of [400, 401, 429, 529]) {
      try {
        await client.messages.create(ask, script(`status=${status}; retry-after=3`));
      } catch (error) {
        const after = error.headers.get('retry-after');
        seen.push([error instanceof kinds[status], error.status, after, error.message]);
      }
    }
    say(seen);
    """
    async with demonstrating() as (_, edge):
        seen = await node(edge, script, place)
        assert [one[:3] for one in seen] == [
            [True, 400, "3"],
            [True, 401, "3"],
            [True, 429, "3"],
            [True, 529, "3"],
        ]
        assert all("what the script asked for" in one[3] for one in seen)


@pytest_twisted.ensureDeferred
async def test_R31_aborting_a_stream_cancels_it_at_the_gateway() -> None:
    """`controller.abort()` stops the tokens (R31)."""
    place = peers.javascript_sdk()
    script = """
    const stream = await client.messages.create({ ...ask, stream: true }, script('hang=4'));
    for await (const event of stream) { if (event.type === 'content_block_start') stream.controller.abort(); }
    say('aborted');
    """
    async with demonstrating() as (demo, edge):
        assert await node(edge, script, place) == "aborted"
        while not demo.aborted:
            await turns(1)
        assert (await edge.logged())[0]["status"] == 499


@pytest_twisted.ensureDeferred
async def test_R06_a_cut_stream_is_an_error() -> None:
    """A stream that the gateway cut does not look complete (R06)."""
    place = peers.javascript_sdk()
    script = """
    try {
      const stream = await client.messages.create({ ...ask, stream: true }, script('cut=4'));
      for await (const event of stream) {}
      say('complete');
    } catch (error) { say('error'); }
    """
    async with demonstrating() as (_, edge):
        assert await node(edge, script, place) == "error"
        assert edge.records[0]["ending"] == "gateway-cut"
