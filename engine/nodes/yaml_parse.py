"""yaml.parse: reads YAML."""

from typing import Any

from pydantic import Field

from engine.attribution import attributed
from engine.confinement import confined
from engine.node import Context, Input, Node, Output
from engine.yaml_text import parse_yaml

QUICK_LENGTH = 8 * 1024


class YamlParseInput(Input):
    text: str = Field(description="The YAML text, of at most 4 MiB; reading it may take ten seconds.")


class YamlParseOutput(Output):
    value: Any = Field(description="What it says.")


class YamlParse(Node[YamlParseInput, YamlParseOutput]):
    """Reads a YAML text by the core schema of YAML 1.2: yes is a text there, and only true is true. It fails on aliases
    and tags, on keys that are no texts or are there twice, and on numbers that cannot be kept."""

    type = "yaml.parse"
    title = "YAML parse"
    pure = True

    async def run(self, inputs: YamlParseInput, context: Context) -> YamlParseOutput:
        with attributed("text"):
            if len(inputs.text) <= QUICK_LENGTH:
                return YamlParseOutput(value=parse_yaml(inputs.text))
            return YamlParseOutput(value=await confined("parse_yaml", text=inputs.text))
