"""text.join: makes one text of many."""

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.values import check_length


class JoinInput(Input):
    parts: list[str] = Field(description="The texts.")
    separator: str = Field(default="", description="What to put between them.")


class JoinOutput(Output):
    text: str = Field(description="All of them in one.")


class Join(Node[JoinInput, JoinOutput]):
    """Joins texts into one, with a separator between them."""

    type = "text.join"
    pure = True

    async def run(self, inputs: JoinInput, context: Context) -> JoinOutput:
        # Counted first: a few hundred thousand long separators would not fit into memory.
        length = sum(map(len, inputs.parts)) + len(inputs.separator) * max(len(inputs.parts) - 1, 0)
        check_length(length)
        return JoinOutput(text=inputs.separator.join(inputs.parts))
