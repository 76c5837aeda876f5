"""Nodes that write and read streams as their documents tell them, and resolve outputs before their end."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output
from engine.ports import UNSET, Many, Stream
from engine.registry import Registry
from tests.engine.scripted import SCRIPTED, Recorder


class WriterInput(Input):
    """`steps` are done one after another.

    A step is milliseconds to wait, `{"chunk": piece}`, `{"many": pieces}`, `{"long": [count, length]}`, `{"resolve":
    value}`, `{"secret": name}`, `{"first": step}`, which only the first attempt does, or `{"fail": [message,
    attempts]}`, which so many attempts do.
    """

    steps: list[Any] = Field(default_factory=list)
    a: Any = None


class WriterOutput(Output):
    stream: Stream = UNSET
    second: Stream = UNSET
    early: Any = None
    done: bool = True


class Writer(Node[WriterInput, WriterOutput]):
    """Writes a stream."""

    type = "test.writer"

    async def run(self, inputs: WriterInput, context: Context) -> WriterOutput:
        recorder = context.integration if isinstance(context.integration, Recorder) else Recorder()
        recorder.begin(context, not self.safe)
        try:
            for step in inputs.steps:
                await _do(step, context)
        finally:
            recorder.end(context)
        return WriterOutput(done=True)


class SafeWriter(Writer):
    """Writes a stream, and may do so again."""

    type = "test.safe_writer"
    safe = True


def long_piece(number: int, length: int) -> str:
    """The pieces of a long stream."""
    return str(number % 10) * length


async def _do(step: Any, context: Context) -> None:
    match step:
        case int():
            await asyncio.sleep(step / 1000)
        case {"chunk": piece}:
            await context.chunk("stream", piece)
        case {"second": piece}:
            await context.chunk("second", piece)
        case {"many": pieces}:
            for piece in pieces:
                await context.chunk("stream", piece)
        case {"long": [count, length]}:
            for number in range(count):
                await context.chunk("stream", long_piece(number, length))
        case {"resolve": value}:
            await context.resolve("early", value)
        case {"first": first}:
            if context.attempt == 1:
                await _do(first, context)
        case {"secret": name}:
            await context.secret(name)
        case {"fail": [message, attempts]} if context.attempt <= attempts:
            raise NodeError(message, retryable=True)


class ReaderInput(Input):
    stream: Stream
    others: Annotated[list[Stream], Many()] = Field(default_factory=list)
    most: int = 1_000_000
    lasts: int = 0


class ReaderOutput(Output):
    pieces: list[Any]
    others: list[Any]


class Reader(Node[ReaderInput, ReaderOutput]):
    """Reads a stream, at most so many pieces of it; an effect."""

    type = "test.reader"

    async def run(self, inputs: ReaderInput, context: Context) -> ReaderOutput:
        recorder = context.integration if isinstance(context.integration, Recorder) else Recorder()
        recorder.begin(context, not self.safe)
        pieces: list[Any] = []
        others: list[Any] = []
        try:
            while len(pieces) < inputs.most:
                pieces.append(await anext(inputs.stream))
                recorder.read(context, pieces[-1])
        except StopAsyncIteration:
            others = [[piece async for piece in other] for other in inputs.others]
        finally:
            recorder.end(context)
        await asyncio.sleep(inputs.lasts / 1000)
        return ReaderOutput(pieces=pieces, others=others)


class SafeReader(Reader):
    """Reads a stream, and may do so again."""

    type = "test.safe_reader"
    safe = True


STREAMING = Registry([Writer, SafeWriter, Reader, SafeReader, *SCRIPTED.values()])


def writer(node_id: str, *steps: Any, type_: str = "test.writer", **settings: Any) -> Mapping[str, Any]:
    """A node that does these steps."""
    return {"id": node_id, "type": type_, "inputs": {"steps": list(steps)}, **settings}


def reader(node_id: str, type_: str = "test.reader", /, most: int = 1_000_000, lasts: int = 0, **settings: Any) -> Any:
    """A node that reads a stream."""
    return {"id": node_id, "type": type_, "inputs": {"most": most, "lasts": lasts}, **settings}
