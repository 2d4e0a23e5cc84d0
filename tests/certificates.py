"""TLS gateways with certificates made for the test."""

from pathlib import Path
from typing import Any

import trustme
from twisted.internet import ssl

NAME = "gateway.test"


def context(leaf: trustme.LeafCert) -> Any:
    """What a listener needs to speak TLS with this certificate."""
    return ssl.PrivateCertificate.loadPEM(leaf.private_key_and_cert_chain_pem.bytes()).options()


def ca_file(authority: trustme.CA, place: Path) -> str:
    """The authority's certificate as a file, for `gateway.ca_file`."""
    path = place / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)
