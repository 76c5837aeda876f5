"""What the clients need beside the service that they talk to."""

import pytest

from tests.clients.travels import CLIENTS


@pytest.fixture(scope="session")
def packages() -> None:
    """The packages that the scripts import."""
    if not (CLIENTS / "node_modules").exists():
        pytest.fail("The clients are not installed; `make test` installs them.", pytrace=False)
