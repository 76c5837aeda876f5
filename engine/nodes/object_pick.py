"""object.pick: keeps some keys of an object."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class PickInput(Input):
    object: dict[str, Any] = Field(description="The object.")
    keys: list[str] = Field(description="The keys to keep; those that it does not have are left out.")


class PickOutput(Output):
    result: dict[str, Any] = Field(description="An object of these keys, in the order in which they are named.")


class Pick(Node[PickInput, PickOutput]):
    """Keeps some keys of an object: id and total of an order make a small object of the two."""

    type = "object.pick"
    pure = True

    async def run(self, inputs: PickInput, context: Context) -> PickOutput:
        return PickOutput(result={key: inputs.object[key] for key in inputs.keys if key in inputs.object})
