"""Every finding of doctor about Claude Desktop, from a fault made for real: files, processes, registry."""

import json
import os
import plistlib
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from localedge.claude.health import Finding, Severity
from localedge.claude.health_desktop import RULES
from localedge.config import Config, Gateway, Https
from localedge.machine import desktop_files, health_desktop
from localedge.machine.desktop import Desktop
from localedge.machine.desktop_installed import Registered, archive_version
from localedge.machine.desktop_places import PACKAGE, logs
from localedge.machine.desktop_running import Running, running
from localedge.machine.health import Scene
from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority
from tests.desktop_homes import (
    LAYOUTS,
    OTHER,
    SECRET,
    SETTINGS,
    furnish,
    home,
    lines,
    our_profile,
    put,
    value,
)
from tests.unit.test_desktop_running import installed as electron
from tests.unit.test_desktop_running import started

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="kinds of files that Windows has not")
URL = "http://127.0.0.1:18080"
POLICY = {
    "inferenceProvider": "gateway",
    "inferenceGatewayBaseUrl": URL,
    "inferenceGatewayApiKey": SECRET,
}


class Bench:
    """A user's home with a Claude Desktop in it, of any platform's layout."""

    def __init__(self, place: Path, layout: str = "linux") -> None:
        self.place = place
        self.desktop = home(place, layout)
        if layout == "linux":
            environ = {**self.desktop.system.environ, "PATH": str(place / "bin")}
            self.desktop = Desktop(replace(self.desktop.system, environ=environ))
        self.vault = Vault(place / "ours" / "ca")
        https = Https(directory=str(self.vault.directory))
        config = Config(Gateway("https", "gw.example", 443), https=https)
        self.scene = Scene(config, place / "config.toml", self.desktop.system)
        self.processes: list[Running] = []
        self.registry: dict[str, dict[str, object]] = {}
        self.registered = Registered()

    def found(self) -> list[Finding]:
        """What doctor finds; no key is in any of it."""
        found = list(
            health_desktop.look(
                self.scene,
                see=lambda: self.processes,
                registry=self.registry.get,
                registered=lambda: self.registered,
            )
        )
        for one in found:
            assert SECRET not in repr(one) + one.sentence() + one.sentence("zh")
            assert "?" not in one.sentence() or "version" not in one.params or one.params["version"] == "?"
        return found

    def codes(self) -> list[str]:
        """Their codes."""
        return [one.code for one in self.found()]

    def bad(self) -> list[str]:
        """The codes of what is not good."""
        return [one.code for one in self.found() if one.severity > Severity.GOOD]

    def installed(self) -> "Bench":
        """With the program, as the platform's installer leaves it."""
        system = self.desktop.system
        if system.platform == "linux":
            put(system.path("/usr/lib/claude-desktop/resources/app.asar"), archive("1.2.3"))
        elif system.platform == "darwin":
            content = plistlib.dumps({"CFBundleShortVersionString": "1.2.3"})
            put(system.path("/Applications/Claude.app/Contents/Info.plist"), content)
        else:
            local = Path(system.environ["LOCALAPPDATA"])
            (local / "AnthropicClaude" / "app-1.2.3").mkdir(parents=True)
            (local / "AnthropicClaude" / "app-0.14.10").mkdir()
        return self

    def applied(self, **settings: object) -> "Bench":
        """Installed, and set up by `desktop apply`; then somebody changes the profile."""
        self.installed()
        with self.desktop.journal.held():
            self.desktop.apply(self.desktop.plan(SETTINGS))
        if settings:
            self.change(our_profile(self.desktop), **settings)
        return self

    def change(self, path: Path, **settings: object) -> None:
        """Set members of a file; None takes one out."""
        members = {**value(path), **settings}
        put(path, lines({key: one for key, one in members.items() if one is not None}))

    def to(self, url: object) -> "Bench":
        """With this base URL."""
        return self.applied(inferenceGatewayBaseUrl=url)

    def secured(self) -> "Bench":
        """With a local CA."""
        now = datetime.now(UTC)
        self.vault.store(make_authority(["localedge.test"], now), ["localedge.test"], now)
        return self

    def logged(self, text: str) -> Path:
        """Claude's log, written after everything else."""
        path = logs(self.desktop.system)[0]
        put(path, text.encode())
        soon = time.time() + 5
        os.utime(path, (soon, soon))
        return path

    def runs(self, started: float | None = None) -> "Bench":
        """A process of Claude Desktop, as `running` would tell of it."""
        self.processes = [Running(os.getpid(), "/opt/Claude/claude", started or time.time())]
        return self

    @property
    def place_of_ours(self) -> Path:
        """Our profile."""
        return our_profile(self.desktop)


def archive(version: str) -> bytes:
    """An archive as Electron's tool writes it (github.com/electron/asar, Format)."""
    package = json.dumps({"name": "claude-desktop", "version": version}).encode()
    files = {"a.js": {"size": 3, "offset": "0"}, "package.json": {"size": len(package), "offset": "3"}}
    table = json.dumps({"files": files}).encode()
    padded = table + b"\0" * (-len(table) % 4)
    head = struct.pack("<4I", 4, len(padded) + 8, len(padded) + 4, len(table))
    return head + padded + b"1;\n" + package


def raw(content: bytes) -> Callable[[Path], Bench]:
    """Our profile holds these bytes."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        put(bench.place_of_ours, content)
        return bench

    return make


def modes(first: str, third: str) -> Callable[[Path], Bench]:
    """The two files have these `deploymentMode`s."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        [there] = bench.desktop.places
        bench.change(there.config(third=False), deploymentMode=first)
        bench.change(there.config(third=True), deploymentMode=third)
        return bench

    return make


def no_profile(place: Path) -> Bench:
    """The library is gone, and the mode that wants one is not."""
    bench = Bench(place).applied()
    bench.desktop.places[0].meta.unlink()
    return bench


def managed(url: str) -> Callable[[Path], Bench]:
    """An administrator's file below /etc beside our profile."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        put(
            place / "etc" / "claude-desktop" / "managed-settings.json",
            lines({**POLICY, "inferenceGatewayBaseUrl": url}),
        )
        return bench

    return make


def policies(**hives: dict[str, object]) -> Callable[[Path], Bench]:
    """Values in the registry."""

    def make(place: Path) -> Bench:
        bench = Bench(place, "win32").installed()
        bench.registry = hives
        return bench

    return make


def other_profile(settings: dict[str, object]) -> Callable[[Path], Bench]:
    """The user has chosen another profile after `desktop apply`."""

    def make(place: Path) -> Bench:
        bench = Bench(place)
        furnish(bench.desktop)
        bench.applied()
        [there] = bench.desktop.places
        put(there.profile(OTHER), lines(settings))
        bench.change(there.meta, appliedId=OTHER)
        return bench

    return make


def plain_to_tls(place: Path) -> Bench:
    """The port of HTTPS, without the s."""
    return Bench(place).secured().to("http://127.0.0.1:18443")


def places_differ(place: Path) -> Bench:
    """The profile of the classic build was changed, that of the package was not."""
    bench = Bench(place, "msix").applied()
    classic = our_profile(bench.desktop, bench.desktop.places[0])
    bench.change(classic, inferenceGatewayBaseUrl="http://127.0.0.1:1")
    return bench


def bom(place: Path) -> Bench:
    """Saved with Notepad."""
    bench = Bench(place).applied()
    put(bench.place_of_ours, b"\xef\xbb\xbf" + bench.place_of_ours.read_bytes())
    return bench


def outdated(place: Path) -> Bench:
    """The profile was changed after Claude had been started."""
    bench = Bench(place).applied().runs()
    later = time.time() + 60
    os.utime(bench.place_of_ours, (later, later))
    return bench


def before_trust(place: Path) -> Bench:
    """The local CA came into the stores after Claude had been started."""
    bench = Bench(place).secured().to("https://localedge.test:18443")
    bench.runs(time.time() + 30)
    later = time.time() + 60
    put(bench.vault.directory.parent / "trust-journal.json", b"{}")
    os.utime(bench.vault.directory.parent / "trust-journal.json", (later, later))
    return bench


def log(text: str, *, runs: bool = False) -> Callable[[Path], Bench]:
    """Claude's log ends like this."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        bench.logged(text)
        return bench.runs(time.time() + 2) if runs else bench

    return make


def config_is(make_it: Callable[[Path], object]) -> Callable[[Path], Bench]:
    """Something else is where claude_desktop_config.json should be."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        path = bench.desktop.places[0].config(third=False)
        path.unlink()
        make_it(path)
        return bench

    return make


def huge(path: Path) -> None:
    """More than any such file has; it takes no room."""
    with path.open("wb") as file:
        file.truncate(desktop_files.LARGEST + 1)


def pipe(path: Path) -> None:
    """Nobody writes into it: reading it would wait for ever."""
    os.mkfifo(path)  # type: ignore[attr-defined,unused-ignore]


def plist(place: Path) -> Bench:
    """A configuration profile of which half arrived."""
    bench = Bench(place, "darwin").applied()
    put(place / "Library/Managed Preferences/com.anthropic.claudefordesktop.plist", b"bplist00")
    return bench


def missing(place: Path) -> Bench:
    """The profile that the list names is gone."""
    bench = Bench(place).applied()
    bench.place_of_ours.unlink()
    return bench


def journal_is(act: Callable[[Path], object]) -> Callable[[Path], Bench]:
    """Something has happened to our own journal."""

    def make(place: Path) -> Bench:
        bench = Bench(place).applied()
        act(bench.desktop.journal.path)
        return bench

    return make


def journal_is_directory(path: Path) -> None:
    """Nothing of ours."""
    path.unlink()
    path.mkdir()


def journal_elsewhere(place: Path) -> Bench:
    """The data directory has a name that the file system does not take."""
    bench = Bench(place).applied()
    environ = {**bench.desktop.system.environ, "XDG_DATA_HOME": str(place / ("x" * 300))}
    system = replace(bench.desktop.system, environ=environ)
    bench.scene = replace(bench.scene, system=system)
    return bench


def running_now(place: Path) -> Bench:
    """It was started after all was set up."""
    return Bench(place).applied().runs(time.time() + 2)


STATUS = "[error] Gateway /v1/models returned HTTP 404.\n"
UNKNOWN = "[managedConfig] Ignoring inferenceStreamIdleTimeoutSec: unrecognized configuration key\n"
NUMBER: dict[str, object] = {**POLICY, "chatTabEnabled": (4, 1)}

FAULTS: dict[str, Callable[[Path], Bench]] = {
    "doctor-desktop-not-installed": Bench,
    "doctor-desktop-installed": lambda place: Bench(place).applied(),
    "doctor-desktop-running": running_now,
    "doctor-desktop-set-up": lambda place: Bench(place).applied(),
    "doctor-desktop-not-applied": lambda place: Bench(place).installed(),
    "doctor-desktop-mode": modes("1p", "1p"),
    "doctor-desktop-modes-differ": modes("1p", "3p"),
    "doctor-desktop-places-differ": places_differ,
    "doctor-desktop-managed": managed(URL),
    "doctor-desktop-managed-elsewhere": managed("https://gw.test"),
    "doctor-desktop-hidden": policies(HKLM=dict(POLICY), HKCU=dict(POLICY)),
    "doctor-desktop-other-profile": other_profile({**POLICY, "inferenceGatewayBaseUrl": "https://gw.test"}),
    "doctor-desktop-other-provider": other_profile({"inferenceProvider": "vertex"}),
    "doctor-desktop-tls-to-plain": lambda place: Bench(place).to("127.0.0.1:18080"),
    "doctor-desktop-plain-to-tls": plain_to_tls,
    "doctor-desktop-port": lambda place: Bench(place).to("http://127.0.0.1:8080"),
    "doctor-desktop-elsewhere": lambda place: Bench(place).to("https://gw.example"),
    "doctor-desktop-query": lambda place: Bench(place).to(f"{URL}/?key=KEY"),
    "doctor-desktop-no-profile": no_profile,
    "doctor-desktop-v1": lambda place: Bench(place).to(f"{URL}/v1"),
    "doctor-desktop-bom": bom,
    "doctor-desktop-outdated": outdated,
    "doctor-desktop-before-trust": before_trust,
    "doctor-desktop-unknown-key": log(UNKNOWN),
    "doctor-desktop-log": log(STATUS),
    "doctor-desktop-silent": log("[info] Starting app\n", runs=True),
    "desktop-url-refused": lambda place: Bench(place).to("http://10.0.0.1:18080"),
    "desktop-url-missing": lambda place: Bench(place).to(None),
    "desktop-key-empty": lambda place: Bench(place).applied(inferenceGatewayApiKey=""),
    "desktop-key-gone": lambda place: Bench(place).applied(inferenceGatewayAuthScheme="sso"),
    "desktop-profile-missing": missing,
    "desktop-model-foreign": lambda place: Bench(place).applied(inferenceModels=["claude-gpt-x"]),
    "desktop-model-strange": lambda place: Bench(place).applied(inferenceModels=[{"name": "big"}]),
    "desktop-model-no-id": lambda place: Bench(place).applied(inferenceModels=["claude \u4e2d"]),
    "desktop-not-text": policies(HKCU=NUMBER),
    "desktop-is-directory": config_is(Path.mkdir),
    "desktop-too-large": config_is(huge),
    "desktop-empty": raw(b""),
    "desktop-not-utf8": raw(b'{"inferenceProvider": "\xff"}'),
    "desktop-not-json": raw(b'{"inferenceProvider": "gate'),
    "desktop-other-shape": raw(b"[]"),
    "desktop-not-plist": plist,
    "desktop-journal-damaged": journal_is(lambda path: put(path, b"{")),
}
KINDS: dict[str, Callable[[Path], Bench]] = {
    "desktop-no-file": config_is(pipe),
    "desktop-unreadable": config_is(lambda path: path.symlink_to(path.name)),
    "desktop-journal-unreadable": journal_elsewhere,
    "ca-no-file": journal_is(journal_is_directory),
    "ca-loose": journal_is(lambda path: path.chmod(0o644)),
}
"""Files of kinds, modes and names that are another matter on Windows."""
BESIDE = {
    "doctor-desktop-installed",
    "doctor-desktop-running",
    "doctor-desktop-set-up",
}


def only(bench: Bench, code: str) -> None:
    """The fault is found, once, with the rule's severity, and nothing else is wrong."""
    found = bench.found()
    assert [one.code for one in found].count(code) == 1, found
    assert [one.code for one in found if one.code not in {*BESIDE, code}] == []
    [one] = [one for one in found if one.code == code]
    assert one.severity is RULES[code].severity
    errors = any(one.severity > Severity.GOOD for one in found)
    looks_well = "doctor-desktop-set-up" in [one.code for one in found]
    assert not (errors and looks_well and RULES[code].severity is Severity.ERROR)


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found(tmp_path: Path, code: str) -> None:
    """Each fault gives its own finding, and no other."""
    only(FAULTS[code](tmp_path), code)


@POSIX
@pytest.mark.parametrize(
    "code", ["desktop-is-directory", "desktop-empty", "desktop-not-json", "desktop-other-shape"]
)
def test_what_claude_cannot_read_is_moved_out_of_the_way(tmp_path: Path, code: str) -> None:
    """The command works as it stands, loses nothing, and ends the finding."""
    bench = FAULTS[code](tmp_path)
    [one] = [one for one in bench.found() if one.code == code]
    path = Path(str(one.params["path"]))
    content = path.read_bytes() if path.is_file() else None
    subprocess.run(["sh", "-c", one.command], check=True)
    moved = path.with_name(f"{path.name}.broken")
    assert not path.exists() and moved.exists() and (content is None or moved.read_bytes() == content)
    assert code not in [one.code for one in bench.found()]


@pytest.mark.parametrize("applied", ["../../etc/passwd", "", None, 7])
def test_an_applied_profile_that_can_be_none(tmp_path: Path, applied: object) -> None:
    """Whatever stands there in place of an id."""
    bench = Bench(tmp_path).applied()
    bench.change(bench.desktop.places[0].meta, appliedId=applied)
    only(bench, "doctor-desktop-no-profile")


@POSIX
@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")])
def test_a_library_that_is_no_directory(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A file or a link that leads nowhere in its place."""
    bench = Bench(tmp_path).applied()
    library = bench.desktop.places[0].meta.parent
    shutil.rmtree(library)
    make(library)
    assert [one for one in bench.bad() if one.startswith(("doctor-desktop-no-", "desktop-"))], bench.codes()


@POSIX
@pytest.mark.parametrize("code", KINDS)
def test_a_file_of_another_kind_is_found(tmp_path: Path, code: str) -> None:
    """A pipe, a link to itself, a file that others may read: told, and nobody waits for them."""
    only(KINDS[code](tmp_path), code)


def test_every_finding_has_its_fault() -> None:
    """None is left out: a lock is Windows' own, and whose file it is only root can change."""
    assert {*FAULTS, *KINDS, "desktop-locked", "ca-owner"} == set(RULES)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_a_journal_of_somebody_else(tmp_path: Path) -> None:
    """One that was written under sudo belongs to root, or here to another."""
    bench = Bench(tmp_path).applied()
    os.chown(bench.desktop.journal.path, 12345, -1)
    only(bench, "ca-owner")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_is_well(tmp_path: Path, layout: str) -> None:
    """On each platform: installed, with its version, and set up."""
    bench = Bench(tmp_path, layout).applied()
    assert bench.codes() == ["doctor-desktop-installed", "doctor-desktop-set-up"]
    assert bench.found()[0].params["version"] == ("" if layout == "msix" else "1.2.3") or layout == "msix"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_fresh_home(tmp_path: Path, layout: str) -> None:
    """Nothing installed, nothing wrong; of the package its directory is there."""
    wanted = "doctor-desktop-not-applied" if layout == "msix" else "doctor-desktop-not-installed"
    assert Bench(tmp_path, layout).bad() == [wanted]


@pytest.mark.parametrize(
    ("program", "version"),
    [("usr/lib/claude-desktop", "1.2.3"), ("opt/Claude", "1.2.3"), ("bin/claude-desktop", "")],
)
def test_where_linux_has_it(tmp_path: Path, program: str, version: str) -> None:
    """A package's directory or a program on PATH; the version is that in Electron's archive."""
    bench = Bench(tmp_path)
    if program.startswith("bin"):
        put(tmp_path / program, b"#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    else:
        put(tmp_path / program / "resources" / "app.asar", archive("1.2.3"))
    if sys.platform == "win32" and program.startswith("bin"):
        pytest.skip("programs end in .exe there")
    found = bench.found()
    assert found[0].code == "doctor-desktop-installed"
    assert found[0].params == {"version": version or "?", "where": str(tmp_path / program)}


@pytest.mark.parametrize("content", [b"", b"\0" * 16, archive("1")[:40], struct.pack("<4I", 4, 9, 9, 2**31)])
def test_an_archive_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Without a version, and without more memory than a version wants."""
    bench = Bench(tmp_path)
    put(tmp_path / "opt" / "Claude" / "resources" / "app.asar", content)
    assert bench.found()[0].params["version"] == "?"


@pytest.mark.parametrize("content", [b"", b"<plist><array/></plist>", b"bplist00" + b"\xff" * 40])
def test_a_bundle_that_is_damaged(tmp_path: Path, content: bytes) -> None:
    """It is installed, in a version that is not known."""
    bench = Bench(tmp_path, "darwin")
    put(bench.desktop.system.home / "Applications/Claude.app/Contents/Info.plist", content)
    assert bench.found()[0].params["version"] == "?"


def test_what_windows_lists(tmp_path: Path) -> None:
    """The package by its full name, another program by its directory."""
    bench = Bench(tmp_path, "win32")
    bench.registered = Registered(
        (f"Claude_1.10.0.0_x64__{PACKAGE[7:]}", f"Claude_1.9.0.0_x64__{PACKAGE[7:]}")
    )
    assert bench.found()[0].params["version"] == "1.10.0.0"
    bench.registered = Registered((), (("C:\\Claude", "2.0"),))
    assert bench.found()[0].params == {"version": "2.0", "where": "C:\\Claude"}


@LINUX
def test_a_real_process(tmp_path: Path) -> None:
    """One that runs from its own directory is installed by that, in the version of its archive."""
    bench = Bench(tmp_path)
    program = electron(tmp_path / "somewhere \u4e2d", "claude-desktop")
    put(program.parent / "resources" / "app.asar", archive("3.2.1"))
    with started(program) as pid:
        bench.processes = [one for one in running() if one.pid == pid]
        found = bench.found()
        assert found[0].code == "doctor-desktop-running"
        assert found[0].params == {"version": "3.2.1", "pid": pid}
        assert found[1].code == "doctor-desktop-not-applied"
        with bench.desktop.journal.held():
            bench.desktop.apply(bench.desktop.plan(SETTINGS))
        later = time.time() + 60
        os.utime(bench.place_of_ours, (later, later))
        assert bench.bad() == ["doctor-desktop-outdated"], "its start is the real one"
    bench.processes = []
    assert bench.bad() == ["doctor-desktop-not-installed"]


def test_an_older_log_says_nothing(tmp_path: Path) -> None:
    """What it told of an earlier configuration is over: by the time in its lines, or that of the file."""
    bench = Bench(tmp_path).applied()
    path = bench.logged(f"2020-01-01 00:00:00 {STATUS}")
    assert bench.bad() == []
    path.write_text(STATUS)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    assert bench.bad() == []
    bench.logged(f"2099-01-01T00:00:00.000Z {STATUS}")
    assert bench.bad() == ["doctor-desktop-log"]


@pytest.mark.parametrize("code", ["desktop-url-refused", "doctor-desktop-port", "doctor-desktop-outdated"])
def test_the_look_changes_nothing(tmp_path: Path, code: str) -> None:
    """Not a byte, not a time, not a file."""

    def seen() -> dict[str, tuple[float, bytes]]:
        every = [path for path in tmp_path.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime, path.read_bytes()) for path in every}

    bench = FAULTS[code](tmp_path)
    before = seen()
    bench.found()
    assert seen() == before


def test_the_version_of_an_archive(tmp_path: Path) -> None:
    """As it stands in package.json."""
    put(tmp_path / "app.asar", archive("1.2.3-beta.4"))
    assert archive_version(tmp_path / "app.asar") == "1.2.3-beta.4"


ODD: tuple[object, ...] = (
    *(None, 5, [], {}, "", "a\0b", "\ud800", "x" * 5000, True, "../../../config", "http://[", "://", 1e400),
    *("https://a:b:c", "\n\x1b[31m"),
)
"""Values that nobody writes on purpose."""


def odd_profile(bench: Bench, odd: object) -> Iterator[Path]:
    """One after the other in each member of the profile that Claude reads."""
    members = value(bench.place_of_ours)
    for key in [*members, "inferenceModels", "inferenceCustomHeaders"]:
        put(bench.place_of_ours, json.dumps({**members, key: odd}).encode())
        yield bench.place_of_ours
    put(bench.place_of_ours, json.dumps({**members, "inferenceModels": [odd, {"name": odd}]}).encode())
    yield bench.place_of_ours


def odd_library(bench: Bench, odd: object) -> Iterator[Path]:
    """The same in the list of the library and in the file beside it."""
    for there in bench.desktop.places:
        members = value(there.meta)
        entries = [{"id": members["appliedId"], "name": odd}, odd]
        for changed in ({"appliedId": odd}, {"entries": odd}, {"entries": entries}):
            put(there.meta, json.dumps({**members, **changed}).encode())
            yield there.meta
        put(there.meta, json.dumps(odd).encode())
        yield there.meta
        put(there.config(third=True), json.dumps({"deploymentMode": odd}).encode())
        yield there.config(third=True)


@pytest.mark.parametrize("layout", ["linux", "msix"])
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_stands_in_the_files(tmp_path: Path, layout: str, odd: object) -> None:
    """Never a traceback, and every sentence can be printed."""
    for make in (odd_profile, odd_library):
        bench = Bench(tmp_path / make.__name__, layout).applied().runs()
        for path in make(bench, odd):
            for one in bench.found():
                assert one.sentence().isprintable() and one.sentence("zh").isprintable(), path
