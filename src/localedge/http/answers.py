"""The errors the edge answers with itself, in the shape clients of the Messages API read (R40)."""

from collections.abc import Mapping

from localedge import messages
from localedge.http.guard import ALLOW
from localedge.http.head import ResponseHead

REASONS = {
    200: b"OK",
    204: b"No Content",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    413: b"Content Too Large",
    414: b"URI Too Long",
    421: b"Misdirected Request",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
    508: b"Loop Detected",
}


def error_answer(code: str, params: Mapping[str, object], lang: str) -> tuple[ResponseHead, bytes]:
    """Head and JSON body of the edge's own error `code`; UTF-8, `lang` is `en` or `zh`."""
    import json  # seldom needed, and start-up time is a promise

    entry = messages.entry(code)
    status = entry.status or 500
    body = json.dumps(
        {
            "type": "error",
            "error": {"type": messages.error_type(status), "message": messages.text(code, lang, **params)},
        },
        ensure_ascii=False,
    ).encode()
    fields = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-localedge-error", code.encode()),
    ]
    if entry.should_retry is not None:
        fields.append((b"x-should-retry", b"true" if entry.should_retry else b"false"))
    if status == 405:
        fields.append(ALLOW)
    return ResponseHead(status, REASONS[status], tuple(fields)), body
