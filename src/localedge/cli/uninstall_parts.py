"""What `localedge uninstall` undoes, part by part: each says what it will do, and does it on its own."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from localedge.config import Config, Gateway, Https
from localedge.errors import Failure, Problems
from localedge.machine.private_files import shown

from .options import refuse_flags
from .output import Printer
from .terminal import at_terminal
from .trusting import Scene, Wishes

if TYPE_CHECKING:
    from localedge.machine.setup_journal import Progress


_PATIENCE = 0.5
"""Seconds: a setup that holds its lock sits at a question, or serves."""


class Line(NamedTuple):
    """A line of the plan, or of what was done."""

    code: str
    params: dict[str, object]


@dataclass(frozen=True)
class Part:
    """One of the things that are undone."""

    name: str
    plan: tuple[Line, ...]
    undo: Callable[[Printer], int]
    """Does it and says what it did; the exit status.  Raises `Failure` and `Problems`."""
    problem: Failure | None = None
    """Why nobody can see what there is to undo."""


class Machine:
    """Everything of ours on this machine, whatever the configuration is like."""

    def __init__(
        self,
        file: str | None,
        lang: str | None,
        wishes: Wishes,
        *,
        keep_config: bool,
        hosts: str | None = None,
    ) -> None:
        from localedge.machine.desktop_places import data_directory
        from localedge.machine.setup_journal import NAME, SetupJournal
        from localedge.machine.stores.system import System

        self._file, self._lang = file, lang
        self._hosts_file = hosts
        self._wishes = wishes
        self._keep_config = keep_config
        self.notices: list[Failure] = []
        """What is wrong with the configuration."""
        self.profiles: list[Path] = []
        """Those of Claude Desktop that we made."""
        self.config = self._config()
        system = System.here()
        self.data = data_directory(system)
        self._setup: SetupJournal = SetupJournal(self.data / NAME)
        self._scene = _trust_scene(self.config or _blind(), system)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a setup from going on meanwhile.  Raises `Failure` where one is under way."""
        from localedge.machine.lock import locked

        with locked(self._setup.lock, _PATIENCE) if self._setup.path.exists() else nullcontext():
            yield

    def parts(self) -> list[Part]:
        """In the order in which they are undone, without those where there is nothing to do."""
        found = [self._desktop(), self._trust(), self._hosts(), self._authority(), *self._files()]
        return [part for part in found if part.plan or part.problem]

    def _config(self) -> Config | None:
        """What is configured; None where it cannot be told."""
        from localedge.machine.files import gather
        from localedge.settings import load

        environ = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_BASE_URL"}
        try:
            return load(gather({"lang": self._lang}, self._file, environ)).config
        except Problems as problems:
            refuse_flags(problems)
            self.notices += problems.failures
        except Failure as failure:
            self.notices.append(failure)
        return None

    # -- Claude Desktop

    def _desktop(self) -> Part:
        from localedge.machine import desktop_undo
        from localedge.machine.desktop import Desktop

        def undo(printer: Printer) -> int:
            from .desktop import take_out

            wait = at_terminal() and not self._wishes.no_input
            return take_out(printer, wait=wait, as_json=self._wishes.as_json)

        from localedge.machine.desktop_journal import PROFILE

        def plan() -> Iterator[Line]:
            undoing = desktop_undo.plan(Desktop(self._scene.system))
            if undoing is not None:
                self.profiles = [step.path for record, step in undoing.steps if record.kind == PROFILE]
                places = [shown(step.path) for _, step in undoing.steps if step.does != "keep"]
                yield Line("uninstall-plan-desktop", {"paths": ", ".join(places) or "-"})

        return _part("desktop", plan, undo)

    # -- HTTPS

    def _trust(self) -> Part:
        def undo(printer: Printer) -> int:
            from .untrust_ca import take_out

            return take_out(printer, self._scene, replace(self._wishes, yes=True))

        def plan() -> Iterator[Line]:
            stores = dict.fromkeys(entry.store for entry in self._scene.journal.entries())
            if stores:
                yield Line("uninstall-plan-trust", {"stores": ", ".join(stores)})

        return _part("trust", plan, undo)

    def _hosts(self) -> Part:
        from .hosts import hosts_file, take_out
        from .hosts_told import by_name

        def undo(printer: Printer) -> int:
            take_out(printer, (), self._hosts_file, as_json=self._wishes.as_json)
            return 0

        def plan() -> Iterator[Line]:
            place = hosts_file(self._hosts_file)
            if names := by_name(place.read()):
                yield Line("uninstall-plan-hosts", {"names": ", ".join(names), "path": place.shown})
            elif left := place.leftovers():
                yield Line("uninstall-plan-left", {"paths": ", ".join(map(str, left))})

        return _part("hosts", plan, undo)

    def _authority(self) -> Part:
        vault = self._scene.vault

        def undo(printer: Printer) -> int:
            from .ca import refuse_if_trusted

            refuse_if_trusted(printer, self._scene)
            vault.forget()
            if not self._wishes.as_json:
                printer.data(printer.text("ca-forgotten", path=shown(vault.directory)))
            return 0

        def plan() -> Iterator[Line]:
            if vault.exists or vault.directory.is_dir():
                yield Line("uninstall-plan-ca", {"path": shown(vault.directory)})

        return _part("ca", plan, undo)

    # -- our own files

    def _files(self) -> list[Part]:
        problem, progress = None, None
        try:
            progress = self._setup.load()
        except Failure as failure:
            problem = failure

        def plan() -> Iterator[Line]:
            if problem is not None:
                raise problem
            if progress is not None and progress.edited:
                if self._keep_config:
                    return
                for one in progress.edited:
                    yield Line("uninstall-plan-config", {"path": shown(Path(one.path))})
            if self._setup.path.exists():
                yield Line("uninstall-plan-record", {"path": shown(self._setup.path)})

        def undo(printer: Printer) -> int:
            if progress is not None:
                self._put_back(printer, progress)
            return 0

        config = _part("config", plan, undo)
        return [config] if config.plan or config.problem else []

    def _put_back(self, printer: Printer, progress: "Progress") -> None:
        from localedge.machine.setup_journal import Back, put_back

        told = []
        for one in progress.edited:
            back = put_back(one)
            progress = replace(progress, edited=progress.edited[1:])
            self._setup.store(progress)
            told.append({"path": shown(Path(one.path)), "became": back.value, "url": one.url})
            if not self._wishes.as_json:
                code = f"uninstall-config-{back.value}"
                if one.url is None and back in (Back.GONE, Back.URL_ONLY, Back.CHANGED):
                    code += "-none"  # no URL to tell
                printer.data(printer.text(code, path=shown(Path(one.path)), url=one.url))
        if self._wishes.as_json:
            printer.data(json.dumps(told))

    def tidy(self, *, all_done: bool) -> None:
        """Setup's record, once nothing else needs it, and directories of ours with nothing in them.

        Raises `Failure`.
        """
        from localedge.machine import own_directories, running_edges

        try:
            progress = self._setup.load()
        except Failure:
            return  # told as a part, and it stays
        self._setup.sweep()
        directories = [*progress.directories, str(self.data), str(self._scene.vault.directory.parent)]
        if not progress.edited:
            from localedge.machine.files import config_path

            with suppress(Failure):
                directories.append(str(config_path(None, {}).parent))
        ours = [
            Path(one) for one in directories if one in progress.directories or Path(one).name == "localedge"
        ]
        keeps = self._keep_config and bool(progress.edited)
        if all_done and not keeps:
            with suppress(OSError):  # somebody may end us before all of them are gone
                own_directories.note(self.data, ours)
            self._setup.store(None)
        running_edges.tidy(os.environ)
        for place in (self.data, self._scene.vault.directory.parent):
            own_directories.remove_if_empty(place)
            if all_done and not keeps:
                own_directories.forget(place)  # something of the user's is in it
        for directory in sorted(ours, key=lambda one: len(str(one)), reverse=True):
            with suppress(OSError):
                directory.rmdir()


def _part(name: str, plan: Callable[[], Iterator[Line]], undo: Callable[[Printer], int]) -> Part:
    try:
        return Part(name, tuple(plan()), undo)
    except Failure as failure:
        return Part(name, (), undo, failure)


def _trust_scene(config: Config, system: "object") -> Scene:
    from localedge.machine.journal import NAME, Journal
    from localedge.machine.stores.system import System
    from localedge.machine.vault import Vault, authority_directory

    assert isinstance(system, System)
    directory = authority_directory(config.https.directory)
    return Scene(config, system, Vault(directory), Journal(directory.parent / NAME))


def _blind() -> Config:
    """The defaults, with what a variable says of the authority's place."""
    directory = os.environ.get("LOCALEDGE_CA_DIR") or None
    return Config(Gateway("http", "127.0.0.1", 1), https=Https(directory=directory))
