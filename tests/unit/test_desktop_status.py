"""Which configuration wins, whether Claude runs an older one, what its log says."""

import json
import os
import plistlib
from pathlib import Path

import pytest

from localedge.claude.desktop_log import recognised
from localedge.claude.fleet import POLICY_KEY
from localedge.machine.desktop import Desktop
from localedge.machine.desktop_places import logs
from localedge.machine.desktop_running import Running
from localedge.machine.desktop_status import TAIL, Standing, standing, unknown_keys
from tests.desktop_homes import LAYOUTS, OTHER, SETTINGS, furnish, home, lines, our_profile, put, value

URL = "http://127.0.0.1:18080"
POLICY = {
    "inferenceProvider": "gateway",
    "inferenceGatewayBaseUrl": "https://gw.test",
    "inferenceGatewayApiKey": "k",
}


def look(desktop: Desktop, registry: dict[str, dict[str, object]] | None = None, *runs: Running) -> Standing:
    """How things stand, with a registry of these keys and these processes."""
    return standing(desktop, lambda: list(runs), (registry or {}).get)


def apply(desktop: Desktop) -> None:
    """Set Claude Desktop up."""
    with desktop.journal.held():
        desktop.apply(desktop.plan(SETTINGS))


def codes(found: Standing) -> list[str]:
    """What is wrong with what is there."""
    problems = [problem.code for source in found.sources for problem in source.problems]
    return problems + [problem.code for problem in found.problems]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_configured(tmp_path: Path, layout: str) -> None:
    """A fresh Claude Desktop uses its own account."""
    found = look(home(tmp_path, layout))
    assert found.winner is None and not found.applied and codes(found) == [] and found.log is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_our_profile_wins(tmp_path: Path, layout: str) -> None:
    """After apply it is our profile that Claude goes by, in the package's own place where there is one."""
    desktop = home(tmp_path, layout)
    furnish(desktop)
    assert look(desktop).winner is None, "switched to the account"
    apply(desktop)
    found = look(desktop)
    assert found.winner is not None and found.winner.ours and found.winner.name == "localedge"
    assert found.winner.where == str(our_profile(desktop, desktop.places[-1]))
    assert found.winner.settings == SETTINGS and codes(found) == [] and found.applied


@pytest.mark.parametrize("user", [True, False])
def test_a_configuration_profile_on_macos_wins(tmp_path: Path, user: bool) -> None:
    """What an administrator has handed out beats the local library, the user's before the machine's."""
    desktop = home(tmp_path, "darwin")
    apply(desktop)
    directory = tmp_path / "Library" / "Managed Preferences"
    name = "com.anthropic.claudefordesktop.plist"
    put(
        directory / name,
        plistlib.dumps({**POLICY, "inferenceModels": '["claude-x"]'}, fmt=plistlib.FMT_BINARY),
    )
    if user:
        put(
            directory / "jurgen" / name,
            plistlib.dumps({**POLICY, "inferenceGatewayBaseUrl": "https://mine.test"}),
        )
    winner = look(desktop).winner
    assert winner is not None and winner.kind == "managed" and winner.settings is not None
    assert winner.settings["inferenceGatewayBaseUrl"] == ("https://mine.test" if user else "https://gw.test")
    assert user or winner.settings["inferenceModels"] == ["claude-x"], "text in the file, a list in Claude"


@pytest.mark.parametrize("layout", ["win32", "msix"])
def test_policies_on_windows_win(tmp_path: Path, layout: str) -> None:
    """Any value below HKLM hides HKCU, and either beats the local library; only text counts."""
    desktop = home(tmp_path, layout)
    apply(desktop)
    registry: dict[str, dict[str, object]] = {"HKCU": dict(POLICY)}
    winner = look(desktop, registry).winner
    assert winner is not None and winner.where == f"HKCU\\{POLICY_KEY}"
    registry["HKLM"] = {**POLICY, "modelDiscoveryEnabled": (4, 1)}
    found = look(desktop, registry)
    assert found.winner is not None and found.winner.where == f"HKLM\\{POLICY_KEY}"
    assert codes(found) == ["desktop-not-text"]
    registry["HKLM"] = {"chatTabEnabled": "true"}
    winner = look(desktop, registry).winner
    assert winner is not None and winner.ours, "a policy about something else hides the user's one as well"
    registry["HKLM"] = {}
    winner = look(desktop, registry).winner
    assert winner is not None and winner.where.startswith("HKCU")


def test_a_registry_without_rights(tmp_path: Path) -> None:
    """A policy key that may not be read is told, and may be what Claude goes by."""

    def refuse(_hive: str) -> dict[str, object]:
        raise PermissionError(13, "Access is denied")

    found = standing(home(tmp_path, "win32"), list, refuse)
    assert codes(found) == ["desktop-unreadable"] * 2
    assert found.winner is not None and found.winner.settings is None


def test_managed_settings_on_linux_win(tmp_path: Path) -> None:
    """The file below /etc beats the local library, also where it cannot be understood."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    path = tmp_path / "etc" / "claude-desktop" / "managed-settings.json"
    put(path, lines(POLICY))
    winner = look(desktop).winner
    assert winner is not None and winner.where == str(path)
    put(path, b'{"inferenceProvider": "gate')
    found = look(desktop)
    assert (
        found.winner is not None and found.winner.where == str(path) and codes(found) == ["desktop-not-json"]
    )


def test_a_managed_file_about_something_else(tmp_path: Path) -> None:
    """A managed file without a provider says nothing about the gateway: ours is used."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    put(tmp_path / "etc" / "claude-desktop" / "managed-settings.json", b'{"chatTabEnabled": true}')
    found = look(desktop)
    assert found.winner is not None and found.winner.ours and len(found.sources) == 2


@pytest.mark.parametrize("content", [b"", b"bplist00", b"<plist><array/></plist>", b"\xff" * 50, b"<a" * 9])
def test_a_damaged_property_list(tmp_path: Path, content: bytes) -> None:
    """A property list that cannot be read is told, whatever is wrong with it."""
    desktop = home(tmp_path, "darwin")
    put(tmp_path / "Library" / "Managed Preferences" / "com.anthropic.claudefordesktop.plist", content)
    assert codes(look(desktop)) == ["desktop-not-plist"]


def test_what_is_wrong_with_the_profile_is_told(tmp_path: Path) -> None:
    """A profile that somebody has spoilt is judged by Claude's rules."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    path = our_profile(desktop)
    put(
        path,
        lines({**value(path), "inferenceModels": ["gpt-5.5"], "inferenceGatewayBaseUrl": "http://10.0.0.1"}),
    )
    assert codes(look(desktop)) == ["desktop-url-refused", "desktop-model-foreign"]
    path.unlink()
    found = look(desktop)
    assert codes(found) == ["desktop-profile-missing"] and found.winner is not None
    put(path, b"{")
    assert codes(look(desktop)) == ["desktop-not-json"]


def test_a_scheme_of_another_type(tmp_path: Path) -> None:
    """Whatever JSON stands in the scheme's place, it is a scheme that Claude does not take."""
    desktop = home(tmp_path, "linux")
    put(desktop.places[0].meta, lines({"appliedId": OTHER}))
    put(desktop.places[0].profile(OTHER), lines({**SETTINGS, "inferenceGatewayAuthScheme": ["bearer"]}))
    assert codes(look(desktop)) == ["desktop-key-gone"]


@pytest.mark.parametrize("odd", ["a\x00b", "\ud800", "../../elsewhere", ""])
def test_an_applied_id_that_is_no_name(tmp_path: Path, odd: str) -> None:
    """An id that cannot be a file in the library leads nowhere: neither to an error nor out of it."""
    desktop = home(tmp_path, "linux")
    put(desktop.places[0].meta, json.dumps({"appliedId": odd}).encode())
    found = look(desktop)
    assert found.winner is None and codes(found) == []


def test_another_profile_is_applied(tmp_path: Path) -> None:
    """Where another profile of the library is applied by now, that one is named."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    meta = desktop.places[0].meta
    put(meta, lines({**value(meta), "appliedId": OTHER}))
    winner = look(desktop).winner
    assert winner is not None and not winner.ours and winner.name.startswith("Office")


def test_damage_elsewhere_is_told_beside(tmp_path: Path) -> None:
    """A library or a journal that cannot be read keeps nobody from seeing the rest."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    desktop.journal.path.write_bytes(b"{")
    put(desktop.places[0].meta, b"{")
    assert codes(look(desktop)) == ["desktop-journal-damaged", "desktop-not-json"]


def test_an_older_configuration_runs(tmp_path: Path) -> None:
    """Claude reads its configuration at launch: one that was started earlier runs an older one."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    changed = our_profile(desktop).stat().st_mtime
    assert look(desktop, None, Running(1, "c", changed - 60)).outdated
    assert not look(desktop, None, Running(1, "c", changed + 60)).outdated
    assert not look(desktop, None, Running(1, "c", changed - 0.5)).outdated, "not known that precisely"
    assert not look(desktop, None, Running(1, "c")).outdated and not look(desktop).outdated


LOG = """\
2026-11-22 10:00:00 [info] starting
2026-11-22 10:00:01 [info] [custom-3p] 3P mode active { provider: 'gateway' }
2026-11-22 10:00:02 [info] [custom-3p] Credentials loaded from enterprise config
2026-11-22 10:00:03 [info] ConfigHealth recomputed { state: 'degraded' }
2026-11-22 10:00:04 [managedConfig] Ignoring inferenceStreamIdleTimeoutSec: unrecognized configuration key
2026-11-22 10:00:05 [warn] [managedConfig] Ignoring fooBar: unrecognized configuration key
2026-11-22 10:00:06 [error] Gateway /v1/models returned 0 usable models
2026-11-22 10:00:07 [error] Gateway was unreachable: net::ERR_SSL_PROTOCOL_ERROR
2026-11-22 10:00:08 [error] Invalid custom3p enterprise config: baseUrl: must use https (or http on loopback)
2026-11-22 10:00:09 [error] Gateway /v1/models returned HTTP 404.
2026-11-22 10:00:10 [info] ConfigHealth recomputed { state: 'healthy' }
"""


def test_the_lines_of_the_log() -> None:
    """Lines about the configuration are recognised, of each kind the last one, with its time."""
    told = {(one.code, one.detail): one.when for one in recognised(LOG)}
    assert told == {
        ("log-mode", "gateway"): "2026-11-22 10:00:01",
        ("log-credentials", "enterprise config"): "2026-11-22 10:00:02",
        ("log-unknown-key", "inferenceStreamIdleTimeoutSec"): "2026-11-22 10:00:04",
        ("log-unknown-key", "fooBar"): "2026-11-22 10:00:05",
        ("log-no-models", "0"): "2026-11-22 10:00:06",
        ("log-unreachable", "net::ERR_SSL_PROTOCOL_ERROR"): "2026-11-22 10:00:07",
        ("log-invalid", "baseUrl: must use https (or http on loopback)"): "2026-11-22 10:00:08",
        ("log-status", "404"): "2026-11-22 10:00:09",
        ("log-health", "healthy"): "2026-11-22 10:00:10",
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_newest_log_is_read(tmp_path: Path, layout: str) -> None:
    """Of several logs the one written last counts."""
    desktop = home(tmp_path, layout)
    every = logs(desktop.system)
    for number, path in enumerate(every):
        put(path, LOG.encode())
        os.utime(path, (1_700_000_000 - number,) * 2)
    os.utime(every[-1], (1_800_000_000,) * 2)
    found = look(desktop)
    assert found.log == every[-1] and unknown_keys(found) == {"inferenceStreamIdleTimeoutSec", "fooBar"}


def test_of_a_log_of_200_megabytes_the_end_is_read(tmp_path: Path) -> None:
    """However long the log is, only its end is looked at; bytes that are no text do no harm."""
    desktop = home(tmp_path, "linux")
    [path, _] = logs(desktop.system)
    put(path, b"")
    with path.open("r+b") as file:
        file.write(b"2026-01-01 00:00:00 ConfigHealth recomputed { state: 'broken' }\n")
        file.seek(200 * 1024 * 1024)
        file.write(b"\xff\xfe\n" + LOG.encode())
    told = look(desktop).told
    assert ("log-health", "healthy") in [(one.code, one.detail) for one in told]
    assert TAIL < 1024 * 1024 and "broken" not in json.dumps(told)
