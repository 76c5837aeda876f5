"""object.keys: lists the keys of an object."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output


class KeysInput(Input):
    object: dict[str, Any] = Field(description="The object.")


class KeysOutput(Output):
    result: list[str] = Field(description="Its keys, in the order that they have.")


class Keys(Node[KeysInput, KeysOutput]):
    """Lists the keys of an object: those of {id: 7, paid: true} are id and paid."""

    type = "object.keys"
    pure = True

    async def run(self, inputs: KeysInput, context: Context) -> KeysOutput:
        return KeysOutput(result=list(inputs.object))
