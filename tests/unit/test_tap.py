"""The twistd plugin: found by twistd, light to load, the same options as `run`."""

import subprocess
import sys
from typing import Any

import pytest

from localedge.settings import SETTINGS
from localedge.tap import Options


def parsed(*words: str) -> Any:
    """The options of these words."""
    options: Any = Options
    made = options()
    made.parseOptions([*words])
    return made


def test_the_options_become_the_configuration() -> None:
    """twistd takes the flags of `localedge run` and makes the same configuration of them."""
    config = parsed(
        "--http-only", "--upstream", "http://gw:8000", "--port=0", "--log-format", "json"
    ).settings.config
    assert (config.gateway.url, config.port, config.log_format, config.http_only) == (
        "http://gw:8000",
        0,
        "json",
        True,
    )
    assert parsed("--http-only", "--insecure-upstream").settings.config.gateway.insecure


def test_every_flag_of_run_is_an_option() -> None:
    """The two doors have the same flags, and none for a secret."""
    from localedge.cli.run import run

    options: Any = Options
    flags = {name for parameter in run.params for name in parameter.opts if name.startswith("--")}
    taken = {f"--{name}" for name in options().synonyms if len(name) > 1}
    assert flags - {"--quiet"} == taken - {"--version"}
    assert {setting.flag for setting in SETTINGS if setting.flag} <= flags


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--https-port", "x"], "bad-https-port"), (["--http-only", "--upstream", "gw"], "url-no-scheme")],
)
def test_bad_options_end_twistd(words: list[str], code: str) -> None:
    """What is wrong is told with the sentence and the code."""
    with pytest.raises(SystemExit, match=rf"\[{code}\]$"):
        parsed(*words)


def test_all_problems_of_the_options_are_told_together() -> None:
    """One mistake does not hide the other; an empty file name is one."""
    with pytest.raises(SystemExit, match=r"\[bad-number\]\n.*\[bad-https-port\]$"):
        parsed("--port", "x", "--https-port", "y")
    with pytest.raises(SystemExit, match=r"\[config-missing\]$"):
        parsed("--config", "")


def test_the_plugin_is_light() -> None:
    """twistd loads every plugin to list them: ours imports nothing of localedge."""
    look = (
        "import sys, importlib.util as u\n"
        "spec = u.find_spec('twisted.plugins.localedge_plugin')\n"
        "import twisted.plugins.localedge_plugin as p\n"
        "assert p.localedge.tapname == 'localedge'\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'localedge'], sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 0, done.stderr
