"""What `localedge doctor` says about Claude Code and the SDKs.

The variables: https://code.claude.com/docs/en/llm-gateway.  The files: https://code.claude.com/docs/en/settings
(the `env` of a settings file is set for every session, over what the shell has).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .health import Finding, Rule, Severity
from .health_urls import Aim, Edge, shown, target

BASE_URL = "ANTHROPIC_BASE_URL"
TOKEN, KEY = "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"
PROVIDERS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
"""Any of these makes Claude Code leave the base URL alone."""
NAMES = (BASE_URL, TOKEN, KEY, *PROVIDERS)
"""The variables that are looked at."""

_ENV = "{use}"

RULES: Mapping[str, Rule] = {
    "doctor-code-fine": Rule(Severity.GOOD),
    "doctor-code-unset": Rule(Severity.NOTE, _ENV),
    "doctor-code-not-url": Rule(Severity.ERROR, _ENV),
    "doctor-code-tls-to-plain": Rule(Severity.ERROR, _ENV),
    "doctor-code-plain-to-tls": Rule(Severity.ERROR, _ENV),
    "doctor-code-port": Rule(Severity.ERROR, _ENV),
    "doctor-code-gateway": Rule(Severity.WARNING, _ENV),
    "doctor-code-elsewhere": Rule(Severity.WARNING, _ENV),
    "doctor-code-v1": Rule(Severity.WARNING, _ENV),
    "doctor-code-localhost": Rule(Severity.NOTE, _ENV),
    "doctor-code-no-credential": Rule(Severity.WARNING, _ENV),
    "doctor-code-both": Rule(Severity.NOTE),
    "doctor-code-provider": Rule(Severity.WARNING),
    "doctor-code-settings": Rule(Severity.WARNING),
    "doctor-code-unreadable": Rule(Severity.WARNING),
}


class Set(NamedTuple):
    """The variables that one place sets, empty ones left out."""

    where: str = ""
    """A settings file; empty for the environment."""
    values: Mapping[str, str] = {}
    helper: bool = False
    """It names a program that gives the key (`apiKeyHelper`)."""

    def __repr__(self) -> str:  # keys and tokens are not for logs
        return f"<{self.where or 'environment'}: {sorted(self.values)}>"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen."""

    edge: Edge
    environment: Set
    files: tuple[Set, ...] = ()
    """Settings files, the strongest first."""
    unreadable: tuple[str, ...] = ()
    """Settings files that cannot be read, or are not JSON."""
    use: str = ""
    """How the user's shell takes in what `localedge env` prints."""


class Asked(NamedTuple):
    """The base URL in force, and where it stands."""

    name: str
    url: str
    by: Set


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings, the base URL's first."""
    for code, params in _found(facts):
        found = RULES[code].finding(code, platform, **params, use=facts.use)
        in_file = str(params.get("name", BASE_URL)) != BASE_URL
        yield found._replace(command="") if in_file else found  # a variable of the shell would not help


_Said = tuple[str, Mapping[str, object]]


def in_force(facts: Facts) -> Asked | None:
    """What Claude Code goes by: the strongest settings file that has one, else the environment."""
    for one in (*facts.files, facts.environment):
        if url := one.values.get(BASE_URL):
            return Asked(_named(one, BASE_URL), url, one)
    return None


def _named(place: Set, variable: str) -> str:
    return f"{place.where}: env.{variable}" if place.where else variable


def _found(facts: Facts) -> Iterator[_Said]:
    for path in facts.unreadable:
        yield "doctor-code-unreadable", {"path": path}
    asked = in_force(facts)
    if asked is None:
        yield "doctor-code-unset", {"edge": facts.edge.url}
        return
    wrong = [*_url(facts, asked), *_overridden(facts, asked), *_credential(facts, asked), *_provider(facts)]
    yield from wrong
    if all(RULES[code].severity < Severity.WARNING for code, _ in wrong):
        yield "doctor-code-fine", {"url": shown(asked.url), "where": asked.name}


def _url(facts: Facts, asked: Asked) -> Iterator[_Said]:
    there = target(asked.url, facts.edge)
    params = {"name": asked.name, "url": shown(asked.url), "edge": facts.edge.url}
    if there is None:
        yield "doctor-code-not-url", params
    elif there.aim is not Aim.HERE:
        yield f"doctor-code-{there.aim}", {**params, "edge": facts.edge.instead_of(there)}
    elif there.versioned:
        yield "doctor-code-v1", params
    elif there.host == "localhost" and "::1" not in facts.edge.hosts:
        yield "doctor-code-localhost", params


def _overridden(facts: Facts, asked: Asked) -> Iterator[_Said]:
    """A file that wins over a shell that would have it right."""
    url = facts.environment.values.get(BASE_URL)
    if not asked.by.where or not url or url == asked.url:
        return
    there = target(url, facts.edge)
    if there is not None and there.aim is Aim.HERE:
        yield "doctor-code-settings", {"name": asked.name, "url": shown(asked.url), "other": shown(url)}


def _credential(facts: Facts, asked: Asked) -> Iterator[_Said]:
    places = (*facts.files, facts.environment)
    given = [variable for variable in (TOKEN, KEY) if any(one.values.get(variable) for one in places)]
    if not given and not any(one.helper for one in facts.files):
        yield "doctor-code-no-credential", {"variable": asked.name}
    if len(given) > 1:
        yield "doctor-code-both", {"token": TOKEN, "key": KEY}


def _provider(facts: Facts) -> Iterator[_Said]:
    for one in (*facts.files, facts.environment):
        for variable in PROVIDERS:
            if one.values.get(variable, "0").lower() not in ("0", "false", "no", "off"):
                yield "doctor-code-provider", {"variable": _named(one, variable)}
                return
