"""What `run` prints for pasting, and its first line."""

from functools import partial
from typing import Any, cast

import pytest

from localedge import messages
from localedge.cli import paste
from localedge.cli.calling import place_of
from localedge.cli.run import announce, listening_lines, look_for_names
from localedge.config import Config, Gateway, Secret
from localedge.errors import Failure


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


class Started:
    """An `EdgeService` that listens, as far as the announcement looks at it."""

    def __init__(self, https_port: int | None = None, names: tuple[str, ...] = ()) -> None:
        self.gateway_url = "http://gateway.example:8000"
        self.https_port = https_port
        self.https_names = names
        self.notices: list[Failure] = []


class Paper:
    """A printer whose lines are kept."""

    lang = "en"

    def __init__(self) -> None:
        self.lines: list[str] = []

    def data(self, text: str) -> None:
        self.lines += text.splitlines()

    def text(self, code: str, **params: object) -> str:
        return messages.text(code, "en", **params)


GATEWAY = Gateway("http", "gateway.example", 8000)


def announced(started: Started, **config: Any) -> tuple[list[str], list[str]]:
    """The lines printed and the codes said."""
    paper, said = Paper(), []
    announce(
        Config(gateway=GATEWAY, **config),
        cast(Any, started),
        18080,
        cast(Any, paper),
        lambda failure: said.append(failure.code),
    )
    return paper.lines, said


def test_the_first_line() -> None:
    """Scripts can wait for the line that says where the edge listens and where it leads."""
    config = Config(gateway=GATEWAY)
    assert listening_lines(config, cast(Any, Started()), 18080) == [
        "Listening on http://127.0.0.1:18080 -> http://gateway.example:8000"
    ]
    demo = Config(gateway=Gateway("http", "127.0.0.1", 2, demo=True), host="::1")
    (line,) = listening_lines(demo, cast(Any, Started()), 1)
    assert line.startswith("Listening on http://[::1]:1 -> ") and line.endswith(" (demo gateway)")


@pytest.mark.parametrize(
    ("port", "names", "url"),
    [
        (18443, ("localedge.test", "gw.test"), "https://localedge.test:18443"),
        (443, ("gw.test",), "https://gw.test"),
        (18443, (), "https://localhost:18443"),
    ],
)
def test_the_second_line_is_for_https(port: int, names: tuple[str, ...], url: str) -> None:
    """Where HTTPS is served, a line and the block name its base URL, by the first mapped name."""
    lines, said = announced(Started(port, names))
    assert lines[:2] == [
        "Listening on http://127.0.0.1:18080 -> http://gateway.example:8000",
        f"Listening on {url} -> http://gateway.example:8000",
    ]
    assert f"    or over HTTPS: {url}" in lines
    assert said == []


@pytest.mark.parametrize(
    ("host", "takes"),
    [("127.0.0.1", True), ("::1", True), ("0.0.0.0", True), ("127.0.0.2", False), ("192.168.1.5", False)],
)
def test_claude_desktop_takes_plain_http_only_from_loopback(host: str, takes: bool) -> None:
    """Where Claude Desktop would refuse the address, the user is told before it does."""
    _, said = announced(Started(), host=host, client_token=Secret("t"))
    assert ("desktop-needs-loopback" not in said) is takes


def test_notices_are_told() -> None:
    """What keeps HTTPS from being served is told; that there is no CA is no news for who wants it quiet."""
    started = Started()
    started.notices = [Failure("no-ca"), Failure("https-off")]
    assert announced(started)[1] == ["no-ca", "https-off"]
    lines, said = announced(started, quiet=True)
    assert (len(lines), said) == (1, ["https-off"])


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({"a.test": ("127.0.0.1",)}, []),
        ({"a.test": ("192.0.2.1", "::1")}, []),
        ({"a.test": ()}, ["a.test"]),
        ({"a.test": ("192.0.2.1",), "b.test": None}, ["a.test"]),
    ],
)
def test_a_name_that_does_not_lead_here_is_told(
    found: dict[str, tuple[str, ...] | None], told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mapped name that leads elsewhere or nowhere is told, with the command that maps it."""
    monkeypatch.setattr("localedge.machine.hosts_lookup.look_up", lambda names: found)
    said: list[Failure] = []
    look_for_names(tuple(found), lambda say, failure: say(failure), said.append).join(10)
    assert [failure.params["name"] for failure in said] == told


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


def test_the_block_names_both_base_urls() -> None:
    """Where HTTPS is served too, Claude Desktop's base URL is shown in both forms."""
    lines = paste.block(
        messages.text, "http://127.0.0.1:1", demo=False, windows=False, secure="https://localedge.test:2"
    )
    at = lines.index("  Gateway base URL: http://127.0.0.1:1")
    assert lines[at + 1] == "    or over HTTPS: https://localedge.test:2"


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
