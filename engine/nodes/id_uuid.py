"""id.uuid: makes a new id."""

import uuid

from pydantic import Field

from engine.node import Context, Input, Node, Output


class UuidInput(Input):
    pass


class UuidOutput(Output):
    result: str = Field(description="The id, 36 characters in small letters.")


class Uuid(Node[UuidInput, UuidOutput]):
    """Makes an id that no other has: a random UUID (version 4), such as 8c4f2b0e-6d1a-4c55-9a37-2f0d1c6be0a9."""

    type = "id.uuid"
    title = "Id UUID"
    safe = True

    async def run(self, inputs: UuidInput, context: Context) -> UuidOutput:
        return UuidOutput(result=str(uuid.uuid4()))
