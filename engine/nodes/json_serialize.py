"""json.serialize: writes JSON."""

import json
from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.writing import collected


class JsonSerializeInput(Input):
    value: Any = Field(description="What to write.")
    indent: int = Field(
        default=0, ge=0, le=10, description="How many spaces to indent each level by; 0 writes a single line."
    )


class JsonSerializeOutput(Output):
    text: str = Field(description="The JSON text.")


class JsonSerialize(Node[JsonSerializeInput, JsonSerializeOutput]):
    """Writes a value as JSON, keys in the order that they have; without an indent on one line without spaces."""

    type = "json.serialize"
    title = "JSON serialize"
    pure = True

    async def run(self, inputs: JsonSerializeInput, context: Context) -> JsonSerializeOutput:
        separators = (",", ": ") if inputs.indent else (",", ":")
        encoder = json.JSONEncoder(
            indent=inputs.indent or None, separators=separators, ensure_ascii=False, allow_nan=False
        )
        if not inputs.indent:
            return JsonSerializeOutput(text=encoder.encode(inputs.value))
        return JsonSerializeOutput(text=await collected(encoder.iterencode(inputs.value)))
