"""event.is_root: tells a root execution from a child."""

from pydantic import Field

from engine.node import Context, Input, Node, Output


class IsRootInput(Input):
    pass


class IsRootOutput(Output):
    result: bool = Field(description="Whether no other execution spawned this one.")


class IsRoot(Node[IsRootInput, IsRootOutput]):
    """Tells whether the execution is a root, or the child of another one."""

    type = "event.is_root"
    pure = True

    async def run(self, inputs: IsRootInput, context: Context) -> IsRootOutput:
        return IsRootOutput(result=context.depth == 0)
