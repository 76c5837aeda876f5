"""text.length: counts the characters of a text."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class TextLengthInput(Input):
    text: str = Field(description="The text.")


class TextLengthOutput(Output):
    result: int = Field(description="How many characters it has, counted as Unicode code points.")


class TextLength(Node[TextLengthInput, TextLengthOutput]):
    """Counts the characters of a text, as Unicode code points."""

    type = "text.length"
    pure = True

    async def run(self, inputs: TextLengthInput, context: Context) -> TextLengthOutput:
        return TextLengthOutput(result=len(inputs.text))
