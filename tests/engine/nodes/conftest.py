"""What tests of nodes share."""

from dataclasses import replace

import pytest

from engine.confinement import TASKS
from tests.engine.nodes.bench import Bench


@pytest.fixture
def node() -> Bench:
    return Bench()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confined work is ended after a second."""
    for name, task in TASKS.items():
        monkeypatch.setitem(TASKS, name, replace(task, seconds=1))
