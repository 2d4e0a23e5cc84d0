"""Lines of Claude Desktop's main.log that tell about its configuration."""

import re
from collections.abc import Iterable
from typing import NamedTuple

_LINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("log-mode", re.compile(r"\[custom-3p\] 3P mode active \{ provider: '([^']{1,40})'")),
    ("log-credentials", re.compile(r"\[custom-3p\] Credentials loaded from ([A-Za-z ]{1,40})")),
    ("log-health", re.compile(r"ConfigHealth recomputed \{ state: '([^']{1,40})'")),
    ("log-no-models", re.compile(r"returned (0) usable models")),
    (
        "log-unknown-key",
        re.compile(r"\[managedConfig\] Ignoring ([^:]{1,80}): unrecognized configuration key"),
    ),
    ("log-invalid", re.compile(r"Invalid custom3p (?:enterprise|managed) config: (.{1,120})")),
    ("log-unreachable", re.compile(r"Gateway (?:/v1/models )?was unreachable(?:: (net::[A-Z_]{1,60}))?")),
    ("log-status", re.compile(r"Gateway /v1/models returned HTTP (\d{3})")),
    ("log-setup", re.compile(r"(setup-desktop-3p)")),
)
_STAMP = re.compile(r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)")


class Told(NamedTuple):
    """What a line of the log says: a code of the message table, its detail, and when."""

    code: str
    detail: str
    when: str = ""


def recognised(text: str) -> list[Told]:
    """What the log tells, oldest first; of several lines of one kind about the same thing, the last."""
    found: dict[tuple[str, str], Told] = {}
    for line in text.splitlines():
        for code, pattern in _LINES:
            if match := pattern.search(line):
                stamp = _STAMP.search(line)
                about = match[1] if code == "log-unknown-key" else ""
                found.pop((code, about), None)
                found[code, about] = Told(code, (match[1] or "").strip(), stamp[1] if stamp else "")
                break
    return list(found.values())


def refused_keys(told: Iterable[Told]) -> set[str]:
    """Configuration keys that this build does not know."""
    return {one.detail.strip("\"'") for one in told if one.code == "log-unknown-key"}
