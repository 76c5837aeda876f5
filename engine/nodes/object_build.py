"""object.build: makes an object of expressions."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from engine.attribution import attributed
from engine.evaluation import evaluate_entries, expression_problems
from engine.node import Context, Input, Node, Output
from engine.ports import Constant


class BuildInput(Input):
    entries: Annotated[dict[str, str], Constant()] = Field(
        description="A CEL expression for each key of the object; a text is in quotes of its own, as in 'paid'."
    )
    values: dict[str, Any] = Field(
        default_factory=dict, description="What the expressions see: each key of this object under its own name."
    )


class BuildOutput(Output):
    result: dict[str, Any] = Field(description="The object, its keys in the order of the entries.")


class Build(Node[BuildInput, BuildOutput]):
    """Makes an object, each key of which is the result of an expression: total as price * qty, and big as qty > 10."""

    type = "object.build"
    pure = True

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        entries = constants.get("entries")
        for key, text in entries.items() if isinstance(entries, dict) else ():
            for problem in expression_problems({key: text}, key).values():
                return {"entries": f"{key}: {problem}"}
        return {}

    async def run(self, inputs: BuildInput, context: Context) -> BuildOutput:
        with attributed("entries"):
            return BuildOutput(result=await evaluate_entries(inputs.entries, inputs.values))
