"""text.replace: puts one text in the place of another."""

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.values import check_length


class ReplaceInput(Input):
    text: str = Field(description="The text.")
    search: str = Field(min_length=1, description="What to look for, letter by letter; upper and lower case differ.")
    replacement: str = Field(description="What to put in its place; an empty text takes it out.")


class ReplaceOutput(Output):
    text: str = Field(description="The text with every occurrence replaced.")


class Replace(Node[ReplaceInput, ReplaceOutput]):
    """Replaces every occurrence of a text by another: in 2 + 2 = 4, 2 by two gives two + two = 4. For patterns there is
    text.regex."""

    type = "text.replace"
    pure = True

    async def run(self, inputs: ReplaceInput, context: Context) -> ReplaceOutput:
        # Counted first: millions of long replacements would not fit into memory.
        growth = len(inputs.replacement) - len(inputs.search)
        check_length(len(inputs.text) + growth * inputs.text.count(inputs.search))
        return ReplaceOutput(text=inputs.text.replace(inputs.search, inputs.replacement))
