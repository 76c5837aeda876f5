"""stream.buffer: makes an array of a stream."""

from typing import Any

from pydantic import Field

from engine.node import Context, Input, Node, Output
from engine.ports import Stream


class StreamBufferInput(Input):
    stream: Stream = Field(description="The stream.")


class StreamBufferOutput(Output):
    array: list[Any] = Field(description="All of its pieces, in order.")


class StreamBuffer(Node[StreamBufferInput, StreamBufferOutput]):
    """Makes an array of a stream, when that has ended; fails if the node that writes it does."""

    type = "stream.buffer"
    title = "Buffer a stream"
    pure = True

    async def run(self, inputs: StreamBufferInput, context: Context) -> StreamBufferOutput:
        return StreamBufferOutput(array=[piece async for piece in inputs.stream])
