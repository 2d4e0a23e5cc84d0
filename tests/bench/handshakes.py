"""Full TLS 1.3 handshakes, a few at a time, each on a connection of its own that ends with it.

Python's ssl serves as well as another client: the arithmetic of OpenSSL is nearly all there is, and no
session is ever resumed (wrk's are, and `openssl s_time` waits for one handshake after the other).  It
costs the client more than the proxy, so that the proxy's CPU time tells more than the rate.
"""

import select
import time
from contextlib import ExitStack

from .client import Wrong, plain_connection
from .secured import Secured


def full(port: int, seconds: float, parallel: int = 8) -> tuple[int, float]:
    """Handshakes and the seconds they took."""
    with ExitStack() as stack:
        poller = stack.enter_context(select.epoll())
        open_now: dict[int, Secured] = {}

        @stack.callback
        def _end() -> None:
            for session in open_now.values():
                session.close()

        def begin() -> None:
            session = Secured(plain_connection(port), None)
            open_now[session.fileno()] = session
            session.shake()
            poller.register(session.fileno(), select.EPOLLIN)

        start, count = time.monotonic(), 0
        for _ in range(parallel):
            begin()
        while (now := time.monotonic()) < start + seconds or not count:
            ready = poller.poll(5.0)
            if not ready:
                raise Wrong("no handshake ended within 5 s")
            for number, _ in ready:
                session = open_now[number]
                received = session.socket.recv(65536)
                if not received:
                    raise Wrong("a connection was closed in the handshake")
                if session.shake(received):
                    if session.resumed:
                        raise Wrong("a session was resumed")
                    count += 1
                    del open_now[number]
                    poller.unregister(number)
                    session.close()
                    begin()
        return count, now - start
