"""What `localedge hosts` tells, and what can be wrong with a hosts file."""

from .entry import Entry

TABLE: dict[str, Entry] = {}
