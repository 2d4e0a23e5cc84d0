"""What the commands say: help, usage mistakes, `config`, languages, terminals that are full or gone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from localedge import messages
from tests.commands import PATIENCE, codes, command, one_line, run

UPSTREAM = "http://gateway.example:8000"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="130 is a shell's")


def test_the_bare_config_command_prints_help() -> None:
    """Who types only `localedge config` learns what there is."""
    done = run("config")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == run("config", "--help").stdout and "init" in done.stdout


def test_the_bare_command_prints_help() -> None:
    """Who types only `localedge` learns what there is."""
    done = run()
    assert done.returncode == 0 and done.stderr == ""
    for word in ("run", "demo-gateway", "config", "version", "Exit codes: 0"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["demo-gateway"],
        ["check"],
        ["desktop"],
        ["explain"],
        ["env"],
        ["config"],
        ["config", "show"],
        ["config", "path"],
        ["config", "init"],
        ["version"],
    ],
    ids=" ".join,
)
def test_help_is_a_screenful_with_an_example(words: list[str]) -> None:
    """Every command explains itself on one screen, with an example and its exit codes."""
    done = run(*words, "--help", COLUMNS="80")
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) <= 30 and max(map(len, lines)) <= 80
    assert "  Example:" in lines and any("Exit codes: 0" in line for line in lines)


@pytest.mark.parametrize("words", [["version"], ["--version"]])
def test_version(words: list[str]) -> None:
    """The version is told with what a report needs."""
    done = run(*words)
    assert done.returncode == 0
    assert done.stdout.startswith("localedge ") and "Twisted " in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "command_"),
    [
        (["frobnicate"], "no-such-command", "localedge"),
        (["config", "xyz"], "no-such-command", "localedge config"),
        (["run", "--xyzzy"], "no-such-option", "localedge run"),
        (["run", "extra"], "extra-words", "localedge run"),
        (["run", "--http-only", "--port"], "option-without-value", "localedge run"),
        (["config", "show", "--json=1"], "usage", "localedge config show"),
    ],
)
def test_usage_mistakes_exit_2(words: list[str], code: str, command_: str) -> None:
    """A command line that is not understood is one line, points at the command's --help, and exits 2."""
    assert f'. Try "{command_} --help". [' in one_line(run(*words), code, 2)


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("config show --json --config no-such-file", 1, "config-missing"),
        ("config show --json extra", 2, "extra-words"),
        ("hosts show --json --config", 2, "option-without-value"),
        ("trust-ca --json --xyzzy", 2, "no-such-option"),
        ("ca show --json --lang zh --config no-such-file", 1, "config-missing"),
    ],
)
def test_a_failure_is_json_where_json_was_asked_for(words: str, status: int, code: str) -> None:
    """A program reads from standard output why a command failed; people see the same on standard error."""
    done = run(*words.split(), PYTHONUTF8="1")
    assert (done.returncode, codes(done)) == (status, [code])
    told = json.loads(done.stdout)
    assert told == {"exit_status": status, "code": code, "message": told["message"]}
    assert done.stderr == f"localedge: {told['message']} [{code}]\n"


@pytest.mark.parametrize(
    "words", ["version --json", "config --json", "frobnicate --json", "run extra --json"]
)
def test_a_command_without_json_prints_none(words: str) -> None:
    """Where there is no such option, standard output stays empty."""
    done = run(*words.split())
    assert (done.returncode, done.stdout) == (2, "")


def test_R23_an_internal_error_keeps_its_text_to_itself(tmp_path: Path) -> None:
    """R23: an unforeseen error is one line with its kind and place, without what it was about; exit 3."""
    (tmp_path / "sitecustomize.py").write_text(
        "import localedge.settings as s\ndef load(*a, **k): raise RuntimeError('hunter2')\ns.load = load\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("config", "show", PYTHONPATH=path)
    line = one_line(done, "internal-error", 3)
    assert "RuntimeError" in line and "options.py" in line and "hunter2" not in done.stderr


def test_chinese_where_the_locale_is_chinese() -> None:
    """Messages follow LANG and --lang, and an ASCII terminal gets English rather than escapes."""
    chinese = messages.text("url-empty", "zh", where="--upstream")
    english = messages.text("url-empty", "en", where="--upstream")
    wrong = ("run", "--upstream", " ")
    assert chinese in run(*wrong, LANG="zh_CN.UTF-8", PYTHONUTF8="1").stderr
    assert chinese in run(*wrong, "--lang", "zh", PYTHONUTF8="1").stderr
    assert english in run(*wrong, "--lang", "en", LANG="zh_CN.UTF-8", PYTHONUTF8="1").stderr
    assert english in run(*wrong, "--lang", "zh", PYTHONIOENCODING="ascii").stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["confg"], "no-such-command-near", "没有名为“confg”的命令。是不是想写“config”？"),
        (["frobnicate"], "no-such-command", "没有名为“frobnicate”的命令。"),
        (
            ["run", "--prot", "1"],
            "no-such-option-near",
            "“localedge run”没有“--prot”选项。是不是想写“--port”？",
        ),
        (["config", "show", "-x"], "no-such-option", "“localedge config show”没有“-x”选项。"),
        (["run", "--port"], "option-without-value", "选项“--port”后面要有一个值。"),
        (["run", "extra"], "extra-words", "“localedge run”只接受选项"),
    ],
)
def test_usage_mistakes_in_chinese(words: list[str], code: str, said: str) -> None:
    """A mistyped command line is told wholly in Chinese to who reads Chinese."""
    line = one_line(run(*words, LANG="zh_CN.UTF-8", LC_ALL="", PYTHONUTF8="1"), code, 2)
    assert said in line and "请看“localedge" in line


def test_config_show_is_chinese_to_who_reads_chinese() -> None:
    """Where a value comes from and that there is none is said in Chinese as well."""
    assert (
        "listen.client_token = （无）  # 默认值\n"
        in run("config", "show", "--lang", "zh", PYTHONUTF8="1").stdout
    )


def test_a_usage_mistake_follows_the_flag() -> None:
    """--lang counts even where the rest of the command line is not understood."""
    line = one_line(run("run", "--lang=zh", "--quiet=1", PYTHONUTF8="1"), "usage", 2)
    assert line.startswith("localedge: 命令行有误（") and line.endswith(
        "）。请看“localedge run --help”。 [usage]"
    )
    assert "有误" in one_line(run("run", "--quiet=1", "--lang", "zh", PYTHONUTF8="1"), "usage", 2)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("words", ["config show --json", "config path", "version", "run --help", "config"])
def test_a_full_disk_is_told(words: str) -> None:
    """Output that is lost for want of room is a failure, not a success."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            command(*words.split()), stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE
        )
    assert done.returncode == 1 and codes(done) == ["output-failed"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_failure_whose_json_is_lost() -> None:
    """A failure that cannot be written as JSON is still told, once."""
    words = ["config", "show", "--json", "--config", "no-such-file"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            command(*words), stdout=full, stderr=subprocess.PIPE, encoding="utf-8", timeout=PATIENCE
        )
    assert done.returncode == 1 and codes(done) == ["config-missing"]


@POSIX
@pytest.mark.parametrize("module", ["localedge.errors", "click", "localedge.cli.run"])
def test_an_early_ctrl_c_is_quiet(tmp_path: Path, module: str) -> None:
    """Ctrl-C while the program is still being loaded ends it without a traceback."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run("run", "--http-only", PYTHONPATH=path)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


def test_config_init_show_and_path(tmp_path: Path) -> None:
    """A file is written, found, and shown with the place of every value."""
    place = tmp_path / "deep" / "c.toml"
    environ = {"LOCALEDGE_CONFIG": str(place)}
    done = run("config", "path", **environ)
    assert done.stdout == f"{place}\n" and "config init" in done.stderr
    done = run("config", "init", **environ)
    assert (done.returncode, done.stdout) == (0, f"{place}\n")
    assert "--force" in one_line(run("config", "init", **environ), "config-exists")
    assert run("config", "init", "--force", **environ).returncode == 0
    with place.open("a") as file:
        file.write('\nclient_token = "hunter2"\n')
    done = run("config", "show", **environ)
    assert "log.client_token" in one_line(done, "unknown-key-near")


def test_R23_config_show_tells_sources_and_hides_secrets(tmp_path: Path) -> None:
    """R23: every value is shown with where it came from, a secret as stars."""
    place = tmp_path / "c.toml"
    place.write_text(f'[gateway]\nurl = "{UPSTREAM}"\nproxy = "http://me:hunter2@proxy:3128"\n')
    environ = {"LOCALEDGE_CLIENT_TOKEN": "hunter2", "LOCALEDGE_PORT": "18081"}
    done = run("config", "show", "--config", str(place), **environ)
    assert done.returncode == 0 and "hunter2" not in done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert f'gateway.url = "{UPSTREAM}"  # {place}:2' in lines
    assert f'gateway.proxy = "http://***@proxy:3128"  # {place}:3' in lines
    assert "listen.port = 18081  # LOCALEDGE_PORT" in lines
    assert 'listen.client_token = "***"  # LOCALEDGE_CLIENT_TOKEN' in lines
    assert 'listen.host = "127.0.0.1"  # default' in lines
    done = run("config", "show", "--json", "--config", str(place), **environ)
    rows = {row["key"]: row for row in json.loads(done.stdout)}
    assert rows["listen.port"] == {
        "key": "listen.port",
        "value": 18081,
        "source": "LOCALEDGE_PORT",
        "secret": False,
    }
    assert rows["listen.client_token"]["value"] == "***"
