"""Which proxy the environment asks for (R24)."""

import pytest

from localedge.config import Gateway, Proxy, Secret
from localedge.errors import Failure
from localedge.settings import proxies

PLAIN = Gateway("http", "gateway.example", 8000)
TLS = Gateway("https", "gateway.example", 443)
PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("gateway", "environ", "variable"),
    [
        (PLAIN, {"HTTP_PROXY": PROXY}, "HTTP_PROXY"),
        (PLAIN, {"http_proxy": PROXY, "HTTP_PROXY": "http://other"}, "http_proxy"),
        (PLAIN, {"HTTPS_PROXY": PROXY}, None),
        (PLAIN, {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, None),
        (PLAIN, {"http_proxy": PROXY, "REQUEST_METHOD": "GET"}, "http_proxy"),
        (PLAIN, {"http_proxy": "", "HTTP_PROXY": PROXY}, None),
        (TLS, {"HTTPS_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "HTTPS_PROXY"),
        (TLS, {"HTTP_PROXY": PROXY}, None),
        (TLS, {"https_proxy": "proxy.example:3128"}, "https_proxy"),
        (TLS, {"HTTPS_PROXY": PROXY, "NO_PROXY": "example"}, None),
        (TLS, {"HTTPS_PROXY": PROXY, "no_proxy": "other", "NO_PROXY": "example"}, "HTTPS_PROXY"),
        (Gateway("http", "127.0.0.1", 8000), {"HTTP_PROXY": PROXY}, None),
        (Gateway("http", "::1", 8000), {"HTTP_PROXY": PROXY}, None),
        (Gateway("http", "localhost", 8000), {"HTTP_PROXY": PROXY}, None),
        (Gateway("http", "127.0.0.1", 0, demo=True), {"HTTP_PROXY": PROXY}, None),
    ],
)
def test_R24_the_proxy_of_the_environment(
    gateway: Gateway, environ: dict[str, str], variable: str | None
) -> None:
    """R24: HTTP_PROXY and HTTPS_PROXY serve gateways of their scheme, never those on this machine."""
    proxy, name, notice = proxies.from_environment(gateway, environ)
    assert (name, notice) == (variable, None)
    assert proxy == (Proxy("proxy.example", 3128) if variable else None)


def test_R24_the_credentials_of_a_proxy_stay_secret() -> None:
    """R24: a proxy's user name and password are kept, and not shown."""
    proxy, _, _ = proxies.from_environment(TLS, {"https_proxy": "http://me:hunter2@proxy.example:3128"})
    assert proxy == Proxy("proxy.example", 3128, Secret("me:hunter2"))
    assert "hunter2" not in repr(proxy)


def test_R24_a_proxy_of_another_kind_is_ignored_aloud() -> None:
    """R24: a SOCKS proxy meant for other programs does not stop the edge, but is mentioned."""
    proxy, _, notice = proxies.from_environment(TLS, {"HTTPS_PROXY": "socks5://proxy:1080"})
    assert proxy is None
    assert notice is not None and notice.code == "proxy-ignored" and "HTTPS_PROXY" in str(notice)


def test_R24_a_variable_without_a_url_is_a_problem() -> None:
    """R24: a proxy variable that cannot be read names itself in the message."""
    with pytest.raises(Failure, match="port number") as caught:
        proxies.from_environment(TLS, {"HTTPS_PROXY": "http://proxy:port"})
    assert str(caught.value).startswith("HTTPS_PROXY: ")


@pytest.mark.parametrize(
    ("no_proxy", "host", "excepted"),
    [
        ("*", "gateway.example", True),
        ("gateway.example", "gateway.example", True),
        ("GATEWAY.example", "gateway.example", True),
        ("example", "gateway.example", True),
        (".example", "gateway.example", True),
        ("*.example", "gateway.example", True),
        ("ample", "gateway.example", False),
        ("a, b gateway.example", "gateway.example", True),
        ("gateway.example:8000", "gateway.example", True),
        ("gateway.example:443", "gateway.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3:8000", "10.1.2.3", True),
        ("192.168.0.0/16", "10.1.2.3", False),
        ("2001:db8::/32", "2001:db8::7", True),
        ("[2001:db8::7]:8000", "2001:db8::7", True),
        ("[2001:db8::7]:1", "2001:db8::7", False),
        ("2.3", "10.1.2.3", False),
        ("nonsense/99", "10.1.2.3", False),
        ("", "gateway.example", False),
        (" , ,", "gateway.example", False),
        (".", "gateway.example", False),
    ],
)
def test_R24_no_proxy_names_hosts_suffixes_addresses_and_blocks(
    no_proxy: str, host: str, excepted: bool
) -> None:
    """R24: NO_PROXY takes names with all below them, addresses, CIDR blocks, ports and a star."""
    assert proxies.excepted(host, 8000, no_proxy) is excepted
