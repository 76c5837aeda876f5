"""flow.repeat: runs another flow again and again until its outputs say that it is enough."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.called import find_flow, outputs_of
from engine.errors import NodeError
from engine.evaluation import evaluate_once, expression_problems
from engine.interface import flow_inputs
from engine.node import CallFlow, CallResult, Context, Input, Node, Output

TIMES_LIMIT = 10_000


class FlowRepeatInput(Input):
    flowId: str = Field(description="The flow to run; its version is the newest one when this execution was created.")
    inputs: dict[str, Any] = Field(default_factory=dict, description="The inputs of the first run, by name.")
    until: str = Field(description="An expression in CEL that sees the outputs by name, and is true when it is enough.")
    maxTimes: int = Field(ge=1, le=TIMES_LIMIT, description="How often the flow is run at most.")


class FlowRepeatOutput(Output):
    outputs: dict[str, Any] = Field(description="The outputs of the last run, by name.")
    times: int = Field(description="How often it was run.")


class FlowRepeat(Node[FlowRepeatInput, FlowRepeatOutput]):
    """Runs another flow, each time as a child execution, until an expression on its outputs is true or it was run often
    enough. Outputs that have the name of an input are that input of the next run. If a run fails, so does the node."""

    type = "flow.repeat"
    safe = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        return expression_problems(constants, "until")

    async def run(self, inputs: FlowRepeatInput, context: Context) -> CallFlow:
        return CallFlow(await find_flow(inputs.flowId, inputs.inputs, context), [inputs.inputs])

    async def resume(
        self, inputs: FlowRepeatInput, results: Sequence[CallResult], context: Context
    ) -> FlowRepeatOutput | CallFlow:
        outputs, times = outputs_of(results[0]), context.children_spawned
        if times >= inputs.maxTimes or await _is_enough(inputs.until, outputs):
            return FlowRepeatOutput(outputs=dict(outputs), times=times)
        found = await context.reach.find_flow(inputs.flowId)
        names = {port.name for port in flow_inputs(found.document)}
        carried = {name: value for name, value in outputs.items() if name in names}
        following = {**inputs.inputs, **carried}
        return CallFlow(await find_flow(inputs.flowId, following, context), [following])


async def _is_enough(until: str, outputs: Mapping[str, Any]) -> bool:
    with attributed("until"):
        verdict = await evaluate_once(until, outputs)
    if not isinstance(verdict, bool):
        raise NodeError("Input 'until': the expression has to give true or false.")
    return verdict
