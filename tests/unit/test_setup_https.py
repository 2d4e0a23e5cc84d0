"""The steps that need more rights than setup has: the command is told, and looked at again."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest

from localedge.cli import hosts, trust_ca
from localedge.cli.output import Printer
from localedge.cli.setup_asking import Person
from localedge.cli.setup_gateway import Wishes
from localedge.cli.setup_https import Https
from localedge.cli.setup_steps import Steps
from localedge.config import Config, Gateway
from localedge.errors import Failure
from localedge.machine import hosts_lookup
from localedge.machine.setup_journal import Progress

CONFIG = Config(Gateway("http", "127.0.0.1", 1))
COMMAND = "sudo localedge hosts add localedge.test"


class Machine:
    """Commands that fail for want of rights, until `mapped`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mapped = False
        self.called: list[str] = []
        self.statuses = iter([4])
        monkeypatch.setattr(hosts, "add", click.Command("add", callback=self._add))
        monkeypatch.setattr(trust_ca, "trust_ca", click.Command("trust-ca", callback=self._trust))
        monkeypatch.setattr(hosts_lookup, "look_up", self._look_up)

    def _add(self, **_: object) -> None:
        self.called.append("hosts")
        raise Failure("hosts-needs-root", path="/etc/hosts", command=COMMAND)

    def _trust(self, **_: object) -> int:
        self.called.append("trust")
        return next(self.statuses, 0)

    def _look_up(self, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        return dict.fromkeys(names, ("127.0.0.1",) if self.mapped else ())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One on which we are nobody."""
    return Machine(monkeypatch)


@contextmanager
def steps(told: io.StringIO, *, there: bool) -> Iterator[Https]:
    """As the command has them."""
    printer = Printer(io.StringIO(), told)
    wishes = Wishes(None, (), None, "https", True, False, not there, None, None)
    with click.Context(click.Command("setup"), obj=printer):
        yield Https(printer, Person(printer, there=there), wishes)


def test_nobody_there(machine: Machine) -> None:
    """It ends with the status that means a person is needed, and the whole command."""
    told = io.StringIO()
    with steps(told, there=False) as https:
        with pytest.raises(Failure) as raised:
            https.map(CONFIG)
        assert (raised.value.code, raised.value.exit_status) == ("setup-person", 4)
        assert f'Run "{COMMAND}", then "localedge setup" again' in str(raised.value)
        with pytest.raises(Failure) as raised:
            https.trust()
        assert raised.value.code == "setup-person"
        machine.statuses = iter([1])
        with pytest.raises(Failure) as raised:
            https.trust()
        assert (raised.value.code, raised.value.exit_status) == ("setup-not-done", 1)
    assert "[hosts-needs-root]" in told.getvalue()


def test_somebody_runs_it_elsewhere(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """After Enter it is looked whether the names lead here by now; not yet: once more."""
    told = io.StringIO()

    class Typing:
        def readline(self) -> str:
            machine.mapped = len(machine.called) == 2
            return "\n"

    monkeypatch.setattr("sys.stdin", Typing())
    with steps(told, there=True) as https:
        https.map(CONFIG)
        https.trust()
    assert machine.called == ["hosts", "hosts", "trust", "trust"]
    assert f'Run "{COMMAND}" in another window' in told.getvalue()


def test_plain_http_instead(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who skips the CA that HTTPS needs goes on with plain HTTP, and no name is mapped."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("LOCALEDGE_CA_DIR", str(tmp_path / "ca"))
    monkeypatch.setattr("sys.stdin", io.StringIO("skip\n"))
    data = io.StringIO()
    printer = Printer(data, io.StringIO())
    wishes = Wishes(None, (), None, "https", True, False, False, None, None)
    with click.Context(click.Command("setup"), obj=printer):
        steps = Steps(printer, wishes, Person(printer, there=True))
        steps.progress = Progress(way="https")
        with steps.journal.held():
            steps.trust()
    assert not steps.https and steps.journal.load().way == "http" and machine.called == ["trust"]
    assert "Plain HTTP on this machine in place of HTTPS" in data.getvalue()


def test_skipped(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may go on without it."""
    monkeypatch.setattr("sys.stdin", io.StringIO("skip\nskip\n"))
    with steps(io.StringIO(), there=True) as https:
        https.map(CONFIG)
        https.trust()
    assert machine.called == ["hosts", "trust"]
