"""Host names of the HTTPS way in: what may be one."""

import re

LOOPBACK_NAME = "localhost"
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def is_host_name(text: str) -> bool:
    """Whether `text` is an exact host name in lower case: letters, digits and hyphens (RFC 1123 2.1).

    No wildcard, no final dot, no IP address, at least two labels, the last one not a number.
    """
    labels = text.split(".")
    return (
        len(text) <= 253
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not labels[-1].isdigit()
    )
