"""The demo gateway as a service of its own."""

from typing import Any

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError

from localedge.edge.demo import DemoGateway
from localedge.errors import Failure, Problems
from localedge.machine.ports import listen_failure
from localedge.settings import values
from localedge.settings.upstream import is_loopback


def parse_address(host: str, port: str) -> tuple[str, int]:
    """The address to listen on: loopback, as nothing guards the demo (R22).  Raises `Problems`."""
    problems: list[Failure] = []
    parsed: list[Any] = []
    for flag, typed, parse in (
        ("--host", host, values.listen_host),
        ("--port", port, values.whole(0, 65535)),
    ):
        try:
            parsed.append(parse(typed))
        except Failure as failure:
            problems.append(
                Failure(failure.code, **{"value": typed, "key": flag, **failure.params, "where": flag})
            )
    if not problems and not is_loopback(parsed[0]):
        problems.append(Failure("demo-not-loopback", where="--host", host=parsed[0]))
    if problems:
        raise Problems(problems)
    return parsed[0], parsed[1]


class DemoService(Service):
    """Listens on one address with the demo gateway behind it."""

    def __init__(self, reactor: Any, host: str, port: int) -> None:
        self.whenListening: Deferred[int] = Deferred()
        """Fires with the port that is bound, or fails with `errors.Failure`."""
        self._reactor = reactor
        self._address = host, port
        self._gateway = DemoGateway(reactor)

    def startService(self) -> None:
        """Begin to listen."""
        Service.startService(self)
        host, port = self._address
        try:
            bound = self._gateway.listen(self._reactor, host, port)
        except CannotListenError as error:
            self.whenListening.errback(listen_failure(host, port, error.socketError))
            return
        address = bound.getHost()
        assert isinstance(address, IPv4Address | IPv6Address), address
        self.whenListening.callback(address.port)

    def stopService(self) -> Deferred[None]:
        """Stop listening and cut what is still being answered."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._gateway.stop())
