"""Doctor's look at proxies on Windows, for real in a Wine: the registry through reg.exe and winreg."""

import ctypes
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from localedge.claude.health import Finding
from localedge.claude.system_proxies import INTERNET_SETTINGS, POLICY
from tests.commands import PATIENCE
from tests.doctor_proxies import NAME, Place, Proxy


def under_wine() -> bool:
    """Whether this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


pytestmark = pytest.mark.skipif(not under_wine(), reason="Wine's registry only: changes settings")

KEY = f"HKCU\\{INTERNET_SETTINGS}"
VALUES = ("ProxyEnable", "ProxyServer", "ProxyOverride", "AutoConfigURL", "AutoDetect")


def reg(*words: str) -> int:
    """Run reg.exe."""
    return subprocess.run(["reg", *words], capture_output=True, timeout=PATIENCE).returncode


def put(key: str, **values: str | int) -> None:
    """Set values."""
    for name, value in values.items():
        kind = "REG_DWORD" if isinstance(value, int) else "REG_SZ"
        assert reg("add", key, "/v", name, "/t", kind, "/d", str(value), "/f") == 0


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy that runs."""
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture
def dead() -> int:
    """A port where nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A machine."""
    return Place(tmp_path)


@pytest.fixture
def registry(place: Place) -> Iterator[Place]:
    """A Windows without a proxy, before and afterwards."""

    def clear() -> None:
        for key in (KEY, f"HKLM\\{INTERNET_SETTINGS}"):
            for name in VALUES:
                reg("delete", key, "/v", name, "/f")
        reg("delete", f"HKLM\\{POLICY}", "/v", "ProxySettingsPerUser", "/f")

    clear()
    place.platform = "win32"
    place.environ = {}
    yield place
    clear()


def carry_out(one: Finding) -> int:
    """The command of a finding, in cmd.exe."""
    # not a list: cmd.exe is to see the line as it is typed
    return subprocess.run(f"cmd.exe /c {one.command}", capture_output=True, timeout=PATIENCE).returncode


def test_the_proxy_of_windows(registry: Place, proxy: Proxy, dead: int) -> None:
    """Each finding, and what its command does."""
    assert list(registry.found()) == ["doctor-proxies-none"]
    registry.secure()
    put(KEY, ProxyEnable=1, ProxyServer=f"127.0.0.1:{proxy.port}", ProxyOverride="*.local;<local>")
    one = registry.found()["doctor-system-proxy-names"]
    assert carry_out(one) == 0 and registry.codes() == []
    put(KEY, ProxyOverride=f"{NAME};<-loopback>")
    one = registry.found()["doctor-system-proxy-loopback"]
    assert carry_out(one) == 0 and registry.codes() == []
    put(KEY, ProxyServer=f"http=127.0.0.1:{dead};https=127.0.0.1:{dead}")
    one = registry.found()["doctor-system-proxy-dead"]
    assert carry_out(one) == 0 and list(registry.found()) == ["doctor-proxies-none"]


def test_the_script_of_windows(registry: Place, dead: int) -> None:
    """A file with a drive, one that is not there, one that nobody provides, one that is looked for."""
    registry.secure()
    script = registry.root / "J\u00fcrgen \u674e.pac"
    for url in (str(script), script.as_uri(), f"http://localhost:{dead}/pac"):
        put(KEY, AutoConfigURL=url)
        one = registry.found()["doctor-pac-missing"]
        assert carry_out(one) == 0 and list(registry.found()) == ["doctor-proxies-none"]
    script.write_text("x")
    put(KEY, AutoConfigURL=script.as_uri())
    assert registry.codes() == ["doctor-pac"]
    script.write_text(f"// {NAME}")
    assert registry.codes() == []
    reg("delete", KEY, "/v", "AutoConfigURL", "/f")
    put(KEY, AutoDetect=1)
    assert registry.codes() == ["doctor-pac-detected"]


def test_a_policy_with_one_proxy_for_all(registry: Place, dead: int) -> None:
    """The machine's settings count, and not the user's."""
    put(KEY, ProxyEnable=1, ProxyServer="proxy.corp.example:3128")
    put(f"HKLM\\{INTERNET_SETTINGS}", ProxyEnable=1, ProxyServer=f"127.0.0.1:{dead}")
    registry.secure()
    assert registry.codes() == ["doctor-system-proxy-names"]
    put(f"HKLM\\{POLICY}", ProxySettingsPerUser=0)
    one = registry.found()["doctor-system-proxy-dead"]
    assert "HKLM" in one.command and carry_out(one) == 0
    assert list(registry.found()) == ["doctor-proxies-none"]


def test_variables_of_windows(registry: Place) -> None:
    """In any case; the line is PowerShell's."""
    registry.environ = {"HTTP_PROXY": "http://proxy.corp.example:3128"}
    one = registry.found()["doctor-proxy-loopback"]
    assert one.command == "$env:NO_PROXY = '127.0.0.1,localhost'"
    registry.environ["No_Proxy"] = "127.0.0.1,localhost"
    assert registry.codes() == []
