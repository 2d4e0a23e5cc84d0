"""How many sockets this process may have."""

import sys

WANTED = 16384
"""Two for each of 4,096 exchanges, and room."""


def raise_descriptor_limit(wanted: int = WANTED) -> int | None:
    """Raise our own soft limit on descriptors as far as the system lets us without privilege.

    Returns the limit in force, None where there is none to raise (Windows).
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < target:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):
            return soft  # macOS: kern.maxfilesperproc may be lower than the hard limit
        return target
    return soft
