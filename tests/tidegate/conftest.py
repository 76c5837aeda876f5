"""One running `tidegate dev` for all tests that only use it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidegate.processes import Dev, dev


@pytest.fixture(scope="session")
def running(session_folder: Path) -> Iterator[Dev]:
    """A service with a worker and the example flows."""
    with dev(session_folder / "dev") as running:
        yield running
