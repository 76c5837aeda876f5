"""flow.call: runs another flow and waits for its outputs."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from engine.called import find_flow, outputs_of
from engine.node import CallFlow, CallResult, Context, Input, Node, Output


class FlowCallInput(Input):
    flowId: str = Field(description="The flow to run; its version is the newest one when this execution was created.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Its inputs by name.")


class FlowCallOutput(Output):
    outputs: dict[str, Any] = Field(description="Its outputs by name.")


class FlowCall(Node[FlowCallInput, FlowCallOutput]):
    """Runs another flow as a child execution, and gives its outputs when it has completed. The wait holds no worker. If
    the child fails or is stopped, so does the node."""

    type = "flow.call"
    safe = True

    async def run(self, inputs: FlowCallInput, context: Context) -> CallFlow:
        return CallFlow(await find_flow(inputs.flowId, inputs.inputs, context), [inputs.inputs])

    async def resume(self, inputs: FlowCallInput, results: Sequence[CallResult], context: Context) -> FlowCallOutput:
        return FlowCallOutput(outputs=dict(outputs_of(results[0])))
