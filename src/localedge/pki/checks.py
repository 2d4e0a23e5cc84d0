"""From the bytes of files to an authority or a leaf, believing nothing that is not checked."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .authority import Authority, Leaf, is_constrained, is_issued_by


class Unfit(Exception):
    """A part that cannot be used: its message code, and which part (`root`, `intermediate`, `key`)."""

    def __init__(self, code: str, part: str, other: str = "") -> None:
        super().__init__(code, part, other)
        self.code = code
        self.part = part
        self.other = other
        """What it does not belong to."""


def authority_from(root_pem: bytes, intermediate_pem: bytes, key_pem: bytes) -> Authority:
    """The authority that these make, its dates not looked at.  Raises `Unfit`."""
    root = _certificate(root_pem, "root")
    intermediate = _certificate(intermediate_pem, "intermediate")
    key = _private_key(key_pem)
    if key is None:
        raise Unfit("ca-damaged", "key")
    if key.public_key() != intermediate.public_key():
        raise Unfit("ca-mismatch", "key", "intermediate")
    if not (is_issued_by(root, root) and is_issued_by(intermediate, root)):
        raise Unfit("ca-mismatch", "intermediate", "root")
    for certificate, part in ((root, "root"), (intermediate, "intermediate")):
        if not is_constrained(certificate):
            raise Unfit("ca-foreign", part)
    return Authority(root, intermediate, key)


def out_of_date(authority: Authority, now: datetime) -> x509.Certificate | None:
    """The certificate that is no longer, or not yet, valid."""
    for certificate in (authority.root, authority.intermediate):
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            return certificate
    return None


def leaf_from(content: bytes, authority: Authority) -> Leaf | None:
    """The leaf in a file of key and chain; None for anything else."""
    key = _private_key(content)
    try:
        certificate = x509.load_pem_x509_certificates(content)[0]
        leaf = Leaf(certificate, authority.intermediate, key) if key is not None else None
        return leaf if leaf is not None and leaf.names else None
    except (ValueError, x509.ExtensionNotFound):
        return None


def _certificate(content: bytes, part: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(content)
        found[0].extensions  # noqa: B018 - parsed when first asked for, and then may raise
    except ValueError:
        raise Unfit("ca-damaged", part) from None
    if len(found) != 1:
        raise Unfit("ca-damaged", part)
    return found[0]


def _private_key(content: bytes) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError):  # TypeError: it has a password
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None
