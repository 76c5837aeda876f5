"""`/graphql` over a WebSocket, by the graphql-transport-ws protocol.

Source: github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Every operation is a task with a context of its own; a
failure of one is an `error` message for its id, and the socket stays. When the socket ends, all tasks have ended before
it is closed.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect

from resolvers.asking import answers
from resolvers.json_text import write_json
from resolvers.messages import Message, WrongMessage, read_message
from resolvers.metrics import SOCKETS, SUBSCRIBERS
from resolvers.operations import OperationFailed
from resolvers.request_ids import enter_operation
from resolvers.sending import Sender, TooSlow
from resolvers.viewer import authenticate

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
FAREWELL_SECONDS = 2.0
"""How long the operations may take to end when the server shuts down."""
CLOSE_SECONDS = 1.0
"""How long a client may take to make room for the close; then the connection is cut."""

OPERATIONS_LIMIT = 100
REASON_BYTES = 123
"""What fits into a close frame. Source: RFC 6455, 5.5."""

SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013
BAD_REQUEST, UNAUTHORIZED, NO_PROTOCOL, INIT_TIMEOUT = 4400, 4401, 4406, 4408
DUPLICATE_ID, TOO_MANY_INITS = 4409, 4429


class Closing(Exception):
    """The server closes the socket."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode(errors="replace")[:REASON_BYTES].decode(errors="ignore")


class ClientGone(Exception):
    """The client has closed the socket, or is lost."""


async def graphql_over_socket(websocket: WebSocket) -> None:
    """Serve one socket until it is closed."""
    if PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await _close(websocket, Closing(NO_PROTOCOL, "Subprotocol not acceptable"))
        return
    await websocket.accept(subprotocol=PROTOCOL)
    with SOCKETS.track_inprogress():
        closing = await _Socket(websocket).serve()
    if closing:
        await _close(websocket, closing)


async def _close(websocket: WebSocket, closing: Closing) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await websocket.close(closing.code, closing.reason)
    except TimeoutError:
        websocket.state.abort()
    except (WebSocketDisconnect, RuntimeError):
        pass


class _Socket:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._viewer = authenticate(websocket)
        self._initiated = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._sender = Sender(websocket.send)

    async def serve(self) -> Closing | None:
        """Serve until the client is gone, or else say how the socket is to be closed."""
        closings: list[Closing] = []
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self._expect_init())
                self._tasks.create_task(self._end_with_server())
                await self._listen()
        except* Closing as group:
            closings = [error for error in group.exceptions if isinstance(error, Closing)]
        except* ClientGone:
            pass
        return closings[0] if closings else None

    async def _expect_init(self) -> None:
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initiated.wait()
        except TimeoutError:
            raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _end_with_server(self) -> None:
        await self._websocket.state.stopping.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await asyncio.gather(*self._operations.values(), return_exceptions=True)
        raise Closing(SERVICE_RESTART, "The server is shutting down")

    async def _listen(self) -> None:
        async for text in self._texts():
            try:
                await self._handle(read_message(text))
            except WrongMessage as error:
                raise Closing(BAD_REQUEST, str(error)) from None

    async def _texts(self) -> AsyncGenerator[str, None]:
        while True:
            frame = await self._websocket.receive()
            if frame["type"] == "websocket.disconnect":
                raise ClientGone
            if frame.get("text") is None:
                raise Closing(BAD_REQUEST, "Messages must be text")
            yield frame["text"]

    async def _handle(self, message: Message) -> None:
        match message.type:
            case "connection_init":
                await self._init()
            case "ping":
                # What came with the ping tells the client which one is answered.
                details = {} if message.payload is None else {"payload": message.payload}
                await self._send({"type": "pong", **details})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message.operation_id, message)
            case "complete":
                self._cancel(message.operation_id)
            case _:
                raise WrongMessage("The type is not known")

    async def _init(self) -> None:
        if self._initiated.is_set():
            raise Closing(TOO_MANY_INITS, "Too many initialisation requests")
        self._initiated.set()
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, id: str, message: Message) -> None:
        asked = message.asked()
        if not self._initiated.is_set():
            raise Closing(UNAUTHORIZED, "Unauthorized")
        if id in self._operations:
            raise Closing(DUPLICATE_ID, f"Subscriber for {id} already exists")
        if len(self._operations) >= OPERATIONS_LIMIT:
            reason = f"A socket may have {OPERATIONS_LIMIT} operations at once."
            error = GraphQLError(reason, extensions={"code": "RATE_LIMITED"})
            await self._send({"type": "error", "id": id, "payload": [error.formatted]})
            return
        found = answers(asked, self._websocket.state, self._viewer)
        self._operations[id] = self._tasks.create_task(self._operate(id, found))

    def _cancel(self, id: str) -> None:
        if task := self._operations.pop(id, None):
            task.cancel()

    async def _operate(self, id: str, found: AsyncGenerator[bytes, None]) -> None:
        enter_operation(id)
        with SUBSCRIBERS.labels("websocket").track_inprogress():
            last = await self._stream(id, found)
        if self._operations.get(id) is asyncio.current_task():
            # Before the last message goes out the client may use the id again.
            del self._operations[id]
            await self._send({**last, "id": id})

    async def _stream(self, id: str, found: AsyncGenerator[bytes, None]) -> dict[str, Any]:
        """Send all results of an operation; the message that ends it, but for its id."""
        head = f'{{"type":"next","id":{write_json(id).decode()},"payload":'
        try:
            async with aclosing(found):
                async for result in found:
                    await self._send_text(f"{head}{result.decode()}}}")
        except OperationFailed as failed:
            return {"type": "error", "payload": failed.shown}
        return {"type": "complete"}

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(write_json(message).decode())

    async def _send_text(self, text: str) -> None:
        try:
            await self._sender({"type": "websocket.send", "text": text})
        except TooSlow:
            raise Closing(TRY_AGAIN_LATER, "The client reads too slowly") from None
        except (WebSocketDisconnect, RuntimeError):
            raise ClientGone from None
