"""The services that the example flows call."""

from collections.abc import Iterator

import pytest

from tests.tidegate.stand_ins import StandIn, stand_in


@pytest.fixture(scope="session")
def shop() -> Iterator[StandIn]:
    """The flaky shop of the examples."""
    with stand_in("shop_server.py") as running:
        yield running


@pytest.fixture(scope="session")
def model() -> Iterator[StandIn]:
    """The language model of the examples."""
    with stand_in("model_server.py") as running:
        yield running
