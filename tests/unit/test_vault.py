"""The files of the local authority: their modes, what can be wrong with them, what stays of them."""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from localedge.errors import Failure
from localedge.machine.vault import Vault, authority_directory
from localedge.pki import authority as certificates
from localedge.pki.authority import Authority, make_authority

NOW = datetime(2026, 11, 22, 16, 45, 30, tzinfo=UTC)
NAMES = ("localedge.test",)
DAY = timedelta(days=1)
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
ROOT_USER = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away"
)


@pytest.fixture(scope="module")
def authority() -> Authority:
    """One for all tests here: nothing changes it."""
    return make_authority(NAMES, NOW)


@pytest.fixture
def vault(tmp_path: Path, authority: Authority) -> Vault:
    """One with that authority in it."""
    vault = Vault(tmp_path / "data" / "ca")
    vault.store(authority, NAMES, NOW)
    return vault


def current(vault: Vault) -> Path:
    """The directory in force."""
    name = json.loads((vault.directory / "authority.json").read_text())["directory"]
    return vault.directory / str(name)


def failure(vault: Vault, now: datetime = NOW) -> Failure:
    """What loading fails with."""
    with pytest.raises(Failure) as caught:
        vault.load(now)
    return caught.value


def mending(told: Failure) -> str:
    """The command that the message quotes."""
    quoted = re.search(r'"((?:chmod|sudo chown) .*)"', str(told))
    assert quoted is not None
    return quoted[1]


def write(path: Path, content: bytes) -> None:
    """Change a file in place, so that its mode stays."""
    with path.open("r+b") as file:
        file.truncate()
        file.write(content)


def everything(directory: Path) -> dict[str, bytes]:
    """Every file below a directory."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are where https.directory says, else in the user's data directory."""
    assert authority_directory("/somewhere/ca") == Path("/somewhere/ca")
    assert authority_directory(None).parts[-2:] == ("localedge", "ca")
    home = authority_directory("~/ca")
    assert home.name == "ca" and "~" not in str(home)


def test_what_is_stored_is_loaded(vault: Vault, authority: Authority) -> None:
    """An authority comes back from its files as it went into them."""
    loaded = vault.load(NOW)
    assert vault.exists
    assert (loaded.root, loaded.intermediate) == (authority.root, authority.intermediate)
    assert loaded.key_pem() == authority.key_pem() and loaded.names == NAMES
    assert x509.load_pem_x509_certificate(vault.root_file.read_bytes()) == authority.root


def test_no_key_of_the_root_is_on_disk(vault: Vault, authority: Authority) -> None:
    """Two private keys are in the files, the intermediate's and the leaf's; the root's is nowhere."""
    files = everything(vault.directory)
    holders = {name.rpartition("/")[2] for name, content in files.items() if b"PRIVATE" in content}
    assert holders == {"intermediate-key.pem", "leaf.pem"}
    assert sum(content.count(b"BEGIN PRIVATE KEY") for content in files.values()) == 2


@POSIX
def test_modes(tmp_path: Path, authority: Authority) -> None:
    """Directories are 0700 and files 0600 whatever the umask; what stands above keeps the usual modes."""
    before = os.umask(0)
    try:
        vault = Vault(tmp_path / "data" / "ca")
        vault.store(authority, NAMES, NOW)
        vault.renew(authority, NOW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o777
    for path in (vault.directory, *vault.directory.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


@POSIX
def test_modes_from_the_first_byte(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is ever open to others, not even while it is empty: each one is created with its final mode."""
    seen: dict[str, int] = {}
    real_open, real_mkdir = os.open, os.mkdir

    def spy_open(path: str, flags: int, mode: int = 0o777, **others: int) -> int:
        descriptor = real_open(path, flags, mode, **others)
        if flags & os.O_CREAT:
            seen[str(path)] = stat.S_IMODE(os.fstat(descriptor).st_mode)
            assert flags & os.O_EXCL or str(path).endswith(".lock")
        return descriptor

    def spy_mkdir(path: str, mode: int = 0o777, **others: int) -> None:
        real_mkdir(path, mode, **others)
        if "ca" in Path(path).parts:
            seen[str(path)] = stat.S_IMODE(Path(path).stat().st_mode)

    monkeypatch.setattr(os, "open", spy_open)
    monkeypatch.setattr(os, "mkdir", spy_mkdir)
    monkeypatch.setattr(os, "chmod", None)
    before = os.umask(0)
    try:
        Vault(tmp_path / "ca").store(authority, NAMES, NOW)
    finally:
        os.umask(before)
    assert len(seen) >= 8 and set(seen.values()) == {0o600, 0o700}, seen


@pytest.mark.skipif(sys.platform != "win32", reason="access control lists")
def test_lists_on_windows(vault: Vault, authority: Authority) -> None:
    """On Windows directories and files can be opened by their user, and by nobody else but the system."""
    from localedge.machine import windows_acl

    vault.renew(authority, NOW)
    for path in (vault.directory, *vault.directory.rglob("*")):
        assert windows_acl.others(path) == [], path


def test_nothing_there(tmp_path: Path) -> None:
    """Without files there is no authority, and the user is told how to make one."""
    vault = Vault(tmp_path / "ca")
    assert not vault.exists
    assert failure(vault).code == "ca-missing" and "localedge trust-ca" in str(failure(vault))
    (tmp_path / "ca").mkdir(0o700)
    assert failure(vault).code == "ca-missing"


@pytest.mark.parametrize("name", ["root.pem", "intermediate.pem", "intermediate-key.pem"])
def test_a_missing_file(vault: Vault, name: str) -> None:
    """A file that is gone is named."""
    path = current(vault) / name
    path.unlink()
    assert failure(vault).code == "ca-incomplete" and str(path) in str(failure(vault))


def test_a_missing_directory(vault: Vault) -> None:
    """So is a whole directory."""
    shutil.rmtree(current(vault))
    assert failure(vault).code == "ca-incomplete"


@pytest.mark.parametrize("name", ["root.pem", "intermediate.pem", "intermediate-key.pem"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-30],
        lambda content: content.replace(b"\n", b"\n!", 2),
        lambda content: os.urandom(500),
        lambda content: content[:64] + bytes([content[64] ^ 1]) + content[65:100] + b"AAAA" + content[104:],
        lambda content: b"\xff\xfe" + content.decode().encode("utf-16-le"),
    ],
    ids=["empty", "half", "no end", "spoilt", "garbage", "bits", "utf-16"],
)
def test_a_damaged_file(vault: Vault, name: str, damage: Callable[[bytes], bytes]) -> None:
    """A file that is cut off, spoilt or another encoding is named, never a traceback."""
    path = current(vault) / name
    write(path, damage(path.read_bytes()))
    told = failure(vault)
    assert told.code in ("ca-damaged", "ca-mismatch") and str(path.parent) in str(told)


def test_two_certificates_in_one_file(vault: Vault) -> None:
    """A file with one certificate too many is not guessed about."""
    path = current(vault) / "root.pem"
    write(path, path.read_bytes() * 2)
    assert failure(vault).code == "ca-damaged"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "directory": 7}',
        b'{"format": 1, "directory": "../../etc"}',
        b'{"format": 1, "directory": "/etc"}',
        b'{"format": 1, "directory": ""}',
        b"\xff\xff",
        b"[" * 100_000,
        b"x" * 400_000,
    ],
)
def test_a_damaged_index(vault: Vault, content: bytes) -> None:
    """authority.json may hold anything: what is not ours leads nowhere outside the directory."""
    write(vault.directory / "authority.json", content)
    assert vault.exists and failure(vault).code == "ca-damaged"


@pytest.mark.parametrize("version", [0, 2, "2", None, "\x1b[31m", [1]])
def test_another_version(vault: Vault, version: object) -> None:
    """Files of another version are named as such and left alone."""
    pointer = {"format": version, "directory": "whatever it says there"}
    write(vault.directory / "authority.json", json.dumps(pointer).encode())
    assert failure(vault).code == "ca-version" and str(failure(vault)).isprintable()


def test_a_key_that_does_not_match(vault: Vault) -> None:
    """A key of another certificate is noticed before anything is signed with it."""
    write(current(vault) / "intermediate-key.pem", make_authority(NAMES, NOW).key_pem())
    told = failure(vault)
    assert told.code == "ca-mismatch" and "intermediate-key.pem does not belong to intermediate.pem" in str(
        told
    )


def test_a_root_that_does_not_match(vault: Vault) -> None:
    """A root that has not signed the intermediate is noticed."""
    write(current(vault) / "root.pem", certificates.pem(make_authority(NAMES, NOW).root))
    told = failure(vault)
    assert told.code == "ca-mismatch" and "does not belong to root.pem" in str(told)


def test_keys_of_other_kinds(vault: Vault) -> None:
    """An RSA key or one with a password is none that localedge wrote."""
    path = current(vault) / "intermediate-key.pem"
    for key, lock in (
        (rsa.generate_private_key(65537, 2048), NoEncryption()),
        (ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"x")),
    ):
        write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
        assert failure(vault).code == "ca-damaged"


def test_a_foreign_root(vault: Vault) -> None:
    """A CA without the constraint, put in by hand, is refused: its key could speak for any site."""
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody's CA")])

    def make(public: ec.EllipticCurvePublicKey) -> bytes:
        return certificates.pem(
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW)
            .not_valid_after(NOW + DAY)
            .public_key(public)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )

    write(current(vault) / "root.pem", make(key.public_key()))
    write(current(vault) / "intermediate.pem", make(own.public_key()))
    own_pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write(current(vault) / "intermediate-key.pem", own_pem)
    assert failure(vault).code == "ca-foreign"


def test_the_end_of_an_authority(vault: Vault, authority: Authority) -> None:
    """An authority is good to its last second; then its date is told, as is a clock that is behind."""
    end = authority.root.not_valid_after_utc
    vault.load(end)
    assert failure(vault, end + timedelta(seconds=1)).code == "ca-expired"
    assert "2029-02-24" in str(failure(vault, end + DAY))
    assert failure(vault, NOW - DAY).code == "ca-not-yet-valid"


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
@pytest.mark.parametrize("name", ["authority.json", "root.pem", "intermediate.pem", "intermediate-key.pem"])
def test_a_file_that_others_may_open(vault: Vault, name: str, mode: int) -> None:
    """A file with any right for others is refused, and the command in the message mends it."""
    path = (vault.directory if name == "authority.json" else current(vault)) / name
    path.chmod(mode)
    told = failure(vault)
    assert told.code == "ca-loose" and str(path) in str(told)
    command = mending(told)
    subprocess.run(shlex.split(command), check=True)
    vault.load(NOW)


@POSIX
def test_one_command_mends_a_copy(vault: Vault) -> None:
    """After a careless copy of everything three commands at most put every mode right."""
    for path in (vault.directory, *vault.directory.rglob("*")):
        path.chmod(0o755)
    for _ in range(3):
        command = mending(failure(vault))
        subprocess.run(shlex.split(command), check=True)
    vault.load(NOW)


@POSIX
@pytest.mark.parametrize("which", ["outer", "inner"])
def test_a_directory_that_others_may_open(vault: Vault, which: str, authority: Authority) -> None:
    """A directory is looked at as well, when reading and before anything is written into it."""
    path = vault.directory if which == "outer" else current(vault)
    path.chmod(0o750)
    assert failure(vault).code == "ca-loose"
    if which == "outer":
        with pytest.raises(Failure) as caught:
            vault.store(authority, NAMES, NOW)
        assert caught.value.code == "ca-loose"


@POSIX
def test_a_leaf_that_others_may_read(vault: Vault, authority: Authority) -> None:
    """The leaf's key is no less a secret: it is not quietly replaced, the user hears of it."""
    (current(vault) / "leaf.pem").chmod(0o644)
    with pytest.raises(Failure) as caught:
        vault.leaf(authority, NOW)
    assert caught.value.code == "ca-loose"


@ROOT_USER
@pytest.mark.parametrize("name", [".", "authority.json", "intermediate-key.pem"])
def test_a_file_of_somebody_else(vault: Vault, name: str) -> None:
    """Files that another user owns are not believed; whose they are and what to do is told."""
    path = current(vault) / name if name.startswith("inter") else vault.directory / name
    os.chown(path, 12345, -1)
    told = failure(vault)
    assert told.code == "ca-owner" and "12345" in str(told) and "chown" in str(told)
    command = mending(told).removeprefix("sudo ")
    subprocess.run(shlex.split(command), check=True)
    vault.load(NOW)


@POSIX
def test_a_path_with_odd_characters(tmp_path: Path, authority: Authority) -> None:
    """The command that mends can be pasted whatever the directory is called."""
    vault = Vault(tmp_path / "my $(files) 'here'" / "ca")
    vault.store(authority, NAMES, NOW)
    vault.directory.chmod(0o755)
    command = mending(failure(vault))
    subprocess.run(["sh", "-c", command], check=True)
    vault.load(NOW)


@POSIX
@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "directory"])
@pytest.mark.parametrize("name", ["authority.json", "intermediate-key.pem"])
def test_what_is_no_file(vault: Vault, tmp_path: Path, name: str, kind: str) -> None:
    """A link, a pipe or a directory in the place of a file is told at once, and not followed."""
    path = (vault.directory if name == "authority.json" else current(vault)) / name
    aside = tmp_path / "aside"
    path.rename(aside)
    match kind:
        case "link":
            path.symlink_to(aside)
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "pipe":
            os.mkfifo(path, 0o600)
        case "directory":
            path.mkdir(0o700)
    assert failure(vault).code == "ca-no-file"


@pytest.mark.parametrize("act", ["load", "store"])
def test_a_file_in_place_of_the_directory(tmp_path: Path, authority: Authority, act: str) -> None:
    """A path that leads through a file is told, whatever was wanted there."""
    (tmp_path / "ca").write_text("")
    vault = Vault(tmp_path / "ca")
    with pytest.raises(Failure) as caught:
        vault.load(NOW) if act == "load" else vault.store(authority, NAMES, NOW)
    assert caught.value.code in ("ca-no-file", "ca-unwritable", "ca-missing")


@POSIX
def test_a_linked_directory_is_followed(tmp_path: Path, authority: Authority) -> None:
    """Who keeps the directory elsewhere behind a link keeps the link."""
    (tmp_path / "elsewhere").mkdir(0o700)
    (tmp_path / "ca").symlink_to("elsewhere")
    vault = Vault(tmp_path / "ca")
    vault.store(authority, NAMES, NOW)
    vault.load(NOW)
    assert (tmp_path / "elsewhere" / "authority.json").exists()


def test_a_leaf_is_kept_while_it_is_good(vault: Vault, authority: Authority) -> None:
    """The first leaf is there from the start and is the same one until a third of its life is left."""
    first = vault.leaf(authority, NOW)
    at = certificates.renew_at(first.certificate)
    assert vault.leaf(authority, at - DAY).certificate == first.certificate
    second = vault.leaf(authority, at)
    assert second.certificate != first.certificate and second.key.public_key() != first.key.public_key()
    assert vault.leaf(authority, at).certificate == second.certificate
    assert vault.leaf(authority, at + 300 * DAY).certificate.not_valid_after_utc > at + 300 * DAY


def test_a_leaf_for_other_names(vault: Vault, authority: Authority) -> None:
    """When the names change within what is permitted, so does the leaf."""
    names = (*NAMES, "deep.localedge.test")
    assert vault.leaf(authority, NOW, names).names == (*names, "localhost")
    assert vault.leaf(authority, NOW).names == (*NAMES, "localhost")


def test_renewing_at_will(vault: Vault, authority: Authority) -> None:
    """A leaf can be replaced before its time, and the new one is what is found afterwards."""
    first = vault.leaf(authority, NOW)
    renewed = vault.renew(authority, NOW)
    assert first.certificate != renewed.certificate == vault.leaf(authority, NOW).certificate


@pytest.mark.parametrize("content", [None, b"", b"garbage", b"half", b"swapped", b"foreign"])
def test_a_bad_leaf_is_replaced(vault: Vault, authority: Authority, content: bytes | None) -> None:
    """A leaf that is missing, damaged, or another authority's is made anew without a word."""
    path = current(vault) / "leaf.pem"
    whole = path.read_bytes()
    first = vault.leaf(authority, NOW)
    other = certificates.issue_leaf(authority, NAMES, NOW)
    foreign = certificates.issue_leaf(make_authority(NAMES, NOW), NAMES, NOW)
    if content is None:
        path.unlink()
    elif content == b"half":
        write(path, whole[: len(whole) // 3])
    elif content == b"swapped":
        write(path, other.key_pem() + first.chain_pem())
    elif content == b"foreign":
        write(path, foreign.key_pem() + foreign.chain_pem())
    else:
        write(path, content)
    second = vault.leaf(authority, NOW)
    assert second.certificate != first.certificate
    assert certificates.fits(authority, second, NAMES, NOW)
    assert vault.leaf(authority, NOW).certificate == second.certificate


def test_a_new_authority_replaces_all(vault: Vault, authority: Authority) -> None:
    """After a new authority nothing of the old one is left, and who still holds the old one is told."""
    fresh = make_authority(("other.test",), NOW)
    old = current(vault)
    vault.store(fresh, fresh.names, NOW)
    assert vault.load(NOW).root == fresh.root and not old.exists()
    assert vault.leaf(fresh, NOW).names == ("other.test", "localhost")
    assert vault.root_file.read_bytes() == certificates.pem(fresh.root)
    for act in (vault.leaf, vault.renew):
        with pytest.raises(Failure) as caught:
            act(authority, NOW)
        assert caught.value.code == "ca-replaced"


@pytest.mark.parametrize("damage", ["index", "files"])
def test_a_new_authority_heals(vault: Vault, damage: str) -> None:
    """Whatever is damaged, a new authority can take its place."""
    if damage == "index":
        write(vault.directory / "authority.json", b"garbage")
    else:
        shutil.rmtree(current(vault))
    fresh = make_authority(NAMES, NOW)
    vault.store(fresh, NAMES, NOW)
    assert vault.load(NOW).root == fresh.root


def test_the_copy_of_the_root_is_looked_after(vault: Vault, authority: Authority) -> None:
    """root.pem, which other programs read, is put back when it was changed or lost."""
    for content in (None, b"other"):
        if content is None:
            vault.root_file.unlink()
        else:
            write(vault.root_file, content)
        vault.renew(authority, NOW)
        assert vault.root_file.read_bytes() == certificates.pem(authority.root)


def test_forgetting_leaves_nothing(vault: Vault, tmp_path: Path) -> None:
    """Our files go, the directory with them; doing it twice is no mistake."""
    vault.forget()
    assert not vault.exists and list((tmp_path / "data").iterdir()) == []
    vault.forget()


def test_forgetting_takes_only_what_is_ours(vault: Vault) -> None:
    """Files that somebody else put there stay, byte for byte."""
    inner = current(vault)
    (vault.directory / "README.md").write_text("mine")
    (vault.directory / "20200101-mine").mkdir()
    (inner / "notes.txt").write_text("mine too")
    vault.forget()
    assert everything(vault.directory) == {"README.md": b"mine", f"{inner.name}/notes.txt": b"mine too"}
    assert (vault.directory / "20200101-mine").is_dir()


def test_forgetting_what_is_damaged(vault: Vault) -> None:
    """Damaged files can be forgotten too."""
    write(vault.directory / "authority.json", b"garbage")
    vault.forget()
    assert not vault.directory.exists()


def test_the_root_alone(vault: Vault, authority: Authority) -> None:
    """The root is found also when the rest is damaged, so that it can be taken out of trust stores."""
    assert vault.root() == authority.root
    (current(vault) / "intermediate.pem").unlink()
    assert vault.root() == authority.root
    write(vault.directory / "authority.json", b"{")
    assert vault.root() == authority.root, "by the copy"
    write(vault.root_file, b"garbage")
    assert vault.root() is None
    assert Vault(vault.directory / "nowhere").root() is None
