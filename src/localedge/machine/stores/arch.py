"""Arch and its kin: update-ca-trust(8) of ca-certificates-utils, with p11-kit behind it."""

from .anchors import Layout

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
find, at = LAYOUT.find, LAYOUT.at
