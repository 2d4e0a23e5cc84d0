"""The configuration as one frozen value.

Nothing here reads a file, an environment variable or the command line: that is
`localedge.settings`, which builds a `Config` from all of them or reports every
mistake at once.  Durations are seconds, sizes are bytes.
"""

import enum
import sys
from dataclasses import dataclass, field

from localedge.names import in_url

DEFAULT_PORT = 18080
DEFAULT_HTTPS_PORT = 18443


class HalfClose(enum.StrEnum):
    """What a client's FIN means while its exchange runs (R32)."""

    CANCEL = "cancel"
    FINISH = "finish"


class LogFormat(enum.StrEnum):
    """How access records are written (R43)."""

    TEXT = "text"
    JSON = "json"


class LogLevel(enum.StrEnum):
    """`debug` shows connections too, `info` every exchange, `warning` those that failed, `error` none."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Secret:
    """A value that never shows itself: `repr`, `str` and formatting are stars (R23)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy on the way to the gateway (R24).  Only `http://` proxies."""

    host: str
    port: int
    credentials: Secret | None = None
    """`user:password`, already percent-decoded."""

    @property
    def authority(self) -> str:
        """`host:port`, without the credentials."""
        return f"{in_url(self.host)}:{self.port}"

    @property
    def authorization(self) -> bytes | None:
        """The value of `Proxy-Authorization` (RFC 7617), None without credentials."""
        if self.credentials is None:
            return None
        from base64 import b64encode

        return b"Basic " + b64encode(self.credentials.reveal().encode())


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where every exchange goes.

    `host` is a DNS name in A-label form or an IP literal without brackets;
    `base_path` is empty or starts with `/` and does not end with one.
    """

    scheme: str
    host: str
    port: int
    base_path: str = ""
    ca_file: str | None = None
    insecure: bool = False
    proxy: Proxy | None = None
    address: str | None = None
    """An IP literal to connect to in place of what the name resolves to (R19)."""
    demo: bool = False
    """The embedded demo gateway: host and port are filled in when it listens."""

    @property
    def authority(self) -> str:
        """`host[:port]` as `Host` wants it: the port left out where it is the scheme's own."""
        host = in_url(self.host)
        default = 443 if self.scheme == "https" else 80
        return host if self.port == default else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL as a user would type it, without credentials."""
        return f"{self.scheme}://{self.authority}{self.base_path}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds (R30) and size limits in bytes (R03, R04, R14).  Zero switches none off."""

    request_head: float = 15.0
    request_body: float = 60.0
    """Silence between bytes of a request body."""
    keep_alive: float = 120.0
    connect: float = 10.0
    tls_handshake: float = 10.0
    first_byte: float = 1800.0
    silence: float = 1800.0
    queue: float = 30.0
    drain: float = 30.0
    expect: float = 1.0
    """How long the gateway may keep a client waiting for `100 Continue` (R15)."""
    linger: float = 30.0
    """How long the rest of a refused request is read and thrown away before the close (R03)."""

    head_bytes: int = 64 * 1024
    head_fields: int = 256
    target_bytes: int = 16 * 1024
    body_bytes: int = 64 * 1024 * 1024
    pipelined_bytes: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections to the gateway (R33).

    Beyond `connections` a request waits for its turn.  One that has waited for `patience`
    seconds stands behind streams that may last for minutes: it gets a connection of its
    own after all, up to `ceiling` of them.
    """

    connections: int = 200 if sys.platform == "win32" else 256
    ceiling: int = 200 if sys.platform == "win32" else 4096
    patience: float = 1.0
    idle: float = 30.0
    queue_length: int = 4096


@dataclass(frozen=True, slots=True)
class Https:
    """The HTTPS way in: the mapped names, where it listens, and where the authority's files are."""

    names: tuple[str, ...] = ("localedge.test",)
    """Host names, lower case, that clients may use besides loopback; the hosts file maps them."""
    port: int = DEFAULT_HTTPS_PORT
    directory: str | None = None
    """Where the authority's files are; None for the user's data directory."""
    socket: str | None = None
    """A listening socket passed to this process in place of a port: `systemd:INDEX` or `fd:NUMBER`."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything `run` needs to know, parsed once."""

    gateway: Gateway
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    http_only: bool = False
    client_token: Secret | None = None
    allowed_hosts: tuple[str, ...] = ()
    """Host names (no port, lower case) beyond loopback that may stand in `Host` (R20)."""
    allowed_origins: tuple[str, ...] = ()
    """Origins (`scheme://host[:port]`) whose pages may call the edge (R21)."""
    half_close: HalfClose = HalfClose.CANCEL
    # Windows' select() takes 512 sockets, and an exchange holds two of them.
    max_clients: int = 200 if sys.platform == "win32" else 4096
    log_format: LogFormat = LogFormat.TEXT
    log_level: LogLevel = LogLevel.INFO
    quiet: bool = False
    lang: str = "en"
    """`en` or `zh`."""
    https: Https = field(default_factory=Https)
    limits: Limits = field(default_factory=Limits)
    pool: Pool = field(default_factory=Pool)
