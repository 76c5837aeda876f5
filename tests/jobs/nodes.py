"""Node types for tests: their effects are lines in a file, which outlives every process and is read by the test."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from engine.node import Context, Input, Node, Output
from engine.nodes import BUILT_IN
from engine.ports import UNSET, Stream
from engine.registry import Registry

LOOK_SECONDS = 0.005


class WitnessInput(Input):
    notes: str
    gate: str | None = None
    value: Any = None


class WitnessOutput(Output):
    value: Any = None


class Witness(Node[WitnessInput, WitnessOutput]):
    """An effect: writes down that it began, waits until the gate (a file) is there, and writes down that it ended."""

    type = "test.witness"

    async def run(self, inputs: WitnessInput, context: Context) -> WitnessOutput:
        notes = Notes(Path(inputs.notes))
        notes.write("began", context)
        try:
            while inputs.gate and not Path(inputs.gate).exists():
                await asyncio.sleep(LOOK_SECONDS)
        except asyncio.CancelledError:
            notes.write("cancelled", context)
            raise
        notes.write("ended", context)
        return WitnessOutput(value=inputs.value)


class Stubborn(Node[WitnessInput, WitnessOutput]):
    """Does not let itself be cancelled before the gate is there."""

    type = "test.stubborn"

    async def run(self, inputs: WitnessInput, context: Context) -> WitnessOutput:
        notes = Notes(Path(inputs.notes))
        notes.write("began", context)
        while not Path(str(inputs.gate)).exists():
            try:
                await asyncio.sleep(LOOK_SECONDS)
            except asyncio.CancelledError:
                notes.write("cancelled", context)
        return WitnessOutput()


class ScribeInput(Input):
    notes: str
    pieces: int = 6
    size: int = 1
    gate: str


class ScribeOutput(Output):
    stream: Stream = UNSET


class Scribe(Node[ScribeInput, ScribeOutput]):
    """Writes half of its pieces, waits for the gate, and writes the others."""

    type = "test.scribe"

    async def run(self, inputs: ScribeInput, context: Context) -> ScribeOutput:
        Notes(Path(inputs.notes)).write("began", context)
        for number in range(inputs.pieces):
            while number * 2 == inputs.pieces and not Path(inputs.gate).exists():
                await asyncio.sleep(LOOK_SECONDS)
            await context.chunk("stream", piece(number, inputs.size))
        return ScribeOutput()


def piece(number: int, size: int) -> str:
    """What a scribe writes."""
    return str(number) * size


class ListenerInput(WitnessInput):
    stream: Stream


class ListenerOutput(Output):
    pieces: list[str]


class Listener(Node[ListenerInput, ListenerOutput]):
    """An effect: reads a stream, writes down that it has, and waits for the gate."""

    type = "test.listener"

    async def run(self, inputs: ListenerInput, context: Context) -> ListenerOutput:
        pieces = [each async for each in inputs.stream]
        Notes(Path(inputs.notes)).write("read", context)
        while inputs.gate and not Path(inputs.gate).exists():
            await asyncio.sleep(LOOK_SECONDS)
        return ListenerOutput(pieces=pieces)


class BlockInput(Input):
    notes: str
    gate: str


class Block(Node[BlockInput, WitnessOutput]):
    """Holds up the whole event loop until the gate is there, at the first attempt."""

    type = "test.block"

    async def run(self, inputs: BlockInput, context: Context) -> WitnessOutput:
        Notes(Path(inputs.notes)).write("began", context)
        while context.attempt == 1 and not Path(inputs.gate).exists():
            time.sleep(LOOK_SECONDS)  # noqa: ASYNC251
        return WitnessOutput()


class DeadlyInput(Input):
    notes: str
    way: str = "kill"
    attempts: int = 1000


class Deadly(Node[DeadlyInput, WitnessOutput]):
    """Takes its process down at its first attempts."""

    type = "test.deadly"

    async def run(self, inputs: DeadlyInput, context: Context) -> WitnessOutput:
        Notes(Path(inputs.notes)).write("began", context)
        if context.attempt <= inputs.attempts:
            WAYS_TO_DIE[inputs.way]()
        Notes(Path(inputs.notes)).write("ended", context)
        return WitnessOutput(value=context.attempt)


class DeadlyAndPure(Deadly):
    """Does so before anything of it is written, if it is let."""

    type = "test.deadly_and_pure"
    pure = True


def _hang() -> None:
    while True:
        time.sleep(60)


def _hang_in_native_code(library: type[ctypes.CDLL]) -> None:
    sleep = library(None).sleep
    while True:
        sleep(60)


WAYS_TO_DIE: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(7),
    "exit as if all were well": lambda: os._exit(0),
    "hang": _hang,
    "hang outside of Python": partial(_hang_in_native_code, ctypes.CDLL),
    "hang and let no thread run": partial(_hang_in_native_code, ctypes.PyDLL),
}


class GivingUp(Node[Input, WitnessOutput]):
    """Ends as if somebody had cancelled it, as a library does that awaits a task which was cancelled."""

    type = "test.giving_up"

    async def run(self, inputs: Input, context: Context) -> WitnessOutput:
        raise asyncio.CancelledError


class Crooked(Node[Input, WitnessOutput]):
    """Gives what looks like JSON to the encoder and is none."""

    type = "test.crooked"

    async def run(self, inputs: Input, context: Context) -> WitnessOutput:
        return WitnessOutput(value=orjson.Fragment(b"crooked"))


class Surrogate(Node[Input, WitnessOutput]):
    """Fails with a message that no text file can hold."""

    type = "test.surrogate"

    async def run(self, inputs: Input, context: Context) -> WitnessOutput:
        raise ValueError("\ud800 and \x00")


class Exiting(Node[Input, WitnessOutput]):
    """Tries to end the process, as a script does."""

    type = "test.exiting"

    async def run(self, inputs: Input, context: Context) -> WitnessOutput:
        sys.exit(1)


class Nul(Node[Input, WitnessOutput]):
    """Gives a text that cannot be stored."""

    type = "test.nul"

    async def run(self, inputs: Input, context: Context) -> WitnessOutput:
        return WitnessOutput(value="\x00")


class Notes:
    """The file that effects are written down in; a line is one `write`, so that processes do not mix theirs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, what: str, context: Context) -> None:
        """Note what happened to an attempt, and when by the clock that all processes of the machine share."""
        line = f"{what} {context.idempotency_key} {context.attempt} {os.getpid()} {time.monotonic()}\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def read(self, what: str) -> list[list[str]]:
        """The lines of one kind: key, attempt, process, time."""
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [line.split()[1:] for line in lines if line.startswith(f"{what} ")]

    def count(self, what: str) -> Counter[str]:
        """How often something happened, by idempotency key."""
        return Counter(line[0] for line in self.read(what))

    def nodes(self, what: str) -> list[str]:
        """The nodes that something happened to, in order."""
        return [line[0].rpartition(":")[2] for line in self.read(what)]


OWN = (Witness, Scribe, Listener, Stubborn, Block, Deadly, DeadlyAndPure, GivingUp, Crooked, Surrogate, Exiting, Nul)
REGISTRY = Registry([*BUILT_IN.values(), *OWN])
"""The built-in node types and those of the tests."""
