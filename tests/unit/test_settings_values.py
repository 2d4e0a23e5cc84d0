"""Single values: durations, sizes, numbers, switches, lists, tokens."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import error

from localedge.config import Gateway, HalfClose, Limits, LogFormat, Proxy, Secret
from localedge.edge.failures import connect_failure
from localedge.edge.service import make_route
from localedge.errors import Failure
from localedge.settings import SETTINGS, values

DURATION = values.duration(0.001)
SIZE = values.size(1, 2**40)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        (30, 30.0),
        (1.5, 1.5),
        ("30", 30.0),
        ("30s", 30.0),
        ("500ms", 0.5),
        ("5m", 300.0),
        ("5 min", 300.0),
        ("1.5h", 5400.0),
        ("7d", values.LONGEST),
    ],
)
def test_a_duration_has_units(typed: object, seconds: float) -> None:
    """A length of time is seconds, or a number with a unit."""
    assert DURATION(typed) == seconds


@pytest.mark.parametrize(
    ("typed", "number"),
    [(65536, 65536), ("65536", 65536), ("64KiB", 65536), ("10MB", 10_000_000), ("1 gib", 2**30), (4.0, 4)],
)
def test_a_size_has_units(typed: object, number: int) -> None:
    """A size is bytes, or a number with a decimal or binary unit."""
    assert SIZE(typed) == number
    assert type(SIZE(typed)) is int


@pytest.mark.parametrize(
    ("parse", "typed", "code"),
    [
        (DURATION, "soon", "bad-duration"),
        (DURATION, "5 parsecs", "bad-duration"),
        (DURATION, "", "bad-duration"),
        (DURATION, True, "bad-duration"),
        (DURATION, [], "bad-duration"),
        (DURATION, -1, "out-of-range"),
        (DURATION, "-1s", "out-of-range"),
        (DURATION, 0, "out-of-range"),
        (DURATION, "8d", "out-of-range"),
        (DURATION, math.inf, "out-of-range"),
        (DURATION, math.nan, "out-of-range"),
        (DURATION, 10**400, "out-of-range"),
        (SIZE, "64 elephants", "bad-size"),
        (SIZE, -(10**400), "out-of-range"),
        (SIZE, 1.5, "bad-size"),
        (SIZE, math.nan, "bad-size"),
        (SIZE, math.inf, "bad-size"),
        (SIZE, "-1", "out-of-range"),
        (SIZE, "9999GiB", "out-of-range"),
        (values.whole(0, 65535), "abc", "bad-number"),
        (values.whole(0, 65535), 1.0, "bad-number"),
        (values.whole(0, 65535), True, "bad-number"),
        (values.whole(0, 65535), "१", "bad-number"),
        (values.whole(0, 65535), 65536, "out-of-range"),
        (values.whole(0, 65535), "-1", "out-of-range"),
        (values.whole(0, 65535), "9" * 30, "bad-number"),
        (values.choice(LogFormat), "xml", "bad-choice"),
        (values.choice(LogFormat), "jsno", "bad-choice-near"),
        (values.choice(LogFormat), 1, "bad-choice"),
        (values.language, "fr", "bad-choice"),
        (values.switch, "maybe", "bad-switch"),
        (values.switch, 1, "bad-switch"),
        (values.text, 5, "bad-text"),
        (values.hosts, 5, "bad-list"),
        (values.hosts, ["a", 5], "bad-list"),
        (values.hosts, "http://a", "bad-allowed-host"),
        (values.hosts, "a:80", "bad-allowed-host"),
        (values.hosts, "*.example", "bad-allowed-host"),
        (values.origins, "app.example", "bad-allowed-origin"),
        (values.origins, "*", "bad-allowed-origin"),
        (values.origins, "null", "bad-allowed-origin"),
        (values.origins, "https://app.example/", "bad-allowed-origin"),
        (values.origins, "https://*.example", "bad-allowed-origin"),
        (values.token, "", "bad-token"),
        (values.token, "two words", "bad-token"),
        (values.token, "密码", "bad-token"),
        (values.token, 5, "bad-token"),
        (values.listen_host, "gateway.example", "bad-listen-host"),
        (values.listen_host, "*", "bad-listen-host"),
        (values.listen_host, "127.0.0.1:80", "bad-listen-host"),
        (values.proxy, "socks5://proxy:1080", "proxy-scheme"),
        (values.proxy, "https://proxy:443", "proxy-scheme"),
        (values.proxy, "proxy:3128", "url-no-scheme"),
        (values.proxy, "http://proxy:3128/path", "proxy-path"),
        (values.proxy, "http://me:pass/word@proxy:3128", "proxy-userinfo"),
        (values.proxy, " ", "url-empty"),
        (values.proxy, 5, "bad-text"),
        (values.gateway, 5, "bad-text"),
    ],
)
def test_a_bad_value_has_its_own_problem(parse: Callable[[object], object], typed: object, code: str) -> None:
    """What is no duration, size, number, choice, list, token or address is told as such."""
    with pytest.raises(Failure) as caught:
        parse(typed)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("parse", "typed", "value"),
    [
        (values.choice(HalfClose), " Finish ", HalfClose.FINISH),
        (values.language, "zh_CN.UTF-8", "zh"),
        (values.language, "EN-us", "en"),
        (values.switch, "Yes", True),
        (values.switch, "off", False),
        (values.hosts, "Host.Docker.Internal, gw", ("host.docker.internal", "gw")),
        (values.hosts, ["::2"], ("[::2]",)),
        (values.hosts, [], ()),
        (values.origins, "HTTPS://App.Example:443", ("https://app.example",)),
        (values.origins, ["http://localhost:3000"], ("http://localhost:3000",)),
        (values.origins, ["app://claude"], ("app://claude",)),
        (values.listen_host, "localhost", "127.0.0.1"),
        (values.listen_host, "[::1]", "::1"),
        (values.listen_host, "0.0.0.0", "0.0.0.0"),
        (values.token, " secret\n", Secret("secret")),
        (values.proxy, "http://proxy", Proxy("proxy", 80)),
        (values.proxy, "http://me:p%40ss@proxy:3128", Proxy("proxy", 3128, Secret("me:p@ss"))),
    ],
)
def test_a_good_value_is_understood(parse: Callable[[object], object], typed: object, value: object) -> None:
    """Case, white space and the usual spellings do not matter where they cannot."""
    assert parse(typed) == value


@given(st.sampled_from(SETTINGS), st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text()))
def test_any_value_of_any_setting_parses_or_fails_with_a_sentence(setting: Any, typed: object) -> None:
    """Whatever stands in the file, nothing but a failure with a sentence comes out of a parser."""
    with suppress(Failure):
        setting.parse(typed)


def test_R23_secrets_do_not_show() -> None:
    """R23: a token and a proxy's password are stars wherever a value is shown."""
    assert values.show(Secret("hunter2")) == "***"
    assert values.show(Proxy("proxy", 3128, Secret("me:hunter2"))) == "http://***@proxy:3128"
    proxy = Proxy("proxy", 3128, Secret("me:hunter2"))
    assert proxy.authorization == b"Basic bWU6aHVudGVyMg=="  # that of `me:hunter2`
    route = make_route(Gateway("http", "gateway.example", 80, proxy=proxy), b"i")
    assert route.proxy_authorization == proxy.authorization
    assert not any(secret in f"{proxy!r} {route!r}" for secret in ("hunter2", "bWU6"))


def test_an_ipv6_proxy_is_told_from_its_port() -> None:
    """`::1:3128` is an address too: where a proxy is named, its own stands in brackets."""
    proxy = values.proxy("http://me:word@[::1]:3128")
    assert values.show(proxy) == "http://***@[::1]:3128"
    gateway = Gateway("http", "gateway.example", 80, proxy=proxy)
    code, params = connect_failure(error.ConnectionRefusedError(), gateway, Limits(), None, None)
    assert (code, params["proxy"]) == ("proxy-refused", "[::1]:3128")
