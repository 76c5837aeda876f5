"""Decisions only read: what an execution is, its log alone says, at every index."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given

from engine.entry import Entry
from engine.options import MAX_DURATION_MS
from engine.state import State
from engine.status import NodeFailurePolicy
from tests.engine.facts import facts
from tests.engine.graphs import graphs
from tests.engine.running import Run, everything, flow, run, stored, work
from tests.engine.test_random_graphs import brief, slots
from tests.engine.virtual_clock import in_virtual_time, run_virtual

ONCE = {"maxAttempts": 2, "initialDelayMs": 100, "jitter": 0.0}


class Watched(State):
    """Notes before each event what the decisions so far have made of the state."""

    def apply(self, entry: Entry) -> None:
        self.history.append(facts(self))
        super().apply(entry)

    @property
    def history(self) -> list[Mapping[str, Any]]:
        return self.__dict__.setdefault("_history", [])


def check_history(document: Mapping[str, Any], **options: Any) -> None:
    watched = Run.of(document, options=everything(flow_timeout_ms=MAX_DURATION_MS, **options))
    state = watched.state = Watched(watched.plan, watched.state.setup)
    run_virtual(watched.live(warm_seconds=10.0**9))
    told = watched.fresh_state()
    for entry, lived in zip(watched.ledger.entries, state.history, strict=True):
        assert facts(told) == lived, f"before event {entry.index}"
        told.apply(stored(entry))
    assert facts(told) == facts(state)


@brief
@given(graphs(), slots)
def test_the_state_of_a_run_is_at_every_index_what_its_log_tells(document: Mapping[str, Any], slots: int) -> None:
    check_history(document, max_concurrency=slots, on_node_failure=NodeFailurePolicy.CONTINUE)


def test_retries_that_are_due_and_find_no_place_change_nothing_before_they_start() -> None:
    failing = [work(f"f{number}", "test.safe", lasts=10, fails=1, retry=ONCE) for number in range(4)]
    document = flow(*failing, *(work(f"long{number}", "test.safe", lasts=300) for number in range(4)))
    check_history(document, max_concurrency=2)


@in_virtual_time
async def test_a_wait_that_is_over_is_not_held_up_by_a_retry_that_finds_no_place() -> None:
    document = flow(
        work("failing", "test.safe", fails=1, retry=ONCE),
        work("asleep", waits=200),
        work("long", "test.safe", lasts=1000),
        work("after"),
        edges=["asleep.x > after.__execute"],
    )
    done = await run(document, options=everything(max_concurrency=1))
    assert done.at("NODE_COMPLETED", "asleep") == [200]
    assert done.at("NODE_STARTED", "failing") == [0, 1000]


@in_virtual_time
async def test_retries_that_are_due_and_ready_nodes_start_in_document_order() -> None:
    document = flow(
        work("late", "test.safe", fails=1, retry={**ONCE, "initialDelayMs": 300}),
        work("first", "test.safe", lasts=400),
        work("early", "test.safe", fails=1, retry=ONCE),
        work("ready", "test.safe", lasts=1),
        work("last", "test.safe", fails=1, retry=ONCE),
        edges=["first.x > ready.a"],
    )
    done = await run(document, options=everything(max_concurrency=1))
    starts = [event.node_id for event in done.events if event.kind == "NODE_STARTED"]
    assert starts == ["late", "first", "late", "early", "ready", "last", "early", "last"]
