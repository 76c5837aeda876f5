"""Nodes beside the event loop: what they may ask of it, how many there are at once, and how they end."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from engine.attempt import Outcome
from engine.errors import NodeError
from engine.host import Host
from engine.node import AnyNode, Context
from engine.processes import NodeProcess
from engine.secret_use import SecretUse
from engine.watch import SIGNAL, Watch
from tests.engine.beside_nodes import GATE, Awaits, Loops, Stays, UsesProcess, UsesThread, Which
from tests.eventually import eventually

NOW = datetime(2030, 1, 1, tzinfo=UTC)


async def find_secret(name: str) -> str:
    await asyncio.sleep(0)
    return "sk-4711"


@dataclass
class Bench:
    """Runs nodes on a host."""

    host: Host
    logged: list[str] = field(default_factory=list)
    emitted: list[Any] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)

    async def give(self, port: str, value: Any) -> None:
        await asyncio.sleep(0)
        self.given.append((port, value))

    def emit(self, name: str, payload: Any) -> str:
        self.emitted.append((name, payload))
        return "EX-child"

    def start(self, node_type: type[AnyNode], **inputs: Any) -> "asyncio.Task[Any]":
        return asyncio.create_task(self._run(node_type, inputs))

    async def _run(self, node_type: type[AnyNode], inputs: dict[str, Any]) -> Any:
        context = Context(
            "EX1", "EX1", None, 0, "node", 3, "EX1:node", {"item": "lamp"},
            now=lambda: NOW, log=self.logged.append, emit=self.emit, secrets=SecretUse(find_secret),
            resolve=self.give, chunk=self.give,
        )  # fmt: skip
        async with self.host.place(node_type):
            outcome: Outcome = await self.host.begin(node_type, inputs, context)
        assert isinstance(outcome, dict)
        return outcome["said"].data


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    GATE.clear()
    host = Host(threads=1, processes=1)
    yield Bench(host)
    GATE.set()
    await host.close()


@pytest.mark.parametrize(("node_type", "logged"), [(UsesThread, "With sk-4711."), (UsesProcess, "With [secret shop].")])
async def test_a_node_beside_the_loop_has_all_of_its_context_and_gives_no_secret_away(
    bench: Bench, node_type: type[AnyNode], logged: str
) -> None:
    assert await bench.start(node_type) == ["[secret shop]", "EX-child", 2030, "lamp", 3]
    # What it emits and gives is scrubbed where that is recorded, and what it logs there too, if not before.
    assert bench.logged == [logged]
    assert bench.emitted == [("used", {"with": "sk-4711"})]
    assert bench.given == [("early", "sk-4711"), ("stream", "sk-4711")]


async def test_a_process_is_used_again_unless_a_node_has_left_something_running_in_it(bench: Bench) -> None:
    first = await bench.start(Which)
    assert await bench.start(Which) == first
    assert await bench.start(Which, token="forgets") == first
    assert await bench.start(Which) != first
    await eventually(lambda: not psutil.pid_exists(first))


async def test_a_process_is_ended_with_a_node_that_nobody_waits_for_and_its_place_is_free(bench: Bench) -> None:
    first = await bench.start(Which)
    staying, waiting = bench.start(Which, token="stays"), bench.start(Which)
    await eventually(lambda: len(bench.logged) == 2)
    assert not waiting.done()
    staying.cancel()
    assert await waiting != first
    await eventually(lambda: not psutil.pid_exists(first))


async def test_a_process_that_nobody_waits_for_any_more_before_it_has_begun_leaves_no_socket(bench: Bench) -> None:
    before = len(psutil.Process().net_connections("unix"))
    starting = bench.start(Which)
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await starting
    # What was raised holds the frames, and these what nobody has closed.
    assert len(psutil.Process().net_connections("unix")) == before
    del cancelled


async def test_a_process_whose_worker_is_gone_ends(bench: Bench) -> None:
    process = await NodeProcess.start()
    process.leave()
    async with asyncio.timeout(20):
        assert await process.ended() == 0


async def test_a_thread_that_does_not_end_keeps_no_other_waiting_and_too_many_are_told_of(bench: Bench) -> None:
    staying, waiting = bench.start(Stays), bench.start(UsesThread)
    await eventually(lambda: bench.logged == ["running"])
    assert not waiting.done()
    staying.cancel()
    with pytest.raises(NodeError, match=r"No thread is free: 1 are held by nodes that have ended, of beside\.stays"):
        await waiting
    GATE.set()

    await eventually(lambda: not any(each.name == "node" for each in threading.enumerate()))
    assert await bench.start(UsesThread)


@pytest.mark.parametrize("node_type", [Loops, Awaits])
async def test_a_thread_that_computes_or_awaits_is_ended_when_nobody_waits_for_it(
    bench: Bench, node_type: type[AnyNode]
) -> None:
    looping = bench.start(node_type)
    await eventually(lambda: bench.logged == ["running"])
    (thread,) = [each for each in threading.enumerate() if each.name == "node"]
    looping.cancel()
    await eventually(lambda: not thread.is_alive())


async def test_a_signal_that_comes_when_no_guest_holds_the_loop_does_no_harm() -> None:
    watch = Watch(60)
    await watch.run(asyncio.sleep(0.001), "guest.any", "a of EX1")
    os.kill(os.getpid(), SIGNAL)
    await asyncio.sleep(0)
    assert callable(signal.getsignal(SIGNAL))
    watch.close()
