"""A Java keystore as keytool sees it: the JDK's own tool, and its usual password."""

import re
from pathlib import Path

from localedge.errors import Failure, reason_of
from localedge.pki.plan import Command, Root
from localedge.settings.layers import clean

from .anchors import certificates
from .system import System

# "changeit" is what every JDK ships with: the file holds public certificates and keeps nothing secret.
_WORDS = ("-J-Duser.language=en", "-storepass", "changeit")
_ALIAS = re.compile(rb"^Alias name: (.*?)\r?$", re.MULTILINE)
_JKS = b"\xfe\xed\xfe\xed"
_SECONDS = 60.0


class Keystore:
    """One keystore.  Finding is by the certificate itself: an alias can be anything."""

    def __init__(self, system: System, path: Path, keytool: str | None = None) -> None:
        self._system = system
        self.path = path
        self._keytool = keytool

    def aliases(self, der: bytes) -> list[str]:
        """Under which names it holds a certificate.  Raises `Failure` where it cannot be looked into."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._unreadable(reason_of(error)) from None
        if content.startswith(_JKS) and der not in content:
            return []  # that format holds certificates as they are: no need to start Java
        ended = self._system.run([*self._tool("-list"), "-rfc"], seconds=_SECONDS)
        if ended.hung:
            raise Failure("tool-hangs", store=str(self.path), program="keytool", seconds=round(_SECONDS))
        if not ended.ok:
            raise self._unreadable(clean(ended.reason))
        found = []
        starts = [*_ALIAS.finditer(ended.stdout)]
        ends = [match.start() for match in starts[1:]] + [len(ended.stdout)]
        for match, end in zip(starts, ends, strict=True):
            if der in set(certificates(ended.stdout[match.end() : end])):
                found.append(match[1].decode(errors="replace"))
        return found

    def seems_to_hold(self, der: bytes) -> bool:
        """Whether the file has the certificate's bytes in it, for where it cannot be looked into."""
        try:
            return der in self.path.read_bytes()
        except OSError:
            return False

    def add(self, root: Root, alias: str, *, privileged: bool) -> Command:
        """The step that imports it.  Importing is not idempotent: look first."""
        argv = (*self._tool("-importcert"), "-noprompt", "-alias", alias)
        return Command(argv, privileged=privileged, seconds=_SECONDS, stdin=root.pem)

    def delete(self, alias: str, *, privileged: bool) -> Command:
        """The step that takes an entry out."""
        # The hook that feeds it may have been quicker: what counts is that it is gone.
        argv = (*self._tool("-delete"), "-alias", alias)
        return Command(argv, privileged=privileged, seconds=_SECONDS, may_fail=True)

    def _tool(self, verb: str) -> tuple[str, ...]:
        keytool = self._keytool or self._system.which("keytool")
        if keytool is None:
            raise Failure(
                "store-tool-missing", store=str(self.path), program="keytool", package="default-jre-headless"
            )
        return (keytool, verb, *_WORDS, "-keystore", str(self.path))

    def _unreadable(self, reason: str) -> Failure:
        return Failure("store-unreadable", store="java", path=str(self.path), reason=reason)
