"""SUSE: its own update-ca-certificates(8), not Debian's, with p11-kit behind it."""

from .anchors import AnchorStore, Layout
from .anchors import find as is_here
from .system import System

LAYOUT = Layout(
    name="suse",
    likes=("suse", "opensuse", "sles"),
    directory="/etc/pki/trust/anchors",
    ending=".pem",
    bundle="/var/lib/ca-certificates/ca-bundle.pem",
    tool="update-ca-certificates",
    install=(),
    remove=(),
    package="ca-certificates",
    clients=("clients-system", "clients-claude-code", "clients-java-system"),
)


def find(system: System) -> list[AnchorStore]:
    """The one store of such a system."""
    return [AnchorStore(system, LAYOUT)] if is_here(system, LAYOUT) else []


def at(system: System, _place: str) -> AnchorStore:
    """The store of a journal's entry, whatever the machine says of itself now."""
    return AnchorStore(system, LAYOUT)
