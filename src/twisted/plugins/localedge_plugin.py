"""Makes `twistd localedge` known.  Imports nothing else: twistd loads every plugin to list them."""

from twisted.application.service import ServiceMaker

localedge = ServiceMaker(
    "localedge",
    "localedge.tap",
    "A local edge for Claude Desktop and Claude Code in front of an HTTP gateway.",
    "localedge",
)
