"""What can be wrong with the local authority, and what `localedge ca` tells."""

from .entry import Entry

TABLE: dict[str, Entry] = {}
