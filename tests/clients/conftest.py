"""One service of real processes for all clients."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.travels import CLIENTS
from tests.tidegate.processes import Dev, dev


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages that the scripts import."""
    if not (CLIENTS / "node_modules").exists():
        pytest.fail("The clients are not installed; `make test` installs them.", pytrace=False)


@pytest.fixture(scope="session")
def service(session_folder: Path) -> Iterator[Dev]:
    """An API and a worker with a Postgres and a Valkey of their own."""
    with dev(session_folder / "clients") as running:
        yield running
