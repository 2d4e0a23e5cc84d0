"""What every test gets: a clean environment, a reactor looked at afterwards, its rule ids as keywords."""

import gc
import os
import re
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_twisted

from tests import leftovers, peers

RULE = re.compile(r"\bR\d\d\b")
PROFILE = os.environ.get("EDGETEST_HYPOTHESIS", "default")
NO_SKIPS = os.environ.get("EDGETEST_NO_SKIPS") == "1"

skipped_for_want = pytest.StashKey[list[str]]()

# No deadline: a shared machine's pauses are not a property of the code.
# `default` draws the same examples in every run, so that a red run means a changed tree; `full` searches.
hypothesis.settings.register_profile("default", deadline=None, max_examples=100, derandomize=True)
hypothesis.settings.register_profile("full", deadline=None, max_examples=3000, print_blob=True)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the hypothesis profile and forget the developer's own settings."""
    hypothesis.settings.load_profile(PROFILE)
    config.stash[skipped_for_want] = []
    for name in list(os.environ):
        if name.startswith(("LOCALEDGE_", "ANTHROPIC_")) or name.lower() in {
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "no_proxy",
        }:
            del os.environ[name]
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        os.environ.pop(name, None)
    os.environ["LANG"] = "C.UTF-8"


@pytest.fixture(scope="session", autouse=True)
def no_configuration_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Empty directories stand where the developer's own configuration and notes of running edges would be."""
    place = tmp_path_factory.mktemp("configuration")
    # As short as the usual one, for sockets, and as open, for other users.
    with tempfile.TemporaryDirectory(prefix="edge-") as temporary, pytest.MonkeyPatch.context() as patch:
        Path(temporary).chmod(0o1777)
        patch.setenv("TEMP" if sys.platform == "win32" else "TMPDIR", temporary)
        for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
            patch.setenv(f"XDG_{name}", str(place))
        patch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(place))  # Windows' own function heeds no variable
        yield place


@pytest.hookimpl(tryfirst=True)  # before -k chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make `-k R07` find a test that names the rule in its docstring only."""
    for item in items:
        if isinstance(item, pytest.Function):
            item.extra_keyword_matches.update(RULE.findall(item.function.__doc__ or ""))


def pytest_collection_finish() -> None:
    """Keep what is there before the first test out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def reactor_turns(twisted_greenlet: object) -> None:
    """Start the reactor before the first test, so that what it opens for itself is not a test's doing."""
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    pytest_twisted.blockon(deferLater(reactor, 0))


@pytest.fixture(scope="module", autouse=True)
def little_to_collect() -> Iterator[None]:
    """What a module's tests have loaded is not looked through after every later test."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def logged() -> Iterator[leftovers.Logged]:
    """The failures that Twisted logged; a test that causes one on purpose takes it out with `flush`."""
    with leftovers.Logged() as log:
        yield log


@pytest.fixture(autouse=True)
def nothing_left_behind(logged: leftovers.Logged) -> Iterator[None]:
    """Fail a test that leaves timers, sockets or unhandled errors in Twisted's hands."""
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    before = leftovers.Before.of(reactor)
    yield
    # A connection that was closed needs a turn or two until both its ends have said so.
    for _ in range(leftovers.TURNS):
        if not before.left():
            break
        pytest_twisted.blockon(deferLater(reactor, leftovers.TURN))
    gc.collect()  # a lost Deferred tells of its error when it is collected
    if complaint := leftovers.describe(before.left(), logged.events):
        pytest.fail(complaint, pytrace=False)


def _note_missing_peer(report: pytest.TestReport | pytest.CollectReport, session: pytest.Session) -> None:
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        if reason.startswith(peers.MISSING):
            session.config.stash[skipped_for_want].append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember a test skipped for want of a peer."""
    report = yield
    _note_missing_peer(report, item.session)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Remember a whole module skipped for want of a peer."""
    report = yield
    _note_missing_peer(report, collector.session)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """With `EDGETEST_NO_SKIPS=1` a run that left tests out for want of a peer has failed."""
    if NO_SKIPS and session.config.stash[skipped_for_want]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why a run without a failed test failed."""
    if NO_SKIPS and (wanted := config.stash[skipped_for_want]):
        terminalreporter.section("skipped for want of a peer: not allowed here", red=True)
        for line in wanted:
            terminalreporter.line(line)
