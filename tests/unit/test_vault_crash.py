"""The authority's files when something goes wrong on the way: the old state or the new, never half of one."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localedge.errors import Failure
from localedge.machine.vault import Vault
from localedge.pki.authority import Authority, fits, make_authority, pem

NOW = datetime(2026, 11, 22, 16, 45, 30, tzinfo=UTC)
NAMES = ("localedge.test",)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="forks")
CALLS = ("open", "close", "mkdir", "fsync", "replace", "unlink", "rmdir")
"""What changes files, and what stands between: a process can die before each of these."""

DIES = textwrap.dedent(
    """
    import os, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from localedge.machine.vault import Vault
    from localedge.pki.authority import fits, make_authority, pem

    NOW = datetime(2026, 11, 22, 16, 45, 30, tzinfo=UTC)
    what, start, place = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    old, new = make_authority(("old.test",), NOW), make_authority(("new.test",), NOW)

    def dying(real, count):
        def call(*words, **others):
            count[0] -= 1
            if count[0] < 0:
                os.kill(os.getpid(), 9)
            return real(*words, **others)
        return call

    def act(vault):
        if what == "store":
            vault.store(new, new.names, NOW)
        elif what == "renew":
            vault.renew(old, NOW)
        else:
            vault.forget()

    def files(vault):
        return sorted(path.name for path in vault.directory.rglob("*") if path.is_file())

    died = 0
    while True:
        vault = Vault(place / str(died))
        if start == "old":
            vault.store(old, old.names, NOW)
            first = vault.leaf(old, NOW).certificate
        child = os.fork()
        if child == 0:
            count = [died]
            for name in sys.argv[4:]:
                setattr(os, name, dying(getattr(os, name), count))
            act(vault)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in (0, 9), status

        # what a user finds afterwards
        found = None
        if vault.exists:
            found = vault.load(NOW)
            assert pem(found.root) in (pem(old.root), pem(new.root))
            leaf = vault.leaf(found, NOW)
            assert fits(found, leaf, found.names, NOW)
            assert not (what == "forget" and status == 0)
        else:
            assert start == "none" or what == "forget"
        if status == 0 and what == "store":
            assert found.root == new.root
        # and what the next attempt makes of it
        if what == "renew":
            assert found.root == old.root
            vault.renew(old, NOW)
        else:
            act(vault)
        if what == "forget":
            assert not vault.directory.exists(), list(vault.directory.rglob("*"))
        else:
            names = "authority.json intermediate-key.pem intermediate.pem leaf.pem root.pem root.pem"
            assert files(vault) == names.split(), files(vault)
            assert vault.root_file.read_bytes() == pem(vault.load(NOW).root)
        if status == 0:
            break
        died += 1
    print(died)
    """
)

WRITES = textwrap.dedent(
    """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from localedge.errors import Failure
    from localedge.machine.vault import Vault
    from localedge.pki.authority import fits, make_authority

    NOW = datetime(2026, 11, 22, 16, 45, 30, tzinfo=UTC)
    vault = Vault(Path(sys.argv[1]))
    sys.stdin.readline()
    for turn in range(20):
        name = f"n{turn}.{sys.argv[2]}.test"
        authority = make_authority((name,), NOW)
        vault.store(authority, authority.names, NOW)
        found = vault.load(NOW)
        try:
            leaf = vault.leaf(found, NOW)
            assert fits(found, leaf, found.names, NOW)
            vault.renew(found, NOW)
        except Failure as failure:
            assert failure.code == "ca-replaced", failure
    """
)


@POSIX
@pytest.mark.parametrize(
    ("what", "start", "least"),
    [("store", "none", 30), ("store", "old", 40), ("renew", "old", 10), ("forget", "old", 10)],
)
def test_killed_at_each_step(tmp_path: Path, what: str, start: str, least: int) -> None:
    """A process killed before any of its system calls leaves files that load, and the next one tidies up."""
    done = subprocess.run(
        [sys.executable, "-c", DIES, what, start, str(tmp_path), *CALLS],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= least, "it died at that many places"


def failing(real: Callable[..., Any], count: list[int]) -> Callable[..., Any]:
    """A system call that finds the disk full when its turn has come, and ever after."""

    def call(*words: Any, **others: Any) -> Any:
        count[0] -= 1
        if count[0] < 0:
            raise OSError(28, "No space left on device")
        return real(*words, **others)

    return call


@pytest.mark.parametrize("what", ["store", "renew", "forget"])
def test_a_disk_that_is_full_at_each_step(tmp_path: Path, what: str) -> None:
    """A disk that fails at any step makes one clear failure, and what is there afterwards loads."""
    old, new = make_authority(("old.test",), NOW), make_authority(("new.test",), NOW)
    for step in range(100):
        vault = Vault(tmp_path / str(step))
        vault.store(old, old.names, NOW)
        ended = False
        with pytest.MonkeyPatch.context() as patch:
            count = [step]
            for name in set(CALLS) - {"close"}:
                patch.setattr(os, name, failing(getattr(os, name), count))
            try:
                _act(vault, what, old, new)
                ended = True
            except Failure as failure:
                assert failure.code in ("ca-unwritable", "ca-unreadable", "lock-failed"), failure
        if vault.exists:
            found = vault.load(NOW)
            assert pem(found.root) in (pem(old.root), pem(new.root))
            assert fits(found, vault.leaf(found, NOW), found.names, NOW)
        else:
            assert what == "forget"
        if ended:
            assert step >= 2
            return
    raise AssertionError("it never ended")


def _act(vault: Vault, what: str, old: Authority, new: Authority) -> None:
    if what == "store":
        vault.store(new, new.names, NOW)
    elif what == "renew":
        vault.renew(old, NOW)
    else:
        vault.forget()


def test_several_processes_at_once(tmp_path: Path) -> None:
    """Processes that replace the authority and renew leaves at once never see or leave half of one."""
    place = tmp_path / "ca"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITES, str(place), str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        for number in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, errors
    vault = Vault(place)
    authority = vault.load(NOW)
    assert fits(authority, vault.leaf(authority, NOW), authority.names, NOW)
    assert len([entry for entry in place.iterdir() if entry.is_dir()]) == 1
    assert {entry.name for entry in place.iterdir() if entry.is_file()} == {"authority.json", "root.pem"}


def test_a_reader_starts_again_when_the_files_change_under_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads while another process replaces the authority gets the new one, not a mixture."""
    vault = Vault(tmp_path / "ca")
    old, new = make_authority(NAMES, NOW), make_authority(NAMES, NOW)
    vault.store(old, NAMES, NOW)
    from localedge.machine import private_files

    real = private_files.read

    def read(path: Path, within: Path | None = None) -> bytes:
        if path.name == "intermediate.pem":
            monkeypatch.undo()
            Vault(tmp_path / "ca").store(new, NAMES, NOW)
        return real(path, within)

    monkeypatch.setattr(private_files, "read", read)
    assert vault.load(NOW).root == new.root
