"""`localedge doctor` as users run it, in a home of its own."""

import io
import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.commands import PATIENCE, first_line, one_line, port_of, run, running
from tests.desktop_homes import SECRET, put
from tests.doctor_scene import nobody

KEY = "sk-ant-THEKEYTHATMUSTNOTSHOW"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX systems")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with nothing but a home, with a name that must not get into the archive."""
    place = tmp_path / "secretive-user"
    (place / "AppData" / "Local").mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "LOCALEDGE_", "XDG_"))]:
        monkeypatch.delenv(name)
    for name in [name for name in os.environ if name.upper().endswith("_PROXY")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TEMP", str(tmp_path))
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    monkeypatch.setenv("APPDATA", str(place / "AppData" / "Roaming"))
    for name in ("LOCALAPPDATA", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(place / "AppData" / "Local"))
    monkeypatch.setenv("USER", "secretive-user")
    monkeypatch.setenv("LOCALEDGE_CONFIG", str(place / "localedge.toml"))
    put(place / "localedge.toml", b"[listen]\nport = 0\n")
    if sys.platform != "win32":
        (place / "localedge.toml").chmod(0o600)
    return place


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The codes of the findings in JSON, worst first."""
    return [row["code"] for row in json.loads(done.stdout)["findings"]]


def write_config(home: Path, text: str) -> None:
    """The user's configuration."""
    path = home / "localedge.toml"
    path.write_text(text, encoding="utf-8")
    if sys.platform != "win32":
        path.chmod(0o600)


def test_an_edge_that_runs_and_nothing_else_is_wrong(home: Path) -> None:
    """With a running edge there is nothing to mend on a machine without anything special."""
    with running("run", "--http-only", "--port", "0") as edge:
        write_config(home, f"[listen]\nport = {port_of(first_line(edge))}\n")
        done = run("doctor", "--json")
    rows = json.loads(done.stdout)["findings"]
    assert {row["severity"] for row in rows} <= {"good", "note"}, done.stdout
    assert done.returncode == 0 and json.loads(done.stdout)["exit_status"] == 0


def test_what_doctor_asks_looks_harmless_in_the_log(home: Path) -> None:
    """The edge refuses nothing of it: a probe of each look, and one request to the gateway."""
    with running("run", "--http-only", "--port", "0") as edge:
        write_config(home, f"[listen]\nport = {port_of(first_line(edge))}\n")
        done = run("doctor")
        edge.terminate()
        _, log = edge.communicate(timeout=PATIENCE)
    assert done.returncode == 0, done.stdout
    records = re.findall(r" HEAD / (\d+ [a-z-]+) in=", log)
    assert records == ["200 answered", "200 answered", "200 ok"], log


def test_an_edge_that_is_down_is_the_worst(home: Path) -> None:
    """One line says so, with the command that starts it, and the status is 1."""
    with running("run", "--http-only", "--port", "0") as edge:
        port = port_of(first_line(edge))
    write_config(home, f"[listen]\nport = {port}\n")
    done = run("doctor")
    assert done.returncode == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("ERROR ") and f"127.0.0.1:{port}" in first
    assert first.endswith("->  localedge run")
    assert len(done.stdout.splitlines()) <= 24, "one screen"


def test_an_edge_that_is_not_the_only_one(home: Path) -> None:
    """One at the configured port, and another that Claude Code is sent to: both are here."""
    with (
        running("run", "--http-only", "--port", "0") as first,
        running("run", "--http-only", "--port", "0") as second,
    ):
        write_config(home, f"[listen]\nport = {port_of(first_line(first))}\n")
        url = f"http://127.0.0.1:{port_of(first_line(second))}"
        done = run("doctor", "--json", ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN=KEY)
    assert "doctor-code-fine" in codes(done), done.stdout


def test_the_gateway_of_an_edge_without_a_configuration(home: Path) -> None:
    """From its note, also where its command line does not have it."""
    with nobody() as gateway:
        url = f"http://127.0.0.1:{gateway}"
        with running("run", "--http-only", "--port", "0", LOCALEDGE_UPSTREAM=url) as edge:
            write_config(home, f"[listen]\nport = {port_of(first_line(edge))}\n")
            done = run("doctor", "--json")
    rows = {row["code"]: row for row in json.loads(done.stdout)["findings"]}
    assert url in rows["gateway-refused"]["message"]
    assert rows["gateway-refused"]["command"] == f"localedge check --upstream {url}"


@POSIX
def test_env_goes_where_the_edge_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line to type sets the base URL of the edge that runs, not the configured one."""
    monkeypatch.setenv("SHELL", "/bin/bash")
    with nobody() as configured, running("run", "--http-only", "--port", "0") as edge:
        port = port_of(first_line(edge))
        write_config(home, f"[listen]\nport = {configured}\n")
        done = run("doctor", "--json")
    rows = {row["code"]: row["command"] for row in json.loads(done.stdout)["findings"]}
    line = rows["doctor-code-unset"]
    assert line == f'export LOCALEDGE_PORT={port}; eval "$(localedge env)"'
    typed = line.replace("localedge env", f'"{sys.executable}" -m localedge env')
    told = subprocess.run(
        ["bash", "-c", f"{typed}; echo $ANTHROPIC_BASE_URL"],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert told.stdout.strip() == f"http://127.0.0.1:{port}", told.stderr


@pytest.mark.parametrize("sent", ["code", "desktop"])
def test_the_edge_that_claude_is_sent_to(home: Path, sent: str) -> None:
    """Started with another port, it is found by its own note; env and apply would go elsewhere."""
    environ = {}
    with nobody() as configured, running("run", "--http-only", "--port", "0") as edge:
        port = port_of(first_line(edge))
        write_config(home, f"[listen]\nport = {configured}\n")
        if sent == "code":
            environ = {"ANTHROPIC_BASE_URL": f"http://localhost:{port}", "ANTHROPIC_AUTH_TOKEN": KEY}
        else:
            url = f"http://127.0.0.1:{port}"
            applied = run("desktop", "apply", "--base-url", url, ANTHROPIC_AUTH_TOKEN=KEY)
            assert applied.returncode == 0, applied.stderr
        done = run("doctor", "--json", **environ)
        again = run("doctor", "--json", **environ, LOCALEDGE_PORT=str(port))
    rows = {row["code"]: row for row in json.loads(done.stdout)["findings"]}
    assert rows["doctor-edge-other-port"]["severity"] == "note", done.stdout
    assert rows["doctor-edge-other-port"]["command"].endswith((f"LOCALEDGE_PORT={port}", f"= '{port}'"))
    assert f":{port}" in rows["doctor-edge-runs"]["message"]
    assert not {"doctor-edge-not-running", "doctor-desktop-port", "doctor-code-port"}.intersection(rows)
    assert "doctor-edge-other-port" not in codes(again)


def test_commands_name_the_configuration(home: Path) -> None:
    """One that was given with --config is the one that the commands of findings are about."""
    with nobody() as port:
        other = home / "other.toml"
        other.write_text(f"[listen]\nport = {port}\n[gateway]\nurl = 'http://gateway.example'\n")
        done = run("doctor", "--json", "--config", str(other), ANTHROPIC_BASE_URL="http://127.0.0.1:1")
    rows = {row["code"]: row["command"] for row in json.loads(done.stdout)["findings"]}
    for code in ("doctor-code-port", "doctor-edge-not-running"):
        assert f"--config {other}" in rows[code], rows


@pytest.mark.parametrize("command", ["doctor", "explain"])
def test_a_language_that_nobody_knows(home: Path, command: str) -> None:
    """What was typed is wrong, and told as such, also where a broken configuration would not be."""
    assert home.is_dir()
    words = [command, "--lang", "xx", *(["[gateway-lost]"] if command == "explain" else [])]
    assert "--lang" in one_line(run(*words), "bad-choice")


@POSIX
def test_a_configuration_that_is_no_file(home: Path) -> None:
    """A pipe would keep doctor waiting for ever, and a device has no end."""
    pipe = home / "pipe"
    os.mkfifo(pipe)
    for path in (str(pipe), "/dev/zero"):
        done = run("doctor", "--json", "--config", path)
        assert codes(done)[0] == "config-unreadable", done.stdout


@pytest.mark.parametrize("url", ["127.0.0.1:18080", "http://me:word@127.0.0.1", "http://[::1", "ftp://x"])
def test_doctor_in_a_shell_with_a_url_that_is_none(home: Path, url: str) -> None:
    """It is Claude Code's, and told once; everything else is looked at as configured."""
    with nobody() as port:
        write_config(home, f"[listen]\nport = {port}\n")
        done = run("doctor", "--json", ANTHROPIC_BASE_URL=url)
    assert "doctor-code-not-url" in codes(done) and not any(one.startswith("url-") for one in codes(done))
    assert f"127.0.0.1:{port}" in done.stdout


def test_our_commands_in_a_shell_with_our_own_variables(home: Path) -> None:
    """What doctor tells to type works where `localedge env` was taken in; what would serve still refuses."""
    write_config(home, "")
    environ = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:18080"}
    for words in (["config", "show"], ["hosts", "show"], ["desktop", "show"], ["trust-ca", "--dry-run"]):
        done = run(*words, **environ)
        assert "base-url-is-edge" not in done.stderr, words
    one_line(run("check", **environ), "base-url-is-edge")


def test_a_broken_configuration_is_one_finding_among_others(home: Path) -> None:
    """Everything else is looked at all the same, with the defaults."""
    write_config(home, "[listen]\nport = 'many'\n")
    done = run("doctor", "--json")
    assert done.returncode == 1
    assert codes(done)[0] == "bad-number", done.stdout
    assert len(codes(done)) > 3


def test_a_shell_with_our_own_variables_is_no_mistake(home: Path) -> None:
    """Whoever took `localedge env` into the shell can still ask the doctor."""
    write_config(home, "")
    done = run("doctor", "--json", ANTHROPIC_BASE_URL="http://127.0.0.1:18080", ANTHROPIC_AUTH_TOKEN=KEY)
    assert "base-url-is-edge" not in done.stdout + done.stderr
    assert KEY not in done.stdout


def test_it_speaks_chinese(home: Path) -> None:
    """All of it."""
    assert home.is_dir()
    done = run("doctor", "--lang", "zh", PYTHONIOENCODING="utf-8")
    lines = done.stdout.splitlines()
    assert all(line.startswith(("错误", "警告", "提示", "正常", "一切正常")) for line in lines)


@POSIX
def test_what_is_safe_is_mended(home: Path) -> None:
    """A configuration with a token that others can read is closed to them by --fix, and only by --fix."""
    path = home / "localedge.toml"
    write_config(home, "[listen]\nport = 0\nclient_token = 'a-long-random-token-0123456789'\n")
    path.chmod(0o644)
    first = run("doctor")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644, "doctor alone changes nothing"
    assert "--fix" in first.stderr and first.returncode == 5
    second = run("doctor", "--fix")
    assert second.stdout.startswith("mended: ") and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second.returncode == 0, second.stdout


def test_the_bundle_has_no_secret_in_it(home: Path, tmp_path: Path) -> None:
    """No key of the environment, a profile or a proxy, and no name of the user, gets into the archive."""
    support = {
        "win32": home / "AppData" / "Local" / "Claude-3p",
        "darwin": home / "Library" / "Application Support" / "Claude-3p",
    }.get(sys.platform, home / ".config" / "Claude-3p")
    logs = home / "Library" / "Logs" / "Claude-3p" if sys.platform == "darwin" else support / "logs"
    profile = {
        "inferenceProvider": "gateway",
        "inferenceGatewayApiKey": SECRET,
        "inferenceGatewayBaseUrl": "http://x",
    }
    put(support / "configLibrary" / "_meta.json", b'{"appliedId":"1","entries":[{"id":"1","name":"n"}]}')
    put(support / "configLibrary" / "1.json", json.dumps(profile).encode())
    put(
        logs / "main.log",
        b"2026-11-22 10:00:00 my prompt about the merger: net::ERR_SSL_PROTOCOL_ERROR sk-ant-fromthelog\n"
        b"2026-11-22 10:00:01 Gateway was unreachable: net::ERR_SSL_PROTOCOL_ERROR\n",
    )
    target = tmp_path / "bundle.zip"
    done = run(
        *("doctor", "--bundle", "--output", str(target)),
        ANTHROPIC_AUTH_TOKEN=KEY,
        HTTP_PROXY="http://someone:proxy-password@127.0.0.1:9",
        HTTPS_PROXY="someone:proxy-password@127.0.0.1:9",
        ALL_PROXY="http://some one:of@proxy-password@127.0.0.1:9",
        NO_PROXY="127.0.0.1,localhost",
        LOCALEDGE_CLIENT_TOKEN="a-client-token-of-our-own-0123",
    )
    assert str(target) in done.stdout, done.stderr
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    whole = "\n".join(texts.values())
    for secret in (KEY, SECRET, "proxy-password", "a-client-token", "fromthelog", "merger", "secretive-user"):
        assert secret not in whole, [name for name, text in texts.items() if secret in text]
    assert (
        "HTTPS_PROXY=***@127.0.0.1:9" in texts["environment.txt"] and "some" not in texts["environment.txt"]
    )
    assert "log-unreachable" in texts["desktop-log.txt"]
    assert "ANTHROPIC_AUTH_TOKEN is set" in texts["environment.txt"]
    assert "listen.port = 0" in texts["configuration.txt"]
    assert set(texts) == {
        *("README.txt", "doctor.txt", "doctor.json", "versions.txt", "configuration.txt", "environment.txt"),
        *("hosts.txt", "trust.json", "desktop.json", "desktop-log.txt"),
    }
    if sys.platform != "win32":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_bundle_takes_no_other_files_place(home: Path, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    assert home.is_dir()
    target = tmp_path / "report.zip"
    target.write_bytes(b"mine")
    done = run("doctor", "--bundle", "--output", str(target))
    assert done.returncode == 1 and "[doctor-bundle-exists]" in done.stderr
    assert target.read_bytes() == b"mine"


@POSIX
def test_a_bundle_where_the_directory_is_gone(home: Path, tmp_path: Path) -> None:
    """One line says so; with a whole name it is written."""
    gone = tmp_path / "gone"
    gone.mkdir()
    # Python itself does not start everywhere in a directory that is no more.
    script = "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); "
    script += "from localedge.cli import main; sys.exit(main(sys.argv[2:]))"
    argv = [sys.executable, "-P", "-c", script, str(gone), "doctor", "--bundle"]
    done = subprocess.run(argv, capture_output=True, encoding="utf-8", timeout=PATIENCE)
    assert "[doctor-bundle-unwritable]" in done.stderr and done.returncode == 1, done.stderr
    gone.mkdir()
    whole = [*argv, "--output", str(home / "b.zip")]
    done = subprocess.run(whole, capture_output=True, encoding="utf-8", timeout=PATIENCE)
    assert (home / "b.zip").exists(), done.stderr


def test_an_output_without_a_bundle_is_a_usage_mistake(home: Path) -> None:
    """Nobody is left to believe that a file was written."""
    assert home.is_dir()
    one_line(run("doctor", "--output", "x.zip"), "doctor-output-alone", 2)
