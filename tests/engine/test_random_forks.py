"""Random flows that were cut short come to the same end in a fork, which runs nothing again that it took over."""

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.commands import Stop
from engine.errors import NodeError
from engine.forks import downstream
from engine.status import NodeFailurePolicy
from tests.engine.forked import forked, surely_kept, taken_over
from tests.engine.graphs import graphs
from tests.engine.log_rules import check_log
from tests.engine.running import Document, Run, shown_outputs, under_way
from tests.engine.scripted import Recorder
from tests.engine.test_random_graphs import few, slots, unhurried
from tests.engine.virtual_clock import run_virtual

CONTINUE = NodeFailurePolicy.CONTINUE
fewer = settings(few, max_examples=few.max_examples // 4, phases=[Phase.explicit, Phase.generate])


async def stopped(run: Run, after_ms: int) -> Run:
    async with under_way(run, warm_seconds=10.0**9) as runner:
        await asyncio.sleep(after_ms / 1000)
        run.send(Stop())
        runner.mail()
    return run


def broken(*node_ids: str) -> Callable[[Any, bool], None]:
    def on_begin(context: Any, is_effect: bool) -> None:
        if context.node_id in node_ids:
            raise NodeError("Broken.")

    return on_begin


def check_fork(fork: Run, document: Document, plain: Run) -> None:
    assert (fork.status, fork.statuses) == (plain.status, plain.statuses)
    assert shown_outputs(fork) == shown_outputs(plain)
    assert not {node for node, _ in fork.recorder.began} & set(taken_over(fork))
    check_log(fork, document)


@fewer
@given(graphs(has_races=False), slots, st.integers(0, 4_000_000))
def test_a_retry_of_a_stopped_flow_ends_as_if_it_had_never_been_stopped(
    document: Document, slots: int, after_ms: int
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=CONTINUE)
    plain = run_virtual(Run.of(document, options=options).live())
    cut = run_virtual(stopped(Run.of(document, options=options), after_ms))
    retry = forked(cut, document, options=options)
    assert surely_kept(cut, document) <= set(taken_over(retry))
    check_fork(run_virtual(retry.live()), document, plain)


@fewer
@given(graphs(has_races=False), slots, st.integers(0, 11))
def test_a_retry_of_a_failed_flow_ends_as_if_nothing_had_failed(document: Document, slots: int, number: int) -> None:
    node = document["nodes"][number % len(document["nodes"])]["id"]
    options = unhurried(max_concurrency=slots)
    plain = run_virtual(Run.of(document, options=options).live())
    failed = run_virtual(Run.of(document, options=options, recorder=Recorder(on_begin=broken(node))).live())
    retry = forked(failed, document, options=options)
    assert surely_kept(failed, document) <= set(taken_over(retry))
    done = run_virtual(retry.live())
    if plain.status == "COMPLETED":
        check_fork(done, document, plain)
    else:
        assert done.status == plain.status
        check_log(done, document)


@fewer
@given(graphs(), slots, st.integers(0, 11))
def test_a_fork_runs_its_node_and_all_downstream_again_and_nothing_twice(
    document: Document, slots: int, number: int
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=CONTINUE)
    first = run_virtual(Run.of(document, options=options).live())
    node = document["nodes"][number % len(document["nodes"])]["id"]
    again = downstream(first.plan, node)
    fork = forked(first, document, again, options=options)
    kept = set(taken_over(fork))
    assert not kept & again
    assert kept >= surely_kept(first, document) - again
    done = run_virtual(fork.live())
    assert not {event.node_id for event in done.events if event.kind == "NODE_STARTED"} & kept
    check_log(done, document)


@fewer
@given(graphs(has_races=False), st.integers(0, 4_000_000), st.integers(0, 4_000_000))
def test_a_retry_of_a_retry_takes_over_what_both_completed(document: Document, first_ms: int, then_ms: int) -> None:
    options = unhurried(on_node_failure=CONTINUE)
    plain = run_virtual(Run.of(document, options=options).live())
    first = run_virtual(stopped(Run.of(document, options=options), first_ms))
    unstarted = forked(first, document, options=options)
    assert set(taken_over(forked(unstarted, document, options=options))) == set(taken_over(unstarted))
    second = run_virtual(stopped(unstarted, then_ms))
    third = forked(second, document, options=options)
    assert surely_kept(second, document) <= set(taken_over(third))
    check_fork(run_virtual(third.live()), document, plain)
