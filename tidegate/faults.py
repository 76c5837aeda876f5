"""Faults that a process is to do to itself, so that a campaign can show that nothing comes of them.

`TIDEGATE_FAULTS` names them as `point:action@passing`, separated by commas: `before_effect:kill@3` kills the process
when it comes to `before_effect` for the third time. Without it nothing of this is even imported.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import asyncpg

from engine.errors import TidegateError
from storage.pool import Connection

T = TypeVar("T")


class Action(StrEnum):
    """What happens at a point."""

    KILL = "kill"
    STOP = "stop"
    CUT = "cut"
    DELAY = "delay"


class Fault(NamedTuple):
    """One action at one passing of a point, counted from 1; `seconds` is how long a delay takes."""

    point: str
    action: Action
    passing: int
    seconds: float = 0.0


class UnknownFaultPoint(TidegateError):
    """TIDEGATE_FAULTS names a point that this process does not have."""


def read_faults(text: str) -> tuple[Fault, ...]:
    """Read a plan such as `before_effect:kill@3,beat:delay=4.5@2`; raises ValueError."""
    return tuple(_read_fault(part.strip()) for part in text.split(","))


def _read_fault(text: str) -> Fault:
    point, _, rest = text.partition(":")
    what, _, passing = rest.partition("@")
    action, _, seconds = what.partition("=")
    fault = Fault(point, Action(action), int(passing or 1), float(seconds or 0))
    if not point or fault.passing < 1 or (fault.seconds > 0) is not (fault.action is Action.DELAY):
        raise ValueError(text)
    return fault


class Faults:
    """A process's plan: counts how often each point is passed, and acts when it is time.

    Each firing is a line in `log` (when, process, point, action, passing), on the disk before anything happens.
    """

    def __init__(self, plan: Sequence[Fault], log: Path | None) -> None:
        self._due = {(fault.point, fault.passing): fault for fault in plan}
        self._log = log
        self._passed: Counter[str] = Counter()
        self.points = {fault.point for fault in plan}

    def passing(self, point: str) -> Fault | None:
        """Count a passing; gives the fault that is due at it."""
        self._passed[point] += 1
        return self._due.get((point, self._passed[point]))

    async def reach(self, point: str, connection: "Connection | None" = None) -> None:
        """Pass a point at which `connection`, if there is one, is lent to this task."""
        if fault := self.passing(point):
            await self._act(fault, connection)

    def reach_at_once(self, point: str) -> None:
        """Pass a point at which nothing can be awaited: a delay holds up the whole process."""
        fault = self.passing(point)
        if fault is None:
            return
        if fault.action is Action.CUT:
            raise UnknownFaultPoint(f"There is no connection to cut at {point}.")
        self._note(fault)
        self._signal(fault)
        time.sleep(fault.seconds)

    async def reach_unanswered(self, point: str, connection: Connection, statement: Coroutine[Any, Any, T]) -> T:
        """Carry out a statement; when a fault is due, act before anybody knows the server's answer.

        A cut loses the answer: what is raised then is what asyncpg raises when a connection ends under a statement.
        """
        fault = self.passing(point)
        answer = await statement
        if fault:
            await self._act(fault, connection)
            if fault.action is Action.CUT:
                raise asyncpg.ConnectionDoesNotExistError("The connection was cut in the middle of the statement.")
        return answer

    async def _act(self, fault: Fault, connection: "Connection | None") -> None:
        self._note(fault)
        self._signal(fault)
        if fault.action is Action.CUT:
            if connection is None:
                raise UnknownFaultPoint(f"There is no connection to cut at {fault.point}.")
            connection.terminate()
        await asyncio.sleep(fault.seconds)

    @staticmethod
    def _signal(fault: Fault) -> None:
        match fault.action:
            case Action.KILL:
                os.kill(os.getpid(), signal.SIGKILL)
            case Action.STOP:
                os.kill(os.getpid(), signal.SIGSTOP)

    def _note(self, fault: Fault) -> None:
        if self._log is None:
            return
        line = f"{time.monotonic()} {os.getpid()} {fault.point} {fault.action} {fault.passing}\n"
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
