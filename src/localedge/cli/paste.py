"""What `run` prints for pasting into Claude Desktop and Claude Code."""

import ipaddress
from collections.abc import Callable

MODEL = "claude-sonnet-4"
"""A name that every build of Claude Desktop accepts."""

Text = Callable[[str], str]


def url(host: str, port: int) -> str:
    """The URL of a listener, IPv6 in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def base_url(host: str, port: int) -> str:
    """The URL that clients on this machine use: loopback where the edge listens on every address."""
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        return url("127.0.0.1" if address.version == 4 else "::1", port)
    return url(host, port)


def desktop_takes(host: str) -> bool:
    """Whether Claude Desktop accepts plain HTTP to the edge: only to exactly these addresses."""
    address = ipaddress.ip_address(host)
    return address.is_unspecified or host in ("127.0.0.1", "::1")


def block(text: Text, base: str, *, demo: bool, windows: bool) -> list[str]:
    """The lines.  `text` gives a message of the table in the user's language."""
    key = text("any-key") if demo else text("your-key")
    return [
        "",
        text("paste-desktop"),
        f"  {text('paste-connection')}: Gateway",
        f"  {text('paste-base-url')}: {base}",
        f"  {text('paste-key')}: {key}",
        f"  {text('paste-scheme')}: bearer",
        f"  {text('paste-model')}: {MODEL}" + ("" if demo else text("model-hint")),
        "",
        text("paste-code"),
        *_claude_code(base, "demo" if demo else text("your-key"), windows),
        "",
    ]


def _claude_code(base: str, key: str, windows: bool) -> list[str]:
    """Two lines for the shell.  Without a credential Claude Code would send its own login token."""
    if windows:
        return [
            "  PowerShell:",
            f'    $env:ANTHROPIC_BASE_URL = "{base}"',
            f'    $env:ANTHROPIC_AUTH_TOKEN = "{key}"',
            "  cmd.exe:",
            f"    set ANTHROPIC_BASE_URL={base}",
            f"    set ANTHROPIC_AUTH_TOKEN={key}",
        ]
    return [
        f"  export ANTHROPIC_BASE_URL={base}",
        f'  export ANTHROPIC_AUTH_TOKEN="{key}"' if key != "demo" else f"  export ANTHROPIC_AUTH_TOKEN={key}",
    ]
