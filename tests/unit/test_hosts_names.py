"""What is told about names: who else has them, and whether the edge and its certificates know them."""

import datetime as dt
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localedge.cli.calling import call
from localedge.machine import hosts, hosts_lookup
from localedge.machine.hosts_lookup import is_claudes, is_private, look_up
from localedge.machine.vault import Vault, authority_directory
from localedge.pki.authority import make_authority

NAME = "localedge.test"


@pytest.mark.parametrize(
    ("name", "private", "claudes"),
    [
        (NAME, True, False),
        ("gw.internal", True, False),
        ("printer.local", True, False),
        ("nas.home.arpa", True, False),
        ("latest", False, False),
        ("contest.com", False, False),
        ("api.anthropic.com", False, True),
        ("claude.ai", False, True),
        ("notclaude.ai", False, False),
        ("claude.ai.example.com", False, False),
    ],
)
def test_kinds_of_names(name: str, private: bool, claudes: bool) -> None:
    """Names are compared label by label."""
    assert (is_private(name), is_claudes(name)) == (private, claudes)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """One dead server costs the limit, once, however many names there are; the others are told."""
    answer = threading.Event()

    def resolve(name: str, *_: object, **__: object) -> list[tuple[Any, ...]]:
        if name.startswith("slow"):
            answer.wait(30)
        if name == "none.test":
            raise socket.gaierror(socket.EAI_NONAME, "no")
        if name == "later.test":
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        if name == "odd.test":
            raise UnicodeError("label too long")
        return [(0, 0, 0, "", ("192.0.2.1", 0)), (0, 0, 0, "", ("192.0.2.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        found = look_up(["slow.test", "slow2.test", "a.test", "none.test", "later.test", "odd.test"], 0.05)
    finally:
        answer.set()
    assert found == {
        "slow.test": None,
        "slow2.test": None,
        "a.test": ("192.0.2.1",),
        "none.test": (),
        "later.test": None,
        "odd.test": (),
    }
    assert look_up([]) == {}


Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """`hosts add --json` of names: what it says, with `found` for what the system resolves."""
    place = tmp_path / "hosts"
    place.write_bytes(b"127.0.0.1 localhost\n")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    def tell(*words: str, found: dict[str, Any] | None = None, system: bool = False) -> dict[str, Any]:
        asked: list[str] = []

        def look(names: list[str], limit: float = 1) -> dict[str, Any]:
            asked.extend(names)
            return {name: (found or {}).get(name, ()) for name in names}

        monkeypatch.setattr(hosts_lookup, "look_up", look)
        if system:
            monkeypatch.setattr(hosts, "system_path", lambda: place)
        assert call(["hosts", "add", "--json", "--file", str(place), *words]) == 0
        value: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {"codes": [note["code"] for note in value["notes"]], "asked": asked, **value}

    return tell


def test_a_public_name_is_warned_about(told: Told) -> None:
    """A name that exists in DNS is about to be taken over; one that cannot be public is not asked for."""
    said = told("www.example.com", NAME, found={"www.example.com": ("192.0.2.1", "192.0.2.2")})
    assert said["asked"] == ["www.example.com"]
    assert said["codes"] == ["hosts-name-public", "hosts-not-configured"]
    assert "192.0.2.1, 192.0.2.2" in said["notes"][0]["message"]
    assert told("www.example.com")["asked"] == [], "it is in the file by now"


def test_a_name_that_nobody_has(told: Told) -> None:
    """Unknown, or no answer in time: nothing is claimed."""
    assert told("a.example.com", found={"a.example.com": None})["codes"] == ["hosts-not-configured"]


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (("127.0.0.1",), []),
        (("::1", "127.0.0.1"), []),
        (None, []),
        ((), ["hosts-no-effect"]),
        (("192.0.2.1",), ["hosts-no-effect"]),
    ],
)
def test_whether_the_system_goes_by_it(told: Told, found: tuple[str, ...] | None, codes: list[str]) -> None:
    """After the system's own file was written, the system is asked."""
    assert told(NAME, found={NAME: found}, system=True)["codes"] == codes


def test_names_are_part_of_the_root(told: Told) -> None:
    """A name that the local CA was not made for needs a new one, and the reason is told."""
    now = dt.datetime.now(dt.UTC)
    vault = Vault(authority_directory(None))
    vault.store(make_authority(["other.test"], now), ["other.test"], now)
    assert told(NAME)["codes"] == ["hosts-not-covered"]
    vault.store(make_authority([NAME], now), [NAME], now)
    assert told(NAME)["codes"] == []
    (vault.directory / "authority.json").write_bytes(b"{")
    assert told(NAME)["codes"] == [], "`ca show` tells what is wrong with it"


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("::1", ["127.0.0.1", "::1"]),
        ("127.0.0.5", ["127.0.0.1"]),
    ],
)
def test_addresses_are_those_where_the_edge_listens(
    told: Told, monkeypatch: pytest.MonkeyPatch, host: str, addresses: list[str]
) -> None:
    """::1 only where something listens there: a browser would try it first."""
    monkeypatch.setenv("LOCALEDGE_HOST", host)
    assert told(NAME)["names"] == {NAME: addresses}
