"""What the metadata promises is what the code needs: no dependency too few, none too many."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Import name to distribution, where they differ.
DISTRIBUTIONS = {"OpenSSL": "pyopenssl", "service_identity": "service-identity", "zope": "zope.interface"}
# Imported, and brought along by a dependency of which it is part of the interface.
BROUGHT_ALONG = {"zope.interface"}  # Twisted's interfaces are declared with it


def imported() -> set[str]:
    """The distributions that src/localedge imports from, the standard library and itself aside."""
    found: set[str] = set()
    for path in (ROOT / "src" / "localedge").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names=names):
                    found.update(alias.name.partition(".")[0] for alias in names)
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.partition(".")[0])
    others = found - sys.stdlib_module_names - {"localedge"}
    return {DISTRIBUTIONS.get(name, name) for name in others}


def declared() -> set[str]:
    """The distributions that pyproject.toml asks for."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    return {re.split(r"[\[<>=~!; ]", one, maxsplit=1)[0] for one in wanted}


def test_every_import_is_declared() -> None:
    """A fresh environment with localedge in it has everything that localedge imports."""
    assert imported() - declared() - BROUGHT_ALONG == set()


def test_every_dependency_is_imported() -> None:
    """Nobody installs a package that localedge does not use."""
    assert declared() - imported() == set()


def test_there_is_one_plugin_and_no_package_around_it() -> None:
    """The twistd plugin is one file beside Twisted's own: an `__init__.py` there would hide Twisted."""
    files = {path.name for path in (ROOT / "src" / "twisted").rglob("*") if path.is_file()}
    assert {name for name in files if name.endswith(".py")} == {"localedge_plugin.py"}
