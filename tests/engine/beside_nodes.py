"""Nodes that run in threads and in processes; the processes import this file."""

import asyncio
import os
import threading
import time
from typing import Any

from engine.node import Context, Input, Node, Output, RunsIn
from engine.ports import UNSET, Stream

GATE = threading.Event()


class BesideInput(Input):
    token: str = ""


class BesideOutput(Output):
    said: Any
    early: str = ""
    stream: Stream = UNSET


def use_all(inputs: BesideInput, context: Context) -> BesideOutput:
    token = context.wait(context.secret("shop"))
    context.log(f"With {token}.")
    context.wait(context.resolve("early", token))
    context.wait(context.chunk("stream", token))
    child = context.emit("used", {"with": token})
    return BesideOutput(said=[token, child, context.now().year, context.inputs["item"], context.attempt])


class UsesThread(Node[BesideInput, BesideOutput]):
    """Uses all that its context has."""

    type = "beside.uses_thread"
    runs_in: RunsIn = "thread"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        return use_all(inputs, context)


class UsesProcess(Node[BesideInput, BesideOutput]):
    """Uses all that its context has."""

    type = "beside.uses_process"
    runs_in: RunsIn = "process"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        return use_all(inputs, context)


class Which(Node[BesideInput, BesideOutput]):
    """Says which process it is in."""

    type = "beside.which"
    runs_in: RunsIn = "process"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        context.log("running")
        if inputs.token == "stays":
            time.sleep(60)
        if inputs.token == "forgets":
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        return BesideOutput(said=os.getpid())


class Stays(Node[BesideInput, BesideOutput]):
    """Waits in its thread, where nothing can reach it, until the gate opens."""

    type = "beside.stays"
    runs_in: RunsIn = "thread"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        context.log("running")
        GATE.wait(60)
        return BesideOutput(said=context.is_cancelled())


class Awaits(Node[BesideInput, BesideOutput]):
    """Waits in its thread for something on the loop that does not come."""

    type = "beside.awaits"
    runs_in: RunsIn = "thread"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        context.log("running")
        return BesideOutput(said=context.wait(asyncio.Event().wait()))


class Loops(Node[BesideInput, BesideOutput]):
    """Computes in its thread without end, and catches all errors."""

    type = "beside.loops"
    runs_in: RunsIn = "thread"

    def run(self, inputs: BesideInput, context: Context) -> BesideOutput:
        context.log("running")
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue
