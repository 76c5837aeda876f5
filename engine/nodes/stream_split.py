"""stream.split: makes a stream of an array."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import UNSET, Stream


class StreamSplitInput(Input):
    array: list[Any] = Field(description="The array.")


class StreamSplitOutput(Output):
    stream: Stream = Field(UNSET, description="Its items, one after another.")


class StreamSplit(Node[StreamSplitInput, StreamSplitOutput]):
    """Makes a stream of an array: each item is a piece."""

    type = "stream.split"
    title = "Split into a stream"
    pure = True

    async def run(self, inputs: StreamSplitInput, context: Context) -> StreamSplitOutput:
        for item in inputs.array:
            await context.chunk("stream", item)
        return StreamSplitOutput()
