"""Fedora, RHEL and their kin: update-ca-trust(8), which feeds OpenSSL, GnuTLS, NSS and Java at once."""

from .anchors import AnchorStore, Layout
from .anchors import find as is_here
from .system import System

LAYOUT = Layout(
    name="fedora",
    likes=("fedora", "rhel", "centos"),
    directory="/etc/pki/ca-trust/source/anchors",
    ending=".pem",
    bundle="/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    tool="update-ca-trust",
    install=("extract",),
    remove=("extract",),
    package="ca-certificates",
    clients=("clients-system", "clients-claude-code", "clients-java-system"),
)


def find(system: System) -> list[AnchorStore]:
    """The one store of such a system."""
    return [AnchorStore(system, LAYOUT)] if is_here(system, LAYOUT) else []


def at(system: System, _place: str) -> AnchorStore:
    """The store of a journal's entry, whatever the machine says of itself now."""
    return AnchorStore(system, LAYOUT)
