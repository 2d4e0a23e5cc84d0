"""The frame of `localedge doctor`: looks side by side, the order, the exit status, what is printed."""

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from localedge.claude.health import Finding, Rule, Severity, command_line, worst_first
from localedge.cli.doctor_looks import Mended, examine
from localedge.cli.doctor_told import Told, exit_status
from localedge.cli.output import Printer
from localedge.config import Config, Gateway
from localedge.errors import Failure
from localedge.machine.health import Scene
from localedge.machine.stores.system import System

SLOW = Finding("doctor-look-late", Severity.WARNING, {"area": "x", "seconds": 3}, "localedge run", "x-fix")
FAILED = Finding("doctor-look-failed", Severity.ERROR, {"area": "x", "kind": "K", "place": "p.py:1"})
WELL = Finding("doctor-well", Severity.GOOD, {"looked": 3})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A machine with nothing on it."""
    return Scene(
        Config(Gateway("http", "gw.example", 8000)),
        tmp_path / "config.toml",
        System(tmp_path, tmp_path, {}),
    )


def told(*findings: Finding, as_json: bool = False, fixed: bool = False) -> tuple[str, str, int]:
    """Standard output, standard error and exit status of a report."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    report = Told(Printer(out, err), as_json=as_json)
    report.findings(findings, fixed=fixed)
    status = report.finish(findings)
    out.seek(0)
    err.seek(0)
    return out.read(), err.read(), status


def test_the_worst_comes_first(scene: Scene) -> None:
    """Errors before warnings before what is good; within one severity in the order of the areas."""
    other = SLOW._replace(params={"area": "y", "seconds": 1})
    found = examine(scene, {"a": lambda _: [WELL, SLOW], "b": lambda _: [other, FAILED]})
    assert found == [FAILED, SLOW, other, WELL]
    assert worst_first([WELL, FAILED]) == [FAILED, WELL]


def test_a_look_that_fails_takes_no_other_with_it(scene: Scene) -> None:
    """Its line names the kind of error and the place in our code, and none of its words."""

    def broken(_: Scene) -> Iterator[Finding]:
        yield WELL
        raise RuntimeError("sk-secret")

    failed, well = examine(scene, {"broken": broken, "other": lambda _: [WELL]})
    assert (failed.code, well) == ("doctor-look-failed", WELL)
    assert failed.params["kind"] == "RuntimeError" and "sk-secret" not in failed.sentence()


def test_a_look_that_hangs_is_given_up(scene: Scene) -> None:
    """What the others found is told in time."""
    forever = threading.Event()

    def hanging(_: Scene) -> list[Finding]:
        forever.wait(30)
        return []

    found = examine(scene, {"hanging": hanging, "other": lambda _: [WELL]}, limit=0.05)
    forever.set()
    assert [one.code for one in found] == ["doctor-look-late", "doctor-well"]
    assert "hanging" in found[0].sentence()


@pytest.mark.parametrize(
    ("findings", "status"),
    [
        ((), 0),
        ((WELL,), 0),
        ((WELL, SLOW), 5),
        ((SLOW, FAILED), 1),
        ((WELL._replace(severity=Severity.NOTE),), 0),
    ],
)
def test_the_exit_status_tells_the_worst(findings: tuple[Finding, ...], status: int) -> None:
    """0 for nothing to mend, 5 for warnings, 1 for an error."""
    assert exit_status(findings) == status


def test_one_line_each_with_code_and_command() -> None:
    """The command stands at the end of the line, ready to be copied; the last line counts."""
    out, err, status = told(FAILED, SLOW, WELL)
    first, second, third, last = out.splitlines()
    assert first.startswith("ERROR   the look at x failed") and first.endswith("[doctor-look-failed]")
    assert second.startswith("WARNING ") and second.endswith("[doctor-look-late]  ->  localedge run")
    assert third == "ok      Nothing to mend (3 findings)."
    assert (last, status) == ("Errors: 1. Warnings: 1.", 1)
    assert err == "localedge doctor --fix mends some of this without any risk.\n"
    assert told(SLOW, fixed=True)[1] == "", "it has been run already"


def test_json_has_everything() -> None:
    """Code, severity, sentence, command and fix of each; nothing else is printed."""
    out, err, status = told(SLOW, WELL, as_json=True)
    document = json.loads(out)
    assert (err, status, document["exit_status"]) == ("", 5, 5)
    assert document["findings"][0] == {
        "code": "doctor-look-late",
        "severity": "warning",
        "message": SLOW.sentence(),
        "command": "localedge run",
        "fix": "x-fix",
    }
    assert document["findings"][1]["command"] is None


def test_a_command_that_a_terminal_would_obey_is_not_shown() -> None:
    """A file may have any name; programs get it escaped."""
    odd = FAILED._replace(command="rm '/tmp/\x1b[2J\n'")
    assert told(odd)[0].splitlines()[0].endswith("[doctor-look-failed]")
    assert json.loads(told(odd, as_json=True)[0])["findings"][0]["command"] == odd.command


def test_what_could_not_be_mended_is_told() -> None:
    """A fix that fails is a line of its own; one that worked names what it mended."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    Told(Printer(out, err), as_json=False).mended(
        [Mended(SLOW, None), Mended(FAILED, Failure("doctor-fix-failed", reason="no room"))]
    )
    out.seek(0)
    err.seek(0)
    assert out.read().startswith("mended: the look at x took longer")
    line = "it could not be mended (no room). Use the command that the line names. [doctor-fix-failed]"
    assert err.read() == f"localedge: {line}\n"


def test_a_rule_knows_the_platform() -> None:
    """The command of a rule is that of the system it is for, with the finding's own words in it."""
    rule = Rule(Severity.ERROR, "rm {path}", windows="del {path}", fix="gone")
    assert rule.finding("c", "linux", path="x").command == "rm x"
    assert rule.finding("c", "darwin", path="x").command == "rm x"
    assert rule.finding("c", "win32", path="x") == Finding(
        "c", Severity.ERROR, {"path": "x"}, "del x", "gone"
    )
    assert command_line("linux", ["rm", "a b"]) == "rm 'a b'"
    assert command_line("win32", ["del", "a b"]) == 'del "a b"'
