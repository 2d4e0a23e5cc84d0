"""Real programs that some tests talk to: asked for by name, skipped for in one recognisable way.

`EDGETEST_NO_SKIPS=1` makes a run with such a skip fail (`tests/conftest.py` sees to it), so that the
project's own checks cannot go green by testing less.  It is not inferred from `CI=true`: somebody else's
CI may well have no nginx.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

MISSING = "peer missing: "

# Debian keeps daemons where an ordinary user's PATH does not look.
_ELSEWHERE = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/bin")


def find(program: str) -> Path | None:
    """Where `program` is, or None."""
    found = shutil.which(program) or shutil.which(program, path=os.pathsep.join(_ELSEWHERE))
    return Path(found) if found else None


def need(program: str) -> Path:
    """The path of a program, such as `nginx`, `curl` or `node`; skips the test where there is none."""
    found = find(program)
    if found is None:
        skip(program)
    return found


def javascript_sdk() -> Path:
    """A directory whose `node_modules` holds `@anthropic-ai/sdk`: run `node` with it as working directory.

    Named by `EDGETEST_JS_SDK`; nothing is downloaded here.
    """
    need("node")
    named = os.environ.get("EDGETEST_JS_SDK", "")
    if not named or not Path(named, "node_modules", "@anthropic-ai", "sdk").is_dir():
        skip("@anthropic-ai/sdk (npm install it somewhere and name the place in EDGETEST_JS_SDK)")
    return Path(named)


def skip(what: str) -> NoReturn:
    """Skip the running test for want of `what`."""
    pytest.skip(MISSING + what)
