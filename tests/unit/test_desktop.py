"""Claude Desktop set up for the edge and put back, on the layouts of all platforms."""

import json
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from localedge.claude.profile import APPLIED, ENTRIES
from localedge.errors import Failure, Problems
from localedge.machine import desktop_undo
from localedge.machine.desktop import Desktop
from tests.desktop_homes import (
    LAYOUTS,
    OTHER,
    SECRET,
    SETTINGS,
    compact,
    directories,
    files,
    furnish,
    home,
    lines,
    notepad,
    odd,
    our_profile,
    put,
    value,
)

STYLES = [compact, lines, notepad, odd]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


def apply(desktop: Desktop, settings: dict[str, object] | None = None, *, dev_tools: bool = False) -> None:
    """Set Claude Desktop up."""
    with desktop.journal.held():
        desktop.apply(desktop.plan(settings or SETTINGS, dev_tools=dev_tools))


def undo(desktop: Desktop) -> dict[str, bool]:
    """Put everything back; for each file whether others had written to it."""
    with desktop.journal.held():
        undoing = desktop_undo.plan(desktop)
        assert undoing is not None
        assert desktop_undo.carry_out(desktop, undoing) == []
    assert desktop.journal.load() is None
    return {step.path.name: step.changed_since for _, step in undoing.steps}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("dev_tools", [False, True])
def test_the_round_trip_is_byte_exact(
    tmp_path: Path, layout: str, style: Callable[[object], bytes], dev_tools: bool
) -> None:
    """After undo every file and directory is what it was before, however its text was laid out."""
    desktop = home(tmp_path, layout)
    furnish(desktop, style)
    before, around = files(desktop), directories(desktop)
    apply(desktop, dev_tools=dev_tools)
    assert files(desktop) != before
    assert undo(desktop) and files(desktop) == before and directories(desktop) == around


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_round_trip_from_nothing(tmp_path: Path, layout: str) -> None:
    """Where Claude Desktop has never been started, undo leaves nothing behind."""
    desktop = home(tmp_path, layout)
    around = directories(desktop)
    apply(desktop, dev_tools=True)
    for place in desktop.places:
        assert value(our_profile(desktop, place)) == SETTINGS
        assert value(place.config(third=True)) == value(place.config(third=False)) == {"deploymentMode": "3p"}
        assert value(place.developer(third=False)) == {"allowDevTools": True}
    undo(desktop)
    assert files(desktop) == {} and directories(desktop) == around


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", STYLES)
def test_what_is_written(tmp_path: Path, layout: str, style: Callable[[object], bytes]) -> None:
    """Our profile is applied and third-party use is on; every other key, profile and number stays."""
    desktop = home(tmp_path, layout)
    furnish(desktop, style)
    old = {path: path.read_bytes() for path in tmp_path.rglob(f"{OTHER}.json")}
    apply(desktop)
    for place in desktop.places:
        ours = our_profile(desktop, place)
        meta = value(place.meta)
        assert meta[APPLIED] == ours.stem and meta["schema"] == 3
        entries = meta[ENTRIES]
        assert isinstance(entries, list)
        assert [one["name"] for one in entries] == ["Office \u2013 \u529e\u516c\u5ba4", "localedge"]
        assert value(place.config(third=True)) == {
            "deploymentMode": "3p",
            "window": {"width": 1200, "maximised": False},
            "scale": 1.5,
        }
        first = place.config(third=False).read_bytes()
        assert value(place.config(third=False))["mcpServers"] == {"files": {"env": {"KEY": "s3cret"}}}
        marked = style({"a": 1})
        assert first.startswith(b"\xef\xbb\xbf") == marked.startswith(b"\xef\xbb\xbf")
        assert (b"\r\n" in first) == (b"\r\n" in marked)
        assert (first.count(b"\n") == first.count(b"\r\n")) or b"\r" not in first
    assert {path: path.read_bytes() for path in old} == old


def test_a_package_is_served_beside_the_usual_place(tmp_path: Path) -> None:
    """The MSIX build has its own files; where it has none, it keeps seeing what the usual ones say."""
    desktop = home(tmp_path, "msix")
    usual, package = desktop.places
    furnish_usual = compact({"appliedId": OTHER, "entries": [{"id": OTHER, "name": "Office"}]})
    put(usual.meta, furnish_usual)
    put(usual.config(third=False), b'{"mcpServers": {}}')
    before = files(desktop)
    apply(desktop)
    assert package.third_party.parts[-3:] == ("LocalCache", "Local", "Claude-3p")
    entries = value(package.meta)[ENTRIES]
    assert isinstance(entries, list) and [one["name"] for one in entries] == ["Office", "localedge"]
    assert value(package.config(third=False)) == {"mcpServers": {}, "deploymentMode": "3p"}
    undo(desktop)
    assert files(desktop) == before


def test_the_second_time_nothing_is_written(tmp_path: Path) -> None:
    """Applying what is applied already touches no file."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    assert desktop.plan(SETTINGS).changes == ()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_other_values_in_between_do_not_cost_exactness(tmp_path: Path, layout: str) -> None:
    """Applied over and over with other settings, undo still finds the way back to the first state."""
    desktop = home(tmp_path, layout)
    furnish(desktop, lines)
    before = files(desktop)
    apply(desktop, {**SETTINGS, "inferenceModels": ["claude-opus-4"]})
    apply(desktop, {**SETTINGS, "inferenceGatewayBaseUrl": "https://localhost:18443"}, dev_tools=True)
    profile = value(our_profile(desktop))
    assert profile["inferenceGatewayBaseUrl"] == "https://localhost:18443"
    assert "inferenceModels" not in profile, "what the earlier call had put in and this one does not want"
    undo(desktop)
    assert files(desktop) == before


def test_keys_of_others_in_our_profile_stay(tmp_path: Path) -> None:
    """What the user sets in Claude's window inside our profile survives applying again, and undoing."""
    desktop = home(tmp_path, "linux")
    apply(desktop, {**SETTINGS, "inferenceModels": ["claude-opus-4"]})
    path = our_profile(desktop)
    put(path, lines({**value(path), "chatTabEnabled": True}))
    apply(desktop)
    assert value(path) == {**SETTINGS, "chatTabEnabled": True}
    changed = undo(desktop)
    assert changed[path.name] and value(path) == {"chatTabEnabled": True}
    meta = value(desktop.places[0].meta)
    assert APPLIED not in meta and meta[ENTRIES] == [{"id": path.stem, "name": "localedge"}]


def test_what_others_wrote_since_stays(tmp_path: Path) -> None:
    """Claude rewrites a file: only our keys go, what stood there before comes back."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    place = desktop.places[0]
    put(place.config(third=True), lines({**value(place.config(third=True)), "zoom": 2}))
    meta = value(place.meta)
    entries = meta[ENTRIES]
    assert isinstance(entries, list)
    put(place.meta, compact({**meta, ENTRIES: [*entries, {"id": "new", "name": "New"}]}))
    changed = undo(desktop)
    assert changed["claude_desktop_config.json"] is False, "that of Claude/ was left alone"
    assert changed["_meta.json"] is True
    assert value(place.config(third=True)) == {
        "deploymentMode": "1p",
        "window": {"width": 1200, "maximised": False},
        "scale": 1.5,
        "zoom": 2,
    }
    after = value(place.meta)
    assert after[APPLIED] == OTHER
    assert [one["id"] for one in after[ENTRIES]] == [OTHER, "new"]  # type: ignore[attr-defined]


def test_a_choice_made_since_is_not_taken_back(tmp_path: Path) -> None:
    """Who has switched to another profile or to the account meanwhile stays there."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    place = desktop.places[0]
    put(place.meta, lines({**value(place.meta), APPLIED: "else"}))
    put(place.config(third=True), lines({**value(place.config(third=True)), "deploymentMode": "clear"}))
    undo(desktop)
    assert value(place.meta)[APPLIED] == "else"
    assert value(place.config(third=True))["deploymentMode"] == "clear"


def test_a_profile_that_is_gone_is_not_applied_again(tmp_path: Path) -> None:
    """What was applied before us and has been deleted since is not named in the list any more."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    place = desktop.places[0]
    meta = value(place.meta)
    entries = meta[ENTRIES]
    assert isinstance(entries, list)
    put(place.meta, compact({**meta, ENTRIES: entries[1:]}))
    undo(desktop)
    assert value(place.meta) == {ENTRIES: [], "schema": 3}


def test_the_latest_choice_comes_back(tmp_path: Path) -> None:
    """Applied, switched away from, applied again: undo goes back to what the user had switched to."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    place = desktop.places[0]
    put(place.config(third=True), lines({"deploymentMode": "1p", "new": 1}))
    put(place.config(third=False), lines({"deploymentMode": "1p"}))
    apply(desktop)
    assert value(place.config(third=True))["deploymentMode"] == "3p"
    undo(desktop)
    assert value(place.config(third=True)) == {"deploymentMode": "1p", "new": 1}
    assert value(place.config(third=False)) == {"deploymentMode": "1p"}


def test_a_file_that_is_gone_stays_away(tmp_path: Path) -> None:
    """A file that the user has removed since is not made again by undo."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    apply(desktop)
    desktop.places[0].config(third=True).unlink()
    undo(desktop)
    assert not desktop.places[0].config(third=True).exists()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_no_secret_is_in_the_journal(tmp_path: Path, layout: str) -> None:
    """Neither the gateway's key nor what other secrets stand in Claude's files gets into the journal."""
    desktop = home(tmp_path, layout)
    furnish(desktop)
    apply(desktop)
    apply(desktop, {**SETTINGS, "inferenceGatewayApiKey": SECRET + "-2"})
    journal = desktop.journal.path.read_bytes()
    assert SECRET.encode() not in journal and b"s3cret" not in journal
    state = desktop.journal.load()
    assert state is not None and SECRET not in repr(state)
    assert SECRET not in repr(desktop.plan({**SETTINGS, "inferenceGatewayApiKey": "other"}).steps)
    versions = [one for record in state.records for one in record.versions]
    cuts = b"".join(one.cut.middle for one in versions if one.cut)
    assert SECRET.encode() not in cuts and b"s3cret" not in cuts


def attributes(path: Path) -> list[str]:
    """Extended attributes, where there are any."""
    if sys.platform == "linux":
        return os.listxattr(path)
    else:
        return []


@POSIX
def test_modes_and_links_stay(tmp_path: Path) -> None:
    """A file keeps its mode, a link stays a link, and what we make is for its owner alone."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    place = desktop.places[0]
    config = place.config(third=True)
    config.chmod(0o644)
    if sys.platform == "linux":
        with suppress(OSError):  # a file system without them
            os.setxattr(config, "user.mine", b"1")
    labels = attributes(config)
    real = tmp_path / "dotfiles.json"
    place.config(third=False).rename(real)
    place.config(third=False).symlink_to(real)
    before = real.read_bytes()
    apply(desktop)
    assert stat.S_IMODE(config.stat().st_mode) == 0o644
    assert attributes(config) == labels
    assert place.config(third=False).is_symlink() and value(real)["deploymentMode"] == "3p"
    assert stat.S_IMODE(our_profile(desktop).stat().st_mode) == 0o600
    assert stat.S_IMODE(desktop.journal.path.stat().st_mode) == 0o600
    undo(desktop)
    assert real.read_bytes() == before and place.config(third=False).is_symlink()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "desktop-empty"),
        (b"\0" * 4096, "desktop-empty"),
        (b'{"a": 1', "desktop-not-json"),
        (b'{"a": 1}}', "desktop-not-json"),
        (b"{'a': 1}", "desktop-not-json"),
        (b'{"a": NaN}', "desktop-not-json"),
        (b"[" * 100_000, "desktop-not-json"),
        (b'{"a": "\xff"}', "desktop-not-utf8"),
        ('{"a": 1}'.encode("utf-16"), "desktop-not-utf8"),
        (b"[]", "desktop-other-shape"),
        (b'"text"', "desktop-other-shape"),
    ],
)
def test_a_damaged_file_is_told_and_left_alone(tmp_path: Path, content: bytes, code: str) -> None:
    """A file that cannot be understood is named with the reason, and nothing at all is changed."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    place = desktop.places[0]
    for path in (place.config(third=True), place.config(third=False), place.meta):
        kept = path.read_bytes()
        put(path, content)
        before = files(desktop)
        with pytest.raises(Failure) as caught:
            desktop.plan(SETTINGS)
        assert caught.value.code == code and str(path) in str(caught.value)
        assert files(desktop) == before and desktop.journal.load() is None
        put(path, kept)


def test_a_list_of_another_shape(tmp_path: Path) -> None:
    """A `_meta.json` whose entries are no list is left alone."""
    desktop = home(tmp_path, "linux")
    put(desktop.places[0].meta, b'{"entries": {"a": 1}}')
    with pytest.raises(Failure) as caught:
        desktop.plan(SETTINGS)
    assert caught.value.code == "desktop-other-shape"


def test_a_directory_in_a_files_place(tmp_path: Path) -> None:
    """A directory where a file belongs is named, and stays."""
    desktop = home(tmp_path, "linux")
    desktop.places[0].config(third=True).mkdir(parents=True)
    with pytest.raises(Failure) as caught:
        desktop.plan(SETTINGS)
    assert caught.value.code == "desktop-is-directory"


def test_a_file_in_a_directorys_place(tmp_path: Path) -> None:
    """A file where Claude's directory belongs is named, and stays."""
    desktop = home(tmp_path, "linux")
    put(desktop.places[0].third_party, b"mine")
    with pytest.raises(Failure) as caught:
        apply(desktop)
    assert caught.value.code == "desktop-unwritable"
    assert desktop.places[0].third_party.read_bytes() == b"mine"
    undo(desktop)
    assert files(desktop) == {str(Path(".config", "Claude-3p")): b"mine"}


def test_a_file_written_between_plan_and_change(tmp_path: Path) -> None:
    """What another program writes in the meantime is never written over; undo takes back what was done."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    place = desktop.places[0]
    plan = desktop.plan(SETTINGS)
    put(place.config(third=True), b'{"mine": 1}')
    before = files(desktop)
    with desktop.journal.held(), pytest.raises(Problems) as caught:
        desktop.apply(plan)
    assert [one.code for one in caught.value.failures] == ["desktop-changed", "desktop-partly"]
    assert place.config(third=True).read_bytes() == b'{"mine": 1}'
    undo(desktop)
    assert files(desktop) == before


def test_undo_goes_on_past_a_damaged_file(tmp_path: Path) -> None:
    """One file that cannot be dealt with keeps its entry in the journal, and all others are put back."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    before = files(desktop)
    apply(desktop)
    config = desktop.places[0].config(third=True)
    kept = config.read_bytes()
    put(config, kept[:20])
    with desktop.journal.held():
        undoing = desktop_undo.plan(desktop)
        assert undoing is not None
        [(record, failure)] = desktop_undo.carry_out(desktop, undoing)
    assert failure.code == "desktop-not-json" and record.path == str(config)
    assert config.read_bytes() == kept[:20]
    put(config, kept)
    undo(desktop)
    assert files(desktop) == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1, "profile": 3}'])
def test_a_damaged_journal_is_never_taken_for_none(tmp_path: Path, content: bytes) -> None:
    """With a journal that cannot be understood nothing is changed, and it stays for a person to look at."""
    desktop = home(tmp_path, "linux")
    apply(desktop)
    desktop.journal.path.write_bytes(content)
    for act in (lambda: desktop.plan(SETTINGS), lambda: desktop_undo.plan(desktop)):
        with pytest.raises(Failure) as caught:
            act()
        assert caught.value.code == "desktop-journal-damaged"
    assert desktop.journal.path.read_bytes() == content


def test_a_journal_that_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    """With a list of profiles so long that the journal gets too large, nothing is changed."""
    desktop = home(tmp_path, "linux")
    entries = [{"id": f"{number:036}", "name": "x" * 100} for number in range(2000)]
    put(desktop.places[0].meta, compact({"appliedId": OTHER, "entries": entries}))
    before = files(desktop)
    with pytest.raises(Failure) as caught:
        apply(desktop)
    assert caught.value.code == "desktop-journal-unwritable"
    assert files(desktop) == before and desktop.journal.load() is None


def test_nothing_recorded_is_nothing_to_undo(tmp_path: Path) -> None:
    """Undo without a journal does nothing."""
    assert desktop_undo.plan(home(tmp_path, "linux")) is None


def test_a_key_twice_counts_as_claude_reads_it(tmp_path: Path) -> None:
    """Of a key that stands twice the last one counts, and that is the one that is changed."""
    desktop = home(tmp_path, "linux")
    path = desktop.places[0].config(third=True)
    put(path, b'{"deploymentMode": "3p", "deploymentMode": "1p"}')
    before = files(desktop)
    apply(desktop)
    assert path.read_bytes() == b'{"deploymentMode": "3p", "deploymentMode": "3p"}'
    undo(desktop)
    assert files(desktop) == before


@POSIX
def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    """A half-written file of a process that was killed, which may hold a key, is removed by the next one."""
    desktop = home(tmp_path, "linux")
    furnish(desktop)
    left = desktop.places[0].library / ".x.json.localedge-0123456789abcdef.new"
    others = desktop.places[0].library / ".x.json.new"
    put(left, b"half")
    put(others, b"theirs")
    apply(desktop)
    assert not left.exists() and others.exists()


def test_names_of_any_language(tmp_path: Path) -> None:
    """A user name with spaces, umlauts and Chinese signs comes back from the journal as it is."""
    desktop = home(tmp_path, "msix")
    apply(desktop)
    state = desktop.journal.load()
    assert state is not None and all("J\u00fcrgen \u674e" in one.path for one in state.records)
    assert json.loads(desktop.journal.path.read_text(encoding="ascii"))
    assert os.fsencode(desktop.journal.path)
