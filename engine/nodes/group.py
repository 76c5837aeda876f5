"""group: holds other nodes together."""

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output


class GroupInput(Input):
    pass


class GroupOutput(Output):
    pass


class Group(Node[GroupInput, GroupOutput]):
    """Holds the nodes that name it as their parent: they start after it, are skipped with it, and it completes when all
    of them have ended. It fails if one of them failed and nothing handled that."""

    type = "group"
    category = "flow"
    pure = True
    engine_run = True

    async def run(self, inputs: GroupInput, context: Context) -> GroupOutput:
        raise NodeError("A group has no work of its own: it ends when its members have.")
