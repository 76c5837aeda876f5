"""Times at the edge of the calendar: what the log says can be read back, and what it cannot say is refused."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.entry import milliseconds, parse_time, time_text
from engine.events import NodeCompleted, NodeFailed
from engine.node import Context, Input, Node, Output, WaitUntil
from engine.ports import Constant
from engine.registry import Registry
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.log_rules import check_fold
from tests.engine.running import EPOCH, Run, flow
from tests.engine.virtual_clock import in_virtual_time

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999


@given(st.integers(FIRST, LAST))
def test_every_millisecond_of_the_years_1_to_9999_is_read_back_as_it_was_written(at: int) -> None:
    assert parse_time(time_text(at)) == at


def test_years_have_four_digits_and_seconds_three_after_the_point() -> None:
    assert time_text(FIRST) == "0001-01-01T00:00:00.000Z"
    assert time_text(-1) == "1969-12-31T23:59:59.999Z"
    assert time_text(LAST) == "9999-12-31T23:59:59.999Z"


def test_a_time_means_the_same_with_any_offset() -> None:
    assert milliseconds(datetime(1970, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == 0


PAST = {
    "a year of one digit": datetime(7, 1, 1, tzinfo=UTC),
    "the first times": datetime(1, 1, 2, tzinfo=UTC),
    "before 1970": datetime(1950, 6, 1, tzinfo=timezone(timedelta(hours=-5))),
}
REFUSED = {
    "no offset": (datetime(2030, 1, 1), "no time with an offset"),
    "a text": ("2030-01-01T00:00:00Z", "no time with an offset"),
    "the very last moment": (datetime.max.replace(tzinfo=UTC), "outside of the years"),
    "the very first moment": (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), "outside of the years"),
}


class WaitInput(Input):
    until: Annotated[str, Constant()]


class Waits(Node[WaitInput, Output]):
    """Waits until the time of this name."""

    type = "test.waits"

    async def run(self, inputs: WaitInput, context: Context) -> Any:
        moment = PAST[inputs.until] if inputs.until in PAST else REFUSED[inputs.until][0]
        return WaitUntil(moment, Output())  # type: ignore[arg-type]


async def wait_until(name: str) -> Run:
    run = Run.of(flow({"id": "w", "type": "test.waits", "inputs": {"until": name}}), Registry([Waits]))
    await run.live()
    check_fold(run)
    return run


@pytest.mark.parametrize("name", PAST)
@in_virtual_time
async def test_a_wait_for_a_time_long_past_is_over_at_once(name: str) -> None:
    done = await wait_until(name)
    assert len(done.of_node("w", NodeCompleted)) == 1
    assert done.status is ExecutionStatus.COMPLETED
    assert done.ledger.entries[-1].at == EPOCH


@pytest.mark.parametrize("name", REFUSED)
@in_virtual_time
async def test_a_wait_for_what_the_log_cannot_say_fails_the_node_and_says_why(name: str) -> None:
    (failed,) = (await wait_until(name)).of_node("w", NodeFailed)
    assert failed.error.code is ErrorCode.NODE
    assert REFUSED[name][1] in failed.error.message
