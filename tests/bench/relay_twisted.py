"""A relay of twisted.web's own parts: a Resource in front, a pooled Agent behind, answers streamed.

Usage: relay_twisted.py http://gateway:port access-log.  The port goes to standard output.
Request bodies are buffered by twisted.web before `render` is called; nothing can be done about it here.
"""

# mypy: allow-untyped-calls
# twisted.web's constructors and requests carry no types.

import sys

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IResponse
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade"}


class Body(Protocol):
    """Passes the answer's body on as it arrives, and the client's back-pressure back."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.gone = False

    def connectionMade(self) -> None:
        self.request.registerProducer(self.transport, True)

    def dataReceived(self, data: bytes) -> None:
        if not self.gone:
            self.request.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.gone:
            self.request.unregisterProducer()
            self.request.finish()


class Relay(Resource):
    """Every path, every method."""

    isLeaf = True

    def __init__(self, gateway: bytes) -> None:
        super().__init__()
        self.gateway = gateway
        pool = HTTPConnectionPool(reactor)
        pool.maxPersistentPerHost = 64
        self.agent = Agent(reactor, pool=pool)

    def render(self, request: Request) -> int:
        headers = Headers()
        for name, values in request.requestHeaders.getAllRawHeaders():
            if name.lower() not in HOP_BY_HOP | {b"host", b"content-length"}:
                headers.setRawHeaders(name, values)
        body = FileBodyProducer(request.content) if request.getHeader("content-length") else None
        waiting = self.agent.request(request.method, self.gateway + request.uri, headers, body)
        gone = request.notifyFinish()

        def answer(response: IResponse) -> None:
            request.setResponseCode(response.code, response.phrase)
            for name, values in response.headers.getAllRawHeaders():
                if name.lower() not in HOP_BY_HOP:
                    request.responseHeaders.setRawHeaders(name, values)
            if isinstance(response.length, int):
                request.setHeader(b"content-length", b"%d" % response.length)
            relayed = Body(request)

            def lost(_: Failure) -> None:
                relayed.gone = True
                if relayed.transport is not None:
                    relayed.transport.loseConnection()

            gone.addErrback(lost)
            response.deliverBody(relayed)

        def failed(_: Failure) -> None:
            gone.addErrback(lambda _: None)
            request.setResponseCode(502)
            request.finish()

        waiting.addCallbacks(answer, failed)
        return NOT_DONE_YET


if __name__ == "__main__":
    site = Site(Relay(sys.argv[1].encode()), logPath=sys.argv[2].encode())
    # Site is a server factory that does not say so in a way mypy sees.
    host = reactor.listenTCP(0, site, interface="127.0.0.1", backlog=1024).getHost()  # type: ignore[arg-type]
    assert isinstance(host, IPv4Address)
    print(host.port, flush=True)
    reactor.run()
