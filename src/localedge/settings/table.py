"""Every setting, declared once: its place in the file, its variable, its flag, its kind, its words.

Defaults are those of `localedge.config`.
"""

import sys
from typing import Any, NamedTuple

from localedge.config import Config, HalfClose, Https, Limits, LogFormat, LogLevel, Pool

from . import values
from .values import Parser

_MIB, _GIB = 2**20, 2**30
# Windows' select() takes 512 sockets; an exchange holds two of them.
_MOST_SOCKETS = 200 if sys.platform == "win32" else 65535


class Setting(NamedTuple):
    """One setting.  `key` is the path in the TOML file; `env` its variable."""

    key: str
    env: str
    parse: Parser
    default: object
    en: str
    zh: str
    sample: str
    """How a value looks in the file, for the commented file of `config init`."""
    flag: str | None = None
    secret: bool = False
    """Then the variable `<env>_FILE` may name a file that holds it, and there is no flag."""


def _of(kind: type[Any], name: str) -> object:
    return kind.__dataclass_fields__[name].default


def _listen() -> list[Setting]:
    return [
        Setting(
            "listen.host",
            "LOCALEDGE_HOST",
            values.listen_host,
            _of(Config, "host"),
            "Address to listen on. Anything but loopback needs client_token.",
            "监听地址。除回环地址外，都必须设置 client_token。",
            '"127.0.0.1"',
            "--host",
        ),
        Setting(
            "listen.port",
            "LOCALEDGE_PORT",
            values.whole(0, 65535),
            _of(Config, "port"),
            "Port to listen on; 0 takes any free one.",
            "监听端口；0 表示任选一个空闲端口。",
            "18080",
            "--port",
        ),
        Setting(
            "listen.client_token",
            "LOCALEDGE_CLIENT_TOKEN",
            values.token,
            _of(Config, "client_token"),
            "Token that every client must send; LOCALEDGE_CLIENT_TOKEN_FILE names a file that holds it.",
            "每个客户端都必须发送的令牌；LOCALEDGE_CLIENT_TOKEN_FILE 可指定存放令牌的文件。",
            '"a-long-random-text"',
            secret=True,
        ),
        Setting(
            "listen.max_clients",
            "LOCALEDGE_MAX_CLIENTS",
            values.whole(1, _MOST_SOCKETS),
            _of(Config, "max_clients"),
            "Most client connections at a time.",
            "同时允许的客户端连接数上限。",
            str(_of(Config, "max_clients")),
        ),
    ]


def _https() -> list[Setting]:
    return [
        Setting(
            "https.names",
            "LOCALEDGE_HTTPS_NAMES",
            values.names,
            _of(Https, "names"),
            'Names that HTTPS is served for; "localedge hosts add" maps them to this machine.',
            "提供 HTTPS 的主机名；用“localedge hosts add”把它们指向本机。",
            '["localedge.test"]',
        ),
        Setting(
            "https.port",
            "LOCALEDGE_HTTPS_PORT",
            values.https_port,
            _of(Https, "port"),
            "Port for HTTPS; 0 takes any free one, systemd or fd:3 a socket that was passed on.",
            "HTTPS 端口；0 表示任选一个空闲端口，systemd 或 fd:3 表示使用传入的套接字。",
            "18443",
            "--https-port",
        ),
        Setting(
            "https.directory",
            "LOCALEDGE_CA_DIR",
            values.text,
            None,
            "Where the local CA's files are. Unset: the user's data directory.",
            "本地 CA 的文件所在目录。未设置时使用用户数据目录。",
            '"~/localedge-ca"',
        ),
    ]


def _gateway() -> list[Setting]:
    return [
        Setting(
            "gateway.url",
            "LOCALEDGE_UPSTREAM",
            values.gateway,
            None,
            "The gateway that everything is forwarded to. Unset: ANTHROPIC_BASE_URL, else the demo gateway.",
            "转发的目标网关。未设置时使用 ANTHROPIC_BASE_URL，再没有则使用演示网关。",
            '"http://gateway.example:8000"',
            "--upstream",
        ),
        Setting(
            "gateway.ca_file",
            "LOCALEDGE_CA_FILE",
            values.text,
            None,
            "PEM file of a private CA that signed the https gateway's certificate.",
            "https 网关的证书由私有 CA 签发时，该 CA 的 PEM 文件。",
            '"/etc/ssl/company-ca.pem"',
        ),
        Setting(
            "gateway.proxy",
            "LOCALEDGE_PROXY",
            values.proxy,
            None,
            "HTTP proxy on the way to the gateway. Unset: HTTP_PROXY, HTTPS_PROXY and NO_PROXY.",
            "通往网关的 HTTP 代理。未设置时使用 HTTP_PROXY、HTTPS_PROXY 和 NO_PROXY。",
            '"http://proxy.example:3128"',
        ),
        Setting(
            "gateway.insecure",
            "LOCALEDGE_INSECURE_UPSTREAM",
            values.switch,
            False,
            "true: do not check the https gateway's certificate. Warned about at every start.",
            "true 表示不检查 https 网关的证书。每次启动都会警告。",
            "false",
            "--insecure-upstream",
        ),
        Setting(
            "gateway.address",
            "LOCALEDGE_GATEWAY_ADDRESS",
            values.address,
            None,
            "IP address to connect to in place of what the gateway's name resolves to.",
            "连接网关时使用的 IP 地址，不再解析网关的主机名。",
            '"192.0.2.10"',
        ),
    ]


def _pool_and_client() -> list[Setting]:
    return [
        Setting(
            "pool.connections",
            "LOCALEDGE_POOL_CONNECTIONS",
            values.whole(1, _MOST_SOCKETS),
            _of(Pool, "connections"),
            "Connections to the gateway; further requests queue.",
            "与网关的连接数；超出的请求排队。",
            str(_of(Pool, "connections")),
        ),
        Setting(
            "pool.ceiling",
            "LOCALEDGE_POOL_CEILING",
            values.whole(1, _MOST_SOCKETS),
            _of(Pool, "ceiling"),
            "Most connections when requests lose patience; the same as pool.connections where that is set.",
            "为排队超过 patience 的请求另开连接后的总上限；若设置了 pool.connections，则与其相同。",
            str(_of(Pool, "ceiling")),
        ),
        Setting(
            "pool.patience",
            "LOCALEDGE_POOL_PATIENCE",
            values.duration(0),
            _of(Pool, "patience"),
            "How long a request queues before it gets a connection beyond pool.connections.",
            "请求排队多久之后，可在 pool.connections 之外另开连接。",
            '"1s"',
        ),
        Setting(
            "pool.idle",
            "LOCALEDGE_POOL_IDLE",
            values.duration(0),
            _of(Pool, "idle"),
            "How long an unused connection to the gateway is kept.",
            "空闲的网关连接保留多久。",
            '"30s"',
        ),
        Setting(
            "pool.queue_length",
            "LOCALEDGE_POOL_QUEUE_LENGTH",
            values.whole(0, 1_000_000),
            _of(Pool, "queue_length"),
            "Most requests that wait for a connection.",
            "等待连接的请求数上限。",
            str(_of(Pool, "queue_length")),
        ),
        Setting(
            "client.allowed_hosts",
            "LOCALEDGE_ALLOWED_HOSTS",
            values.hosts,
            (),
            "Names beyond localhost under which clients reach the edge.",
            "除 localhost 之外，客户端访问 localedge 时可用的主机名。",
            '["host.docker.internal"]',
        ),
        Setting(
            "client.allowed_origins",
            "LOCALEDGE_ALLOWED_ORIGINS",
            values.origins,
            (),
            "Origins of web pages that may call the edge.",
            "允许调用 localedge 的网页来源。",
            '["http://localhost:3000"]',
        ),
        Setting(
            "client.half_close",
            "LOCALEDGE_HALF_CLOSE",
            values.choice(HalfClose),
            HalfClose.CANCEL,
            "A client that closes its sending side: cancel (it left) or finish (answer it still).",
            "客户端关闭发送方向时：cancel（视为离开）或 finish（仍然响应）。",
            '"cancel"',
        ),
    ]


def _limit(name: str, parse: Parser, sample: str, en: str, zh: str) -> Setting:
    key, variable = f"limits.{name}", f"LOCALEDGE_LIMITS_{name.upper()}"
    return Setting(key, variable, parse, _of(Limits, name), en, zh, sample)


def _limits() -> list[Setting]:
    some, any_time = values.duration(0.001), values.duration(0)
    return [
        _limit("request_head", some, '"15s"', "For a request's head to arrive.", "请求头到达的时限。"),
        _limit(
            "request_body",
            some,
            '"60s"',
            "Silence between bytes of a request's body.",
            "请求正文字节之间的静默时限。",
        ),
        _limit("keep_alive", any_time, '"2m"', "An idle client connection.", "空闲客户端连接的保留时间。"),
        _limit("connect", some, '"10s"', "To connect to the gateway.", "连接网关的时限。"),
        _limit("tls_handshake", some, '"10s"', "TLS handshake with the gateway.", "与网关 TLS 握手的时限。"),
        _limit("first_byte", some, '"30m"', "For the gateway's answer to begin.", "等待网关开始响应的时限。"),
        _limit("silence", some, '"30m"', "Silence between bytes of an answer.", "响应字节之间的静默时限。"),
        _limit("queue", any_time, '"30s"', "Waiting for a free connection.", "等待空闲连接的时限。"),
        _limit("drain", any_time, '"30s"', "To finish answers at shutdown.", "停止时完成响应的时限。"),
        _limit(
            "expect",
            any_time,
            '"1s"',
            "After that the edge itself answers Expect: 100-continue.",
            "超过此时间由 localedge 自己响应 Expect: 100-continue。",
        ),
        _limit(
            "linger",
            any_time,
            '"30s"',
            "How long the rest of a refused request is read away.",
            "被拒请求的剩余部分最多读取多久。",
        ),
        _limit("head_bytes", values.size(1024, 16 * _MIB), '"64KiB"', "Size of a head.", "头部大小上限。"),
        _limit("head_fields", values.whole(1, 10_000), "256", "Fields in a head.", "头字段数上限。"),
        _limit(
            "target_bytes",
            values.size(256, 16 * _MIB),
            '"16KiB"',
            "Length of a request target.",
            "请求目标长度上限。",
        ),
        _limit(
            "body_bytes",
            values.size(1, 1024 * _GIB),
            '"64MiB"',
            "Size of a request's body.",
            "请求正文大小上限。",
        ),
        _limit(
            "pipelined_bytes",
            values.size(1024, 16 * _MIB),
            '"64KiB"',
            "Bytes of further requests kept while one is answered.",
            "响应期间为后续请求保留的字节数。",
        ),
    ]


def _talk() -> list[Setting]:
    return [
        Setting(
            "log.format",
            "LOCALEDGE_LOG_FORMAT",
            values.choice(LogFormat),
            LogFormat.TEXT,
            "Form of the access log: text or json.",
            "访问日志的格式：text 或 json。",
            '"text"',
            "--log-format",
        ),
        Setting(
            "log.level",
            "LOCALEDGE_LOG_LEVEL",
            values.choice(LogLevel),
            LogLevel.INFO,
            "debug logs connections too, info every exchange, warning only those that failed, error none.",
            "debug 还记录连接，info 记录所有请求，warning 只记录失败的，error 都不记录。",
            '"info"',
            "--log-level",
        ),
        Setting(
            "lang",
            "LOCALEDGE_LANG",
            values.language,
            "en",
            "Language of messages: en or zh. Unset: the system's.",
            "消息的语言：en 或 zh。未设置时跟随系统。",
            '"en"',
            "--lang",
        ),
    ]


SETTINGS: tuple[Setting, ...] = (
    *_listen(),
    *_https(),
    *_gateway(),
    *_pool_and_client(),
    *_limits(),
    *_talk(),
)

OTHER_VARIABLES = frozenset({"LOCALEDGE_CONFIG"})
"""Variables of localedge that are no setting: `LOCALEDGE_CONFIG` names the file."""

ALIASES = {
    "upstream": "gateway.url",
    "base_url": "gateway.url",
    "token": "listen.client_token",
    "ca": "gateway.ca_file",
    "ca_dir": "https.directory",
}
"""What people also call a setting, for "did you mean"."""
