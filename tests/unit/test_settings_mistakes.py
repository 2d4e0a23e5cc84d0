"""What is wrong with a configuration: all of it at once, each with its place and a guess."""

from pathlib import PurePath
from typing import Any

import pytest

from localedge.errors import Problems
from localedge.settings import Sources, load
from tests.mistakes import only, problems


def test_all_problems_are_reported_together_each_with_its_place() -> None:
    """One run tells every mistake: in the file, by line, and in variables and flags."""
    found = problems(
        flags={"gateway.url": "gateway.example:8000", "log.format": "xml"},
        environ={"LOCALEDGE_PROT": "1", "LOCALEDGE_LIMITS_CONNECT": "soon"},
        text='[listen]\nport = "abc"\nprt = 1\n\n[gatway]\nurl = ""\n[limits]\nfirst_byte = -1\n',
    )
    assert [str(failure).split(": ")[0].split(" is ")[0] for failure in found] == [
        "c.toml:2",
        "c.toml:3",
        "c.toml:5",
        "c.toml:8",
        "LOCALEDGE_PROT",
        "--upstream",
        "LOCALEDGE_LIMITS_CONNECT",
        "--log-format",
    ]
    assert all(failure.exit_status == 1 for failure in found)


@pytest.mark.parametrize(
    ("pem", "code"),
    [
        (FileNotFoundError(2, "No such file"), "ca-file-missing"),
        (IsADirectoryError(21, "Is a directory"), "ca-file-unreadable"),
        (b"DER", "ca-file-not-pem"),
    ],
)
def test_a_ca_file_that_cannot_serve_is_told_with_the_rest(pem: Any, code: str) -> None:
    """A CA file that is missing or no PEM is told at the start, beside every other mistake."""

    def read(path: str) -> bytes:
        if isinstance(pem, bytes):
            return pem
        raise pem

    found = problems(
        environ={"LOCALEDGE_CA_FILE": "/ca\x1b.pem", "LOCALEDGE_PORT": "x", "LOCALEDGE_UPSTREAM": "gw"},
        read=read,
    )
    assert {failure.code for failure in found} == {"bad-number", "url-no-scheme", code}
    [about] = [str(failure) for failure in found if failure.code == code]
    assert about.startswith("LOCALEDGE_CA_FILE: ") and "ca\\x1b.pem" in about


def test_plain_http_and_https_on_one_port() -> None:
    """One port cannot serve both; looking at the configuration, or doing without HTTPS, is no mistake."""
    sources = Sources(flags={"listen.port": "18443"})
    with pytest.raises(Problems) as caught:
        load(sources, serve=True)
    (failure,) = caught.value.failures
    assert failure.code == "same-port" and str(failure).startswith("--port: ")
    assert load(sources, serve=True, http_only=True).config.port == 18443
    assert load(sources).config.port == load(sources).config.https.port
    load(Sources(flags={"listen.port": "0", "https.port": "0"}), serve=True)


def test_the_wrong_file_is_no_flood() -> None:
    """A file of another program gives a score of lines and a count, and gives them at once."""
    text = "".join(f"section{number}.key = {number}\n" for number in range(3000))
    found = problems(text=text)
    assert len(found) == 21
    assert str(found[0]).startswith("c.toml:1: ")
    assert str(found[-1]).startswith("c.toml: there are 2980 more settings ")


def test_a_value_is_shown_as_it_stands_in_the_file() -> None:
    """A date is quoted back as TOML has it, not as Python does."""
    assert 'c.toml:1: "2020-01-01" ' in str(only(text="listen.port = 2020-01-01"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("listen.port = " + "9" * 5000, "config-not-toml"),
        ("listen.port = 0x" + "f" * 5000, "out-of-range"),
        ("limits.connect = " + "9" * 400, "out-of-range"),
    ],
)
def test_a_number_beyond_all_bounds_is_a_problem(text: str, code: str) -> None:
    """However long a number is, the answer is one sentence about it."""
    failure = only(text=text)
    assert failure.code == code and str(failure).startswith("c.toml") and len(str(failure)) < 300


def test_a_path_does_not_reach_the_terminal_raw() -> None:
    """A file name with an escape in it is shown as text."""
    with pytest.raises(Problems) as caught:
        load(Sources(path="a\x1b[31m", text="[x]"))
    assert str(caught.value).startswith("a\\x1b[31m:1: ")


def test_a_relative_ca_file_is_made_absolute() -> None:
    """twistd goes to another directory before it is read: names count from where it was called."""
    by_variable = load(Sources(environ={"LOCALEDGE_CA_FILE": "ca.pem"}, directory="/here"))
    assert by_variable.config.gateway.ca_file == str(PurePath("/here/ca.pem"))
    in_file = load(Sources(path="sub/c.toml", text="gateway.ca_file = 'ca.pem'", directory="/here"))
    assert in_file.config.gateway.ca_file == str(PurePath("/here/sub/ca.pem"))


def test_a_ca_file_beside_an_oddly_named_file_is_found() -> None:
    """Relative paths in the file are relative to the file, whatever it is called."""
    settings = load(Sources(path="/a\x1b/c.toml", text="gateway.ca_file = 'ca.pem'"))
    assert settings.config.gateway.ca_file == str(PurePath("/a\x1b/ca.pem"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[listen]\nprot = 1", 'c.toml:2: there is no setting "listen.prot". Did you mean "listen.port"?'),
        ("[gatewy]\nx = 1", 'c.toml:1: there is no setting "gatewy". Did you mean "gateway"?'),
        ("port = 1", 'c.toml:1: there is no setting "port". Did you mean "listen.port"?'),
        ("upstream = 'x'", 'Did you mean "gateway.url"?'),
        ("[gateway]\nupstream = 'x'", 'Did you mean "gateway.url"?'),
        ("[limits]\nfirstbyte = 1", 'Did you mean "limits.first_byte"?'),
        ("[limits]\nidle = 1", 'Did you mean "pool.idle"?'),
        ("first_bite = 1", 'Did you mean "limits.first_byte"?'),
        ("zzz = 1", 'c.toml:1: there is no setting "zzz". Take it out'),
        ('[log]\n"\\u001b[31m" = 1', 'there is no setting "log.\\x1b[31m"'),
    ],
)
def test_an_unknown_key_comes_with_a_guess(text: str, said: str) -> None:
    """A mistyped or misplaced key is named with its line and what was probably meant."""
    assert said in str(only(text=text))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "LOCALEDGE_UPSTRAEM",
            "LOCALEDGE_UPSTRAEM is no variable of localedge. Did you mean LOCALEDGE_UPSTREAM?",
        ),
        ("LOCALEDGE_LIMITS_FIRSTBYTE", "Did you mean LOCALEDGE_LIMITS_FIRST_BYTE?"),
        ("LOCALEDGE_PORT_FILE", "Did you mean"),
        ("LOCALEDGE_12345678", "Unset it"),
    ],
)
def test_an_unknown_variable_comes_with_a_guess(name: str, said: str) -> None:
    """A mistyped LOCALEDGE_ variable is not silently ignored."""
    assert said in str(only(environ={name: "1"}))


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[listen]\nport == 1\n[log]\n", "config-not-toml", "c.toml:2"),
        ("[listen]\nport = 1\nport = 2\n[log]\n", "config-not-toml", "c.toml:3"),
        ("{}\n\n", "config-not-toml", "c.toml:1"),
        ('[listen]\nhost = "127.0', "config-half-written", "c.toml:2"),
        ("[listen]\nport = 1\nclient_tok", "config-half-written", "c.toml:3"),
        ("[listen]\nport = 1\n[lim", "config-half-written", "c.toml:3"),
        ('[client]\nallowed_hosts = [\n  "a",\n', "config-half-written", "c.toml:3"),
        ("x = " + "[" * 100_000, "config-half-written", "c.toml:1"),
        ('gateway = "http://x"', "not-a-section", "c.toml:1"),
        ("listen = 5", "not-a-section", "c.toml:1"),
    ],
)
def test_a_broken_file_is_one_problem_with_its_line(text: str, code: str, place: str) -> None:
    """A file that is no TOML, or that stops in the middle, says so with the line."""
    failure = only(text=text)
    assert failure.code == code
    assert str(failure).startswith(f"{place}: ")
