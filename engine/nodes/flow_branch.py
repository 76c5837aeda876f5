"""flow.branch: goes one of two ways."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class BranchInput(Input):
    condition: bool = Field(description="Which way to go.")
    value: Any = Field(default=None, description="What to carry; without it the taken port carries true.")


class BranchOutput(Output):
    true: Any = Field(default=None, description="Resolves only when the condition is true.")
    false: Any = Field(default=None, description="Resolves only when the condition is false.")


class Branch(Node[BranchInput, BranchOutput]):
    """Takes one of two ways: only the port that the condition names resolves, and carries the value where one is
    given. Whatever hangs on the other port is skipped."""

    type = "flow.branch"
    pure = True

    async def run(self, inputs: BranchInput, context: Context) -> BranchOutput:
        carried = inputs.value if "value" in inputs.model_fields_set else True
        return BranchOutput(true=carried) if inputs.condition else BranchOutput(false=carried)
