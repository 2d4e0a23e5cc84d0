"""Plans: what a change of a trust store consists of, as data."""

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from localedge.pki.plan import Command, Plan, RemoveFile, WriteFile
from tests.trusting import a_root


def test_a_root_is_written_as_every_tool_reads_it() -> None:
    """The PEM text is the one that the cryptography library writes, and the hashes are of the DER."""
    root = a_root()
    certificate = x509.load_der_x509_certificate(root.der)
    assert root.pem == certificate.public_bytes(Encoding.PEM)
    assert root.fingerprint == hashlib.sha256(root.der).hexdigest()
    assert root.sha1 == hashlib.sha1(root.der).hexdigest()
    assert root.not_after == certificate.not_valid_after_utc


def test_two_roots_never_share_a_name() -> None:
    """Nickname and file name are those of one root only, so that one is never taken for another."""
    one, other = a_root(), a_root()
    assert one.nick != other.nick and one.file_stem != other.file_stem


@pytest.mark.parametrize("privileged", [True, False])
def test_a_plan_knows_whether_it_needs_privilege(privileged: bool) -> None:
    """One step that needs root is enough."""
    plan = Plan("x", (Command(("true",)), Command(("true",), privileged=privileged)))
    assert plan.privileged is privileged


def test_a_scratch_file_is_what_a_plan_writes_and_removes() -> None:
    """A file that only serves while the plan runs is told from one that stays."""
    kept, scratch = WriteFile("/a", b"a"), WriteFile("/b", b"b")
    remove, other = RemoveFile("/b", scratch.sha256), RemoveFile("/c", scratch.sha256)
    assert Plan("x", (kept, scratch, remove, other)).scratch == (remove,)
