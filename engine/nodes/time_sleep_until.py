"""time.sleep_until: waits until a point in time."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from engine.errors import InputError
from engine.moments import TEN_YEARS_MS, parse_iso_as_given
from engine.node import Context, Input, Node, Output, WaitUntil

IN_PLACE = timedelta(seconds=1)


class SleepUntilInput(Input):
    until: str = Field(description="When to go on, in ISO 8601 with an offset, such as 2030-01-31T09:00:00Z.")
    value: Any = Field(default=None, description="What to give then.")


class SleepUntilOutput(Output):
    value: Any = Field(default=None, description="The value, where one was given, once the time has come.")


class SleepUntil(Node[SleepUntilInput, SleepUntilOutput]):
    """Waits until a point in time, at most ten years ahead, and then gives the value; a time that has passed is not
    waited for. From one second on the wait is durable: it holds no worker and goes on through restarts."""

    type = "time.sleep_until"
    safe = True

    async def run(self, inputs: SleepUntilInput, context: Context) -> SleepUntilOutput | WaitUntil:
        given = "value" in inputs.model_fields_set
        outputs = SleepUntilOutput(value=inputs.value) if given else SleepUntilOutput()
        until = _moment(inputs.until)
        ahead = until - context.now()
        if ahead > timedelta(milliseconds=TEN_YEARS_MS):
            raise InputError("Input 'until': the time is more than ten years ahead.")
        if ahead >= IN_PLACE:
            return WaitUntil(until, outputs)
        await asyncio.sleep(max(ahead.total_seconds(), 0))
        return outputs


def _moment(text: str) -> datetime:
    moment = parse_iso_as_given(text, "until")
    if moment.tzinfo is None:
        raise InputError(f"Input 'until': {text!r} has no offset from UTC, such as Z or +01:00.")
    return moment
