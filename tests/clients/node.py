"""Running the scripts of this folder."""

import json
import subprocess
from typing import Any

from tests.clients.travels import CLIENTS
from tests.tidegate.processes import ROOT

DEADLINE = 90.0
"""Seconds; a script that is a client gives up by itself after 60, and says what it was waiting for."""


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    return subprocess.run(
        [ROOT / "scripts" / "node", CLIENTS / f"{script}.mjs", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def printed(script: str, *arguments: str) -> Any:
    """What a script prints as JSON."""
    done = run(script, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
