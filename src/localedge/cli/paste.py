"""What `run` prints for pasting into Claude Desktop and Claude Code."""

import ipaddress
from collections.abc import Callable, Mapping

from localedge.http.guard import TOKEN_FIELD
from localedge.names import in_url

MODEL = "claude-sonnet-4"
"""A name that every build of Claude Desktop accepts."""

Text = Callable[[str], str]


def url(host: str, port: int, scheme: str = "http") -> str:
    """The URL of a listener, IPv6 in brackets, without the port that belongs to https."""
    end = "" if (scheme, port) == ("https", 443) else f":{port}"
    return f"{scheme}://{in_url(host)}{end}"


def base_url(host: str, port: int) -> str:
    """The URL that clients on this machine use: loopback where the edge listens on every address."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return url("127.0.0.1" if address.version == 4 else "::1", port)
    return url(host, port)


def block(
    text: Text, base: str, *, demo: bool, windows: bool, token: bool = False, secure: str | None = None
) -> list[str]:
    """The lines.  `text` gives a message of the table in the user's language.

    `base` and `secure` are the base URLs, the latter with https where that is served.
    `token` says that the edge wants a client token; it is not shown (R23).
    """
    key = text("any-key") if demo else text("your-key")
    variables = {"BASE_URL": base, "AUTH_TOKEN": "demo" if demo else text("your-key")}
    if token:
        variables["CUSTOM_HEADERS"] = _token_field(text)
    return [
        "",
        text("paste-desktop"),
        f"  {text('paste-connection')}: Gateway",
        f"  {text('paste-base-url')}: {base}",
        *([f"    {text('paste-over-https')}: {secure}"] if secure else []),
        f"  {text('paste-key')}: {key}",
        f"  {text('paste-scheme')}: bearer",
        *([f"  {text('paste-header')}: {_token_field(text)}"] if token else []),
        f"  {text('paste-model')}: {MODEL}" + ("" if demo else text("model-hint")),
        "",
        text("paste-code"),
        *_claude_code(variables, windows),
        "",
    ]


def _token_field(text: Text) -> str:
    return f"{TOKEN_FIELD.decode()}: {text('your-token')}"


def _claude_code(variables: Mapping[str, str], windows: bool) -> list[str]:
    """Lines for the shell.  Without a credential Claude Code would send its own login token."""
    if windows:
        return [
            "  PowerShell:",
            *(f'    $env:ANTHROPIC_{name} = "{value}"' for name, value in variables.items()),
            "  cmd.exe:",
            *(f"    set ANTHROPIC_{name}={value}" for name, value in variables.items()),
        ]
    return [f"  export ANTHROPIC_{name}={_quoted(value)}" for name, value in variables.items()]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value or not value.isascii() else value
