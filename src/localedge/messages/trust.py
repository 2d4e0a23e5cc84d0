"""What `trust-ca` and `untrust-ca` tell, and what can go wrong with a trust store."""

from .entry import Entry

TABLE: dict[str, Entry] = {}
