"""The certificate stores of Windows, through crypt32 itself.

They run under Wine only, in its own throw-away registry: on a real Windows they would change the user's own
trust store and wait for somebody to answer its dialog.
"""

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from localedge.machine import crypt32
from localedge.machine.crypt32 import DISALLOWED, ROOT, Location
from localedge.machine.stores.windows import find
from localedge.pki.authority import make_authority
from localedge.pki.plan import Native, Root, State
from tests.platforms import system_at


def under_wine() -> bool:
    """Is this a Windows Python in Wine?"""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


WINE = pytest.mark.skipif(not under_wine(), reason="Wine's registry only: changes a trust store")
USER, MACHINE = Location.CURRENT_USER, Location.LOCAL_MACHINE


@pytest.fixture
def root() -> Iterator[Root]:
    """A root that no store has; it is taken out of all of them afterwards."""
    made = make_authority(["localedge.test"], datetime.now(UTC)).root
    nick = str(made.subject.rfc4514_string().split("CN=")[1].split(",")[0])
    root = Root(made.public_bytes(Encoding.DER), nick, made.not_valid_after_utc)
    yield root
    for place in Location:
        for store in (ROOT, DISALLOWED):
            crypt32.delete(root.der, place, store)


def seen(root: Root, place: Location, store: str = ROOT) -> list[str]:
    """The common name of the root for each time that a store has it."""
    return [one.name for one in crypt32.listed(place, store) if one.der == root.der]


def seen_by_python(root: Root) -> bool:
    """Does a new process find it among the roots of Windows, as Python's own ssl does?"""
    script = (
        "import hashlib, ssl, sys\n"
        "ders = [der for der, _, _ in ssl.enum_certificates('ROOT')]\n"
        "sys.stdout.write(str(sys.argv[1] in {hashlib.sha256(der).hexdigest() for der in ders}))\n"
    )
    argv = [sys.executable, "-c", script, root.fingerprint]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return {"True": True, "False": False}[done.stdout]


@WINE
@pytest.mark.parametrize("place", Location)
def test_a_root_is_added_found_and_deleted(root: Root, place: Location) -> None:
    """After adding, other programs find the root among those of Windows; after deleting, none does."""
    assert seen(root, place) == [] and not seen_by_python(root)
    crypt32.add(root.der, place)
    assert seen(root, place) == [root.nick] and seen_by_python(root)
    assert crypt32.delete(root.der, place) == 1
    assert seen(root, place) == [] and not seen_by_python(root)


@WINE
def test_adding_twice_changes_nothing(root: Root) -> None:
    """A root that is there already is not added again."""
    crypt32.add(root.der, USER)
    crypt32.add(root.der, USER)
    assert seen(root, USER) == [root.nick]


@WINE
def test_deleting_what_is_not_there_is_no_error(root: Root) -> None:
    """A root that somebody else has removed meanwhile is simply gone, and no other one goes with it."""
    before = {one.der for one in crypt32.listed(MACHINE)}
    assert crypt32.delete(root.der, USER) == crypt32.delete(root.der, MACHINE) == 0
    assert {one.der for one in crypt32.listed(MACHINE)} == before != set()


@WINE
def test_the_users_store_stays_out_of_the_machines(root: Root) -> None:
    """What is added for the user is not added for everybody; the user's view has the machine's too."""
    crypt32.add(root.der, USER)
    assert seen(root, MACHINE) == []
    crypt32.delete(root.der, USER)
    crypt32.add(root.der, MACHINE)
    assert seen(root, USER) == [root.nick]


class Counted:
    """crypt32 with a count of the stores and contexts that are open."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.stores = 0
        self.contexts = 0
        self.says_no = False
        """The dialog of Windows is answered with No."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def CertOpenStore(self, *arguments: Any) -> Any:
        """One more, if it can be opened."""
        handle = self._real.CertOpenStore(*arguments)
        self.stores += bool(handle)
        return handle

    def CertCloseStore(self, handle: Any, flags: int) -> Any:
        """One less."""
        assert self.contexts == 0, "a context outlives its store"
        self.stores -= 1
        return self._real.CertCloseStore(handle, flags)

    def CertEnumCertificatesInStore(self, handle: Any, before: Any) -> Any:
        """One less, and one more until the last."""
        context = self._real.CertEnumCertificatesInStore(handle, before)
        self.contexts += bool(context) - bool(before)
        return context

    def CertDuplicateCertificateContext(self, context: Any) -> Any:
        """One more."""
        self.contexts += 1
        return self._real.CertDuplicateCertificateContext(context)

    def CertFreeCertificateContext(self, context: Any) -> Any:
        """One less."""
        self.contexts -= 1
        return self._real.CertFreeCertificateContext(context)

    def CertDeleteCertificateFromStore(self, context: Any) -> Any:
        """One less, whether it succeeds or not."""
        self.contexts -= 1
        if self.says_no:
            self._real.CertFreeCertificateContext(context)
            return self._no()
        return self._real.CertDeleteCertificateFromStore(context)

    def CertAddEncodedCertificateToStore(self, *arguments: Any) -> Any:
        """No context comes out of it."""
        assert arguments[-1] is None
        return self._no() if self.says_no else self._real.CertAddEncodedCertificateToStore(*arguments)

    def _no(self) -> int:
        if sys.platform == "win32":
            ctypes.set_last_error(crypt32.CANCELLED)
        return 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    """crypt32, looked at: nothing stays open, however a call ends."""
    counted = Counted(crypt32._api())
    with monkeypatch.context() as patch:
        patch.setattr(crypt32, "_api", lambda: counted)
        yield counted
    assert (counted.stores, counted.contexts) == (0, 0)


@WINE
def test_nothing_stays_open(root: Root, counted: Counted) -> None:
    """Looking, adding and deleting give back whatever they opened."""
    crypt32.add(root.der, USER)
    crypt32.add(root.der, USER)
    assert seen(root, USER) == [root.nick]
    assert crypt32.delete(root.der, USER) == 1
    assert crypt32.delete(root.der, USER) == 0
    assert counted.stores == counted.contexts == 0


@WINE
def test_a_dialog_answered_with_no(root: Root, counted: Counted) -> None:
    """A No is told as such, to adding and to deleting, and leaves everything as it was and nothing open."""
    counted.says_no = True
    with pytest.raises(OSError, match=r"\[WinError 1223\]") as caught:
        crypt32.add(root.der, USER)
    assert crypt32.number(caught.value) == crypt32.CANCELLED
    assert seen(root, USER) == []
    counted.says_no = False
    for place in Location:
        crypt32.add(root.der, place)
    counted.says_no = True
    with pytest.raises(OSError, match=r"\[WinError 1223\]"):
        crypt32.delete(root.der, USER)
    assert seen(root, MACHINE) == [root.nick] and root.nick in seen(root, USER)


@WINE
def test_rubbish_is_refused_with_the_error_of_windows(counted: Counted) -> None:
    """What is no certificate is not added, and the error has a number."""
    with pytest.raises(OSError, match=r"\[WinError -2146881269\]") as caught:  # CRYPT_E_ASN1_BADTAG
        crypt32.add(b"no certificate", USER)
    assert crypt32.number(caught.value) == 0x8009310B


@WINE
def test_a_store_that_is_not_there_is_empty() -> None:
    """A machine without a list of untrusted certificates has none."""
    assert crypt32.listed(USER, "LocaledgeNoSuchStore") == []


@WINE
def test_the_store_of_the_user_from_plan_to_plan(root: Root) -> None:
    """The root is absent, trusted after the plan, forbidden if Windows is told so, and absent again."""
    (store,) = (one for one in find(system_at(None)) if one.name == "windows-user")
    assert store.state(root).state is State.ABSENT
    for step in store.plan_install(root).steps:
        assert isinstance(step, Native)
        store.perform(step)
    assert store.state(root).state is State.TRUSTED and store.plan_install(root).steps == ()
    crypt32.add(root.der, USER, DISALLOWED)
    assert store.state(root).state is State.NOT_TRUSTED
    crypt32.delete(root.der, USER, DISALLOWED)
    for step in store.plan_remove(root).steps:
        assert isinstance(step, Native)
        store.perform(step)
    assert store.state(root).state is State.ABSENT and store.plan_remove(root).steps == ()


@pytest.mark.parametrize(
    ("given", "number"),
    [(5, 5), (1223, 1223), (-2147023673, 1223), (-2147024891, 5), (-2146885628, 0x80092004), (None, 0)],
)
def test_the_number_of_an_error(given: int | None, number: int) -> None:
    """1223 and 0x800704C7 both are a dialog answered with No."""
    error: Any = OSError("text")  # it has a winerror on Windows only
    error.winerror = given
    assert crypt32.number(error) == number


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has crypt32")
def test_elsewhere_there_is_no_crypt32() -> None:
    """On another system the calls fail as such, and importing does not."""
    with pytest.raises(OSError, match="no crypt32"):
        crypt32.listed(USER)
