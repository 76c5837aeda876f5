"""Nodes that behave as badly as a node can."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from engine.errors import NodeError
from engine.node import AnyNode, Context, Input, Node, Output, WaitUntil
from engine.ports import Constant
from engine.registry import Registry
from tests.engine.scripted import SCRIPTED


class HostileInput(Input):
    how: Annotated[str, Constant()]
    a: Any = None


class HostileOutput(Output):
    x: Any = None


class Mute(Exception):
    """Cannot even say what happened."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class Abrupt(BaseException):
    """Is no ordinary exception."""


class Careless(NodeError):
    """Forgets what a node error has."""

    def __init__(self) -> None:
        pass


def error_with(**attributes: Any) -> NodeError:
    error = NodeError("odd")
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


RAISED: dict[str, Callable[[], BaseException]] = {
    "a value error": lambda: ValueError("wrong"),
    "an exception without text": lambda: ValueError(),
    "an exception whose text cannot be had": Mute,
    "a recursion error": RecursionError,
    "a memory error": MemoryError,
    "a timeout of its own": TimeoutError,
    "stop iteration": StopIteration,
    "stop async iteration": StopAsyncIteration,
    "system exit": lambda: SystemExit(3),
    "keyboard interrupt": KeyboardInterrupt,
    "cancelled by nobody": asyncio.CancelledError,
    "a base exception": Abrupt,
    "a group of exceptions": lambda: ExceptionGroup("many", [ValueError("one")]),
    "a group of base exceptions": lambda: BaseExceptionGroup("many", [Abrupt()]),
    "a text with a surrogate": lambda: NodeError("\ud800 half"),
    "a text with a NUL": lambda: NodeError("a\0b"),
    "an endless text": lambda: ValueError("x" * 10_000_000),
    "a text that is none": lambda: error_with(message=7),
    "a code that is none": lambda: error_with(failure_code=["NODE"]),
    "a code of its own": lambda: NodeError("odd", code="TEAPOT"),
    "the code of a cancelled node": lambda: NodeError("odd", code="CANCELLED"),
    "an error that lacks everything": Careless,
}

GIVEN: dict[str, Any] = {
    "nothing": None,
    "a dict": {"x": 1},
    "an object": object(),
    "the model itself": HostileOutput,
    "another model": HostileInput(how="x"),
    "NaN": HostileOutput(x=[1, {"deep": float("nan")}]),
    "infinity": HostileOutput(x=float("inf")),
    "a NUL": HostileOutput(x={"a\0b": 1}),
    "a surrogate": HostileOutput(x="\udfff"),
    "a surrogate as key": HostileOutput(x={"\udfff": 1}),
    "a number of 65 bits": HostileOutput(x=2**64),
    "a small number of 65 bits": HostileOutput(x=-(2**63) - 1),
    "a key that is no text": HostileOutput(x={1: 2}),
    "bytes": HostileOutput(x=b"abc"),
    "a set": HostileOutput(x={1, 2}),
    "a function": HostileOutput(x=len),
    "a moment": HostileOutput(x=datetime.now(UTC)),
    "a complex number": HostileOutput(x=1j),
    "too much": HostileOutput(x="x" * (16 * 1024 * 1024)),
    "something that refers to a payload": HostileOutput(x={"$payload": {"id": "0"}}),
    "a wait for nothing": WaitUntil(None, HostileOutput()),  # type: ignore[arg-type]
    "a wait without an offset": WaitUntil(datetime(2030, 1, 1), HostileOutput()),
    "a wait for the end of time": WaitUntil(datetime.max.replace(tzinfo=UTC), HostileOutput()),
    "a wait with bad outputs": WaitUntil(datetime.now(UTC) + timedelta(hours=1), HostileOutput(x={1})),
    "a wait with no outputs": WaitUntil(datetime.now(UTC) + timedelta(hours=1), None),  # type: ignore[arg-type]
}


def deep(levels: int) -> Any:
    data: Any = 1
    for _ in range(levels):
        data = [data]
    return data


def misbehave(how: str) -> Any:
    if how in RAISED:
        raise RAISED[how]()
    if how == "a list in itself":
        endless: list[Any] = []
        endless.append(endless)
        return HostileOutput(x=endless)
    return HostileOutput(x=deep(5000)) if how == "too many levels" else GIVEN[how]


class HostilePure(Node[HostileInput, HostileOutput]):
    """Misbehaves at once."""

    type = "test.hostile_pure"
    pure = True

    async def run(self, inputs: HostileInput, context: Context) -> Any:
        return misbehave(inputs.how)


class HostileEffect(Node[HostileInput, HostileOutput]):
    """Misbehaves after a while."""

    type = "test.hostile_effect"

    async def run(self, inputs: HostileInput, context: Context) -> Any:
        await asyncio.sleep(0.01)
        return misbehave(inputs.how)


class SelfCancelling(Node[HostileInput, HostileOutput]):
    """Cancels the task that it runs in."""

    type = "test.self_cancelling"

    async def run(self, inputs: HostileInput, context: Context) -> HostileOutput:
        task = asyncio.current_task()
        assert task
        task.cancel()
        await asyncio.sleep(1)
        return HostileOutput()


class Stubborn(Node[HostileInput, HostileOutput]):
    """Does not let itself be cancelled for ten hours."""

    type = "test.stubborn"

    async def run(self, inputs: HostileInput, context: Context) -> HostileOutput:
        end = asyncio.get_running_loop().time() + 36_000
        while (left := end - asyncio.get_running_loop().time()) > 0:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(left)
        return HostileOutput(x="late")


class Retorting(Node[HostileInput, HostileOutput]):
    """Answers a cancel with an exception, or with outputs, as `how` says."""

    type = "test.retorting"

    async def run(self, inputs: HostileInput, context: Context) -> HostileOutput:
        try:
            await asyncio.sleep(36_000)
        except asyncio.CancelledError:
            if inputs.how == "outputs":
                return HostileOutput(x="late")
            raise RAISED[inputs.how]() from None
        return HostileOutput()


class PureWithLimit(Node[HostileInput, HostileOutput]):
    """Pure, with a time limit and a task group inside."""

    type = "test.pure_with_limit"
    pure = True

    async def run(self, inputs: HostileInput, context: Context) -> HostileOutput:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5), asyncio.TaskGroup() as tasks:
                tasks.create_task(asyncio.sleep(3600))
        return HostileOutput(x="in time")


class Chatty(Node[HostileInput, HostileOutput]):
    """Writes odd lines to its log, one of them when it has ended."""

    type = "test.chatty"

    async def run(self, inputs: HostileInput, context: Context) -> HostileOutput:
        for line in ("plain", "\ud800", "a\0b", "x" * 1_000_000, 7):
            context.log(line)  # type: ignore[arg-type]
        asyncio.get_running_loop().call_later(1, context.log, "too late")
        return HostileOutput(x=1)


HOSTILE_TYPES: tuple[type[AnyNode], ...] = (
    HostilePure, HostileEffect, SelfCancelling, Stubborn, Retorting, PureWithLimit, Chatty,
)  # fmt: skip
HOSTILE = Registry([*SCRIPTED.values(), *HOSTILE_TYPES])


def hostile(node_id: str, type_: str, how: str = "", **settings: Any) -> dict[str, Any]:
    """A hostile node for a document."""
    return {"id": node_id, "type": f"test.{type_}", "inputs": {"how": how}, **settings}
