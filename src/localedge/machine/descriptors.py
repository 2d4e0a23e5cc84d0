"""How many sockets this process may have."""

import sys

WANTED = 16384
"""Two for each of 4,096 exchanges, and room."""
MACOS_MOST = 10240
"""OPEN_MAX: macOS refuses a finite soft limit above it."""

RESERVE = 32
"""Descriptors that are not connections: files, the poller, a resolver's."""


def raise_descriptor_limit(wanted: int = WANTED) -> int | None:
    """Raise our own soft limit on descriptors as far as the system lets us without privilege.

    Returns how many we may count on, None where there is no such limit (Windows).
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    ceiling = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    for target in (ceiling, min(ceiling, MACOS_MOST)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):
            continue  # macOS: kern.maxfilesperproc may be lower than the hard limit
        return target
    return soft
