"""Whether what setup wrote is what Claude Desktop goes by."""

from pathlib import Path

import pytest

from localedge.cli.setup_desktop import overruled
from tests.desktop_homes import home, lines, put

URL = "http://127.0.0.1:18080"


@pytest.mark.parametrize("url", [URL, "http://elsewhere.example"])
def test_an_administrators_configuration(tmp_path: Path, url: str) -> None:
    """One that sends Claude elsewhere is named; one with this very URL is no hindrance, and none is none."""
    system = home(tmp_path, "linux").system
    assert overruled(system, URL) is None
    managed = tmp_path / "etc" / "claude-desktop" / "managed-settings.json"
    settings = {"inferenceProvider": "gateway", "inferenceGatewayBaseUrl": url, "inferenceGatewayApiKey": "k"}
    put(managed, lines(settings))
    assert overruled(system, URL) == (None if url == URL else str(managed))
