"""`/graphql` over a WebSocket, by the graphql-transport-ws protocol.

Source: github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Every operation is a task with a context of its own; a
failure of one is an `error` message for its id, and the socket stays. When the socket ends, all tasks have ended before
it is closed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing, suppress
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from engine.errors import RateLimited, Unauthenticated
from resolvers.asking import answers
from resolvers.authentication import HookFailed
from resolvers.context import Context
from resolvers.credentials import token_in_headers, token_in_payload
from resolvers.json_text import write_json
from resolvers.measuring import count_refused
from resolvers.messages import Message, WrongMessage, read_message
from resolvers.metrics import SOCKETS, SUBSCRIBERS
from resolvers.operations import OperationFailed
from resolvers.policy import Policy
from resolvers.quotas import TRY_AGAIN_SECONDS
from resolvers.request_ids import enter_operation
from resolvers.sending import Sender, TooSlow
from resolvers.viewer import Viewer
from schema.errors import shown

PROTOCOL = "graphql-transport-ws"
INIT_SECONDS = 10.0
FAREWELL_SECONDS = 2.0
"""How long the operations may take to end when the server shuts down."""
CLOSE_SECONDS = 1.0
"""How long a client may take to make room for the close; then the connection is cut."""
LOOK_SECONDS = 3600.0
"""How long one wait for the end of a token may be; the end can be any number of years away."""

OPERATIONS_LIMIT = 100
REASON_BYTES = 123
"""What fits into a close frame. Source: RFC 6455, 5.5."""

SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NO_PROTOCOL, INIT_TIMEOUT = 4400, 4401, 4403, 4406, 4408
DUPLICATE_ID, TOO_MANY_INITS, FAILED = 4409, 4429, 4500


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
        self._policy: Policy = websocket.state.policy
        self._viewer: Viewer
        self._place = ExitStack()
        self._initiated = asyncio.Event()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._sender = Sender(websocket.send)

    async def serve(self) -> Closing | None:
        """Serve until the client is gone, or else say how the socket is to be closed."""
        closings: list[Closing] = []
        try:
            with self._place:
                async with asyncio.TaskGroup() as self._tasks:
                    self._tasks.create_task(self._end_in_time())
                    self._tasks.create_task(self._end_with_server())
                    await self._listen()
        except* Closing as group:
            closings = [error for error in group.exceptions if isinstance(error, Closing)]
        except* ClientGone:
            pass
        return closings[0] if closings else None

    async def _end_in_time(self) -> None:
        """End the socket if it is not known in time who uses it, and when that is known no longer."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                await self._initiated.wait()
        except TimeoutError:
            raise Closing(INIT_TIMEOUT, "Connection initialisation timeout") from None
        if (end := self._viewer.expires_at) is not None:
            while (left := end - time.time()) > 0:
                await asyncio.sleep(min(left, LOOK_SECONDS))
            raise Closing(FORBIDDEN, "The token has expired")

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
                await self._init(message)
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

    async def _init(self, message: Message) -> None:
        if self._initiated.is_set():
            raise Closing(TOO_MANY_INITS, "Too many initialisation requests")
        try:
            self._viewer = await self._known(message)
            self._place.enter_context(self._policy.quotas.stream(self._viewer.id))
        except Unauthenticated as error:
            raise Closing(FORBIDDEN, f"Forbidden: {error.message}") from None
        except RateLimited as error:
            raise Closing(TRY_AGAIN_LATER, error.message) from None
        except HookFailed as error:
            raise Closing(FAILED, error.message) from None
        self._initiated.set()
        await self._send({"type": "connection_ack"})

    async def _known(self, message: Message) -> Viewer:
        """Who uses the socket, by the token of the message or else of the handshake; raises `Unauthenticated`."""
        token = token_in_payload(message.payload) or token_in_headers(self._websocket.headers)
        return await self._policy.authenticate(token)

    async def _subscribe(self, id: str, message: Message) -> None:
        asked = message.asked()
        if not self._initiated.is_set():
            raise Closing(UNAUTHORIZED, "Unauthorized")
        if id in self._operations:
            raise Closing(DUPLICATE_ID, f"Subscriber for {id} already exists")
        try:
            self._take_place()
        except RateLimited as error:
            count_refused(error)
            await self._send({"type": "error", "id": id, "payload": [shown(error).formatted]})
            return
        context = Context(self._websocket.state.services, self._viewer, self._policy.is_development)
        found = answers(asked, self._websocket.state.documents, context)
        self._operations[id] = self._tasks.create_task(self._operate(id, found))

    def _take_place(self) -> None:
        """Count an operation; raises `RateLimited`."""
        if len(self._operations) >= OPERATIONS_LIMIT:
            said = f"A socket may have {OPERATIONS_LIMIT} operations at once."
            raise RateLimited(said, retry_after=TRY_AGAIN_SECONDS)
        self._policy.quotas.take(self._viewer.id)

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
