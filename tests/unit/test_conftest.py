"""The test run's own guards: sample tests that deserve them are run under this project's conftest."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SAMPLE = '''
import warnings

import pytest
import pytest_twisted
from hypothesis import given, strategies
from twisted.internet import defer
from twisted.python import log

from tests import peers


@pytest_twisted.ensureDeferred
async def test_closes_what_it_opened():
    from twisted.internet import endpoints, protocol, reactor
    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = await server.listen(protocol.Factory.forProtocol(protocol.Protocol))
    client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    connection = await endpoints.connectProtocol(client, protocol.Protocol())
    connection.transport.loseConnection()
    await port.stopListening()


def test_leaves_a_timer():
    from twisted.internet import reactor
    reactor.callLater(60, print)


def test_leaves_a_port():
    from twisted.internet import protocol, reactor
    reactor.listenTCP(0, protocol.Factory(), interface="127.0.0.1")


def test_loses_an_error():
    defer.fail(ValueError("lost"))


def test_logs_a_failure():
    log.err(ValueError("in passing"))


def test_expects_a_failure(logged):
    log.err(ValueError("on purpose"))
    [failure] = logged.flush(ValueError)
    assert str(failure.value) == "on purpose"


def test_warns():
    warnings.warn("old", DeprecationWarning)


@given(strategies.binary())
@pytest_twisted.ensureDeferred
async def test_asynchronous_property(data):
    """A rule in a docstring (R07)."""
    assert await defer.succeed(data) == data


@given(strategies.binary())
def test_plain_property(data):
    assert bytes(data) == data


def test_needs_a_peer():
    peers.need("no-such-program-anywhere")


@pytest_twisted.inlineCallbacks
def test_yields():
    """A rule in another docstring: R08."""
    yield None
'''


def run(
    place: Path, source: str, *options: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `source` as a test module of its own, under this project's conftest and settings."""
    module = place / "test_sample.py"
    module.write_text(source)
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(place), str(module), *options]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {**os.environ, "PYTHONPATH": path, "COLUMNS": "300", "EDGETEST_NO_SKIPS": "0"}
    env.update(environment or {})
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest printed about the sample."""
    return run(tmp_path_factory.mktemp("sample"), SAMPLE).stdout


@pytest.mark.parametrize(
    "name",
    [
        "test_closes_what_it_opened",
        "test_expects_a_failure",
        "test_asynchronous_property",
        "test_plain_property",
        "test_yields",
    ],
)
def test_a_clean_test_passes(output: str, name: str) -> None:
    """A test that closes what it opened, or looks at the failure it caused, passes."""
    assert f"PASSED test_sample.py::{name}" in output, output
    assert f"ERROR test_sample.py::{name}" not in output, output


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("test_leaves_a_timer", "left in the reactor: <DelayedCall"),
        ("test_leaves_a_port", "left in the reactor: <<class 'twisted.internet.tcp.Port'>"),
        ("test_loses_an_error", "logged by Twisted: Unhandled error in Deferred"),
        ("test_logs_a_failure", "ValueError: in passing"),
    ],
)
def test_what_is_left_behind_fails_the_test(output: str, name: str, complaint: str) -> None:
    """A test that leaves a timer, an open port, a lost error or a logged failure fails, and is told which."""
    assert f"ERROR test_sample.py::{name} - " in output, output
    _, _, section = output.partition(f" ERROR at teardown of {name} ")
    assert complaint in section.partition(" ERROR at ")[0], output


def test_a_warning_is_an_error(output: str) -> None:
    """A deprecated call fails the test that makes it."""
    assert "FAILED test_sample.py::test_warns - DeprecationWarning: old" in output, output


def test_a_missing_peer_is_a_skip(output: str) -> None:
    """On a machine without nginx the tests that need it are skipped, with the peer's name."""
    assert "SKIPPED [1]" in output, output
    assert "peer missing: no-such-program-anywhere" in output, output
    assert "not allowed here" not in output, output


def test_a_missing_peer_fails_a_run_that_allows_no_skips(tmp_path: Path) -> None:
    """The project's own checks fail, and name the test and the peer, when a peer is not there."""
    strict = {"EDGETEST_NO_SKIPS": "1"}
    done = run(tmp_path, SAMPLE, "-k", "peer or plain", environment=strict)
    assert done.returncode == 1, done.stdout
    assert "test_sample.py::test_needs_a_peer: peer missing: no-such-program-anywhere" in done.stdout


def test_a_module_that_needs_a_missing_peer_fails_such_a_run_too(tmp_path: Path) -> None:
    """A peer that a whole module needs counts like one that a single test needs."""
    source = """
import pytest
from tests import peers
pytest.skip(peers.MISSING + "frobnicator", allow_module_level=True)
"""
    done = run(tmp_path, source, environment={"EDGETEST_NO_SKIPS": "1"})
    assert done.returncode == 1, done.stdout
    assert "test_sample.py: peer missing: frobnicator" in done.stdout


@pytest.mark.parametrize(("rule", "name"), [("R07", "test_asynchronous_property"), ("R08", "test_yields")])
def test_rule_ids_in_docstrings_are_keywords(tmp_path: Path, rule: str, name: str) -> None:
    """`pytest -k R07` finds a test that names the rule only in its docstring."""
    done = run(tmp_path, SAMPLE, "-k", rule, "--collect-only", "-q")
    assert f"test_sample.py::{name}\n" in done.stdout, done.stdout
    assert "1/11 tests collected (10 deselected)" in done.stdout, done.stdout
