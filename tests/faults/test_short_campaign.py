"""Each fault once, with few executions, on one stage; `make faults` plays them longer."""

from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio

from tests.faults.campaign import FAULTS, installed, play_one
from tests.faults.flows import Flow
from tests.faults.scene import Fault
from tests.faults.stage import Stage, stage

SEED = 1
EXECUTIONS = 12

SHORT = [pytest.param(fault, id=fault.name) for fault in FAULTS if not fault.is_long]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[tuple[Stage, Mapping[str, Flow]]]:
    """A stage with the flows of the campaign."""
    async with stage() as opened:
        yield opened, await installed(opened, SEED)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", SHORT)
async def test_no_invariant_is_violated_by(fault: Fault, service: tuple[Stage, Mapping[str, Flow]]) -> None:
    opened, flows = service
    result = await play_one(fault, opened, flows, str(SEED), EXECUTIONS)
    assert not result.violations, "\n".join(result.violations)
