"""Floor 3: the edge itself, on Twisted transports and timers."""
