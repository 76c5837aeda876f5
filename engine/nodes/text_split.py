"""text.split: takes a text apart."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class SplitInput(Input):
    text: str = Field(description="The text.")
    separator: str = Field(min_length=1, description="What stands between its parts.")


class SplitOutput(Output):
    parts: list[str] = Field(description="The parts, without the separators.")


class Split(Node[SplitInput, SplitOutput]):
    """Takes a text apart wherever the separator stands; a text without one is a single part."""

    type = "text.split"
    pure = True

    async def run(self, inputs: SplitInput, context: Context) -> SplitOutput:
        return SplitOutput(parts=inputs.text.split(inputs.separator))
