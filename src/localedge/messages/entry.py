"""What one row of the message table is made of."""

from typing import NamedTuple


class Words(NamedTuple):
    """A message in one language: what is the case, then what to do next.

    Both are `str.format` templates.  `next` is empty only in rows that are
    mere talk (labels, announcements), never in an error.
    """

    fact: str
    next: str = ""


class Entry(NamedTuple):
    """One row.  The code it is stored under is stable: scripts and bug reports quote it."""

    en: Words
    zh: Words
    exit_status: int = 1
    """Of the command that fails with it: 1 the user can mend it, 2 usage, 3 internal."""
    status: int | None = None
    """HTTP status of the answer that carries it, if the edge answers with it (R40, R42)."""
    should_retry: bool | None = None
    """Value of `x-should-retry`, or None for no such field."""
    talk: bool = False
    """True for rows that are no errors."""
