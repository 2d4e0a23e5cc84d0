"""The stores of the Linux distributions: found by what the system says of itself, changed by its own tool."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localedge.errors import Failure
from localedge.machine.carrying import Outcome
from localedge.machine.stores import Store, advice, arch, debian, fedora, named, suse
from localedge.pki.plan import Command, Root, State, WriteFile
from tests import peers
from tests.trusting import Machine, a_root, snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")

FAMILIES = {
    "debian": (debian, debian.LAYOUT),
    "fedora": (fedora, fedora.LAYOUT),
    "arch": (arch, arch.LAYOUT),
    "suse": (suse, suse.LAYOUT),
}
WORDS = {
    "debian": ("update-ca-certificates", "update-ca-certificates --fresh"),
    "fedora": ("update-ca-trust extract", "update-ca-trust extract"),
    "arch": ("update-ca-trust", "update-ca-trust"),
    "suse": ("update-ca-certificates", "update-ca-certificates"),
}
PLACES = {
    "debian": "/usr/local/share/ca-certificates/{stem}.crt",
    "fedora": "/etc/pki/ca-trust/source/anchors/{stem}.pem",
    "arch": "/etc/ca-certificates/trust-source/anchors/{stem}.crt",
    "suse": "/etc/pki/trust/anchors/{stem}.pem",
}


def prepare(place: Path, family: str, os_release: str | None = None) -> Machine:
    """A machine of this family, with a tool that bundles whatever is in the directory of anchors."""
    layout = FAMILIES[family][1]
    said = f'NAME="x"\nID={family}\n' if os_release is None else os_release
    machine = Machine(place, os_release=said)
    anchors, bundle = machine.root / layout.directory[1:], machine.root / layout.bundle[1:]
    anchors.mkdir(parents=True)
    bundle.parent.mkdir(parents=True, exist_ok=True)
    other = a_root()
    (anchors / f"other{layout.ending}").write_bytes(other.pem)
    bundle.write_bytes(other.pem)
    machine.program(layout.tool, f'cat {anchors}/*{layout.ending} > "{bundle}"')
    return machine


def the_store(machine: Machine, family: str) -> Store:
    """The one that is found, by its own module."""
    found: Callable[..., list[Store]] = FAMILIES[family][0].find
    [store] = found(machine.system())
    return store


@pytest.mark.parametrize("family", FAMILIES)
def test_trusted_and_undone_without_a_trace(tmp_path: Path, family: str) -> None:
    """The anchor stands where the distribution wants it, its tool runs, and undoing restores every byte."""
    machine, root = prepare(tmp_path, family), a_root()
    before = snapshot(machine.root)
    store = the_store(machine, family)
    assert store.name == family and store.state(root).state is State.ABSENT
    carrier = machine.carrier(machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE and store.state(root).state is State.TRUSTED
    anchor = machine.root / PLACES[family].format(stem=root.file_stem)[1:]
    assert anchor.read_bytes() == root.pem and anchor.stat().st_mode & 0o777 == 0o644
    install, remove = WORDS[family]
    assert [call.rstrip() for call in machine.calls()] == [install]
    [entry] = machine.journal.entries()
    result = carrier.remove(store, entry, store.plan_remove(root))
    bundle = str(machine.root / FAMILIES[family][1].bundle[1:])
    assert result == (Outcome.DONE, None, (bundle,))
    assert [call.rstrip() for call in machine.calls()] == [install, remove]
    assert snapshot(machine.root) == before and store.state(root).state is State.ABSENT


@pytest.mark.parametrize("family", FAMILIES)
def test_the_plan_is_what_runs(tmp_path: Path, family: str) -> None:
    """The plan names the file with its content, the command with its privilege, and who is served."""
    machine, root = prepare(tmp_path, family), a_root()
    plan = the_store(machine, family).plan_install(root)
    write, command = plan.steps
    assert isinstance(write, WriteFile) and isinstance(command, Command)
    assert write.path == str(machine.root / PLACES[family].format(stem=root.file_stem)[1:])
    assert write.content == root.pem and write.privileged and command.privileged
    assert "clients-system" in plan.clients and machine.calls() == []


@pytest.mark.parametrize(
    ("os_release", "family"),
    [
        ('ID=ubuntu\nID_LIKE="debian"\n', "debian"),
        ('ID="linuxmint"\nID_LIKE="ubuntu debian"\n', "debian"),
        ("ID=rocky\nID_LIKE='rhel centos fedora'\n", "fedora"),
        ("ID=manjaro\nID_LIKE=arch\n", "arch"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "suse"),
        ("ID=gentoo\n", "debian"),
        ("ID=alpine\n", "debian"),
        ("", "fedora"),
        ("", "arch"),
        ("", "suse"),
    ],
)
def test_a_distribution_is_known_by_its_kin(tmp_path: Path, os_release: str, family: str) -> None:
    """A derived distribution is its parent's kind; one that says nothing is known by its directories."""
    machine = prepare(tmp_path, family, os_release)
    found = [name for name, (module, _) in FAMILIES.items() if module.find(machine.system())]
    assert found == [family]


def test_a_system_that_is_made_from_a_description_is_not_changed(tmp_path: Path) -> None:
    """NixOS and Guix get the lines for their configuration, and no store is pretended."""
    root_file = tmp_path / "root.pem"
    for name in ("nixos", "guix"):
        machine = prepare(tmp_path / name, "debian", f"ID={name}\n")
        assert not any(module.find(machine.system()) for module, _ in FAMILIES.values())
        [told] = advice.declared(machine.system(), root_file)
        assert told == (f"advice-{name}", str(root_file))
    assert advice.declared(prepare(tmp_path / "x", "debian").system(), root_file) == []


def test_help_for_programs_with_a_trust_of_their_own(tmp_path: Path) -> None:
    """Node, Python and curl are told a file that a shell takes as it is printed."""
    machine = prepare(tmp_path, "debian")
    told = advice.advice(machine.system(), Path("/home/a b/root.pem"))
    assert told == [("advice-node", "'/home/a b/root.pem'"), ("advice-bundle", "'/home/a b/root.pem'")]


@pytest.mark.parametrize(
    ("family", "package"),
    [
        ("debian", "ca-certificates"),
        ("fedora", "ca-certificates"),
        ("arch", "ca-certificates-utils"),
        ("suse", "ca-certificates"),
    ],
)
def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, family: str, package: str) -> None:
    """A container without the package is told what to install, before and after."""
    machine, root = prepare(tmp_path, family), a_root()
    (machine.bin / FAMILIES[family][1].tool).unlink()
    store = the_store(machine, family)
    status = store.state(root)
    assert status.state is State.UNKNOWN and status.problem is not None
    assert status.problem.params["package"] == package
    for plan in (store.plan_install, store.plan_remove):
        with pytest.raises(Failure) as caught:
            plan(root)
        assert caught.value.code == "store-tool-missing"


@pytest.fixture
def fedora_machine(tmp_path: Path) -> Machine:
    """One of the family that has no Java of its own."""
    return prepare(tmp_path, "fedora")


def anchor_of(machine: Machine, root: Root) -> Path:
    """Fedora's."""
    return machine.root / PLACES["fedora"].format(stem=root.file_stem)[1:]


def test_a_file_that_is_not_bundled_is_trusted_by_nobody(fedora_machine: Machine) -> None:
    """State is what clients read: our file alone is not trust, and another file is not ours."""
    root = a_root()
    store = the_store(fedora_machine, "fedora")
    anchor = anchor_of(fedora_machine, root)
    anchor.write_bytes(root.pem)
    assert store.state(root).state is State.NOT_TRUSTED
    anchor.write_bytes(a_root().pem)
    assert store.state(root).state is State.WRONG_FINGERPRINT
    assert store.state(root).detail == str(anchor)


def test_a_bundle_that_cannot_be_read(fedora_machine: Machine) -> None:
    """What cannot be told is not guessed."""
    bundle = fedora_machine.root / fedora.LAYOUT.bundle[1:]
    bundle.unlink()
    bundle.mkdir()
    status = the_store(fedora_machine, "fedora").state(a_root())
    assert status.state is State.UNKNOWN
    assert status.problem is not None and status.problem.code == "store-unreadable"


def test_an_expired_root_is_told_apart(fedora_machine: Machine) -> None:
    """A root that has ended is in the bundle still, and serves nobody."""
    from datetime import timedelta

    root = a_root(timedelta(days=2000))
    anchor_of(fedora_machine, root).write_bytes(root.pem)
    store = the_store(fedora_machine, "fedora")
    [command] = [step for step in store.plan_install(root).steps if isinstance(step, Command)]
    fedora_machine.system().run(command.argv)
    assert store.state(root).state is State.EXPIRED


def test_a_half_written_file_of_a_run_that_died_is_removed(fedora_machine: Machine) -> None:
    """What a crash left beside the anchor goes with it."""
    root = a_root()
    store = the_store(fedora_machine, "fedora")
    before = snapshot(fedora_machine.root)
    carrier = fedora_machine.carrier(fedora_machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    anchor = anchor_of(fedora_machine, root)
    anchor.with_name(f"{anchor.name}.localedge-new").write_bytes(root.pem[:100])
    [entry] = fedora_machine.journal.entries()
    carrier.remove(store, entry, store.plan_remove(root))
    assert snapshot(fedora_machine.root) == before


def test_missing_directories_are_made_and_removed_again(fedora_machine: Machine) -> None:
    """A minimal system has no place for anchors yet; afterwards it has none again."""
    root = a_root()
    directory = fedora_machine.root / fedora.LAYOUT.directory[1:]
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()
    directory.parent.rmdir()
    bundle = fedora_machine.root / fedora.LAYOUT.bundle[1:]
    fedora_machine.program(
        "update-ca-trust", f'cat {directory}/*.pem > "{bundle}" 2>/dev/null || : > "{bundle}"'
    )
    bundle.write_bytes(b"")
    before = snapshot(fedora_machine.root)
    store = the_store(fedora_machine, "fedora")
    carrier = fedora_machine.carrier(fedora_machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE, result
    [entry] = fedora_machine.journal.entries()
    carrier.remove(store, entry, store.plan_remove(root))
    assert snapshot(fedora_machine.root) == before


def test_a_journal_knows_its_store_also_on_another_system(fedora_machine: Machine) -> None:
    """A store of the journal is found by name where nobody would look for it."""
    system = fedora_machine.system()
    for name in ("debian", "arch", "suse"):
        store = named(system, name, [])
        assert store is not None and store.name == name
    assert named(system, "nss:/nowhere", []) is None
    assert named(system, "java:/nowhere/cacerts", []) is None
    assert named(system, "no-such-store", []) is None


def debian_machine(place: Path) -> Machine:
    """With the distribution's real update-ca-certificates, told to work in temporary directories."""
    real = peers.need("update-ca-certificates")
    peers.need("openssl")
    machine = prepare(place, "debian")
    root = machine.root
    (root / "etc/ca-certificates/update.d").mkdir(parents=True)
    (root / "etc/ca-certificates.conf").write_text("theirs/one.crt\n")
    theirs = root / "usr/share/ca-certificates/theirs"
    theirs.mkdir(parents=True)
    (theirs / "one.crt").write_bytes(a_root().pem)
    machine.program(
        "update-ca-certificates",
        f"exec {real} --certsconf {root}/etc/ca-certificates.conf "
        f"--certsdir {root}/usr/share/ca-certificates "
        f"--localcertsdir {root}/usr/local/share/ca-certificates --etccertsdir {root}/etc/ssl/certs "
        f'--hooksdir {root}/etc/ca-certificates/update.d "$@"',
    )
    for _ in range(2):  # a bundle of one certificate, as it is before the first time, would be hashed itself
        machine.system().run([str(machine.bin / "update-ca-certificates"), "--fresh"])
    return machine


def test_debians_own_tool_leaves_no_link_behind(tmp_path: Path) -> None:
    """With the real update-ca-certificates: bundle and links are there, then gone, and nothing dangles."""
    machine, root = debian_machine(tmp_path), a_root()
    before = snapshot(machine.root)
    assert sum(1 for path in before if path.endswith(".pem")) == 2
    store = the_store(machine, "debian")
    carrier = machine.carrier(machine.system())
    result = carrier.install(store, root, store.plan_install(root), State.ABSENT)
    assert result.outcome is Outcome.DONE, result
    certs = machine.root / "etc/ssl/certs"
    assert (certs / f"{root.file_stem}.pem").resolve().read_bytes() == root.pem
    assert len([path for path in certs.glob("*.0") if path.read_bytes() == root.pem]) == 1
    [entry] = machine.journal.entries()
    result = carrier.remove(store, entry, store.plan_remove(root))
    assert result.restored == (str(certs / "ca-certificates.crt"),)
    assert snapshot(machine.root) == before
    assert not [path for path in certs.iterdir() if not path.exists()], "a dangling link"


def test_a_plain_removal_leaves_debians_links_and_is_not_enough(tmp_path: Path) -> None:
    """The reason for --fresh: without it the link of a removed certificate dangles."""
    machine, root = debian_machine(tmp_path), a_root()
    store = the_store(machine, "debian")
    carrier = machine.carrier(machine.system())
    carrier.install(store, root, store.plan_install(root), State.ABSENT)
    (machine.root / PLACES["debian"].format(stem=root.file_stem)[1:]).unlink()
    machine.system().run([str(machine.bin / "update-ca-certificates")])
    link = machine.root / f"etc/ssl/certs/{root.file_stem}.pem"
    assert link.is_symlink() and not link.exists()
