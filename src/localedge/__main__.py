"""`python -m localedge` is `localedge`."""

import sys

from localedge.cli import main

if __name__ == "__main__":
    sys.exit(main())
