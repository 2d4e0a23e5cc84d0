"""SUSE: its own update-ca-certificates(8), not Debian's, with p11-kit behind it."""

from .anchors import Layout

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
find, at = LAYOUT.find, LAYOUT.at
