"""A process imports what it needs: that is most of the time in which it starts."""

import subprocess
import sys

from tests.tidegate.processes import ROOT, environment

PROGRAM = """
import sys, tidegate.commands, tidegate.traces, tidegate.worker
print(*{name.partition(".")[0] for name in sys.modules})
import tidegate.serve
print(*{name.partition(".")[0] for name in sys.modules})
"""
TRACES, TERMINAL, WEB = {"opentelemetry"}, {"prompt_toolkit", "rich", "typer"}, {"graphql", "starlette", "uvicorn"}


def test_neither_worker_nor_api_imports_what_only_others_need() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], cwd=ROOT, env=environment(PYTHONPATH=str(ROOT)), capture_output=True
    )
    worker, both = (set(line.split()) for line in done.stdout.decode().splitlines())
    assert not worker & (TRACES | TERMINAL | WEB)
    assert not both & (TRACES | TERMINAL)
    assert both >= WEB
