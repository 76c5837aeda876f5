"""time.sleep: waits for a while."""

import asyncio
from typing import Annotated, Any

from pydantic import Field

from engine.moments import TEN_YEARS_MS, later
from engine.node import Context, Input, Node, Output, WaitUntil

IN_PLACE_MS = 1000
"""From here on a wait outlives the worker; below, storing it would cost more than it lasts."""


class SleepInput(Input):
    durationMs: Annotated[int | float, Field(ge=0, le=TEN_YEARS_MS)] = Field(
        description="How long to wait, in milliseconds; at most ten years."
    )
    value: Any = Field(default=None, description="What to give afterwards.")


class SleepOutput(Output):
    value: Any = Field(default=None, description="The value, where one was given, after the wait.")


class Sleep(Node[SleepInput, SleepOutput]):
    """Waits for a number of milliseconds and then gives the value. From one second on the wait is durable: it holds no
    worker and goes on through restarts."""

    type = "time.sleep"
    safe = True

    async def run(self, inputs: SleepInput, context: Context) -> SleepOutput | WaitUntil:
        outputs = SleepOutput(value=inputs.value) if "value" in inputs.model_fields_set else SleepOutput()
        if inputs.durationMs >= IN_PLACE_MS:
            return WaitUntil(later(context.now(), inputs.durationMs), outputs)
        await asyncio.sleep(inputs.durationMs / 1000)
        return outputs
