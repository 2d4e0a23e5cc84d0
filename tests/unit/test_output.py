"""Printing: never an encoding error, never one about a reader that left."""

import io
import os
import sys
import threading
from pathlib import Path

import pytest

from localedge.cli.group import _COMMANDS
from localedge.cli.output import NAMES_A_COMMAND, Printer
from localedge.errors import Failure


class Terminal(io.TextIOWrapper):
    """A terminal of one encoding that remembers what it was shown."""

    def __init__(self, encoding: str) -> None:
        self.raw_bytes = io.BytesIO()
        super().__init__(self.raw_bytes, encoding=encoding, newline="\n")

    def fileno(self) -> int:
        """No descriptor behind it."""
        raise io.UnsupportedOperation


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "cp1252", "gbk", "utf-8"])
def test_no_code_page_makes_printing_fail(encoding: str) -> None:
    """Whatever the terminal can show, every line is printed, with escapes where letters are missing."""
    out, err = Terminal(encoding), Terminal(encoding)
    printer = Printer(out, err)
    printer.lang = "zh"
    printer.data("网关 → ☃")
    printer.failure(Failure("config-missing", path="/☃"))
    printer.log_line()("网关 ☃")
    assert out.raw_bytes.getvalue().endswith(b"\n")
    assert err.raw_bytes.getvalue().startswith(b"localedge: ")
    assert err.raw_bytes.getvalue().count(b"\n") == 2


@pytest.mark.parametrize(
    ("encoding", "lang"), [("utf-8", "zh"), ("gbk", "zh"), ("ascii", "en"), ("cp437", "en")]
)
def test_a_terminal_without_chinese_gets_english(encoding: str, lang: str) -> None:
    """English is better than a line of escapes."""
    printer = Printer(Terminal(encoding), Terminal(encoding))
    printer.lang = "zh"
    assert printer.lang == lang


def test_a_failure_is_one_line_with_its_code() -> None:
    """What went wrong, what to do, and the code to search for stand on one line."""
    err = Terminal("utf-8")
    Printer(Terminal("utf-8"), err).failure(Failure("url-empty", where="--upstream"))
    assert err.raw_bytes.getvalue().decode() == (
        "localedge: --upstream: the URL is empty. Write it like http://gateway.example:8000. [url-empty]\n"
    )


def test_a_reader_that_left_is_no_error() -> None:
    """`localedge run | head -1` goes on running."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as gone:  # noqa: PTH123 - a descriptor
        printer = Printer(gone, gone)
        printer.data("nobody reads this")
        printer.data("nor this")
        printer.failure(Failure("url-empty", where="x"))
        printer.log_line()("nor that")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_an_error() -> None:
    """What was asked for and could not be written is not passed over in silence; talk is."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        printer = Printer(full, full)
        printer.failure(Failure("url-empty", where="x"))
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        printer = Printer(full, full)
        with pytest.raises(Failure) as caught:
            printer.data("x")
    assert caught.value.code == "output-failed" and "No space left" in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_log_line_is_whole_on_a_stream_that_does_not_block() -> None:
    """Where somebody made the shared standard error non-blocking, no line is cut or lost."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    line = "x" * 300_000
    with open(writing, "w", encoding="utf-8") as log, open(reading, "rb") as reader:  # noqa: PTH123
        thread = threading.Thread(target=Printer(io.StringIO(), log).log_line(), args=[line], daemon=True)
        thread.start()
        assert reader.read(len(line) + 1) == line.encode() + b"\n"
        thread.join(30)


def test_a_log_line_is_written_at_once_and_whole(tmp_path: Path) -> None:
    """A line of the access log is in the file as soon as it is emitted."""
    place = tmp_path / "log"
    with place.open("w", encoding="ascii") as log:
        emit = Printer(io.StringIO(), log).log_line()
        emit("first")
        assert place.read_bytes() == b"first\n"
        emit("\N{SNOWMAN}")
        assert place.read_bytes() == b"first\n\\u2603\n"


def test_a_log_without_a_reader_drops_lines() -> None:
    """A log pipe that breaks does not stop exchanges."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as log:  # noqa: PTH123 - a descriptor
        emit = Printer(io.StringIO(), log).log_line()
        os.close(reading)
        emit("nobody reads this")


def test_no_terminal_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under pythonw there are no standard streams, and that is no reason to fail."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    printer = Printer()
    printer.lang = "zh"
    printer.data("x")
    printer.failure(Failure("url-empty", where="x"))
    printer.log_line()("x")


def test_bytes_come_out_as_they_are() -> None:
    """A certificate in binary form, behind a line of text, on a stream of any encoding."""
    out = Terminal("ascii")
    printer = Printer(out, Terminal("ascii"))
    printer.data("text")
    printer.raw(b"\x30\x82\xff\r\n\x00")
    assert out.raw_bytes.getvalue() == b"text\n\x30\x82\xff\r\n\x00"
    assert not printer.to_terminal


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_bytes_that_are_lost_are_an_error() -> None:
    """A full disk is told, once; what follows is quiet."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        printer = Printer(full, Terminal("utf-8"))
        with pytest.raises(Failure) as lost:
            printer.raw(b"\x00")
        assert lost.value.code == "output-failed"
        printer.raw(b"\x00")


class _Terminal(io.StringIO):
    """Standard error of somebody who reads it."""

    def isatty(self) -> bool:
        """Yes."""
        return True


@pytest.mark.parametrize(
    ("on_path", "called", "hinted"),
    [
        ("", "venv/bin/localedge", True),
        ("venv", "venv/bin/localedge", False),
        ("other", "venv/bin/localedge", True),
    ],
)
def test_how_commands_are_typed_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_path: str, called: str, hinted: bool
) -> None:
    """A program that is not on the PATH, or is another one there, says how it is called, once."""
    for place in ("venv", "other"):
        program = tmp_path / place / "bin" / "localedge"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        if sys.platform == "win32":
            program.with_suffix(".exe").write_bytes(b"")
    monkeypatch.setenv("PATH", str(tmp_path / on_path / "bin") if on_path else str(tmp_path))
    monkeypatch.chdir(tmp_path)
    suffix = ".exe" if sys.platform == "win32" else ""
    monkeypatch.setattr(sys, "argv", [called + suffix, "doctor"])
    err = _Terminal()
    printer = Printer(io.StringIO(), err)
    printer.hint_program()
    assert err.getvalue() == "", "nothing was said that is to be typed"
    printer.data("  ->  localedge run")
    printer.hint_program()
    printer.hint_program()
    line = f'"localedge" is not on the PATH here: type {called}{suffix} in its place.\n'
    assert err.getvalue() == (line if hinted else "")


def test_only_a_person_is_told_how_commands_are_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts that read standard error get nothing besides; nor does who runs `python -m localedge`."""
    monkeypatch.setenv("PATH", "")
    for program, err in (("venv/bin/localedge", io.StringIO()), ("/x/__main__.py", _Terminal())):
        monkeypatch.setattr(sys, "argv", [program])
        printer = Printer(io.StringIO(), err)
        printer.data("localedge run")
        printer.hint_program()
        assert err.getvalue() == ""


def test_every_command_is_known_as_one() -> None:
    """What is to be typed is recognised for each command but the demo gateway, which no message names."""
    for name in set(_COMMANDS) - {"demo-gateway"}:
        assert NAMES_A_COMMAND.search(f"next: localedge {name} --now"), name
    assert not NAMES_A_COMMAND.search("localedge keeps no copy; localedge: port 1 is in use")
