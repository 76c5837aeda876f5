"""text.trim: takes white space off the ends of a text."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class TrimInput(Input):
    text: str = Field(description="The text.")


class TrimOutput(Output):
    text: str = Field(description="The text without white space at its beginning and end.")


class Trim(Node[TrimInput, TrimOutput]):
    """Takes spaces, tabs and line breaks off both ends of a text; what is between words stays."""

    type = "text.trim"
    pure = True

    async def run(self, inputs: TrimInput, context: Context) -> TrimOutput:
        return TrimOutput(text=inputs.text.strip())
