"""URLs of gateways as people type them: the parts, or one clear problem."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localedge.config import Gateway
from localedge.errors import Failure
from localedge.settings import upstream, values


@pytest.mark.parametrize(
    ("typed", "url", "host", "port", "path"),
    [
        ("http://gateway.example:8000", "http://gateway.example:8000", "gateway.example", 8000, ""),
        ("http://gateway.example", "http://gateway.example", "gateway.example", 80, ""),
        ("https://gateway.example/", "https://gateway.example", "gateway.example", 443, ""),
        ("HTTPS://Gateway.Example.:443/", "https://gateway.example", "gateway.example", 443, ""),
        ("http://gw/base/path/", "http://gw/base/path", "gw", 80, "/base/path"),
        ("http://gw/v1", "http://gw/v1", "gw", 80, "/v1"),
        ("http://gw/my/models", "http://gw/my/models", "gw", 80, "/my/models"),
        ("http://gw/..a/.b", "http://gw/..a/.b", "gw", 80, "/..a/.b"),
        ("http://gw/a%20b", "http://gw/a%20b", "gw", 80, "/a%20b"),
        ("http://my_service:80", "http://my_service", "my_service", 80, ""),
        ("http://10.0.0.7:9", "http://10.0.0.7:9", "10.0.0.7", 9, ""),
        ("http://[::1]:8000", "http://[::1]:8000", "::1", 8000, ""),
        ("https://[2001:DB8::1]/x", "https://[2001:db8::1]/x", "2001:db8::1", 443, "/x"),
        ("http://网关.example", "http://xn--d6q013i.example", "xn--d6q013i.example", 80, ""),
        ("  http://gw  ", "http://gw", "gw", 80, ""),
    ],
)
def test_a_good_url_is_taken_apart(typed: str, url: str, host: str, port: int, path: str) -> None:
    """A gateway's URL gives scheme, host, port and base path, the host as DNS wants it."""
    gateway = values.gateway(typed)
    assert gateway == Gateway(url.partition(":")[0], host, port, path)
    assert gateway.url == url


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("", "url-empty", ""),
        ("   ", "url-empty", ""),
        ("gateway.example:8000", "url-no-scheme", '"http://gateway.example:8000"'),
        ("gateway.example", "url-no-scheme", '"http://gateway.example"'),
        ("localhost:8000/v1", "url-no-scheme", '"http://localhost:8000/v1"'),
        ("192.168.1.4", "url-no-scheme", '"http://192.168.1.4"'),
        ("//gateway.example", "url-path-not-host", ""),
        ('"http://gateway.example"', "url-no-scheme", '"http://gateway.example"'),
        ("http：//gateway.example", "url-no-scheme", '"http://gateway.example"'),
        ("http:/gateway.example", "url-no-scheme", '"http://gateway.example"'),
        ("https:gateway.example", "url-no-scheme", '"https://gateway.example"'),
        ("http//gateway.example:80", "url-no-scheme", '"http://gateway.example:80"'),
        ("/v1/messages", "url-path-not-host", '"/v1/messages"'),
        ("./gateway", "url-path-not-host", ""),
        ("~/gateway", "url-path-not-host", ""),
        (r"C:\gateway", "url-path-not-host", ""),
        ("http://v1/messages", "url-path-not-host", ""),
        ("ftp://gateway.example", "url-scheme", '"ftp:"'),
        ("ftp:gateway.example", "url-scheme", '"ftp:"'),
        ("ws://gateway.example", "url-scheme", '"ws:"'),
        ("file:///etc/passwd", "url-scheme", '"file:"'),
        ("http://", "url-no-host", ""),
        ("http:", "url-no-host", ""),
        ("http:///v1/messages", "url-no-host", ""),
        ("http://:8000", "url-no-host", ""),
        ("http://gw:", "url-bad-port", ""),
        ("http://gw:0", "url-bad-port", '"0"'),
        ("http://gw:65536", "url-bad-port", '"65536"'),
        ("http://gw:80a", "url-bad-port", '"80a"'),
        ("http://gw:-1", "url-bad-port", ""),
        ("http://gw:８０", "url-bad-port", ""),
        ("http://gw?x=1", "url-query", '"?"'),
        ("http://gw/#top", "url-query", '"#"'),
        ("http://gate way", "url-space", ""),
        ("http://gw\n.example", "url-space", ""),
        ("http://gw\\path", "url-space", ""),
        ("http://gw/中", "url-bad-path", ""),
        ('http://gw/"x"', "url-bad-path", ""),
        ("http://gw/%zz", "url-bad-path", '"/%zz"'),
        ("http://gw/a%2", "url-bad-path", ""),
        ("http://gw/../..", "url-bad-path", ""),
        ("http://gw/./a", "url-bad-path", ""),
        ("http://gw/a/%2E%2e/b", "url-bad-path", ""),
        ("http://gw/v1/messages", "url-endpoint", '"http://gw"'),
        ("https://gw:8443/base/v1/messages/", "url-endpoint", '"https://gw:8443/base"'),
        ("http://gw/v1/messages/count_tokens", "url-endpoint", '"http://gw"'),
        ("http://gw/v1/chat/completions", "url-endpoint", '"http://gw"'),
        ("http://gw/v1/models", "url-endpoint", '"http://gw"'),
        ("http://-gw", "url-bad-host", ""),
        ("http://gw..example", "url-bad-host", ""),
        ("http://*.example", "url-bad-host", ""),
        ("http://" + "a" * 64, "url-bad-host", ""),
        ("http://1.2.3", "url-bad-host", ""),
        ("http://1.2.3.256", "url-bad-host", ""),
        ("http://0x7f.1", "url-bad-host", ""),
        ("http://::1:8000", "url-bad-host", ""),
        ("http://[::1", "url-bad-host", ""),
        ("http://[::1]x", "url-bad-host", ""),
        ("http://[fe80::1%25eth0]", "url-bad-host", ""),
        ("http://[1.2.3.4]", "url-bad-host", ""),
        ("http://\u2603\u200d.example", "url-bad-host", ""),
        ("http://user@gw", "url-userinfo", ""),
    ],
)
def test_a_bad_url_has_one_clear_problem(typed: str, code: str, said: str) -> None:
    """Each way to get a URL wrong has its own sentence, with the likely right one where there is one."""
    with pytest.raises(Failure) as caught:
        values.gateway(typed)
    assert caught.value.code == code
    assert said in caught.value.sentence("en")


@pytest.mark.parametrize(
    "typed",
    [
        "http://user:hunter2@gw",
        "http://hunter2@gw",
        "http://user:hunter2/x@gw",
        "http://user:1/hunter2@gw",
        "http://user:hunter2?x@gw",
        "user:hunter2@gw:80",
        "http:user:hunter2@gw",
        "http://gw?key=hunter2",
        "/path?key=hunter2",
        "ftp://user:hunter2@gw",
        "http://user:hunter2@",
        "http://user:hunter2@gw:99999",
    ],
)
def test_R23_a_key_in_a_url_is_never_quoted_back(typed: str) -> None:
    """R23: a key somebody put into the URL does not show up in the message about it."""
    for parse in (values.gateway, values.proxy):
        shown = ""
        try:
            shown = repr(parse(typed))
        except Failure as failure:
            shown = failure.sentence("en") + failure.sentence("zh") + repr(failure.params)
        assert "hunter2" not in shown


@given(st.text(max_size=40) | st.from_regex(r"https?://[^ ]{0,30}", fullmatch=True))
@example("http://[")
@example("http://xn--\x7f")
@example("http://\ud800")
def test_any_text_is_a_url_or_a_problem(typed: str) -> None:
    """Whatever is typed, the answer is a gateway that can be written down again or a sentence."""
    try:
        gateway = values.gateway(typed)
    except Failure:
        return
    assert values.gateway(gateway.url) == gateway
    assert gateway.url.isascii() and not re.search(r"[\x00-\x20\x7f]", gateway.url)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("gw.localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
    ],
)
def test_loopback_is_known_by_its_form(host: str, loopback: bool) -> None:
    """This machine is recognised in every way to write it, without asking DNS."""
    assert upstream.is_loopback(host) is loopback
