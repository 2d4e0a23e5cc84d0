"""TLS gateways with certificates made for the test."""

from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from twisted.internet import ssl

NAME = "gateway.test"


def context(leaf: trustme.LeafCert) -> Any:
    """What a listener needs to speak TLS with this certificate."""
    # Twisted's annotations still ask for pyOpenSSL's classes, which warn
    key: Any = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    certificate: Any = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    return ssl.CertificateOptions(privateKey=key, certificate=certificate, acceptableProtocols=[b"http/1.1"])


def ca_file(authority: trustme.CA, place: Path) -> str:
    """The authority's certificate as a file, for `gateway.ca_file`."""
    path = place / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
