"""What Claude Code and the SDKs need in their environment to talk to the edge, and how shells write it down.

The variables: https://code.claude.com/docs/en/llm-gateway, https://code.claude.com/docs/en/network-config,
https://nodejs.org/api/cli.html#node_extra_ca_certsfile, https://docs.python.org/3/library/ssl.html
(SSL_CERT_FILE), https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from localedge import messages
from localedge.errors import Failure
from localedge.http.guard import TOKEN_FIELD

KEY, TOKEN = "your-gateway-key", "your-client-token"
"""Placeholders: plain ASCII, because they go into header fields if nobody replaces them."""
CREDENTIALS = {"ANTHROPIC_AUTH_TOKEN": "bearer", "ANTHROPIC_API_KEY": "x-api-key"}
"""The variables that hold a key, and how each sends it; the first that is set counts."""
_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""These replace a program's own roots, so they want a file with all of them."""
FILES = ("NODE_EXTRA_CA_CERTS", *_BUNDLES)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}


def key_in(environ: Mapping[str, str], name: str) -> str:
    """The key in a variable; empty for none, and for our own words that nobody has replaced."""
    value = environ.get(name, "").strip()
    placeholders = (KEY, *(messages.text("your-key", lang) for lang in messages.LANGUAGES))
    return "" if value in placeholders else value


class Trust(NamedTuple):
    """The files of the local CA that clients are told of."""

    root: str
    bundle: str | None
    """Every root and ours; None where there is none that will do."""
    holding: frozenset[str] = frozenset()
    """Files that the environment names already and that hold our root too."""


class Wanted(NamedTuple):
    """The lines to print, and what there is to say about them."""

    variables: dict[str, str]
    notices: tuple[Failure, ...]


def wanted(
    environ: Mapping[str, str],
    base: str,
    *,
    demo: bool,
    token: bool,
    trust: Trust | None = None,
    windows: bool = False,
) -> Wanted:
    """What must be set on top of `environ`.  No secret of it is ever repeated: what is set stays."""
    variables = {"ANTHROPIC_BASE_URL": base}
    notices: list[Failure] = []
    _credential(environ, demo, variables, notices)
    if token:
        _client_token(environ, variables, notices)
    variables.update(_no_proxy(environ, windows))
    if trust is not None:
        _certificates(environ, trust, variables, notices)
    return Wanted(variables, tuple(notices))


def _credential(
    environ: Mapping[str, str], demo: bool, variables: dict[str, str], notices: list[Failure]
) -> None:
    """Without one Claude Code would send its own login to the edge."""
    there = [name for name in CREDENTIALS if environ.get(name)]
    notices += [Failure("env-kept", name=name) for name in there]
    if len(there) > 1:
        notices.append(Failure("env-both"))
    if there:
        return
    variables["ANTHROPIC_AUTH_TOKEN"] = "demo" if demo else KEY
    if not demo:
        notices.append(Failure("env-placeholder", name="ANTHROPIC_AUTH_TOKEN"))


def _client_token(environ: Mapping[str, str], variables: dict[str, str], notices: list[Failure]) -> None:
    name = "ANTHROPIC_CUSTOM_HEADERS"
    there = environ.get(name, "")
    if re.search(rf"^\s*{TOKEN_FIELD.decode()}\s*:", there, re.IGNORECASE | re.MULTILINE):
        return
    if there.strip():
        notices.append(Failure("env-kept-headers"))
        return
    variables[name] = f"{TOKEN_FIELD.decode()}: {TOKEN}"
    notices.append(Failure("env-token-placeholder", name=name))


def _no_proxy(environ: Mapping[str, str], windows: bool) -> dict[str, str]:
    """Loopback kept out of the proxy, in both spellings: programs differ in which they read first."""
    if not any(name.lower() in _PROXIES and value.strip() for name, value in environ.items()):
        return {}
    made = {}
    for name in ("NO_PROXY",) if windows else ("NO_PROXY", "no_proxy"):
        there = environ.get(name) or environ.get("NO_PROXY") or environ.get("no_proxy") or ""
        entries = [entry for entry in re.split(r"[,\s]+", there) if entry]
        missing = [host for host in _LOOPBACK if host not in entries]
        if "*" not in entries and (missing or not environ.get(name)):
            made[name] = ",".join([*entries, *missing])
    return made


def _certificates(
    environ: Mapping[str, str], trust: Trust, variables: dict[str, str], notices: list[Failure]
) -> None:
    files = {"NODE_EXTRA_CA_CERTS": trust.root, **dict.fromkeys(_BUNDLES, trust.bundle)}
    for name, file in files.items():
        there = environ.get(name)
        if there in trust.holding:
            continue
        if there and there not in (trust.root, trust.bundle):
            notices.append(Failure("env-kept-file", name=name, path=there))
        elif file is not None:
            variables[name] = file


def _posix(name: str, value: str) -> str:
    quoted = (
        value if re.fullmatch(r"[\w@%+=:,./-]+", value, re.ASCII) else "'" + value.replace("'", "'\\''") + "'"
    )
    return f"export {name}={quoted}"


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


def _pwsh(name: str, value: str) -> str:
    # PowerShell takes typographic quotes for quotes: about_Quoting_Rules.
    quoted = re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value)
    return f"$env:{name} = '{quoted}'"


def _csh(name: str, value: str) -> str:
    # Backquotes make one line of many, and history is looked for in quotes as well: csh(1).
    if re.search("[\r\n]", value):
        raise Failure("env-unquotable", name=name)
    quoted = value.replace("'", "'\\''").replace("!", "\\!")
    return f"setenv {name} '{quoted}';"


def _cmd(name: str, value: str) -> str:
    if re.search('[%"\r\n]', value):
        raise Failure("env-unquotable", name=name)
    return f'set "{name}={value}"'


class Shell(NamedTuple):
    """How a shell sets a variable, and how it takes our output in."""

    line: Callable[[str, str], str]
    use: str


SHELLS = {
    "bash": Shell(_posix, 'eval "$({command})"'),
    "fish": Shell(_fish, "{command} | source"),
    "csh": Shell(_csh, 'eval "`{command}`"'),
    "pwsh": Shell(_pwsh, "{command} | Out-String | Invoke-Expression"),
    "cmd": Shell(_cmd, "for /f \"delims=\" %i in ('{command}') do @%i"),
}
_NAMES = {
    **dict.fromkeys(("bash", "zsh", "sh", "dash", "ash", "ksh", "mksh", "busybox"), "bash"),
    "fish": "fish",
    **dict.fromkeys(("csh", "tcsh", "bsd-csh"), "csh"),
    "pwsh": "pwsh",
    "powershell": "pwsh",
    "cmd": "cmd",
}


def shell_named(name: str) -> str:
    """The shell that a name or a path means.  Raises `Failure`."""
    plain = re.split(r"[/\\]", name)[-1].lower().removesuffix(".exe").lstrip("-")
    if plain not in _NAMES:
        raise Failure("env-shell-unknown", shell=name, known=", ".join(SHELLS))
    return _NAMES[plain]


def shell_of(environ: Mapping[str, str], windows: bool) -> str:
    """The shell that somebody is likely to be in: $SHELL says so, and Git's bash on Windows sets it too."""
    if named := environ.get("SHELL"):
        return shell_named(named)
    return "pwsh" if windows else "bash"
