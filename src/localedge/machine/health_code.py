"""What `localedge doctor` looks at of Claude Code and the SDKs."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from localedge.claude.environment import SHELLS, shell_of
from localedge.claude.health import Finding
from localedge.claude.health_code import NAMES, Facts, Set, judge
from localedge.claude.health_urls import Edge
from localedge.errors import Failure

from . import desktop_files as files
from . import health_here
from .health import Scene
from .private_files import shown
from .vault import Vault, authority_directory

_MANAGED = {"darwin": "/Library/Application Support/ClaudeCode"}
_MANAGED_ELSEWHERE = "/etc/claude-code"
_MANAGED_WINDOWS = ("ProgramFiles", "ProgramData")
"""Variables that name directories: newer builds and older ones."""


def look(scene: Scene) -> Iterable[Finding]:
    """The findings."""
    return judge(facts(scene), scene.platform)


def facts(scene: Scene) -> Facts:
    """The environment and the settings files.  Raises nothing."""
    vault = Vault(authority_directory(scene.config.https.directory))
    edge = Edge.of(scene.config, secure=vault.exists and not scene.config.http_only, running=scene.running)
    sets: list[Set] = []
    unreadable: list[str] = []
    for path in settings_files(scene):
        try:
            content = files.read(path)
            if content is not None:
                sets.append(read(shown(path), content))
        except (Failure, ValueError, RecursionError):
            unreadable.append(shown(path))
    environment = Set("", {name: value for name in NAMES if (value := scene.environ.get(name, "").strip())})
    return Facts(edge, environment, tuple(sets), tuple(unreadable), _use(scene))


def settings_files(scene: Scene) -> list[Path]:
    """Those that hold for every directory: the administrator's, which win, then the user's."""
    if scene.platform == "win32":
        values = {name.lower(): value for name, value in scene.environ.items()}
        given = [value for name in _MANAGED_WINDOWS if (value := values.get(name.lower()))]
        managed = [Path(value) / "ClaudeCode" for value in given]
    else:
        managed = [scene.system.path(_MANAGED.get(scene.platform, _MANAGED_ELSEWHERE))]
    own = scene.environ.get("CLAUDE_CONFIG_DIR")
    directory = Path(own) if own else scene.system.home / ".claude"
    return [*(one / "managed-settings.json" for one in managed), directory / "settings.json"]


def read(where: str, content: bytes) -> Set:
    """What a settings file sets.  Raises ValueError for what is not JSON, or no object."""
    settings: Any = json.loads(content.decode("utf-8-sig"))
    if not isinstance(settings, dict):
        raise ValueError(where)
    env = settings.get("env")
    given = env if isinstance(env, dict) else {}
    values = {name: text for name in NAMES if name in given and (text := str(given[name]).strip())}
    return Set(where, values, bool(settings.get("apiKeyHelper")))


def _use(scene: Scene) -> str:
    windows = scene.platform == "win32"
    try:
        shell = shell_of(scene.environ, windows)
    except Failure:
        shell = "pwsh" if windows else "bash"
    use = SHELLS[shell].use.format(command=f"localedge env{health_here.options(scene)}")
    if scene.configured is None:
        return use
    between = " & " if shell == "cmd" else "; "  # env goes by the configuration
    return SHELLS[shell].line("LOCALEDGE_PORT", str(scene.config.port)) + between + use
