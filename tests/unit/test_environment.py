"""What Claude Code and the SDKs need in their environment, and how each shell writes it down."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude.environment import KEY, SHELLS, TOKEN, Trust, shell_named, shell_of, wanted
from localedge.errors import Failure
from tests import peers

BASE = "http://127.0.0.1:18080"
TRUST = Trust("/data/ca/root.pem", "/data/bundle.pem")


def codes(notices: tuple[Failure, ...]) -> list[str]:
    """What is said, in order."""
    return [notice.code for notice in notices]


def test_a_bare_shell_gets_the_url_and_a_placeholder() -> None:
    """Without a credential Claude Code would send its own login, so there is always one to replace."""
    found = wanted({}, BASE, demo=False, token=False)
    assert found.variables == {"ANTHROPIC_BASE_URL": BASE, "ANTHROPIC_AUTH_TOKEN": KEY}
    assert codes(found.notices) == ["env-placeholder"]


def test_the_demo_gateway_takes_any_word() -> None:
    """For the demo gateway nothing is left to fill in."""
    found = wanted({}, BASE, demo=True, token=False)
    assert found.variables["ANTHROPIC_AUTH_TOKEN"] == "demo" and found.notices == ()


@pytest.mark.parametrize("name", ["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"])
def test_R23_a_key_that_is_set_stays_and_is_not_repeated(name: str) -> None:
    """R23: a real key is neither replaced by a placeholder nor printed."""
    found = wanted({name: "sk-real"}, BASE, demo=False, token=False)
    assert found.variables == {"ANTHROPIC_BASE_URL": BASE}
    assert codes(found.notices) == ["env-kept"] and "sk-real" not in repr(found)


def test_two_keys_are_one_too_many() -> None:
    """Where both kinds of credential are set, somebody should choose."""
    environ = {"ANTHROPIC_AUTH_TOKEN": "a", "ANTHROPIC_API_KEY": "b"}
    assert codes(wanted(environ, BASE, demo=False, token=False).notices)[-1] == "env-both"


def test_an_empty_key_is_none() -> None:
    """A variable that is set to nothing counts as not set."""
    assert (
        "ANTHROPIC_AUTH_TOKEN"
        in wanted({"ANTHROPIC_AUTH_TOKEN": ""}, BASE, demo=False, token=False).variables
    )


@pytest.mark.parametrize(
    ("there", "value", "notice"),
    [
        (None, f"x-localedge-token: {TOKEN}", "env-token-placeholder"),
        ("x-team: 7", None, "env-kept-headers"),
        ("x-team: 7\nX-Localedge-Token: real", None, None),
    ],
)
def test_the_client_token_is_a_header_field(there: str | None, value: str | None, notice: str | None) -> None:
    """The edge's client token goes into a field; fields that are set already are not lost."""
    environ = {"ANTHROPIC_AUTH_TOKEN": "x"} | ({} if there is None else {"ANTHROPIC_CUSTOM_HEADERS": there})
    found = wanted(environ, BASE, demo=False, token=True)
    assert found.variables.get("ANTHROPIC_CUSTOM_HEADERS") == value
    assert codes(found.notices)[1:] == ([notice] if notice else [])


@pytest.mark.parametrize(
    ("environ", "made"),
    [
        ({}, {}),
        ({"NO_PROXY": "corp"}, {}),
        ({"HTTPS_PROXY": " "}, {}),
        (
            {"HTTPS_PROXY": "http://p:1"},
            {"NO_PROXY": "127.0.0.1,localhost,::1", "no_proxy": "127.0.0.1,localhost,::1"},
        ),
        (
            {"http_proxy": "http://p:1", "no_proxy": "corp, localhost"},
            {"NO_PROXY": "corp,localhost,127.0.0.1,::1", "no_proxy": "corp,localhost,127.0.0.1,::1"},
        ),
        ({"ALL_PROXY": "socks5://p:1", "NO_PROXY": "*"}, {}),
        (
            {"ALL_PROXY": "x", "NO_PROXY": "127.0.0.1,localhost,::1"},
            {"no_proxy": "127.0.0.1,localhost,::1"},
        ),
    ],
)
def test_loopback_stays_out_of_a_proxy(environ: dict[str, str], made: dict[str, str]) -> None:
    """Where a proxy is set, the edge on this machine is excepted, and what was excepted before stays so."""
    variables = wanted(environ, BASE, demo=True, token=False).variables
    assert {name: value for name, value in variables.items() if name.lower() == "no_proxy"} == made


def test_windows_has_one_spelling() -> None:
    """Windows does not tell NO_PROXY from no_proxy."""
    found = wanted({"HTTP_PROXY": "http://p:1"}, BASE, demo=True, token=False, windows=True)
    assert "NO_PROXY" in found.variables and "no_proxy" not in found.variables


def test_https_comes_with_the_files_of_the_local_ca() -> None:
    """Node adds the root to its own; Python is given a file of all roots, but only one that is there."""
    variables = wanted({}, BASE, demo=True, token=False, trust=TRUST).variables
    assert variables["NODE_EXTRA_CA_CERTS"] == "/data/ca/root.pem"
    assert variables["SSL_CERT_FILE"] == variables["REQUESTS_CA_BUNDLE"] == "/data/bundle.pem"
    variables = wanted({}, BASE, demo=True, token=False, trust=TRUST._replace(bundle=None)).variables
    assert "NODE_EXTRA_CA_CERTS" in variables and "SSL_CERT_FILE" not in variables


@pytest.mark.parametrize("name", ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_file_of_the_users_is_not_replaced(name: str) -> None:
    """A company's own roots are not lost: it is told how to have both."""
    found = wanted({name: "/corp.pem"}, BASE, demo=True, token=False, trust=TRUST)
    assert name not in found.variables
    assert [notice.params for notice in found.notices] == [{"name": name, "path": "/corp.pem"}]
    again = wanted({name: "/data/bundle.pem"}, BASE, demo=True, token=False, trust=TRUST)
    assert name in again.variables and again.notices == ()
    held = wanted(
        {name: "/corp.pem"},
        BASE,
        demo=True,
        token=False,
        trust=TRUST._replace(holding=frozenset(["/corp.pem"])),
    )
    assert name not in held.variables and held.notices == (), "the root is in it already"


AWKWARD = "it's $HOME `id` \"two\"  \\ \\' !x %PATH% ; & | < > * ~ # \u2019 \u65e5\u672c\nnext"
_CSH = """-f -c 'eval "`printenv LINE`"; printenv A' | tr -d '\\n'"""
SHOW = {
    "bash": ["bash", "-c", 'eval "$0"; printf %s "$A"'],
    "sh": ["sh", "-c", 'eval "$0"; printf %s "$A"'],
    "zsh": ["zsh", "-c", 'eval "$0"; printf %s "$A"'],
    "fish": ["fish", "-c", 'eval $argv[1]; printf %s "$A"'],
    "csh": ["sh", "-c", f"LINE=$0 csh {_CSH}"],
    "tcsh": ["sh", "-c", f"LINE=$0 tcsh {_CSH}"],
    "pwsh": [
        "pwsh",
        "-NoProfile",
        "-Command",
        "& { param($a) Invoke-Expression $a; [Console]::Write($env:A) }",
    ],
}


def taken(program: str, value: str) -> str:
    """What a real shell has in the variable after it took our line in."""
    line = SHELLS[shell_named(program)].line("A", value)
    done = subprocess.run([*SHOW[program], line], capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("value", [BASE, "", "a b", AWKWARD, "'", "\\", "-n", "$(exit 1)"])
@pytest.mark.parametrize("program", SHOW)
def test_a_real_shell_takes_every_value(program: str, value: str) -> None:
    """Quotes, dollars, backslashes and line breaks arrive as they are."""
    if program in ("bash", "sh", "tcsh"):
        peers.need(program)
    elif shutil.which(program) is None:
        pytest.skip(f"only where {program} is installed")
    if "csh" in program:
        value = value.replace("\n", " ")
    assert taken(program, value) == value


@pytest.mark.skipif(shutil.which("bash") is None, reason="for a machine with bash")
@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=40))
def test_bash_takes_any_text(value: str) -> None:
    """No value can break out of its quotes."""
    line = SHELLS["bash"].line("A", value)
    done = subprocess.run(["bash", "-c", 'eval "$0"; printf %s "$A"', line], capture_output=True, timeout=30)
    assert done.stdout == value.encode() and done.stderr == b""


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "export A='it'\\''s'"),
        ("fish", "set -gx A 'it\\'s'"),
        ("csh", "setenv A 'it'\\''s';"),
        ("pwsh", "$env:A = 'it''s'"),
        ("cmd", 'set "A=it\'s"'),
    ],
)
def test_each_shell_is_written_its_own_way(shell: str, line: str) -> None:
    """The same value in five languages."""
    assert SHELLS[shell].line("A", "it's") == line


def test_powershell_takes_typographic_quotes_for_quotes() -> None:
    """They are doubled too, or the string would end there."""
    assert SHELLS["pwsh"].line("A", "\u2019") == "$env:A = '\u2019\u2019'"


@pytest.mark.parametrize(
    ("shell", "value"),
    [("cmd", "100%"), ("cmd", 'a"b'), ("cmd", "a\nb"), ("cmd", "a\rb"), ("csh", "a\nb")],
)
def test_some_have_no_way_to_write_some_characters(shell: str, value: str) -> None:
    """What they would garble is refused."""
    with pytest.raises(Failure) as caught:
        SHELLS[shell].line("A", value)
    assert caught.value.code == "env-unquotable"


@pytest.mark.parametrize(
    ("name", "shell"),
    [
        ("/bin/bash", "bash"),
        ("-zsh", "bash"),
        ("/usr/bin/fish", "fish"),
        ("C:\\Program Files\\PowerShell\\7\\pwsh.exe", "pwsh"),
        ("PowerShell", "pwsh"),
        ("cmd.exe", "cmd"),
        ("-tcsh", "csh"),
    ],
)
def test_a_shell_is_known_by_its_name(name: str, shell: str) -> None:
    """With or without a path, an ending and capitals."""
    assert shell_named(name) == shell


@pytest.mark.parametrize("name", ["xonsh", "nu", "", "/"])
def test_an_unknown_shell_is_told(name: str) -> None:
    """Guessing a syntax would print lines that do nothing."""
    with pytest.raises(Failure) as caught:
        shell_named(name)
    assert (caught.value.code, caught.value.exit_status) == ("env-shell-unknown", 2)


def test_the_shell_is_guessed() -> None:
    """From $SHELL, which Git's bash sets on Windows too; else from the system."""
    assert shell_of({"SHELL": "/usr/bin/fish"}, windows=False) == "fish"
    assert shell_of({}, windows=False) == "bash"
    assert shell_of({}, windows=True) == "pwsh"
    assert shell_of({"SHELL": "/usr/bin/bash"}, windows=True) == "bash"
