"""flow.fail: fails on purpose."""

from typing import Literal

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output


class FailInput(Input):
    message: str = Field(min_length=1, description="What went wrong; the error of the node says it.")
    code: Literal["NODE", "INPUT", "PAYLOAD", "TIMEOUT", "TRANSFER"] = Field(
        default="NODE", description="The error code, which the `retry` of a node can name."
    )


class FailOutput(Output):
    pass


class Fail(Node[FailInput, FailOutput]):
    """Fails with a message, and so ends the flow unless the failure is handled. Put it where a flow must not come, such
    as behind the port false of flow.branch that checks an order."""

    type = "flow.fail"
    pure = True

    async def run(self, inputs: FailInput, context: Context) -> FailOutput:
        raise NodeError(inputs.message, code=inputs.code)
