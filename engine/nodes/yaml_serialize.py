"""yaml.serialize: writes YAML."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.writing import collected
from engine.yaml_text import yaml_pieces


class YamlSerializeInput(Input):
    value: Any = Field(description="What to write.")
    indent: int = Field(default=2, ge=2, le=10, description="How many spaces to indent each level by.")


class YamlSerializeOutput(Output):
    text: str = Field(description="The YAML text.")


class YamlSerialize(Node[YamlSerializeInput, YamlSerializeOutput]):
    """Writes a value as YAML 1.2, a line for each part and keys in the order that they have. Texts are in quotes where
    some reader could take them for anything else, such as "no" or "1.5"."""

    type = "yaml.serialize"
    title = "YAML serialize"
    pure = True

    async def run(self, inputs: YamlSerializeInput, context: Context) -> YamlSerializeOutput:
        return YamlSerializeOutput(text=await collected(yaml_pieces(inputs.value, inputs.indent)))
