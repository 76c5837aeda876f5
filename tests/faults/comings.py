"""Who comes and goes: processes that leave in order, subscribers that stall or come all at once, half-open links."""

import asyncio
import json
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack

import psutil
from websockets.asyncio.client import ClientConnection, connect

from tests.eventually import eventually
from tests.faults.flows import Flow, document
from tests.faults.load import CREATE, install
from tests.faults.scene import FIRES_WITHIN, Fault, Scene
from tests.faults.subscriber import SUBSCRIPTION
from tests.proxy import proxy

OUT_SECONDS = 30.0
"""Twice what an orderly end may take, for a machine that is busy."""

STORM = 200

LARGE_NODES = [{"id": f"n{number}", "type": "value.text", "inputs": {"value": "x" * 60_000}} for number in range(65)]
STALLED, OPERATIONS = 3, 10
BYTES_EACH = 4_600_000
"""What a subscription may take that is not read: a few batches, and less than the log that it has asked for."""

SILENT_SECONDS = 2.0


async def quiet(scene: Scene) -> None:
    """Nothing is done to anybody."""
    await scene.is_under_load(1.0)
    scene.fired += 1


async def terminate_worker(scene: Scene) -> None:
    """A worker is told to end under load; nothing counts as a failure."""
    leaving = await scene.stage.worker()
    await scene.is_under_load()
    leaving.signal(signal.SIGTERM)
    code = await leaving.exit_code(within=OUT_SECONDS)
    scene.fired += 1
    await _nothing_failed(scene, code)


async def _nothing_failed(scene: Scene, code: int) -> None:
    failures = await scene.stage.pool.fetchval("select coalesce(sum(failure_count), 0) from executions")
    if code or failures:
        scene.complaints.append(f"leaving: exit code {code}, {failures} failures counted")


async def restart_all(scene: Scene) -> None:
    """Workers and APIs are replaced one after the other, each by a new one before it goes."""
    await scene.is_under_load(0.2)
    stage = scene.stage
    for worker in list(stage.workers):
        stage.workers.append(await stage.worker())
        stage.workers.remove(worker)
        worker.signal(signal.SIGTERM)
        await _nothing_failed(scene, await worker.exit_code(within=OUT_SECONDS))
        scene.fired += 1
    for api in list(stage.apis):
        stage.apis.append(await stage.api())
        stage.apis.remove(api)
        api.signal(signal.SIGTERM)
        await _nothing_failed(scene, await api.exit_code(within=OUT_SECONDS))
        scene.fired += 1


async def half_open(scene: Scene) -> None:
    """The connections of a worker say nothing any more, without being closed; it lives on with new ones."""
    async with proxy(scene.stage.postgres.url) as link:
        victim = await scene.stage.worker(DATABASE_URL=link.url, COMMAND_SECONDS=str(SILENT_SECONDS))
        await scene.is_under_load()
        scene.fired += link.connections
        link.block()
        await scene.end()
        assert victim.is_running, victim.log[-2000:]
        victim.signal(signal.SIGTERM)
        await victim.exit_code()


async def stall_subscribers(scene: Scene) -> None:
    """Subscribers to more than any buffer holds read nothing any more: nobody notices, nor does the memory."""
    (flow,) = await install(scene.gateway, [Flow("large", document("large", LARGE_NODES, []))])
    made = await scene.gateway.ask(CREATE, input={"flowId": flow, "autoStart": True})
    execution = made["createExecution"]["execution"]["id"]
    ended = "select completed_at is not null from executions where id = $1"
    await eventually(lambda: scene.stage.pool.fetchval(ended, execution), within=FIRES_WITHIN)
    async with AsyncExitStack() as stack:
        # What the first subscribers of a process bring into memory stays there for all.
        for _ in range(2 * STALLED):
            await _read_all(await _subscribed(scene, execution, stack))
        memory = _memory(scene)
        for _ in range(STALLED):
            socket = await _subscribed(scene, execution, stack, operations=OPERATIONS)
            socket.transport.pause_reading()
            scene.fired += 1
        scene.begin()
        await scene.end()
        if (grown := _memory(scene) - memory) > BYTES_EACH * STALLED * OPERATIONS:
            scene.complaints.append(f"I10: the APIs have taken {grown} bytes for subscribers that read nothing")


def _memory(scene: Scene) -> int:
    """Bytes that the APIs have in memory."""
    return sum(int(psutil.Process(api.pid).memory_info().rss) for api in scene.stage.apis)


async def reconnect_all(scene: Scene) -> None:
    """Many subscribers come at the same moment, read the whole log, and go."""
    scene.begin()
    await eventually(lambda: bool(scene.load.acknowledged.executions))
    execution = next(iter(scene.load.acknowledged.executions))
    async with AsyncExitStack() as stack:
        sockets = await asyncio.gather(*(_subscribed(scene, execution, stack) for _ in range(STORM)))
        async with asyncio.timeout(30):
            read = await asyncio.gather(*(_read_all(socket) for socket in sockets))
    scene.fired += len(read)
    if len({json.dumps(each) for each in read}) != 1:
        scene.complaints.append(f"I7: the subscribers of {execution} did not see the same")


async def _subscribed(scene: Scene, execution: str, stack: AsyncExitStack, operations: int = 1) -> ClientConnection:
    """A socket that has subscribed to the whole log of an execution, so many times."""
    url = scene.gateway.some_api().socket_url
    connection = connect(url, subprotocols=["graphql-transport-ws"], max_size=None, open_timeout=30, close_timeout=1)
    socket = await stack.enter_async_context(connection)
    await socket.send(json.dumps({"type": "connection_init"}))
    await socket.recv()
    payload = {"query": SUBSCRIPTION, "variables": {"id": execution, "from": -1}}
    for number in range(operations):
        await socket.send(json.dumps({"type": "subscribe", "id": str(number), "payload": payload}))
    return socket


async def _read_all(socket: ClientConnection) -> list[object]:
    events: list[object] = []
    while (message := json.loads(await socket.recv()))["type"] == "next":
        events += message["payload"]["data"]["executionEvents"]["events"]
    assert message["type"] == "complete", message
    return events


FAULTS: Sequence[Fault] = (
    Fault("nothing", quiet, is_harmless=True),
    Fault("SIGTERM", terminate_worker),
    Fault("rolling restart", restart_all, is_long=True),
    Fault("half-open connections", half_open),
    Fault("stalled subscribers", stall_subscribers, is_harmless=True),
    Fault("many subscribers at once", reconnect_all, is_harmless=True),
)
