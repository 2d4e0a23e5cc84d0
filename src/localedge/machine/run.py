"""The one place that runs other programs."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import subprocess


def output(argv: Sequence[str], seconds: float = 5.0) -> str:
    """What a program prints, nothing if it is missing, fails or takes longer than `seconds`.

    No shell is involved.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - fixed words and numbers, no shell
            argv, capture_output=True, timeout=seconds, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


_KEYTOOL = "keytool error: "


class Ended(NamedTuple):
    """How a program ended.  `status` is None for one that could not be started or was killed by us."""

    status: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    hung: bool = False
    """It took too long and was killed."""
    missing: bool = False
    """There is no such program."""

    @property
    def ok(self) -> bool:
        """It ended by itself with status 0."""
        return self.status == 0

    @property
    def reason(self) -> str:
        """The last line of what it complained about, for a message.

        Java's keytool has its error on standard output, and warnings where others have their errors.
        """
        texts = [text.decode(errors="replace").splitlines() for text in (self.stderr, self.stdout)]
        for line in texts[1]:
            if line.startswith(_KEYTOOL):
                return line.removeprefix(_KEYTOOL).strip()
        for lines in texts:
            if told := [line.strip() for line in lines if line.strip()]:
                return told[-1]
        return "" if self.status is None else f"exit status {self.status}"


def program(
    argv: Sequence[str],
    *,
    seconds: float = 60.0,
    stdin: bytes | None = None,
    environ: Mapping[str, str] | None = None,
    terminal: bool = False,
) -> Ended:
    """Run a program to its end, or kill it and all that it started after `seconds`.  Raises nothing.

    No shell; standard input is `stdin` or empty.  Unless `terminal`, it cannot reach the user's terminal
    either: one that would ask there for a password fails instead of waiting.  With `terminal` (sudo, which
    knows a user by the terminal) it stays in the session, in a process group of its own.
    `environ` is the whole environment, None for our own.
    """
    import subprocess

    groups: dict[str, int | bool] = {}
    if sys.platform != "win32":
        groups = {"process_group": 0} if terminal else {"start_new_session": True}
    try:
        process = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - words of a plan, no shell
            list(argv),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=None if environ is None else dict(environ),
            **groups,
        )
    except (FileNotFoundError, NotADirectoryError):
        return Ended(None, missing=True)
    except (OSError, ValueError) as error:
        return Ended(None, stderr=_said(error))
    with process:
        try:
            stdout, stderr = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired as late:
            _kill(process)
            return Ended(None, late.stdout or b"", late.stderr or b"", hung=True)
        except BaseException:
            _kill(process)
            raise
    return Ended(process.returncode, stdout, stderr)


def in_front(argv: Sequence[str], *, stdin: bytes | None = None, environ: Mapping[str, str] | None) -> Ended:
    """Run a program that asks the user something at the terminal, for as long as that takes.

    What it prints is seen there, and not returned.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - words of a plan, no shell
            list(argv), input=stdin, check=False, env=None if environ is None else dict(environ)
        )
    except (FileNotFoundError, NotADirectoryError):
        return Ended(None, missing=True)
    except (OSError, ValueError) as error:
        return Ended(None, stderr=_said(error))
    return Ended(done.returncode)


def _said(error: Exception) -> bytes:
    return str(getattr(error, "strerror", None) or error).encode()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """The program and its process group; what has become another user's (sudo) cannot be killed by us."""
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            import signal

            os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()  # whoever else holds its other end is not waited for
            except OSError:
                pass  # what was still to be written to it
    try:
        process.wait(5)
    except Exception:  # noqa: BLE001 - TimeoutExpired: one that we may not kill
        process.returncode = -9  # leaving `with process` must not wait for it
