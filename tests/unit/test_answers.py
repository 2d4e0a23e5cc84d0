"""The edge's own error answers: their shape, their status, and what clients may do about them."""

import json

import pytest

from localedge import messages
from localedge.http.answers import error_answer
from localedge.http.head import values

CODES = sorted(code for code, entry in messages.table().items() if entry.status is not None)
STATUSES = {400, 401, 403, 405, 408, 413, 414, 421, 431, 500, 502, 503, 504, 508}
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    413: "request_too_large",
    500: "api_error",
    502: "api_error",
    503: "overloaded_error",
    504: "timeout_error",
    508: "api_error",
}
RETRY = {"gateway-refused", "gateway-unreachable", "gateway-connect-timeout", "gateway-tls-timeout"} | {
    "proxy-refused",
    "draining",
    "queue-full",
    "queue-timeout",
}
PARAMS = {
    "gateway": "http://gateway.test",
    "reason": "some reason",
    "limit": "15",
    "host": "a.test",
    "origin": "https://b.test",
    "proxy": "p.test:3128",
    "status": 403,
    "url": "https://localedge.test:18443",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("code", CODES)
def test_R40_every_error_has_the_shape_of_the_messages_api(code: str, lang: str) -> None:
    """An error is what the SDKs read: JSON with a type and one sentence, under the right status."""
    head, body = error_answer(code, PARAMS, lang)
    assert head.status in STATUSES
    assert head.reason
    said = json.loads(body)
    assert list(said) == ["type", "error"]
    assert said["type"] == "error"
    assert said["error"]["type"] == TYPES.get(head.status, "invalid_request_error")
    message = said["error"]["message"]
    assert message == messages.text(code, lang, **PARAMS)
    assert "{" not in message and "?" not in message
    assert any("\u4e00" <= letter <= "\u9fff" for letter in message) == (lang == "zh")
    assert values(head.fields, b"content-type") == [b"application/json"]
    assert values(head.fields, b"content-length") == [b"%d" % len(body)]
    assert values(head.fields, b"x-localedge-error") == [code.encode()]


@pytest.mark.parametrize("code", CODES)
def test_R40_retry_is_said_where_it_matters(code: str) -> None:
    """SDKs retry on 5xx unless told not to: false where it cannot help or may double the work."""
    head, _ = error_answer(code, PARAMS, "en")
    retry = values(head.fields, b"x-should-retry")
    if head.status < 500:
        assert retry == []
    else:
        assert retry == [b"true" if code in RETRY else b"false"]


def test_R42_the_status_tells_whose_fault_it_is() -> None:
    """502: the gateway is unreachable or broken, 504: it is silent, 503: the edge is draining or full."""
    for code in CODES:
        status = messages.entry(code).status
        if code in ("draining", "stopped-in-flight", "queue-full", "queue-timeout"):
            assert status == 503
        elif code in ("gateway-silent", "gateway-connect-timeout", "gateway-tls-timeout"):
            assert status == 504
        elif code.startswith(("gateway-", "proxy-")):
            assert status == 502
        elif code == "loop":
            assert status == 508
        else:
            assert status is not None and 400 <= status < 500


def test_R40_405_says_what_is_allowed() -> None:
    """RFC 9110 15.5.6: a 405 carries `Allow`."""
    head, _ = error_answer("connect-refused", {}, "en")
    assert values(head.fields, b"allow") == [b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]


def test_R40_chinese_stands_as_it_is() -> None:
    """Whoever reads the raw answer in a terminal reads Chinese, not escapes."""
    _, body = error_answer("bad-header", {}, "zh")
    assert "请求" in body.decode()
    assert b"\\u" not in body


def test_R40_what_a_client_sent_cannot_break_out_of_the_answer() -> None:
    """A host with quotes or line ends in it is data."""
    head, body = error_answer("host-not-allowed", {"host": 'a"}\r\nX: y'}, "en")
    assert 'a"}\r\nX: y' in json.loads(body)["error"]["message"]
    assert b"\r\n" not in body
    assert all(b"\r" not in value for _, value in head.fields)
