"""The proxy people copy from blog posts: http.server and urllib, a thread per connection, whole bodies.

Usage: relay_threads.py http://gateway:port.
The port goes to standard output, the access log to standard error.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "host",
    "content-length",
}
OPENER = build_opener(ProxyHandler({}))


class Relay(BaseHTTPRequestHandler):
    """Reads everything, asks the gateway, reads everything, answers."""

    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        """One exchange."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        request = Request(sys.argv[1] + self.path, data=body, headers=headers, method=self.command)
        try:
            answer = OPENER.open(request, timeout=60)
        except HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = relay


class Server(ThreadingHTTPServer):
    """With a backlog that takes a burst of connections."""

    request_queue_size = 1024


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Relay)
    print(server.server_address[1], flush=True)
    server.serve_forever()
