"""An HTTP server in this process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn

from engine.errors import ServiceUnavailable

LOOK_SECONDS = 0.01


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are for the process as a whole."""
        yield


@asynccontextmanager
async def serving(
    configuration: uvicorn.Config, listener: socket.socket, *, name: str
) -> AsyncIterator[asyncio.Task[None]]:
    """Serve on a listening socket from entry to exit; gives the task that serves. Raises `ServiceUnavailable`."""
    server = _Server(configuration)
    task = asyncio.create_task(server.serve([listener]), name=name)
    try:
        await _started(server, task, name)
        yield task
    finally:
        server.should_exit = True
        await asyncio.wait([task])


async def _started(server: uvicorn.Server, task: asyncio.Task[None], name: str) -> None:
    while not server.started:
        if task.done():
            raise ServiceUnavailable(f"The {name} did not start; the log says why.")
        await asyncio.sleep(LOOK_SECONDS)
