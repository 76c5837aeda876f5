"""Runs nodes in processes, so many at once: one at a time in each, which is ended with a node that nobody waits for."""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from engine.attempt import Outcome, node_error
from engine.carried import pack_error, unpack_error, unpack_outcome
from engine.errors import NodeError
from engine.frames import Message, framed, read_frame
from engine.node import AnyNode, Context

CLOSE_SECONDS = 1.0
STDERR = 2
"""Where a node's prints go; the worker's standard output is not for them."""

MAIN = (
    "import json, os, sys; os.nice(10); sys.path[:] = json.loads(sys.argv[1]); "
    "from engine.node_process import main; main({})"
)
"""A process lets the worker go first, and finds its modules where that does, whatever folder it is in."""

FACTS = (
    "execution_id",
    "root_execution_id",
    "parent_execution_id",
    "depth",
    "node_id",
    "attempt",
    "idempotency_key",
    "integration",
    "event_payload",
    "children_spawned",
)


class Processes:
    """Places for `limit` nodes at once; processes that are idle are kept."""

    def __init__(self, limit: int) -> None:
        self._places = asyncio.Semaphore(limit)
        self._idle: list[NodeProcess] = []
        self._ending: set[asyncio.Task[int]] = set()

    def place(self) -> asyncio.Semaphore:
        """A place from entry to exit."""
        return self._places

    async def run(self, node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Outcome:
        """Run an attempt to its end; raises `NodeError`."""
        process = self._kept() or await NodeProcess.start()
        is_clean = False
        try:
            answer = await process.run(_request(node_type, inputs, context), context)
            is_clean = answer["is_clean"]
        except EOFError:
            ending = _ending(await self._end(process))
            raise NodeError(f"The process of the node has ended ({ending}).", retryable=True) from None
        finally:
            if is_clean:
                self._idle.append(process)
            else:
                self._end(process)
        if "error" in answer:
            raise unpack_error(answer["error"])
        return unpack_outcome(answer["outcome"], context.secrets)

    def _kept(self) -> "NodeProcess | None":
        while self._idle:
            process = self._idle.pop()
            if process.is_alive:
                return process
        return None

    def _end(self, process: "NodeProcess") -> "asyncio.Task[int]":
        """End a process, and look after it until it is gone."""
        process.kill()
        ending = asyncio.create_task(process.ended())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        return ending

    async def close(self) -> None:
        """End the processes that are idle; the others end with their nodes."""
        while self._idle:
            self._end(self._idle.pop())
        if self._ending:
            await asyncio.wait(self._ending, timeout=CLOSE_SECONDS)


def _request(node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Message:
    facts = {name: getattr(context, name) for name in FACTS}
    return {
        "module": node_type.__module__,
        "name": node_type.__qualname__,
        "inputs": inputs,
        "context": {**facts, "inputs": dict(context.inputs)},
    }


class NodeProcess:
    """One process, and the socket to it."""

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls) -> "NodeProcess":
        """Start a process; raises `OSError` if there can be none."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await _started(theirs.fileno())
        except BaseException:
            # Also when nobody waits for it any more.
            ours.close()
            raise
        # If it is not waited for here, the socket is closed, and with that the process ends.
        reader, writer = await asyncio.open_connection(sock=ours)
        return cls(process, reader, writer)

    async def run(self, request: Message, context: Context) -> Message:
        """Have it run an attempt, and do meanwhile what that asks for; raises `EOFError` if it ends before."""
        await self._send(request)
        while (message := await read_frame(self._reader)) is not None:
            if "ask" not in message:
                return message
            await self._send(await _answer(message["ask"], message["arguments"], context))
        raise EOFError

    @property
    def is_alive(self) -> bool:
        """Whether it has not been seen to end."""
        return self._process.returncode is None

    async def _send(self, message: Message) -> None:
        with suppress(ConnectionError):
            self._writer.write(framed(message))
            await self._writer.drain()

    async def ended(self) -> int:
        """Wait for its end; the exit code, negative for a signal."""
        return await self._process.wait()

    def leave(self) -> None:
        """Let go of it, as happens when the worker ends in whatever way; it ends then."""
        self._writer.close()

    def kill(self) -> None:
        """End it where it stands."""
        self.leave()
        if self.is_alive:
            # Not by asyncio, which asks how it has ended and so takes the answer from its own watcher.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)


async def _started(descriptor: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        MAIN.format(descriptor),
        json.dumps(sys.path),
        stdin=DEVNULL,
        stdout=STDERR,
        pass_fds=(descriptor,),
    )


async def _answer(what: str, arguments: list[Any], context: Context) -> Message:
    try:
        return {"result": await _done(what, arguments, context)}
    except Exception as error:
        return {"error": pack_error(node_error(error, context.secrets))}


async def _done(what: str, arguments: list[Any], context: Context) -> Any:
    match what:
        case "log":
            return context.log(*arguments)
        case "emit":
            return context.emit(*arguments)
        case "resolve":
            return await context.resolve(*arguments)
        case "chunk":
            return await context.chunk(*arguments)
        case "now":
            return context.now().isoformat()
        case _:
            return await context.secret(*arguments)


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
