"""What the HTTPS way in tells, and what can go wrong with it."""

from .entry import Entry

TABLE: dict[str, Entry] = {}
