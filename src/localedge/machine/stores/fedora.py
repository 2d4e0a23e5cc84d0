"""Fedora, RHEL and their kin: update-ca-trust(8), which feeds OpenSSL, GnuTLS, NSS and Java at once."""

from .anchors import Layout

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
find, at = LAYOUT.find, LAYOUT.at
