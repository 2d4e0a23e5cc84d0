"""Finding, reading and writing our own files."""

import os
import sys
from pathlib import Path

import pytest

from localedge.errors import Failure, Problems
from localedge.machine import files
from localedge.settings import load

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
NOT_ROOT = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")


def test_the_place_of_the_file(tmp_path: Path) -> None:
    """The flag wins over the variable, and both over the platform's place."""
    environ = {"LOCALEDGE_CONFIG": "/from/variable.toml"}
    assert files.config_path("/from/flag.toml", environ) == Path("/from/flag.toml")
    assert files.config_path(None, environ) == Path("/from/variable.toml")
    assert files.config_path(None, {}).parts[-2:] == ("localedge", "config.toml")


def test_a_default_file_need_not_exist() -> None:
    """Without a file at the platform's place there are the defaults."""
    sources = files.gather({}, None, {})
    assert sources.text is None and sources.unread is None


@pytest.mark.parametrize("by_flag", [True, False])
def test_a_file_that_was_named_must_exist(tmp_path: Path, by_flag: bool) -> None:
    """A configuration that was asked for is not silently left out."""
    name = str(tmp_path / "none.toml")
    sources = files.gather({}, name if by_flag else None, {} if by_flag else {"LOCALEDGE_CONFIG": name})
    assert sources.unread is not None and sources.unread.code == "config-missing"


@pytest.mark.parametrize(
    ("content", "text", "code"),
    [
        (b"lang = 'zh'", "lang = 'zh'", None),
        (b"\xef\xbb\xbflang = 'zh'", "lang = 'zh'", None),
        ("lang = 'zh'".encode("utf-16"), None, "config-not-utf8"),
        (b"\xff", None, "config-not-utf8"),
    ],
)
def test_a_file_is_utf_8(tmp_path: Path, content: bytes, text: str | None, code: str | None) -> None:
    """Notepad's byte order mark does no harm, other encodings are named as the problem."""
    place = tmp_path / "c.toml"
    place.write_bytes(content)
    sources = files.gather({}, str(place), {})
    assert sources.text == text
    assert (sources.unread.code if sources.unread else None) == code


def test_a_home_that_is_no_directory_has_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Services have HOME=/dev/null: that is no mistake in a configuration."""
    (tmp_path / "home").write_bytes(b"")
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "home" / ".config")
    sources = files.gather({}, None, {})
    assert sources.text is None and sources.unread is None


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    """A configuration that cannot be read says why."""
    sources = files.gather({}, str(tmp_path), {})
    assert sources.unread is not None and sources.unread.code == "config-unreadable"


def test_a_token_file_is_read(tmp_path: Path) -> None:
    """A secret that stands in a file of its own is found."""
    place = tmp_path / "token"
    place.write_text("hunter2\n")
    environ = {"LOCALEDGE_CLIENT_TOKEN_FILE": str(place)}
    config = load(files.gather({}, None, environ)).config
    assert config.client_token is not None and config.client_token.reveal() == "hunter2"


def test_a_ca_file_is_looked_at_before_the_start(tmp_path: Path) -> None:
    """A CA file that is no PEM is told at the start, not at the first request."""
    place = tmp_path / "ca.pem"
    place.write_bytes(b"# caf\xe9\n-----BEGIN CERTIFICATE-----\n")
    sources = files.gather({}, None, {"LOCALEDGE_CA_FILE": str(place)})
    assert load(sources).config.gateway.ca_file == str(place)
    place.write_bytes(b"DER")
    with pytest.raises(Problems, match="holds no PEM certificate"):
        load(sources)


@POSIX
def test_a_directory_that_is_gone_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started from a directory that somebody has removed, localedge starts."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load(files.gather({}, None, {})).config.gateway.demo


def test_a_home_that_nobody_has_is_a_missing_file() -> None:
    """`~nobody/x` is told as a file that does not exist, wherever it is named."""
    name = "~no-such-user/x"
    sources = files.gather({}, name, {"LOCALEDGE_CLIENT_TOKEN_FILE": name})
    with pytest.raises(Problems) as caught:
        load(sources)
    codes = [failure.code for failure in caught.value.failures]
    assert codes == ["config-missing", "secret-file-unreadable"]


def test_an_empty_name_is_no_file() -> None:
    """`--config ""`, as of a script's unset variable, does not quietly mean the default file."""
    with pytest.raises(Failure) as caught:
        files.gather({}, "", {})
    assert caught.value.code == "config-missing"


def test_a_file_s_name_is_shown_on_one_line() -> None:
    """A name with a line break or an escape in it does not reach the terminal raw."""
    sources = files.gather({}, "/none/a\nb\x1b[31m", {})
    assert sources.unread is not None and str(sources.unread).isprintable()


def test_a_new_file_is_written_whole_and_private(tmp_path: Path) -> None:
    """The file and its directory are made, readable by the owner only, and nothing is left beside it."""
    place = tmp_path / "deep" / "er" / "config.toml"
    files.write_new(place, "# 网关\n", replace=False)
    assert place.read_bytes() == "# 网关\n".encode()
    assert [entry.name for entry in place.parent.iterdir()] == ["config.toml"]
    if sys.platform != "win32":
        assert place.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    """Nothing a user wrote is overwritten without being asked for."""
    place = tmp_path / "config.toml"
    place.write_text("mine")
    with pytest.raises(Failure) as caught:
        files.write_new(place, "new", replace=False)
    assert caught.value.code == "config-exists"
    assert place.read_text() == "mine"
    files.write_new(place, "new", replace=True)
    assert place.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 1


@POSIX
def test_a_link_is_followed(tmp_path: Path) -> None:
    """Who keeps dotfiles behind links keeps the links."""
    place, kept = tmp_path / "config.toml", tmp_path / "dotfiles" / "localedge.toml"
    place.symlink_to(kept)
    files.write_new(place, "one", replace=False)
    files.write_new(place, "two", replace=True)
    assert place.is_symlink() and kept.read_text() == "two"
    assert [entry.name for entry in kept.parent.iterdir()] == ["localedge.toml"]


@pytest.mark.parametrize("replace", [False, True])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: bool
) -> None:
    """A file that could not be written whole is taken away again, and an old one stays."""
    place = tmp_path / "config.toml"
    if replace:
        place.write_text("mine")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failure) as caught:
        files.write_new(place, "x", replace=replace)
    assert caught.value.code == "config-unwritable"
    assert [entry.read_text() for entry in tmp_path.iterdir()] == (["mine"] if replace else [])


def test_a_place_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A directory that is a file, for example, is one clear failure."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure) as caught:
        files.write_new(tmp_path / "file" / "config.toml", "x", replace=False)
    assert caught.value.code == "config-unwritable"
