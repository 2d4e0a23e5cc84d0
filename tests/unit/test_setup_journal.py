"""What `localedge setup` writes down, and how the configuration file is put back."""

import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.setup_journal import Back, Progress, SetupJournal, put_back, set_gateway

FIRST, SECOND = "http://one.example", "http://two.example:8000/base"
MINE = b'\xef\xbb\xbf# mine\r\n[gateway]\r\nurl = "http://old.example" # was\r\n'


@pytest.fixture
def journal(tmp_path: Path) -> SetupJournal:
    """In a directory that is not there yet."""
    return SetupJournal(tmp_path / "data" / "localedge" / "setup.json")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration file, which is not there yet."""
    return tmp_path / "config" / "localedge" / "config.toml"


def write(journal: SetupJournal, config: Path, url: str | None) -> bool:
    """As the step does it."""
    with journal.held():
        return set_gateway(journal, config, url, "# fresh\n")


def back(journal: SetupJournal) -> Back:
    """Undo it."""
    return put_back(journal.load().edited[-1])


def test_progress_is_kept(journal: SetupJournal, config: Path) -> None:
    """What is stored is what is loaded, with the directories that were made."""
    assert journal.load() == Progress()
    assert write(journal, config, FIRST)
    progress = journal.load().with_done("gateway", gateway=FIRST).with_done("check", model="m", models=("a",))
    journal.store(progress)
    assert journal.load() == progress and progress.done == ("gateway", "check")
    made = {Path(path) for path in progress.directories}
    assert made == {config.parent.parent, config.parent}
    assert progress.without("check").done == ("gateway",)
    anew = progress.begun_anew(SECOND)
    assert (anew.done, anew.gateway, anew.edited) == ((), SECOND, progress.edited)


def test_a_file_of_ours(journal: SetupJournal, config: Path) -> None:
    """A file that was not there is made for its owner alone, and removed."""
    assert write(journal, config, FIRST)
    assert config.read_text() == f'# fresh\n\n[gateway]\nurl = "{FIRST}"\n'
    if sys.platform != "win32":
        assert config.stat().st_mode & 0o777 == 0o600
    assert back(journal) is Back.REMOVED and not config.exists()
    assert back(journal) is Back.AS_IT_WAS


def test_a_file_of_the_users(journal: SetupJournal, config: Path) -> None:
    """However often it is written: the way back leads to the user's own bytes."""
    config.parent.mkdir(parents=True)
    config.write_bytes(MINE)
    config.chmod(0o640)
    assert write(journal, config, FIRST) and write(journal, config, SECOND)
    assert not write(journal, config, SECOND)
    assert config.read_bytes() == MINE.replace(b"http://old.example", SECOND.encode())
    assert write(journal, config, None)
    assert b"# url" in config.read_bytes()
    assert back(journal) is Back.RESTORED and config.read_bytes() == MINE
    if sys.platform != "win32":
        assert config.stat().st_mode & 0o777 == 0o640
    assert back(journal) is Back.AS_IT_WAS


def test_an_earlier_version_is_known(journal: SetupJournal, config: Path) -> None:
    """A run that died between the journal and the file leaves the version before: that is put back too."""
    config.parent.mkdir(parents=True)
    config.write_bytes(MINE)
    write(journal, config, FIRST)
    earlier = config.read_bytes()
    write(journal, config, SECOND)
    config.write_bytes(earlier)
    assert back(journal) is Back.RESTORED and config.read_bytes() == MINE


def test_changed_since(journal: SetupJournal, config: Path) -> None:
    """What others have written to since stays, but for our URL; so does a file that is gone."""
    write(journal, config, FIRST)
    config.write_bytes(config.read_bytes() + b"# mine\n")
    assert back(journal) is Back.URL_ONLY
    assert config.read_text() == f'# fresh\n\n[gateway]\n# url = "{FIRST}"\n# mine\n'
    for theirs in (f'[gateway]\nurl = "{SECOND}"\n', "[gateway\n", "gateway = 5\n"):
        config.write_text(theirs)
        assert back(journal) is Back.CHANGED and config.read_text() == theirs
    config.unlink()
    assert back(journal) is Back.AS_IT_WAS and not config.exists()


@pytest.mark.parametrize("url", [FIRST, None])
def test_the_users_url_comes_back(journal: SetupJournal, config: Path, url: str | None) -> None:
    """Where the rest has been changed since, the user's own URL is not lost."""
    config.parent.mkdir(parents=True)
    config.write_bytes(MINE)
    write(journal, config, url)
    config.write_bytes(config.read_bytes() + b"[listen]\r\nport = 1\r\n")
    assert back(journal) is Back.URL_ONLY
    assert tomllib.loads(config.read_bytes().decode("utf-8-sig")) == {
        "gateway": {"url": "http://old.example"},
        "listen": {"port": 1},
    }
    config.unlink()
    assert back(journal) is Back.GONE and not config.exists()


def test_more_files_than_one(journal: SetupJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is put back, wherever setup and uninstall are called."""
    monkeypatch.chdir(tmp_path)
    files = [tmp_path / "a.toml", tmp_path / "b.toml"]
    for file in files:
        file.write_bytes(MINE)
        write(journal, Path(file.name), FIRST)
    monkeypatch.chdir("/")
    assert [put_back(one) for one in journal.load().edited] == [Back.RESTORED] * 2
    assert [file.read_bytes() for file in files] == [MINE] * 2


def test_changed_between_two_runs(journal: SetupJournal, config: Path) -> None:
    """What the user wrote between two runs is what the second one's undoing leads back to."""
    write(journal, config, FIRST)
    config.write_bytes(b"# mine\n")
    write(journal, config, SECOND)
    assert back(journal) is Back.RESTORED and config.read_bytes() == b"# mine\n"


def test_nothing_to_take_out(journal: SetupJournal, config: Path) -> None:
    """Where there is no file and no gateway is wanted, none is made."""
    assert not write(journal, config, None)
    assert not config.exists() and not journal.load().edited


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_is_followed(journal: SetupJournal, config: Path, tmp_path: Path) -> None:
    """A configuration kept elsewhere stays there, and the link stays a link."""
    config.parent.mkdir(parents=True)
    real = tmp_path / "dotfiles.toml"
    real.write_bytes(MINE)
    config.symlink_to(real)
    write(journal, config, FIRST)
    assert config.is_symlink() and FIRST.encode() in real.read_bytes()
    assert back(journal) is Back.RESTORED and config.is_symlink() and real.read_bytes() == MINE


def test_what_cannot_be_edited(journal: SetupJournal, config: Path) -> None:
    """It is said what to write by hand, and nothing is touched."""
    config.parent.mkdir(parents=True)
    config.write_bytes(b"[[gateway]]\n")
    with pytest.raises(Failure) as raised:
        write(journal, config, FIRST)
    assert raised.value.code == "setup-config-by-hand" and f'url = "{FIRST}"' in str(raised.value)
    assert config.read_bytes() == b"[[gateway]]\n"


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_directory_in_its_place(journal: SetupJournal, config: Path) -> None:
    """What is no file is one sentence."""
    config.mkdir(parents=True)
    with pytest.raises(Failure) as raised:
        write(journal, config, FIRST)
    assert raised.value.code == "config-unreadable"
    journal.path.mkdir(parents=True)
    with pytest.raises(Failure) as raised:
        journal.store(Progress())
    assert raised.value.code == "setup-journal-unwritable"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "edited": 5}', "[" * 100_000]
)
def test_a_damaged_journal(journal: SetupJournal, content: str) -> None:
    """It is never taken for an empty one."""
    with journal.held():
        journal.store(replace(Progress(), gateway=FIRST))
    journal.path.write_text(content)
    with pytest.raises(Failure) as raised:
        journal.load()
    assert raised.value.code == "setup-journal-damaged"


def test_leftovers(journal: SetupJournal) -> None:
    """What a killed process left is swept away; a lock that is held is not."""
    journal.path.parent.mkdir(parents=True)
    journal.store(Progress())
    for name in (".setup.lock", ".trust.lock", ".setup.json.0.0a1b2c3d.new"):
        journal.path.with_name(name).write_text("")
    journal.sweep()
    names = {path.name for path in journal.path.parent.iterdir()}
    assert names == {"setup.json"}
    journal.store(None)
    assert not any(journal.path.parent.iterdir())
