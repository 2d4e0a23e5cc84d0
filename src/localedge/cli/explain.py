"""`localedge explain`: what an error means and what to do about it."""

import os
import re
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import click

from localedge.errors import Failure, Problems, reason_of
from localedge.machine.private_files import shown

from .group import EXIT_CODES, help_option
from .options import choose_language, config_option, lang_option, load_settings, refuse_flags
from .output import Printer

if TYPE_CHECKING:
    from localedge.claude.explaining import Finding

MIB = 1024 * 1024
TAIL = 4 * MIB
"""Bytes of a log that are looked at: its end, where the latest errors are."""
MOST = 1024 * MIB
"""Bytes of an input without an end that are read at most."""
PATIENCE = 30
"""Seconds until a program begins to write into a pipe with a name."""
_SOON, _PAUSE = 1.0, 0.05
"""Seconds until the wait is told, and between two looks."""
_PATH = re.compile(r"(?:~|\.{1,2})?[/\\]\S*|[A-Za-z]:[/\\]\S*")
"""What nobody would take for an error: a file's name."""
_SHOWN = 5
"""Causes told to a person; JSON has them all."""


@click.command("explain", epilog=EXIT_CODES)
@click.argument("words", metavar="[TEXT|LOG|-]...", nargs=-1)
@click.option("--file", "log", metavar="LOG", help="Look for errors in this log.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@config_option
@lang_option
@help_option
@click.pass_obj
def explain(
    printer: Printer,
    *,
    words: tuple[str, ...],
    log: str | None,
    as_json: bool,
    file: str | None,
    lang: str | None,
) -> int:
    """Say what an error means and what to do next.

    Knows what Claude Desktop, Claude Code, the SDKs, browsers, curl, gateways and
    localedge itself say.  Give the text in quotes, a log, or - for standard input.
    Of a long log the end is looked at.  Keys in the text are never shown.

    \b
    Example:
      localedge explain "net::ERR_SSL_PROTOCOL_ERROR"
    """
    from localedge.claude.explaining import explain as causes_in

    choose_language(printer, lang)
    taken = _taken(printer, words, log)
    known = _known(printer, lang, file)
    if taken.note is not None:
        printer.talk(taken.note.code, **taken.note.params)
    findings = causes_in(taken.text)
    if as_json:
        _print_json(printer, findings, taken, known)
    if not findings:
        raise Failure("explain-unknown")
    if not as_json:
        printer.data("\n\n".join(_told(printer, finding, known) for finding in findings[:_SHOWN]))
    return 0


class _Taken(NamedTuple):
    text: str
    read: int = 0
    size: int | None = None
    note: Failure | None = None
    """What must be said about it: that it is not all."""


def _taken(printer: Printer, words: tuple[str, ...], log: str | None) -> _Taken:
    """The text to explain.  Raises `Failure`."""
    if log is not None:
        if words:
            raise Failure("explain-text-and-file")
        return _from_file(printer, log)
    if words == ("-",):
        return _from_stream(sys.stdin.buffer if sys.stdin else None)
    if len(words) == 1 and (_is_file(words[0]) or _PATH.fullmatch(words[0])):
        return _from_file(printer, words[0])
    if words:
        return _Taken(" ".join(words).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    if sys.stdin is None or sys.stdin.isatty():
        raise Failure("explain-nothing")
    return _from_stream(sys.stdin.buffer)


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):
        return False  # too long for a name, or with a NUL in it


def _without_waiting(name: str, flags: int) -> int:
    """A pipe with a name opens when somebody writes into it, else never."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


if sys.platform == "win32":

    def _first_piece(_printer: Printer, _descriptor: int, _path: Path) -> bytes:
        """Opening a pipe waits for nobody there."""
        return b""

else:

    def _first_piece(printer: Printer, descriptor: int, path: Path) -> bytes:
        """Wait for somebody who writes into a pipe; what has come by then.  Raises `Failure` if none."""
        piece, began, told = b"", time.monotonic(), False
        # What a shell makes of <(command) has its writer from the beginning, and may have lost it.
        waits = stat.S_ISFIFO(os.fstat(descriptor).st_mode) and path.parts[1:2] not in (("dev",), ("proc",))
        with suppress(BlockingIOError):  # somebody has it open
            while waits and not (piece := os.read(descriptor, MIB)):
                if time.monotonic() - began > PATIENCE:
                    raise Failure("explain-no-writer", path=shown(path), seconds=PATIENCE)
                if not told and time.monotonic() - began > _SOON:
                    printer.talk("explain-waiting", path=shown(path))
                    told = True
                time.sleep(_PAUSE)
        os.set_blocking(descriptor, True)
        return piece


def _from_file(printer: Printer, name: str) -> _Taken:
    from localedge.claude.symptoms_text import decoded

    path = Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises where nobody has a home
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not file.seekable() or not path.is_file():
                return _from_stream(file, _first_piece(printer, file.fileno(), path))
            first = file.read(4)
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - TAIL)
            file.seek(start - start % 4)  # on a character's border in every wide encoding
            data = file.read(TAIL + 4)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Failure("explain-unreadable", path=shown(path), reason=reason) from None
    text = decoded(data, first)
    if not start:
        return _Taken(text, len(data), size)
    note = Failure("explain-tail", path=shown(path), read=TAIL // MIB, size=round(size / MIB))
    return _Taken(text.partition("\n")[2], len(data), size, note)


def _from_stream(stream: BinaryIO | None, piece: bytes = b"") -> _Taken:
    """All of a stream goes by, after the piece that was read of it, and its end is kept."""
    from localedge.claude.symptoms_text import decoded

    if stream is None:
        raise Failure("explain-nothing")
    first, kept, size = b"", bytearray(), 0
    try:
        while size < MOST and (piece := piece or stream.read(256 * 1024)):
            first = (first + piece[:4])[:4]
            size += len(piece)
            kept += piece
            if len(kept) > 2 * TAIL:
                del kept[: (len(kept) - TAIL) // 4 * 4]
            piece = b""
    except OSError as error:
        raise Failure("explain-unreadable", path="-", reason=reason_of(error)) from None
    cut = size > len(kept)
    text = decoded(bytes(kept), first)
    if size >= MOST:
        return _Taken(text, len(kept), size, Failure("explain-enough", size=MOST // MIB))
    if cut:
        note = Failure("explain-tail-of-input", read=len(kept) // MIB)
        return _Taken(text.partition("\n")[2], len(kept), size, note)
    return _Taken(text, len(kept), size)


def _known(printer: Printer, lang: str | None, file: str | None) -> dict[str, str]:
    """The edge's URLs by the configuration; the usual ones where that is broken or leaves them open."""
    from localedge.config import DEFAULT_HTTPS_PORT, DEFAULT_PORT

    from . import paste

    host, port, https_port = "127.0.0.1", DEFAULT_PORT, DEFAULT_HTTPS_PORT
    try:
        config = load_settings(printer, {"lang": lang}, file).config
        host, port, https_port = config.host, config.port or port, config.https.port or https_port
    except Problems as problems:
        refuse_flags(problems)
    except Failure:
        pass
    return {"base": paste.base_url(host, port), "secure": paste.url("localhost", https_port, "https")}


def _told(printer: Printer, finding: "Finding", known: dict[str, str]) -> str:
    lines = [finding.cause(printer.lang, **known)]
    if step := finding.step(printer.lang, **known):
        lines.append(printer.text("explain-next", step=step))
    if finding.seen:
        many = "explain-seen-times" if finding.times > 1 else "explain-seen"
        lines.append(printer.text(many, text=finding.seen, times=finding.times))
    lines.append(printer.text("explain-source", source=_source(printer, finding)))
    return "\n  ".join(lines)


def _source(printer: Printer, finding: "Finding") -> str:
    from localedge.claude.explaining import OWN

    return printer.text("explain-own-source") if finding.source == OWN else finding.source


def _print_json(printer: Printer, findings: "list[Finding]", taken: _Taken, known: dict[str, str]) -> None:

    rows = [
        {
            "code": finding.code,
            "cause": finding.cause(printer.lang, **known),
            "next": finding.step(printer.lang, **known),
            "seen": finding.seen or None,
            "times": finding.times,
            "rank": finding.rank,
            "source": finding.source,
        }
        for finding in findings
    ]
    document = {
        "known": bool(findings),
        "findings": rows,
        "bytes": taken.size if taken.size is not None else len(taken.text.encode("utf-8", "replace")),
        "bytes_read": taken.read or len(taken.text.encode("utf-8", "replace")),
    }
    printer.json(document)
