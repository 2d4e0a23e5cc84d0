"""Finding, reading and writing our own files."""

import os
import sys
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine import files
from localedge.settings import Sources, load

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


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "ca-file-missing"), (b"DER", "ca-file-not-pem"), (b"-----BEGIN CERTIFICATE-----\n", None)],
)
def test_a_ca_file_is_looked_at_before_the_start(
    tmp_path: Path, content: bytes | None, code: str | None
) -> None:
    """A CA file that is missing or no PEM is told at the start, not at the first request."""
    place = tmp_path / "ca.pem"
    if content is not None:
        place.write_bytes(content)
    settings = load(Sources(environ={"LOCALEDGE_CA_FILE": str(place)}))
    if code is None:
        files.check_ca_file(settings)
        return
    with pytest.raises(Failure) as caught:
        files.check_ca_file(settings)
    assert caught.value.code == code and str(caught.value).startswith("LOCALEDGE_CA_FILE: ")


def test_no_ca_file_is_fine() -> None:
    """Most gateways need none."""
    files.check_ca_file(load(Sources()))


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


def test_a_file_written_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a file that appears while ours is written is not replaced."""
    place = tmp_path / "config.toml"
    place.write_text("mine")
    monkeypatch.setattr(Path, "exists", lambda self: False)
    with pytest.raises(Failure) as caught:
        files.write_new(place, "new", replace=False)
    assert caught.value.code == "config-exists"
    assert place.read_text() == "mine"


def test_a_place_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    """A directory that is a file, for example, is one clear failure."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure) as caught:
        files.write_new(tmp_path / "file" / "config.toml", "x", replace=False)
    assert caught.value.code == "config-unwritable"
