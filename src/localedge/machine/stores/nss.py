"""NSS databases: where Chromium and its kin on Linux, and Firefox everywhere, keep what they trust.

https://chromium.googlesource.com/chromium/src/+/main/docs/linux/cert_management.md and certutil(1).
`certutil -N` on a database that exists asks at the terminal and, without one, never ends: it is planned
only where there is none.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from localedge.errors import Failure
from localedge.machine.run import Ended
from localedge.pki.plan import Command, MakeDirectory, Native, Plan, Root, State, Step
from localedge.settings.layers import clean

from . import Status
from .anchors import certificates, missing_directories, os_release
from .system import System

DATABASE = "cert9.db"
_SECONDS = 15.0
"""For certutil to tell what is there."""
_FILES = {DATABASE, "key4.db", "pkcs11.txt"}
_LISTED = re.compile(r"^(.*?)\s+([A-Za-z]*),([A-Za-z]*),([A-Za-z]*)\s*$")
_PASSWORD = b"SEC_ERROR_BAD_PASSWORD"
"""What certutil ends with when a database has a password and there is nobody to ask."""

_CHROMIUM = (".pki/nssdb", ".local/share/pki/nssdb")
_CHROMIUM_ELSEWHERE = (
    "snap/chromium/current/.pki/nssdb",
    "snap/chromium/current/.local/share/pki/nssdb",
    ".var/app/org.chromium.Chromium/.pki/nssdb",
    ".var/app/org.chromium.Chromium/data/pki/nssdb",
)
_BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"),
    *("microsoft-edge-stable", "brave-browser", "vivaldi", "opera", "claude-desktop"),
)
_FIREFOX = (
    ".mozilla/firefox",
    ".config/mozilla/firefox",
    "snap/firefox/common/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/.mozilla/firefox",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox",
    "Library/Application Support/Firefox",
)
_PACKAGES = {
    "debian": "libnss3-tools",
    "ubuntu": "libnss3-tools",
    "fedora": "nss-tools",
    "rhel": "nss-tools",
    "centos": "nss-tools",
    "arch": "nss",
    "suse": "mozilla-nss-tools",
    "opensuse": "mozilla-nss-tools",
}


class Found(NamedTuple):
    """A certificate in a database."""

    nick: str
    trust: str
    """As certutil shows it: for TLS, mail and code signing."""

    @property
    def trusted(self) -> bool:
        """A trust anchor for TLS servers."""
        return "C" in self.trust.partition(",")[0]


class NssStore:
    """One database."""

    only_if_named = False

    def __init__(self, system: System, directory: Path, client: str) -> None:
        self._system = system
        self._directory = directory
        self._client = client
        self._notes: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<store {self.name}>"

    @property
    def name(self) -> str:
        """With the database's directory: a user has many."""
        return f"nss:{self._directory}"

    def state(self, root: Root) -> Status:
        """By the certificate itself, whatever its nickname."""
        try:
            found = self._find(root)
        except Failure as problem:
            return Status(State.UNKNOWN, problem=problem)
        if found is None:
            return Status(State.ABSENT)
        if not found.trusted:
            return Status(State.NOT_TRUSTED, found.nick)
        return Status(root.where_trusted(self._system.now), found.nick)

    def plan_install(self, root: Root) -> Plan:
        """Add it, or trust what is there; make the database if there is none."""
        steps: list[Step] = []
        notes: list[tuple[str, str]] = []
        person = None
        found = self._find(root)
        if not self._exists():
            steps += [MakeDirectory(str(one), 0o700) for one in missing_directories(self._directory)]
            steps.append(self._certutil("-N", "--empty-password"))
            notes.append(("store-made", "yes"))
        elif self._has_password():
            person = "nss-password-prompt"
        if found is None:
            words, stdin = ("-A", "-t", "C,,", "-n", root.nick), root.der
        else:
            trust = ",".join(["C", *found.trust.split(",")[1:]])
            words, stdin = ("-M", "-t", trust, "-n", found.nick), None
            notes.append(("trust", found.trust))
        steps.append(self._certutil(*words, stdin=stdin, at_terminal=person is not None))
        return Plan(self.name, tuple(steps), (self._client,), person, tuple(notes))

    def plan_remove(self, root: Root) -> Plan:
        """Delete it by the nickname it has now, or take the trust back; drop a database that we made."""
        steps: list[Step] = []
        person = None
        if (found := self._find(root)) is not None:
            if (before := self._notes.get("trust")) is None:
                steps.append(self._certutil("-D", "-n", found.nick))
            elif found.trust != before:
                if self._has_password():
                    person = "nss-password-prompt"
                words = ("-M", "-t", before, "-n", found.nick)
                steps.append(self._certutil(*words, at_terminal=person is not None))
        if "store-made" in self._notes and self._exists():
            steps.append(Native("nss-drop", str(self._directory)))
        return Plan(self.name, tuple(steps), (self._client,), person)

    def recall(self, notes: Sequence[tuple[str, str]]) -> None:
        """What we did to this database before."""
        self._notes = dict(notes)

    def perform(self, step: Native) -> None:
        """Remove a database that we made, if nobody has put anything into it since."""
        assert step.call == "nss-drop", step.call
        there = {path.name for path in self._directory.iterdir()}
        if there <= _FILES and not self._list() and not self._has_keys():
            for name in sorted(there):
                (self._directory / name).unlink()

    def _exists(self) -> bool:
        return (self._directory / DATABASE).is_file()

    def _find(self, root: Root) -> Found | None:
        """Every certificate is looked at: a nickname can be anything.  Ours comes first.

        One whose nickname cannot be asked for (there is none, it ends in blanks, it has a line end) is
        passed over: that does not make the database unreadable.
        """
        self._tool()
        if not self._exists():
            return None
        for found in sorted(self._list(), key=lambda one: one.nick != root.nick):
            ended = self._run("-L", "-n", found.nick, "-a")
            if not ended.ok and found.nick == root.nick:
                raise self._unreadable(ended)
            if ended.ok and root.der in set(certificates(ended.stdout)):
                return found
        return None

    def _list(self) -> list[Found]:
        ended = self._run("-L")
        if not ended.ok:
            raise self._unreadable(ended)
        lines = ended.stdout.decode(errors="surrogateescape").splitlines()
        matches = [match for line in lines if (match := _LISTED.match(line))]
        return [Found(match[1], ",".join(match.group(2, 3, 4))) for match in matches]

    def _run(self, *words: str) -> Ended:
        program = [self._tool(), *words, "-d", f"sql:{self._directory}"]
        ended = self._system.run(program, seconds=_SECONDS)
        if ended.hung:
            raise Failure("tool-hangs", store=self.name, program="certutil", seconds=round(_SECONDS))
        return ended

    def _unreadable(self, ended: Ended) -> Failure:
        path = str(self._directory)
        return Failure("store-unreadable", store="nss", path=path, reason=clean(ended.reason))

    def _has_password(self) -> bool:
        return _PASSWORD in self._keys()

    def _has_keys(self) -> bool:
        return b"no keys found" not in self._keys()

    def _keys(self) -> bytes:
        """What certutil says of private keys: it must log in to look for them."""
        ended = self._system.run([self._tool(), "-K", "-d", f"sql:{self._directory}"])
        return ended.stderr + ended.stdout

    def _certutil(self, *words: str, stdin: bytes | None = None, at_terminal: bool = False) -> Command:
        argv = (self._tool(), words[0], "-d", f"sql:{self._directory}", *words[1:])
        return Command(argv, seconds=30, stdin=stdin, at_terminal=at_terminal)

    def _tool(self) -> str:
        certutil = self._system.which("certutil")
        if certutil is None:
            package = package_of(self._system)
            raise Failure("store-tool-missing", store=self.name, program="certutil", package=package)
        return certutil


def package_of(system: System) -> str:
    """What the package with NSS's certutil is called here."""
    own = os_release(system)
    for family in (own.get("ID", ""), *own.get("ID_LIKE", "").split()):
        if family in _PACKAGES:
            return _PACKAGES[family]
    return "nss" if system.platform == "darwin" else "nss-tools"


def find(system: System) -> list[NssStore]:
    """Every database of the user's browsers, each once; Chromium's own where it would look for one."""
    stores: dict[Path, NssStore] = {}
    for directory, client in [*_of_chromium(system), *_of_firefox(system)]:
        place = Path(os.path.realpath(directory))
        if (place / DATABASE).is_file():
            stores.setdefault(place, NssStore(system, place, client))
    usual = [Path(os.path.realpath(directory)) for directory in _chromium_places(system)]
    none_yet = system.platform == "linux" and not any(place in stores for place in usual)
    if none_yet and any(system.which(browser) for browser in _BROWSERS):
        stores[usual[0]] = NssStore(system, usual[0], "clients-chromium")
    return list(stores.values())


def at(system: System, place: str) -> NssStore | None:
    """The store of a journal's entry: a profile may have been deleted."""
    if not Path(place, DATABASE).is_file():
        return None
    return NssStore(system, Path(place), "clients-chromium" if "pki" in place else "clients-firefox")


def _chromium_places(system: System) -> list[Path]:
    """The newer place first obeys XDG_DATA_HOME."""
    data = system.environ.get("XDG_DATA_HOME")
    own = [Path(data) / "pki/nssdb"] if data and Path(data).is_absolute() else []
    return [*(system.home / place for place in _CHROMIUM), *own]


def _of_chromium(system: System) -> Iterator[tuple[Path, str]]:
    for directory in _chromium_places(system):
        yield directory, "clients-chromium"
    for place in _CHROMIUM_ELSEWHERE:
        yield system.home / place, "clients-chromium"


def _of_firefox(system: System) -> Iterator[tuple[Path, str]]:
    for place in _FIREFOX:
        directory = system.home / place
        for profile in _profiles(directory):
            yield profile, "clients-firefox"
        for pattern in ("*", "Profiles/*"):
            for profile in sorted(directory.glob(pattern)):
                yield profile, "clients-firefox"


def _profiles(directory: Path) -> list[Path]:
    """The profiles that profiles.ini names, wherever they are."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string((directory / "profiles.ini").read_text(encoding="utf-8-sig", errors="replace"))
    except (OSError, configparser.Error):
        return []
    return [
        directory / section["Path"] if section.get("IsRelative", "1") == "1" else Path(section["Path"])
        for section in parser.values()
        if section.get("Path")
    ]
