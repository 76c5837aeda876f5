"""What of the console needs no browser has tests of its own, in its own language: `npm test` in `web/`."""

import subprocess

import pytest

from tests.tidegate.processes import ROOT

WEB = ROOT / "web"
DEADLINE = 120.0


def test_the_code_of_the_console_passes_its_own_tests() -> None:
    if not (WEB / "node_modules").exists():
        pytest.skip("its packages are not installed, because Node.js cannot be had here: make packages")
    command = [ROOT / "scripts" / "node", "npm", "test", "--silent", "--prefix", WEB]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
