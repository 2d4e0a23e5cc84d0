"""What Claude Desktop takes as a base URL, and whether what `run` prints is among it."""

import pytest

from localedge.claude.rules import accepts_base_url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:18080",
        "http://localhost:18080",
        "http://[::1]:18080",
        "HTTP://LOCALHOST:18080/",
        "http://127.0.0.1",
        "http://127.0.0.1:18080/prefix",
        "https://localedge.test:18443",
        "https://localedge.test",
        "https://192.168.1.5",
        "https://[2001:db8::1]:443/v1",
        " https://gateway.example ",
    ],
)
def test_taken(url: str) -> None:
    """https goes to any host; plain http to this machine, by its three names."""
    assert accepts_base_url(url) == (True, url.strip())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:18080",
        "http://0.0.0.0:18080",
        "http://localedge.test:18080",
        "http://edge.local",
        "http://192.168.1.5:18080",
        "http://127.0.0.1.evil.example",
        "http://user@127.0.0.1",
        "http://127.1",
        "ftp://127.0.0.1",
        "http://",
        "https://",
        "https:///v1",
        "https://a b",
        "https://host:99999",
        "",
    ],
)
def test_refused(url: str) -> None:
    """Everything else is `must use https (or http on loopback)`, or no URL at all."""
    assert not accepts_base_url(url).accepted


@pytest.mark.parametrize("url", ["127.0.0.1:18080", "localedge.test:18443/v1", "localhost"])
def test_without_a_scheme_it_is_https(url: str) -> None:
    """Who leaves out the scheme gets https, which is not what `127.0.0.1:18080` was meant to be."""
    assert accepts_base_url(url) == (True, f"https://{url}")
