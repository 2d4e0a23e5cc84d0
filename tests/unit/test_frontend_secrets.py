"""Keys show nowhere: not in logs, not in errors, not in anybody's `repr` (R23)."""

import logging
from typing import cast

import pytest
from twisted.logger import ILogObserver, globalLogPublisher

from localedge.config import Config, Gateway, LogFormat, Proxy, Secret
from tests.phrases import OK, answer, ask, streamed
from tests.playbook import Playbook

SECRET = "sk-ant-SECRET"


def _requests() -> list[bytes]:
    """Requests that carry a key in every place, and come to every kind of end."""
    key = SECRET.encode()
    keys = [b"X-Api-Key: " + key, b"Authorization: Bearer " + key, b"Cookie: a=" + key, b"X-Other: " + key]
    return [
        ask(b"POST /v1/messages?k=" + key, *keys, b"Content-Length: 99", body=key),
        ask(b"GET /v1?k=" + key, *keys),
        ask(b"HEAD /?" + key, *keys),
        ask(b"GET /", *keys, b"Origin: null"),
        ask(b"GET /", *keys, b"Bad Field: " + key),
        ask(b"GET /", *keys, b"Content-Length: " + key),
        ask(b"GET /", *keys, b"Transfer-Encoding: " + key),
        ask(b"POST /", *keys, b"Transfer-Encoding: chunked", body=key + b"\r\n"),
        ask(b"POST /", *keys, b"Transfer-Encoding: chunked", body=b"0\r\n" + key + b"\r\n\r\n"),
        ask(b"GET /" + key + b"#", *keys),
        ask(b"GET http://me:" + key + b"@localhost/", *keys),
        b"GET / HTTP/1.1\r\nHost: me:" + key + b"@localhost\r\n\r\n",
        key + b" / " + key + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + key * 6000,
    ]


RESPONSES = [
    OK,
    answer(b"401 " + SECRET.encode(), b"X-Echo: " + SECRET.encode(), body=SECRET.encode()),
    b"HTTP/1.1 200 OK\r\nBad " + SECRET.encode() + b": x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: " + SECRET.encode() + b"\r\n\r\n",
    SECRET.encode() + b"\r\n\r\n",
    streamed(SECRET.encode(), end=SECRET.encode() + b"\r\n"),
]


@pytest.mark.parametrize("log_format", LogFormat)
@pytest.mark.parametrize("response", RESPONSES)
def test_R23_keys_are_in_no_log_no_error_and_no_repr(
    log_format: LogFormat, response: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong with a request, its key shows nowhere."""
    events: list[object] = []
    globalLogPublisher.addObserver(cast(ILogObserver, events.append))
    caplog.set_level(logging.DEBUG)
    try:
        for request in _requests():
            edge = Playbook(
                Gateway("http", "192.0.2.1", 80, proxy=Proxy("192.0.2.2", 3128, Secret("me:" + SECRET))),
                log_format=log_format,
                client_token=None,
            )
            client = edge.client()
            client >> request
            shown = [repr(client.transport.protocol), repr(edge.context.agent), repr(edge.config)]
            shown += [repr(exchange) for exchange in edge.context.observer.in_flight]
            while edge.attempts:
                gateway = edge.gateway()
                shown.append(repr(gateway.transport.protocol))
                gateway >> response
            shown += [repr(client.transport.protocol), repr(edge.context.agent)]
            edge.wait(2000)
            if b"x-localedge-error" in client.received:
                assert SECRET.encode() not in client.received
            assert SECRET not in "\n".join(edge.log + shown)
    finally:
        globalLogPublisher.removeObserver(cast(ILogObserver, events.append))
    assert SECRET not in repr(events) + caplog.text


def test_R23_secrets_of_the_configuration_show_as_stars() -> None:
    """Printing the configuration gives nothing away."""
    config = Config(
        Gateway("https", "gateway.test", 443, proxy=Proxy("p.test", 3128, Secret("me:" + SECRET))),
        client_token=Secret(SECRET),
    )
    assert SECRET not in f"{config!r} {config} {config.client_token:>20} {[config.client_token]}"
    assert SECRET not in config.gateway.url
    assert config.client_token is not None and config.client_token.reveal() == SECRET
