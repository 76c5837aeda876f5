"""Nodes that write and read streams as their documents tell them, and resolve outputs before their end."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from engine.errors import NodeError
from engine.node import Context, Input, Node, Output, WaitUntil
from engine.ports import UNSET, Many, Stream
from engine.registry import Registry
from engine.secret_reference import reference
from tests.engine.scripted import (
    SCRIPTED,
    Script,
    ScriptInput,
    ScriptOutput,
    conclude,
    given_to,
    outputs_of,
    recorder,
)  # fmt: skip


class WriterInput(Input):
    """`steps` are done one after another.

    A step is milliseconds to wait, `{"chunk": piece}`, `{"many": pieces}`, `{"long": [count, length]}`, `{"resolve":
    value}`, `{"secret": name}`, `{"refer": name}`, `{"first": step}`, which only the first attempt does, or `{"fail":
    [message, attempts]}`, which so many attempts do.
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
        recorder(context).begin(context, not self.safe)
        try:
            for step in inputs.steps:
                await _do(step, context)
        finally:
            recorder(context).end(context)
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
        case {"refer": name}:
            await context.chunk("stream", {"key": reference(name)})
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
        recorder(context).begin(context, not self.safe)
        pieces: list[Any] = []
        others: list[Any] = []
        try:
            while len(pieces) < inputs.most:
                pieces.append(await anext(inputs.stream))
                recorder(context).read(context, pieces[-1])
        except StopAsyncIteration:
            others = [[piece async for piece in other] for other in inputs.others]
        finally:
            recorder(context).end(context)
        await asyncio.sleep(inputs.lasts / 1000)
        return ReaderOutput(pieces=pieces, others=others)


class SafeReader(Reader):
    """Reads a stream, and may do so again."""

    type = "test.safe_reader"
    safe = True


class FlowingInput(ScriptInput):
    s: Stream = UNSET


class FlowingOutput(ScriptOutput):
    stream: Stream = UNSET


class Flowing(Node[FlowingInput, FlowingOutput]):
    """An effect that reads a stream to its end, if it is given one, and then does what its script says."""

    type = "test.flowing"

    async def run(self, inputs: FlowingInput, context: Context) -> ScriptOutput | WaitUntil:
        script, given = Script(**inputs.does), given_to(inputs)
        recorder(context).begin(context, not self.safe)
        try:
            if inputs.s:
                given["s"] = [piece async for piece in inputs.s]
            await _follow(script, outputs_of(context.node_id, script, given), context)
        finally:
            recorder(context).end(context)
        return flowing_outputs(conclude(script, given, context))


def flowing_outputs(outcome: ScriptOutput | WaitUntil) -> Any:
    """The outputs as those of a node that has a stream."""
    if isinstance(outcome, WaitUntil):
        return WaitUntil(outcome.until, flowing_outputs(outcome.outputs))
    return FlowingOutput(**{name: getattr(outcome, name) for name in outcome.model_fields_set})


async def _follow(script: Script, outputs: Mapping[str, Any], context: Context) -> None:
    moments = [*((after, port) for port, after in script.early.items()), *((after, None) for after in script.writes)]
    passed = written = 0
    for after, port in sorted(moments, key=lambda moment: moment[0]):
        await asyncio.sleep((after - passed) / 1000)
        passed = after
        if port is None:
            await context.chunk("stream", piece_of(context.node_id, written))
            written += 1
        else:
            await context.resolve(port, outputs[port])
    await asyncio.sleep((script.lasts - passed) / 1000)


def piece_of(node_id: str, number: int) -> Any:
    """The pieces that a node writes."""
    return [node_id, number]


class SafeFlowing(Flowing):
    """The same, and harmless to repeat."""

    type = "test.safe_flowing"
    safe = True


STREAMING = Registry([Flowing, SafeFlowing, Writer, SafeWriter, Reader, SafeReader, *SCRIPTED.values()])


def writer(node_id: str, *steps: Any, type_: str = "test.writer", **settings: Any) -> Mapping[str, Any]:
    """A node that does these steps."""
    return {"id": node_id, "type": type_, "inputs": {"steps": list(steps)}, **settings}


def reader(node_id: str, type_: str = "test.reader", /, most: int = 1_000_000, lasts: int = 0, **settings: Any) -> Any:
    """A node that reads a stream."""
    return {"id": node_id, "type": type_, "inputs": {"most": most, "lasts": lasts}, **settings}
