"""Makes the certificates of one run: a CA as `localedge trust-ca` makes it, stored as localedge reads it.

Usage: authority.py DIRECTORY.  The path of the leaf's file goes to standard output: key, leaf and
intermediate (P-256 all) in one PEM file, which every proxy of the bench serves.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from localedge.machine.vault import Vault
from localedge.pki.authority import make_authority

NAME = "localedge.test"

if __name__ == "__main__":
    now = datetime.now(UTC)
    vault = Vault(Path(sys.argv[1]))
    vault.store(make_authority([NAME], now), [NAME], now)
    print(vault.leaf_file)
