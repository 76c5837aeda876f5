"""enum.parse: takes a text for one of several options."""

from typing import Annotated

from pydantic import Field

from engine.errors import InputError
from engine.node import Context, Input, Node, Output
from engine.ports import Kind, PortKind
from engine.spelling import SHOWN, did_you_mean


class EnumParseInput(Input):
    text: str = Field(description="The text.")
    options: list[str] = Field(min_length=1, description="The texts that it may be.")


class EnumParseOutput(Output):
    result: Annotated[str, Kind(PortKind.ENUM)] = Field(description="The text, for inputs of kind enum.")


class EnumParse(Node[EnumParseInput, EnumParseOutput]):
    """Makes an enum of a text that is one of the options, letter by letter: with low and high as options, high is one
    and High fails. Its result fits inputs such as operation of math.arithmetic."""

    type = "enum.parse"
    pure = True

    async def run(self, inputs: EnumParseInput, context: Context) -> EnumParseOutput:
        if inputs.text not in inputs.options:
            hint = did_you_mean(inputs.text, inputs.options)
            raise InputError(f"Input 'text': {inputs.text[:SHOWN]!r} is none of the options.{hint}")
        return EnumParseOutput(result=inputs.text)
