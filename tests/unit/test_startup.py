"""Start-up: `run` loads nothing it does not need."""

import subprocess
import sys

LOOK = """
import sys
import localedge.cli.serving
localedge.cli.serving.serve = lambda *words, **named: None
from localedge.cli import main
assert main(["run", "--http-only", "--port", "0", "--upstream", "http://gateway.example"]) == 0
print("\\n".join(sys.modules))
"""

UNWANTED = {
    "csv",
    "difflib",
    "h2",
    "localedge.claude",
    "localedge.cli.config",
    "localedge.cli.demo_gateway",
    "localedge.cli.version",
    "localedge.edge.demo",
    "localedge.edge.handshake",
    "localedge.edge.tls",
    "localedge.machine.vault",
    "localedge.pki",
    "localedge.settings.sample",
    "localedge.tap",
    "tomllib",
    "twisted.web",
}


def test_run_loads_only_what_it_needs() -> None:
    """Starting with a gateway and no file pays for no TOML, no demo gateway, no other command."""
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, encoding="utf-8", timeout=30)
    assert done.returncode == 0, done.stderr
    assert UNWANTED & set(done.stdout.split()) == set()
