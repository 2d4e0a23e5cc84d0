"""How long `localedge doctor` waits for edges that hang, and for name servers that say nothing."""

import os
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from localedge.cli import doctor_bundle
from localedge.config import Config, Gateway
from localedge.machine import health_asking, health_running, hosts_lookup
from localedge.machine.health_edge import look
from localedge.machine.running_edges import RunningEdge
from localedge.machine.vault import Vault
from tests.commands import PATIENCE
from tests.doctor_scene import PROBED, Talk, by_code, over_tls, peer, scene
from tests.h2_wire import authority

DEMO = Gateway("http", "127.0.0.1", 1, demo=True)


def together(count: int) -> Talk:
    """Edges that answer as soon as so many of them have been asked."""
    first = threading.Barrier(count)

    def talk(connection: socket.socket) -> None:
        if connection.recv(65536):
            if not over.is_set():
                first.wait(PATIENCE)
                over.set()
            connection.sendall(PROBED)

    over = threading.Event()
    return talk


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for two seconds."""
    monkeypatch.setattr(health_asking, "WAIT", 0.5)


def test_both_ways_in_are_tried_side_by_side(tmp_path: Path, hurried: None) -> None:
    """An edge that hangs does so at both: nobody waits for it twice."""
    https = authority(tmp_path / "ca")
    talk = together(2)
    with peer(talk) as plain, peer(over_tls(Vault(tmp_path / "ca").leaf_file, talk)) as secure:
        found = by_code(look(scene(tmp_path, Config(DEMO, port=plain, https=replace(https, port=secure)))))
    runs = found["doctor-edge-runs"][1]
    assert f":{plain}" in runs and f":{secure}" in runs


def test_running_edges_are_asked_side_by_side(
    tmp_path: Path, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that hangs takes no time from the others."""
    talk = together(2)
    with peer(talk) as one, peer(talk) as other:
        urls = [f"http://127.0.0.1:{port}" for port in (one, other)]
        notes = [RunningEdge(os.getpid(), (url,), "") for url in urls]
        monkeypatch.setattr(health_running, "running_edges", lambda *_: notes)
        found = health_running.as_running(scene(tmp_path, Config(DEMO, port=one)))
    assert found.running == tuple(urls) and found.configured is None


def test_a_damaged_note_is_of_no_edge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can be no name is not looked up."""
    notes = [RunningEdge(os.getpid(), (f"http://{host}:1",), "") for host in ("a..b", "\ud800")]
    monkeypatch.setattr(health_running, "running_edges", lambda *_: notes)
    assert health_running.as_running(scene(tmp_path, Config(DEMO))).running == ()


def test_a_bundle_does_not_wait_again_for_name_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The looks have waited for them already; the archive says that nobody knew."""
    never = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: never.wait(PATIENCE) and [])
    (tmp_path / "hosts").write_bytes(b"127.0.0.1 localhost\n")
    monkeypatch.setattr("localedge.machine.hosts.system_path", lambda: tmp_path / "hosts")
    started = time.monotonic()
    text = doctor_bundle._hosts(scene(tmp_path, Config(DEMO)))
    took = time.monotonic() - started
    never.set()
    assert "localhost: in the file ['127.0.0.1'], resolves to None" in text
    assert took < hosts_lookup.LIMIT / 2
