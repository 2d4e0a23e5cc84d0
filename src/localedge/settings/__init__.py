"""The configuration from its layers: flags, `LOCALEDGE_*`, TOML file, `ANTHROPIC_BASE_URL`, demo gateway.

Pure: text in, values out.  The doors read the file and the environment into
`Sources`; `load` gives `Settings` or raises `Problems` with everything that is
wrong, each with the place it stands at.

`table` declares every setting once, `values` and `upstream` parse them, `layers`
finds them, `build` puts them together.
"""

from .build import DEFAULT, DEMO, NO_PROXY, Effective, Settings, load
from .layers import Sources
from .table import SETTINGS, Setting

__all__ = ["DEFAULT", "DEMO", "NO_PROXY", "SETTINGS", "Effective", "Setting", "Settings", "Sources", "load"]
