"""What the nodes that run other flows share: finding the flow, and fitting values to its inputs."""

from collections.abc import Mapping
from typing import Any

from engine.errors import InputError, NodeError
from engine.interface import check_inputs, flow_inputs
from engine.node import CallResult, Context
from engine.reach import FoundFlow
from engine.records import ExecutionError


async def find_flow(flow_id: str, inputs: Mapping[str, Any], context: Context) -> FoundFlow:
    """The flow to call; raises `InputError` where there is none, or where it does not take these inputs."""
    found = await context.reach.find_flow(flow_id)
    for name, message in check_inputs(found.document, inputs):
        raise InputError(f"Input 'inputs.{name}': {message}")
    return found


def item_inputs(found: FoundFlow, item: Any, index: int) -> dict[str, Any]:
    """The inputs of a run for one item: `item` and `index` where the flow has those, else its only input is the item.

    Raises `InputError` where it takes the item nowhere, or does not take this one.
    """
    names = [port.name for port in flow_inputs(found.document)]
    inputs = {name: given for name, given in (("item", item), ("index", index)) if name in names}
    if "item" not in names:
        if len(names) != 1:
            raise InputError("Input 'flowId': the flow needs an input 'item', or exactly one input.")
        inputs = {names[0]: item}
    for name, message in check_inputs(found.document, inputs):
        raise InputError(f"Input 'items.{index}': the flow's input {name!r}: {message}")
    return inputs


def outputs_of(result: CallResult) -> Mapping[str, Any]:
    """The outputs of a run; raises `NodeError` with what it failed of."""
    if result.outputs is None:
        error = result.error or ExecutionError.model_validate({"code": "NODE", "message": "It has no outputs."})
        raise NodeError(
            f"The execution {result.execution_id} failed: {error.message}", retryable=error.retryable, code=error.code
        )
    return result.outputs
