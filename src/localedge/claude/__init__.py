"""What localedge knows about Claude clients: pure values, no sockets, no clock (floor 2)."""
