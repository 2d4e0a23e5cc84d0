"""The least Twisted program that listens and answers: the yardstick of the start lane."""

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Protocol, ServerFactory

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nhi\n"


class Answer(Protocol):
    """Answers whatever comes."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(ANSWER)


if __name__ == "__main__":
    factory = ServerFactory()
    factory.protocol = Answer
    host = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost()
    assert isinstance(host, IPv4Address)
    print(host.port, flush=True)
    reactor.run()
