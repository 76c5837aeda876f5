"""Runs work that users wrote in a child process, where it can be ended.

Nobody can tell beforehand how long an expression, a template or a pattern will take or how much memory it will need,
and code that runs inside this process cannot be interrupted. A child has limits of time and memory, an empty
environment and a list of the functions that it may call. It takes one request as a line of JSON and gives one answer
so; SIGALRM ends it when the work takes too long and the end of its input when this process is gone. Children that have
answered are kept and asked again.
"""

import asyncio
import atexit
import contextlib
import importlib
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine.errors import NodeError

MEMORY_LIMIT = 768 * 1024 * 1024
CHILDREN = 4


@dataclass(frozen=True, slots=True)
class Task:
    """A function that a child may call: its module and how many seconds it may take."""

    module: str
    seconds: int


TASKS: dict[str, Task] = {
    "evaluate": Task("engine.cel", 10),
    "evaluate_items": Task("engine.cel", 10),
    "fold_items": Task("engine.cel", 10),
    "infer_schema": Task("engine.schema_inference", 10),
    "misfits": Task("engine.json_schemas", 10),
    "parse_yaml": Task("engine.yaml_text", 10),
    "render": Task("engine.templating", 3),
    "search": Task("engine.patterns", 3),
}

_READY = b"ready\n"
_threads = ThreadPoolExecutor(CHILDREN, thread_name_prefix="confinement")
_idle: list["_Child"] = []


class Exceeded(NodeError):
    """The work exceeded its limits of time or memory."""

    def __init__(self, seconds: int) -> None:
        mebibytes = MEMORY_LIMIT // (1024 * 1024)
        super().__init__(f"the work was ended: it took more than {seconds} s or {mebibytes} MiB of memory.")


async def confined(task: str, **arguments: Any) -> Any:
    """Call one of `TASKS` in a child; arguments and result are JSON values.

    Raises what the task raises as `NodeError`, and `Exceeded` when the child had to be ended.
    """
    seconds = TASKS[task].seconds
    request = orjson.dumps([task, arguments, seconds])
    answer = await asyncio.get_running_loop().run_in_executor(_threads, _ask, request)
    if not answer:
        raise Exceeded(seconds)
    reply = orjson.loads(answer)
    if "message" in reply:
        raise NodeError(reply["message"], code=reply["code"])
    return reply["result"]


def _ask(request: bytes) -> bytes:
    """Ask an idle child or a new one. Runs in a thread: it blocks until the answer is there."""
    while _idle:
        with contextlib.suppress(IndexError, BrokenPipeError):
            return _idle.pop().ask(request)
    return _Child().ask(request)


class _Child:
    """A running child process and the two ends of its pipes."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PYTHONPATH": str(Path(__file__).parent.parent), "PYTHONUTF8": "1"},
        )
        if self._read() != _READY:
            self.close()
            raise RuntimeError("A child process for confined work could not be started.")

    def ask(self, request: bytes) -> bytes:
        """Send a request and wait for the answer, which is empty when the child was ended meanwhile."""
        try:
            self._write(request)
            answer = self._read()
        except BaseException:
            self.close()
            raise
        if answer:
            _idle.append(self)
        else:
            self.close()
        return answer

    def _write(self, request: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(request + b"\n")
        self._process.stdin.flush()

    def _read(self) -> bytes:
        assert self._process.stdout
        return self._process.stdout.readline()

    def close(self) -> None:
        """End the child and wait until it is gone."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


@atexit.register
def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


def main() -> None:
    """The child: answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _answer(_READY)
    for request in sys.stdin.buffer:
        task, arguments, seconds = orjson.loads(request)
        # What a new child has to import is no part of the work, and takes seconds on a machine that is busy.
        function = getattr(importlib.import_module(TASKS[task].module), task)
        signal.alarm(seconds)
        answer = _perform(function, arguments)
        signal.alarm(0)
        _answer(answer + b"\n")


def _answer(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def _perform(function: Callable[..., Any], arguments: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps({"result": function(**arguments)})
    except NodeError as error:
        return orjson.dumps({"message": error.message, "code": error.failure_code})
    except orjson.JSONEncodeError as error:
        return orjson.dumps({"message": f"The result cannot be stored as JSON: {error}.", "code": "PAYLOAD"})


if __name__ == "__main__":
    main()
