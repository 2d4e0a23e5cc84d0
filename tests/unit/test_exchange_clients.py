"""Requests as Claude clients sent them, replayed: all but Host, Via and hop-by-hop stays (R10-R12)."""

import json
from pathlib import Path
from typing import Any

import pytest

from localedge.config import Gateway
from localedge.http.forwarding import HOP_BY_HOP
from tests.phrases import answer
from tests.playbook import VIA, Playbook

RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "data" / "client-requests.json").read_text(encoding="utf-8")
)["requests"]
PROBES = {"/", "/api/hello"}


def name(request: dict[str, Any]) -> str:
    """Client, method and target."""
    return f"{request['client'].split()[0]} {request['method']} {request['target']}"


def wire(request: dict[str, Any]) -> tuple[bytes, list[bytes], bytes]:
    """Start line, header lines and body as the client sends them."""
    start = f"{request['method']} {request['target']} HTTP/1.1\r\n".encode()
    fields = [f"{key}: {value}\r\n".encode() for key, value in request["headers"]]
    return start, fields, bytes(index % 251 for index in range(request["body_bytes"]))


@pytest.mark.parametrize("cut", [1 << 20, 1000, 7], ids=["whole", "packets", "crumbs"])
@pytest.mark.parametrize("request_", [one for one in RECORDED if one["method"] != "HEAD"], ids=name)
def test_R10_R11_R12_a_recorded_request_arrives_as_it_was_sent(request_: dict[str, Any], cut: int) -> None:
    """What real clients send reaches the gateway unchanged, however the network cuts it (R10, R11, R12)."""
    start, fields, body = wire(request_)
    edge = Playbook(Gateway("http", "192.0.2.1", 8000), allowed_hosts=("edge.localedge.test",))
    client = edge.client()
    data = start + b"".join(fields) + b"\r\n" + body
    first = len(data) - len(body) + 1
    client >> data[:first]
    for place in range(first, len(data), max(cut, len(body) // 50)):
        client >> data[place : place + max(cut, len(body) // 50)]
    expected = start
    for line in fields:
        key = line.partition(b":")[0].lower()
        if key == b"host":
            line = line.partition(b":")[0] + b": 192.0.2.1:8000\r\n"
        if key not in HOP_BY_HOP:
            expected += line
    gateway = edge.gateway()
    gateway << expected + VIA + b"\r\n" + body
    reply = answer(b"200 OK", b"content-type: application/json", b"request-id: req_1", body=b"{}")
    gateway >> reply
    client << reply
    assert client.end is None


@pytest.mark.parametrize("request_", [one for one in RECORDED if one["method"] == "HEAD"], ids=name)
def test_R41_a_recorded_probe_is_answered_here(request_: dict[str, Any]) -> None:
    """The start-up probe of a real client is answered without the gateway (R41)."""
    assert request_["target"] in PROBES
    start, fields, _ = wire(request_)
    edge = Playbook()
    client = edge.client()
    client >> start + b"".join(fields) + b"\r\n"
    assert client.reply(head=True).status == 200
    assert edge.untouched
