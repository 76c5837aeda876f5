"""The console with a large execution that is under way: how long a click takes, and what the page keeps in memory.

A flow of 2,000 nodes writes about 20,000 events, some 1,000 a second, while somebody goes from tab to tab, through the
graph and through the past. How long the browser takes to show what an interaction brought is what its own Event Timing
says (https://www.w3.org/TR/event-timing/; in steps of 8 ms, and only from 16 ms on).
"""

import asyncio
import tempfile
import time
from itertools import cycle, product
from pathlib import Path
from threading import Event

from bench.client import Client
from bench.figures import Figure, rounded
from bench.flows import Document
from bench.stage import Stage, api, worker
from engine.options import ExecutionOptions
from engine.status import RecordEvents
from tests.web.browser import Page, browser, chromium

ROWS, STEPS, NAP_MS, GATHERED = 20, 50, 350, 6
INTERACTION_MS, MEBIBYTE = 100, 1024 * 1024
PAUSE_SECONDS, LOOK_SECONDS, MOST_SECONDS = 0.15, 0.2, 120
KEYS = {"ArrowLeft": 37, "End": 35}
MOMENT = 'document.querySelector("input[type=range]")'
OBSERVE = (
    "window.slow = []; window.count = 0; new PerformanceObserver((list) => { for (const it of list.getEntries())"
    " if (it.interactionId) slow.push(it.duration) }).observe({ type: 'event', durationThreshold: 16 }); 1"
)
PLACES = (
    "[...document.querySelectorAll('[role=tab]')].map((it) => it.getBoundingClientRect())"
    ".map((box) => [box.x + box.width / 2, box.y + box.height / 2])"
)
GRAPH = (
    "(() => { const box = document.querySelector('[aria-label=\"The flow as a graph\"]')?.getBoundingClientRect();"
    " return box && [box.x, box.y, box.width, box.height] })()"
)


def busy() -> Document:
    """Fifty steps of twenty naps; what six of them gave is collected before each of the next: ten events a node."""
    nodes: list[Document] = []
    edges: list[Document] = []
    for step, row in product(range(STEPS), range(ROWS)):
        nap, all_ = f"nap{step}_{row}", f"all{step}_{row}"
        nodes.append({"id": nap, "type": "time.sleep", "inputs": {"durationMs": NAP_MS, "value": row}})
        nodes.append({"id": all_, "type": "flow.collect"})
        gathered = [f"nap{step}_{(row + other) % ROWS}" for other in range(GATHERED)]
        edges += [{"from": f"{each}.value", "to": f"{all_}.items"} for each in gathered]
        if step:
            edges.append({"from": f"all{step - 1}_{row}.items", "to": f"{nap}.__after"})
    return {"tidegate": 1, "name": "Busy", "nodes": nodes, "edges": edges}


async def measure(stage: Stage) -> None:
    """Print the longest interaction, how many were long, the events a second, and the page's memory."""
    path = chromium()
    if path is None:
        print("There is no Chromium here: the console is not measured.")
        return
    async with worker(stage), api(stage) as url, Client(stage) as client:
        flow = await client.flow(busy())
        execution = await client.create(flow, ExecutionOptions(record_events=RecordEvents.ALL))
        address = f"{url.removesuffix('/graphql')}/executions/{execution}"
        with (
            tempfile.TemporaryDirectory() as folder,
            browser(path, Path(folder) / "profile") as opened,
            opened.page(address) as page,
        ):
            await _watch(stage, client, page, execution)


async def _watch(stage: Stage, client: Client, page: Page, execution: str) -> None:
    began = time.monotonic()
    await asyncio.to_thread(page.wait, f"!!({GRAPH})")
    Figure("console_graph_shown", rounded(time.monotonic() - began), "s").print()
    await asyncio.to_thread(page.evaluate, OBSERVE)
    before = await asyncio.to_thread(_heap, page)
    has_ended = Event()
    using = asyncio.create_task(asyncio.to_thread(_use, page, has_ended))
    began = time.monotonic()
    await client.start(execution)
    try:
        events = await _ended(stage, execution)
        seconds = time.monotonic() - began
    finally:
        has_ended.set()
        interactions = await using
    slow = await asyncio.to_thread(page.evaluate, "slow")
    _report(interactions, slow, events, events / seconds, await asyncio.to_thread(_heap, page) - before)


async def _ended(stage: Stage, execution: str) -> int:
    """Wait until the execution has ended; gives how many events it has."""
    async with asyncio.timeout(MOST_SECONDS):
        while await stage.pool.fetchval("select status from executions where id = $1", execution) != "COMPLETED":
            await asyncio.sleep(LOOK_SECONDS)
    return int(await stage.pool.fetchval("select count(*) from execution_events where execution_id = $1", execution))


def _use(page: Page, has_ended: Event) -> int:
    """Click, press keys and point at nodes until the execution has ended; gives how many interactions there were."""
    for count, step in enumerate(cycle(range(6))):
        if has_ended.wait(PAUSE_SECONDS):
            return count
        _interact(page, step)
    raise AssertionError("The steps have no end.")


def _interact(page: Page, step: int) -> None:
    match step:
        case 0 | 1 | 2:
            tabs = page.evaluate(PLACES)
            _click(page, *tabs[step % len(tabs)])
        case 3:
            x, y, width, height = page.evaluate(GRAPH)
            _click(page, x + width * 0.4, y + height * 0.5)
        case _:
            page.evaluate(f"{MOMENT}?.focus()")
            _press(page, "ArrowLeft" if step == 4 else "End")


def _press(page: Page, key: str) -> None:
    for kind in ("rawKeyDown", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])


def _click(page: Page, x: float, y: float) -> None:
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def _heap(page: Page) -> float:
    """What the page's scripts keep, in bytes, after the collector has gone through it."""
    page.call("HeapProfiler.collectGarbage")
    return float(page.call("Runtime.getHeapUsage")["usedSize"])


def _report(interactions: int, slow: list[float], events: int, rate: float, kept: float) -> None:
    long = sum(duration > INTERACTION_MS for duration in slow)
    longest = max(slow, default=0)
    Figure("console_events", rounded(rate), "events/s", target=">= 1000", note=f"{events} in all").print()
    Figure("console_longest_interaction", longest, "ms", target=f"< {INTERACTION_MS}").print()
    Figure("console_long_interactions", long, "", note=f"longer than {INTERACTION_MS} ms, of {interactions}").print()
    Figure("console_memory_kept", rounded(kept / MEBIBYTE), "MiB", note="more than before the start").print()
