"""What the looks of `localedge doctor` go by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from localedge.config import Config

from .stores.system import System


@dataclass(frozen=True)
class Scene:
    """The machine and what is configured on it."""

    config: Config
    """What is in force; the defaults where the configuration cannot be read."""
    file: Path
    """Where the configuration file is, or would be."""
    system: System
    configured: Config | None = None
    """What the configuration says, where the edge runs at another port, which is in `config` then."""
    running: tuple[str, ...] = ()
    """The base URLs of all edges of this user that run."""

    @property
    def platform(self) -> str:
        """As sys.platform."""
        return self.system.platform

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment."""
        return self.system.environ

    @property
    def now(self) -> datetime:
        """The machine's clock, in UTC."""
        return self.system.now
