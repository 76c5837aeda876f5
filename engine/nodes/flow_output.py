"""flow.output: gives a value to whoever ran the flow."""

from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Constant


class FlowOutputInput(Input):
    name: Annotated[str, Constant(), Field(min_length=1, description="The output's name; unique in the flow.")]
    value: Any = Field(description="What the execution gives under this name.")


class FlowOutputOutput(Output):
    value: Any = Field(description="The same value.")


class FlowOutput(Node[FlowOutputInput, FlowOutputOutput]):
    """Makes the value an output of the execution, under this name."""

    type = "flow.output"
    pure = True

    async def run(self, inputs: FlowOutputInput, context: Context) -> FlowOutputOutput:
        return FlowOutputOutput(value=inputs.value)
