"""From what a file, a variable or a flag holds to a value: one small parser per kind.

Each takes a string (variables, flags) or what TOML made of the line, and raises
`Failure` without its `where`, `key` and `value`, which the caller adds.
"""

import enum
import ipaddress
import math
import re
import sys
from collections.abc import Callable

from localedge.config import Gateway, Proxy, Secret
from localedge.errors import Failure
from localedge.names import LOOPBACK_NAME, in_url, is_host_name

from . import upstream

Parser = Callable[[object], object]

LONGEST = 7 * 24 * 3600.0
"""Seconds.  poll() and epoll cannot wait for more than 24 days, and nobody means to."""

_HUGE = 10**18
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SOCKET = re.compile(r"(systemd|fd)(?::([0-9]{1,4}))?")
_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#@\s\\]+)")


def _amount(value: object, units: dict[str, float] | dict[str, int], code: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Failure(code)
    if isinstance(value, int):
        return max(-_HUGE, min(value, _HUGE))  # TOML has whole numbers that no float can hold
    if isinstance(value, float):
        return value
    sign = -1 if value.strip().startswith("-") else 1
    match = _AMOUNT.fullmatch(value.strip().removeprefix("-"))
    unit = units.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise Failure(code)
    return sign * float(match[1]) * unit


def duration(low: float, high: float = LONGEST) -> Parser:
    """Seconds as float: a number, or a string with a unit (`500ms`, `30s`, `5m`, `1h`)."""

    def parse(value: object) -> float:
        seconds = float(_amount(value, _SECONDS, "bad-duration"))
        if math.isnan(seconds) or not low <= seconds <= high:
            raise Failure("out-of-range", low=show(low), high=show(high))
        return seconds

    return parse


def size(low: int, high: int) -> Parser:
    """Bytes as int: a number, or a string with a unit (`64KiB`, `10MB`)."""

    def parse(value: object) -> int:
        amount = _amount(value, _BYTES, "bad-size")
        if not math.isfinite(amount) or amount != int(amount):
            raise Failure("bad-size")
        if not low <= amount <= high:
            raise Failure("out-of-range", low=low, high=high)
        return int(amount)

    return parse


def whole(low: int, high: int) -> Parser:
    """A whole number."""

    def parse(value: object) -> int:
        number = value
        if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value):
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int):
            raise Failure("bad-number", low=low, high=high)
        if not low <= number <= high:
            raise Failure("out-of-range", low=low, high=high)
        return number

    return parse


def choice(kind: type[enum.StrEnum]) -> Parser:
    """A member of a StrEnum, by its value."""
    choices = [member.value for member in kind]

    def parse(value: object) -> enum.StrEnum:
        word = value.strip().lower() if isinstance(value, str) else value
        if word in choices:
            return kind(word)
        raise _wrong_choice(str(value), choices)

    return parse


def language(value: object) -> str:
    """`en` or `zh`; `zh-CN`, `zh_CN.UTF-8` and the like count as `zh`."""
    word = value.strip().lower().replace("-", "_") if isinstance(value, str) else ""
    short = word.split(".")[0].split("_")[0]
    if short in ("en", "zh"):
        return short
    raise _wrong_choice(str(value), ["en", "zh"])


def _wrong_choice(value: str, choices: list[str]) -> Failure:
    import difflib  # only for mistakes

    near = difflib.get_close_matches(value.lower(), choices, 1)
    if near:
        return Failure("bad-choice-near", choices=", ".join(choices), near=near[0])
    return Failure("bad-choice", choices=", ".join(choices))


def switch(value: object) -> bool:
    """True or false; in variables also 1, yes, on and 0, no, off."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise Failure("bad-switch")


def text(value: object) -> str:
    """Any text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise Failure("bad-text")
    return value


def token(value: object) -> Secret:
    """The client token: what can stand in a header field."""
    word = value.strip() if isinstance(value, str) else ""
    if not word or not all("!" <= character <= "~" for character in word):
        raise Failure("bad-token")
    return Secret(word)


def _typed(value: object) -> str:
    """A URL as it was typed; what is no text is told so, what is blank `upstream.parse` tells."""
    if not isinstance(value, str):
        raise Failure("bad-text")
    return value.strip()


def gateway(value: object) -> Gateway:
    """The gateway's URL; the other fields of `Gateway` are settings of their own."""
    url = upstream.parse(_typed(value))
    upstream.check_base_path(url)
    return Gateway(url.scheme, url.host, url.port, url.path)


def proxy(value: object) -> Proxy:
    """The URL of an HTTP proxy, `http://[user:password@]host[:port]`; port 80 if none is given."""
    typed = _typed(value)
    scheme, mark, _ = typed.partition("://")
    if mark and scheme.lower() != "http" and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise Failure("proxy-scheme", scheme=scheme)
    url = upstream.parse(typed, userinfo=True)
    if url.scheme != "http":
        raise Failure("proxy-scheme", scheme=url.scheme)
    if url.path:
        raise Failure("proxy-path", path=url.path)
    credentials = None
    if url.userinfo:
        from urllib.parse import unquote

        credentials = Secret(unquote(url.userinfo))
    return Proxy(url.host, url.port, credentials)


def listen_host(value: object) -> str:
    """An IP address without brackets.  `localhost` is 127.0.0.1, the one that every client tries."""
    if isinstance(value, str) and value.strip().lower() == "localhost":
        return "127.0.0.1"
    return _address(value, "bad-listen-host")


def address(value: object) -> str:
    """An IP address without brackets."""
    return _address(value, "bad-address")


def _address(value: object, code: str) -> str:
    word = value.strip() if isinstance(value, str) else ""
    try:
        return str(ipaddress.ip_address(word[1:-1] if word[:1] == "[" and word[-1:] == "]" else word))
    except ValueError:
        raise Failure(code) from None


def https_port(value: object) -> int | str:
    """A port, or which of the sockets that were passed on: `systemd:INDEX`, `fd:NUMBER`."""
    word = value.strip().lower() if isinstance(value, str) else ""
    match = _SOCKET.fullmatch(word)
    if match is not None and sys.platform != "win32" and (match[1] == "systemd" or match[2]):
        return f"{match[1]}:{int(match[2] or 0)}"
    try:
        return int(str(whole(0, 65535)(value)))
    except Failure as failure:
        raise Failure(
            "bad-https-port" if failure.code == "bad-number" else failure.code, **failure.params
        ) from None


def names(value: object) -> tuple[str, ...]:
    """Exact host names in lower case, without `localhost`, which is always served."""
    found = dict.fromkeys(_name(item.lower()) for item in _items(value))
    return tuple(name for name in found if name != LOOPBACK_NAME)


def _name(item: str) -> str:
    if item == LOOPBACK_NAME or is_host_name(item):
        return item
    # what people write for a name: a URL, a port, a wildcard, a final dot, a single word
    near = re.split("[/:?#]", item.rpartition("://")[2])[0].removeprefix("*").strip(".")
    if "." not in near and is_host_name(f"{near}.test"):
        near += ".test"
    if is_host_name(near):
        raise Failure("bad-https-name-near", value=upstream.masked(item), near=near)
    raise Failure("bad-https-name", value=upstream.masked(item))


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [item.strip() for item in value]
    raise Failure("bad-list")


def hosts(value: object) -> tuple[str, ...]:
    """Host names, lower case, IPv6 in brackets; in a variable with commas between them (R20)."""
    return tuple(_host(item) for item in _items(value))


def _host(item: str) -> str:
    bare = f"[{item}]" if item.count(":") > 1 and item[:1] != "[" else item
    try:
        host = upstream.parse_host(bare)
    except Failure:
        raise Failure("bad-allowed-host", value=upstream.masked(item)) from None
    return in_url(host)


def origins(value: object) -> tuple[str, ...]:
    """Origins as browsers write them: lower case, without the scheme's own port (R21)."""
    return tuple(_origin(item) for item in _items(value))


def _origin(item: str) -> str:
    match = _ORIGIN.fullmatch(item)
    if match is None or "*" in item or not item.isascii():
        raise Failure("bad-allowed-origin", value=upstream.masked(item))
    scheme = match[1].lower()
    if scheme not in ("http", "https"):
        return f"{scheme}://{match[2]}"  # app:, chrome-extension: and the like have no ports
    try:
        url = upstream.parse(item)
    except Failure:
        raise Failure("bad-allowed-origin", value=upstream.masked(item)) from None
    return f"{scheme}://{Gateway(scheme, url.host, url.port).authority}"


def show(value: object) -> object:
    """A value as `config show` prints it and as JSON can hold it.  Secrets stay hidden."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case Gateway(demo=True):
            return "demo gateway"
        case Gateway():
            return value.url
        case Proxy():
            return f"http://{'***@' if value.credentials else ''}{value.authority}"
        case enum.StrEnum():
            return value.value
        case Secret():
            return "***"
        case tuple():
            return list(value)
        case _:
            return value
