"""How the package goes, by how it came."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from localedge.cli.uninstall_left import package_command


class Installed:
    """A distribution with this in its INSTALLER file."""

    def __init__(self, installer: str) -> None:
        self._installer = installer

    def read_text(self, name: str) -> str | None:
        """importlib.metadata: a file beside the metadata."""
        return self._installer if name == "INSTALLER" else None


@pytest.mark.parametrize(
    ("installer", "receipt", "command"),
    [
        ("pip\n", None, "PYTHON -m pip uninstall localedge"),
        ("uv\n", None, "uv pip uninstall --python PYTHON localedge"),
        ("uv\n", "uv-receipt.toml", "uv tool uninstall localedge"),
        ("pip\n", "pipx_metadata.json", "pipx uninstall localedge"),
    ],
)
def test_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installer: str, receipt: str | None, command: str
) -> None:
    """pip, uv and pipx each leave a mark in the environment that they made."""
    if receipt is not None:
        (tmp_path / receipt).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/opt/venv/bin/python")
    monkeypatch.setattr(metadata, "distribution", lambda _: Installed(installer))
    assert package_command() == command.replace("PYTHON", "/opt/venv/bin/python")


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of a source tree there is nothing to take away."""

    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert package_command() is None
