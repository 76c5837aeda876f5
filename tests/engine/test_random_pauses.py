"""Pauses at random moments hold up a flow, and change nothing else about it."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.commands import Pause, Resume
from engine.events import FlowDrained, FlowPaused, FlowResumed, NodeStarted
from engine.runner import Ending
from engine.status import NodeFailurePolicy
from tests.engine.graphs import LONGEST_MS, graphs
from tests.engine.log_rules import BESIDE, check_log
from tests.engine.running import START, Document, Run, run
from tests.engine.test_random_graphs import brief, slots, unhurried
from tests.engine.virtual_clock import run_virtual

moments = st.lists(st.tuples(st.integers(0, 2 * LONGEST_MS), st.integers(0, 2 * LONGEST_MS)), min_size=1, max_size=4)


async def with_pauses(paused: Run, pauses: Sequence[tuple[int, int]], warm_seconds: float) -> Run:
    """Run to the end while somebody pauses and resumes; a released execution is taken up when there is mail."""
    paused.send(START)
    client = asyncio.create_task(_client(paused, pauses))
    while paused.ending is not Ending.ENDED:
        paused.state = paused.replayed()
        runner = paused.runner(warm_seconds=warm_seconds)
        bell = asyncio.create_task(_ring(paused, runner.mail))
        paused.ending = await runner.run(paused.recovery())
        bell.cancel()
        while paused.ending is not Ending.ENDED and not _is_wanted(paused):
            await asyncio.sleep(1)
    client.cancel()
    await asyncio.wait([client, bell])
    return paused


async def _client(paused: Run, pauses: Sequence[tuple[int, int]]) -> None:
    for before, length in pauses:
        await asyncio.sleep(before / 1000)
        paused.send(Pause())
        await asyncio.sleep(length / 1000)
        paused.send(Resume())


async def _ring(paused: Run, mail: object) -> None:
    assert callable(mail)
    while True:
        await asyncio.sleep(0.5)
        mail()


def _is_wanted(paused: Run) -> bool:
    released = paused.ledger.released
    assert released
    has_mail = len(paused.ledger.mailbox) > paused.ledger.applied
    is_due = released.wake_at is not None and released.wake_at <= paused.ledger.now()
    return released.requeue or has_mail or is_due


def check_pauses(paused: Run) -> None:
    """No node starts in a pause, and the pause says when the last one has ended."""
    running, is_paused, is_drained = 0, False, True
    for event in paused.events:
        match event:
            case FlowPaused():
                is_paused, is_drained = True, False
                assert event.running_nodes == running
            case FlowResumed():
                assert is_paused
                is_paused = False
            case FlowDrained():
                assert is_paused
                assert running == 0
                assert not is_drained
                is_drained = True
            case NodeStarted():
                assert not is_paused
                running += paused.plan.node(event.node_id).node_type.type != "group"
            case _ if event.kind in ("NODE_COMPLETED", "NODE_FAILED", "NODE_RETRYING", "NODE_WAITING"):
                running = _after(paused, event, running)


def _after(paused: Run, event: object, running: int) -> int:
    node = paused.plan.node(event.node_id)  # type: ignore[attr-defined]
    told = paused.of_node(node.id)
    before = [each for each in told[: told.index(event)] if not isinstance(each, BESIDE)]
    was_running = not node.is_group and bool(before) and isinstance(before[-1], NodeStarted)
    return running - was_running


@brief
@given(graphs(has_races=False, most=8), slots, moments, st.sampled_from([2.0, 10.0**9]))
def test_a_random_flow_that_is_paused_comes_to_the_same_end(
    document: Document, slots: int, pauses: list[tuple[int, int]], warm_seconds: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=NodeFailurePolicy.CONTINUE)
    whole = run_virtual(run(document, options=options))
    paused = run_virtual(with_pauses(Run.of(document, options=options), pauses, warm_seconds))
    check_log(paused, document)
    check_pauses(paused)
    assert (paused.status, paused.outputs, paused.statuses) == (whole.status, whole.outputs, whole.statuses)
