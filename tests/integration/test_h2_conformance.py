"""RFC 9113 frame by frame, over TLS on real sockets; the rows are in `tests.h2_rows`."""

import pytest
import pytest_twisted
from hpack import Decoder

from localedge.config import Https
from tests.h2_peer import frame
from tests.h2_rows import (
    ACK,
    DATA,
    END_STREAM,
    FLOW,
    GOAWAY,
    HEADERS,
    LARGEST,
    PADDED,
    PING,
    PROTOCOL,
    ROWS,
    RST,
    SETTINGS,
    WINDOW,
    Ends,
    Goes,
    Resets,
    Step,
    open_,
    padded,
    setting,
    whole,
)
from tests.h2_wire import PREFACE, Frames, authority, connect, echoing
from tests.wire_peers import listening, running, turns

LAST_PING = b"are you?"


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Https:
    """An authority, and HTTPS with it."""
    return authority(tmp_path_factory.mktemp("ca"))


def answered_pings(client: Frames) -> list[bytes]:
    """What came back of our PINGs."""
    return [one.payload for one in client.of(PING) if one.flags & ACK]


def has_ended(client: Frames, stream: int) -> bool:
    """END_STREAM or RST_STREAM came."""
    return bool(client.of(RST, stream)) or any(
        one.flags & END_STREAM for kind in (DATA, HEADERS) for one in client.of(kind, stream)
    )


@pytest.mark.parametrize(("steps", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
@pytest_twisted.ensureDeferred
async def test_what_a_client_may_say(
    https: Https, steps: tuple[Step, ...], expected: Goes | Resets | Ends
) -> None:
    """What the RFC's section allows goes on; what it forbids has its error, and no other stream suffers."""
    async with echoing(https) as edge:
        client = Frames()
        await connect(client, edge)
        sent = PREFACE + frame(SETTINGS, 0, 0)
        for step in steps:
            if isinstance(step, bytes):
                sent += step
            else:
                client.send(sent)
                sent = b""
                await client.until(lambda: has_ended(client, step))  # noqa: B023 - awaited at once
        client.send(sent + frame(PING, 0, 0, LAST_PING))
        await client.until(lambda: LAST_PING in answered_pings(client) or client.end is not None)
        match expected:
            case Ends(codes):
                assert await client.ended() == "fin"
                (goaway,) = client.of(GOAWAY)
                assert goaway.code in codes
            case Resets(stream, codes):
                await client.until(lambda: bool(client.of(RST, stream)) or client.end is not None)
                assert client.of(RST, stream)[0].code in codes
                assert not client.of(GOAWAY)
                assert client.end is None
            case Goes(answered, body):
                decoder = Decoder()
                for stream in answered:
                    await client.until(lambda: has_ended(client, stream))  # noqa: B023
                    section = list(decoder.decode(client.of(HEADERS, stream)[0].payload, raw=True))
                    assert tuple(section[0]) == (b":status", b"200")
                    got = b"".join(one.payload for one in client.of(DATA, stream))
                    if body is not None:
                        assert got == body
                assert not client.of(RST)
                assert not client.of(GOAWAY)
                assert client.end is None


@pytest.mark.parametrize(
    "begun",
    [
        b"INVALID CONNECTION PREFACE\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        PREFACE[:-1] + b"x" + frame(SETTINGS, 0, 0),
        PREFACE + frame(PING, 0, 0, LAST_PING),
        PREFACE + whole(),
        PREFACE + frame(SETTINGS, ACK, 0) + whole(),
    ],
    ids=["other words", "HTTP/1.1", "nearly", "PING first", "HEADERS first", "an ACK first"],
)
@pytest_twisted.ensureDeferred
async def test_a_connection_that_begins_otherwise(https: Https, begun: bytes) -> None:
    """RFC 9113 3.4: the preface is those 24 bytes and a SETTINGS frame, or the connection ends."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = Frames()
        await connect(client, edge)
        client.send(begun)
        assert await client.ended() == "fin"
        assert len(client.of(GOAWAY)) == 1
        assert not gateway.wires


@pytest_twisted.ensureDeferred
async def test_a_connection_byte_by_byte(https: Https) -> None:
    """RFC 9113 4.1: frames may be cut anywhere, and TLS records too."""
    async with echoing(https) as edge:
        client = Frames()
        await connect(client, edge)
        sent = PREFACE + frame(SETTINGS, 0, 0) + open_() + frame(DATA, PADDED | 1, 1, padded(b"body", 3))
        for byte in sent:
            client.send(bytes([byte]))
        await client.until(lambda: has_ended(client, 1))
        assert b"".join(one.payload for one in client.of(DATA, 1)) == b"body"


@pytest_twisted.ensureDeferred
async def test_the_edges_own_preface_comes_first(https: Https) -> None:
    """RFC 9113 3.4: SETTINGS is the edge's first frame, before the client speaks; ours are acknowledged."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = Frames()
        await connect(client, edge)
        await client.until(lambda: bool(client.frames))
        assert (client.frames[0].kind, client.frames[0].flags, client.frames[0].stream) == (SETTINGS, 0, 0)
        client.send(PREFACE + frame(SETTINGS, 0, 0) + frame(SETTINGS, 0, 0, setting(4, 9)))
        await client.until(lambda: len([one for one in client.of(SETTINGS) if one.flags & ACK]) == 2)


@pytest_twisted.ensureDeferred
async def test_more_than_the_window_allows(https: Https) -> None:
    """RFC 9113 6.9.1: a client that goes on when its window is used up is stopped: FLOW_CONTROL_ERROR."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        gateway.reading = False
        client = Frames()
        await connect(client, edge)
        client.send(PREFACE + frame(SETTINGS, 0, 0) + open_())
        block_of_data = frame(DATA, 0, 1, b"d" * LARGEST) * 16
        for _ in range(200):
            client.send(block_of_data)
            await turns(1)
            if client.end is not None or client.of(RST):
                break
        await client.until(lambda: client.end is not None or bool(client.of(RST)))
        assert [one.code for one in [*client.of(GOAWAY), *client.of(RST)]] == [FLOW]
        (wire,) = gateway.wires
        wire.transport.resumeProducing()
        assert await wire.ended() == "reset"


@pytest_twisted.ensureDeferred
async def test_no_more_than_the_clients_window(https: Https) -> None:
    """RFC 9113 6.9.2: a window may shrink below zero, and is kept to until it is open again."""
    async with echoing(https) as edge:
        client = Frames()
        await connect(client, edge)
        client.send(PREFACE + frame(SETTINGS, 0, 0, setting(4, 4)) + open_() + frame(DATA, 0, 1, b"sixbyt"))

        def got() -> bytes:
            return b"".join(one.payload for one in client.of(DATA, 1))

        await client.until(lambda: got() == b"sixb")
        client.send(frame(SETTINGS, 0, 0, setting(4, 1)) + frame(WINDOW, 0, 1, b"\0\0\0\x03"))
        client.send(frame(PING, 0, 0, b"nothing!"))
        await client.until(lambda: b"nothing!" in answered_pings(client))
        assert got() == b"sixb"
        client.send(frame(WINDOW, 0, 1, b"\0\0\0\x01") + frame(PING, 0, 0, b"one more"))
        await client.until(lambda: b"one more" in answered_pings(client))
        assert got() == b"sixby"
        client.send(frame(SETTINGS, 0, 0, setting(4, 100)) + frame(DATA, 1, 1))
        await client.until(lambda: has_ended(client, 1))
        assert got() == b"sixbyt"


@pytest_twisted.ensureDeferred
async def test_what_GOAWAY_says_of_streams(https: Https) -> None:
    """RFC 9113 6.8: the last stream that was begun, so that the client may try others elsewhere."""
    async with listening() as gateway, running(gateway.port, https=https) as edge:
        client = Frames()
        await connect(client, edge)
        client.send(PREFACE + frame(SETTINGS, 0, 0) + open_(1) + open_(7))
        await gateway.accepted()
        await gateway.accepted()
        client.send(frame(PING, 0, 1, b"8 bytes!"))
        assert await client.ended() == "fin"
        (goaway,) = client.of(GOAWAY)
        assert (int.from_bytes(goaway.payload[:4]), goaway.code) == (7, PROTOCOL)
        for wire in gateway.wires:
            assert await wire.ended() == "reset"
