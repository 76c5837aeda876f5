"""The events of an execution over graphql-transport-ws, through however many connections it takes.

Source of the protocol: github.com/enisdenjo/graphql-ws, PROTOCOL.md.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from engine.errors import ServiceUnavailable
from engine.status import ExecutionStatus
from tidegate.client import Refused
from tidegate.loopback import is_this_machine

PROTOCOL = Subprotocol("graphql-transport-ws")
ACKNOWLEDGED_WITHIN = 10.0
GIVE_UP_AFTER = 60.0
"""Seconds without a batch, in which it is tried again and again to connect."""
FIRST_DELAY, LONGEST_DELAY = 0.1, 2.0

SUBSCRIPTION = """
subscription ($id: ID!, $from: Int!) {
  executionEvents(executionId: $id, fromIndex: $from, batchSize: 500) {
    events { executionId index type timestamp data }
    nextIndex
    status
  }
}
"""

Event = Mapping[str, Any]
"""An event as the server sends it: executionId, index, type, timestamp and data."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that came together; `next_index` is where to resume."""

    events: list[Event]
    next_index: int
    status: str

    @property
    def ended(self) -> bool:
        """Whether the execution had ended when the batch was read."""
        return ExecutionStatus(self.status).ended


class Dropped(Exception):
    """The stream broke in a way that a new connection may mend."""


class StreamLost(ServiceUnavailable):
    """The stream broke and could not be resumed."""


class NotSubscribed(ServiceUnavailable):
    """The stream could not even begin."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"No events come from {url} ({reason}). If no server runs there, start one with: tidegate dev")


async def follow(
    url: str,
    execution_id: str,
    from_index: int = -1,
    on_drop: Callable[[str], None] = lambda reason: None,
    token: str | None = None,
) -> AsyncGenerator[Batch, None]:
    """All events from an index on, until the execution has ended; the first batch comes at once, maybe empty.

    `url` is the one for HTTP. A dropped connection is made again, and each event comes once. Raises `Refused`,
    `NotSubscribed`, or `StreamLost` after a minute without an answer.
    """
    clock = asyncio.get_running_loop().time
    delay, heard = FIRST_DELAY, None
    while True:
        try:
            async with aclosing(_batches(url, execution_id, from_index, token)) as batches:
                async for batch in batches:
                    delay, heard, from_index = FIRST_DELAY, clock(), batch.next_index
                    yield batch
            return
        except Dropped as error:
            if heard is None:
                raise NotSubscribed(url, str(error)) from None
            if clock() - heard > GIVE_UP_AFTER:
                raise _lost(url, execution_id, from_index, error) from None
            on_drop(str(error))
        await asyncio.sleep(delay)
        delay = min(delay * 2, LONGEST_DELAY)


def _lost(url: str, execution_id: str, from_index: int, error: Dropped) -> StreamLost:
    return StreamLost(
        f"The connection to the server was lost ({error}). The execution goes on; "
        f"see it with: tidegate events {execution_id} --follow --from {from_index} --url {url}"
    )


async def _batches(url: str, execution_id: str, from_index: int, token: str | None) -> AsyncGenerator[Batch, None]:
    """The batches of one connection; raises `Dropped` where another one may mend it."""
    try:
        async with _connected(url) as socket:
            await _subscribe(socket, execution_id, from_index, token)
            async with aclosing(_read(socket)) as batches:
                async for batch in batches:
                    yield batch
    except ConnectionClosed as error:
        raise _closed(error) from None
    except InvalidStatus as error:
        raise _judged_status(error.response.status_code) from None
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise Dropped(str(error) or type(error).__name__) from None


async def _read(socket: ClientConnection) -> AsyncGenerator[Batch, None]:
    ended = True
    while True:
        message = orjson.loads(await socket.recv())
        match message["type"]:
            case "next":
                batch = _batch(message["payload"])
                ended = batch.ended
                yield batch
            case "error":
                raise _judged(message["payload"])
            case "complete" if ended:
                return
            case "complete":
                raise Dropped("the server ended the stream")
            case "ping":
                await _send(socket, {"type": "pong"})


def _connected(url: str) -> connect:
    # http → ws and https → wss.
    address = "ws" + url.removeprefix("http")
    if is_this_machine(url):
        return connect(address, subprotocols=[PROTOCOL], max_size=None, close_timeout=1, proxy=None)
    return connect(address, subprotocols=[PROTOCOL], max_size=None, close_timeout=1)


async def _subscribe(socket: ClientConnection, execution_id: str, from_index: int, token: str | None) -> None:
    shown = {"payload": {"authorization": f"Bearer {token}"}} if token else {}
    await _send(socket, {"type": "connection_init", **shown})
    async with asyncio.timeout(ACKNOWLEDGED_WITHIN):
        while orjson.loads(await socket.recv())["type"] != "connection_ack":
            pass
    variables = {"id": execution_id, "from": from_index}
    payload = {"query": SUBSCRIPTION, "variables": variables}
    await _send(socket, {"id": "events", "type": "subscribe", "payload": payload})


async def _send(socket: ClientConnection, message: Mapping[str, Any]) -> None:
    await socket.send(orjson.dumps(message).decode())


def _batch(payload: Mapping[str, Any]) -> Batch:
    if payload.get("errors"):
        raise _judged(payload["errors"])
    batch = payload["data"]["executionEvents"]
    return Batch(batch["events"], batch["nextIndex"], batch["status"])


def _judged(errors: list[Mapping[str, Any]]) -> Exception:
    refusal = Refused(errors)
    return Dropped(refusal.message) if refusal.reason in ("", "INTERNAL_SERVER_ERROR") else refusal


def _judged_status(status: int) -> Exception:
    message = f"the server answered HTTP {status} to the subscription"
    return Dropped(message) if status >= 500 else Refused([{"message": message}])


def _closed(error: ConnectionClosed) -> Exception:
    code, reason = (error.rcvd.code, error.rcvd.reason) if error.rcvd else (1006, "")
    # 4400 to 4499 are the protocol's own refusals: the next connection would hear the same.
    if 4400 <= code < 4500:
        return Refused([{"message": f"The server closed the stream: {reason or code}"}])
    return Dropped(reason or f"closed with code {code}")
