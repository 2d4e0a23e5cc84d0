"""What names and addresses of a hosts file mean, and what the system's resolver makes of them."""

import ipaddress
import socket
import threading
import time
from collections.abc import Sequence

LIMIT = 2.0
"""Seconds."""
# RFC 6761, RFC 8375, RFC 6762, and what ICANN will never delegate: nobody's public names
_PRIVATE = ("test", "example", "invalid", "localhost", "local", "internal", "home.arpa", "onion", "alt")
_CLAUDE = ("anthropic.com", "claude.ai", "claude.com")


def is_private(name: str) -> bool:
    """Whether a name cannot be one that everybody resolves."""
    return any(within(name, zone) for zone in _PRIVATE)


def is_claudes(name: str) -> bool:
    """Whether a name is one that Claude's own service uses."""
    return any(within(name, zone) for zone in _CLAUDE)


def is_loopback(address: str) -> bool:
    """Whether an address of a hosts file is this machine: 127.0.0.0/8, ::1, and those that mean any address.

    IPv4 in IPv6 clothes counts; what is no address does not.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return bool(plain.is_loopback or plain.is_unspecified)


def within(name: str, zone: str) -> bool:
    """Whether `name` is `zone` or below it; both in lower case."""
    return name == zone or name.endswith("." + zone)


def look_up(names: Sequence[str], limit: float = LIMIT) -> dict[str, tuple[str, ...] | None]:
    """The addresses of each name, none for one that does not exist, None where nobody knew in time.

    The system may wait for a dead server for a minute; `limit` seconds are enough here.  The threads
    that still wait end with the process.
    """
    found: dict[str, tuple[str, ...] | None] = dict.fromkeys(names)

    def ask(name: str) -> None:
        try:
            answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            # EAI_AGAIN: no server answered, which says nothing about the name
            found[name] = None if error.errno == socket.EAI_AGAIN else ()
        except (OSError, UnicodeError):
            found[name] = ()
        else:
            found[name] = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))

    threads = [threading.Thread(target=ask, args=(name,), daemon=True) for name in found]
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(found)
