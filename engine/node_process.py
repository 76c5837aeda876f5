"""The process of nodes that run in a process: runs one attempt after the other, as its worker says.

It ends when the worker does, in the midst of whatever a node is at.
"""

import asyncio
import os
import queue
import signal
import socket
import threading
from collections.abc import Coroutine
from datetime import datetime
from importlib import import_module
from typing import Any

from engine.attempt import node_error, printable, take_result
from engine.beside import run_with
from engine.carried import pack_error, pack_outcome, unpack_error
from engine.frames import Message, framed, receive_frame
from engine.node import AnyNode, Context, Give
from engine.node_log import LINE_BYTES
from engine.secret_use import SecretUse

OWN_THREADS = 2


class Worker:
    """The worker at the other end of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._turn = threading.Lock()
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def tell(self, message: Message) -> None:
        """Say something."""
        self._connection.sendall(framed(message))

    def hear(self) -> Message:
        """The next message, waited for."""
        return self._messages.get()

    def ask(self, what: str, *arguments: Any) -> Any:
        """Have the worker do something for the node, and wait for what comes of it."""
        with self._turn:
            self.tell({"ask": what, "arguments": arguments})
            answer = self.hear()
        if "error" in answer:
            raise unpack_error(answer["error"])
        return answer["result"]

    async def find_secret(self, name: str) -> str:
        """As `FindSecret`."""
        found: str = self.ask("secret", name)
        return found

    def _listen(self) -> None:
        while (message := receive_frame(self._connection)) is not None:
            self._messages.put(message)
        os._exit(0)


def main(descriptor: int) -> None:
    """Serve the worker at the other end of this socket until it is gone."""
    # Ctrl-C in a terminal reaches every process of it; when this one ends, its worker decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = Worker(socket.socket(fileno=descriptor))
    while True:
        answer = _perform(worker, worker.hear())
        worker.tell({**answer, "is_clean": threading.active_count() <= OWN_THREADS})


def _perform(worker: Worker, message: Message) -> Message:
    secrets, node_type = SecretUse(worker.find_secret), None
    try:
        node_type = _find(message["module"], message["name"])
        result = run_with(node_type, message["inputs"])(_context(worker, message["context"], secrets))
        return {"outcome": pack_outcome(take_result(result, secrets))}
    except BaseException as error:
        return {"error": pack_error(node_error(error, secrets, node_type))}


def _find(module: str, name: str) -> type[AnyNode]:
    node_type: type[AnyNode] = getattr(import_module(module), name)
    return node_type


def _context(worker: Worker, facts: Message, secrets: SecretUse) -> Context:
    return Context(
        **facts,
        now=lambda: datetime.fromisoformat(worker.ask("now")),
        log=lambda text: worker.ask("log", printable(text, LINE_BYTES, secrets=secrets)),
        emit=lambda event_name, payload: worker.ask("emit", event_name, payload),
        resolve=_giving(worker, "resolve"),
        chunk=_giving(worker, "chunk"),
        secrets=secrets,
        waiter=_wait,
    )


def _giving(worker: Worker, what: str) -> Give:
    async def give(port: str, value: Any) -> None:
        worker.ask(what, port, value)

    return give


def _wait(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
