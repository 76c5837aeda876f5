"""flow.map: runs another flow for each item of an array."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from engine.called import item_inputs
from engine.node import CallFlow, CallResult, Context, Input, Node, Output


class FlowMapInput(Input):
    flowId: str = Field(description="The flow to run; its version is the newest one when this execution was created.")
    items: list[Any] = Field(description="What to run it for.")
    concurrency: int | None = Field(default=None, ge=1, description="How many may run at once; without it, all.")


class FlowMapOutput(Output):
    results: list[Any] = Field(description="The outputs of each run in the order of the items; null where it failed.")
    failed: list[Any] = Field(description="What failed: objects of `index`, `executionId`, `code` and `message`.")


class FlowMap(Node[FlowMapInput, FlowMapOutput]):
    """Runs another flow once for each item, each time as a child execution: its input `item` is the item and `index`,
    if it has one, its place from 0; a flow with a single input gets the item there. Runs that fail do not fail the
    node; `failed` tells of them."""

    type = "flow.map"
    safe = True

    async def run(self, inputs: FlowMapInput, context: Context) -> CallFlow:
        found = await context.reach.find_flow(inputs.flowId)
        runs = [item_inputs(found, item, index) for index, item in enumerate(inputs.items)]
        return CallFlow(found, runs, inputs.concurrency)

    async def resume(self, inputs: FlowMapInput, results: Sequence[CallResult], context: Context) -> FlowMapOutput:
        return FlowMapOutput(
            results=[None if result.outputs is None else dict(result.outputs) for result in results],
            failed=[
                {
                    "index": index,
                    "executionId": result.execution_id,
                    "code": result.error.code,
                    "message": result.error.message,
                }
                for index, result in enumerate(results)
                if result.error is not None
            ],
        )
