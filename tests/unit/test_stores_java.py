"""Java keystores, with the real keytool."""

import sys
from pathlib import Path

import pytest

from localedge.machine.carrying import Outcome
from localedge.machine.stores import debian, java, named
from localedge.machine.stores.keystore import Keystore
from localedge.pki.plan import Command, State
from tests import peers
from tests.trusting import Machine, a_root

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are linked to")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With keytool, if there is one, and a Java runtime with a keystore of its own."""
    peers.need("keytool")
    return Machine(tmp_path, "keytool", os_release="ID=debian\n")


def a_keystore(machine: Machine, path: Path, kind: str = "PKCS12", password: str = "changeit") -> Path:
    """With one certificate of somebody else's."""
    path.parent.mkdir(parents=True)
    words = ["-importcert", "-noprompt", "-alias", "theirs", "-storetype", kind, "-storepass", password]
    argv = [str(machine.bin / "keytool"), *words, "-keystore", str(path)]
    done = machine.system().run(argv, stdin=a_root().pem, seconds=60)
    assert done.ok, done
    return path


def aliases(machine: Machine, path: Path) -> list[str]:
    """All of them."""
    argv = [str(machine.bin / "keytool"), "-list", "-storepass", "changeit", "-keystore", str(path)]
    done = machine.system().run(argv, seconds=60)
    return sorted(line.split(",")[0] for line in done.stdout.decode().splitlines() if "trustedCert" in line)


@pytest.mark.parametrize("kind", ["PKCS12", "JKS"])
def test_trusted_and_undone(machine: Machine, kind: str) -> None:
    """The root is imported once, found whatever it is called, and only it is deleted again."""
    path = a_keystore(machine, machine.home / "jdk/lib/security/cacerts", kind)
    root = a_root()
    [store] = java.find(machine.system(JAVA_HOME=str(machine.home / "jdk")))
    assert store.name == f"java:{path}" and store.state(root).state is State.ABSENT
    carrier = machine.carrier(machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE, result
    assert store.state(root).state is State.TRUSTED
    assert aliases(machine, path) == sorted([root.file_stem, "theirs"])
    [entry] = machine.journal.entries()
    assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    assert aliases(machine, path) == ["theirs"] and machine.journal.entries() == []


def test_an_alias_of_the_users_own_is_found(machine: Machine) -> None:
    """Who has imported the root by hand has it trusted already: a second import would only add to it."""
    path = a_keystore(machine, machine.home / "jdk/lib/security/cacerts")
    root = a_root()
    [store] = java.find(machine.system(JAVA_HOME=str(machine.home / "jdk")))
    step = Keystore(machine.system(), path).add(root, "my own", privileged=False)
    assert machine.system().run(step.argv, stdin=step.stdin, seconds=60).ok
    assert store.state(root) == (State.TRUSTED, "my own", None)
    [delete] = store.plan_remove(root).steps
    assert isinstance(delete, Command) and delete.argv[-1] == "my own"


def test_a_keystore_with_another_password_is_told(machine: Machine) -> None:
    """It cannot be looked into, and is not guessed at."""
    a_keystore(machine, machine.home / "jdk/lib/security/cacerts", password="something else")
    [store] = java.find(machine.system(JAVA_HOME=str(machine.home / "jdk")))
    status = store.state(a_root())
    assert status.state is State.UNKNOWN
    assert status.problem is not None and status.problem.code == "store-unreadable"
    assert "password" in str(status.problem)


def test_a_runtime_that_the_systems_store_feeds_is_left_to_it(machine: Machine) -> None:
    """Debian's and Fedora's runtimes have a link to a keystore that the distribution makes."""
    for number, place in enumerate(("etc/ssl/certs/java/cacerts", "etc/pki/ca-trust/extracted/java/cacerts")):
        fed = machine.root / place
        fed.parent.mkdir(parents=True)
        fed.write_bytes(b"")
        home = machine.home / f"jdk{number}"
        (home / "lib/security").mkdir(parents=True)
        (home / "lib/security/cacerts").symlink_to(fed)
        assert java.find(machine.system(JAVA_HOME=str(home))) == []


def test_the_runtime_on_the_path_and_java_8_are_found(machine: Machine) -> None:
    """`java` on PATH leads to its own keystore; Java 8 has it one directory deeper; nothing twice."""
    for place in ("new/lib/security/cacerts", "old/jre/lib/security/cacerts"):
        path = machine.home / place
        path.parent.mkdir(parents=True)
        path.write_bytes(b"")
    (machine.home / "new/bin").mkdir()
    (machine.home / "new/bin/java").write_text("#!/bin/sh\n")
    (machine.home / "new/bin/java").chmod(0o755)
    (machine.bin / "java").symlink_to(machine.home / "new/bin/java")
    found = [store.name for store in java.find(machine.system(JAVA_HOME=str(machine.home / "old")))]
    assert found == [
        f"java:{machine.home}/old/jre/lib/security/cacerts",
        f"java:{machine.home}/new/lib/security/cacerts",
    ]
    assert len(java.find(machine.system(JAVA_HOME=str(machine.home / "new")))) == 1
    assert java.find(Machine(machine.home / "bare").system()) == []


def test_a_keystore_of_the_journal_is_found_again(machine: Machine) -> None:
    """A runtime that has left the path keeps its keystore; a removed one has taken it along."""
    path = machine.home / "jdk/lib/security/cacerts"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    store = named(machine.system(), f"java:{path}", [])
    assert store is not None and store.name == f"java:{path}"
    path.unlink()
    assert named(machine.system(), f"java:{path}", []) is None


def test_a_missing_keytool_is_told(tmp_path: Path) -> None:
    """A keystore without a tool: what to install."""
    machine = Machine(tmp_path)
    path = machine.home / "jdk/lib/security/cacerts"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    [store] = java.find(machine.system(JAVA_HOME=str(machine.home / "jdk")))
    status = store.state(a_root())
    assert status.problem is not None and status.problem.code == "store-tool-missing"


def test_debians_copy_for_java_goes_too(machine: Machine) -> None:
    """What Debian's hook copied into its keystore is removed by us: the hook never does after --fresh."""
    path = a_keystore(machine, machine.root / "etc/ssl/certs/java/cacerts", "JKS")
    bundle = path.parents[1] / "ca-certificates.crt"
    bundle.write_bytes(b"")
    anchors = machine.root / "usr/local/share/ca-certificates"
    anchors.mkdir(parents=True)
    machine.program(
        "update-ca-certificates",
        f'cat {anchors}/*.crt > "{bundle}" 2>/dev/null',
        f'if [ "$1" != --fresh ]; then for f in {anchors}/*.crt; do {machine.bin}/keytool -importcert '
        f'-noprompt -alias "debian:$(basename "$f" .crt).pem" -keystore {path} -storepass changeit '
        '-file "$f"; done; fi; exit 0',
    )
    [store] = debian.find(machine.system())
    root = a_root()
    carrier = machine.carrier(machine.system())
    plan = store.plan_install(root)
    assert "clients-java-system" in plan.clients
    assert carrier.install(store, root, plan, State.ABSENT).outcome is Outcome.DONE
    alias = f"debian:{root.file_stem}.pem"
    assert aliases(machine, path) == sorted([alias, "theirs"])
    [entry] = machine.journal.entries()
    plan = store.plan_remove(root)
    commands = [step.argv for step in plan.steps if isinstance(step, Command)]
    assert commands[0][-1] == "--fresh" and commands[1][-1] == alias
    # Cut short before the last step: not absent yet, and known to be ours.
    machine.system().run(commands[0])
    (anchors / f"{root.file_stem}.crt").unlink()
    bundle.write_bytes(b"")
    assert store.state(root).state is State.NOT_TRUSTED
    assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    assert aliases(machine, path) == ["theirs"] and store.state(root).state is State.ABSENT


def a_debian(machine: Machine, kind: str = "JKS", password: str = "changeit") -> tuple[Path, Path]:
    """With a tool that bundles and never touches Java's keystore.  That keystore, and the bundle."""
    path = a_keystore(machine, machine.root / "etc/ssl/certs/java/cacerts", kind, password)
    bundle = path.parents[1] / "ca-certificates.crt"
    bundle.write_bytes(b"")
    anchors = machine.root / "usr/local/share/ca-certificates"
    anchors.mkdir(parents=True)
    machine.program("update-ca-certificates", f'cat {anchors}/*.crt > "{bundle}" 2>/dev/null', "exit 0")
    return path, bundle


@pytest.mark.parametrize("why", ["no keytool", "another password"])
def test_a_keystore_that_cannot_be_looked_into_keeps_nothing_trusted(machine: Machine, why: str) -> None:
    """The root leaves the system's bundle though Java's copy cannot be seen; what may be left is told."""
    path, bundle = a_debian(machine)
    [store] = debian.find(machine.system())
    root, carrier = a_root(), machine.carrier(machine.system())
    assert carrier.install(store, root, store.plan_install(root), State.ABSENT).outcome is Outcome.DONE
    step = Keystore(machine.system(), path).add(root, f"debian:{root.file_stem}.pem", privileged=False)
    assert machine.system().run(step.argv, stdin=step.stdin, seconds=60).ok
    keytool = (machine.bin / "keytool").readlink()
    if why == "no keytool":
        (machine.bin / "keytool").unlink()
    else:
        words = ["-storepasswd", "-storepass", "changeit", "-new", "secret99", "-keystore", str(path)]
        assert machine.system().run([str(keytool), *words], seconds=60).ok
    [entry] = machine.journal.entries()
    result = carrier.remove(store, entry, store.plan_remove(root))
    assert result.outcome is Outcome.FAILED and result.failure is not None
    assert result.failure.code == "java-copy-left" and str(path) in str(result.failure)
    assert ("no keytool" if why == "no keytool" else "password was incorrect") in str(result.failure)
    assert bundle.read_bytes() == b"" and machine.calls()[-1] == "update-ca-certificates --fresh"
    assert store.state(root) == (State.NOT_TRUSTED, str(path), None)
    [entry] = machine.journal.entries()
    if why == "no keytool":
        (machine.bin / "keytool").symlink_to(keytool)
        assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
        assert aliases(machine, path) == ["theirs"]
    else:
        path.unlink()
        assert carrier.remove(store, entry, store.plan_remove(root)).outcome is Outcome.DONE
    assert machine.journal.entries() == [] and store.state(root).state is State.ABSENT


def test_such_a_keystore_does_not_keep_a_root_out_of_the_bundle(machine: Machine) -> None:
    """Java is not served then, and every other client of the system's store is."""
    a_debian(machine, "PKCS12", "something else")
    [store] = debian.find(machine.system())
    root, carrier = a_root(), machine.carrier(machine.system())
    assert store.state(root) == (State.ABSENT, "", None)
    assert carrier.install(store, root, store.plan_install(root), State.ABSENT).outcome is Outcome.DONE
    assert store.state(root).state is State.TRUSTED


def test_keytools_error_is_told_and_not_its_warning(machine: Machine) -> None:
    """keytool prints its error on standard output, and warnings where others print their errors."""
    a_keystore(machine, machine.home / "jdk/lib/security/cacerts")
    [store] = java.find(machine.system(JAVA_HOME=str(machine.home / "jdk")))
    machine.program(
        "keytool",
        "echo 'keytool error: java.io.IOException: keystore password was incorrect'",
        "echo 'Warning: use -cacerts option to access cacerts keystore' >&2",
        "exit 1",
    )
    status = store.state(a_root())
    assert status.problem is not None
    assert status.problem.params["reason"] == "java.io.IOException: keystore password was incorrect"
