"""Whether anybody answers at the base URL that Claude Desktop is given."""

import socket
from urllib.parse import urlsplit

_PATIENCE = 1.0


def answers(url: str) -> bool:
    """Whether a connection can be made there: the edge may just not be started yet.  Raises nothing."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), _PATIENCE):
            return True
    except (OSError, UnicodeError):
        return False
