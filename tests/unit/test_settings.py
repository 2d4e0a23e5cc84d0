"""The configuration from its layers: which one wins, what is wrong, where each value came from."""

import tomllib
from dataclasses import fields
from pathlib import PurePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.config import Config, Gateway, HalfClose, Limits, LogFormat, LogLevel, Pool, Proxy, Secret
from localedge.errors import Failure, Problems
from localedge.settings import DEFAULT, DEMO, SETTINGS, Settings, Sources, load, sample
from localedge.settings.language import early, from_locale
from tests.mistakes import only, problems

UPSTREAM = "http://gateway.example:8000"


def where(settings: Settings, key: str) -> str:
    """Where a value came from."""
    return next(effective.where for effective in settings.effective if effective.setting.key == key)


def test_nothing_configured_is_the_demo_gateway() -> None:
    """Without any configuration the edge has the defaults and the demo gateway behind it."""
    settings = load(Sources())
    assert settings.config == Config(gateway=Gateway("http", "127.0.0.1", 0, demo=True))
    assert where(settings, "gateway.url") == DEMO
    assert where(settings, "listen.port") == DEFAULT
    assert settings.notices == ()


def test_every_field_of_the_configuration_can_be_set() -> None:
    """No part of the configuration is out of reach of the file."""
    keys = {setting.key for setting in SETTINGS}
    assert {f"limits.{field.name}" for field in fields(Limits)} <= keys
    assert {f"pool.{field.name}" for field in fields(Pool)} <= keys
    assert len(keys) == len(SETTINGS) == len({setting.env for setting in SETTINGS})
    assert not any(setting.flag for setting in SETTINGS if setting.secret), "R23: no secret in process lists"


@pytest.mark.parametrize(
    ("layers", "port", "place"),
    [
        ({"flags", "environ", "text"}, 1001, "--port"),
        ({"environ", "text"}, 1002, "LOCALEDGE_PORT"),
        ({"text"}, 1003, "c.toml:3"),
        (set(), 18080, DEFAULT),
    ],
)
def test_flags_win_over_variables_and_variables_over_the_file(
    layers: set[str], port: int, place: str
) -> None:
    """The strongest layer that has a value decides, and is named as its source."""
    every: dict[str, Any] = {
        "flags": {"listen.port": "1001"},
        "environ": {"LOCALEDGE_PORT": "1002"},
        "text": "\n[listen]\nport = 1003\n",
    }
    settings = load(Sources(path="c.toml", **{name: every[name] for name in layers}))
    assert settings.config.port == port
    assert where(settings, "listen.port") == place


def test_the_base_url_of_claude_stands_between_file_and_demo() -> None:
    """ANTHROPIC_BASE_URL names the gateway where nothing of localedge's own does."""
    environ = {"ANTHROPIC_BASE_URL": "https://api.example/claude/"}
    settings = load(Sources(environ=environ))
    assert settings.config.gateway == Gateway("https", "api.example", 443, "/claude")
    assert where(settings, "gateway.url") == "ANTHROPIC_BASE_URL"
    settings = load(Sources(environ=environ, path="c.toml", text=f'gateway.url = "{UPSTREAM}"'))
    assert settings.config.gateway.url == UPSTREAM


def test_every_kind_of_value_arrives() -> None:
    """A full file becomes one configuration, durations in seconds and sizes in bytes."""
    text = """
        lang = "zh"
        [listen]
        host = "0.0.0.0"
        port = 0
        client_token = "hunter2"
        max_clients = 7
        [gateway]
        url = "https://gateway.example/base"
        ca_file = "ca.pem"
        proxy = "http://me:secret@proxy:3128"
        insecure = true
        [pool]
        connections = 3
        ceiling = 9
        patience = 2.5
        idle = "1m"
        queue_length = 0
        [client]
        allowed_hosts = ["host.docker.internal"]
        allowed_origins = ["https://app.example"]
        half_close = "finish"
        [limits]
        first_byte = "10m"
        head_bytes = "128KiB"
        [log]
        format = "json"
        level = "warning"
    """
    settings = load(Sources(path="/etc/le/c.toml", text=text), http_only=True, quiet=True)
    proxy = Proxy("proxy", 3128, Secret("me:secret"))
    assert settings.config == Config(
        gateway=Gateway(
            "https",
            "gateway.example",
            443,
            "/base",
            ca_file=str(PurePath("/etc/le/ca.pem")),
            insecure=True,
            proxy=proxy,
        ),
        host="0.0.0.0",
        port=0,
        http_only=True,
        client_token=Secret("hunter2"),
        allowed_hosts=("host.docker.internal",),
        allowed_origins=("https://app.example",),
        half_close=HalfClose.FINISH,
        max_clients=7,
        log_format=LogFormat.JSON,
        log_level=LogLevel.WARNING,
        quiet=True,
        lang="zh",
        limits=Limits(first_byte=600.0, head_bytes=131072),
        pool=Pool(connections=3, ceiling=9, patience=2.5, idle=60.0, queue_length=0),
    )
    shown = [effective.shown for effective in settings.effective]
    assert "hunter2" not in repr(shown) and "secret" not in repr(shown)


@pytest.mark.parametrize("name", ["127.0.0.1", "127.0.0.2", "localhost", "[::1]", "0.0.0.0", "LOCALHOST."])
def test_a_base_url_that_is_the_edge_itself_is_refused(name: str) -> None:
    """ANTHROPIC_BASE_URL left over from the client's set-up does not make the edge talk to itself."""
    environ = {"ANTHROPIC_BASE_URL": f"http://{name}:18080"}
    with pytest.raises(Problems) as caught:
        load(Sources(environ=environ), serve=True)
    [failure] = caught.value.failures
    assert failure.code == "base-url-is-edge"
    assert "--upstream" in str(failure)
    assert load(Sources(environ=environ)).config.gateway.demo, "who only looks is not bothered"


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"flags": {"gateway.url": "http://127.0.0.1:18080"}}, "upstream-is-edge"),
        ({"text": 'gateway.url = "http://localhost:9"\nlisten.port = 9'}, "upstream-is-edge"),
    ],
)
def test_an_upstream_that_is_the_edge_itself_is_refused(given_: Any, code: str) -> None:
    """No way of naming the gateway may name the edge's own address."""
    assert only(**given_).code == code


@pytest.mark.parametrize(
    "given_",
    [
        {"environ": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:18081"}},
        {"environ": {"ANTHROPIC_BASE_URL": "http://gateway.example:18080"}},
        {"environ": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:18080"}, "flags": {"gateway.url": UPSTREAM}},
        {"environ": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:18080", "LOCALEDGE_PORT": "0"}},
        {"environ": {"ANTHROPIC_BASE_URL": ""}},
    ],
)
def test_other_base_urls_are_taken(given_: Any) -> None:
    """Another port, another host, or a gateway named elsewhere is no loop."""
    load(Sources(**given_))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_R22_listening_beyond_this_machine_needs_a_token(host: str) -> None:
    """R22: an address that others can reach is refused without a client token, and taken with one."""
    failure = only(flags={"listen.host": host})
    assert failure.code == "bind-not-loopback" and str(failure).startswith("--host: ")
    config = load(Sources(flags={"listen.host": host}, environ={"LOCALEDGE_CLIENT_TOKEN": "t"})).config
    assert (config.host, config.client_token) == (host, Secret("t"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1", "[::1]"])
def test_R22_loopback_needs_no_token(host: str) -> None:
    """R22: every loopback address is free to listen on."""
    assert load(Sources(flags={"listen.host": host})).config.client_token is None


def test_R22_an_unusable_token_is_no_token() -> None:
    """R22: a token that cannot be sent is a problem, and does not open the door."""
    found = problems(flags={"listen.host": "0.0.0.0"}, environ={"LOCALEDGE_CLIENT_TOKEN": "hunter2 x"})
    assert [failure.code for failure in found] == ["bad-token"]
    assert "hunter2" not in str(found[0])


def test_a_secret_may_stand_in_a_file_of_its_own() -> None:
    """LOCALEDGE_CLIENT_TOKEN_FILE names a file, as containers hand secrets over."""
    environ = {"LOCALEDGE_CLIENT_TOKEN_FILE": "/run/secrets/token"}
    settings = load(
        Sources(environ=environ, read={"/run/secrets/token": b"\xef\xbb\xbfhunter2\n"}.__getitem__)
    )
    assert settings.config.client_token == Secret("hunter2")
    assert where(settings, "listen.client_token") == "LOCALEDGE_CLIENT_TOKEN_FILE (/run/secrets/token)"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory"), "No such file or directory"),
        (IsADirectoryError(21, "Is a directory"), "Is a directory"),
    ],
)
def test_a_secret_file_that_cannot_be_read_is_a_problem(error: Exception, reason: str) -> None:
    """A token file that is missing does not leave the edge without a token."""

    def read(path: str) -> bytes:
        raise error

    failure = only(environ={"LOCALEDGE_CLIENT_TOKEN_FILE": "/t"}, read=read)
    assert failure.code == "secret-file-unreadable" and reason in str(failure)


def test_a_secret_file_that_is_no_text_is_a_problem() -> None:
    """A token in UTF-16 is told as such."""
    failure = only(environ={"LOCALEDGE_CLIENT_TOKEN_FILE": "/t"}, read={"/t": b"\xff\xfe"}.__getitem__)
    assert failure.code == "secret-file-unreadable" and "not UTF-8" in str(failure)


def test_a_file_that_could_not_be_read_is_reported_with_the_rest() -> None:
    """What the file reader found stands beside what is wrong elsewhere."""
    unread = Failure("config-missing", path="/c.toml")
    found = problems(unread=unread, flags={"listen.port": "x"})
    assert [failure.code for failure in found] == ["config-missing", "bad-number"]


def test_R24_an_explicit_proxy_wins_over_the_environment() -> None:
    """R24: gateway.proxy is used as it is, NO_PROXY or not."""
    environ = {"LOCALEDGE_PROXY": "http://mine", "HTTP_PROXY": "http://theirs", "NO_PROXY": "*"}
    settings = load(Sources(flags={"gateway.url": UPSTREAM}, environ=environ))
    assert settings.config.gateway.proxy == Proxy("mine", 80)
    assert where(settings, "gateway.proxy") == "LOCALEDGE_PROXY"


def test_R24_the_environment_s_proxy_is_named_as_its_source() -> None:
    """R24: `config show` tells which variable a proxy came from."""
    settings = load(Sources(flags={"gateway.url": UPSTREAM}, environ={"HTTP_PROXY": "http://theirs"}))
    assert settings.config.gateway.proxy == Proxy("theirs", 80)
    assert where(settings, "gateway.proxy") == "HTTP_PROXY"


def test_R24_no_proxy_for_this_machine() -> None:
    """R24: a proxy is never used for a gateway on loopback, and an explicit one is mentioned."""
    flags = {"gateway.url": "http://localhost:8000"}
    settings = load(
        Sources(flags=flags, environ={"LOCALEDGE_PROXY": "http://mine", "HTTP_PROXY": "http://x"})
    )
    assert settings.config.gateway.proxy is None
    assert [notice.code for notice in settings.notices] == ["proxy-not-for-loopback"]


def test_R24_an_explicit_proxy_of_another_kind_is_refused() -> None:
    """R24: gateway.proxy takes http:// proxies only, and says so."""
    failure = only(flags={"gateway.url": UPSTREAM}, environ={"LOCALEDGE_PROXY": "socks5://x:1"})
    assert failure.code == "proxy-scheme"


def test_a_control_character_does_not_break_the_line() -> None:
    """A problem stays on one line, whatever was typed."""
    failure = only(environ={"LOCALEDGE_LOG_FORMAT": "a\nb\x1b[31m" + "x" * 500})
    assert "\n" not in str(failure) and "\x1b" not in str(failure) and len(str(failure)) < 300


@pytest.mark.parametrize("home", ["HOME", "USERPROFILE"])
def test_a_path_may_start_at_home(home: str) -> None:
    """`~/` in a path is the user's home directory."""
    environ = {home: "/home/me", "LOCALEDGE_CA_FILE": "~/ca.pem"}
    assert load(Sources(environ=environ)).config.gateway.ca_file == str(PurePath("/home/me/ca.pem"))


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_TW"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "zh_CN", "LC_MESSAGES": "en_US"}, "en"),
        ({"LANG": "en_US", "LC_MESSAGES": "de_DE", "LC_ALL": "zh_CN"}, "zh"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh"),
        ({"LANG": "en_US", "LOCALEDGE_LANG": "zh"}, "zh"),
        ({}, "en"),
    ],
)
def test_the_language_follows_the_system(environ: dict[str, str], lang: str) -> None:
    """Messages are in Chinese where the locale is, unless localedge is told otherwise."""
    assert load(Sources(environ=environ)).config.lang == lang
    assert early(None, environ, "en") == lang


def test_the_language_of_the_system_s_windows() -> None:
    """Without locale variables, as on Windows, the system's own language is used."""
    assert from_locale({}) is None
    assert load(Sources(system_lang="zh")).config.lang == "zh"
    assert early(None, {}, "zh") == "zh"
    assert early("en", {"LANG": "zh_CN"}, "zh") == "en"
    assert early("klingon", {"LANG": "zh_CN"}, "en") == "zh"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_commented_file_is_a_configuration(lang: str) -> None:
    """The file that `config init` writes is valid as it is, and when every line is switched on."""
    text = sample.text(lang)
    assert tomllib.loads(text) == {
        section: {} for section in ("listen", "https", "gateway", "pool", "client", "limits", "log")
    }
    switched_on = "\n".join(
        line[1:] if line[:1] == "#" and line[1:2] != " " else line for line in text.split("\n")
    )
    settings = load(Sources(path="c.toml", text=switched_on))
    assert all(effective.where.startswith("c.toml:") for effective in settings.effective)
    assert settings.config.limits == Limits() and settings.config.pool == Pool()


@given(st.text(max_size=200))
def test_any_text_is_a_configuration_or_problems(text: str) -> None:
    """Whatever the file holds, the answer is a configuration or sentences about it."""
    try:
        load(Sources(path="c.toml", text=text))
    except Problems as found:
        sentences = [failure.sentence("zh") for failure in found.failures]
    else:
        sentences = []
    assert not any("\n" in sentence for sentence in sentences)
