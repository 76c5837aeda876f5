"""Nodes as others may write them, and should not; each with the code and the words of its failure."""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

from engine.errors import NodeError
from engine.node import AnyNode, Context, Input, Node, Output, RunsIn
from engine.nodes import BUILT_IN
from engine.registry import Registry

LONG = 60.0
HUGE = 17 * 1024 * 1024


class GuestOutput(Output):
    text: str = ""
    value: Any = None


class Other(Output):
    text: str = ""


class Silent(Exception):
    def __str__(self) -> str:
        raise ValueError


def spin(seconds: float = LONG) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def recursion(depth: int = 0) -> int:
    return recursion(depth + 1) + 1


class Guest(Node[Input, GuestOutput]):
    """Does what its subclass says."""

    async def run(self, inputs: Input, context: Context) -> GuestOutput:
        return GuestOutput(value=self.do(context))

    def do(self, context: Context) -> Any:
        raise NotImplementedError


class Sleeps(Guest):
    """Blocks in a call of the system."""

    type = "guest.sleeps"

    def do(self, context: Context) -> None:
        time.sleep(LONG)


class Spins(Guest):
    """Computes without end, in a task that it has begun, and catches all errors."""

    type = "guest.spins"

    async def run(self, inputs: Input, context: Context) -> GuestOutput:
        await asyncio.gather(self.spin(), asyncio.sleep(0.01))
        return GuestOutput()

    async def spin(self) -> None:
        while True:
            try:
                spin()
            except Exception:
                continue


class PureSpins(Guest):
    """Is pure, awaits nothing and computes without end."""

    type = "guest.pure_spins"
    pure = True

    def do(self, context: Context) -> None:
        spin()


class Huge(Guest):
    """Gives more than can be stored."""

    type = "guest.huge"

    def do(self, context: Context) -> str:
        return "x" * HUGE


class Unserializable(Guest):
    """Gives what JSON does not have."""

    type = "guest.unserializable"

    def do(self, context: Context) -> object:
        return object()


class Deep(Guest):
    """Gives lists in lists."""

    type = "guest.deep"

    def do(self, context: Context) -> Any:
        return deep(300)


class NotANumber(Guest):
    """Gives NaN."""

    type = "guest.not_a_number"

    def do(self, context: Context) -> float:
        return float("nan")


class ReturnsDict(Guest):
    """Returns a dict."""

    type = "guest.returns_dict"

    async def run(self, inputs: Input, context: Context) -> Any:
        return {"text": "x"}


class ReturnsOther(Guest):
    """Returns other outputs than it declares."""

    type = "guest.returns_other"

    async def run(self, inputs: Input, context: Context) -> Any:
        return Other(text="x")


class Constructed(Guest):
    """Makes its outputs past their checks."""

    type = "guest.constructed"

    async def run(self, inputs: Input, context: Context) -> GuestOutput:
        return GuestOutput.model_construct(text=5)


class NoText(Guest):
    """Raises an error without a text."""

    type = "guest.no_text"

    def do(self, context: Context) -> None:
        raise ValueError


class BadText(Guest):
    """Raises an error whose text cannot be had."""

    type = "guest.bad_text"

    def do(self, context: Context) -> None:
        raise Silent


class Exits(Guest):
    """Ends the process as a script does."""

    type = "guest.exits"

    def do(self, context: Context) -> None:
        sys.exit(3)


class Interrupts(Guest):
    """Raises what Ctrl-C does."""

    type = "guest.interrupts"

    def do(self, context: Context) -> None:
        raise KeyboardInterrupt


class Recurses(Guest):
    """Calls itself without end."""

    type = "guest.recurses"

    def do(self, context: Context) -> int:
        return recursion()


class Stubborn(Guest):
    """Does not let itself be cancelled."""

    type = "guest.stubborn"

    async def run(self, inputs: Input, context: Context) -> GuestOutput:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue
        return GuestOutput()


class ForgetsTasks(Guest):
    """Fails and leaves tasks behind."""

    type = "guest.forgets_tasks"

    async def run(self, inputs: Input, context: Context) -> GuestOutput:
        left = [asyncio.create_task(asyncio.sleep(LONG)) for _ in range(3)]
        await asyncio.sleep(0.01)
        raise NodeError(f"{len(left)} tasks go on.")


class Floods(Guest):
    """Logs faster than anybody reads, and fails."""

    type = "guest.floods"

    def do(self, context: Context) -> None:
        for number in range(5000):
            context.log(f"Line {number}.")
        raise NodeError("It has logged.")


class Beside(Guest):
    """Blocks as it has declared."""

    runs_in: RunsIn = "thread"

    def run(self, inputs: Input, context: Context) -> Any:
        return GuestOutput(value=self.do(context))


class ThreadSleeps(Beside):
    """Blocks in a thread for longer than it may."""

    type = "guest.thread_sleeps"

    def do(self, context: Context) -> None:
        while not context.is_cancelled():
            time.sleep(0.05)


class ThreadExits(Beside):
    """Ends its thread."""

    type = "guest.thread_exits"

    def do(self, context: Context) -> None:
        sys.exit(3)


class ThreadReturnsDict(Beside):
    """Returns a dict from a thread."""

    type = "guest.thread_returns_dict"

    def run(self, inputs: Input, context: Context) -> Any:
        return {"text": "x"}


class ProcessSpins(Beside):
    """Computes without end in a process."""

    type = "guest.process_spins"
    runs_in = "process"

    def do(self, context: Context) -> None:
        spin()


class ProcessDies(Beside):
    """Ends its process."""

    type = "guest.process_dies"
    runs_in = "process"

    def do(self, context: Context) -> None:
        os._exit(7)


class ProcessCrashes(Beside):
    """Crashes its process, as native code does."""

    type = "guest.process_crashes"
    runs_in = "process"

    def do(self, context: Context) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)


class ProcessUnserializable(Beside):
    """Gives what JSON does not have, from a process."""

    type = "guest.process_unserializable"
    runs_in = "process"

    def do(self, context: Context) -> object:
        return object()


@dataclass(frozen=True)
class Case:
    """A bad node: what its failure says, and its time limit, if it needs one."""

    node_type: type[AnyNode]
    code: str
    words: str
    timeout_ms: int | None = None


BAD = (
    Case(Sleeps, "NODE", "guest.sleeps (bad of EX"),
    Case(Spins, "NODE", "held the event loop"),
    Case(PureSpins, "NODE", "held the event loop"),
    Case(Huge, "PAYLOAD", "Output 'value': The value has 17825794 bytes"),
    Case(Unserializable, "PAYLOAD", "not JSON serializable: object"),
    Case(Deep, "PAYLOAD", "Output 'value'"),
    Case(NotANumber, "PAYLOAD", "NaN"),
    Case(ReturnsDict, "NODE", "returned dict instead of its outputs"),
    Case(ReturnsOther, "NODE", "returned Other instead of GuestOutput"),
    Case(Constructed, "NODE", "Output 'text': expected string, got number."),
    Case(NoText, "NODE", "ValueError"),
    Case(BadText, "NODE", "Silent that has no text"),
    Case(Exits, "NODE", "SystemExit: 3"),
    Case(Interrupts, "NODE", "KeyboardInterrupt"),
    Case(Recurses, "NODE", "RecursionError"),
    Case(Stubborn, "TIMEOUT", "longer than 300 ms", 300),
    Case(ForgetsTasks, "NODE", "3 tasks go on."),
    Case(Floods, "NODE", "It has logged."),
    Case(ThreadSleeps, "TIMEOUT", "longer than 300 ms", 300),
    Case(ThreadExits, "NODE", "SystemExit: 3"),
    Case(ThreadReturnsDict, "NODE", "returned dict instead of its outputs"),
    Case(ProcessSpins, "TIMEOUT", "longer than 300 ms", 300),
    Case(ProcessDies, "NODE", "The process of the node has ended (exit code 7)."),
    Case(ProcessCrashes, "NODE", "signal SIGSEGV"),
    Case(ProcessUnserializable, "PAYLOAD", "not JSON serializable: object"),
)
GUESTS = Registry(BUILT_IN.values(), [case.node_type for case in BAD])
