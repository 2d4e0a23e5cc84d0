"""What `localedge hosts` says: sentences, a difference, one JSON value, and the command to run instead."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from localedge.errors import Failure

from .output import Printer

if TYPE_CHECKING:
    from localedge.machine.hosts import Change, HostsFile
    from localedge.machine.hosts_text import HostsText

_CONTEXT_LINES = 3
_ON_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin")
"""Where sudo looks for programs (secure_path); elsewhere they need their whole path."""


class Told:
    """What a command has to say: lines for people, or one JSON value in the end."""

    def __init__(self, printer: Printer, place: "HostsFile", *, as_json: bool, dry_run: bool) -> None:
        self._printer = printer
        self._place = place
        self._as_json = as_json
        self._dry_run = dry_run
        self.notes: list[Failure] = []

    def say(self, code: str, **params: object) -> None:
        """A line about one name; a dry run shows the difference instead."""
        if not self._as_json and not self._dry_run:
            self._printer.talk(code, **params)

    def finish(self, change: "Change", *, added: Sequence[str] = (), removed: Sequence[str] = ()) -> None:
        """The rest of it."""
        printer = self._printer
        difference = list(_difference(change)) if self._dry_run else []
        if self._as_json:
            value = {
                "file": str(self._place.path),
                "changed": change.made and not self._dry_run,
                "would_change": change.made,
                "names": {name: list(found) for name, found in by_name(change.after).items()},
                "added": list(added),
                "removed": list(removed),
                "backup": str(change.backup) if change.backup else None,
                "diff": difference if self._dry_run else None,
                "notes": [{"code": note.code, "message": note.sentence(printer.lang)} for note in self.notes],
            }
            printer.json(value)
            return
        if difference:
            printer.data("\n".join(difference))
        if change.backup is not None and added:
            printer.talk("hosts-backup", path=str(change.backup))
        for note in self.notes:
            printer.failure(note)
        if self._dry_run:
            printer.talk("hosts-dry-run", path=self._place.shown)


class next_step:  # noqa: N801 - reads as a statement
    """Failures leave it with the command that a user has to run, in full."""

    def __init__(self, verb: str, names: Sequence[str], path: str | None, file: str | None) -> None:
        self._given = verb, names, path, file

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, failure: object, traceback: object) -> None:
        verb, names, path, file = self._given
        if not isinstance(failure, Failure):
            return
        if failure.code in ("hosts-needs-root", "hosts-needs-administrator"):
            failure.params["command"] = _command(verb, names, path, file)
        if failure.code == "hosts-nix":
            failure.params["names"] = " ".join(f'"{name}"' for name in names)


def _command(verb: str, names: Sequence[str], path: str | None, file: str | None) -> str:
    """Ourselves again, with more rights.  Root may have another configuration: names are spelt out."""
    import shlex

    from localedge.machine.files import config_path

    program = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - links stay: a venv is found by them
    words = [str(program)] if program.stem == "localedge" else [sys.executable, "-m", "localedge"]
    if str(program.parent) in _ON_PATH and len(words) == 1:
        words = ["localedge"]
    words += ["hosts", verb, *names]
    if path is not None:
        words += ["--file", os.path.abspath(path)]  # noqa: PTH100 - as above
    with suppress(Failure):  # nobody has a home
        if verb == "add" and (config := config_path(file, os.environ)).exists():
            words += ["--config", str(config.absolute())]
    if sys.platform == "win32":
        return "& " + " ".join(f"'{word}'" if " " in word else word for word in words)
    else:
        return "sudo " + shlex.join(words)


def by_name(text: "HostsText") -> dict[str, tuple[str, ...]]:
    """Our names with their addresses."""
    found: dict[str, tuple[str, ...]] = {}
    for one in text.own:
        found[one.name] = (*found.get(one.name, ()), one.address)
    return found


def _difference(change: "Change") -> Iterator[str]:
    """A unified diff of one hunk; difflib would compare a block list's lines with each other for minutes."""
    old, new = (_lines(text) for text in (change.before, change.after))
    if old == new:
        return
    shorter = min(len(old), len(new))
    start = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - start
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    first = max(0, start - _CONTEXT_LINES)
    last = max(0, end - _CONTEXT_LINES)
    counts = [len(lines) - last - first for lines in (old, new)]
    yield f"@@ -{first + 1},{counts[0]} +{first + 1},{counts[1]} @@"
    for sign, lines, at, to in (
        (" ", old, first, start),
        ("-", old, start, len(old) - end),
        ("+", new, start, len(new) - end),
        (" ", old, len(old) - end, len(old) - last),
    ):
        for line in lines[at:to]:
            yield sign + _plain(line.rstrip("\r\n"))
            if not line.endswith("\n"):
                yield "\\ No newline at end of file"


def _lines(text: "HostsText") -> list[str]:
    from localedge.machine.hosts_text import lines_of

    whole = text.before + text.block + text.after
    if text.codec == "latin-1":
        whole = whole.encode("latin-1").decode("utf-8", "backslashreplace")
    return lines_of(whole)


def _plain(line: str) -> str:
    """As people may see it: control characters and lone surrogates as escapes."""
    return "".join(
        letter if letter.isprintable() or letter == "\t" else repr(letter)[1:-1] for letter in line
    )
