"""json.parse: reads JSON."""

from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.json_text import parse_json
from engine.node import Context, Input, Node, Output


class JsonParseInput(Input):
    text: str = Field(description="The JSON text.")


class JsonParseOutput(Output):
    value: Any = Field(description="What it says.")


class JsonParse(Node[JsonParseInput, JsonParseOutput]):
    """Reads a JSON text. It fails on NaN and infinities, on integers beyond 64 bits and on an object that has a key
    twice, rather than to change what was written."""

    type = "json.parse"
    title = "JSON parse"
    pure = True

    async def run(self, inputs: JsonParseInput, context: Context) -> JsonParseOutput:
        with attributed("text"):
            return JsonParseOutput(value=parse_json(inputs.text))
