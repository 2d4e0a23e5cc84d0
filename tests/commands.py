"""Commands as users run them: real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

PATIENCE = 30.0
"""Seconds until a test gives up on a process."""


def command(*words: str) -> list[str]:
    """The command line of localedge."""
    return [sys.executable, "-m", "localedge", *words]


def run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        command(*words),
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
    )


def running(*words: str, **environ: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A command that runs until it is stopped."""
    return started(command(*words), env={**os.environ, **environ})


@contextmanager
def started(
    line: Sequence[str], stderr: int = subprocess.PIPE, **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with its test at the latest."""
    # A run of the tests in the background may have been told to ignore Ctrl-C, which is inherited.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            **options,
        )
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line of standard output, without its end."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def port_of(line: str) -> int:
    """The port in a line that says where a command listens."""
    return int(line.partition("http://127.0.0.1:")[2].partition(" ")[0])


def one_line(done: subprocess.CompletedProcess[str], code: str, status: int = 1) -> str:
    """The one line of talk of a command that failed with this code and printed nothing else."""
    assert (done.returncode, done.stdout) == (status, ""), done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("localedge: ") and lines[0].endswith(f" [{code}]")
    return lines[0]


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The codes of what a command complained about, in order."""
    return [line.rpartition(" [")[2].rstrip("]") for line in done.stderr.splitlines()]
