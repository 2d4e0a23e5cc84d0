"""The only module that prints: standard output is for data, standard error for talk.

Never an encoding error, whatever the terminal's code page; a reader that has gone
away (`localedge config show | head -1`) is no error either.
"""

import errno
import io
import os
import re
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from localedge import messages
from localedge.errors import Failure, reason_of

_PREFIX = "localedge: "
_NOBODY_READS = (errno.EPIPE, errno.EINVAL)
"""EINVAL on Windows."""
NAMES_A_COMMAND = re.compile(
    r"\blocaledge (?:run|setup|uninstall|doctor|check|explain|env|config|desktop|"
    r"(?:un)?trust-ca|ca|hosts|version)\b"
)
"""In a text: something that the reader is to type."""


class Printer:
    """Writes to the terminal in the user's language."""

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self._stdout = _forgiving(stdout or sys.stdout)
        self._stderr = _forgiving(stderr or sys.stderr)
        self._lang = "en"
        self.printed = False
        """Something has gone to standard output."""
        self._named = False

    @property
    def lang(self) -> str:
        """`en` or `zh`; English where the terminal could not show Chinese."""
        return self._lang

    @lang.setter
    def lang(self, lang: str) -> None:
        self._lang = lang if _shows(self._stderr, messages.text("stopping", lang)) else "en"

    def data(self, text: str) -> None:
        """One or more lines of what the command was asked for.

        Raises `Failure` where they are lost though somebody wants them: on a full disk.
        """
        self.printed = True
        self._named = self._named or bool(NAMES_A_COMMAND.search(text))
        error = _write(self._stdout, text + "\n")
        if error is not None:
            self._lost(error)

    def json(self, value: object) -> None:
        """What the command was asked for, for programs: ASCII, whatever the terminal's encoding."""
        import json

        self.data(json.dumps(value, indent=2, ensure_ascii=True))

    def _lost(self, error: OSError) -> None:
        if self._stdout is not None:
            _abandon(self._stdout)
            self._stdout = None
        if error.errno not in _NOBODY_READS:
            raise Failure("output-failed", reason=reason_of(error))

    def raw(self, content: bytes) -> None:
        """Bytes of what the command was asked for, as they are.  Raises `Failure` as `data` does."""
        stream = self._stdout
        if stream is None:
            return
        try:
            stream.flush()
            binary = getattr(stream, "buffer", None)
            if binary is None:  # a stand-in that takes text only
                stream.write(content.decode("utf-8", "replace"))
            else:
                binary.write(content)
            stream.flush()
        except OSError as error:
            self._lost(error)

    @property
    def to_terminal(self) -> bool:
        """Whether standard output is read by a person."""
        return self._stdout is not None and self._stdout.isatty()

    def talk(self, code: str, **params: object) -> None:
        """A line of the message table to standard error."""
        self._tell(self.text(code, **params))

    def _tell(self, text: str) -> None:
        self._named = self._named or bool(NAMES_A_COMMAND.search(text))
        _write(self._stderr, text + "\n")

    def text(self, code: str, **params: object) -> str:
        """A message in the user's language."""
        return messages.text(code, self._lang, **params)

    def hint_program(self) -> None:
        """At a terminal, once: how our commands are typed here, if not as the messages have them.

        A first start from a virtual environment is not on the PATH (README).
        """
        if not self._named or self._stderr is None or not self._stderr.isatty():
            return
        self._named = False
        program = sys.argv[0] if sys.argv else ""
        import shutil

        found = shutil.which("localedge")
        if Path(program).name not in ("localedge", "localedge.exe"):
            return  # python -m localedge, or a program that calls us
        if found is None or not _same_file(found, program):
            self.talk("not-on-path", program=program)

    def failure(self, failure: Failure) -> None:
        """`localedge: <sentence> [code]`."""
        self._tell(self.line(failure))

    def line(self, failure: Failure) -> str:
        """A failure as it is told."""
        return f"{_PREFIX}{failure.sentence(self._lang)} [{failure.code}]"

    def log_line(self) -> Callable[[str], None]:
        """A function that writes lines to standard error, fit for the access log: it raises nothing.

        Straight to the descriptor: one system call and nothing left in a buffer when
        the reader is gone.  A Windows console wants its own wide calls.
        """
        stream = self._stderr
        if stream is None:
            return lambda _line: None
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError):
            descriptor = -1
        if descriptor < 0 or (sys.platform == "win32" and stream.isatty()):

            def show(line: str) -> None:
                _write(stream, line + "\n")

            return show
        encoding = stream.encoding

        def emit(line: str) -> None:
            rest = (line + "\n").encode(encoding, "backslashreplace")
            while rest:
                try:
                    rest = rest[os.write(descriptor, rest) :]
                except BlockingIOError:  # somebody who shares the descriptor made it non-blocking
                    select.select([], [descriptor], [])
                except OSError:
                    return  # nobody reads the log: that is no reason to drop exchanges

        return emit


def _forgiving(stream: TextIO | None) -> TextIO | None:
    """The stream, made to write what its encoding lacks as escapes.  None under pythonw."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _shows(stream: TextIO | None, text: str) -> bool:
    try:
        text.encode((stream.encoding if stream else None) or "ascii")
    except (LookupError, UnicodeEncodeError):
        return False
    return True


def _write(stream: TextIO | None, text: str) -> OSError | None:
    """What kept the text from being written, if somebody is there to read it."""
    if stream is None:
        return None
    try:
        stream.write(text)
        stream.flush()
    except (OSError, ValueError) as error:
        _abandon(stream)
        return error if isinstance(error, OSError) else None  # ValueError: it is closed
    return None


def _same_file(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def _abandon(stream: TextIO) -> None:
    """The interpreter flushes once more when it ends, and would complain then.

    docs.python.org, library/signal, "Note on SIGPIPE"
    """
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # no descriptor behind it: nothing to flush either
