"""What `localedge doctor` says about Claude Desktop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from localedge.errors import Failure
from localedge.settings.layers import clean

from .desktop_log import Told
from .health import Finding, Rule, Severity, command_line
from .health_urls import Aim, Edge, Target, shown, target
from .rules import accepts_base_url

_APPLY = "localedge desktop apply"
_EXPLAIN = "localedge explain --file {quoted}"
_LONGEST = 160

_USELESS = (
    *("desktop-is-directory", "desktop-no-file", "desktop-too-large", "desktop-empty"),
    *("desktop-not-utf8", "desktop-not-json", "desktop-other-shape"),
)
"""Claude Desktop cannot read these files either: out of the way they do less harm, and can be moved back."""
_FILES: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            *_USELESS,
            *("desktop-not-plist", "desktop-locked", "desktop-unreadable", "desktop-journal-unreadable"),
            *("desktop-journal-damaged", "ca-no-file"),
        ),
        Rule(Severity.ERROR),
    ),
    **dict.fromkeys(("ca-loose", "ca-owner"), Rule(Severity.WARNING, "{command}")),
}
"""Files that cannot be read, told with their own sentences; those with `ca-` are about our own journal."""
_SETTINGS: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            *("desktop-url-refused", "desktop-url-missing", "desktop-key-empty", "desktop-key-gone"),
            "desktop-profile-missing",
        ),
        Rule(Severity.ERROR, _APPLY),
    ),
    **dict.fromkeys(
        ("desktop-model-foreign", "desktop-model-strange", "desktop-model-no-id"),
        Rule(Severity.WARNING, f"{_APPLY} --model claude-opus-4"),
    ),
    "desktop-not-text": Rule(Severity.WARNING),
}
"""What Claude would not take of the configuration it goes by."""

RULES: Mapping[str, Rule] = {
    **_FILES,
    **_SETTINGS,
    "doctor-desktop-not-installed": Rule(Severity.NOTE),
    "doctor-desktop-installed": Rule(Severity.GOOD),
    "doctor-desktop-running": Rule(Severity.GOOD),
    "doctor-desktop-set-up": Rule(Severity.GOOD),
    "doctor-desktop-not-applied": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-mode": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-no-profile": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-modes-differ": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-places-differ": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-managed": Rule(Severity.WARNING),
    "doctor-desktop-managed-elsewhere": Rule(Severity.ERROR),
    "doctor-desktop-hidden": Rule(Severity.WARNING),
    "doctor-desktop-other-profile": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-other-provider": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-tls-to-plain": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-plain-to-tls": Rule(Severity.ERROR, f"{_APPLY} --https"),
    "doctor-desktop-port": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-elsewhere": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-v1": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-query": Rule(Severity.ERROR, _APPLY),
    "doctor-desktop-bom": Rule(Severity.WARNING),
    "doctor-desktop-outdated": Rule(Severity.WARNING),
    "doctor-desktop-before-trust": Rule(Severity.WARNING),
    "doctor-desktop-unknown-key": Rule(Severity.WARNING, _APPLY),
    "doctor-desktop-log": Rule(Severity.WARNING, _EXPLAIN),
    "doctor-desktop-silent": Rule(Severity.NOTE),
}
_AIMS = {
    Aim.TLS_TO_PLAIN: "doctor-desktop-tls-to-plain",
    Aim.PLAIN_TO_TLS: "doctor-desktop-plain-to-tls",
    Aim.PORT: "doctor-desktop-port",
    Aim.GATEWAY: "doctor-desktop-elsewhere",
    Aim.ELSEWHERE: "doctor-desktop-elsewhere",
}
_SAID = {
    "log-no-models": "returned {} usable models",
    "log-invalid": "Invalid custom3p config: {}",
    "log-unreachable": "Gateway was unreachable: {}",
    "log-status": "Gateway /v1/models returned HTTP {}",
    "log-health": "ConfigHealth: {}",
}
"""The log's own words, for what it told of trouble."""


class Configuration(NamedTuple):
    """A configuration that is there."""

    where: str
    name: str = ""
    managed: bool = False
    ours: bool = False
    counts: bool = True
    """It decides where requests go, if nothing stronger does."""
    hidden: bool = False
    """A policy of no effect because there is a stronger one."""
    readable: bool = True
    provider: str = ""
    url: str = ""
    problems: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of Claude Desktop."""

    edge: Edge
    installed: str = ""
    """Where, empty for nowhere."""
    version: str = ""
    pid: int | None = None
    configurations: tuple[Configuration, ...] = ()
    """The strongest first."""
    problems: tuple[Failure, ...] = ()
    """Files that cannot be read."""
    applied: bool = False
    """`desktop apply` has set something up and it was not undone."""
    outdated: bool = False
    """It was started before its configuration changed."""
    before_trust: bool = False
    """It was started before the local CA was trusted."""
    modes_differ: str = ""
    """A file whose `deploymentMode` is another than that of its sister."""
    unapplied: str = ""
    """A file whose `deploymentMode` wants a profile, where none is applied."""
    boms: tuple[str, ...] = ()
    log: str = ""
    quoted: str = ""
    """The log's name as it is typed in a command."""
    told: tuple[Told, ...] = ()
    """What the log told since the configuration changed, oldest first."""
    silent: bool = False
    """It wrote a log with this configuration, and not a word about it."""
    options: str = ""
    """What our own commands want behind them: ` --config FILE`, or nothing."""
    port: int = 0
    """Where the edge runs, if that is not where the configuration has it."""

    @property
    def winner(self) -> Configuration | None:
        """What Claude goes by; None: its own account."""
        return next((one for one in self.configurations if one.counts), None)


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings, in an order that reads well."""
    for code, params in _found(facts):
        found = RULES[code].finding(code, platform, **params)
        if found.command.startswith(_APPLY):
            found = found._replace(command=_apply(facts, found, platform))
        elif code in _USELESS and not (facts.winner is not None and facts.winner.managed):
            path = params["path"]
            move = "move" if platform == "win32" else "mv"
            found = found._replace(command=command_line(platform, [move, path, f"{path}.broken"]))
        yield found


def _apply(facts: Facts, found: Finding, platform: str) -> str:
    """The command as it works now; none where only an administrator can change anything."""
    winner = facts.winner
    if winner is not None and winner.managed:
        return ""
    secure = str(found.params.get("edge", "")).startswith("https:") and "--https" not in found.command
    wait = facts.pid is not None  # it writes these files when it quits
    command = found.command + (" --https" if secure else "") + (" --wait" if wait else "") + facts.options
    if not facts.port:
        return command
    name = "$env:LOCALEDGE_PORT = " if platform == "win32" else "export LOCALEDGE_PORT="
    return f"{name}{facts.port}; {command}"


_Said = tuple[str, Mapping[str, object]]


def _found(facts: Facts) -> Iterator[_Said]:
    if (
        not facts.installed
        and facts.pid is None
        and not (facts.configurations or facts.problems or facts.unapplied)
    ):
        yield "doctor-desktop-not-installed", {}
        return
    yield from _program(facts)
    for problem in facts.problems:
        yield problem.code, problem.params
    wrong = list(_configuration(facts))
    yield from wrong
    if facts.modes_differ:
        yield "doctor-desktop-modes-differ", {"path": facts.modes_differ}
    for path in facts.boms:
        yield "doctor-desktop-bom", {"path": path}
    winner = facts.winner
    if winner is not None and facts.pid is not None:
        if facts.outdated:
            yield "doctor-desktop-outdated", {"pid": facts.pid}
        elif facts.before_trust:
            yield "doctor-desktop-before-trust", {"pid": facts.pid}
    if winner is not None and not facts.outdated:
        yield from _log(facts)
    if winner is not None and not wrong and not facts.problems:
        read = accepts_base_url(winner.url).url
        yield "doctor-desktop-set-up", {"url": shown(read), "where": winner.where}


def _program(facts: Facts) -> Iterator[_Said]:
    version = facts.version or "?"
    if facts.pid is not None:
        yield "doctor-desktop-running", {"version": version, "pid": facts.pid}
    elif facts.installed:
        yield "doctor-desktop-installed", {"version": version, "where": facts.installed}
    else:
        yield "doctor-desktop-not-installed", {}


def _configuration(facts: Facts) -> Iterator[_Said]:
    for one in facts.configurations:
        if one.hidden:
            yield "doctor-desktop-hidden", {"where": one.where, "by": facts.configurations[0].where}
    winner = facts.winner
    if winner is None:
        yield from _without(facts)
        return
    for problem in winner.problems:
        yield problem.code, _shown(problem)
    if not winner.readable:
        return
    if winner.provider != "gateway":
        yield "doctor-desktop-other-provider", {"provider": clean(winner.provider, 40), "where": winner.where}
        return
    there = target(accepts_base_url(winner.url).url, facts.edge) if winner.url else None
    yield from _managed(facts, winner, there)
    if there is not None and accepts_base_url(winner.url).accepted:
        yield from _url(facts, winner, there)
    libraries = {one.url for one in facts.configurations if not one.managed and one.counts and one.readable}
    if not winner.managed and len(libraries) > 1:
        others = [one for one in facts.configurations if one.counts and one.url != winner.url]
        yield "doctor-desktop-places-differ", {"where": winner.where, "other": others[0].where}


def _without(facts: Facts) -> Iterator[_Said]:
    ours = [one for one in facts.configurations if one.ours]
    if ours:
        yield "doctor-desktop-mode", {"where": ours[0].where}
    elif facts.unapplied:
        yield "doctor-desktop-no-profile", {"path": facts.unapplied}
    elif (facts.installed or facts.pid is not None) and not facts.problems:
        yield "doctor-desktop-not-applied", {"edge": facts.edge.url}


def _managed(facts: Facts, winner: Configuration, there: Target | None) -> Iterator[_Said]:
    behind = [one for one in facts.configurations if not one.managed and (one.ours or facts.applied)]
    if winner.managed and behind and there is not None and there.aim is Aim.HERE:
        yield "doctor-desktop-managed", {"where": winner.where, "hides": behind[0].where}


def _url(facts: Facts, winner: Configuration, there: Target) -> Iterator[_Said]:
    params = {"url": there.shown, "where": winner.where, "edge": facts.edge.instead_of(there)}
    if there.aim in (Aim.PORT, Aim.GATEWAY, Aim.ELSEWHERE):
        if winner.managed:
            yield "doctor-desktop-managed-elsewhere", params
        elif facts.applied and not winner.ours:
            yield "doctor-desktop-other-profile", {**params, "name": clean(winner.name or "-", 80)}
        else:
            yield _AIMS[there.aim], params
    elif there.aim is not Aim.HERE:
        yield _AIMS[there.aim], params
    elif there.query:
        yield "doctor-desktop-query", params
    elif there.versioned:
        yield "doctor-desktop-v1", params


def _shown(problem: Failure) -> Mapping[str, object]:
    if "url" not in problem.params:
        return problem.params
    return {**problem.params, "url": shown(str(problem.params["url"]))}


def _log(facts: Facts) -> Iterator[_Said]:
    if facts.silent:
        yield "doctor-desktop-silent", {"version": facts.version or "?", "path": facts.log}
    for one in facts.told:
        if one.code == "log-unknown-key":
            yield "doctor-desktop-unknown-key", {"key": clean(one.detail.strip("\"'"), 80), "path": facts.log}
    last = None
    for one in facts.told:
        if one.code == "log-health" and one.detail == "healthy":
            last = None
        elif one.code in _SAID:
            last = one
    if last is not None:
        said = clean(_SAID[last.code].format(last.detail or "-"), _LONGEST)
        yield "doctor-desktop-log", {"said": said, "path": facts.log, "quoted": facts.quoted}
