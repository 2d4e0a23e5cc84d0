"""A shutdown lets what is in flight end (R35), with a real process and a gateway played by sockets."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests import commands
from tests.commands import PATIENCE
from tests.phrases import ask, post, streamed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")


@dataclass
class Running:
    """An edge in a process of its own, and the gateway's listening socket."""

    process: "subprocess.Popen[str]"
    port: int
    gateway: socket.socket
    sockets: list[socket.socket] = field(default_factory=list)

    def client(self, request: bytes) -> socket.socket:
        """A client that has asked."""
        client = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.sockets.append(client)
        client.sendall(request)
        return client

    def accepted(self, marker: bytes = b"\r\n\r\n") -> socket.socket:
        """The gateway's connection, its request read up to this marker."""
        wire, _ = self.gateway.accept()
        wire.settimeout(PATIENCE)
        self.sockets.append(wire)
        read_until(wire, marker)
        return wire


def read_until(wire: socket.socket, marker: bytes) -> bytes:
    """What comes, up to and with this marker."""
    got = b""
    while marker not in got:
        data = wire.recv(65536)
        assert data, got
        got += data
    return got


@contextmanager
def edge(upstream: str | None = None, **environ: str) -> Iterator[Running]:
    """`localedge run` before a gateway that the test plays, or before `upstream`."""
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        gateway.settimeout(PATIENCE)
        url = upstream or f"http://127.0.0.1:{gateway.getsockname()[1]}"
        with commands.running("run", "--http-only", "--upstream", url, "--port", "0", **environ) as process:
            served = Running(process, commands.port_of(commands.first_line(process)), gateway)
            try:
                yield served
            finally:
                for one in served.sockets:
                    one.close()


def wait_until_it_drains(running: Running) -> None:
    """Until nobody new is let in."""
    assert running.process.stderr is not None
    next(line for line in running.process.stderr if line.startswith("Stopping"))
    for _ in range(10_000):
        try:
            socket.create_connection(("127.0.0.1", running.port), PATIENCE).close()
        except (ConnectionRefusedError, ConnectionResetError):  # gone, or going while we came
            return
        assert running.process.poll() is None
    raise AssertionError("still accepting")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_R35_a_stream_in_flight_ends_whole_and_the_exit_status_is_0(number: signal.Signals) -> None:
    """After one signal nobody new is let in, the running stream is finished, then the edge exits 0 (R35)."""
    with edge() as running:
        client = running.client(post(b"prompt"))
        wire = running.accepted(b"prompt")
        wire.sendall(streamed(b"one", end=b""))
        read_until(client, b"one\r\n")
        running.process.send_signal(number)
        wait_until_it_drains(running)
        assert running.process.poll() is None
        wire.sendall(b"3\r\ntwo\r\n0\r\n\r\n")
        assert read_until(client, b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"
        assert client.recv(1) == b""
        assert running.process.wait(PATIENCE) == 0


def test_R35_a_waiting_request_is_answered_with_close() -> None:
    """A request that waits for its answer gets it, and is told that the connection ends (R35)."""
    with edge() as running:
        idle = running.client(b"")
        client = running.client(ask())
        wire = running.accepted()
        running.process.send_signal(signal.SIGTERM)
        wait_until_it_drains(running)
        assert idle.recv(1) == b""
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        assert b"\r\nConnection: close\r\n" in read_until(client, b"\r\n\r\nok")
        assert client.recv(1) == b""
        assert running.process.wait(PATIENCE) == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_R35_a_second_signal_ends_it_at_once(first: signal.Signals) -> None:
    """Who signals twice does not want to wait for streams (R35)."""
    with edge() as running:
        client = running.client(ask())
        wire = running.accepted()
        wire.sendall(streamed(b"one", end=b""))
        read_until(client, b"one\r\n")
        running.process.send_signal(first)
        wait_until_it_drains(running)
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(5) != 0


def test_R30_R35_the_drain_has_a_limit() -> None:
    """A stream without end does not keep the edge alive for ever: it is cut at the limit (R35)."""
    with edge(LOCALEDGE_LIMITS_DRAIN="0.3") as running:
        client = running.client(ask())
        wire = running.accepted()
        wire.sendall(streamed(b"one", end=b""))
        read_until(client, b"one\r\n")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 0
        rest = b""
        try:
            while data := client.recv(65536):
                rest += data
        except ConnectionResetError:
            pass
        assert b"0\r\n\r\n" not in rest


def test_R24_the_environment_names_the_proxy() -> None:
    """`HTTP_PROXY` with its password is used for a gateway elsewhere, and does the resolving (R24)."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(PATIENCE)
        url = f"http://user:hush@127.0.0.1:{proxy.getsockname()[1]}"
        with edge("http://gateway.test:8000", HTTP_PROXY=url, http_proxy=url) as running:
            client = running.client(ask())
            wire, _ = proxy.accept()
            running.sockets.append(wire)
            asked = read_until(wire, b"\r\n\r\n")
            assert asked.startswith(b"GET http://gateway.test:8000/v1/models HTTP/1.1\r\n")
            assert b"\r\nProxy-Authorization: Basic dXNlcjpodXNo\r\n" in asked
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproxied")
            read_until(client, b"proxied")
            running.process.send_signal(signal.SIGTERM)
            out, err = running.process.communicate(timeout=PATIENCE)
            assert "hush" not in out + err


def test_R24_this_machine_is_never_asked_for_through_a_proxy() -> None:
    """A gateway on loopback is reached directly, whatever `HTTP_PROXY` says (R24)."""
    url = "http://127.0.0.1:9"
    with edge(HTTP_PROXY=url, http_proxy=url) as running:
        client = running.client(ask())
        wire = running.accepted()
        wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ndirect")
        read_until(client, b"direct")
