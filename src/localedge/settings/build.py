"""From layers to one frozen `Config`, or to every problem there is."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, NamedTuple

from localedge.config import Config, Gateway, Https, Limits, Pool, Proxy
from localedge.errors import Failure, Problems, reason_of

from . import proxies, upstream, values
from .language import from_locale
from .layers import LONGEST_PATH, Found, Layers, Sources, clean
from .table import SETTINGS, Setting

BASE_URL = "ANTHROPIC_BASE_URL"
DEFAULT, DEMO, NO_PROXY = "from-default", "from-demo", "from-proxy-variables"
"""Sources that are no place in a file or an environment: codes of the message table."""


class Effective(NamedTuple):
    """A value in force and where it came from."""

    setting: Setting
    value: object
    where: str
    """A flag, a variable, `file:line`, or one of the codes above."""

    @property
    def shown(self) -> object:
        """The value as it may be printed, secrets hidden (R23)."""
        return values.show(self.value)


class Settings(NamedTuple):
    """What `load` makes of the sources."""

    config: Config
    effective: tuple[Effective, ...]
    """In the order of the table."""
    notices: tuple[Failure, ...] = ()
    """What the user should know but need not mend."""


def load(sources: Sources, *, http_only: bool = False, quiet: bool = False, serve: bool = False) -> Settings:
    """The configuration.  Raises `Problems` with everything that is wrong with it.

    `serve` says that it is going to be served, not just looked at.
    """
    return _Builder(sources).settings(http_only, quiet, serve)


class _Builder:
    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._layers = Layers(sources)
        self._problems: list[Failure] = []
        self._notices: list[Failure] = []
        self._got: dict[str, Effective] = {}

    def settings(self, http_only: bool, quiet: bool, serve: bool) -> Settings:
        for setting in SETTINGS:
            self._got[setting.key] = self._take(setting)
        self._take_gateway(serve)
        self._guard_the_bind()
        if serve and not http_only:
            self._tell_ports_apart()
        self._set_ceiling()
        gateway = self._gateway()
        self._path("https.directory")
        problems = self._layers.problems + self._problems
        if problems:
            raise Problems(sorted(problems, key=self._layers.order))
        return Settings(
            self._config(gateway, http_only, quiet), tuple(self._got.values()), tuple(self._notices)
        )

    def _set_ceiling(self) -> None:
        """A cap on connections that somebody chose is meant: only the default gives way to patience."""
        cap, ceiling = self._got["pool.connections"], self._got["pool.ceiling"]
        assert isinstance(cap.value, int) and isinstance(ceiling.value, int)
        if cap.where != DEFAULT and (ceiling.where == DEFAULT or ceiling.value < cap.value):
            self._got["pool.ceiling"] = cap._replace(setting=ceiling.setting)

    def _take(self, setting: Setting) -> Effective:
        found = self._layers.find(setting)
        if found is None:
            if setting.key == "lang":
                return self._system_lang(setting)
            return Effective(setting, setting.default, DEFAULT)
        value = self._parse(setting, found)
        return Effective(setting, setting.default if value is None else value, found.where)

    def _system_lang(self, setting: Setting) -> Effective:
        spoken = from_locale(self._sources.environ) or (self._sources.system_lang, DEFAULT)
        return Effective(setting, *spoken)

    def _parse(self, setting: Setting, found: Found) -> Any:
        """The value, or None with the problem noted."""
        try:
            return setting.parse(found.value)
        except Failure as failure:
            shown = "***" if setting.secret else clean(found.value)
            params: dict[str, object] = {"key": setting.key, "value": shown, **failure.params}
            params = {
                name: clean(value) if isinstance(value, str) else value for name, value in params.items()
            }
            self._problems.append(Failure(failure.code, **{**params, "where": found.where}))
            return None

    def _take_gateway(self, serve: bool) -> None:
        """The layers below the file: `ANTHROPIC_BASE_URL`, then the demo gateway.

        A shell that `localedge env` was taken into is no mistake for who only looks.
        """
        got = self._got["gateway.url"]
        if got.where != DEFAULT:
            if isinstance(got.value, Gateway) and self._is_edge(got.value):
                self._problems.append(Failure("upstream-is-edge", where=got.where, url=got.value.url))
            return
        typed = self._sources.environ.get(BASE_URL, "").strip()
        gateway = self._parse(got.setting, Found(typed, BASE_URL)) if typed else None
        where = BASE_URL if typed else DEMO
        if gateway is not None and self._is_edge(gateway):
            where = DEMO
            if serve:
                self._problems.append(Failure("base-url-is-edge", where=BASE_URL, url=gateway.url))
        if where == DEMO:
            gateway = Gateway("http", "127.0.0.1", 0, demo=True)
        self._got["gateway.url"] = Effective(got.setting, gateway, where)

    def _is_edge(self, gateway: Gateway) -> bool:
        """Whether the URL is the edge's own: its port, on a host that is this machine by its form."""
        port, host = self._got["listen.port"].value, self._got["listen.host"].value
        if gateway.scheme == "https":
            port, host = self._got["https.port"].value, "127.0.0.1"
        if gateway.port != port or port == 0:
            return False
        if gateway.host.endswith(".test") and self._got["gateway.address"].value is None:  # never in the DNS
            names = self._got["https.names"].value
            assert isinstance(names, tuple)
            return gateway.host in names
        return gateway.host in (host, "0.0.0.0", "::") or upstream.is_loopback(gateway.host)  # noqa: S104 - compared

    def _guard_the_bind(self) -> None:
        """R22."""
        host = self._got["listen.host"]
        token = self._got["listen.client_token"]
        if not upstream.is_loopback(str(host.value)) and token.where == DEFAULT:
            self._problems.append(Failure("bind-not-loopback", where=host.where, host=host.value))

    def _tell_ports_apart(self) -> None:
        http, https = self._got["listen.port"], self._got["https.port"]
        if http.value == https.value != 0:
            where = https.where if https.where != DEFAULT else http.where
            self._problems.append(Failure("same-port", where=where, port=https.value))

    def _gateway(self) -> Gateway | None:
        """The gateway with everything that belongs to it."""
        ca_file = self._ca_file()
        gateway = self._got["gateway.url"].value
        if not isinstance(gateway, Gateway):
            return None
        proxy = self._proxy(gateway)
        return Gateway(
            gateway.scheme,
            gateway.host,
            gateway.port,
            gateway.base_path,
            ca_file=ca_file,
            insecure=bool(self._got["gateway.insecure"].value),
            proxy=proxy,
            address=self._got["gateway.address"].value,  # type: ignore[arg-type] # a str, by its parser
            demo=gateway.demo,
        )

    def _proxy(self, gateway: Gateway) -> Proxy | None:
        got = self._got["gateway.proxy"]
        if got.where != DEFAULT:
            if gateway.demo or upstream.is_loopback(gateway.host):
                self._notices.append(Failure("proxy-not-for-loopback", where=got.where, gateway=gateway.url))
                self._got["gateway.proxy"] = got._replace(value=None)
                return None
            return got.value if isinstance(got.value, Proxy) else None
        try:
            proxy, name, notice = proxies.from_environment(gateway, self._sources.environ)
        except Failure as failure:
            self._problems.append(failure)
            return None
        if notice is not None:
            self._notices.append(notice)
        self._got["gateway.proxy"] = got._replace(value=proxy, where=name or NO_PROXY)
        return proxy

    def _ca_file(self) -> str | None:
        path = self._path("gateway.ca_file")
        if path is not None:
            self._check_ca_file(path, self._got["gateway.ca_file"].where)
        return path

    def _path(self, key: str) -> str | None:
        """A path, whole: twistd goes elsewhere.  Relative ones in the file are relative to the file."""
        got = self._got[key]
        if not isinstance(got.value, str):
            return None
        in_file = self._sources.path and got.where.startswith(self._layers.shown)
        beside = PurePath(self._sources.path).parent if in_file else PurePath()
        path = str(PurePath(self._sources.directory, beside, _expand_home(got.value, self._sources.environ)))
        self._got[key] = got._replace(value=path)
        return path

    def _check_ca_file(self, path: str, where: str) -> None:
        """Whether it can serve: told at the start, not at the first request."""
        if self._sources.read is None:
            return
        shown = clean(path, LONGEST_PATH)
        try:
            if b"-----BEGIN CERTIFICATE-----" not in self._sources.read(path):
                self._problems.append(Failure("ca-file-not-pem", where=where, path=shown))
        except FileNotFoundError:
            self._problems.append(Failure("ca-file-missing", where=where, path=shown))
        except OSError as error:
            self._problems.append(
                Failure("ca-file-unreadable", where=where, path=shown, reason=reason_of(error))
            )

    def _config(self, gateway: Gateway | None, http_only: bool, quiet: bool) -> Config:
        assert gateway is not None, "a gateway that is missing is a problem"
        value: dict[str, Any] = {key: effective.value for key, effective in self._got.items()}
        return Config(
            gateway=gateway,
            host=value["listen.host"],
            port=value["listen.port"],
            http_only=http_only,
            client_token=value["listen.client_token"],
            allowed_hosts=value["client.allowed_hosts"],
            allowed_origins=value["client.allowed_origins"],
            half_close=value["client.half_close"],
            max_clients=value["listen.max_clients"],
            log_format=value["log.format"],
            log_level=value["log.level"],
            quiet=quiet,
            lang=value["lang"],
            https=_https(value),
            limits=Limits(**_section(value, "limits.")),
            pool=Pool(**_section(value, "pool.")),
        )


def _section(value: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): found for key, found in value.items() if key.startswith(prefix)}


def _https(value: Mapping[str, Any]) -> Https:
    port = value["https.port"]
    passed = {"socket": port} if isinstance(port, str) else {"port": port}
    return Https(names=value["https.names"], directory=value["https.directory"], **passed)


def _expand_home(path: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return home + path[1:] if home and path[:2] in ("~/", "~\\") else path
