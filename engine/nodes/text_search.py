"""text.search: finds a text in another."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class SearchInput(Input):
    text: str = Field(description="The text to look in.")
    search: str = Field(min_length=1, description="What to look for, letter by letter; upper and lower case differ.")


class SearchOutput(Output):
    result: bool = Field(description="Whether it occurs.")
    index: int = Field(
        default=-1, description="How many characters are before the first occurrence; resolves only where there is one."
    )


class Search(Node[SearchInput, SearchOutput]):
    """Tells whether a text occurs in another, and where first: total is in order total, at 6."""

    type = "text.search"
    pure = True

    async def run(self, inputs: SearchInput, context: Context) -> SearchOutput:
        index = inputs.text.find(inputs.search)
        return SearchOutput(result=True, index=index) if index >= 0 else SearchOutput(result=False)
