"""The trust stores of Windows, with a crypt32 that is played; tests/unit/test_crypt32.py has the real one."""

import errno
from datetime import timedelta
from typing import Any

import pytest

from localedge.errors import Failure
from localedge.machine.crypt32 import DISALLOWED, ROOT, Found, Location
from localedge.machine.stores.windows import WindowsStore, find
from localedge.pki.plan import Native, Plan, Root, State
from tests.platforms import NOW, system_at

USER, MACHINE = Location.CURRENT_USER, Location.LOCAL_MACHINE
OURS = Root(b"our certificate", "localedge 1a2b", NOW + timedelta(days=800))


class Crypt32:
    """Stores in memory.  The user's shows the machine's too, as in Windows."""

    def __init__(self) -> None:
        self.held: dict[tuple[Location, str], list[Found]] = {}
        self.error: OSError | None = None
        self.lies = False

    def put(self, der: bytes, name: str, location: Location, store: str = ROOT) -> None:
        """As if it had been there before."""
        self.held.setdefault((location, store), []).append(Found(der, name, inherited=False))

    def listed(self, location: Location, store: str, /) -> list[Found]:
        """Own ones, then inherited ones."""
        self._fail()
        own = list(self.held.get((location, store), []))
        machine = self.held.get((MACHINE, store), []) if location is USER else []
        return own + [one._replace(inherited=True) for one in machine]

    def add(self, der: bytes, location: Location, /) -> None:
        """Unless it lies."""
        self._fail()
        if not self.lies:
            self.put(der, OURS.nick, location)

    def delete(self, der: bytes, location: Location, /) -> int:
        """Unless it lies."""
        self._fail()
        store = self.held.get((location, ROOT), [])
        found = [one for one in store if one.der == der and not self.lies]
        for one in found:
            store.remove(one)
        return len(found)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def windows_error(number: int, text: str) -> OSError:
    """As Windows reports it, on any system."""
    error = OSError(errno.EINVAL, text)
    anything: Any = error
    anything.winerror = number
    return error


@pytest.fixture
def crypt32() -> Crypt32:
    """Empty stores."""
    return Crypt32()


def store(crypt32: Crypt32, name: str = "windows-user", *, elevated: bool = False) -> WindowsStore:
    """One store by its name."""
    (found,) = (one for one in find(system_at(None, elevated=elevated), crypt32) if one.name == name)
    return found


def carry_out(store: WindowsStore, plan: Plan) -> None:
    """Every step, in order."""
    for step in plan.steps:
        assert isinstance(step, Native)
        store.perform(step)


@pytest.mark.parametrize("name", ["windows-user", "windows-machine"])
def test_added_and_deleted(crypt32: Crypt32, name: str) -> None:
    """The plan has the root trusted, its counterpart has it gone, and each then has nothing left to do."""
    one = store(crypt32, name)
    assert one.state(OURS).state is State.ABSENT
    carry_out(one, one.plan_install(OURS))
    assert one.state(OURS).state is State.TRUSTED
    assert one.plan_install(OURS).steps == ()
    carry_out(one, one.plan_remove(OURS))
    assert one.state(OURS).state is State.ABSENT
    assert one.plan_remove(OURS).steps == ()


def test_the_users_store_needs_a_person(crypt32: Crypt32) -> None:
    """Windows shows a dialog for adding and for deleting; the machine's store wants an administrator."""
    user, machine = store(crypt32), store(crypt32, "windows-machine")
    plan = user.plan_install(OURS)
    assert plan.steps == (Native("windows-add", "CurrentUser\\Root", OURS.der, privileged=False),)
    assert (plan.person, plan.privileged, plan.store) == ("windows-dialog", False, "windows-user")
    plan = machine.plan_install(OURS)
    assert plan.steps == (Native("windows-add", "LocalMachine\\Root", OURS.der, privileged=True),)
    assert (plan.person, plan.privileged) == (None, True)
    crypt32.put(OURS.der, OURS.nick, USER)
    plan = user.plan_remove(OURS)
    assert plan.steps == (Native("windows-delete", "CurrentUser\\Root", OURS.der, privileged=False),)
    assert plan.person == "windows-dialog"


def test_where_nothing_is_to_be_done_no_person_is_needed(crypt32: Crypt32) -> None:
    """A second run, without anybody there, does not stop at a dialog that would not come."""
    crypt32.put(OURS.der, OURS.nick, USER)
    assert store(crypt32).plan_install(OURS).person is None
    assert store(Crypt32()).plan_remove(OURS).person is None


@pytest.mark.parametrize(("elevated", "first"), [(False, "windows-user"), (True, "windows-machine")])
def test_which_store_is_used(crypt32: Crypt32, *, elevated: bool, first: str) -> None:
    """A user gets the user's store, an administrator the machine's; the other one only if named."""
    found = find(system_at(None, elevated=elevated), crypt32)
    assert [one.only_if_named for one in found] == [False, True]
    assert found[0].name == first != found[1].name


def test_what_the_machine_trusts_the_user_need_not_add(crypt32: Crypt32) -> None:
    """The user's store shows the machine's root: it is trusted, and not the user's to delete."""
    crypt32.put(OURS.der, OURS.nick, MACHINE)
    user = store(crypt32)
    status = user.state(OURS)
    assert (status.state, status.detail) == (State.TRUSTED, "LocalMachine\\Root")
    assert user.plan_install(OURS).steps == () == user.plan_remove(OURS).steps


def test_another_certificate_of_the_same_name(crypt32: Crypt32) -> None:
    """A root that only has our name is told apart, and ours is added beside it."""
    crypt32.put(b"somebody else's", OURS.nick, USER)
    one = store(crypt32)
    assert one.state(OURS).state is State.WRONG_FINGERPRINT
    assert one.plan_remove(OURS).steps == ()
    carry_out(one, one.plan_install(OURS))
    assert one.state(OURS).state is State.TRUSTED


def test_an_expired_root(crypt32: Crypt32) -> None:
    """A root whose time is over is told as such, and can still be deleted."""
    old = Root(OURS.der, OURS.nick, NOW)
    crypt32.put(old.der, old.nick, USER)
    one = store(crypt32)
    assert one.state(old).state is State.EXPIRED and one.plan_install(old).steps == ()
    assert len(one.plan_remove(old).steps) == 1


def test_a_root_that_windows_is_told_never_to_trust(crypt32: Crypt32) -> None:
    """A certificate under "Untrusted Certificates" is not trusted however often it is added."""
    crypt32.put(OURS.der, OURS.nick, USER)
    crypt32.put(OURS.der, OURS.nick, MACHINE, DISALLOWED)
    one = store(crypt32)
    status = one.state(OURS)
    assert (status.state, status.detail) == (State.NOT_TRUSTED, "CurrentUser\\Disallowed")
    with pytest.raises(Failure, match="certmgr"):
        one.plan_install(OURS)
    assert len(one.plan_remove(OURS).steps) == 1


@pytest.mark.parametrize(
    ("name", "number", "text", "code", "said"),
    [
        ("windows-user", 1223, "The operation was canceled by the user.", "windows-dialog-refused", "No"),
        ("windows-user", -2147023673, "Abgebrochen.", "windows-dialog-refused", "Yes"),
        ("windows-user", 5, "Access is denied.\r\n", "windows-store-failed", "(Access is denied)"),
        ("windows-user", -2146881269, "ASN1: Tag.", "windows-store-failed", "(ASN1: Tag)"),
        ("windows-machine", 1223, "Canceled.", "windows-dialog-refused", "No"),
        ("windows-machine", 5, "Zugriff verweigert", "needs-administrator", ""),
        ("windows-machine", -2147024891, "拒绝访问。", "needs-administrator", ""),
    ],
)
def test_errors_of_windows(crypt32: Crypt32, name: str, number: int, text: str, code: str, said: str) -> None:
    """A refused dialog and missing rights have their own words; the rest is told in those of Windows."""
    one = store(crypt32, name)
    install = one.plan_install(OURS)
    crypt32.put(OURS.der, OURS.nick, USER if name == "windows-user" else MACHINE)
    remove = one.plan_remove(OURS)
    crypt32.error = windows_error(number, text)
    for plan in (install, remove):
        with pytest.raises(Failure) as caught:
            carry_out(one, plan)
        assert caught.value.code == code
        assert said in (caught.value.sentence() if said else "")
    status = one.state(OURS)
    assert status.state is State.UNKNOWN and status.problem is not None and status.problem.code == code
    for plan_for in (one.plan_install, one.plan_remove):
        with pytest.raises(Failure) as caught:
            plan_for(OURS)
        assert caught.value.code == code


def test_a_change_that_did_not_happen_shows(crypt32: Crypt32) -> None:
    """Windows says it went well and did nothing: the state afterwards tells."""
    crypt32.lies = True
    one = store(crypt32)
    carry_out(one, one.plan_install(OURS))
    assert one.state(OURS).state is State.ABSENT
    crypt32.put(OURS.der, OURS.nick, USER)
    carry_out(one, one.plan_remove(OURS))
    assert one.state(OURS).state is State.TRUSTED
