"""What `localedge doctor` finds, as values: how bad it is, and the command that mends it."""

import enum
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_ODD = re.compile(r"[\s&()\[\]{}^=;!'+,`~|<>]")  # what cmd.exe /? and PowerShell take for something else


class Severity(enum.IntEnum):
    """How bad a finding is."""

    GOOD = 0
    """Looked at, and as it should be."""
    NOTE = 1
    """Worth knowing; nothing to mend."""
    WARNING = 2
    """Works now, or for some clients only."""
    ERROR = 3
    """Claude does not work because of it."""


class Finding(NamedTuple):
    """One line of `localedge doctor`."""

    code: str
    """Of the message table, which has its sentence."""
    severity: Severity
    params: Mapping[str, object]
    command: str = ""
    """What mends it, to be typed as it stands; empty where no command does."""
    fix: str = ""
    """The name of what `--fix` does about it; empty where that is not safe."""

    def sentence(self, lang: str = "en") -> str:
        """The message in `en` or `zh`."""
        from localedge import messages

        return messages.text(self.code, lang, **self.params)


class Rule(NamedTuple):
    """How bad a kind of finding is, and what mends it."""

    severity: Severity
    command: str = ""
    """A `str.format` template over the finding's params."""
    windows: str | None = None
    macos: str | None = None
    """In place of `command` there."""
    fix: str = ""

    def finding(self, code: str, platform: str, **params: object) -> Finding:
        """The finding on a platform (as `sys.platform`)."""
        template = self.command
        if platform == "win32" and self.windows is not None:
            template = self.windows
        elif platform == "darwin" and self.macos is not None:
            template = self.macos
        return Finding(code, self.severity, params, template.format_map(params), self.fix)


def command_line(platform: str, words: Iterable[object]) -> str:
    """Words as they are typed in the platform's shell.  Names of files hold no quotes on Windows."""
    texts = [str(word) for word in words]
    if platform == "win32":
        return " ".join(f'"{text}"' if _ODD.search(text) or not text else text for text in texts)
    return shlex.join(texts)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, warnings, notes, and what is good; each of them in the order they were found."""
    return sorted(findings, key=lambda finding: -finding.severity)
