"""A node type as its author has it in a module of their own."""

import os

from tidegate import Context, Input, Node, Output, RunsIn


class WhereOutput(Output):
    process: int


class Where(Node[Input, WhereOutput]):
    """Says which process it runs in."""

    type = "own.where"
    runs_in: RunsIn = "process"

    def run(self, inputs: Input, context: Context) -> WhereOutput:
        return WhereOutput(process=os.getpid())
