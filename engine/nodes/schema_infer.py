"""schema.infer: describes a value by a JSON Schema."""

from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.confinement import confined
from engine.node import Context, Input, Node, Output
from engine.schema_inference import infer_schema
from engine.values import INLINE_LIMIT, encode


class InferInput(Input):
    value: Any = Field(description="An example of what is to be described.")


class InferOutput(Output):
    schema_: dict[str, Any] = Field(
        alias="schema",
        description="The schema, in draft 2020-12: types, properties and items; required is what all objects at a "
        "place have.",
    )


class Infer(Node[InferInput, InferOutput]):
    """Makes a JSON Schema of an example, which fits it: {id: 7} gives an object with the required integer id. All items
    of an array share one schema."""

    type = "schema.infer"
    pure = True

    async def run(self, inputs: InferInput, context: Context) -> InferOutput:
        with attributed("value"):
            return InferOutput(schema_=await _inferred(inputs.value))


async def _inferred(value: Any) -> dict[str, Any]:
    if len(encode(value)) <= INLINE_LIMIT:
        return infer_schema(value)
    schema: dict[str, Any] = await confined("infer_schema", value=value)
    return schema
