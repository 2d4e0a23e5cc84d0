"""The keychains of macOS, with a `security` that is played from its documentation."""

import base64
import plistlib
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Carrier, Outcome
from localedge.machine.journal import Journal
from localedge.machine.rights import Rights
from localedge.machine.run import Ended
from localedge.machine.stores.macos import MacStore, find, trusted
from localedge.pki.authority import make_authority
from localedge.pki.plan import Command, RemoveFile, Root, State, WriteFile
from tests.platforms import NOW, Scripted, system_at

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="paths of macOS")

ABSENT = "security: SecKeychainSearchCopyNext: Das angegebene Objekt wurde nicht gefunden."
NO_SETTINGS = "SecTrustSettingsCreateExternalRepresentation: 未找到信任设置。"
NOBODY = (
    "SecTrustSettingsSetTrustSettings: The authorization was denied since no user interaction was possible."
)


class Security:
    """A Mac's keychains and trust settings, and the program that changes them."""

    def __init__(self) -> None:
        self.keychains: dict[str, list[bytes]] = {}
        self.settings: dict[str, dict[str, Any]] = {"admin": {}, "user": {}}
        self.somebody = True
        """Answers the dialog."""
        self.lies = False
        self.hangs: set[str] = set()
        self.broken: set[str] = set()
        self.dialogs: list[str] = []

    def __call__(self, argv: Sequence[str]) -> Ended:
        """Run it."""
        assert argv[0].endswith("/usr/bin/security")
        verb, words = argv[1], list(argv[2:])
        if verb in self.hangs:
            return Ended(None, hung=True)
        if verb in self.broken:
            return Ended(1, b"", b"Ein unbekannter Fehler ist aufgetreten.")
        domain = "admin" if "-d" in words else "user"
        play = getattr(self, verb.replace("-", "_"))
        ended: Ended = play(domain, [word for word in words if word != "-d"])
        return ended

    def find_certificate(self, _: str, words: list[str]) -> Ended:
        """-a -Z -p KEYCHAIN"""
        held = self.keychains.get(words[-1], [])
        if not held:
            return Ended(44, b"", ABSENT.encode())
        listed = (f"SHA-256-Hash: 00\nSHA-1-Hash: 00\n{pem(der)}" for der in held)
        return Ended(0, "".join(listed).encode())

    def trust_settings_export(self, domain: str, words: list[str]) -> Ended:
        """FILE"""
        if not self.settings[domain]:
            return Ended(1, b"", NO_SETTINGS.encode())
        content = {"trustList": self.settings[domain], "trustVersion": 1}
        Path(words[0]).write_bytes(plistlib.dumps(content))
        return Ended(0, b"...erfolgreich.")

    def add_trusted_cert(self, domain: str, words: list[str]) -> Ended:
        """-r trustRoot -k KEYCHAIN FILE: the keychain first, then the settings, which ask."""
        assert words[:3] == ["-r", "trustRoot", "-k"]
        one = Root(read(words[4]), "", NOW)
        if self.lies:
            return Ended(0)
        held = self.keychains.setdefault(words[3], [])
        if one.der not in held:
            held.append(one.der)
        if not self._asked("add"):
            return Ended(1, b"", NOBODY.encode())
        self.settings[domain][one.sha1.upper()] = {"issuerName": b"", "modDate": NOW.replace(tzinfo=None)}
        return Ended(0)

    def remove_trusted_cert(self, domain: str, words: list[str]) -> Ended:
        """FILE"""
        one = Root(read(words[0]), "", NOW)
        if self.lies:
            return Ended(0)
        if not self._asked("remove"):
            return Ended(1, b"", NOBODY.encode())
        return Ended(1 if self.settings[domain].pop(one.sha1.upper(), None) is None else 0)

    def delete_certificate(self, _: str, words: list[str]) -> Ended:
        """-Z SHA1 KEYCHAIN"""
        assert words[0] == "-Z" and words[1] == words[1].upper()
        held = self.keychains.get(words[2], [])
        left = [der for der in held if Root(der, "", NOW).sha1.upper() != words[1]]
        if not self.lies:
            self.keychains[words[2]] = left
        return Ended(1 if len(left) == len(held) else 0)

    def verify_cert(self, _: str, words: list[str]) -> Ended:
        """-c FILE -L -l -p ssl"""
        assert words[0] == "-c" and words[2:] == ["-L", "-l", "-p", "ssl"]
        sha1 = Root(read(words[1]), "", NOW).sha1.upper()
        return Ended(0 if any(sha1 in one for one in self.settings.values()) else 1)

    def _asked(self, what: str) -> bool:
        self.dialogs.append(what)
        return self.somebody


def pem(der: bytes) -> str:
    """As `security` writes it."""
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def read(path: str) -> bytes:
    """The certificate in a PEM file."""
    lines = Path(path).read_text(encoding="ascii").splitlines()
    assert lines[0] == "-----BEGIN CERTIFICATE-----" and lines[-1] == "-----END CERTIFICATE-----"
    return base64.b64decode("".join(lines[1:-1]))


def new_root(days: int = 800) -> Root:
    """A root as `trust-ca` makes it."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import NameOID

    made = make_authority(["localedge.test"], NOW).root
    nick = str(made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    return Root(made.public_bytes(Encoding.DER), nick, NOW + timedelta(days=days))


@pytest.fixture
def security() -> Security:
    """An untouched Mac."""
    return Security()


@pytest.fixture
def system(tmp_path: Path, security: Security) -> Scripted:
    """It, with a directory for temporary files."""
    (tmp_path / "tmp").mkdir()
    return system_at(tmp_path, security, elevated=True)


@pytest.fixture
def carrier(tmp_path: Path, system: Scripted) -> Iterator[Carrier]:
    """Somebody to carry out plans, and somebody to answer dialogs."""
    journal = Journal(tmp_path / "trust-journal.json")
    with journal.held():
        yield Carrier(journal, Rights(system, person=True))


def named(system: Scripted, name: str = "macos-system") -> MacStore:
    """One store by its name."""
    (found,) = (one for one in find(system) if one.name == name)
    return found


def journal_of(carrier: Carrier, tmp_path: Path) -> Journal:
    """The journal that a carrier keeps."""
    return Journal(tmp_path / "trust-journal.json")


def words(system: Scripted) -> list[str]:
    """The verbs that `security` was called with."""
    return [argv[1] for argv in system.ran]


def test_the_plan_for_the_systems_keychain(system: Scripted, tmp_path: Path) -> None:
    """Root puts the certificate into the System keychain, trusted for every use; a person confirms it."""
    root = new_root()
    plan = named(system).plan_install(root)
    path = str(tmp_path / "tmp" / f"{root.file_stem}.crt")
    keychain = str(tmp_path / "Library/Keychains/System.keychain")
    program = str(tmp_path / "usr/bin/security")
    argv = (program, "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, path)
    assert plan.steps == (
        WriteFile(path, root.pem),
        Command(argv, privileged=True, seconds=300),
        RemoveFile(path, WriteFile(path, root.pem).sha256),
    )
    assert (plan.store, plan.person) == ("macos-system", "macos-dialog-system")
    assert plan.privileged


def test_the_plan_for_the_users_keychain(system: Scripted, tmp_path: Path) -> None:
    """The login keychain needs no root, but its user all the same; it is used only if named."""
    root = new_root()
    store = named(system, "macos-user")
    plan = store.plan_install(root)
    assert store.only_if_named and not named(system).only_if_named
    command = plan.steps[1]
    assert isinstance(command, Command)
    keychain = str(tmp_path / "home/Library/Keychains/login.keychain-db")
    assert command.argv[1:-1] == ("add-trusted-cert", "-r", "trustRoot", "-k", keychain)
    assert not plan.privileged and plan.person == "macos-dialog-user"


@pytest.mark.parametrize("name", ["macos-system", "macos-user"])
def test_trusted_and_undone(
    system: Scripted, security: Security, carrier: Carrier, tmp_path: Path, name: str
) -> None:
    """After the plan the root is trusted; undoing takes the trust away first, and leaves nothing anywhere."""
    root, other = new_root(), new_root()
    store = named(system, name)
    keychain = (
        "Library/Keychains/System.keychain"
        if name == "macos-system"
        else "home/Library/Keychains/login.keychain-db"
    )
    security.keychains[str(tmp_path / keychain)] = [other.der]
    security.settings["admin"]["00"] = security.settings["user"]["00"] = {}
    before = repr((security.keychains, security.settings))
    assert store.state(root).state is State.ABSENT
    assert carrier.install(store, root, store.plan_install(root), State.ABSENT).outcome is Outcome.DONE
    assert store.state(root).state is State.TRUSTED and store.plan_install(root).steps == ()
    (entry,) = journal_of(carrier, tmp_path).entries()
    system.ran.clear()
    assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    changing = [word for word in words(system) if word in {"remove-trusted-cert", "delete-certificate"}]
    assert changing == ["remove-trusted-cert", "delete-certificate"]
    assert security.dialogs == ["add", "remove"]
    assert repr((security.keychains, security.settings)) == before
    assert store.state(root).state is State.ABSENT and store.plan_remove(root).steps == ()
    assert list((tmp_path / "tmp").iterdir()) == [] == journal_of(carrier, tmp_path).entries()


def test_nobody_answers_the_dialog(
    system: Scripted, security: Security, carrier: Carrier, tmp_path: Path
) -> None:
    """Without a desktop the certificate is in the keychain and not trusted: told, and undone on request."""
    root, store = new_root(), named(system)
    security.somebody = False
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.FAILED and result.failure is not None
    assert "no user interaction" in result.failure.sentence()
    assert store.state(root).state is State.NOT_TRUSTED
    assert list((tmp_path / "tmp").iterdir()) == []
    (entry,) = journal_of(carrier, tmp_path).entries()
    plan = store.plan_remove(root)
    assert carrier.remove(store, entry, plan).outcome is Outcome.DONE
    assert store.state(root).state is State.ABSENT
    assert list((tmp_path / "tmp").iterdir()) == []


def test_without_a_person_nothing_is_started(system: Scripted, security: Security, tmp_path: Path) -> None:
    """With --no-input no command that would open a dialog is run."""
    root, store = new_root(), named(system)
    journal = Journal(tmp_path / "trust-journal.json")
    plan = store.plan_install(root)
    system.ran.clear()
    with journal.held():
        result = Carrier(journal, Rights(system, person=False)).install(store, root, plan, State.ABSENT)
    assert result.outcome is Outcome.PERSON
    assert system.ran == [] == security.dialogs


def test_a_program_that_lies(system: Scripted, security: Security, carrier: Carrier) -> None:
    """`security` says it went well and did nothing: that is found out."""
    root, store = new_root(), named(system)
    security.lies = True
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.FAILED
    assert result.failure is not None and result.failure.code == "store-lies"


def test_a_program_that_hangs_over_a_change(system: Scripted, security: Security, carrier: Carrier) -> None:
    """A dialog that never ends is given up, and told."""
    root, store = new_root(), named(system)
    security.hangs = {"add-trusted-cert"}
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.failure is not None and result.failure.code == "tool-hangs"


@pytest.mark.parametrize("verb", ["find-certificate", "trust-settings-export"])
def test_a_program_that_hangs_over_a_question(system: Scripted, security: Security, verb: str) -> None:
    """Where `security` does not answer, nothing is claimed and nothing planned."""
    root, store = new_root(), named(system)
    security.hangs = {verb}
    status = store.state(root)
    assert status.state is State.UNKNOWN
    assert status.problem is not None and status.problem.code == "tool-hangs"
    for plan in (store.plan_install, store.plan_remove):
        with pytest.raises(Failure) as caught:
            plan(root)
        assert caught.value.code == "tool-hangs"


def test_a_program_that_fails(system: Scripted, security: Security) -> None:
    """A keychain that cannot be read is not an empty one."""
    security.broken = {"find-certificate"}
    status = named(system).state(new_root())
    assert status.state is State.UNKNOWN
    assert status.problem is not None and status.problem.code == "tool-failed"


def test_a_program_that_is_missing(tmp_path: Path) -> None:
    """Without `security` nothing can be told, and what is missing is named."""
    status = named(system_at(tmp_path)).state(new_root())
    assert status.state is State.UNKNOWN
    assert status.problem is not None and "usr/bin/security" in status.problem.sentence()


def test_settings_that_cannot_be_exported(system: Scripted, security: Security, carrier: Carrier) -> None:
    """macOS itself is asked whether it trusts the root where its settings cannot be read."""
    root, store = new_root(), named(system)
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    security.broken = {"trust-settings-export"}
    assert store.state(root).state is State.TRUSTED
    security.settings["admin"].clear()
    assert store.state(root).state is State.NOT_TRUSTED


def test_present_and_not_trusted(system: Scripted, security: Security, tmp_path: Path) -> None:
    """A certificate that merely lies in the keychain is trusted by nobody; the same plan mends that."""
    root, store = new_root(), named(system)
    security.keychains[str(tmp_path / "Library/Keychains/System.keychain")] = [root.der]
    assert store.state(root).state is State.NOT_TRUSTED
    assert len(store.plan_install(root).steps) == 3


def test_settings_left_of_a_certificate_that_is_gone(
    system: Scripted, security: Security, carrier: Carrier, tmp_path: Path
) -> None:
    """Somebody deleted the certificate by hand and not its trust: that is no clean state, and undone."""
    root, store = new_root(), named(system)
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    security.keychains.clear()
    assert store.state(root).state is State.NOT_TRUSTED
    (entry,) = journal_of(carrier, tmp_path).entries()
    assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    assert store.state(root).state is State.ABSENT


def test_a_user_who_forbids_it(system: Scripted, security: Security, carrier: Carrier) -> None:
    """The user's own "Never Trust" outweighs the administrators' settings."""
    root, store = new_root(), named(system)
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    security.settings["user"][root.sha1.upper()] = {"trustSettings": [{"kSecTrustSettingsResult": 3}]}
    assert store.state(root).state is State.NOT_TRUSTED


def test_another_certificate_of_the_same_name(system: Scripted, security: Security, tmp_path: Path) -> None:
    """A certificate that only has our name is told apart by its bytes."""
    root, other = new_root(), new_root()
    security.keychains[str(tmp_path / "Library/Keychains/System.keychain")] = [b"rubbish", other.der]
    assert named(system).state(root).state is State.ABSENT
    namesake = Root(b"ours", other.nick, root.not_after)
    assert named(system).state(namesake).state is State.WRONG_FINGERPRINT


def test_an_expired_root(system: Scripted, carrier: Carrier) -> None:
    """A root whose time is over is told as such."""
    root, store = new_root(days=0), named(system)
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert store.state(root).state is State.EXPIRED
    assert store.plan_install(root).steps == ()


def test_a_file_left_by_a_run_that_was_cut_short(system: Scripted, tmp_path: Path) -> None:
    """The temporary file of a run that was killed goes with the next undoing, unless it is not ours."""
    root, store = new_root(), named(system)
    path = tmp_path / "tmp" / f"{root.file_stem}.crt"
    path.write_bytes(root.pem)
    assert store.plan_remove(root).steps == (RemoveFile(str(path), WriteFile(str(path), root.pem).sha256),)
    path.write_bytes(b"something else")
    assert store.plan_remove(root).steps == ()


SSL = bytes.fromhex("2a864886f763640103")


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ({}, True),
        ({"trustSettings": []}, True),
        ({"trustSettings": [{}]}, True),
        ({"trustSettings": [{"kSecTrustSettingsResult": 1}]}, True),
        ({"trustSettings": [{"kSecTrustSettingsResult": 3}]}, False),
        ({"trustSettings": [{"kSecTrustSettingsResult": 4}]}, False),
        (
            {"trustSettings": [{"kSecTrustSettingsPolicyName": "sslServer", "kSecTrustSettingsPolicy": SSL}]},
            True,
        ),
        ({"trustSettings": [{"kSecTrustSettingsPolicy": SSL, "kSecTrustSettingsResult": 3}, {}]}, False),
        (
            {"trustSettings": [{"kSecTrustSettingsPolicyName": "SMIME", "kSecTrustSettingsPolicy": b"x"}]},
            False,
        ),
        ({"trustSettings": [{"kSecTrustSettingsPolicy": b"x", "kSecTrustSettingsResult": 3}, {}]}, True),
        ({"trustSettings": [{"kSecTrustSettingsPolicyString": "one.host"}]}, False),
        ({"trustSettings": [{"kSecTrustSettingsApplication": b"one program"}]}, False),
        ({"trustSettings": ["rubbish"]}, False),
        ("rubbish", None),
    ],
)
def test_what_trust_settings_mean(entry: object, verdict: bool | None) -> None:
    """As Apple documents it: no settings at all are "always trust", a part for e-mail is not enough."""
    assert trusted({"trustList": {"AB": entry}}, "ab") is verdict


@pytest.mark.parametrize("settings", [{}, [], {"trustList": []}, {"trustList": {"CD": {}}}])
def test_trust_settings_without_the_certificate(settings: object) -> None:
    """Settings that do not name the root say nothing of it."""
    assert trusted(settings, "ab") is None
