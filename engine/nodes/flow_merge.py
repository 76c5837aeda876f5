"""flow.merge: goes on with whichever way arrives first."""

from typing import Any

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output
from engine.status import JoinMode


class MergeInput(Input):
    a: Any = Field(default=None, description="One way.")
    b: Any = Field(default=None, description="Another way.")
    c: Any = Field(default=None, description="A third way.")
    d: Any = Field(default=None, description="A fourth way.")


class MergeOutput(Output):
    value: Any = Field(description="The value that arrived first.")


class Merge(Node[MergeInput, MergeOutput]):
    """Brings several ways together: runs as soon as one of its inputs arrives and carries that value; the others are
    not awaited. It is skipped only when none can arrive any more."""

    type = "flow.merge"
    pure = True
    join = JoinMode.ANY

    async def run(self, inputs: MergeInput, context: Context) -> MergeOutput:
        arrived = [name for name in MergeInput.model_fields if name in inputs.model_fields_set]
        if not arrived:
            raise InputError("None of the inputs 'a', 'b', 'c' and 'd' has a value.")
        return MergeOutput(value=getattr(inputs, arrived[0]))
