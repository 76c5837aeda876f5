"""object.merge: makes one object of many."""

from typing import Annotated, Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Many


class ObjectMergeInput(Input):
    objects: Annotated[list[dict[str, Any]], Many()] = Field(
        description="The objects, each from an edge of its own; of equal keys the last one counts."
    )


class ObjectMergeOutput(Output):
    result: dict[str, Any] = Field(description="An object of all their keys.")


class ObjectMerge(Node[ObjectMergeInput, ObjectMergeOutput]):
    """Puts the keys of objects together, in the order of the edges: {a: 1, b: 1} and {b: 2} become {a: 1, b: 2}. What
    is inside of their values is not merged; ways that were not taken count for nothing."""

    type = "object.merge"
    pure = True

    async def run(self, inputs: ObjectMergeInput, context: Context) -> ObjectMergeOutput:
        return ObjectMergeOutput(result={key: value for each in inputs.objects for key, value in each.items()})
