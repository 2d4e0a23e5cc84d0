"""The keychains of macOS: the system's, which every user and Claude Code's own runtime heed, and the user's.

Written from security(1), Apple's documentation of SecTrustSettings and what others measured on macOS 11 to
15; untried on a real Mac.

- A certificate in a keychain is trusted by nobody yet: trust settings say so, per domain (the administrators'
  with -d, else the user's).  Without limits on policies they mean "always trust".
- Since macOS 11 root alone may not change them: a dialog asks for a password or Touch ID, and only in a
  session with a desktop; since macOS 15 no rule of authorization can be changed to avoid it.
- Undoing takes the settings away first, while the certificate they belong to can still be found.
- The file that keeps all settings is never edited.
"""

import plistlib
from pathlib import Path
from typing import Any

from localedge.errors import Failure
from localedge.pki.plan import Command, Plan, Root, State
from localedge.settings.layers import clean

from . import Status
from .anchors import certificates
from .scratch import Scratch
from .system import System

_PROGRAM = "/usr/bin/security"
_SYSTEM_KEYCHAIN = "/Library/Keychains/System.keychain"
_USER_KEYCHAIN = "Library/Keychains/login.keychain-db"
_SECONDS = 300.0
"""For a command that waits for somebody to answer a dialog."""
_NOT_FOUND = 44
"""errSecItemNotFound, -25300, as an exit status."""
_TRUST_ROOT, _DENY = 1, 3  # kSecTrustSettingsResultTrustRoot, ...Deny
_TLS_POLICY = bytes.fromhex("2a864886f763640103")  # 1.2.840.113635.100.1.3, kSecPolicyAppleSSL
_LONGEST = 200


class MacStore:
    """One keychain with the trust settings of its domain."""

    def __init__(self, system: System, name: str) -> None:
        self._system = system
        self.name = name
        self._administrators = name == "macos-system"
        self.only_if_named = not self._administrators
        self._program = str(system.path(_PROGRAM))
        keychain = system.path(_SYSTEM_KEYCHAIN) if self._administrators else system.home / _USER_KEYCHAIN
        self._keychain = str(keychain)

    def __repr__(self) -> str:
        return f"<store {self.name}: {self._keychain}>"

    def state(self, root: Root) -> Status:
        """By the certificates in the keychain, byte for byte, and by the trust settings.

        Settings that are left of a certificate that is gone count as not trusted: they would hold again
        as soon as it came back.
        """
        try:
            found = self._certificates()
            settings = self._settings(root, administrators=self._administrators)
            user = self._settings(root, administrators=False) if self._administrators else settings
            if root.der not in found:
                if settings is not None:
                    return Status(State.NOT_TRUSTED, self._keychain)
                namesake = any(_named(der, root.nick) for der in found)
                return Status(State.WRONG_FINGERPRINT if namesake else State.ABSENT, self._keychain)
            if root.not_after <= self._system.now:
                return Status(State.EXPIRED, self._keychain)
            # The user's settings outweigh the administrators'.
            trusted = settings is True and user is not False
            if settings is None and user is None:
                trusted = self._verified(root)
        except Failure as problem:
            return Status(State.UNKNOWN, self._keychain, problem)
        return Status(State.TRUSTED if trusted else State.NOT_TRUSTED, self._keychain)

    def plan_install(self, root: Root) -> Plan:
        """Into the keychain, and trusted as a root for every use: some clients want no less."""
        status = self.state(root)
        if status.problem is not None:
            raise status.problem
        if status.state in (State.TRUSTED, State.EXPIRED):
            return self._plan()
        scratch = Scratch(self._system, root)
        words = ("add-trusted-cert", *self._domain, "-r", "trustRoot", "-k", self._keychain, scratch.path)
        return self._plan(scratch, self._command(*words))

    def plan_remove(self, root: Root) -> Plan:
        """The trust settings first, then the certificate."""
        present = root.der in self._certificates()
        scratch = Scratch(self._system, root)
        commands = []
        if self._settings(root, administrators=self._administrators) is not None:
            commands.append(self._command("remove-trusted-cert", *self._domain, scratch.path))
        if present:
            commands.append(self._command("delete-certificate", "-Z", root.sha1.upper(), self._keychain))
        return self._plan(scratch, *commands)

    @property
    def _domain(self) -> tuple[str, ...]:
        return ("-d",) if self._administrators else ()

    def _plan(self, scratch: Scratch | None = None, *commands: Command) -> Plan:
        kind = "system" if self._administrators else "user"
        steps = scratch.around(*commands) if scratch and commands else scratch.leftover() if scratch else ()
        person = f"macos-dialog-{kind}" if commands else None
        return Plan(self.name, steps, (f"clients-macos-{kind}",), person)

    def _command(self, *words: str) -> Command:
        return Command((self._program, *words), privileged=self._administrators, seconds=_SECONDS)

    def _certificates(self) -> set[bytes]:
        """What is in the keychain.  Raises `Failure`."""
        status, listed = self._ask("find-certificate", "-a", "-Z", "-p", self._keychain)
        if status not in (0, _NOT_FOUND):
            raise self._failure(f"find-certificate: {status}")
        return set(certificates(listed))

    def _settings(self, root: Root, *, administrators: bool) -> bool | None:
        """Whether the trust settings of a domain have it trusted, None if they do not name it.

        They are asked for as a property list: what the program tells in words is translated.
        """
        import tempfile

        with tempfile.TemporaryDirectory(prefix="localedge-") as directory:
            path = Path(directory, "settings.plist")
            domain = ("-d",) if administrators else ()
            status, _ = self._ask("trust-settings-export", *domain, str(path))
            if status != 0:
                return None  # "No Trust Settings were found", for one
            try:
                content: Any = plistlib.loads(path.read_bytes())
            except (OSError, ValueError, plistlib.InvalidFileException) as error:
                raise self._failure(f"trust-settings-export: {error}") from None
        return trusted(content, root.sha1)

    def _verified(self, root: Root) -> bool:
        """What macOS makes of the root itself, for settings that could not be read."""
        import tempfile

        with tempfile.NamedTemporaryFile(prefix="localedge-", suffix=".crt") as file:
            file.write(root.pem)
            file.flush()
            status, _ = self._ask("verify-cert", "-c", file.name, "-L", "-l", "-p", "ssl")
        return status == 0

    def _ask(self, *words: str) -> tuple[int, bytes]:
        """Exit status and output.  Raises `Failure` for a program that is missing or hangs."""
        ended = self._system.run((self._program, *words), seconds=15.0)
        if ended.missing:
            raise Failure("tool-missing", store=self.name, program=self._program)
        if ended.hung:
            raise Failure("tool-hangs", store=self.name, program=self._program, seconds=15)
        if ended.status is None:
            raise self._failure(ended.reason)
        return ended.status, ended.stdout

    def _failure(self, reason: str) -> Failure:
        return Failure("tool-failed", store=self.name, program=self._program, reason=clean(reason, _LONGEST))


def trusted(settings: Any, sha1: str) -> bool | None:
    """Whether exported trust settings have a certificate trusted for TLS; None if they do not name it.

    developer.apple.com/documentation/security/sectrustsettingscopytrustsettings: no array or an empty one
    means "always trust", an entry without a result means trustRoot, one without a policy is for every use.
    """
    listed = settings.get("trustList") if isinstance(settings, dict) else None
    entry = listed.get(sha1.upper()) if isinstance(listed, dict) else None
    if not isinstance(entry, dict):
        return None
    parts = [part for part in entry.get("trustSettings") or [{}] if isinstance(part, dict)]
    results = [part.get("kSecTrustSettingsResult", _TRUST_ROOT) for part in parts if _for_tls(part)]
    return _DENY not in results and _TRUST_ROOT in results


def _for_tls(part: dict[str, Any]) -> bool:
    """Whether a part of trust settings holds for every TLS server, or for everything."""
    if part.keys() & {"kSecTrustSettingsApplication", "kSecTrustSettingsPolicyString"}:
        return False
    name, policy = part.get("kSecTrustSettingsPolicyName"), part.get("kSecTrustSettingsPolicy")
    return name in (None, "sslServer") and policy in (None, _TLS_POLICY)


def _named(der: bytes, nick: str) -> bool:
    """Whether a certificate's subject has this common name.  One that cannot be read has not."""
    from cryptography import x509

    try:
        names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    except ValueError:
        return False
    return any(name.value == nick for name in names)


def find(system: System) -> list[MacStore]:
    """The system's keychain, and the user's for whoever names it."""
    return [MacStore(system, "macos-system"), MacStore(system, "macos-user")]
