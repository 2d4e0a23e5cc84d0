"""Directories that we made: they go again when nothing is in them any more.

Which ones is written down in the directory that holds our journals, and is the last thing that leaves it.
What the user made is in no such note, and a directory with something in it is never removed.
"""

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from localedge.errors import Failure

from . import private_files

NAME = "directories.json"
_ATTEMPTS = 3
"""Another process may have made one again meanwhile, and removed it."""


def missing(path: Path) -> list[Path]:
    """Which directories would have to be made for this one, the outermost first."""
    found: list[Path] = []
    while not os.path.lexists(path) and path != path.parent:
        found.insert(0, path)
        path = path.parent
    return found


def make(directory: Path) -> None:
    """Our own directory, for its owner alone, with a note of all that had to be made.

    Raises OSError; what was made for nothing is gone then.
    """
    if found := missing(directory):
        try:
            private_files.make_directory(directory)
            note(directory, found)
        except OSError:
            remove(found)
            raise
    elif not directory.is_dir():
        private_files.make_directory(directory)  # raises what is wrong


def note(directory: Path, made: Iterable[Path]) -> None:
    """Write down in `directory` that these are ours as well.  Raises OSError."""
    known = _noted(directory)
    if all_of_them := dict.fromkeys([*known, *map(str, made)]):
        content = json.dumps(list(all_of_them), indent=1).encode("ascii") + b"\n"
        private_files.write(directory / NAME, content)


def remove(made: Sequence[Path]) -> None:
    """Directories, the outermost first, as far as they are empty."""
    for path in reversed(made):
        _removed(str(path))


def forget(directory: Path) -> None:
    """Nothing is to go any more."""
    with suppress(OSError):
        private_files.remove(directory / NAME)


def remove_if_empty(directory: Path) -> None:
    """When nothing is in `directory` but the note, all that stands in it goes as far as it is empty."""
    try:
        private_files.sweep(directory)
        if [path.name for path in directory.iterdir()] != [NAME]:
            return
        left = sorted(_noted(directory), key=len, reverse=True)
        # Those elsewhere first, while the note is there for who comes after a kill.
        left = [path for path in left if directory.is_relative_to(path) or not _removed(path)]
        private_files.remove(directory / NAME)
    except OSError:
        return
    for _ in range(_ATTEMPTS):
        left = [path for path in left if not _removed(path)]
        if directory.is_dir():
            if str(directory) in left:  # somebody is at work in it by now
                with suppress(OSError):
                    note(directory, map(Path, left))
            return


def _removed(path: str) -> bool:
    try:
        Path(path).rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _noted(directory: Path) -> list[str]:
    """What is written down; nothing where that cannot be read or believed."""
    try:
        found = json.loads(private_files.read(directory / NAME))
    except (OSError, ValueError, RecursionError, Failure):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
