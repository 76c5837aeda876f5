"""`/graphql` over a WebSocket, by the graphql-transport-ws protocol.

Source: github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Every operation is a task with a context of its own; a
failure of one is an `error` message for its id, and the socket stays.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Any, NoReturn

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect

from resolvers.json_text import write_json
from resolvers.messages import Message, WrongMessage, read_message
from resolvers.operations import OperationFailed, results
from resolvers.requests import Operation
from resolvers.viewer import authenticate

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
SEND_SECONDS = 30.0
"""How long a client may take to make room for a message; a keep-alive alone does not notice one that reads nothing."""

OPERATIONS_LIMIT = 100

BAD_REQUEST, UNAUTHORIZED, NO_PROTOCOL, INIT_TIMEOUT = 4400, 4401, 4406, 4408
DUPLICATE_ID, TOO_MANY_INITS = 4409, 4429


class SocketClosed(Exception):
    """The socket is closed, or cannot be written to any more."""


async def graphql_over_socket(websocket: WebSocket) -> None:
    """Serve one socket until it is closed."""
    if PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(NO_PROTOCOL, "Subprotocol not acceptable")
        return
    await websocket.accept(subprotocol=PROTOCOL)
    with suppress(SocketClosed):
        await _Socket(websocket).serve()


class _Socket:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._viewer = authenticate(websocket)
        self._initiated = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        try:
            async with asyncio.TaskGroup() as self._tasks:
                init = self._tasks.create_task(self._expect_init())
                await self._listen()
                for task in (init, *self._operations.values()):
                    task.cancel()
        except* SocketClosed:
            pass

    async def _expect_init(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initiated.wait()
        except TimeoutError:
            await self._close(INIT_TIMEOUT, "Connection initialisation timeout")

    async def _listen(self) -> None:
        async for text in self._texts():
            try:
                await self._handle(read_message(text))
            except WrongMessage as error:
                await self._close(BAD_REQUEST, str(error))

    async def _texts(self) -> AsyncIterator[str]:
        while True:
            frame = await self._websocket.receive()
            if frame["type"] == "websocket.disconnect":
                return
            if frame.get("text") is None:
                await self._close(BAD_REQUEST, "Messages must be text")
            yield frame["text"]

    async def _handle(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._init(message)
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(*message.asked())
            case "complete":
                self._cancel(message.id)
            case _:
                raise WrongMessage("The type is not known")

    async def _init(self, message: Message) -> None:
        if self._initiated.is_set():
            await self._close(TOO_MANY_INITS, "Too many initialisation requests")
        if not isinstance(message.payload, dict | None):
            raise WrongMessage("The payload is not valid")
        self._initiated.set()
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, id: str, operation: Operation) -> None:
        if not self._initiated.is_set():
            await self._close(UNAUTHORIZED, "Unauthorized")
        if id in self._operations:
            await self._close(DUPLICATE_ID, f"Subscriber for {id} already exists"[:100])
        if len(self._operations) >= OPERATIONS_LIMIT:
            message = f"A socket may have {OPERATIONS_LIMIT} operations at once."
            await self._send_errors(id, [GraphQLError(message, extensions={"code": "RATE_LIMITED"})])
            return
        self._operations[id] = self._tasks.create_task(self._operate(id, operation))

    def _cancel(self, id: str | None) -> None:
        if task := self._operations.pop(id or "", None):
            task.cancel()

    async def _operate(self, id: str, operation: Operation) -> None:
        own = asyncio.current_task()
        errors = await self._stream(id, operation)
        if self._operations.get(id) is own:
            # Before the last message goes out the client may use the id again.
            del self._operations[id]
            await (self._send_errors(id, errors) if errors else self._send({"type": "complete", "id": id}))

    async def _stream(self, id: str, operation: Operation) -> Sequence[GraphQLError]:
        """Send all results of an operation; the errors that ended it, if any."""
        head = f'{{"type":"next","id":{write_json(id).decode()},"payload":'
        try:
            async with aclosing(results(operation, self._websocket.state.services, self._viewer)) as found:
                async for result in found:
                    await self._send_text(f"{head}{result.decode()}}}")
        except OperationFailed as failed:
            return failed.errors
        return ()

    async def _send_errors(self, id: str, errors: Sequence[GraphQLError]) -> None:
        await self._send({"type": "error", "id": id, "payload": [error.formatted for error in errors]})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(write_json(message).decode())

    async def _send_text(self, text: str) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS), self._sending:
                await self._websocket.send_text(text)
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise SocketClosed from error

    async def _close(self, code: int, reason: str) -> NoReturn:
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._websocket.close(code, reason)
        raise SocketClosed
