"""Host names: what may be one of the HTTPS way in, and how any host is written in a URL."""

import re

LOOPBACK_NAME = "localhost"
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def in_url(host: str) -> str:
    """A host as it stands in a URL or in `Host`: IPv6 addresses in brackets (RFC 3986 3.2.2)."""
    return f"[{host}]" if ":" in host else host


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
