"""Arch and its kin: update-ca-trust(8) of ca-certificates-utils, with p11-kit behind it."""

from .anchors import AnchorStore, Layout
from .anchors import find as is_here
from .system import System

LAYOUT = Layout(
    name="arch",
    likes=("arch",),
    directory="/etc/ca-certificates/trust-source/anchors",
    ending=".crt",
    bundle="/etc/ca-certificates/extracted/tls-ca-bundle.pem",
    tool="update-ca-trust",
    install=(),
    remove=(),
    package="ca-certificates-utils",
    clients=("clients-system", "clients-claude-code", "clients-java-system"),
)


def find(system: System) -> list[AnchorStore]:
    """The one store of such a system."""
    return [AnchorStore(system, LAYOUT)] if is_here(system, LAYOUT) else []


def at(system: System, _place: str) -> AnchorStore:
    """The store of a journal's entry, whatever the machine says of itself now."""
    return AnchorStore(system, LAYOUT)
