"""object.values: lists the values of an object."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class ValuesInput(Input):
    object: dict[str, Any] = Field(description="The object.")


class ValuesOutput(Output):
    result: list[Any] = Field(description="What it has under its keys, in their order.")


class Values(Node[ValuesInput, ValuesOutput]):
    """Lists what an object has under its keys: the values of {id: 7, paid: true} are 7 and true."""

    type = "object.values"
    pure = True

    async def run(self, inputs: ValuesInput, context: Context) -> ValuesOutput:
        return ValuesOutput(result=list(inputs.object.values()))
