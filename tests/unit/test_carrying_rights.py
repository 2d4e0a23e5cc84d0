"""Privileged steps: through sudo, in one place, and never waiting for a password that nobody gives."""

import sys
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Outcome
from localedge.machine.rights import Rights
from localedge.pki.plan import Command, State
from tests.trusting import Machine, a_root, snapshot
from tests.unit.test_carrying import ADD_AND_REMOVE, Shelf, the_entry

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sudo")

SUDO = (
    'while [ "${1#-}" != "$1" ]; do if [ "$1" = -v ]; then exit 0; fi; shift; done',
    'exec "$@"',
)
"""Runs what it is given: a user who needs no password."""
ASKS = (
    'if [ "$1" = -v ]; then touch "$LOG.asked"; exit 0; fi',
    'if [ "$1" = -n ] && [ ! -e "$LOG.asked" ]; then echo "sudo: a password is required" >&2; exit 1; fi',
    *SUDO,
)
"""Wants a password first."""
ALWAYS_ASKS = (
    'if [ "$1" = -n ]; then echo "sudo: a password is required" >&2; exit 1; fi',
    *SUDO,
)
"""Wants it every time."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a tool that works and a sudo that lets the user."""
    found = Machine(tmp_path, "install", "mv", "rm", "mkdir", "rmdir", "timeout", "true")
    found.program("shelve", *ADD_AND_REMOVE)
    found.program("sudo", *SUDO)
    (found.root / "etc/bundle").write_text("others\n")
    return found


@pytest.mark.parametrize("sudo", [SUDO, ASKS, ALWAYS_ASKS], ids=["free", "asks", "always asks"])
def test_privileged_steps_go_through_sudo(machine: Machine, sudo: tuple[str, ...]) -> None:
    """An ordinary user gets every privileged step done by sudo, and undone without a trace."""
    machine.program("sudo", *sudo)
    before = snapshot(machine.root)
    store, root = Shelf(machine, privileged=True), a_root()
    carrier = machine.carrier(machine.system(elevated=False), person=True)
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE, result
    anchor = store.place / root.file_stem
    assert anchor.read_bytes() == root.pem and anchor.stat().st_mode & 0o777 == 0o644
    as_root = [call for call in machine.calls() if call.startswith("sudo")]
    assert any("install -m 644" in call for call in as_root)
    assert any("shelve add" in call for call in as_root)
    assert not any("BEGIN CERTIFICATE" in call for call in machine.calls())
    result = carrier.remove(store, the_entry(machine), store.plan_remove(root))
    assert result.outcome is Outcome.DONE
    assert snapshot(machine.root) == before and machine.journal.entries() == []


@pytest.mark.parametrize("sudo", [ASKS, ALWAYS_ASKS], ids=["asks", "always asks"])
def test_nobody_is_asked_for_a_password_that_nobody_gives(machine: Machine, sudo: tuple[str, ...]) -> None:
    """Without a person sudo is tried with -n only; the store is left as it is, exit status 4."""
    machine.program("sudo", *sudo)
    before = snapshot(machine.root)
    store, root = Shelf(machine, privileged=True), a_root()
    carrier = machine.carrier(machine.system(elevated=False))
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.PERSON and result.failure is not None
    assert result.failure.code == "sudo-needs-password" and result.failure.exit_status == 4
    assert machine.calls() == ["sudo -n true"]
    assert snapshot(machine.root) == before and machine.journal.entries() == []


def test_a_sudo_that_says_no(machine: Machine) -> None:
    """A user who may not use sudo is told so, and is asked for a password once, not for every store."""
    machine.program("sudo", "exit 1")
    rights = Rights(machine.system(elevated=False), person=True)
    for store in ("shelf", "other"):
        with pytest.raises(Failure) as caught:
            rights.obtain(store)
        assert caught.value.code == "sudo-refused" and f"store {store} " in str(caught.value)
        _advises_what_works(caught.value)
    assert machine.calls().count("sudo -v") == 1


def _advises_what_works(failure: Failure) -> None:
    """The command run as root would make a CA of root's, which the user's edge does not use."""
    for lang, wrong in (("en", "as root"), ("zh", "root 身份")):
        told = failure.sentence(lang)
        assert wrong not in told and "--store nss" in told and "localedge ca export" in told


def test_no_sudo_at_all(machine: Machine) -> None:
    """Where there is no sudo the way out is told."""
    (machine.bin / "sudo").unlink()
    with pytest.raises(Failure) as caught:
        Rights(machine.system(elevated=False), person=True).obtain("shelf")
    assert caught.value.code == "sudo-missing"
    _advises_what_works(caught.value)


def test_windows_wants_an_administrator(tmp_path: Path) -> None:
    """There is no sudo to go through there."""
    system = Machine(tmp_path, platform="win32").system(elevated=False)
    with pytest.raises(Failure) as caught:
        Rights(system, person=True).obtain("windows-machine")
    assert caught.value.code == "needs-administrator"


def test_sudo_is_asked_once_for_many_steps(machine: Machine) -> None:
    """One password is enough for all stores."""
    machine.program("sudo", *ASKS)
    rights = Rights(machine.system(elevated=False), person=True)
    for _ in range(3):
        rights.obtain("shelf")
    assert machine.calls().count("sudo -v") == 1


def test_environment_and_time_limit_reach_the_program_behind_sudo(machine: Machine) -> None:
    """sudo drops the environment, and its program can be stopped by root only: both are seen to."""
    machine.program("tell", 'echo "$WORD"')
    rights = Rights(machine.system(elevated=False), person=False)
    ended = rights.run(Command(("tell",), privileged=True, env=(("WORD", "heard"),)))
    assert ended.stdout == b"heard\n"
    machine.program("stall", "sleep 100")
    ended = rights.run(Command(("stall",), privileged=True, seconds=0.2))
    assert ended.hung
    assert rights.run(Command(("nowhere",), privileged=True)).missing


def test_root_needs_no_sudo(machine: Machine) -> None:
    """Who is root already runs the steps as they are."""
    store, root = Shelf(machine, privileged=True), a_root()
    machine.carrier(machine.system()).install(store, root, store.plan_install(root), State.ABSENT)
    assert not any(call.startswith("sudo") for call in machine.calls())


def test_a_command_that_asks_at_the_terminal_is_not_hurried(machine: Machine) -> None:
    """It runs in front, with its input, and its exit status counts."""
    machine.program("ask", 'cat > "$LOG.input"; exit 7')
    rights = Rights(machine.system(), person=True)
    assert rights.run(Command(("ask",), stdin=b"words", at_terminal=True)).status == 7
    assert (machine.log.parent / "log.input").read_bytes() == b"words"
