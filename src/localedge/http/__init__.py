"""Floor 1: HTTP as bytes in, values out.  No sockets, no clock, no Twisted."""
