"""The machine we run on: its files, ports and processes."""
