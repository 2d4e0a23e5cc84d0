"""Rules that Claude's clients go by, as far as they are known from outside."""

import re
from typing import NamedTuple

PLAIN_HOSTS = ("127.0.0.1", "localhost", "[::1]")
"""Hosts, to the letter, that Claude Desktop talks plain HTTP to."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]\s\\]+)(?::([0-9]{1,5}))?")


class Verdict(NamedTuple):
    """Whether Claude Desktop takes a base URL."""

    accepted: bool
    url: str
    """As it is read: without a scheme it becomes https, which surprises users of `127.0.0.1:18080`."""


def accepts_base_url(url: str) -> Verdict:
    """Claude Desktop's rule for a gateway's base URL: https to any host, http to loopback by exact name.

    Its message otherwise: `baseUrl: must use https (or http on loopback)`.
    """
    read = url.strip()
    match = _SCHEME.match(read)
    if match is None:
        read = f"https://{read}"
        match = _SCHEME.match(read)
    assert match is not None
    authority = _AUTHORITY.fullmatch(re.split("[/?#]", read[match.end() :], maxsplit=1)[0])
    if authority is None or int(authority[2] or 0) > 65535:
        return Verdict(False, read)
    scheme = match[1].lower()
    return Verdict(scheme == "https" or (scheme == "http" and authority[1].lower() in PLAIN_HOSTS), read)
