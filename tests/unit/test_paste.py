"""What `run` prints for pasting, and its first line."""

from functools import partial

import pytest

from localedge import messages
from localedge.cli import paste
from localedge.cli.calling import place_of
from localedge.cli.run import listening_line


@pytest.mark.parametrize(
    ("host", "listener", "client"),
    [
        ("127.0.0.1", "http://127.0.0.1:18080", "http://127.0.0.1:18080"),
        ("::1", "http://[::1]:18080", "http://[::1]:18080"),
        ("0.0.0.0", "http://0.0.0.0:18080", "http://127.0.0.1:18080"),
        ("::", "http://[::]:18080", "http://[::1]:18080"),
        ("192.168.1.5", "http://192.168.1.5:18080", "http://192.168.1.5:18080"),
    ],
)
def test_the_url_for_clients(host: str, listener: str, client: str) -> None:
    """IPv6 stands in brackets, and who listens everywhere is reached on loopback."""
    assert paste.url(host, 18080) == listener
    assert paste.base_url(host, 18080) == client


@pytest.mark.parametrize(
    ("host", "takes"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", True), ("127.0.0.2", False), ("192.168.1.5", False)],
)
def test_claude_desktop_takes_plain_http_only_from_loopback(host: str, takes: bool) -> None:
    """Where Claude Desktop would refuse the address, the user is told before it does."""
    assert paste.desktop_takes(host) is takes


def test_the_first_line() -> None:
    """Scripts can wait for the line that says where the edge listens and where it leads."""
    assert (
        listening_line("127.0.0.1", 18080, "http://gateway.example:8000", demo=False)
        == "Listening on http://127.0.0.1:18080 -> http://gateway.example:8000"
    )
    assert listening_line("::1", 1, "http://127.0.0.1:2", demo=True).endswith("/127.0.0.1:2 (demo gateway)")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("demo", [True, False])
def test_the_block_has_all_values(lang: str, demo: bool) -> None:
    """Claude Desktop's fields and Claude Code's two lines are there in both languages."""
    text = partial(messages.text, lang=lang)
    lines = paste.block(text, "http://127.0.0.1:18080", demo=demo, windows=False)
    for wanted in ("Gateway", "http://127.0.0.1:18080", "bearer", "claude-sonnet-4"):
        assert any(wanted in line for line in lines)
    assert "  export ANTHROPIC_BASE_URL=http://127.0.0.1:18080" in lines
    assert sum("export ANTHROPIC_AUTH_TOKEN=" in line for line in lines) == 1


def test_chinese_stands_in_chinese_brackets() -> None:
    """The hint beside the model is set as Chinese is."""
    lines = paste.block(partial(messages.text, lang="zh"), "http://x", demo=False, windows=False)
    assert "  Model（模型）: claude-sonnet-4（或网关提供的其他模型）" in lines
    lines = paste.block(messages.text, "http://x", demo=False, windows=False)
    assert "  Model: claude-sonnet-4 (or any model of your gateway)" in lines


@pytest.mark.parametrize("windows", [True, False])
def test_a_client_token_is_part_of_what_to_paste(windows: bool) -> None:
    """Where the edge wants a client token, the block says in which field; the token itself is not shown."""
    lines = paste.block(messages.text, "http://x", demo=False, windows=windows, token=True)
    assert "  Custom header: x-localedge-token: your client token" in lines
    field = "x-localedge-token: your client token"
    if windows:
        assert f'    $env:ANTHROPIC_CUSTOM_HEADERS = "{field}"' in lines
        assert f"    set ANTHROPIC_CUSTOM_HEADERS={field}" in lines
    else:
        assert f'  export ANTHROPIC_CUSTOM_HEADERS="{field}"' in lines


def test_the_block_for_windows() -> None:
    """On Windows both shells get their own form."""
    lines = paste.block(messages.text, "http://127.0.0.1:18080", demo=True, windows=True)
    assert '    $env:ANTHROPIC_BASE_URL = "http://127.0.0.1:18080"' in lines
    assert "    set ANTHROPIC_AUTH_TOKEN=demo" in lines


def test_the_place_of_an_internal_error_is_ours() -> None:
    """An internal error is reported with the line of localedge it came from."""
    try:
        messages.text("no-such-code")
    except KeyError as error:
        place = place_of(error.__traceback__)
    assert place.startswith(("messages/__init__.py:", "messages\\__init__.py:"))
    assert place_of(None) == "?"
